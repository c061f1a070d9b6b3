"""What is out on loan, by the day on which it is due: a loan ends by quantity, not as a whole.

Of a hundred, fifty-two come back, forty are extended, three are lost and five given: an extension moves the day of its
own quantity and no more. What comes back, is lost or given counts against what is due first.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from xstock_node.domain.counters import Counters
from xstock_node.domain.steps import Loan
from xstock_node.domain.sums import ZERO, Key, total

if TYPE_CHECKING:
    from xstock_node.domain.operation import Event

ALARMS: Final = (30, 7, 0)
"""Days before the due day on which both sides are told."""
DAY: Final = 86_400


class Due(NamedTuple):
    """So much of an item that is out on loan until `day` (ISO; empty where no day was agreed)."""

    item: str
    unit: str
    quantity: Decimal
    day: str


def dues(events: Sequence["Event"], counters: Mapping[Key, Counters], agreed: str) -> tuple[Due, ...]:
    """What is out on loan now, the first due first; `agreed` is the day of the acceptance."""
    found = []
    for key, c in counters.items():
        if c.lent > 0:
            found += [Due(*key, quantity, day) for day, quantity in _left(key, c, events, agreed)]
    return tuple(sorted(found, key=lambda one: (one.day, one.item)))


def alarm(day_ends: int, now: int) -> tuple[int, int] | None:
    """The alarm that stands `now` for a day that ends then (unix seconds): days before, and since when; None: none."""
    standing = [(days, day_ends - (days + 1) * DAY) for days in ALARMS if now >= day_ends - (days + 1) * DAY]
    return standing[-1] if standing else None


def _left(key: Key, c: Counters, events: Sequence["Event"], agreed: str) -> list[tuple[str, Decimal]]:
    days = {agreed: c.on_loan}
    for event in events:
        if event.verb == "extended" and isinstance(event.body, Loan) and event.body.due:
            moved = total(event.body.lines).get(key, ZERO)
            taken = _take(days, moved, before=event.body.due)
            days[event.body.due] = days.get(event.body.due, ZERO) + taken
    _take(days, c.on_loan - c.lent)
    return [(day, quantity) for day, quantity in sorted(days.items()) if quantity > 0]


def _take(days: dict[str, Decimal], quantity: Decimal, before: str = "") -> Decimal:
    """Take so much from what is due first, of what is due before a day where one is named; how much there was."""
    taken = ZERO
    for day in sorted(days):
        if not before or day < before:
            part = min(days[day], quantity - taken)
            days[day], taken = days[day] - part, taken + part
    return taken
