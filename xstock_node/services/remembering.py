"""Remembering: what is dear to work out and may be a moment old is worked out once for all who ask within it.

An answer that is older, yet not too old, is given at once while a new one is worked out beside.
"""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Final, NamedTuple

SECONDS: Final = 10.0
OLDEST: Final = 90.0
MOST: Final = 64


class Held(NamedTuple):
    """An answer and when it was worked out (steady clock)."""

    at: float
    answer: Any


class Remembered:
    """Answers by key. Within `SECONDS` one is new; until `OLDEST` it is given while the next is made.

    Who asks while the first one is worked out waits for it.
    """

    def __init__(self, steady: Callable[[], float]) -> None:
        self._steady = steady
        self._held: dict[Hashable, Held] = {}
        self._locks: dict[Hashable, asyncio.Lock] = {}
        self._beside: dict[Hashable, asyncio.Task[Any]] = {}

    async def get(self, key: Hashable, make: Callable[[], Awaitable[Any]]) -> Any:
        """The answer, worked out anew where it is too old."""
        held = self._held.get(key)
        age = self._steady() - held.at if held else OLDEST
        if held is not None and age < SECONDS:
            return held.answer
        if held is not None and age < OLDEST:
            if key not in self._beside:
                task = self._beside[key] = asyncio.ensure_future(self._anew(key, make))
                task.add_done_callback(lambda done: self._ended(key, done))
            return held.answer
        return await self._anew(key, make)

    def forget(self, key: Hashable) -> None:
        """The next who asks has it worked out anew."""
        self._held.pop(key, None)

    async def _anew(self, key: Hashable, make: Callable[[], Awaitable[Any]]) -> Any:
        async with self._locks.setdefault(key, asyncio.Lock()):
            held = self._held.get(key)
            if held is not None and self._steady() - held.at < SECONDS:
                return held.answer
            found = await make()
            while len(self._held) >= MOST:
                oldest = next(iter(self._held))
                del self._held[oldest]
                self._locks.pop(oldest, None)
            self._held.pop(key, None)
            self._held[key] = Held(self._steady(), found)
            return found

    def _ended(self, key: Hashable, done: asyncio.Task[Any]) -> None:
        """What failed beside is worked out again by the next who asks, who is told why."""
        self._beside.pop(key, None)
        if not done.cancelled() and done.exception() is not None:
            self.forget(key)


class Moment:
    """One answer for all who ask within `seconds` after it was worked out; never two are worked out at once."""

    def __init__(self, steady: Callable[[], float], seconds: float) -> None:
        self._steady, self._seconds = steady, seconds
        self._lock = asyncio.Lock()
        self._held: Held | None = None

    async def get(self, make: Callable[[], Awaitable[Any]]) -> Any:
        """The answer, worked out anew where it is too old."""
        async with self._lock:
            if self._held is None or not 0 <= self._steady() - self._held.at < self._seconds:
                self._held = Held(self._steady(), await make())
            return self._held.answer
