"""Row 1: gzip that inflates to ten gigabytes, from eight senders at once, on every route and in every answer."""

import http.client
import multiprocessing
import socket
import socketserver
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from tests.processes import free_port
from tests.siege.kit import MIB, Fort, Member, Watch, connected
from xstock_node.protocol import heads, limits, requests
from xstock_node.protocol.gossip import GossipResponse
from xstock_node.protocol.heads import Head
from xstock_node.protocol.names import LogId
from xstock_node.services.overview import PeerName

SIZE = 10 * 1024 * MIB
SENDERS = 8
MEMORY = 64 * MIB
ROUTES = [
    *(("POST", path, limits.GOSSIP_BODY) for path in ("/xs/1/gossip", "/xs/1/buckets", "/xs/1/inbox")),
    ("POST", "/xs/1/pull", limits.PULL_BODY),
    ("POST", "/xs/1/push", limits.STREAM_BODY),
    ("POST", "/xs/1/witness", 2 * limits.HEAD_NOTE),
    ("POST", "/xs/1/apply", 2 * limits.APPLICATION),
    ("POST", "/xs/1/callback", 1024),
    ("PUT", "/xs/1/relay/m0.example.org/" + "0" * 64, limits.RELAY_BLOB),
    ("POST", "/xs/1/nothing", limits.GOSSIP_BODY),
    ("POST", "/elsewhere", limits.GOSSIP_BODY),
]


def packed() -> bytes:
    """A mebibyte of zeros as a piece that may be repeated in one deflate stream."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)


PIECE = packed()
BEGIN, END = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", b"\x03\x00" + bytes(8)


def bomb(size: int = SIZE) -> Iterator[bytes]:
    """A gzip stream that inflates to `size` bytes, piece by piece."""
    yield BEGIN
    for _ in range(size // MIB // 64):
        yield PIECE * 64
    yield END


def fitting(most: int) -> bytes:
    """The largest bomb whose packed form is within a limit."""
    count = max(0, (most - len(BEGIN) - len(END)) // len(PIECE))
    return BEGIN + PIECE * count + END


def send(port: int, base: str, member: Member, until: float, told: Any) -> None:
    """One sender: every route in turn, once streamed and once as large as the route reads."""
    counts: Counter[str] = Counter()
    while time.monotonic() < until:
        for method, path, most in ROUTES:
            counts[_streamed(port, base, member, method, path)] += 1
            counts[_whole(port, base, member, method, path, fitting(most))] += 1
    told.put(counts)


def _streamed(port: int, base: str, member: Member, method: str, path: str) -> str:
    """All ten gigabytes, packed, as far as the other side reads."""
    line = connected(port, member.address)
    try:
        head = {"Host": "x", "Content-Encoding": "gzip", "Transfer-Encoding": "chunked"}
        fields = head | member.signed(base, method, path, b"x")
        line.sendall(f"{method} {path} HTTP/1.1\r\n".encode())
        line.sendall("".join(f"{k}: {v}\r\n" for k, v in fields.items()).encode() + b"\r\n")
        for piece in bomb():
            line.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        line.sendall(b"0\r\n\r\n")
        return "streamed: " + line.recv(64).decode("latin-1").split("\r\n")[0]
    except OSError:
        return "streamed: cut"
    finally:
        line.close()


def _whole(port: int, base: str, member: Member, method: str, path: str, body: bytes) -> str:
    line = http.client.HTTPConnection("127.0.0.1", port, 30, (member.address, 0))
    fields = {"Content-Encoding": "gzip", "Content-Digest": requests.content_digest(body)}
    try:
        line.request(method, path, body, fields | member.signed(base, method, path, body))
        return f"whole: {line.getresponse().status}"
    except (OSError, http.client.HTTPException):
        return "whole: cut"
    finally:
        line.close()


class Hostile(socketserver.ThreadingTCPServer):
    """A member that answers the node: with ten gigabytes, packed; or with a head, so that its records are asked for."""

    allow_reuse_address = daemon_threads = True
    request_queue_size = 64

    def __init__(self, port: int) -> None:
        self.bombs: Counter[str] = Counter()
        self.rounds = 0
        self.member: Member | None = None
        self.began = int(time.time())
        super().__init__(("127.0.0.1", port), Answer)

    def news(self) -> bytes:
        """An answer of gossip with a head of many records."""
        assert self.member is not None
        log = LogId(self.member.name, "see.pub", self.began)
        head = Head(log, 200 + self.rounds, bytes(32), int(time.time()), 0)
        note = heads.sign(head, self.member.signer).decode()
        return msgspec.json.encode(GossipResponse(cursor=f"a.{self.rounds}", notes=(note,)))


class Answer(socketserver.BaseRequestHandler):
    """One connection of the node."""

    def handle(self) -> None:
        """Read a request's head; every third round is answered with news, all else with a bomb."""
        line: socket.socket = self.request
        server = self.server
        assert isinstance(server, Hostile)
        try:
            line.settimeout(10)
            head = b""
            while b"\r\n\r\n" not in head:
                head += line.recv(65536)
            path = head.split(b" ")[1].decode()
            server.rounds += 1
            if path == "/xs/1/gossip" and server.rounds % 3 == 0:
                body = server.news()
                line.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                return
            server.bombs[path.split("/")[3]] += 1
            status = b"200 OK" if server.rounds % 4 else b"500 No"
            line.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n")
            for piece in bomb():
                line.sendall(piece)
        except OSError:
            pass


def requests_(folder: Path, seconds: float = 40.0) -> dict[str, Any]:
    """Eight members send bombs to every route."""
    with Fort(folder, SENDERS) as fort:
        told: Any = multiprocessing.Queue()
        with Watch(fort) as watch:
            until = time.monotonic() + seconds
            senders = [
                multiprocessing.Process(target=send, args=(fort.node.port, fort.base, member, until, told))
                for member in fort.members
            ]
            for sender in senders:
                sender.start()
            counts: Counter[str] = sum((told.get(timeout=seconds + 120) for _ in senders), Counter())
            for sender in senders:
                sender.join()
        figures = watch.figures()
        holds = watch.is_healthy() and watch.most - watch.before <= MEMORY and not counts["whole: 200"]
        return {"siege": "bombs sent", "bombs": counts.total(), **figures, "answers": dict(counts), "holds": holds}


def answers(folder: Path, seconds: float = 20.0) -> dict[str, Any]:
    """The node asks eight peers at once, each of which answers with bombs."""
    ports = [free_port() for _ in range(SENDERS)]
    servers = [Hostile(port) for port in ports]
    with Fort(folder, SENDERS, ports) as fort:
        for server, member in zip(servers, fort.members, strict=True):
            server.member = member
            threading.Thread(target=server.serve_forever, daemon=True).start()
        with Watch(fort) as watch:
            until = time.monotonic() + seconds

            def ask(name: str) -> None:
                while time.monotonic() < until:
                    fort.node.call("peer.sync", PeerName(name=name))

            askers = [threading.Thread(target=ask, args=(member.name,)) for member in fort.members]
            for asker in askers:
                asker.start()
            for asker in askers:
                asker.join()
        figures = watch.figures()
    bombs: Counter[str] = sum((server.bombs for server in servers), Counter())
    for server in servers:
        server.shutdown()
        server.server_close()
    holds = watch.is_healthy() and watch.most - watch.before <= MEMORY and min(bombs["gossip"], bombs["pull"]) > 0
    return {"siege": "bombs answered", "bombs": bombs.total(), "answers": dict(bombs), **figures, "holds": holds}
