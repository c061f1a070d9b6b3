"""Lines between real nodes: a TCP relay before each peer port, which can be slow or cut for one country.

Who calls is read from the `keyid` of the first signed request (xs1 9.1); a node's connections carry its own requests
alone, so that a connection is a line between two nodes.
"""

import asyncio
import re
from contextlib import suppress

CHUNK, HEAD = 16 * 1024, 64 * 1024
SLOW_SECONDS, SLOW_BYTES = 0.4, 32 * 1024
"""One way over a satellite (800 ms to an answer), and how many bytes a second pass."""
_CALLER = re.compile(rb'keyid="([a-z0-9.-]{3,100})#')


class Lines:
    """All lines of some nodes. `slow` and `down` are names whose every line is slow, or is cut."""

    def __init__(self, host: str = "127.0.0.1") -> None:
        self.host = host
        self.slow: set[str] = set()
        self.down: set[str] = set()
        self.carried: dict[str, int] = {}
        self.refused: dict[str, int] = {}
        self._servers: list[asyncio.Server] = []
        self._open: dict[asyncio.Task[None], set[str]] = {}

    async def lay(self, name: str, port: int) -> int:
        """A line to the node that listens on `port`; the port at which others call it."""

        async def called(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._open[task] = {name}
            try:
                await self._carry(self._open[task], port, reader, writer)
            except (OSError, EOFError, asyncio.CancelledError, asyncio.LimitOverrunError):
                pass  # a line that breaks says nothing
            finally:
                del self._open[task]
                writer.transport.abort()

        server = await asyncio.start_server(called, self.host, 0)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    def cut(self, name: str) -> None:
        """No line of this node carries anything from now on; what was on its way is lost."""
        self.down.add(name)
        for task, names in list(self._open.items()):
            if name in names:
                task.cancel()

    def heal(self, name: str) -> None:
        """The lines of this node carry again."""
        self.down.discard(name)

    async def close(self) -> None:
        """End all lines."""
        for server in self._servers:
            server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _carry(
        self, names: set[str], port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Both ways, until one side ends. A caller that does not sign may be anybody: not while a node is cut off."""
        head = await reader.readuntil(b"\r\n\r\n")
        found = _CALLER.search(head)
        names |= {found[1].decode()} if found else self.down
        if names & self.down:
            for name in names & self.down:
                self.refused[name] = self.refused.get(name, 0) + 1
            return
        far_reader, far_writer = await asyncio.open_connection(self.host, port)
        try:
            await self._pass(names, head, far_writer)
            ways = [
                asyncio.ensure_future(self._pump(names, reader, far_writer)),
                asyncio.ensure_future(self._pump(names, far_reader, writer)),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
        finally:
            far_writer.transport.abort()

    async def _pump(self, names: set[str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(CHUNK):
                await self._pass(names, piece, writer)

    async def _pass(self, names: set[str], piece: bytes, writer: asyncio.StreamWriter) -> None:
        if names & self.slow:
            await asyncio.sleep(SLOW_SECONDS + len(piece) / SLOW_BYTES)
        writer.write(piece)
        await writer.drain()
        for name in names:
            self.carried[name] = self.carried.get(name, 0) + len(piece)
