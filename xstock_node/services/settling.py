"""Settling in quiet times: agreements between organisations and reception profiles, signed and kept on file.

Each is a signed note: a first line that says what it is, then the value as one line of JSON. A note travels as a file,
by mail or stick; every party to an agreement may add its signature to the same text.
"""

from datetime import UTC, date, datetime
from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta

from xstock_node.domain.agreements import Agreement, read_agreement
from xstock_node.domain.fields import FieldError
from xstock_node.domain.reasons import sentence
from xstock_node.domain.reception import ReceptionProfile, notices, read_profile
from xstock_node.protocol import notes
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.shelf import Shelf
from xstock_node.services.times import iso
from xstock_node.storage.interfaces import Transaction

AGREEMENT, RECEPTION = "xs1-agreement", "xs1-reception"
MOST: Final = 64 * 1024
T = TypeVar("T", Agreement, ReceptionProfile)


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A note on file: its text with every signature, since when, and by whom it was put there."""

    note: str
    at: int
    by: str
    origin: str = ""


AGREEMENTS: Shelf[Kept] = Shelf("agreement", Kept)
RECEPTIONS: Shelf[Kept] = Shelf("reception", Kept)


class SettledFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file with a value in TOML or JSON, or a note that somebody signed already."""

    content: Annotated[bytes, Meta(max_length=MOST)]


class AgreementId(msgspec.Struct, frozen=True, kw_only=True):
    """One agreement."""

    id: str


class AgreementView(msgspec.Struct, frozen=True, kw_only=True):
    """An agreement, who signed it, whether it is in force today, and the note itself."""

    agreement: Agreement
    in_force: bool
    signed: list[str]
    missing: list[str]
    at: str
    by: str
    note: str


class ReceptionFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Whose reception profile: a country, or all that are held."""

    country: str = ""


class ReceptionView(msgspec.Struct, frozen=True, kw_only=True):
    """A reception profile, whose word it is, whether it holds today, what has to be minded, and the note itself."""

    profile: ReceptionProfile
    origin: str
    own: bool
    holds: bool
    notices: list[str]
    at: str
    note: str


async def new_agreement(office: Office, actor: Actor, request: SettledFile) -> AgreementView:
    """Put an agreement of this node on file, signed; a note of another party gets this node's signature as well."""
    text, others = _opened(office, AGREEMENT, request.content, Agreement)
    found = agreement_of(text)
    if office.node.identity.name not in found.parties:
        raise Refusal(
            "no-party", "an agreement that names this node", ", ".join(found.parties), "name it as a party", 2
        )
    strangers = [line.name for line in others if line.name not in found.parties]
    if strangers:
        raise Refusal("no-party", "signatures of parties alone", ", ".join(strangers), "take them off", 2)
    now, own = office.node.clock.now(), office.node.identity.name

    def work(tx: Transaction) -> Kept:
        before = AGREEMENTS.get(tx, found.id)
        held = notes.parse(before.note.encode(), MOST) if before else None
        if held is not None and held.text != text and any(line.name != own for line in held.signatures):
            do = "give the new text an id of its own; the one that both signed stays on file"
            raise Refusal("signed-already", f"the text of {found.id} as others signed it", "another text", do)
        kept = [*(held.signatures if held and held.text == text else ()), *others]
        signed = Kept(note=_signed(office, text, kept), at=now, by=actor.name)
        AGREEMENTS.put(tx, found.id, signed, now)
        office.record(tx, actor, "agreement.new", found.id, f"{found.valid_from} to {found.valid_until}")
        return signed

    return _agreement_view(office, await office.node.engine.write(work, durable=True))


async def list_agreements(office: Office, actor: Actor, request: None = None) -> list[AgreementView]:
    """The agreements on file, by id."""
    return [_agreement_view(office, kept) for kept in await office.node.engine.read(AGREEMENTS.list)]


async def show_agreement(office: Office, actor: Actor, request: AgreementId) -> AgreementView:
    """One agreement."""
    kept = await office.node.engine.read(lambda tx: AGREEMENTS.get(tx, request.id))
    if kept is None:
        raise Refusal("no-agreement", "an agreement on file", request.id, "see `xstock agreement list`")
    return _agreement_view(office, kept)


async def edit_reception(office: Office, actor: Actor, request: SettledFile) -> ReceptionView:
    """Sign the own country's profile and keep it; or keep another node's, as that node signed it."""
    text, others = _opened(office, RECEPTION, request.content, ReceptionProfile)
    found, own = profile_of(text), office.node.identity.name
    origin = others[0].name if others else own
    country = office.settings.country if origin == own else _country(office, origin)
    if country not in ("XX", found.country):
        raise Refusal("other-country", f"a profile of {country}", found.country, "each node says what its own wants", 2)
    now = office.node.clock.now()
    note = notes.joined(text, others).decode() if others else _signed(office, text, [])
    kept = Kept(note=note, at=now, by=actor.name, origin=origin)

    def work(tx: Transaction) -> None:
        RECEPTIONS.put(tx, f"{found.country} {origin}", kept, now)
        office.record(tx, actor, "reception.edit", found.country, f"{origin}, valid until {found.valid_until}")

    await office.node.engine.write(work, durable=True)
    return _reception_view(office, kept)


async def show_receptions(office: Office, actor: Actor, request: ReceptionFilter) -> list[ReceptionView]:
    """The reception profiles held here, by country."""
    views = [_reception_view(office, kept) for kept in await office.node.engine.read(RECEPTIONS.list)]
    return [view for view in views if request.country in ("", view.profile.country)]


def agreements_between(tx: Transaction, one: str, other: str) -> list[Agreement]:
    """The agreements on file to which both nodes are parties.

    Once both signed one, what one side alone signed counts for nothing: it neither allows nor forbids.
    """
    held = [notes.parse(kept.note.encode(), MOST) for kept in AGREEMENTS.list(tx)]
    found = [(agreement_of(note.text), {line.name for line in note.signatures}) for note in held]
    ours = [(agreement, signed) for agreement, signed in found if {one, other} <= set(agreement.parties)]
    both = [agreement for agreement, signed in ours if {one, other} <= signed]
    return both or [agreement for agreement, _ in ours]


def in_force(office: Office, tx: Transaction, one: str, other: str) -> list[Agreement]:
    """The agreements on file that two nodes have signed both, and that hold for both today."""
    views = [_agreement_view(office, kept) for kept in AGREEMENTS.list(tx)]
    return [view.agreement for view in views if view.in_force and {one, other} <= set(view.signed)]


def profile_from(tx: Transaction, country: str, node: str) -> ReceptionProfile | None:
    """The profile of a country by the word of its node, else the newest by anybody's of that country."""
    held = [(kept, profile_of(notes.parse(kept.note.encode(), MOST).text)) for kept in RECEPTIONS.list(tx)]
    fits = [(kept.origin == node, profile.signed_on, profile) for kept, profile in held if profile.country == country]
    return max(fits, key=lambda found: found[:2])[2] if fits else None


def agreement_of(text: str) -> Agreement:
    """The agreement of a note's text."""
    return read_agreement(text.partition("\n")[2].encode())


def profile_of(text: str) -> ReceptionProfile:
    """The reception profile of a note's text."""
    return read_profile(text.partition("\n")[2].encode())


def today(office: Office) -> date:
    """The day by this node's clock, in UTC."""
    return datetime.fromtimestamp(office.node.clock.now(), UTC).date()


def _opened(
    office: Office, mark: str, content: bytes, kind: type[Agreement] | type[ReceptionProfile]
) -> tuple[str, list[notes.SignatureLine]]:
    """The text of a file, and the signatures of other nodes that it brings; each of them holds."""
    try:
        if not content.startswith(f"{mark}\n".encode()):
            value = read_agreement(content) if kind is Agreement else read_profile(content)
            return f"{mark}\n{msgspec.json.encode(value).decode()}\n", []
        note = notes.parse(content, MOST)
        agreement_of(note.text) if kind is Agreement else profile_of(note.text)
    except FieldError as error:
        raise Refusal("bad-file", error.expected, error.came, error.do, 2) from None
    others = [line for line in note.signatures if line.name != office.node.identity.name]
    for line in others:
        office.node.directory.verify(line.name, note)
    return note.text, others


def _signed(office: Office, text: str, others: list[notes.SignatureLine]) -> str:
    own = notes.parse(notes.sign(text, office.node.signer), MOST).signatures
    lines = {line.name: line for line in (*others, *own)}
    return notes.joined(text, lines.values()).decode()


def _agreement_view(office: Office, kept: Kept) -> AgreementView:
    note = notes.parse(kept.note.encode(), MOST)
    found, day = agreement_of(note.text), today(office)
    signed = [line.name for line in note.signatures]
    acceded = all(day >= found.accessions.get(node, found.valid_from) for node in found.parties)
    return AgreementView(
        agreement=found,
        in_force=acceded and found.valid_from <= day <= found.valid_until,
        signed=signed,
        missing=[node for node in found.parties if node not in signed],
        at=iso(kept.at),
        by=kept.by,
        note=kept.note,
    )


def _reception_view(office: Office, kept: Kept) -> ReceptionView:
    found, day = profile_of(notes.parse(kept.note.encode(), MOST).text), today(office)
    return ReceptionView(
        profile=found,
        origin=kept.origin,
        own=kept.origin == office.node.identity.name,
        holds=day <= found.valid_until,
        notices=[sentence(one) for one in notices(found, day)],
        at=iso(kept.at),
        note=kept.note,
    )


def _country(office: Office, node: str) -> str:
    known = office.node.directory.get(node)
    return known.statement.country if known else "XX"
