"""An engine whose writes are counted and timed."""

import time
from collections.abc import Callable
from typing import TypeVar

from xstock_node.counts import Counts
from xstock_node.storage.interfaces import Engine, Transaction

T = TypeVar("T")


class MeasuredEngine:
    """See `Engine`: another engine, and a count of what is asked of it."""

    def __init__(self, inner: Engine, counts: Counts) -> None:
        self.inner, self._counts = inner, counts

    async def write(self, work: Callable[[Transaction], T], durable: bool) -> T:
        """See `Engine.write`."""
        began = time.perf_counter()
        value = await self.inner.write(work, durable)
        self._counts.took("write_seconds", time.perf_counter() - began)
        self._counts.add("writes_total", "true" if durable else "false")
        return value

    async def read(self, work: Callable[[Transaction], T]) -> T:
        """See `Engine.read`."""
        return await self.inner.read(work)

    async def checkpoint(self) -> None:
        """See `Engine.checkpoint`."""
        await self.inner.checkpoint()

    async def compact(self) -> None:
        """See `Engine.compact`."""
        await self.inner.compact()

    async def faults(self) -> list[str]:
        """See `Engine.faults`."""
        return await self.inner.faults()

    async def close(self) -> None:
        """See `Engine.close`."""
        await self.inner.close()

    def size(self) -> int:
        """See `Engine.size`."""
        return self.inner.size()
