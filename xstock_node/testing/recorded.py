"""A system as a test recorded it: a server on this machine that gives the answers of a `check.toml`.

An `[[answer]]` has `method` (GET), `path`, `status` (200), `headers`, `body`, and `needs`: headers that the request
must bring, else 401 is answered. SERVER in a body becomes the server's address. Several answers of one method and path
come one after the other, the last one again and again.
"""

import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
from aiohttp import web
from msgspec import Meta


class RecordedAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One answer; header names of `needs` are lower case."""

    path: str
    method: str = "GET"
    status: Annotated[int, Meta(ge=100, le=599)] = 200
    headers: dict[str, str] = {}
    needs: dict[str, str] = {}
    body: str = ""


class Asked(NamedTuple):
    """What a plugin asked; `path` is without the query, header names are lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


class RecordedServer:
    """The server; `requests` are all that came, `refuse` lets it answer 401 to everything."""

    def __init__(self, answers: list[RecordedAnswer]) -> None:
        self._answers = answers
        self._given: dict[tuple[str, str], int] = {}
        self.requests: list[Asked] = []
        self.url = ""
        self.refuse = False

    async def answer(self, request: web.Request) -> web.Response:
        """The next answer that was recorded for this method and path; 404 where none was."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = Asked(request.method, request.path, dict(request.query), headers, await request.read())
        self.requests.append(asked)
        if self.refuse:
            return web.Response(status=401)
        key = (asked.method, asked.path)
        known = [one for one in self._answers if (one.method, one.path) == key]
        if not known:
            return web.Response(status=404, text="nothing was recorded for this path")
        one = known[min(self._given.get(key, 0), len(known) - 1)]
        if any(asked.headers.get(name) != value for name, value in one.needs.items()):
            return web.Response(status=401)
        self._given[key] = self._given.get(key, 0) + 1
        return web.Response(status=one.status, headers=one.headers, body=one.body.replace("SERVER", self.url).encode())


def answers_of(path: Path) -> list[RecordedAnswer]:
    """The recorded answers of a file; raises ValueError with what is wrong with it."""
    return msgspec.convert(tomllib.loads(path.read_text("utf-8")).get("answer", []), list[RecordedAnswer])


@asynccontextmanager
async def recorded(path: Path) -> AsyncIterator[RecordedServer]:
    """The server of a file's answers, until the end of the block."""
    async with recorded_answers(answers_of(path)) as server:
        yield server


@asynccontextmanager
async def recorded_answers(answers: list[RecordedAnswer]) -> AsyncIterator[RecordedServer]:
    """The server of these answers, until the end of the block."""
    server = RecordedServer(answers)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()
