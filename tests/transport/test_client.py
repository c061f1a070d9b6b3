"""A node calls a hostile peer: every answer ends in a value or a `ProtocolError`, in bounded memory and time."""

import asyncio
import time
import zlib
from collections.abc import Awaitable, Callable

import aiohttp
import psutil
import pytest

from xstock_node.protocol import limits
from xstock_node.protocol.errors import NotFound, ProtocolError, Quota, TooLarge, Unreachable
from xstock_node.protocol.gossip import GossipRequest, PullRequest, Range
from xstock_node.testing.nodes import make_signer
from xstock_node.transport import client, coding, reading
from xstock_node.transport.client import HttpPeer, open_session

MIB = 1024 * 1024
ASK = GossipRequest(network="see")
PULL = PullRequest((Range(log="redcross.hr/xs1/see.pub/1", start=0, count=9),))
Script = Callable[[asyncio.StreamWriter], Awaitable[None]]


def answering(*parts: bytes, pause: float = 0.0) -> Script:
    async def script(writer: asyncio.StreamWriter) -> None:
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(pause)

    return script


def whole(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + bytes(65536) + b"\r\n")
        await writer.drain()


def bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(bytes(MIB)) for _ in range(size // MIB)) + packer.flush()


@pytest.fixture
def peer(hostile, session: aiohttp.ClientSession) -> HttpPeer:
    """The hostile server as our node sees it."""
    return HttpPeer(session, "redcross.hr", hostile.url, make_signer("redcross.at"), lambda: int(time.time()), True)


GARBAGE: dict[str, Script] = {
    "nothing": answering(),
    "no HTTP": answering(b"220 mail.example ESMTP\r\n\r\n"),
    "half a status line": answering(b"HTTP/1.1 20"),
    "a bad status": answering(b"HTTP/1.1 abc OK\r\n\r\n"),
    "a long header": answering(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 9000 + b"\r\n\r\n"),
    "endless headers": answering(b"HTTP/1.1 200 OK\r\n", *[b"X: " + b"a" * 8000 + b"\r\n"] * 300),
    "a length that is none": answering(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n{}"),
    "a length below 0": answering(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n{}"),
    "a bad chunk": answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"),
    "a cut body": answering(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}"),
    "a cut chunk": answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\n{}"),
    "HTML": answering(whole(b"<html><body>Welcome</body></html>", "200 OK", "Content-Type: text/html")),
    "a list": answering(whole(b"[]")),
    "a float": answering(whole(b'{"cursor":1.5}')),
    "a duplicate key": answering(whole(b'{"cursor":"a","cursor":"b"}')),
    "deep nesting": answering(whole(b'{"x":' + b"[" * 5000)),
    "bad UTF-8": answering(whole(b'{"cursor":"\xff"}')),
    "257 notes": answering(whole(b'{"notes":[' + b",".join([b'"x"'] * 257) + b"]}")),
    "another coding": answering(whole(b"{}", "200 OK", "Content-Encoding: br")),
    "cut gzip": answering(whole(b"\x1f\x8b\x08\x00", "200 OK", "Content-Encoding: gzip")),
    "a redirect": answering(whole(b"", "302 Found", "Location: http://127.0.0.1:1/")),
    "a permanent redirect": answering(whole(b"", "308 Permanent Redirect", "Location: /xs/1/gossip")),
    "a server error": answering(whole(b"\x1b[2J" * 100, "500 Internal Server Error")),
    "a long problem": answering(whole(b"a" * 100_000, "400 Bad Request")),
    "an endless problem": lambda writer: endless_problem(writer),
    "an informational answer only": answering(b"HTTP/1.1 102 Processing\r\n\r\n"),
}


async def endless_problem(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 500 No\r\n\r\n")
    while True:
        writer.write(bytes(65536))
        await writer.drain()


@pytest.mark.parametrize("script", GARBAGE.values(), ids=GARBAGE.keys())
async def test_garbage_is_a_protocol_error(hostile, peer: HttpPeer, script: Script) -> None:
    hostile.script = script
    async with asyncio.timeout(5):
        with pytest.raises(ProtocolError):
            await peer.gossip(ASK)
        with pytest.raises(ProtocolError):
            await peer.push(b"")


DATES = {
    "a date": ("Wed, 25 Nov 2026 12:00:00 GMT", [1795608000]),
    "none": ("", []),
    "no date": ("soon", []),
    "a year of five digits": ("Wed, 25 Nov 99999 12:00:00 GMT", []),
    "the year 0": ("Sat, 01 Jan 0000 00:00:00 GMT", [946684800]),
    "a day that is none": ("Wed, 99 Nov 2026 12:00:00 GMT", []),
    "a zone without end": ("Wed, 25 Nov 2026 12:00:00 +99999999999999999999", []),
}


@pytest.mark.parametrize(("date", "heard"), DATES.values(), ids=DATES.keys())
@pytest.mark.parametrize("status", ["200 OK", "401 Unauthorized"])
async def test_the_clock_of_a_peer_is_heard_or_left(
    hostile, session: aiohttp.ClientSession, date: str, heard: list[int], status: str
) -> None:
    told: list[int] = []
    signer = make_signer("redcross.at")
    asked = HttpPeer(session, "redcross.hr", hostile.url, signer, lambda: 1, True, lambda name, at: told.append(at))
    hostile.script = answering(whole(b"[]", status, f"Date: {date}"))
    with pytest.raises(ProtocolError):
        await asked.gossip(ASK)
    assert told == heard


# xs1 9.8
async def test_a_redirect_is_not_followed(hostile, peer: HttpPeer) -> None:
    hostile.script = answering(whole(b"", "307 Temporary Redirect", f"Location: {hostile.url}/elsewhere"))
    with pytest.raises(Unreachable):
        await peer.gossip(ASK)
    assert len(hostile.asked) == 1


@pytest.mark.parametrize("call", ["gossip", "pull"])
async def test_an_endless_body_is_cut_in_bounded_memory(hostile, peer: HttpPeer, call: str) -> None:
    hostile.script = endless
    before = psutil.Process().memory_info().rss
    async with asyncio.timeout(10):
        with pytest.raises(TooLarge):
            await (peer.gossip(ASK) if call == "gossip" else peer.pull(PULL))
    assert psutil.Process().memory_info().rss - before < 64 * MIB


@pytest.mark.parametrize("call", ["gossip", "pull"])
@pytest.mark.parametrize("status", ["200 OK", "500 No"])
async def test_a_gzip_bomb_is_refused_in_bounded_memory(hostile, peer: HttpPeer, call: str, status: str) -> None:
    hostile.script = answering(whole(bomb(128 * MIB), status, "Content-Encoding: gzip"))
    before = psutil.Process().memory_info().rss
    with pytest.raises(ProtocolError):
        await (peer.gossip(ASK) if call == "gossip" else peer.pull(PULL))
    assert psutil.Process().memory_info().rss - before < 64 * MIB


async def test_a_slow_body_is_cut(hostile, peer: HttpPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    async def impatient(content: aiohttp.StreamReader, body: coding.Body) -> None:
        await reading.read_small(content, body, seconds=0.3)

    monkeypatch.setattr(client, "read_small", impatient)
    hostile.script = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", *[b" "] * 100, pause=0.1)
    async with asyncio.timeout(3):
        with pytest.raises(ProtocolError):
            await peer.gossip(ASK)


# xs1 21.4
async def test_a_slow_stream_is_cut(hostile, peer: HttpPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "STREAM_FIRST_BYTE", 0.4)
    monkeypatch.setattr(limits, "STREAM_RATE_WINDOW", 0.3)
    hostile.script = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", *[b"@"] * 100, pause=0.1)
    async with asyncio.timeout(4):
        with pytest.raises(ProtocolError):
            await peer.pull(PULL)


async def test_a_silent_peer_is_given_up(hostile, peer: HttpPeer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CONNECT_SECONDS", 0.2)
    monkeypatch.setattr(limits, "SMALL_BODY_SECONDS", 0.2)
    hostile.script = answering(b"", pause=30)
    async with asyncio.timeout(3):
        with pytest.raises(Unreachable):
            await peer.gossip(ASK)


async def test_nobody_at_the_address_is_unreachable(session: aiohttp.ClientSession) -> None:
    nobody = HttpPeer(session, "a.b", "http://127.0.0.1:1", make_signer("redcross.at"), lambda: 1, True)
    with pytest.raises(Unreachable):
        await nobody.gossip(ASK)


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7.0), ("", 60.0), ("-1", 60.0), ("²", 60.0), ("1e5", 60.0), ("9" * 400, 60.0)]
)
async def test_quota_says_when_to_come_back(hostile, peer: HttpPeer, header: str, seconds: float) -> None:
    hostile.script = answering(whole(b"{}", "429 Too Many Requests", f"Retry-After: {header}"))
    with pytest.raises(Quota) as caught:
        await peer.gossip(ASK)
    assert caught.value.retry_after == seconds


async def test_not_found_is_told_apart(hostile, peer: HttpPeer) -> None:
    hostile.script = answering(whole(b"{}", "404 Not Found"))
    with pytest.raises(NotFound):
        await peer.pull(PULL)


async def test_a_request_is_signed_for_the_peers_own_url(hostile, peer: HttpPeer) -> None:
    hostile.script = answering(whole(b"{}"))
    await peer.gossip(ASK, wait=3)
    asked = hostile.asked[0].decode()
    assert asked.startswith("POST /xs/1/gossip HTTP/1.1\r\n")
    assert 'keyid="redcross.at#' in asked
    assert "Prefer: wait=3\r\n" in asked


async def test_a_name_that_resolves_to_loopback_is_not_dialled(hostile) -> None:
    port = hostile.url.rpartition(":")[2]
    session = open_session(allow_private=False)
    careful = HttpPeer(session, "a.b", f"https://localhost:{port}", make_signer("redcross.at"), lambda: 1)
    try:
        with pytest.raises(Unreachable, match="public address"):
            await careful.gossip(ASK)
        with pytest.raises(ProtocolError, match="https"):
            HttpPeer(session, "a.b", hostile.url, make_signer("redcross.at"), lambda: 1)
    finally:
        await session.close()
    assert hostile.asked == []


async def test_a_proxy_of_the_environment_is_not_used(hostile, peer: HttpPeer, monkeypatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    hostile.script = answering(whole(b"{}"))
    await peer.gossip(ASK)
