"""Held requests and pushes: who waits here for news, and whom news is brought to at once."""

import asyncio
from collections.abc import Callable, Iterable
from random import Random

from xstock_node.protocol import limits


class Waiting:
    """One held request; `told` are notes that it is to be answered with whatever its cursor."""

    def __init__(self) -> None:
        self.news = asyncio.Event()
        self.told: tuple[str, ...] = ()


class Holding:
    """The held requests of one network by caller, and the events that ask for a round with a peer at once."""

    def __init__(self, random: Random) -> None:
        self.waiting: dict[str, list[Waiting]] = {}
        self._pushing: dict[str, asyncio.Event] = {}
        self._random = random

    def pushes(self, name: str) -> asyncio.Event:
        """The event that asks for a round with a peer at once."""
        return self._pushing.setdefault(name, asyncio.Event())

    async def hold(self, caller: str, wait: float) -> tuple[str, ...]:
        """Wait for news; what the caller is to be told of itself, if that is what came."""
        waiting = Waiting()
        self.waiting.setdefault(caller, []).append(waiting)
        try:
            async with asyncio.timeout(wait):
                await waiting.news.wait()
        except TimeoutError:
            pass
        finally:
            self.waiting[caller].remove(waiting)
            if not self.waiting[caller]:
                del self.waiting[caller]
        return waiting.told

    def tell(self, caller: str, note: str) -> None:
        """Answer whoever waits in the caller's name with this note."""
        for waiting in self.waiting.get(caller, ()):
            waiting.told = (note,)
            waiting.news.set()

    def wake(self, caller: str) -> None:
        """Answer whoever waits in the caller's name."""
        for waiting in self.waiting.get(caller, ()):
            waiting.news.set()

    def spread(self, peers: Iterable[str], concerns: Callable[[str], bool]) -> None:
        """News: answer those who wait, and push to three of the others that it concerns (xs1 11.10)."""
        for name, everybody in self.waiting.items():
            if concerns(name):
                for waiting in everybody:
                    waiting.news.set()
        rest = [n for n in peers if n not in self.waiting and concerns(n)]
        for name in self._random.sample(rest, min(limits.FAN_OUT, len(rest))):
            self.pushes(name).set()
