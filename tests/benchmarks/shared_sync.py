"""Cold sync of one large log from one peer, and from three at once, each behind a line of its own.

A proxy holds every peer to the same rate; what is compared is measured in one run.
"""

import asyncio
import tempfile
import time
from pathlib import Path
from random import Random

from tests.benchmarks import corpus
from tests.benchmarks.cold_sync import LOG, fill
from tests.benchmarks.measure import report, timed
from xstock_node.protocol.names import LogName
from xstock_node.services.answering import NodeAnswers
from xstock_node.services.clock import SystemClock
from xstock_node.services.node import Node
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.testing.nodes import make_identity
from xstock_node.trace import Trace
from xstock_node.transport.client import HttpPeer, open_session
from xstock_node.transport.server import PeerServer

ORIGIN, CLIENT = "origin.bench.example", "client.bench.example"
PEERS = [f"peer-{n}.bench.example" for n in range(3)]
PORT, RATE, PIECE = 17_500, 500_000, 16_384


class SlowLine:
    """A TCP proxy that lets `RATE` bytes a second through towards the client."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._server: asyncio.Server | None = None

    async def start(self, port: int) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, here = await asyncio.open_connection("127.0.0.1", self._port)
        await asyncio.gather(_copy(reader, here, 0), _copy(there, writer, PIECE / RATE), return_exceptions=True)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pause: float) -> None:
    while data := await reader.read(PIECE):
        writer.write(data)
        await writer.drain()
        await asyncio.sleep(pause * len(data) / PIECE)
    writer.close()


def run(records: int = 40_000) -> None:
    """Measure and print."""
    asyncio.run(_run(records))


async def _run(records: int) -> None:
    now = int(time.time())
    lines = corpus.lines(records, now, 0)
    with tempfile.TemporaryDirectory() as folder:
        nodes, servers, slow = [], [], []
        for number, name in enumerate(PEERS):
            node = _node(name, Path(folder), [ORIGIN, CLIENT])
            await node.engine.write(lambda tx: fill(tx, ORIGIN, lines, now), durable=True)
            await node.start({})
            url, port = f"http://127.0.0.1:{PORT + number}", PORT + 10 + number
            server = PeerServer(
                NodeAnswers(node), url, node.directory.find_key, node.clock.now, node.clock.steady, node.peering.refuse
            )
            await server.start("127.0.0.1", port)
            slow.append(SlowLine(port))
            await slow[-1].start(PORT + number)
            nodes.append(node)
            servers.append(server)
        seconds = {count: await _pull(Path(folder), count, records) for count in (1, 3)}
        for line, server, node in zip(slow, servers, nodes, strict=True):
            await line.stop()
            await server.stop()
            await node.stop()
    report(
        "cold sync shared",
        records=records,
        bytes_a_second_a_peer=RATE,
        one_peer_s=round(seconds[1], 2),
        three_peers_s=round(seconds[3], 2),
        ratio=round(seconds[3] / seconds[1], 2),
    )


async def _pull(folder: Path, count: int, records: int) -> float:
    node = _node(CLIENT, folder, [ORIGIN, *PEERS], f"client{count}")
    await node.load()
    session = open_session(allow_private=True)
    node.gossip.peers = {
        name: HttpPeer(session, name, f"http://127.0.0.1:{PORT + number}", node.signer, node.clock.now, True)
        for number, name in enumerate(PEERS[:count])
    }
    began = timed()
    await node.gossip.round(node.gossip.peers[PEERS[0]], node.clock.now())
    seconds = timed() - began
    held = node.replicas.heads[LogName(ORIGIN, LOG)]
    if held.size != records:
        raise AssertionError(f"{held.size} of {records}")
    await session.close()
    await node.stop()
    return seconds


def _node(name: str, folder: Path, others: list[str], file: str = "") -> Node:
    own, signer = make_identity(name)
    pinned = [make_identity(other)[0] for other in others]
    engine = SqliteEngine(folder / f"{file or name}.db")
    return Node(own, signer, LOG, engine, pinned, SystemClock(), Random(1), Trace(name))
