"""How often somebody may try to sign in: by name, by where they come from, and all together; it waits, and never locks.

Each road has lanes of its own, so that who floods one closes no other; passkeys and one-time codes cannot be guessed,
and never wait. Kept in memory: a restart forgets it, which
nobody outside can bring about.
"""

from collections import OrderedDict
from typing import Any, NamedTuple

from xstock_node.protocol import limits
from xstock_node.protocol.quota import TokenBucket
from xstock_node.services.errors import Refusal


class Lane(NamedTuple):
    """Who tries: the road (`password` or `code`, by which something could be guessed), the name as it was typed, and
    where it comes from.
    """

    road: str
    name: str
    origin: str


class Tries:
    """The tries of one node. `now` is steady seconds."""

    def __init__(self) -> None:
        self._all: dict[str, TokenBucket] = {}
        self._names: OrderedDict[tuple[str, str], TokenBucket] = OrderedDict()
        self._misses: OrderedDict[Lane, tuple[int, float]] = OrderedDict()
        self._told: OrderedDict[str, int] = OrderedDict()

    def expect(self, lane: Lane, now: float) -> None:
        """Raise Refusal `too-many` where this try comes too early; else it is counted."""
        wait = self._wait(lane, now)
        if wait > 0:
            do = f"wait {max(1, round(wait))} seconds, or come in another way"
            raise Refusal("too-many", "a few tries a minute", "more", do)

    def expect_alone(self, lane: Lane, now: float) -> None:
        """The same by this lane alone, where nothing can be guessed and nobody may be kept out by others."""
        wait = self._misses.get(lane, (0, 0.0))[1] - now
        if wait > 0:
            raise Refusal("too-many", "a few tries a minute", "more", f"wait {max(1, round(wait))} seconds")

    def missed(self, lane: Lane, now: float) -> None:
        """A try was wrong: the next one from there waits, twice as long each time up to a bound."""
        count = self._misses.pop(lane, (0, 0.0))[0] + 1
        over = count - limits.SIGN_IN_FREE
        wait = 0.0 if over <= 0 else min(limits.SIGN_IN_WAIT_MAX, limits.SIGN_IN_WAIT * 2.0 ** min(over - 1, 20))
        self._misses[lane] = (count, now + wait)
        _bound(self._misses)

    def passed(self, lane: Lane) -> None:
        """A try was right: its lane begins anew."""
        self._misses.pop(lane, None)
        self._told.pop(lane.name, None)

    def is_worth_telling(self, name: str) -> int:
        """How many tries at a name were wrong so far where it stands for the list of acts (1, 2, 4, 8 ...), else 0."""
        count = self._told.pop(name, 0) + 1
        self._told[name] = count
        _bound(self._told)
        return count if count & (count - 1) == 0 else 0

    def _wait(self, lane: Lane, now: float) -> float:
        wait = self._misses.get(lane, (0, 0.0))[1] - now
        if wait > 0:
            return wait
        key, bounds = (lane.road, lane.name), limits.SIGN_INS_A_NAME[lane.road]
        name = self._names.pop(key, None) or TokenBucket(*bounds)
        self._names[key] = name
        _bound(self._names)
        everybody = self._all.setdefault(lane.road, TokenBucket(limits.SIGN_INS_A_SECOND, limits.SIGN_INS_BURST))
        return name.take(1, now) or everybody.take(1, now)


def _bound(lanes: OrderedDict[Any, Any]) -> None:
    while len(lanes) > limits.SIGN_IN_LANES:
        lanes.popitem(last=False)
