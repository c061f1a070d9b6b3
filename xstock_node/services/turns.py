"""Turns at fetching a log: one at a time, as long as it gets on. Who hands out slowly keeps nobody waiting for long."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from xstock_node.protocol.gossip import PullRequest
from xstock_node.protocol.names import LogName
from xstock_node.protocol.peer import Peer

UNHEARD, BETWEEN, LONGEST = 2.0, 10.0, 60.0  # seconds waited: for a first answer, from one to the next, in all


class Turns:
    """Whose turn it is, by log."""

    def __init__(self) -> None:
        self._locks: defaultdict[LogName, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._answered: dict[LogName, float] = {}

    @asynccontextmanager
    async def take(self, log: LogName) -> AsyncIterator[Callable[[Sequence[Peer]], Sequence[Peer]]]:
        """A turn at a log, or going on beside who has it and gets no answers.

        Gives a function that makes peers whose answers show that this turn gets on.
        """
        held = await self._wait(log)
        if held:
            self._answered.pop(log, None)
        try:
            yield lambda peers: [_Watched(peer, lambda: self._note(log)) for peer in peers] if held else peers
        finally:
            if held:
                self._answered.pop(log, None)
                self._locks[log].release()

    async def _wait(self, log: LogName) -> bool:
        loop = asyncio.get_running_loop()
        began, lock = loop.time(), self._locks[log]
        while True:
            answered = self._answered.get(log)
            until = began + UNHEARD if answered is None else max(began + UNHEARD, answered + BETWEEN)
            until = min(until, began + LONGEST)
            if until <= loop.time() and lock.locked():
                return False
            try:
                async with asyncio.timeout_at(until):
                    return await lock.acquire()
            except TimeoutError:
                continue

    def _note(self, log: LogName) -> None:
        self._answered[log] = asyncio.get_running_loop().time()


class _Watched:
    """A peer whose pulls are noted when they are answered."""

    def __init__(self, peer: Peer, answered: Callable[[], None]) -> None:
        self._peer, self._on_answer = peer, answered
        self.name = peer.name

    async def pull(self, request: PullRequest) -> bytes:
        """See `Peer.pull`."""
        found = await self._peer.pull(request)
        self._on_answer()
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._peer, name)
