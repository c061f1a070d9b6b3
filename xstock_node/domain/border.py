"""Goods that a border refused, per consignment: at the border, loaded again, turned back, home again.

A consignment keeps its id while it waits at a border (xs1 16.24): what leaves there under it is the same load. What
was turned back is home under no id, and leaves as part of a new consignment.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from xstock_node.domain.steps import Movement, Receipt
from xstock_node.domain.sums import ZERO, Sums, added, left_of, total
from xstock_node.domain.units import from_sent_pair

if TYPE_CHECKING:
    from xstock_node.domain.operation import Event


class Refused(msgspec.Struct, frozen=True):
    """Of one consignment, by item and unit. `home`: counted or lost on the way back."""

    refused: Sums
    reloaded: Sums
    turned: Sums
    home: Sums

    @property
    def waiting(self) -> Sums:
        """What stands at the border still."""
        return left_of(self.refused, self.reloaded, self.turned)

    @property
    def returning(self) -> Sums:
        """What is on its way home; never more than a border refused, however often both sides tell of it."""
        there = left_of(self.refused, self.reloaded)
        return left_of({key: min(q, there.get(key, ZERO)) for key, q in self.turned.items()}, self.home)


def refused_loads(events: Sequence["Event"]) -> dict[str, Refused]:
    """The consignments of which a border refused anything, by their id."""
    ids = sorted({consignment_of(e) for e in events if e.verb == "refused"})
    return {found: _load(found, events) for found in ids}


def leaves_border(dispatch: "Event", events: Sequence["Event"], refused: Iterable[str]) -> bool:
    """Whether a dispatch takes a refused load on from the border, so that nothing leaves the store by it."""
    id_ = consignment_of(dispatch)
    earlier = any(e.verb == "dispatch" and consignment_of(e) == id_ and e.n < dispatch.n for e in events)
    return bool(id_) and id_ in refused and earlier


def consignment_of(event: "Event") -> str:
    """The consignment that a step names, or nothing."""
    return str(getattr(event.body, "consignment", ""))


def counted(event: "Event", *fields: str) -> Sums:
    """The sum of some figures of a count: good, damaged, short, over."""
    found: Sums = {}
    for count in event.body.counts if isinstance(event.body, Receipt) else ():
        key = count.item, count.unit
        found[key] = found.get(key, ZERO) + sum((from_sent_pair(getattr(count, f)) for f in fields), ZERO)
    return found


def _load(id_: str, events: Sequence["Event"]) -> Refused:
    named = [e for e in events if consignment_of(e) == id_]
    again = [e for e in named if e.verb == "dispatch" and leaves_border(e, named, (id_,))]
    lost = [e for e in named if e.verb == "lost" and isinstance(e.body, Movement) and e.body.leg == "back"]
    back = [counted(e, "good", "damaged", "short") for e in named if e.verb == "return-received"]
    return Refused(
        added(_lines(e) for e in named if e.verb == "refused"),
        added(_lines(e) for e in again),
        added(_lines(e) for e in named if e.verb == "returned"),
        added([*back, *(_lines(e) for e in lost)]),
    )


def _lines(event: "Event") -> Sums:
    return total(getattr(event.body, "lines", ()))
