"""Raw sockets: requests in which two readers might see different borders, and headers that claim who is calling."""

import asyncio
import json
import re

import psutil
import pytest

from xstock_node.protocol import limits

INSIDE = b"GET /xs/1/id/redcross.at HTTP/1.1\r\nHost: x\r\nX-Smuggled: yes\r\n\r\n"
LENGTH = str(len(INSIDE)).encode()
CHUNKED = b"5\r\nhello\r\n0\r\n\r\n"
START = b"POST /xs/1/gossip HTTP/1.1\r\nHost: x\r\n"


def request(*headers: bytes, body: bytes = b"", start: bytes = START) -> bytes:
    return start + b"".join(header + b"\r\n" for header in headers) + b"\r\n" + body


async def talk(port: int, data: bytes, seconds: float = 4.0) -> tuple[bytes, bool]:
    """All that comes back until the other side closes, and whether it did so in time."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    found = b""
    try:
        writer.write(data)
        async with asyncio.timeout(seconds):
            while chunk := await reader.read(1 << 16):
                found += chunk
        return found, True
    except ConnectionResetError:
        return found, True
    except TimeoutError:
        return found, False
    finally:
        writer.close()


def statuses(found: bytes) -> list[bytes]:
    """The status of each answer; every answer has a Date, and what it quotes of the request has none."""
    return re.findall(rb"HTTP/1\.[01] ([0-9]{3}) [A-Za-z ]+\r\n(?:[A-Z][^\r]*\r\n)*?Date: ", found)


AMBIGUOUS: dict[str, bytes] = {
    "two lengths that differ": request(b"Content-Length: 0", b"Content-Length: " + LENGTH, body=INSIDE),
    "two lengths that agree": request(b"Content-Length: 5", b"Content-Length: 5", body=b"hello" + INSIDE),
    "two lengths in one header": request(b"Content-Length: 5, 5", body=b"hello" + INSIDE),
    "length and chunked": request(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=CHUNKED + INSIDE),
    "chunked and length": request(b"Transfer-Encoding: chunked", b"Content-Length: " + LENGTH, body=CHUNKED + INSIDE),
    "a coding that is none": request(b"Transfer-Encoding: xchunked", body=CHUNKED + INSIDE),
    "chunked behind another coding": request(b"Transfer-Encoding: chunked, identity", body=CHUNKED + INSIDE),
    "chunked twice": request(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=CHUNKED + INSIDE),
    "a tab before chunked": request(b"Transfer-Encoding:\x0bchunked", body=CHUNKED + INSIDE),
    "a blank before the colon": request(b"Content-Length : " + LENGTH, body=INSIDE),
    "a folded header": request(b"X-A: a", b" Content-Length: " + LENGTH, body=INSIDE),
    "a folded coding": request(b"Transfer-Encoding:", b" chunked", body=CHUNKED + INSIDE),
    "a plus before the length": request(b"Content-Length: +5", body=b"hello" + INSIDE),
    "a length in hex": request(b"Content-Length: 0x5", body=b"hello" + INSIDE),
    "a length with a line": request(b"Content-Length: 5_0", body=b"hello" + INSIDE),
    "a length in other digits": request("Content-Length: ٥".encode(), body=b"hello" + INSIDE),
    "a length of many digits": request(b"Content-Length: " + b"9" * 40, body=b"hello" + INSIDE),
    "a NUL in a name": request(b"Content-Length\x00: 5", body=b"hello" + INSIDE),
    "a NUL in a value": request(b"X-A: a\x00b", body=INSIDE),
    "a bare CR in a value": request(b"X-A: a\rContent-Length: " + LENGTH, body=INSIDE),
    "no colon": request(b"Content-Length 5", body=b"hello" + INSIDE),
    "an empty name": request(b": 5", body=INSIDE),
    "a chunk in bad hex": request(b"Transfer-Encoding: chunked", body=b"0x5\r\nhello\r\n0\r\n\r\n" + INSIDE),
    "a chunk below nothing": request(b"Transfer-Encoding: chunked", body=b"-1\r\n\r\n" + INSIDE),
    "a chunk longer than it says": request(b"Transfer-Encoding: chunked", body=b"2\r\nhello\r\n0\r\n\r\n" + INSIDE),
    "a chunk of many digits": request(b"Transfer-Encoding: chunked", body=b"F" * 40 + b"\r\n" + INSIDE),
    "HTTP/1.0 and chunked": request(
        b"Transfer-Encoding: chunked", body=CHUNKED + INSIDE, start=b"POST /xs/1/gossip HTTP/1.0\r\nHost: x\r\n"
    ),
    "HTTP/9.9": request(start=b"GET /xs/1/id/redcross.at HTTP/9.9\r\nHost: x\r\n"),
    "HTTP/2 in plain": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": b"GET /xs/1/id/redcross.at\r\n\r\n",
    "a blank in the target": request(start=b"GET /xs/1/id/redcross.at evil HTTP/1.1\r\nHost: x\r\n"),
    "a header of 9,000 bytes": request(b"X-A: " + b"a" * 9_000),
    "a name of 9,000 bytes": request(b"a" * 9_000 + b": x"),
    "a target of 9,000 bytes": request(start=b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: x\r\n"),
}


@pytest.mark.parametrize("data", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
async def test_what_two_readers_might_cut_differently_gets_one_refusal_and_the_end_of_the_line(
    served, data: bytes
) -> None:
    """One answer at most, never the one to the request inside, and nothing is read of the line afterwards."""
    found, ended = await talk(served.port, data)
    assert ended, found
    assert len(statuses(found)) <= 1 and b"200" not in statuses(found), found
    assert served.node.identity.raw not in found


async def test_endless_headers_are_cut_in_bounded_memory(served) -> None:
    before = psutil.Process().memory_info().rss
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n")
    sent = 0
    try:
        while sent < 64 * limits.MIB and not reader.at_eof():
            writer.write(b"X-%d: " % sent + b"a" * 4_000 + b"\r\n")
            sent += 4_000
            await writer.drain()
    except OSError:
        pass
    writer.close()
    assert sent < 32 * limits.MIB
    assert psutil.Process().memory_info().rss - before < 16 * limits.MIB


async def test_requests_in_a_row_are_answered_in_their_order_and_each_is_checked(served) -> None:
    good = served.sign("GET", "/xs/1/identity/redcross.at")
    lines = b"".join(f"{name}: {value}\r\n".encode() for name, value in good.items())
    one = b"GET /xs/1/identity/redcross.at HTTP/1.1\r\nHost: x\r\n"
    last = b"GET /xs/1/id/redcross.at HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    found, ended = await talk(served.port, one + lines + b"\r\n" + one + b"\r\n" + last)
    assert ended and statuses(found) == [b"200", b"401", b"200"]


async def test_a_body_never_becomes_the_next_request(served) -> None:
    """A refusal leaves the body unread: it is read away or the connection ends."""
    data = request(b"Content-Length: " + LENGTH, body=INSIDE)
    last = b"GET /.well-known/xstock HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    found, ended = await talk(served.port, data + last)
    assert ended and statuses(found) in ([b"401"], [b"401", b"200"])
    assert served.node.identity.raw not in found


FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP")


async def test_no_header_gives_a_stranger_another_address_or_another_quota(served) -> None:
    answers = []
    for number in range(limits.OPEN_BURST + 5):
        lies = dict.fromkeys(FORWARDED, f"192.0.2.{number}")
        answers.append((await served.ask("GET", "/.well-known/xstock", None, lies)).status)
    assert answers.count(429) >= 4
    assert len(served.server.admission._open) == 1


async def test_no_header_moves_a_request_to_another_path_method_or_host(served) -> None:
    body = json.dumps({"network": "see"}).encode()
    lies = {
        "Host": "evil.example",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Prefix": "/elsewhere",
        "X-Original-URL": "/xs/1/pull",
        "X-Rewrite-URL": "/xs/1/pull",
        "X-HTTP-Method-Override": "DELETE",
    }
    answer = await served.ask("POST", "/xs/1/gossip", body, served.sign("POST", "/xs/1/gossip", body) | lies)
    assert answer.status == 200 and "cursor" in json.loads(answer.body)
    assert b"evil" not in answer.body + repr(answer.headers).encode()


async def test_a_target_in_absolute_form_or_with_another_authority_is_not_served_for_it(served) -> None:
    for target in (b"http://evil.example/xs/1/id/redcross.at", b"//evil.example/xs/1/id/redcross.at"):
        data = request(b"Connection: close", start=b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n")
        found, ended = await talk(served.port, data)
        assert ended and statuses(found) in ([b"400"], [b"404"]), found[:200]
