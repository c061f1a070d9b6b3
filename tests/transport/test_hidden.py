"""What a path gives away: nothing outside xs1, and the same for absent and forbidden, in words and in time."""

import asyncio
import statistics
import time

import pytest

from xstock_node.protocol import limits, paths, records
from xstock_node.protocol.records import Audience
from xstock_node.testing import make_offer
from xstock_node.testing.nodes import DAY

OUTSIDE = [
    "../../../../etc/passwd", "..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd", "..%252f..%252fetc%252fpasswd",
    "..\\..\\etc\\passwd", "..%5c..%5cetc%5cpasswd", "....//....//etc/passwd", "..;/..;/etc/passwd", "/etc/passwd",
    "%2fetc%2fpasswd", "file:///etc/passwd", "..%c0%af..%c0%afetc%c0%afpasswd", "..%ef%bc%8f..%ef%bc%8fetc", ".",
    "..", "%00", "node.db", "../node.db", "node.db%00.txt", "keys/signing.key", "..%2fkeys%2fsigning.key", "~root",
    "$HOME", "`id`", "%24%7bjndi:ldap://x%7d", "{{7*7}}", "'%20or%201=1--", "%27;drop%20table%20log", "*", "%25", "%",
    "%u002e%u002e", "a" * 4000, "con", "nul.txt", "\u2025/\u2025/etc", "..%0d%0aX-Injected:%20yes", "%0a", "-1", "1e9",
]  # fmt: skip
OTHERS = [
    ("POST", "/xs/1/gossip"), ("POST", "/xs/1/pull"), ("POST", "/xs/1/push"), ("POST", "/xs/1/buckets"),
    ("GET", "/xs/1/id/{name}"), ("GET", "/.well-known/{name}"), ("GET", "/{name}"),
]  # fmt: skip
SECRETS = (b"root:x:", b"SQLite format", b"Traceback", b"site-packages")


def targets() -> list[tuple[str, str]]:
    """Each path of the peer port with each bad word in each of its places, behind it, and in its query."""
    found = []
    for method, pattern in [*((path.method, path.pattern) for path in paths.PATHS), *OTHERS]:
        parts = pattern.split("/")
        places = [n for n, part in enumerate(parts) if part.startswith("{")]
        good = ["redcross.at" if n in places else part for n, part in enumerate(parts)]
        for word in OUTSIDE:
            found += [(method, "/".join([*good[:n], word, *good[n + 1 :]])) for n in places]
            found += [(method, "/".join([*good, word])), (method, "/".join(good) + f"?with={word}&file={word}")]
    return found


async def test_no_word_in_a_path_leads_out_of_xs1(served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signed by a member, sent as they are: a known answer or a refusal, never a defect, never a file."""
    monkeypatch.setattr(limits, "OPEN_BURST", 10_000)
    monkeypatch.setattr(limits, "UNKNOWN_REFUSALS_BURST", 10_000)
    monkeypatch.setattr(served.server.admission, "member", lambda name: None)
    monkeypatch.setattr(served.server.admission, "before_checking", lambda address, claimed: None)
    asked = targets()
    assert len(asked) > 1500
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    harmless = {p.pattern.replace("{network}", "redcross.at").replace("{name}", "redcross.at") for p in paths.PATHS}
    harmless |= {"/.well-known/xstock", "/xs/1/id/redcross.at"}
    seen: set[int] = set()
    for method, target in asked:
        if writer.is_closing() or reader.at_eof():
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        status, body = await one(served, reader, writer, method, target)
        seen.add(status)
        assert status not in (500, 502) and not any(secret in body for secret in SECRETS), (method, target, status)
        assert status != 200 or target.partition("?")[0] in harmless, (method, target, body[:80])
    writer.close()
    assert seen >= {400, 404}


async def one(served, reader, writer, method: str, target: str) -> tuple[int, bytes]:  # type: ignore[no-untyped-def]
    """One request on an open line; the line is closed where the other side closed it."""
    line = target.encode("utf-8", "surrogateescape")
    try:
        signed = served.sign(method, target)
    except UnicodeEncodeError:
        signed = {}
    head = b"".join(f"{name}: {value}\r\n".encode() for name, value in signed.items())
    writer.write(method.encode() + b" " + line + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n" + head + b"\r\n")
    async with asyncio.timeout(5):
        top = await reader.readuntil(b"\r\n\r\n")
        fields = dict(line.split(b": ", 1) for line in top.split(b"\r\n")[1:-2])
        body = await reader.readexactly(int(fields.get(b"Content-Length", b"0")))
    assert b"\nX-Injected" not in top
    if fields.get(b"Connection") == b"close" or top.startswith(b"HTTP/1.0"):
        writer.close()
    return int(top.split(b" ")[1]), body


async def hide(served) -> str:  # type: ignore[no-untyped-def]
    """Give the node an audience log that its member may not read; the log's path."""
    now, network = served.node.clock.now(), served.node.home
    log = network.add_log("sava")
    ruling = Audience(id="a" * 16, ts=now, exp=now + DAY, n="A" * 16, names=("redcross.hr",))
    lines = [records.encode(ruling), *(records.encode(make_offer(n, now)) for n in range(50))]
    head = await log.append(lambda tx: lines)
    state = await served.node.engine.read(lambda tx: tx.logs.state(log.log))
    network.membership.rules(log.log, state.audience)
    network.signed(log)
    return f"/xs/1/log/redcross.at/see.sava/{head.log.epoch}"


async def pairs(served) -> list[tuple[str, str, bytes, bytes]]:  # type: ignore[no-untyped-def]
    """Method, path, and the body that names something hidden; then one that names nothing."""
    base = await hide(served)
    log = base.removeprefix("/xs/1/log/").replace("/see", "/xs1/see")
    digest = await served.node.correspondence.of().attachments.keep("a" * 16, b"%PDF waybill")
    pull = b'{"ranges":[{"log":"%s","start":0,"count":9}]}' % log.encode()
    return [
        ("GET", f"{base}/head", b"", b""),
        ("GET", f"{base}/proof/0?size=5", b"", b""),
        ("GET", f"/xs/1/blob/{digest}", b"", b""),
        ("POST", "/xs/1/pull", pull, pull.replace(b"sava", b"tisa")),
    ]


def absent(target: str) -> str:
    """A path of the same form to what never was."""
    if "/blob/" in target:
        return target[:-8] + "00000000"
    return target.replace("sava", "tisa")


# xs1 9.6
async def test_absent_and_forbidden_get_the_same_answer_in_the_same_time(served, monkeypatch) -> None:
    monkeypatch.setattr(served.server.admission, "member", lambda name: None)
    monkeypatch.setattr(served.server.admission, "before_checking", lambda address, claimed: None)
    for method, target, hidden, nothing in await pairs(served):
        took: dict[str, list[float]] = {target: [], absent(target): [], "2": []}
        for turn in range(60):
            answers = []
            for path, body in ((target, hidden), (absent(target), nothing)):
                began = time.perf_counter()
                answers.append(await served.call(method, path, body))
                key = path if method == "GET" else ("2" if len(answers) == 2 else path)
                took[key].append(time.perf_counter() - began)
            there, not_there = answers
            assert there.status == not_there.status == 404
            same = {k: v for k, v in there.headers.items() if k != "Date"}
            assert same == {k: v for k, v in not_there.headers.items() if k != "Date"}, turn
            assert there.body.replace(b"sava", b"tisa") == not_there.body or "/blob/" in target
        first, second = (statistics.median(times) for times in took.values() if times)
        assert abs(first - second) < 0.003 + 0.5 * min(first, second), (target, first, second)


async def test_a_stranger_gets_the_same_for_what_is_there_and_what_is_not(served) -> None:
    """Nobody without a signature tells a peer, a log, a case or a mailbox that exists from one that does not."""
    base = await hide(served)
    there = [f"{base}/head", "/xs/1/id/redcross.bg", "/xs/1/identity/redcross.bg", "/xs/1/relay/redcross.bg"]
    not_there = [absent(base) + "/head", *(p.replace("redcross.bg", "redcross.zz") for p in there[1:])]
    for one_path, other in zip(there, not_there, strict=True):
        first, second = await served.ask("GET", one_path), await served.ask("GET", other)
        assert (first.status, first.body) == (second.status, second.body)
        assert first.status in (401, 404)
