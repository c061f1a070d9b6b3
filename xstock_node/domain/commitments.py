"""What one operation claims of its supplier's store: what is owed out of it, and what left it since it was counted.

A count of the stock knows nothing of a promise, and of goods that left only what left before. So a claim is

- `owed`: promised and still to be taken from the store, while the promise binds; goods that a border refused serve
  their own operation again, wherever they are, and are not claimed a second time;
- `gone`: what left after the count and has not come back in good order, whatever became of the operation since.

The sum bounds what may be promised elsewhere (xs1 16.11); `owed` alone can be at risk.
"""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final, NamedTuple

from xstock_node.domain.counters import fresh_dispatches, good_again
from xstock_node.domain.operation import Operation, lines_of
from xstock_node.domain.operations import BEFORE, BINDING, State
from xstock_node.domain.sums import Key, Sums, added, total

CANCELS: Final = frozenset({"cancelled", "cancel-own"})


class Claim(NamedTuple):
    """Quantities by item and unit; `gone` is below zero where more came home since the count than left."""

    owed: Sums
    gone: Sums

    @property
    def whole(self) -> Sums:
        """Both together, of what is not nothing."""
        return {key: quantity for key, quantity in added([self.owed, self.gone]).items() if quantity}


class Counts(NamedTuple):
    """When each item was counted, in unix seconds: at the earliest, and at the latest; what is not there, never.

    Between the two a count may or may not have found what moved: what left then counts as gone, what came as not there.
    """

    earliest: Mapping[Key, int]
    latest: Mapping[Key, int]


NEVER: Final = Counts(MappingProxyType({}), MappingProxyType({}))


def claim(operation: Operation, counts: Counts, now: int) -> Claim:
    """What an operation claims at `now` of a store that was counted then."""
    return Claim(owed(operation, now), gone(operation, counts))


def owed(operation: Operation, now: int) -> Sums:
    """What its supplier has yet to take from its store for it.

    A standby ends by itself once the need itself was asked for: it promises nothing after its hold. What a cancel
    freed after the confirmation counts until the requester's receipt of it is stored (xs1 16.12).
    """
    if operation.decided is State.OFFERED:
        return _above_zero({key: c.offered for key, c in operation.counters.items()})
    if operation.decided in BINDING or (operation.decided is State.CANCELLED and _cancel_unreceipted(operation)):
        found = {key: c.undispatched - c.away for key, c in operation.counters.items()}
        # Whatever the other side says of borders, it is owed no more than it was promised.
        return _above_zero({key: min(q, _bound(operation, key)) for key, q in found.items()})
    if operation.decided in BEFORE and (operation.decided is State.STANDBY or now <= operation.hold_until):
        return total(operation.lines("standby"))
    return {}


def _bound(operation: Operation, key: Key) -> Decimal:
    return operation.counters[key].accepted - operation.counters[key].released


def gone(operation: Operation, counts: Counts) -> Sums:
    """What left the store after it was counted, less what came back in good order after the last count."""
    counted, recounted = counts
    left = [(e.time, total(lines_of(e))) for e in fresh_dispatches(operation.events)]
    back = [(e.time, good_again(e)) for e in operation.events]
    return added(
        [{k: q for k, q in sums.items() if time >= counted.get(k, 0)} for time, sums in left]
        + [{k: -q for k, q in sums.items() if time > recounted.get(k, 0)} for time, sums in back]
    )


def _above_zero(found: Mapping[Key, Decimal]) -> Sums:
    return {key: quantity for key, quantity in found.items() if quantity > 0}


def _cancel_unreceipted(operation: Operation) -> bool:
    ours = [e for e in operation.events if e.side == "supplier"]
    confirmed = any(e.verb == "confirm" for e in ours)
    return confirmed and any(e.verb in CANCELS and not e.receipted for e in ours)
