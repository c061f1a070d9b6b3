"""Gathering what forms of other bodies are made from. Vehicles are left out: plugins see no plates."""

from decimal import Decimal

import msgspec

from xstock_node.domain import steps
from xstock_node.domain.documents.facts import Filing, OperationFacts, Party
from xstock_node.domain.forms import Deed, FormFacts, FormLine, FormRequest, HeldReserve
from xstock_node.domain.units import from_sent_pair
from xstock_node.services import paper_facts, paper_reading
from xstock_node.services.branches import no_case
from xstock_node.services.documents import library
from xstock_node.services.office import OPERATOR, Office
from xstock_node.services.paper_sources import Sources
from xstock_node.services.referring import references_of
from xstock_node.services.request_views import REQUESTS, Request, RequestView, view
from xstock_node.services.searching import MOST, SearchRequest, search
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import Act

NODE = "node"
PAGE = 1000


class _Found(msgspec.Struct, frozen=True):
    """What storage says: a request of this node with its state, the operations, references, deeds."""

    request: Request | None
    shown: RequestView | None
    cases: tuple[str, ...]
    references: tuple[str, ...]
    deeds: tuple[Deed, ...]


async def gather(office: Office, about: str, since: int, until: int, filled: dict[str, str]) -> FormFacts:
    """The facts about a request, an operation, or the `node` itself; raises Refusal for what is none of them."""
    found = await office.node.engine.read(lambda tx: _find(office, tx, about, since, until))
    names = {item.code: (await office.catalogue()).name(item.code, "en") for item in (await office.catalogue()).all()}
    sources = [await paper_reading.read(office, case) for case in found.cases]
    request = _own_request(found, names) if found.request else _of_case(sources[0], names) if sources else None
    exercise = found.shown.exercise if found.shown else any(one.exercise for one in sources)
    return FormFacts(
        about=about,
        now=office.node.clock.now(),
        node=office.node.identity.name,
        own=Party(names=dict(office.node.identity.statement.organisation), country=office.settings.country),
        exercise=exercise,
        references=found.references,
        request=request,
        operations=tuple(_folded(one) for one in sources),
        reserves=await _reserves(office, request, exercise),
        deeds=found.deeds,
        since=since,
        until=until,
        filled=filled,
    )


async def _reserves(office: Office, request: FormRequest | None, exercise: bool) -> tuple[HeldReserve, ...]:
    """What is held for all of the items of a request; real stock alone where the request is real."""
    found = []
    for code in dict.fromkeys(line.item for line in request.lines) if request else ():
        asked = SearchRequest(item=code, reserves=True, exercise=exercise, limit=MOST)
        hits = (await search(office, OPERATOR, asked)).hits
        found += [hit for hit in hits if hit.exercise == exercise and not hit.greyed]
    return tuple(
        HeldReserve(
            node=hit.node,
            item=hit.item,
            unit=hit.unit,
            quantity=Decimal(hit.quantity),
            pool=hit.pool,
            decides=hit.decides,
            country=hit.country,
            as_of=office.node.clock.now() - hit.age,
        )
        for hit in found
    )


def _find(office: Office, tx: Transaction, about: str, since: int, until: int) -> _Found:
    if about == NODE:
        return _Found(None, None, (), (), _deeds(tx, since, until))
    request = REQUESTS.get(tx, about)
    if request is not None:
        cases = tuple(case for case in request.cases.values() if tx.cases.get(case) is not None)
        return _Found(request, view(office, tx, request), cases, references_of(tx, about), ())
    row = tx.cases.get(about)
    if row is None or row.network not in office.node.networks:
        raise no_case(about)
    return _Found(None, None, (about,), references_of(tx, about), ())


def _deeds(tx: Transaction, since: int, until: int) -> tuple[Deed, ...]:
    found: dict[tuple[str, bool], list[int]] = {}
    position = 0
    while page := tx.acts.since(position, PAGE):
        for _, act in page:
            if since <= act.at < until:
                found.setdefault((act.verb, is_exercise(act)), []).append(act.at)
        position = page[-1][0]
    return tuple(
        Deed(verb=verb, count=len(at), first=min(at), last=max(at), exercise=exercise)
        for (verb, exercise), at in sorted(found.items())
    )


def is_exercise(act: Act) -> bool:
    """Whether an act is a step of an operation that is no real one: such a case begins with `x`."""
    return act.verb.startswith("op.") and act.subject.startswith("x")


def _folded(sources: Sources) -> OperationFacts:
    facts = paper_facts.fold(sources, "", library.customs_facts(), library.choice(), Filing.DRAFT)
    event = sources.last(steps.Ask)
    return msgspec.structs.replace(facts, vehicle=None, event=facts.event or (event.event if event else None))


def _own_request(found: _Found, names: dict[str, str]) -> FormRequest:
    assert found.request is not None and found.shown is not None
    covered = {(line.item, line.unit): line for line in found.shown.lines}
    lines = []
    for line in found.request.body.lines:
        sums = covered[line.item, line.unit]
        made = _line(line, names)
        lines.append(
            msgspec.structs.replace(
                made,
                promised=Decimal(sums.promised),
                offered=Decimal(sums.offered),
                received=Decimal(sums.received),
            )
        )
    return _asked(found.request.id, found.request.at, found.request.body, lines, found.request.notify)


def _of_case(sources: Sources, names: dict[str, str]) -> FormRequest | None:
    """A partner's request, as the operation has it."""
    ask = next((e for e in sources.operation.events if isinstance(e.body, steps.Ask)), None)
    if ask is None or not isinstance(ask.body, steps.Ask):
        return None
    lines = [_line(line, names) for line in ask.body.lines]
    return _asked(ask.body.request, ask.time, ask.body, lines, ask.verb == "notify")


def _asked(id_: str, at: int, body: steps.Ask, lines: list[FormLine], notify: bool) -> FormRequest:
    return FormRequest(
        id=id_,
        at=at,
        place=body.place,
        country=body.country,
        area=body.area,
        people=body.people,
        severity=body.severity,
        needed_by=body.needed_by,
        terms=tuple(body.terms),
        note=body.note,
        pre_notification=notify,
        lines=tuple(lines),
    )


def _line(line: steps.Line, names: dict[str, str]) -> FormLine:
    reckoned = line.reckoned
    return FormLine(
        item=line.item,
        unit=line.unit,
        asked=line.quantity,
        name=line.name or names.get(line.item, line.item),
        need=line.need,
        substitutes=line.subs,
        needed_by=line.by,
        gross=from_sent_pair(reckoned.gross) if reckoned else None,
        own=from_sent_pair(reckoned.own) if reckoned else None,
    )
