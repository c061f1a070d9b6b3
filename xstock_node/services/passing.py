"""Passages: each sighting of a convoy is on disk before anybody is answered, and one passage is kept once.

What a camera or a phone says of one checkpoint within ten minutes is one passage, whoever says it. In threat mode the
place is not kept: only its country, and a keyed hash that tells checkpoints apart.
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from xstock_node.domain.convoys import EVENTS, same_passage
from xstock_node.domain.corridor_watch import Corridor, told_at
from xstock_node.services.convoys import by_word, secret_of, spot, threats
from xstock_node.services.errors import Refusal
from xstock_node.services.fresh import fresh
from xstock_node.services.office import Actor, Office
from xstock_node.services.shelf import Shelf
from xstock_node.services.typed import plain
from xstock_node.storage.interfaces import Transaction

OLDEST: Final = 2 * 86_400
AHEAD: Final = 300
MOST: Final = 200
"""Passages kept of one convoy, whoever says so; a convoy passes some twenty checkpoints."""

State = Literal["waiting", "told", "doubtful", "dismissed", "kept"]


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """A convoy was seen, by its list id or its phone code: where, in which country, what happened, when, how surely."""

    convoy: str
    place: Annotated[str, Meta(min_length=1, max_length=120)]
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}(?!\n)$")]
    at: int
    source: Annotated[str, Meta(min_length=1, max_length=60)]
    event: str = EVENTS[0]
    sure: bool = True


class Passage(msgspec.Struct, frozen=True, kw_only=True):
    """One passage. `state`: waiting to be told, told (`hash` is the step), doubtful (a person decides), dismissed, or
    kept: it can be told no more, and `why`. `sources` are those who saw it, `by` who decided on a doubtful one;
    `not_before` (unix seconds) is when one of threat mode may be told.
    """

    id: str
    case: str
    consignment: str
    spot: str
    place: str
    country: str
    event: str
    at: int
    sources: tuple[str, ...]
    state: State
    exercise: bool
    not_before: int = 0
    hash: str = ""
    why: str = ""
    by: str = ""


PASSAGES: Shelf[Passage] = Shelf("passage", Passage)


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a sighting; `known`: it is a passage that was seen before."""

    id: str
    state: State
    known: bool


async def note_sighting(office: Office, actor: Actor, seen: Sighting) -> Noted:
    """Keep a sighting; on disk when this returns.

    Raises Refusal `no-convoy`, `bad-time`, `no-place`, `bad-event`, `too-many`.
    """
    now, place = office.node.clock.now(), plain(seen.place.strip(), "place")
    if not now - OLDEST <= seen.at <= now + AHEAD:
        raise Refusal("bad-time", "a time of the last two days", f"{seen.at - now:+} s", "set the camera's clock", 2)
    if not place:
        raise Refusal("no-place", "the place where it was seen", "none", "name the checkpoint", 2)
    if seen.event not in EVENTS:
        raise Refusal("bad-event", ", ".join(EVENTS), seen.event, "choose one of them", 2)

    def work(tx: Transaction) -> Noted:
        one = by_word(office, tx, seen.convoy)
        if one is None:
            raise Refusal("no-convoy", "a convoy that is announced or under way", "another", "it may have arrived")
        where, over = spot(secret_of(office, tx), place), threats(office, tx, one.row.id)
        held = [p for p in PASSAGES.list(tx) if (p.case, p.consignment) == (one.row.id, one.convoy.consignment)]
        before = next(
            (
                p
                for p in held
                if (p.spot, p.event) == (where, seen.event)
                and same_passage(p.at, seen.at)
                and not (seen.sure and p.state == "dismissed")  # what a person dismissed was another vehicle
            ),
            None,
        )
        if before is not None:
            merged = _merged(before, seen)
            if merged != before:
                PASSAGES.put(tx, merged.id, merged, now)
            return Noted(id=merged.id, state=merged.state, known=True)
        if len(held) >= MOST:
            raise Refusal("too-many", f"at most {MOST} passages of a convoy", str(MOST + 1), "look at its sources")
        passage = Passage(
            id=fresh(office.node.random)[0],
            case=one.row.id,
            consignment=one.convoy.consignment,
            spot=where,
            place="" if over else place,
            not_before=told_at(seen.at, max(way.delay for way in over)) if over else 0,
            country=seen.country,
            event=seen.event,
            at=seen.at,
            sources=(seen.source,),
            state="waiting" if seen.sure else "doubtful",
            exercise=one.exercise,
        )
        PASSAGES.put(tx, passage.id, passage, now)
        office.record(tx, actor, "convoy.seen", one.row.id, f"{passage.consignment} {seen.event} {passage.country}")
        return Noted(id=passage.id, state=passage.state, known=False)

    noted = await office.node.engine.write(work, durable=True)
    office.changes.tell("")
    return noted


def forget_places(office: Office, tx: Transaction, corridor: Corridor) -> None:
    """When threat mode begins: what was seen there and is not told yet loses its place, and is told late."""
    for one in PASSAGES.list(tx):
        untold = bool(one.place) and one.state in ("waiting", "doubtful")
        if untold and any(way.name == corridor.name for way in threats(office, tx, one.case)):
            bare = msgspec.structs.replace(one, place="", not_before=told_at(one.at, corridor.delay))
            PASSAGES.put(tx, bare.id, bare, office.node.clock.now())


def _merged(before: Passage, seen: Sighting) -> Passage:
    """One passage seen again: who saw it is added, and a sure sighting settles a doubtful one."""
    sources = before.sources if seen.source in before.sources else (*before.sources, seen.source)[:20]
    state: State = "waiting" if seen.sure and before.state == "doubtful" else before.state
    return msgspec.structs.replace(before, sources=sources, state=state)
