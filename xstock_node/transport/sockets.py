"""Listening with aiohttp as measured to be safe: no automatic inflating, short lingering, silent sockets cut."""

import asyncio
import ssl
import time

from aiohttp import web

from xstock_node.counts import Counts
from xstock_node.protocol import limits
from xstock_node.transport.counting import counting

SILENT_SECONDS = 30.0
SWEEP_SECONDS = 2.0


class Listener:
    """One application on one TCP port or UNIX socket. With `counts` what it answers is counted under `name`."""

    def __init__(self, app: web.Application, counts: Counts | None = None, name: str = "") -> None:
        self._app = app
        self._runner: web.AppRunner | None = None
        self._sweeper: asyncio.Task[None] | None = None
        self._seen: dict[object, float] = {}
        self._spoken: set[object] = set()
        app.on_response_prepare.append(self._spoke)
        if counts is not None:
            app.middlewares.insert(0, counting(counts, name))

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> int:
        """Listen on TCP; the port that was taken."""
        site = web.TCPSite(await self._run(), host, port, ssl_context=tls, backlog=256)
        await site.start()
        return int(site._server.sockets[0].getsockname()[1])  # type: ignore[union-attr]

    async def start_unix(self, path: str) -> None:
        """Listen on a UNIX socket."""
        await web.UnixSite(await self._run(), path).start()

    async def stop(self) -> None:
        """Close the listener and its connections."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        if self._runner is not None:
            await self._runner.cleanup()

    async def _run(self) -> web.AppRunner:
        if self._runner is None:
            self._runner = web.AppRunner(
                self._app,
                access_log=None,
                auto_decompress=False,
                keepalive_timeout=limits.KEEP_ALIVE,
                lingering_time=limits.LINGERING,
                max_line_size=limits.HEADER_LINE,
                max_field_size=limits.HEADER_LINE,
                shutdown_timeout=1.0,
                handler_cancellation=True,
            )
            await self._runner.setup()
            self._sweeper = asyncio.ensure_future(self._sweep())
        return self._runner

    async def _spoke(self, request: web.Request, response: web.StreamResponse) -> None:
        self._spoken.add(request.protocol)

    async def _sweep(self) -> None:
        """Cut connections on which no whole request came within 30 s: silent sockets, half headers."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            now = time.monotonic()
            server = self._runner.server if self._runner else None
            handlers = list(server.connections) if server else []
            self._seen = {handler: self._seen.get(handler, now) for handler in handlers}
            self._spoken &= set(handlers)
            for handler in handlers:
                silent = now - self._seen[handler] > SILENT_SECONDS
                if silent and handler not in self._spoken and handler._current_request is None:
                    handler.force_close()
                    if handler.transport is not None:
                        handler.transport.close()
