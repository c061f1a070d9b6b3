"""A proxy before a Tryton server: it counts what passes, and spoils what a test names."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web


@dataclass
class Proxy:
    """`seen` are the methods that came, in order. The answer to a method in `swallow` is lost after the server gave it,
    each time one less; `refuse` names methods that never reach the server.
    """

    server: str
    url: str = ""
    seen: list[str] = field(default_factory=list)
    swallow: dict[str, int] = field(default_factory=dict)
    refuse: dict[str, web.Response] = field(default_factory=dict)

    def count(self, ending: str) -> int:
        return sum(method.endswith(ending) for method in self.seen)

    async def pass_on(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        method = json.loads(body)["method"]
        self.seen.append(method)
        last = method.rpartition(".")[2]
        if last in self.refuse:
            return self.refuse.pop(last)
        headers = {name: request.headers[name] for name in ("Authorization", "Content-Type") if name in request.headers}
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.server + request.path, data=body, headers=headers) as answer,
        ):
            found = await answer.read()
            if self.swallow.get(last, 0):
                self.swallow[last] -= 1
                assert request.transport is not None
                request.transport.close()
            return web.Response(status=answer.status, body=found, content_type=answer.content_type)


@asynccontextmanager
async def proxy_before(server: str) -> AsyncIterator[Proxy]:
    """A proxy on a loopback port, until the end."""
    proxy = Proxy(server)
    app = web.Application()
    app.router.add_post("/{tail:.*}", proxy.pass_on)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    proxy.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield proxy
    finally:
        await runner.cleanup()
