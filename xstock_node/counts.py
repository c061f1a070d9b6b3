"""What a node counts of itself as it goes: plain numbers, cheap to add to, read when somebody asks for the metrics.

Names and labels are those of the metrics, without their prefix `xstock_`. Labels come from our own code alone, never
from what a stranger sent, so that nobody fills the memory with them.
"""

from bisect import bisect_left
from collections import Counter

Labels = tuple[str, ...]
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds of the buckets of durations."""


class Durations:
    """How long something took, by buckets of `SECONDS`; the last bucket has no bound."""

    __slots__ = ("buckets", "total")

    def __init__(self) -> None:
        self.buckets = [0] * (len(SECONDS) + 1)
        self.total = 0.0

    def add(self, seconds: float) -> None:
        """One more."""
        self.buckets[bisect_left(SECONDS, seconds)] += 1
        self.total += seconds


class Counts:
    """Counters and durations of one node, by name and labels."""

    def __init__(self) -> None:
        self.counters: Counter[tuple[str, Labels]] = Counter()
        self.durations: dict[tuple[str, Labels], Durations] = {}

    def add(self, name: str, *labels: str, by: int = 1) -> None:
        """Count something that happened."""
        self.counters[name, labels] += by

    def took(self, name: str, seconds: float, *labels: str) -> None:
        """Note how long something took."""
        key = (name, labels)
        if key not in self.durations:
            self.durations[key] = Durations()
        self.durations[key].add(seconds)
