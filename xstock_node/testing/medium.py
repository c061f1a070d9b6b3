"""The lines of a simulated world: latency, weather, cuts. What happens to a message is counted by its kind."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from xstock_node.protocol import limits
from xstock_node.protocol.errors import Unreachable

ANSWER_SECONDS = limits.CONNECT_SECONDS + limits.SMALL_BODY_SECONDS


@dataclass
class Weather:
    """Chances per message, and the longest delay in seconds. `overtake` is the chance to be held back by seconds."""

    loss: float = 0.0
    duplication: float = 0.0
    delay: float = 0.0
    overtake: float = 0.0

    @property
    def fair(self) -> bool:
        """Whether nothing happens."""
        return not (self.loss or self.duplication or self.delay or self.overtake)


class Medium:
    """Carries nothing itself: says how long a message takes, whether it arrives, and what was in its way."""

    def __init__(self, random: Random, latency: float = 0.02) -> None:
        self.weather = Weather()
        self.effects: Counter[str] = Counter()
        self.slow: dict[str, float] = {}
        self._random, self._latency = random, latency
        self._cuts: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        self._sent: Counter[tuple[str, str]] = Counter()
        self._last: dict[tuple[str, str], int] = {}

    def cut(self, kind: str, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Cut lines in the given directions; `kind` names the reason. Hand the result to `heal`."""
        found = list(pairs)
        for pair in found:
            self._cuts[pair].append(kind)
        return found

    def heal(self, kind: str, pairs: Iterable[tuple[str, str]]) -> None:
        """Take back what `cut` did."""
        for pair in pairs:
            if kind in self._cuts[pair]:
                self._cuts[pair].remove(kind)

    def is_cut(self, sender: str, receiver: str) -> bool:
        """Whether a message would be stopped."""
        return bool(self._cuts.get((sender, receiver)))

    async def travel(self, sender: str, receiver: str, patience: float = limits.CONNECT_SECONDS) -> None:
        """Let one message travel; raises `Unreachable` after the sender's patience when it never arrives."""
        pair = (sender, receiver)
        self._sent[pair] += 1
        number = self._sent[pair]
        await asyncio.sleep(self._latency if self.weather.fair else self._latency + self._held_back())
        if sender in self.slow:
            self.effects["slow peer"] += 1
            await asyncio.sleep(self.slow[sender])
        cuts = self._cuts.get(pair)
        lost = self.weather.loss and self._random.random() < self.weather.loss
        if cuts or lost:
            self.effects[cuts[-1] if cuts else "loss"] += 1
            await asyncio.sleep(patience)
            raise Unreachable(f"an answer of {receiver}", "nothing within the time")
        if number < self._last.get(pair, 0):
            self.effects["reordering"] += 1
        self._last[pair] = max(number, self._last.get(pair, 0))

    def doubles(self) -> float | None:
        """After how many seconds a request arrives once more, if it does."""
        if not self.weather.duplication or self._random.random() >= self.weather.duplication:
            return None
        self.effects["duplication"] += 1
        return self._random.choice((0.0, self._random.uniform(0, 2), self._random.uniform(0, 60)))

    def _held_back(self) -> float:
        seconds = self._random.uniform(0, self.weather.delay) if self.weather.delay else 0.0
        if seconds > 1:
            self.effects["delay"] += 1
        if self.weather.overtake and self._random.random() < self.weather.overtake:
            seconds += self._random.uniform(0, 8)
        return seconds
