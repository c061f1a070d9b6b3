"""Exercises pause by themselves when something real begins: nothing of them is signed, nobody is called for them.

A pause is the node's, for all its networks of exercises, whoever began them. A warning counts that is real, touches
this node, is grave enough for people to be called, and was not yet so when a person began or resumed an exercise; one
that becomes graver counts anew. What others write meanwhile is taken; it is answered once a person goes on.
"""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from xstock_node.domain.escalation import Waiting
from xstock_node.services import alert_waiting
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.shelf import Shelf
from xstock_node.services.times import iso
from xstock_node.services.typed import plain
from xstock_node.storage.interfaces import Transaction

EVERY: Final = 15.0
BY_ITSELF: Final = Actor("node", "warning")
WHY, KEPT = 200, 50


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """Since when exercises are paused (unix seconds, 0: they are not), why, by whom; `seen` are the calls of real
    warnings that people went on in spite of, `spans` the pauses that are over.
    """

    since: int = 0
    why: str = ""
    by: str = ""
    seen: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()


PAUSES: Final[Shelf[Pause]] = Shelf("exercise-pause", Pause)
_THE_ONE: Final = "now"


class PauseRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Why exercises pause."""

    why: Annotated[str, Meta(max_length=WHY)] = ""


class PauseView(msgspec.Struct, frozen=True, kw_only=True):
    """Since when the exercises of this node are paused (empty: they are not), why, and by whom."""

    paused: str
    why: str
    by: str

    @property
    def why_paused(self) -> str:
        """Why, in a word at least; empty where exercises go on."""
        return (self.why or self.by) if self.paused else ""


def held(tx: Transaction) -> Pause:
    """The pause as it is kept."""
    return PAUSES.get(tx, _THE_ONE) or Pause()


def expect_going(tx: Transaction) -> None:
    """Raise Refusal where something is to be signed in an exercise while exercises are paused."""
    now = held(tx)
    if now.since:
        came = f"a pause since {iso(now.since)}: {now.why}"
        do = "attend to what is real first; who may, goes on with `xstock exercise resume`"
        raise Refusal("exercise-paused", "an exercise that goes on", came, do)


async def expect_going_in(office: Office, network: str) -> None:
    """The same before anything is begun, where the network is one of exercises."""
    if office.node.network(network).shared.is_exercise:
        await office.node.engine.read(expect_going)


def note_in_force(office: Office, tx: Transaction) -> None:
    """A person begins or resumes an exercise knowing what is in force now: that pauses it no more."""
    before, now = held(tx), office.node.clock.now()
    seen = tuple(dict.fromkeys((*before.seen, *(one.id for one in _real(office, tx)))))[-KEPT:]
    PAUSES.put(tx, _THE_ONE, msgspec.structs.replace(before, seen=seen), now)


def seconds_between(tx: Transaction, begins: int, ends: int) -> int:
    """How long exercises were paused between two moments (unix seconds)."""
    found = held(tx)
    spans = (*found.spans, (found.since, ends)) if found.since else found.spans
    return sum(max(0, min(end, ends) - max(begin, begins)) for begin, end in spans)


async def pause_for_real(office: Office) -> bool:
    """Pause where a new real warning is in force and there is an exercise to pause; whether it did."""

    def due(tx: Transaction) -> Waiting | None:
        before = held(tx)
        new = (one for one in _real(office, tx) if one.id not in before.seen)
        return None if before.since else next(new, None)

    if not _has_exercises(office):
        return False
    found = await office.node.engine.read(due)
    if found is not None:
        await _pause(office, BY_ITSELF, f"{found.state}, {found.other}")
    return found is not None


async def show(office: Office, actor: Actor, request: None = None) -> PauseView:
    """Whether exercises are paused."""
    return _view(await office.node.engine.read(held))


async def pause(office: Office, actor: Actor, request: PauseRequest) -> PauseView:
    """Pause the exercises of this node by hand."""
    if not _has_exercises(office):
        raise Refusal("no-exercise", "a network of exercises", "none", "`xstock network found x-NAME`, or join one")
    return await _pause(office, actor, plain(request.why, "why"))


async def resume(office: Office, actor: Actor, request: None = None) -> PauseView:
    """Go on; the real warnings of this moment pause nothing again before they become graver."""
    now = office.node.clock.now()

    def work(tx: Transaction) -> Pause:
        before = held(tx)
        if not before.since:
            raise Refusal("not-paused", "exercises that are paused", "some that are not", "see `xstock status`")
        spans = (*before.spans, (before.since, now))[-KEPT:]
        PAUSES.put(tx, _THE_ONE, Pause(seen=before.seen, spans=spans), now)
        note_in_force(office, tx)
        office.record(tx, actor, "exercise.resume", "exercises")
        return held(tx)

    kept = await office.node.engine.write(work, durable=True)
    office.changes.tell("")
    await _take_up(office)
    return _view(kept)


async def _take_up(office: Office) -> None:
    """What others wrote meanwhile is looked at now."""
    names = [name for name, network in office.node.networks.items() if network.shared.is_exercise]
    for name in names:
        for row in await office.node.engine.read(lambda tx, name=name: tx.cases.all(name)):  # type: ignore[misc]
            office.node.correspondence.arrived(row.id)


async def _pause(office: Office, actor: Actor, why: str) -> PauseView:
    now = office.node.clock.now()

    def work(tx: Transaction) -> Pause:
        before = held(tx)
        if before.since:
            raise Refusal("is-paused", "exercises that go on", f"a pause since {iso(before.since)}", "")
        kept = msgspec.structs.replace(before, since=now, why=why[:WHY], by=actor.name)
        PAUSES.put(tx, _THE_ONE, kept, now)
        office.record(tx, actor, "exercise.pause", "exercises", kept.why)
        return kept

    kept = await office.node.engine.write(work, durable=True)
    office.changes.tell("")
    return _view(kept)


def _real(office: Office, tx: Transaction) -> list[Waiting]:
    """Real warnings in force that people are called for."""
    return [one for one in alert_waiting.things(office, tx) if not one.exercise and not one.calm]


def _has_exercises(office: Office) -> bool:
    return any(network.shared.is_exercise for network in office.node.networks.values())


def _view(found: Pause) -> PauseView:
    return PauseView(paused=iso(found.since) if found.since else "", why=found.why, by=found.by)
