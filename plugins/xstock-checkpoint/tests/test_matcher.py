"""The matcher before a node that answers as it is told: what a camera gets, and what the node is told."""

import io
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient, TestServer
from checkpoint_messages import MAKES, message
from xstock_checkpoint.matcher import Matcher, Post
from xstock_checkpoint.routes import Hit

from xstock_node.domain.declared import DeclaredList, entry

SALT, ID = "ab" * 16, "a" * 26


class Bench:
    """A matcher, the node that it tells, and a camera."""

    def __init__(self, camera: TestClient[Any, Any], matcher: Matcher) -> None:
        self.camera, self.matcher = camera, matcher
        self.told: list[Hit] = []
        self.tokens: list[str] = []
        self.status = 200
        self.said: list[str] = []

    async def post(self, make: str, raw: Any, **headers: str) -> int:
        async with self.camera.post(f"/{make}", data=raw, headers=headers) as answer:
            return answer.status


@pytest.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    found: list[Bench] = []

    async def hits(request: web.Request) -> web.Response:
        found[0].told.append(msgspec.json.decode(await request.read(), type=Hit))
        found[0].tokens.append(request.headers["Authorization"])
        return web.Response(status=found[0].status, body=b"{}")

    app = web.Application()
    app.router.add_post("/plugins/xstock-checkpoint/hits", hits)
    async with TestServer(app) as node, ClientSession() as session:
        said: list[str] = []
        post = Post("Giurgiu", "RO", "checkpoint", f"http://127.0.0.1:{node.port}", "secret")
        matcher = Matcher(tmp_path / "x.list", "1234", post, session, say=said.append)
        now = int(time.time())
        entries = tuple(one for plate in ("CA1234BB",) if (one := entry(plate, SALT, ID)))
        listed = DeclaredList(node="n", corridor="c", begins=now - 60, ends=now + 3600, salt=SALT, entries=entries)
        monkeypatch.setattr(matcher, "list_now", lambda: listed)
        async with TestClient(TestServer(matcher.app())) as camera:
            found.append(Bench(camera, matcher))
            found[0].said = said
            yield found[0]


@pytest.mark.parametrize("make", MAKES)
async def test_a_declared_plate_is_told_without_the_plate(bench: Bench, make: str) -> None:
    assert await bench.post(make, message(make, "CA1234BB")) == 200
    assert await bench.post(make, message(make, "CA1234BB", sure=False)) == 200
    first, second = bench.told
    assert (first.convoy, first.place, first.country, first.source) == (ID, "Giurgiu", "RO", make)
    assert first.sure and not second.sure and bench.tokens == ["Bearer secret"] * 2
    assert abs(first.at - time.time()) < 60, "a time that cannot be is the camera's clock, not the passage's"
    assert "1234BB" not in str(bench.told) and bench.said == []


@pytest.mark.parametrize("make", MAKES)
async def test_a_plate_on_no_list_reaches_nobody(bench: Bench, make: str) -> None:
    assert await bench.post(make, message(make, "QX9999WZ")) == 200
    assert bench.told == [] and bench.said == []


async def test_what_the_node_did_not_take_is_to_be_sent_again(bench: Bench) -> None:
    for status, wanted in ((503, 503), (500, 503), (401, 503), (429, 503), (422, 503), (409, 200), (200, 200)):
        bench.status = status
        assert await bench.post("frigate", message("frigate", "CA1234BB")) == wanted
    assert len(bench.said) == 6 and not [line for line in bench.said if "1234BB" in line]


async def test_a_node_that_is_away_is_told_later(bench: Bench) -> None:
    bench.matcher._post = bench.matcher._post._replace(node="http://127.0.0.1:1")
    assert await bench.post("frigate", message("frigate", "CA1234BB")) == 503
    assert len(bench.said) == 1 and "reached" in bench.said[0]


def in_parts(*parts: tuple[str, bytes]) -> io.BytesIO:
    """A body in parts with the boundary b."""
    head = "--b\r\nContent-Disposition: form-data; name=x; filename=y\r\nContent-Type: {}\r\n\r\n"
    return io.BytesIO(b"".join(head.format(kind).encode() + raw + b"\r\n" for kind, raw in parts) + b"--b--\r\n")


async def test_pictures_are_passed_over(bench: Bench) -> None:
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    picture = ("image/jpeg", b"\xff\xd8" * 1_500_000)
    said = ("application/json", message("plate-recognizer", "CA1234BB"))
    assert await bench.post("plate-recognizer", in_parts(picture, said), **kind) == 200 and len(bench.told) == 1
    assert await bench.post("plate-recognizer", in_parts(picture), **kind) == 400


async def test_what_is_no_message_is_refused_in_words(bench: Bench) -> None:
    for raw in (b"", b"{", b"x" * 2_000_000, json.dumps({"data": 7}).encode()):
        assert await bench.post("plate-recognizer", io.BytesIO(raw)) == 400
    assert await bench.post("plate-recognizer", b"--b--", **{"Content-Type": "multipart/form-data; boundary=b"}) == 400
    assert await bench.post("plate-recognizer", b"{}", **{"Content-Type": "multipart/form-data"}) == 400
    assert bench.told == []
