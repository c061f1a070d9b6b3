"""Logins against recorded answers: how each series is spoken to, and that a refused password is tried once."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from xstock_node.plugins import Unauthorised, Unavailable

Open = Callable[..., AbstractAsyncContextManager[Any]]


class Recorded:
    """A server that answers as trytond does; `series` chooses the paths, `login` what a login gives."""

    def __init__(self) -> None:
        self.url, self.series, self.login = "", "8.2", web.json_response({"id": 1, "result": [5, "key", None]})
        self.seen: list[tuple[str, str, str]] = []
        self.dead = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        asked = await request.json()
        method = asked["method"]
        self.seen.append((request.path, method, request.headers.get("Authorization", "")))
        root = "/rpc/" if self.series == "8.2" else "/"
        if method == "common.server.version":
            if request.path != root:
                return web.Response(status=405)
            return web.json_response({"id": 1, "result": self.series})
        if method == "common.db.login":
            assert asked["params"] == ["xstock", {"password": "word"}, None]
            return copied(self.login)
        if self.dead:
            self.dead -= 1
            return web.Response(status=401)
        results: dict[str, Any] = {"get_preferences": {"company": 1, "language": "bg"}, "fields_get": {"unit": {}}}
        return web.json_response({"id": 1, "result": results.get(method.rpartition(".")[2], [])})

    def count(self, method: str) -> int:
        return sum(found.endswith(method) for _, found, _ in self.seen)


def copied(answer: web.Response) -> web.Response:
    return web.Response(status=answer.status, body=answer.body, headers=answer.headers)


@pytest.fixture
async def recorded() -> AsyncIterator[Recorded]:
    found = Recorded()
    app = web.Application()
    app.router.add_post("/{tail:.*}", found.answer)
    server = TestServer(app)
    await server.start_server()
    found.url = f"http://127.0.0.1:{server.port}"
    yield found
    await server.close()


@pytest.mark.parametrize(("series", "path"), [("8.2", "/db/rpc/"), ("7.0.59", "/db/"), ("6.0.76", "/db/")])
async def test_each_series_is_spoken_to_on_its_paths(
    recorded: Recorded, adapters: Open, series: str, path: str
) -> None:
    recorded.series = series
    async with adapters(recorded.url, "word", reserve_to="") as node:
        assert (await node.source.describe(node.context)).system == f"Tryton {series}"
    assert {seen for seen, method, _ in recorded.seen if method != "common.server.version"} == {path}
    token = base64.b64encode(b"xstock:5:key").decode()
    assert recorded.seen[-1][2] == f"Session {token}"


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_password_is_tried_once_by_calls_at_once(
    recorded: Recorded, adapters: Open, status: int
) -> None:
    recorded.login = web.Response(status=status)
    async with adapters(recorded.url, "word") as node:
        asked = [node.source.describe(node.context) for _ in range(5)]
        found = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(error, Unauthorised) and "word" not in str(error).split() for error in found)
        assert recorded.count("login") == 1


async def test_a_locked_account_is_left_alone(recorded: Recorded, adapters: Open) -> None:
    recorded.login = web.Response(status=429)
    async with adapters(recorded.url, "word") as node:
        with pytest.raises(Unavailable) as error:
            await node.source.describe(node.context)
        assert error.value.retry_after >= 600


async def test_a_session_is_renewed_once_and_not_twice_in_a_call(recorded: Recorded, adapters: Open) -> None:
    async with adapters(recorded.url, "word", reserve_to="") as node:
        await node.source.describe(node.context)
        recorded.dead = 1
        await node.source.describe(node.context)
        assert recorded.count("login") == 2
        recorded.dead = 99
        with pytest.raises(Unauthorised):
            await node.source.describe(node.context)
        assert recorded.count("login") == 3


async def test_a_series_that_was_not_tried_is_only_read(recorded: Recorded, adapters: Open) -> None:
    recorded.series = "7.4.1"
    async with adapters(recorded.url, "word", reserve_to="Lent") as node:
        assert (await node.source.describe(node.context)).movements == ()


async def test_a_password_file_that_others_can_read_is_refused(recorded: Recorded, adapters: Open) -> None:
    async with adapters(recorded.url, "word") as node:
        (node.context.folder / "tryton.password").chmod(0o644)
        with pytest.raises(Unauthorised, match="chmod 600"):
            await node.source.describe(node.context)
    assert not recorded.seen
