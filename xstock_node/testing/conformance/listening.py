"""The kit's own listener: the node under test dials a partner, which answers as a scenario wants.

A partner's desk is quiet while no scenario waits: it holds rounds as long as the caller asks for, then has no news.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

import msgspec
from aiohttp import web

from xstock_node.protocol import limits
from xstock_node.protocol.identity import Identity
from xstock_node.transport.coding import inflate

PATIENCE = 90.0  # seconds in which a node that may dial has to have dialled
POKE = 0.3  # between two calls that tell it that we are here
ANSWERED = 10.0  # from a scripted answer to the next question that it asks for


class NotCalled(Exception):
    """The node did not dial the kit."""


class Call(NamedTuple):
    """A request of the node under test: `path` below the URL of `partner`, with its query; headers in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    partner: Identity

    def json(self) -> dict[str, Any]:
        """The body as JSON."""
        plain = inflate(self.body, self.headers.get("content-encoding", ""), limits.GZIP_BYTES)
        found = msgspec.json.decode(plain)
        return found if isinstance(found, dict) else {}


Reply = Callable[[web.Request, Call], Awaitable[web.StreamResponse]]


class Caller(Protocol):
    """Somebody whose own call shows the node that its partner is there."""

    async def gossip(self, **fields: object) -> object: ...


class Desk:
    """One partner's side that answers, at `url`. `calls` are all that came, in order."""

    def __init__(self, known: Identity, network: str, url: str) -> None:
        self.known, self.network, self.url = known, network, url
        self.calls: list[Call] = []
        self._news = asyncio.Condition()
        self._replies: dict[str, Reply] = {}
        self._awaited: asyncio.Event | None = None
        self._given_up = False

    async def next_round(self, caller: Caller, replies: Mapping[str, Reply]) -> None:
        """Return once the node's next round has come and is about to be answered by `replies["gossip"]`."""
        if self._given_up:
            raise NotCalled(f"the node does not call {self.url}")
        self._replies, awaited = dict(replies), asyncio.Event()
        self._awaited, until = awaited, time.monotonic() + PATIENCE
        async with self._news:
            self._news.notify_all()
        while not awaited.is_set():
            if time.monotonic() > until:
                self._awaited, self._given_up = None, True
                raise NotCalled(f"the node did not call {self.url} within {PATIENCE:.0f} s")
            try:
                async with asyncio.timeout(POKE):
                    await awaited.wait()
            except TimeoutError:
                await caller.gossip()

    async def came(self, word: str, since: int, seconds: float = ANSWERED) -> Call | None:
        """The first call of a path that ends in `word` after the first `since` calls, or None."""
        try:
            async with asyncio.timeout(seconds), self._news:
                while True:
                    found = next((c for c in self.calls[since:] if _word(c.path) == word), None)
                    if found is not None:
                        return found
                    await self._news.wait()
        except TimeoutError:
            return None

    async def answer(self, request: web.Request, path: str) -> web.StreamResponse:
        """Answer one request as the scenario wants."""
        headers = {k.lower(): v for k, v in request.headers.items()}
        call = Call(request.method, path, headers, await request.read(), self.known)
        self.calls.append(call)
        async with self._news:
            self._news.notify_all()
        word = _word(path)
        if word == "gossip":
            return await self._gossip(request, call)
        if word in self._replies:
            return await self._replies[word](request, call)
        return self._plain(word)

    async def _gossip(self, request: web.Request, call: Call) -> web.StreamResponse:
        wait = call.headers.get("prefer", "").removeprefix("wait=")
        try:
            async with asyncio.timeout(float(wait) if wait.isdigit() else 0.0), self._news:
                await self._news.wait_for(lambda: self._awaited is not None)
        except TimeoutError:
            return web.json_response(quiet(call))
        awaited, reply = self._awaited, self._replies.get("gossip")
        self._awaited = None
        if awaited is not None:
            awaited.set()
        if awaited is None or reply is None:
            return web.json_response(quiet(call))
        return await reply(request, call)

    def _plain(self, word: str) -> web.StreamResponse:
        if word == "xstock":
            told = {"name": self.known.name, "networks": [self.network], "versions": ["xs1"], "url": self.url}
            return web.json_response(told | {"limits": {}})
        if word == self.known.name:
            return web.Response(body=self.known.raw)
        if word == "cases":
            return web.json_response({"cases": []})
        problem = {"type": "urn:xs1:not-found", "title": "not here", "status": 404}
        return web.json_response(problem, status=404, content_type="application/problem+json")


def quiet(call: Call) -> dict[str, Any]:
    """A round's answer without news: the caller's own digest comes back, so that it has nothing to look for."""
    return {"cursor": "0f0f0f0f.1", "all": call.json().get("all", "")}


def _word(path: str) -> str:
    return path.partition("?")[0].rpartition("/")[2]


class Listening:
    """One HTTP listener for several desks, each below a path of its own."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._desks: dict[str, Desk] = {}
        self._runner: web.AppRunner | None = None

    def add(self, desk: Desk) -> Desk:
        """Answer for one more partner."""
        self._desks[desk.url.rpartition("/")[2]] = desk
        return desk

    async def start(self, bind: str = "") -> None:
        """Listen where the URL says, or at `bind` (host:port) where a proxy stands in front."""
        parts = urlsplit(f"http://{bind}" if bind else self.url)
        app = web.Application(client_max_size=limits.STREAM_BODY)
        app.router.add_route("*", "/{desk}/{rest:.*}", self._answer)
        # A slow answer must notice that nobody reads it any more; digests are over the bytes as sent.
        self._runner = web.AppRunner(
            app, access_log=None, auto_decompress=False, handler_cancellation=True, shutdown_timeout=0.5
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, parts.hostname or "127.0.0.1", parts.port or 80).start()

    async def stop(self) -> None:
        """Close every connection."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        desk = self._desks.get(request.match_info["desk"])
        if desk is None:
            raise web.HTTPNotFound
        return await desk.answer(request, "/" + request.raw_path.split("/", 2)[2])
