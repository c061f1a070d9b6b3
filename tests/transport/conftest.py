"""A real node behind a real `PeerServer` on a free port, and raw ways to it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random

import aiohttp
import pytest

from xstock_node import trace
from xstock_node.protocol import requests
from xstock_node.protocol.keys import Signer
from xstock_node.services.answering import NodeAnswers
from xstock_node.services.clock import SystemClock
from xstock_node.services.node import Node
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.testing import make_identity
from xstock_node.testing.nodes import make_signer
from xstock_node.testing.simnet import LOG
from xstock_node.trace import Trace
from xstock_node.transport.client import open_session
from xstock_node.transport.server import PeerServer

NAME, MEMBER = "redcross.at", "redcross.bg"
BASE = "https://node.example/base"


class Answer:
    """What came back: status, headers, body; `problem` is the type of a problem."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def problem(self) -> str:
        import json

        return str(json.loads(self.body)["type"])


class Served:
    """A node that serves; its identity's base URL is not the address it is reached at, as behind a proxy."""

    def __init__(self, node: Node, server: PeerServer, port: int, session: aiohttp.ClientSession) -> None:
        self.node, self.server, self.port, self.session = node, server, port, session
        self.member = make_signer(MEMBER)

    def sign(
        self, method: str, path: str, body: bytes = b"", signer: Signer | None = None, off: int = 0
    ) -> dict[str, str]:
        """The headers of a signed request."""
        digest = requests.content_digest(body) if body else None
        now = self.node.clock.now() + off
        return requests.sign(signer or self.member, method, BASE + path, digest, now)

    async def ask(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None, **rest: object
    ) -> Answer:
        """One request as given, nothing added."""
        url = f"http://127.0.0.1:{self.port}{path}"
        async with self.session.request(method, url, data=body, headers=headers, **rest) as response:  # type: ignore[arg-type]
            return Answer(response.status, dict(response.headers), await response.read())

    async def call(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answer:
        """One request of the member, signed."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.ask(method, path, body or None, self.sign(method, path, body) | more)

    async def raw(self, data: bytes, seconds: float = 5.0) -> bytes:
        """Send bytes on a socket of their own and read until the other side closes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            writer.write(data)
            async with asyncio.timeout(seconds):
                return await reader.read(1 << 20)
        finally:
            writer.close()


@pytest.fixture(autouse=True)
def fresh_trace() -> None:
    trace._backend.cache_clear()


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    """A node with one member that calls it."""
    own, signer = make_identity(NAME, BASE)
    clock = SystemClock()
    engine = SqliteEngine(tmp_path / "node.db", threads=True)
    node = Node(own, signer, LOG, engine, [make_identity(MEMBER)[0]], clock, Random(1), Trace(NAME))
    server = PeerServer(
        NodeAnswers(node), own.url(), node.directory.find_key, clock.now, clock.steady, node.peering.refuse
    )
    port = await server.start("127.0.0.1", 0)
    await node.load()
    await node.own.open()
    node.signed(node.own.head)  # type: ignore[arg-type]
    async with aiohttp.ClientSession(auto_decompress=False) as session:
        yield Served(node, server, port, session)
    await server.stop()
    await node.stop()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    """The client session of a node that may dial loopback."""
    found = open_session(allow_private=True)
    yield found
    await found.close()


Respond = Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]


class Hostile:
    """A server that answers every connection with a script of the test."""

    def __init__(self) -> None:
        self.script: Callable[[asyncio.StreamWriter], object] | None = None
        self.asked: list[bytes] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.asked.append(await reader.readuntil(b"\r\n\r\n"))
            assert self.script is not None
            await self.script(writer)  # type: ignore[misc]
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def hostile() -> AsyncIterator[Hostile]:
    """A hostile peer on loopback."""
    found = Hostile()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield found
    server.close()
