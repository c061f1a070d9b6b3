"""Paperwork: which papers a real operation has now, and each of them drawn, with its proof and its evidence inside."""

from datetime import UTC, date, datetime
from typing import Literal, NamedTuple

import msgspec

from xstock_node.domain import corridors
from xstock_node.domain.corridors import Corridor
from xstock_node.domain.documents import statement
from xstock_node.domain.documents.choosing import Chosen, choose
from xstock_node.domain.documents.composing import compose
from xstock_node.domain.documents.facts import Filing
from xstock_node.domain.documents.statement import Statement
from xstock_node.domain.reasons import Reason, sentence
from xstock_node.services import evidencing, paper_facts, paper_loads, paper_reading
from xstock_node.services.documents import library
from xstock_node.services.documents.papers import make_labels, make_paper
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.operating import CaseId
from xstock_node.services.paper_reading import PAPERS, Paper, paper_key
from xstock_node.services.paper_sources import Sources, Way, way_of
from xstock_node.services.times import iso
from xstock_node.storage.interfaces import Transaction

LANGUAGES = 3


class RegimeView(msgspec.Struct, frozen=True, kw_only=True):
    """A country of the way and the regime in it, by which law, last read when; `stale` after 90 days."""

    country: str
    regime: str
    source: str
    checked: str
    stale: bool


class WayView(msgspec.Struct, frozen=True, kw_only=True):
    """The way of a consignment. `clearance_needed` is null where the way or the terms are not known."""

    consignment: str
    countries: list[str]
    terms: str
    regimes: list[RegimeView]
    clearance_needed: bool | None
    clearance_why: list[str]
    findings: list[str]


class PaperView(msgspec.Struct, frozen=True, kw_only=True):
    """One paper: who signs (`side.role`), why it is there, by which law, last read when.

    `due`: it is there to be made now, else it is a draft. `drawn`: this node draws it; else an authority or a person
    makes it. `made` and `filed` are of the last one kept here, with its SHA-256.
    """

    document: str
    title: str
    consignment: str
    by: str
    due: bool
    drawn: bool
    signs: list[str]
    languages: list[str]
    why: str
    source: str
    checked: str
    stale: bool
    sha256: str
    made: str
    filed: str
    where: str


class PapersView(msgspec.Struct, frozen=True, kw_only=True):
    """The papers of an operation and the ways of its consignments."""

    case: str
    exercise: bool
    papers: list[PaperView]
    ways: list[WayView]


class DocumentRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A paper to draw: languages separated by commas, by default those of its parties; `plain` for HTML."""

    case: str
    document: str
    consignment: str = ""
    languages: str = ""
    plain: bool = False


class LabelsRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The labels of a staged consignment."""

    case: str
    consignment: str
    languages: str = ""
    plain: bool = False


class DocumentFile(msgspec.Struct, frozen=True, kw_only=True):
    """A drawn paper; `statement` is what its QR code says, empty on labels."""

    file: str
    media_type: str
    sha256: str
    statement: str
    content: bytes


class FileRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A paper that came back `signed`, or lies in the file: `where` as people find it again."""

    case: str
    document: str
    consignment: str = ""
    status: Literal["signed", "filed"] = "filed"
    where: str = ""


class Plan(NamedTuple):
    """What papers an operation has, and on what ways."""

    sources: Sources
    ways: dict[str, Way]
    papers: list[Chosen]


async def list_papers(office: Office, actor: Actor, request: CaseId) -> PapersView:
    """The papers of an operation: which, for which consignment, who signs, why, by which law; is clearance needed."""
    plan, day = await _plan(office, request.case), _today(office)
    kept = {paper_key(p.case, p.document, p.consignment): p for p in await office.node.engine.read(PAPERS.list)}
    return PapersView(
        case=request.case,
        exercise=plan.sources.exercise,
        papers=[_paper(plan, one, kept, day) for one in plan.papers],
        ways=[_way(plan.sources, id_, way, day) for id_, way in plan.ways.items()],
    )


async def make_document(office: Office, actor: Actor, request: DocumentRequest) -> DocumentFile:
    """One paper as a file; its hash is kept. Before its step was taken it is a draft."""
    plan = await _plan(office, request.case)
    chosen, consignment = _wanted(plan, request)
    filing = Filing.ISSUED if chosen.due else Filing.DRAFT
    choice, law = library.choice(), library.customs_facts()
    facts = paper_facts.fold(plan.sources, consignment, law, choice, filing)
    languages = _languages(request.languages) or _spoken(plan.sources, chosen)
    sheet = compose(chosen.code, facts, library.words(languages), library.documents())
    said = Statement(
        request.case, chosen.code, statement.sheet_hash(sheet), facts.root,
        plan.sources.supplier.node, plan.sources.requester.node,
    )  # fmt: skip
    proof = statement.sign(said, office.node.signer)
    evidence = (await evidencing.export_evidence(office, actor, CaseId(case=request.case))).content
    drawn = make_paper(chosen.code, facts, languages, proof=proof, evidence=evidence, plain=request.plain)
    await _keep(office, actor, request, consignment, drawn.sha256)
    name = drawn.name.replace(f"-{chosen.code}", f"-{consignment}-{chosen.code}") if consignment else drawn.name
    return DocumentFile(
        file=name, media_type=drawn.media_type, sha256=drawn.sha256, statement=proof, content=drawn.data
    )


async def print_labels(office: Office, actor: Actor, request: LabelsRequest) -> DocumentFile:
    """The labels of a staged consignment: SSCC as GS1-128 and QR, four on a sheet."""
    plan = await _plan(office, request.case)
    facts = paper_facts.fold(
        plan.sources, request.consignment, library.customs_facts(), library.choice(), Filing.ISSUED
    )
    languages = _languages(request.languages) or _both(plan.sources)
    drawn = make_labels(facts, languages, plain=request.plain)
    return DocumentFile(
        file=drawn.name, media_type=drawn.media_type, sha256=drawn.sha256, statement="", content=drawn.data
    )


async def file_paper(office: Office, actor: Actor, request: FileRequest) -> PaperView:
    """Write down that a paper came back signed, or lies in the file."""
    plan, now = await _plan(office, request.case), office.node.clock.now()
    chosen, consignment = _wanted(plan, request)
    key = paper_key(request.case, chosen.code, consignment)

    def work(tx: Transaction) -> Paper:
        held = PAPERS.get(tx, key)
        if held is None:
            raise Refusal("no-paper", "a paper that was made here", chosen.code, "see `xstock op document`")
        filed = msgspec.structs.replace(
            held, filing=Filing(request.status), filed_at=now, filed_by=actor.name, where=request.where
        )
        PAPERS.put(tx, key, filed, now)
        office.record(tx, actor, f"paper.{request.status}", request.case, f"{chosen.code} {consignment}".strip())
        return filed

    filed = await office.node.engine.write(work, durable=True)
    return _paper(plan, chosen, {key: filed}, _today(office))


async def _plan(office: Office, case: str) -> Plan:
    sources = await paper_reading.read(office, case)
    choice, law, day = library.choice(), library.customs_facts(), _today(office)
    ways = {id_: way_of(sources, id_, law, choice, day) for id_ in (sources.operation.consignments or ("",))}
    found: dict[str, Corridor] = {id_: way.corridor for id_, way in ways.items() if way.corridor and id_}
    return Plan(sources, ways, choose(sources.operation, found, library.documents(), choice))


def _wanted(plan: Plan, request: DocumentRequest | FileRequest) -> tuple[Chosen, str]:
    """The paper that is asked for; its consignment where only one has it."""
    code = request.document.replace("-", "_")
    fits = [one for one in plan.papers if one.code == code and one.code in library.documents().documents]
    named = [one for one in fits if one.consignment == request.consignment]
    only = named or (fits if len(fits) == 1 and not request.consignment else [])
    if only:
        return only[0], only[0].consignment
    if fits:
        there = ", ".join(one.consignment or "the whole operation" for one in fits)
        raise Refusal("no-consignment", f"a consignment: {there}", request.consignment or "none", "name one of them", 2)
    there = ", ".join(dict.fromkeys(one.code for one in plan.papers if one.code in library.documents().documents))
    raise Refusal("no-paper", f"a paper of this operation: {there}", request.document, "see `xstock op papers`", 2)


async def _keep(office: Office, actor: Actor, request: DocumentRequest, consignment: str, sha256: str) -> None:
    """Keep the hash of a paper; the same paper again changes nothing."""
    code, now = request.document.replace("-", "_"), office.node.clock.now()
    key = paper_key(request.case, code, consignment)

    def work(tx: Transaction) -> None:
        held = PAPERS.get(tx, key)
        if held is not None and (held.sha256 == sha256 or held.filing in (Filing.SIGNED, Filing.FILED)):
            return  # a copy of what was signed does not take its place
        made = Paper(
            case=request.case, document=code, consignment=consignment, sha256=sha256, made_at=now, made_by=actor.name
        )
        PAPERS.put(tx, key, made, now)
        office.record(tx, actor, "paper.made", request.case, f"{code} {consignment} {sha256}")

    await office.node.engine.write(work, durable=True)


def _paper(plan: Plan, one: Chosen, kept: dict[str, Paper], day: date) -> PaperView:
    held = kept.get(paper_key(plan.sources.case.id, one.code, one.consignment))
    source = one.source
    return PaperView(
        document=one.code,
        title=one.text or library.words(("en",)).say("title", one.code)[0],
        consignment=one.consignment,
        by=one.by,
        due=one.due,
        drawn=one.code in library.documents().documents,
        signs=list(one.signs),
        languages=list(_spoken(plan.sources, one)),
        why=sentence(one.why),
        source=source.text if source else sentence(Reason("paper_of_step")),
        checked=source.checked.isoformat() if source and source.checked else "",
        stale=source.is_stale(day) if source else False,
        sha256=held.sha256 if held else "",
        made=iso(held.made_at) if held else "",
        filed=f"{held.filing} {iso(held.filed_at)}" if held and held.filed_at else "",
        where=held.where if held else "",
    )


def _way(sources: Sources, id_: str, way: Way, day: date) -> WayView:
    found = way.corridor
    load = paper_loads.consignment_of(sources, id_, library.choice())[1] if id_ else ()
    return WayView(
        consignment=id_,
        countries=list(way.countries),
        terms=str(found.terms) if found else "",
        regimes=[
            RegimeView(
                country=stretch.country,
                regime=stretch.regime,
                source=stretch.source.text,
                checked=stretch.source.checked.isoformat() if stretch.source.checked else "",
                stale=stretch.source.is_stale(day),
            )
            for stretch in (found.out if found else ())
        ],
        clearance_needed=found.clearance_needed if found else None,
        clearance_why=[sentence(one) for one in found.clearance_why] if found else [],
        findings=[sentence(one) for one in (*way.notes, *load)],
    )


def _spoken(sources: Sources, one: Chosen) -> tuple[str, ...]:
    """The languages of a paper by the rule of the way; the requester's own where no profile says the receiver's."""
    if not one.languages:
        return _both(sources)
    if sources.profile is not None:
        return one.languages
    receiver = [language for language in sources.requester.languages if language != "en"][:1]
    return tuple(dict.fromkeys([*(s for s in one.languages if s != "en"), *receiver, "en"]))[:LANGUAGES]


def _both(sources: Sources) -> tuple[str, ...]:
    wanted = sources.profile.languages if sources.profile else sources.requester.languages
    return corridors.languages("all", sources.supplier.languages, wanted)


def _languages(text: str) -> tuple[str, ...]:
    found = tuple(part.strip() for part in text.split(",") if part.strip())
    unknown = [one for one in found if library.words((one,)).languages == ("en",) and one != "en"]
    if unknown or len(found) > LANGUAGES:
        there = ", ".join(sorted(library.word_files()))
        raise Refusal("no-language", f"at most {LANGUAGES} of {there}", text, "choose among them", 2)
    return found


def _today(office: Office) -> date:
    return datetime.fromtimestamp(office.node.clock.now(), UTC).date()
