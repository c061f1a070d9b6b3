"""The counters of an operation, per item: asked, offered, accepted, sent, counted, brought back, written off.

Sums of the facts of both sides, so that their order does not matter; what was amended or short-closed is the
supplier's last word.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import msgspec

from xstock_node.domain.border import counted, leaves_border, refused_loads
from xstock_node.domain.steps import Line, Movement
from xstock_node.domain.sums import ZERO, Key, Sums, added, total

if TYPE_CHECKING:
    from xstock_node.domain.operation import Event


class Counters(msgspec.Struct, frozen=True, kw_only=True):
    """Quantities of one item in its unit.

    `received`, `damaged`, `short`, `over` are the requester's count, `back_*` the supplier's of what returned;
    `refused` at a border, of which `reloaded` left it again, `at_border` waits and `turned_back` goes home, where
    `returning` has not arrived yet; `on_loan` taken over, `given` turned into a donation;
    `lost_out`, `lost_loan`, `lost_back` by the leg on which it was lost; `released` by short closing.
    """

    requested: Decimal = ZERO
    offered: Decimal = ZERO
    accepted: Decimal = ZERO
    released: Decimal = ZERO
    dispatched: Decimal = ZERO
    refused: Decimal = ZERO
    reloaded: Decimal = ZERO
    at_border: Decimal = ZERO
    returning: Decimal = ZERO
    turned_back: Decimal = ZERO
    received: Decimal = ZERO
    damaged: Decimal = ZERO
    short: Decimal = ZERO
    over: Decimal = ZERO
    on_loan: Decimal = ZERO
    returned: Decimal = ZERO
    back_good: Decimal = ZERO
    back_damaged: Decimal = ZERO
    back_short: Decimal = ZERO
    given: Decimal = ZERO
    lost_out: Decimal = ZERO
    lost_loan: Decimal = ZERO
    lost_back: Decimal = ZERO

    @property
    def undispatched(self) -> Decimal:
        """Accepted and not on its way yet."""
        return self.accepted - self.released - self.dispatched + self.refused

    @property
    def away(self) -> Decimal:
        """Refused goods that left the store once and may serve again: at the border, or on their way home."""
        return self.at_border + max(ZERO, min(self.returning, self.coming_back))

    @property
    def in_transit(self) -> Decimal:
        """Sent, and neither counted, refused nor lost."""
        return self.dispatched - self.refused - self.received - self.damaged - self.short - self.lost_out

    @property
    def outstanding(self) -> Decimal:
        """In the requester's hands."""
        arrived = self.received + self.damaged + self.over
        return arrived - self.returned - self.given - self.lost_loan

    @property
    def lent(self) -> Decimal:
        """Of what is in the requester's hands: taken over on loan."""
        return self.on_loan - self.returned - self.given - self.lost_loan

    @property
    def coming_back(self) -> Decimal:
        """On its way home, and neither counted nor lost."""
        back = self.back_good + self.back_damaged + self.back_short
        return self.returned + self.turned_back - back - self.lost_back


def counters_of(events: Sequence["Event"]) -> dict[Key, Counters]:
    """The counters of all items of an operation."""
    sums: defaultdict[str, Sums] = defaultdict(dict)
    sums["requested"] = total(_last(events, "request", "amend"))
    sums["offered"] = total(_last(events, "offer", "amended"))
    sums["accepted"] = _accepted(events)
    refused = refused_loads(events)
    for name in ("reloaded", "waiting", "returning"):
        sums["at_border" if name == "waiting" else name] = added(getattr(one, name) for one in refused.values())
    for event in events:
        for name, lines in _sums_of(event, refused):
            for key, quantity in lines.items():
                sums[name][key] = sums[name].get(key, ZERO) + quantity
    sums["released"] = _released(events, sums["accepted"])
    keys = sorted({key for found in sums.values() for key in found})
    return {key: Counters(**{name: found.get(key, ZERO) for name, found in sums.items()}) for key in keys}


def _accepted(events: Sequence["Event"]) -> Sums:
    """What the supplier bound itself to: its confirmation, or what it amended afterwards."""
    confirmed = [e for e in events if e.verb == "confirm"]
    if not confirmed:
        return {}
    later = [e for e in events if e.verb == "amended" and e.n > confirmed[-1].n and _lines(e)]
    if later:
        return total(_lines(later[-1]))
    chosen = _lines(confirmed[-1]) or _last([e for e in events if e.n <= confirmed[-1].seen], "accept")
    before = [e for e in events if e.side == "requester" or e.n < confirmed[-1].n]
    return total(chosen or _last(before, "offer", "amended"))


def _released(events: Sequence["Event"], accepted: Sums) -> Sums:
    """What the last short closing let go: all that had not left for good by then, as its writer knew it.

    An amendment after it says anew what is due.
    """
    amended = max((e.n for e in events if e.verb == "amended" and _lines(e)), default=0)
    closings = [e for e in events if e.verb == "short-closed" and e.n > amended]
    if not closings:
        return {}
    last = closings[-1]
    known = [e for e in events if (e.n < last.n if e.side == "supplier" else e.n <= last.seen)]
    sent = total(line for e in known if e.verb == "dispatch" for line in _lines(e))
    refused = total(line for e in known if e.verb == "refused" for line in _lines(e))
    left = {key: quantity - sent.get(key, ZERO) + refused.get(key, ZERO) for key, quantity in accepted.items()}
    return {key: quantity for key, quantity in left.items() if quantity > 0}


def fresh_dispatches(events: Sequence["Event"]) -> list["Event"]:
    """The dispatches by which goods left the store, in the supplier's order; not those that leave a border again."""
    refused = refused_loads(events)
    return [e for e in events if e.verb == "dispatch" and not leaves_border(e, events, refused)]


def good_again(event: "Event") -> Sums:
    """What came back to the store by a step in good order; below zero where it turned out damaged there."""
    if event.verb == "return-received":
        return counted(event, "good")
    broken = event.verb == "damaged" and event.side == "supplier"
    return {key: -quantity for key, quantity in total(_lines(event)).items()} if broken else {}


_SUMMED: Final = {"dispatch": "dispatched", "refused": "refused", "on-loan": "on_loan", "converted": "given"}
_COUNTED: Final = {
    "received": (("received", "good"), ("damaged", "damaged"), ("short", "short"), ("over", "over")),
    "return-received": (("back_good", "good"), ("back_damaged", "damaged"), ("back_short", "short")),
}


def _sums_of(event: "Event", refused: Collection[str]) -> Iterable[tuple[str, Sums]]:
    if event.verb in _SUMMED:
        yield _SUMMED[event.verb], total(_lines(event))
    elif event.verb == "returned" and isinstance(event.body, Movement):
        turned = event.body.consignment in refused
        yield "turned_back" if turned else "returned", total(_lines(event))
    elif event.verb == "lost" and isinstance(event.body, Movement):
        yield f"lost_{event.body.leg or 'out'}", total(_lines(event))
    elif event.verb == "damaged":
        worse, better = ("damaged", "received") if event.side == "requester" else ("back_damaged", "back_good")
        yield worse, total(_lines(event))
        yield better, {key: -quantity for key, quantity in total(_lines(event)).items()}
    for name, field in _COUNTED.get(event.verb, ()):
        yield name, counted(event, field)


def _lines(event: "Event") -> tuple[Line, ...]:
    return getattr(event.body, "lines", ())


def _last(events: Iterable["Event"], *verbs: str) -> tuple[Line, ...]:
    return next((_lines(e) for e in reversed([*events]) if e.verb in verbs and _lines(e)), ())
