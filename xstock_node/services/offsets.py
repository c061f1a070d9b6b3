"""How far this node's clock is from those of its peers: the median of what their answers said last.

One peer, or a few that lie, do not move a median; who is off is told to people and changes nothing by itself, because
the judgement of others' heads must not depend on whom this node can reach.
"""

from collections.abc import Callable
from statistics import median_low

LEAST = 3


class Offsets:
    """What peers' clocks said. `now` is this node's, in unix seconds."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._ahead: dict[str, int] = {}

    def note(self, peer: str, time: int) -> None:
        """An answer of a peer that is dialled said this time, in unix seconds."""
        self._ahead[peer] = time - self._now()

    @property
    def known(self) -> int:
        """How many peers told their time."""
        return len(self._ahead)

    def median(self) -> int | None:
        """Seconds that the peers' clocks are ahead of this one; None while fewer than three told."""
        return median_low(self._ahead.values()) if len(self._ahead) >= LEAST else None
