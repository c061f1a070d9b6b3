"""Changes: who listens for what moved, as a number that only grows and the ids since then."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

MOST = 1_000


class Changes:
    """A short memory of changed things, newest last; a listener that was away too long is told to read anew."""

    def __init__(self) -> None:
        self._last = 0
        self._ids: deque[tuple[int, str]] = deque(maxlen=MOST)
        self._next = asyncio.Event()

    @property
    def last(self) -> int:
        """The number of the newest change."""
        return self._last

    def tell(self, id_: str) -> None:
        """Something changed; called from the loop."""
        self._last += 1
        self._ids.append((self._last, id_))
        told, self._next = self._next, asyncio.Event()
        told.set()

    async def after(self, position: int) -> int:
        """The number of the newest change, once it is beyond a position."""
        while self._last <= position:
            await self._next.wait()
        return self._last

    async def since(self, position: int) -> AsyncIterator[tuple[int, str]]:
        """What changed after a position, and then what changes; an empty id means: read everything anew."""
        while True:
            if self._ids and position < self._ids[0][0] - 1:
                position = self._last
                yield position, ""
            for number, id_ in [found for found in self._ids if found[0] > position]:
                position = number
                yield number, id_
            if position >= self._last:
                await self._next.wait()
