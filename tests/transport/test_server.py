"""The peer port against strangers and members who send what they should not."""

import asyncio
import gzip
import json
import time
import zlib
from email.utils import parsedate_to_datetime

import psutil
import pytest

from xstock_node.protocol import frames, heads, keys, limits, merkle, records
from xstock_node.protocol.heads import Head
from xstock_node.protocol.names import LogName
from xstock_node.testing import make_offer
from xstock_node.testing.nodes import make_signer
from xstock_node.transport import coding, reading, server, sockets

GOSSIP = "/xs/1/gossip"
ASK = json.dumps({"network": "see"}).encode()
MIB = 1024 * 1024


def memory() -> int:
    return psutil.Process().memory_info().rss


def bomb(size: int) -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(bytes(MIB)) for _ in range(size // MIB)) + packer.flush()


# xs1 10.6
async def test_a_signed_round_is_answered(served) -> None:
    answer = await served.call("POST", GOSSIP, ASK)
    assert answer.status == 200
    assert len(json.loads(answer.body)["notes"]) >= 1
    assert answer.headers["Content-Type"].startswith("application/json")


async def test_an_unsigned_request_is_told_so(served) -> None:
    answer = await served.ask("POST", GOSSIP, ASK)
    assert (answer.status, answer.problem) == (401, "urn:xs1:unsigned")
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_an_unknown_key_is_as_good_as_none(served) -> None:
    for name in ("redcross.bg", "stranger.example"):
        headers = served.sign("POST", GOSSIP, ASK, make_signer(name, "other"))
        answer = await served.ask("POST", GOSSIP, ASK, headers)
        assert (answer.status, answer.problem) == (401, "urn:xs1:unsigned")


async def test_a_wrong_clock_is_told_the_time(served) -> None:
    for off in (-400, 400):
        answer = await served.ask("POST", GOSSIP, ASK, served.sign("POST", GOSSIP, ASK, off=off))
        assert (answer.status, answer.problem) == (401, "urn:xs1:clock")
        assert answer.headers["Date"]
        assert abs(parsedate_to_datetime(answer.headers["Date"]).timestamp() - served.node.clock.now()) <= 2


async def test_a_body_that_does_not_fit_its_digest_is_refused_and_written_down(served) -> None:
    answer = await served.ask("POST", GOSSIP, ASK + b" ", served.sign("POST", GOSSIP, ASK))
    assert answer.status == 400
    state = await served.node.peering.state("redcross.bg")
    assert state.refusals == 1
    assert "Content-Digest" in state.last_refusal


async def test_a_signature_for_another_path_query_or_method_is_refused(served) -> None:
    for method, path in (("POST", "/xs/1/pull"), ("POST", GOSSIP + "?x=1"), ("PUT", GOSSIP)):
        answer = await served.ask("POST", GOSSIP, ASK, served.sign(method, path, ASK))
        assert (answer.status, answer.problem) == (401, "urn:xs1:bad-signature")


async def test_host_and_forwarding_headers_change_nothing(served) -> None:
    lies = {"Host": "evil.example", "X-Forwarded-For": "1.2.3.4", "X-Forwarded-Host": "evil.example"}
    assert (await served.ask("POST", GOSSIP, ASK, served.sign("POST", GOSSIP, ASK) | lies)).status == 200


async def test_an_oversized_body_is_refused(served) -> None:
    body = b" " * (limits.GOSSIP_BODY + 1)
    answer = await served.call("POST", GOSSIP, body)
    assert (answer.status, answer.problem) == (413, "urn:xs1:too-large")


async def test_an_oversized_chunked_body_is_cut_while_it_comes(served) -> None:
    sent = 0

    async def endless():  # type: ignore[no-untyped-def]
        nonlocal sent
        while sent < 200 * MIB:
            sent += 65536
            yield bytes(65536)

    headers = served.sign("POST", GOSSIP, b"x")
    try:
        answer = await served.ask("POST", GOSSIP, endless(), headers)
        assert answer.status == 413
    except OSError:
        pass
    assert sent < 20 * MIB


# xs1 21.3
async def test_of_one_member_eight_pushes_are_read_at_once(served) -> None:
    go_on, path = asyncio.Event(), "/xs/1/push"

    async def dripping():  # type: ignore[no-untyped-def]
        yield b"x"
        await go_on.wait()

    headers = served.sign("POST", path, b"x")
    calls = [
        asyncio.ensure_future(served.ask("POST", path, dripping(), headers)) for _ in range(limits.REQUESTS_AT_ONCE)
    ]
    await asyncio.sleep(0.3)
    assert (await served.call("POST", path, b"x")).status == 429
    go_on.set()
    assert {answer.status for answer in await asyncio.gather(*calls)} == {400}
    assert (await served.call("POST", path, b"x")).status == 400


async def test_a_gzip_body_is_read(served) -> None:
    answer = await served.call("POST", GOSSIP, gzip.compress(ASK), Content_Encoding="gzip")
    assert answer.status == 200


@pytest.mark.parametrize("path", [GOSSIP, "/xs/1/pull", "/xs/1/push"])
async def test_a_gzip_bomb_is_refused_in_bounded_memory(served, path: str) -> None:
    body = bomb(128 * MIB)
    assert len(body) < limits.GOSSIP_BODY
    before = memory()
    answer = await served.call("POST", path, body, Content_Encoding="gzip")
    assert memory() - before < 32 * MIB
    assert answer.status == 413


PACKED = gzip.compress(ASK, mtime=0)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x1f\x8b", PACKED[:-3], PACKED * 2, b"x" * 90],
    ids=["nothing", "magic alone", "cut", "two members", "no gzip"],
)
def test_what_is_not_one_whole_gzip_member_is_refused(data: bytes) -> None:
    with pytest.raises(coding.ProtocolError):
        coding.inflate(data, "gzip", MIB)


def test_our_own_gzip_is_always_taken_by_the_other_side() -> None:
    for body in (b"", b"a" * 300, b"a" * 300_000, bytes(range(256)) * 100):
        assert coding.inflate(coding.deflate(body), "gzip", MIB) == body


def test_no_piece_of_a_body_takes_long_whatever_it_is_made_of() -> None:
    """Empty blocks, each with a Huffman table to build, are slow and give nothing: no bound on the size meets them."""
    packer, body = zlib.compressobj(9, wbits=31), coding.Body("gzip", 8 * MIB)
    sent = packer.compress(b"a") + b"".join(packer.flush(zlib.Z_FULL_FLUSH) for _ in range(400_000))
    slowest = 0.0
    for start in range(0, len(sent), coding.PIECE):
        began = time.thread_time()
        body.take(sent[start : start + coding.PIECE])
        slowest = max(slowest, time.thread_time() - began)
    assert body.sent == len(sent) and slowest < 0.1


def test_a_bomb_is_known_by_its_first_piece() -> None:
    sent, body = bomb(64 * MIB), coding.Body("gzip", 8 * MIB)
    with pytest.raises(coding.TooLarge):
        body.take(sent[: coding.PIECE])
    assert body._parts == []


def test_what_is_read_in_pieces_is_what_was_packed() -> None:
    plain = bytes(range(256)) * 1000
    for packed, kind in ((gzip.compress(plain, 0), "gzip"), (coding.deflate(plain), "gzip"), (plain, "")):
        assert coding.inflate(packed, kind, MIB) == plain


@pytest.mark.parametrize("other", ["br", "deflate", "gzip, gzip", "zstd", "x-gzip"])
async def test_another_coding_is_not_taken(served, other: str) -> None:
    answer = await served.call("POST", GOSSIP, gzip.compress(ASK), Content_Encoding=other)
    assert (answer.status, answer.problem) == (415, "urn:xs1:coding")


# xs1 21.4
async def test_a_slow_body_is_cut(served, monkeypatch: pytest.MonkeyPatch) -> None:
    async def impatient(content, body):  # type: ignore[no-untyped-def]
        return await reading.read_small(content, body, seconds=0.3)

    monkeypatch.setattr(server, "read_small", impatient)
    lines = [f"{name}: {value}" for name, value in served.sign("POST", GOSSIP, ASK).items()]
    head = "\r\n".join([f"POST {GOSSIP} HTTP/1.1", "Host: x", f"Content-Length: {len(ASK)}", *lines, "", ""])
    found = await served.raw(head.encode() + ASK[:3], seconds=3)
    assert found.startswith(b"HTTP/1.1 408 ")


async def test_a_slow_stream_is_cut(served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "STREAM_FIRST_BYTE", 0.2)
    monkeypatch.setattr(limits, "STREAM_RATE_WINDOW", 0.3)
    lines = [f"{name}: {value}" for name, value in served.sign("POST", "/xs/1/push", ASK).items()]
    for begin in (b"", b"x"):
        head = "\r\n".join(["POST /xs/1/push HTTP/1.1", "Host: x", "Content-Length: 1000", *lines, "", ""])
        assert (await served.raw(head.encode() + begin, seconds=3)).startswith(b"HTTP/1.1 408 ")


@pytest.mark.parametrize("begin", [b"", b"GET /xs/1/", b"GET / HTTP/1.1\r\nHost: x\r\nX-A: "])
async def test_a_silent_socket_is_cut(served, monkeypatch: pytest.MonkeyPatch, begin: bytes) -> None:
    monkeypatch.setattr(sockets, "SILENT_SECONDS", 0.2)
    monkeypatch.setattr(sockets, "SWEEP_SECONDS", 0.1)
    for task in asyncio.all_tasks():
        if "_sweep" in repr(task.get_coro()):
            task.cancel()
    listener = served.server._listener
    listener._sweeper = asyncio.ensure_future(listener._sweep())
    assert await served.raw(begin, seconds=3) == b""


STRANGE = [
    "/",
    "/health",
    "/xs1",
    "/xs/1/",
    "/xs/1/gossip/",
    "//xs/1/gossip",
    "/xs/1/../xs/1/gossip",
    "/xs/1/%2e%2e/gossip",
    "/../../../../etc/passwd",
    "/xs/1/id/..%2f..%2fnode.db",
    "/xs/1/id/redcross.bg",
    "/xs/1/id/",
    "/xs/1/id/redcross.at/",
    "/xs/1/log/a/b/c/d/head",
    "/.well-known/../node.db",
    "/.well-known/xstock/x",
    "/XS1/gossip",
    "/xs/1/gossip%00",
    "/xs/1/\xff",
]


@pytest.mark.parametrize("path", STRANGE)
async def test_a_strange_path_is_not_found(served, path: str) -> None:
    found = await served.raw(
        f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode("latin-1"), seconds=3
    )
    status = int(found.split(b" ")[1])
    assert status in (400, 404)
    assert b"Traceback" not in found
    assert b"SQLite" not in found


@pytest.mark.parametrize("log", ["..%2f..", "see.pub%2f..", "%00", "see.pub%0a", "a%20b", "see.pub.x", "~", "%ff"])
async def test_a_strange_log_name_gives_nothing_even_to_a_member(served, log: str) -> None:
    path = f"/xs/1/log/redcross.at/{log}/1/head"
    answer = await served.ask("GET", path, None, served.sign("GET", path))
    assert answer.status in (400, 401, 404)


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 9000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
    ],
    ids=["length and chunked", "two lengths", "length below 0", "long line", "long header", "TLS", "blank in a name"],
)
async def test_a_malformed_request_is_refused_and_the_connection_closed(served, request_line: bytes) -> None:
    assert (await served.raw(request_line, seconds=3)).startswith((b"HTTP/1.1 400", b"HTTP/1.0 400"))


async def test_open_paths_answer_anybody(served) -> None:
    known = await served.ask("GET", "/.well-known/xstock")
    assert json.loads(known.body)["name"] == "redcross.at"
    assert (await served.ask("GET", "/xs/1/id/redcross.at")).body == served.node.identity.raw


# xs1 21.3
async def test_open_paths_have_a_quota_by_address(served) -> None:
    statuses = [(await served.ask("GET", "/.well-known/xstock")).status for _ in range(limits.OPEN_BURST + 3)]
    assert statuses[: limits.OPEN_BURST] == [200] * limits.OPEN_BURST
    assert 429 in statuses[limits.OPEN_BURST :]


async def test_a_member_over_its_quota_is_told_when_to_come_back(served) -> None:
    for _ in range(limits.REQUESTS_BURST):
        served.server.admission.member("redcross.bg")
    found = [await served.call("POST", GOSSIP, ASK) for _ in range(5)]
    refused = [answer for answer in found if answer.status == 429]
    assert refused
    assert refused[0].problem == "urn:xs1:quota"
    assert int(refused[0].headers["Retry-After"]) >= 1
    assert (await served.node.peering.state("redcross.bg")).refusals == 0


@pytest.mark.parametrize(("path", "status"), [(GOSSIP, 401), ("/elsewhere", 404), ("/xs/1/nothing", 404)])
async def test_a_flood_of_what_is_refused_waits_for_its_answers_and_a_member_does_not(
    served, monkeypatch: pytest.MonkeyPatch, path: str, status: int
) -> None:
    monkeypatch.setattr(limits, "UNKNOWN_REFUSALS_BURST", 3)
    monkeypatch.setattr(limits, "UNKNOWN_REFUSED_AFTER", 2.0)
    began = time.monotonic()
    assert [(await served.ask("POST", path, ASK)).status for _ in range(3)] == [status] * 3
    assert time.monotonic() - began < 2
    late = asyncio.ensure_future(served.ask("POST", path, ASK))
    assert (await served.call("POST", GOSSIP, ASK)).status == 200
    assert not late.done()
    assert (await late).status == status and time.monotonic() - began > 2


@pytest.mark.parametrize("prefer", ["wait=²", "wait=-1", "wait=1e9", "wait=", "wait", "wait=9" * 50, "respond-async"])
async def test_a_strange_wish_to_wait_is_answered_at_once(served, prefer: str) -> None:
    async with asyncio.timeout(3):
        assert (await served.call("POST", GOSSIP, ASK, Prefer=prefer)).status == 200


async def test_the_same_request_again_changes_nothing(served) -> None:
    """There are no nonces: within its five minutes a copied request is answered again, and nothing is different."""
    lines = [records.encode(make_offer(n, served.node.clock.now())) for n in range(2)]
    head = Head(LogName("redcross.bg", "see.pub").epoch(served.node.clock.now()), 2, bytes(32), 0, 0)
    head = head._replace(root=merkle.tree_root([merkle.leaf_hash(line) for line in lines]), time=head.log.epoch)
    body = heads.sign(head, served.member) + b"\n" + frames.encode(head.log, 0, lines, 2)
    for path, sent in (("/xs/1/push", body), (GOSSIP, ASK)):
        signed = served.sign("POST", path, sent)
        before = (await served.ask("POST", path, sent, signed)).status, served.node.replicas.digest()
        after = (await served.ask("POST", path, sent, signed)).status, served.node.replicas.digest()
        assert before == after and before[0] == 200
    assert served.node.replicas.heads[head.log.name] == head
    assert (await served.node.peering.state("redcross.bg")).refusals == 0


# xs1 11.8
async def test_a_held_request_is_answered_when_there_is_news(served) -> None:
    first = json.loads((await served.call("POST", GOSSIP, ASK)).body)
    ask = json.dumps({"network": "see", "cursor": first["cursor"], "all": first["all"]}).encode()
    held = asyncio.ensure_future(served.call("POST", GOSSIP, ask, Prefer="wait=20"))
    while not served.node.home.holding.waiting:  # noqa: ASYNC110 - the node tells nobody
        await asyncio.sleep(0.01)
    assert not held.done()
    line = records.encode(make_offer(1, served.node.clock.now()))
    served.node.signed(await served.node.own.append(lambda tx: [line]))
    async with asyncio.timeout(5):
        came = await held
    answer = json.loads(coding.inflate(came.body, came.headers.get("Content-Encoding", ""), MIB))
    assert any(note.startswith("redcross.at/xs1/see.pub/") for note in answer["notes"])
    assert served.server.admission.waiting == 0


async def test_a_held_request_without_news_ends_after_its_time(served) -> None:
    first = json.loads((await served.call("POST", GOSSIP, ASK)).body)
    ask = json.dumps({"network": "see", "cursor": first["cursor"], "all": first["all"]}).encode()
    async with asyncio.timeout(5):
        answer = await served.call("POST", GOSSIP, ask, Prefer="wait=1")
    assert "notes" not in json.loads(answer.body)


async def test_head_and_proof_of_a_record_are_served_to_members(served) -> None:
    lines = [records.encode(make_offer(n, served.node.clock.now())) for n in range(5)]
    head = await served.node.own.append(lambda tx: lines)
    base = f"/xs/1/log/redcross.at/see.pub/{head.log.epoch}"
    assert heads.parse((await served.call("GET", f"{base}/head")).body)[0] == head
    path = [keys.from_base64(h) for h in (await served.call("GET", f"{base}/proof/3?size=5")).body.decode().split()]
    merkle.verify_inclusion(merkle.leaf_hash(lines[3]), 3, 5, path, head.root)
    for wrong in (f"{base}/proof/5?size=5", f"{base}/proof/0?size=6", f"{base[:-1]}/head"):
        assert (await served.call("GET", wrong)).status == 404
    for wrong in (f"{base}/proof/-1?size=5", f"{base}/proof/1", f"{base}/proof/1?size=x"):
        assert (await served.call("GET", wrong)).status == 400
    assert (await served.ask("GET", f"{base}/head")).status == 401
    assert LogName("redcross.at", "see.pub") == head.log.name
