"""Remembering: what is dear to work out and may be a moment old is worked out once for all who ask within it."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, Final

SECONDS: Final = 10.0
MOST: Final = 64


class Remembered:
    """Answers by key, each for `SECONDS` of the steady clock; who asks while one is worked out waits for it."""

    def __init__(self, steady: Callable[[], float]) -> None:
        self._steady = steady
        self._held: dict[Hashable, tuple[float, Any]] = {}
        self._locks: dict[Hashable, asyncio.Lock] = {}

    async def get(self, key: Hashable, make: Callable[[], Awaitable[Any]]) -> Any:
        """The answer, worked out anew where it is older."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            at, found = self._held.get(key, (0.0, None))
            if key in self._held and self._steady() - at < SECONDS:
                return found
            found = await make()
            while len(self._held) >= MOST:
                oldest = next(iter(self._held))
                del self._held[oldest]
                self._locks.pop(oldest, None)
            self._held.pop(key, None)
            self._held[key] = self._steady(), found
            return found
