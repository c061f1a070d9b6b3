"""What an operation means for the supplier's inventory system: reserve, release, issue, receive.

A pure reading of the supplier's steps: what it is bound to and has not sent is reserved, what leaves is issued, what
comes back good is received. A reservation that changes is released and made anew, so that it is always whole.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from xstock_node.domain import operation, steps
from xstock_node.domain.operation import Event
from xstock_node.domain.operations import AGREED
from xstock_node.domain.sums import ZERO, Key, Sums


class Need(NamedTuple):
    """So much of an item, in its unit, of a lot where the step names one."""

    item: str
    unit: str
    quantity: Decimal
    lot: str = ""


class Planned(NamedTuple):
    """One movement, bound to the step `hash` of `time`. `of` is the hash of the step whose reservation it ends.

    `by_hand`: a correction took back what was issued or received already; no system is told so by itself.
    """

    kind: str
    hash: str
    time: int
    needs: tuple[Need, ...] = ()
    of: str = ""
    by_hand: bool = False


class _Stand(NamedTuple):
    held: Sums
    sent: Sums
    back: Sums


def planned(messages: Sequence[Event]) -> list[Planned]:
    """All movements of an operation so far, in order; more steps only add to them."""
    found: list[Planned] = []
    before, reserved = _Stand({}, {}, {}), ""
    for step, seen in _prefixes(messages):
        now = _stand(seen)
        gone, back = _more(now.sent, before.sent), _more(now.back, before.back)
        if gone and reserved and gone == before.held and not now.held:
            found.append(Planned("issue", step.hash, step.time, _needs(gone, step), reserved))
            reserved = ""
        elif gone or now.held != before.held:
            found += [Planned("release", step.hash, step.time, of=reserved)] if reserved else []
            found += [Planned("issue", step.hash, step.time, _needs(gone, step))] if gone else []
            found += [Planned("reserve", step.hash, step.time, _needs(now.held, None))] if now.held else []
            reserved = step.hash if now.held else ""
        found += [Planned("receive", step.hash, step.time, _needs(back, None))] if back else []
        for kind, fell in (("issue", _more(before.sent, now.sent)), ("receive", _more(before.back, now.back))):
            found += [Planned(kind, step.hash, step.time, _needs(fell, None), by_hand=True)] if fell else []
        before = _Stand(now.held, _most(now.sent, before.sent), _most(now.back, before.back))
    return found


def _prefixes(messages: Sequence[Event]) -> Iterator[tuple[Event, list[Event]]]:
    """Each step of the supplier, with all that counted when it was taken."""
    ours = [event for event in messages if event.side == "supplier"]
    theirs = [event for event in messages if event.side == "requester"]
    for place, step in enumerate(ours, 1):
        yield step, [*(event for event in theirs if event.n <= step.seen), *ours[:place]]


def _stand(seen: Sequence[Event]) -> _Stand:
    found = operation.read(seen)
    held: Sums = {}
    for key, one in found.counters.items():
        open_ = one.accepted - one.released - one.dispatched
        if found.state in AGREED and open_ > ZERO:
            held[key] = open_
    sent = {key: one.dispatched for key, one in found.counters.items() if one.dispatched > ZERO}
    return _Stand(held, sent, {key: one.back_good for key, one in found.counters.items() if one.back_good > ZERO})


def _more(now: Mapping[Key, Decimal], before: Mapping[Key, Decimal]) -> Sums:
    return {key: more for key, value in now.items() if (more := value - before.get(key, ZERO)) > ZERO}


def _most(now: Mapping[Key, Decimal], before: Mapping[Key, Decimal]) -> Sums:
    """The highest that each figure ever was: what a correction takes back is not moved again when it comes anew."""
    return {key: max(now.get(key, ZERO), before.get(key, ZERO)) for key in now.keys() | before.keys()}


def _needs(sums: Sums, step: Event | None) -> tuple[Need, ...]:
    """The sums as needs, by lots where the lines of the step name lots for all of an item."""
    lots: dict[Key, list[Need]] = {}
    for line in operation.lines_of(step) if step is not None else ():
        if isinstance(line, steps.Line) and line.lot:
            lots.setdefault((line.item, line.unit), []).append(Need(line.item, line.unit, line.quantity, line.lot))
    found: list[Need] = []
    for (item, unit), quantity in sums.items():
        named = lots.get((item, unit), [])
        whole = sum((need.quantity for need in named), ZERO) == quantity
        found += named if named and whole else [Need(item, unit, quantity)]
    return tuple(found)
