"""Cold sync: a node with nothing takes the offers of ten origins from one peer, over real HTTP, in two processes.

Measured from the first request until every record is verified, durable and searchable.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

from tests.benchmarks import corpus, floor
from tests.benchmarks.measure import cpu_seconds, peak_mb, report, timed
from xstock_node.cli.output import fast_loop
from xstock_node.protocol import heads
from xstock_node.protocol.heads import Head
from xstock_node.protocol.names import LogName
from xstock_node.services.answering import NodeAnswers
from xstock_node.services.clock import SystemClock
from xstock_node.services.node import Node
from xstock_node.services.receiving import extend, take
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.storage.values import LogState
from xstock_node.testing.nodes import make_identity, make_signer
from xstock_node.trace import Trace
from xstock_node.transport.client import HttpPeer, open_session
from xstock_node.transport.server import PeerServer

LOG = "see.pub"
SERVER, CLIENT = "server.bench.example", "client.bench.example"


def origins(count: int) -> list[str]:
    """The names of the origins."""
    return [f"origin-{number}.bench.example" for number in range(count)]


def fill(tx: Transaction, name: str, lines: list[bytes], now: int) -> None:
    """Store a whole log of an origin as if it had been received."""
    log = LogName(name, LOG)
    state = LogState(log, epoch=now - 10_000)
    tx.logs.put(state)
    empty = Head(log.epoch(now - 10_000), len(lines), b"", now, 0)
    for start in range(0, len(lines), 5_000):
        state = extend(tx, state, empty, lines[start : start + 5_000], now)
    head = empty._replace(root=state.frontier.root())
    take(tx, head, heads.sign(head, make_signer(name)), [], now)


def make_node(name: str, url: str, folder: Path, others: list[str], server_url: str = "") -> Node:
    """A node of the benchmark that pins `others`."""
    own, signer = make_identity(name, url)
    pinned = [make_identity(other, server_url if other == SERVER else "")[0] for other in others]
    engine = SqliteEngine(folder / f"{name}.db")
    return Node(own, signer, LOG, engine, pinned, SystemClock(), Random(1), Trace(name))


async def serve(folder: Path, port: int, count: int, records: int) -> None:
    """Process one: hold every origin's log and serve it until stdin closes."""
    url, now = f"http://127.0.0.1:{port}", int(time.time())
    node = make_node(SERVER, url, folder, [*origins(count), CLIENT])
    for number, name in enumerate(origins(count)):
        lines = corpus.lines(records // count, now, number)
        await node.engine.write(lambda tx, name=name, lines=lines: fill(tx, name, lines, now), durable=True)
    await node.start({})
    server = PeerServer(
        NodeAnswers(node), url, node.directory.find_key, node.clock.now, node.clock.steady, node.peering.refuse
    )
    await server.start("127.0.0.1", port)
    before = cpu_seconds()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    print(json.dumps({"cpu": cpu_seconds() - before, "peak_mb": peak_mb(), "wire": server.bytes_out + server.bytes_in}))
    await server.stop()
    await node.stop()


async def pull(folder: Path, port: int, count: int, records: int) -> None:
    """Process two: start with nothing and take everything."""
    url = f"http://127.0.0.1:{port}"
    node = make_node(CLIENT, "", folder, [*origins(count), SERVER], url)
    await node.load()
    session = open_session(allow_private=True)
    peer = HttpPeer(session, SERVER, url, node.signer, node.clock.now, allow_private=True)
    node.gossip.peers = {SERVER: peer}
    before, began = cpu_seconds(), timed()
    await node.gossip.round(peer, node.clock.now())
    await node.engine.checkpoint()
    seconds, used = timed() - began, cpu_seconds() - before
    found = await node.engine.read(lambda tx: sum(tx.offers.count(s.log, node.clock.now()) for s in tx.logs.states()))
    print(json.dumps({"cpu": used, "seconds": seconds, "peak_mb": peak_mb(), "searchable": found}))
    await session.close()
    await node.stop()


def run(records: int = 100_000, count: int = 10) -> float:
    """Measure; records a CPU second of both sides."""
    with tempfile.TemporaryDirectory() as folder:
        port = 17_440
        command = [sys.executable, "-m", "tests.benchmarks.cold_sync"]
        arguments = [folder, str(port), str(count), str(records)]
        server = subprocess.Popen(
            [*command, "serve", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert server.stdout and server.stdin
        server.stdout.readline()
        client = subprocess.run([*command, "pull", *arguments], capture_output=True, text=True, check=True)
        server.stdin.close()
        served: dict[str, Any] = json.loads(server.stdout.readline())
        server.wait()
        inserting = floor.insert_floor(Path(folder) / f"{CLIENT}.db")
    pulled: dict[str, Any] = json.loads(client.stdout.splitlines()[-1])
    rate = records / (served["cpu"] + pulled["cpu"])
    report(
        "cold sync",
        records=records,
        origins=count,
        searchable=pulled["searchable"],
        records_per_s=round(records / pulled["seconds"]),
        records_per_cpu_s=round(rate),
        us_per_record_server=round(served["cpu"] / records * 1e6, 1),
        us_per_record_client=round(pulled["cpu"] / records * 1e6, 1),
        client_of_inserting=round(pulled["cpu"] / records * 1e6 / inserting, 2),
        both_of_inserting=round((served["cpu"] + pulled["cpu"]) / records * 1e6 / inserting, 2),
        wire_bytes_per_record=round(served["wire"] / records, 1),
        peak_mb_server=round(served["peak_mb"], 1),
        peak_mb_client=round(pulled["peak_mb"], 1),
    )
    return rate


if __name__ == "__main__":
    role, where, port_text, count_text, records_text = sys.argv[1:6]
    node = (serve if role == "serve" else pull)(Path(where), int(port_text), int(count_text), int(records_text))
    with asyncio.Runner(loop_factory=fast_loop) as runner:  # as `xstock serve` does
        runner.run(node)
