"""How far this node's clock is from those of its peers: the median of what their answers said last.

One peer, or a few that lie, do not move a median. It goes into the time of signed requests, so that a node whose clock
is wrong is still heard, and is shown to people. Nothing else follows it: the judgement of others' heads and the time of
own ones must not depend on whom this node can reach.
"""

from collections.abc import Callable
from statistics import median_low

from xstock_node.protocol import limits

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

    def time_to_sign(self) -> int:
        """Unix seconds for the signature of a request: the peers' where this clock is far from them (xs1 9.3)."""
        ahead = self.median() or 0
        return self._now() + (ahead if abs(ahead) > limits.CLOCK_JUMP else 0)
