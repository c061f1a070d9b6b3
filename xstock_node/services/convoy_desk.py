"""The watch over convoys: the board, codes for the phone, and passages that a person notes, confirms or dismisses."""

import re
from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from xstock_node.domain.corridor_watch import coarse, is_closed
from xstock_node.domain.steps import Movement
from xstock_node.protocol.recordtypes import Time
from xstock_node.services.branches import row_of, visible
from xstock_node.services.convoys import WORDS, Underway, remember, secret_of, underway
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.passing import PASSAGES, Passage, Sighting, State, note_sighting
from xstock_node.services.times import iso
from xstock_node.storage.interfaces import Transaction

PERSON = "person"
COUNTRY = re.compile("[A-Z]{2}")


class ConvoyView(msgspec.Struct, frozen=True, kw_only=True):
    """A convoy on the watch board. `late_since` empty where it is not late, `doubtful` passages wait for a person.

    In threat mode (`threat`) nothing is live: `passed` is what was told already, and stagings' crossings are not said.
    """

    id: str
    case: str
    consignment: str
    side: str
    other: str
    stand: str
    countries: list[str]
    crossings: list[str]
    arrival: str
    late_since: str
    corridors: list[str]
    curfew: list[str]
    threat: bool
    closed: bool
    doubtful: int
    passed: list[str]
    exercise: bool


class CaseRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One operation."""

    case: str


class CodeView(msgspec.Struct, frozen=True, kw_only=True):
    """The code of a consignment: whoever scans it says that the convoy passed. `path` is on the public port."""

    consignment: str
    convoy: str
    code: str
    path: str
    exercise: bool


class SeenRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A convoy that a person saw or was told of; `at` unix seconds, 0 is now."""

    convoy: str
    place: Annotated[str, Meta(min_length=1, max_length=120)]
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}(?!\n)$")]
    event: str = "checkpoint"
    at: Time = 0


class PassageId(msgspec.Struct, frozen=True, kw_only=True):
    """One passage; `reason` where it is dismissed."""

    id: str
    reason: Annotated[str, Meta(max_length=200)] = ""


class PassageView(msgspec.Struct, frozen=True, kw_only=True):
    """A passage as this node keeps it; in threat mode `place` is a country and `at` a full hour."""

    id: str
    case: str
    consignment: str
    place: str
    country: str
    event: str
    at: str
    sources: list[str]
    state: State
    why: str
    by: str
    exercise: bool


PAGE = "/plugins/xstock-checkpoint/pages/scan"


async def list_convoys(office: Office, actor: Actor, request: None = None) -> list[ConvoyView]:
    """The watch board: convoys announced and under way, late ones first."""
    now = office.node.clock.now()

    def new(tx: Transaction) -> bool:
        return any(WORDS.get(tx, one.id) is None for one in underway(office, tx))

    def name(tx: Transaction) -> None:
        secret_of(office, tx)
        remember(tx, underway(office, tx), now)

    def work(tx: Transaction) -> list[ConvoyView]:
        seen, passages = visible(tx, actor, now), PASSAGES.list(tx)
        return [board_row(one, passages, now) for one in underway(office, tx) if seen(one.row.id)]

    if await office.node.engine.read(new):
        await office.node.engine.write(name, durable=True)
    found = await office.node.engine.read(work)
    return sorted(found, key=lambda one: (not one.late_since, one.arrival or "9", one.id))


def board_row(one: Underway, passages: Sequence[Passage], now: int) -> ConvoyView:
    """A convoy as the board shows it."""
    own = [p for p in passages if (p.case, p.consignment) == (one.row.id, one.convoy.consignment)]
    late, said = one.convoy.late_since(one.corridors, now), coarse if one.threat else int
    return ConvoyView(
        id=one.id,
        case=one.row.id,
        consignment=one.convoy.consignment,
        side=one.side,
        other=one.other,
        stand=one.convoy.stand,
        countries=list(one.convoy.countries),
        crossings=[] if one.threat else list(one.convoy.crossings),
        arrival=_time(said(one.convoy.arrival)),
        late_since=_time(said(late)),
        corridors=[way.name for way in one.corridors],
        curfew=[f"{hours} {way.zone}" for way in one.corridors for hours in way.curfew],
        threat=one.threat,
        closed=is_closed(one.corridors, now),
        doubtful=sum(p.state == "doubtful" for p in own),
        passed=[_passed(move, one.threat) for move in one.convoy.passed],
        exercise=one.exercise,
    )


async def codes(office: Office, actor: Actor, request: CaseRequest) -> list[CodeView]:
    """The codes of an operation's consignments that are announced or under way."""

    def work(tx: Transaction) -> list[CodeView]:
        row_of(office, tx, request.case)
        secret_of(office, tx)
        ours = [one for one in underway(office, tx) if one.row.id == request.case]
        remember(tx, ours, office.node.clock.now())
        return [
            CodeView(
                consignment=one.convoy.consignment,
                convoy=one.id,
                code=one.code,
                path=f"{PAGE}?code={one.code}",
                exercise=one.exercise,
            )
            for one in ours
        ]

    return await office.node.engine.write(work, durable=True)


async def note_seen(office: Office, actor: Actor, request: SeenRequest) -> PassageView:
    """Note what a person saw or heard; it is told to the partner like what a camera saw."""
    seen = Sighting(
        convoy=request.convoy,
        place=request.place,
        country=request.country,
        event=request.event,
        at=request.at or office.node.clock.now(),
        source=PERSON,
    )
    noted = await note_sighting(office, actor, seen)
    return await office.node.engine.read(lambda tx: _view(_known(tx, noted.id)))


async def list_doubtful(office: Office, actor: Actor, request: None = None) -> list[PassageView]:
    """Passages that a person has to confirm or dismiss, the oldest first."""

    def work(tx: Transaction) -> list[PassageView]:
        seen = visible(tx, actor, office.node.clock.now())
        return [_view(p) for p in PASSAGES.list(tx) if p.state == "doubtful" and seen(p.case)]

    return sorted(await office.node.engine.read(work), key=lambda one: (one.at, one.id))


async def confirm(office: Office, actor: Actor, request: PassageId) -> PassageView:
    """It was this convoy: the passage is told."""
    return await _decide(office, actor, request, "waiting", "convoy.confirm")


async def dismiss(office: Office, actor: Actor, request: PassageId) -> PassageView:
    """It was another vehicle: nothing is told."""
    return await _decide(office, actor, request, "dismissed", "convoy.dismiss")


async def _decide(office: Office, actor: Actor, request: PassageId, state: State, verb: str) -> PassageView:
    now = office.node.clock.now()

    def work(tx: Transaction) -> Passage:
        held = _known(tx, request.id)
        row_of(office, tx, held.case)
        if held.state != "doubtful":
            raise Refusal("decided", "a passage that is doubtful", held.state, "see `xstock convoy doubtful`")
        done = msgspec.structs.replace(held, state=state, why=request.reason, by=actor.name)
        PASSAGES.put(tx, done.id, done, now)
        office.record(tx, actor, verb, held.case, f"{held.id} {request.reason}".strip())
        return done

    found = await office.node.engine.write(work, durable=True)
    office.changes.tell("")
    return _view(found)


def _known(tx: Transaction, id_: str) -> Passage:
    held = PASSAGES.get(tx, id_)
    if held is None:
        raise Refusal("no-passage", "a passage of this node", id_, "see `xstock convoy doubtful`")
    return held


def _view(one: Passage) -> PassageView:
    hidden = not one.place
    return PassageView(
        id=one.id,
        case=one.case,
        consignment=one.consignment,
        place=one.place or one.country,
        country=one.country,
        event=one.event,
        at=iso(coarse(one.at) if hidden else one.at),
        sources=list(one.sources),
        state=one.state,
        why=one.why,
        by=one.by,
        exercise=one.exercise,
    )


def _passed(move: Movement, threat: bool) -> str:
    """A passage that was told; of a partner that set no threat mode the place is left out, and the minute."""
    if not threat:
        return f"{iso(move.at)} {move.event} {move.place}"
    return f"{iso(coarse(move.at))} {move.event} {move.place if COUNTRY.fullmatch(move.place) else ''}".rstrip()


def _time(unix: int) -> str:
    return iso(unix) if unix else ""
