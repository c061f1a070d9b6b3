"""A node on SQLite in a process of its own, with a long log that a hub takes over HTTP by ordinary gossip."""

import asyncio
import sys
import time
from pathlib import Path

from tests.benchmarks import corpus
from tests.benchmarks.cold_sync import fill
from tests.hub.asking import office_over
from tests.hub.parts import HUB
from xstock_node.protocol.errors import ProtocolError
from xstock_node.services.answering import NodeAnswers
from xstock_node.services.node import pinned_identity
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.testing.nodes import make_signer
from xstock_node.transport.client import HttpPeer, open_session
from xstock_node.transport.server import PeerServer

LATE, ORIGIN = "late.bench.example", "origin-late.bench.example"


async def serve(folder: Path, port: int, records: int, hub: str, identity: bytes) -> None:
    """Hold the log, tell the hub of it, and hand it out until stdin closes."""
    engine = SqliteEngine(folder / "late.db")
    now, url = int(time.time()), f"http://127.0.0.1:{port}"
    lines = corpus.lines(records, now, 999)
    await engine.write(lambda tx: fill(tx, ORIGIN, lines, now), durable=True)
    node = (await office_over(engine, LATE, [ORIGIN], folder, [pinned_identity(identity, HUB)])).node
    server = PeerServer(
        NodeAnswers(node), url, node.directory.find_key, node.clock.now, node.clock.steady, node.peering.refuse
    )
    await server.start("127.0.0.1", port)
    await node.start({})
    session = open_session(allow_private=True)
    peer = HttpPeer(session, HUB, hub, make_signer(LATE), node.clock.now, allow_private=True)
    print("ready", flush=True)
    try:
        await node.gossip.round(peer, node.clock.now())
    except ProtocolError as error:
        print(error.sentence(), file=sys.stderr)
    await asyncio.to_thread(sys.stdin.readline)
    await server.stop()
    await session.close()
    await node.stop()


if __name__ == "__main__":
    where = Path(sys.argv[1])
    identity_of_hub = (where / "hub.identity").read_bytes()
    asyncio.run(serve(where, int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], identity_of_hub))
