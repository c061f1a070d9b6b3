"""Ten thousand logs on one node: cold sync in bounded memory, and what an idle round then costs, over real HTTP.

The server and the client are two processes; every byte of the line is counted, headers too.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import aiohttp

from tests.benchmarks.cold_sync import CLIENT, SERVER, fill, make_node, origins
from tests.benchmarks.corpus import lines
from tests.benchmarks.measure import cpu_seconds, peak_mb, timed
from xstock_node.protocol import limits
from xstock_node.protocol.errors import Quota
from xstock_node.services.answering import NodeAnswers
from xstock_node.services.clock import SystemClock
from xstock_node.services.node import Node
from xstock_node.transport.client import HttpPeer, open_session
from xstock_node.transport.server import PeerServer

PORT, RELAY = 17_450, 17_451
RECORDS, ROUNDS, AT_ONCE = 2, 20, 500
MOST_BYTES, MOST_MS, MOST_MB = 1024, 2.0, 400.0


def run(logs: int) -> int:
    """Measure and print one JSON line; 1 when a bound does not hold."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.sim.many_logs"]
        server = subprocess.Popen(
            [*command, "serve", folder, str(logs)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert server.stdout and server.stdin
        try:
            server.stdout.readline()
            client = subprocess.run(
                [*command, "pull", folder, str(logs)], stdout=subprocess.PIPE, text=True, check=True
            )
            server.stdin.close()
            served = json.loads(server.stdout.readline())
            server.wait()
        finally:
            server.kill()
    pulled = json.loads(client.stdout.splitlines()[-1])
    line = {"logs": logs, **pulled, "idle_ms_asked": served["idle_ms"], "peak_mb_asked": served["peak_mb"]}
    cheap = line["idle_bytes"] < MOST_BYTES and max(line["idle_ms"], line["idle_ms_asked"]) < MOST_MS
    line["holds"] = line["held"] == logs + 1 and cheap and line["peak_mb"] < MOST_MB
    print(json.dumps(line), flush=True)
    return int(not line["holds"])


async def serve(folder: Path, logs: int) -> None:
    """Hold every log; a line on stdin begins the measuring of idle rounds, its end ends the process."""
    url, now = f"http://127.0.0.1:{PORT}", SystemClock().now()
    node = make_node(SERVER, url, folder, [*origins(logs), CLIENT])
    names = origins(logs)
    for start in range(0, logs, AT_ONCE):
        await node.engine.write(
            lambda tx, batch=names[start : start + AT_ONCE], first=start: [
                fill(tx, name, lines(RECORDS, now, first + n), now) for n, name in enumerate(batch)
            ],
            durable=True,
        )
    await node.start({})
    server = PeerServer(
        NodeAnswers(node), url, node.directory.find_key, node.clock.now, node.clock.steady, node.peering.refuse
    )
    await server.start("127.0.0.1", PORT)
    print("ready", flush=True)
    await _until(folder / "idle")
    before = cpu_seconds()
    await _until(folder / "done")
    used = (cpu_seconds() - before) * 1e3
    await asyncio.to_thread(sys.stdin.readline)
    print(json.dumps({"idle_ms": round(used / ROUNDS, 2), "peak_mb": round(peak_mb(), 1)}))
    await server.stop()
    await node.stop()


async def pull(folder: Path, logs: int) -> None:
    """Take everything through a relay that counts, then make idle rounds."""
    url = f"http://127.0.0.1:{PORT}"
    counted = [0]
    relay = await asyncio.start_server(lambda r, w: _relay(r, w, counted), "127.0.0.1", RELAY)
    node = make_node(CLIENT, "", folder, [*origins(logs), SERVER], url)
    await node.load()
    session = open_session(allow_private=True)
    peer = HttpPeer(session, SERVER, url, node.signer, node.clock.now, allow_private=True)
    peer._session = _Through(session)  # type: ignore[assignment]
    node.gossip.peers = {SERVER: peer}
    began = timed()
    while len(node.replicas.heads) < logs + 1:
        await _round(node, peer)
    seconds, synced = timed() - began, counted[0]
    for _ in range(3):
        await _round(node, peer)
    await asyncio.sleep(limits.REQUESTS_BURST / limits.REQUESTS_A_SECOND)  # so that no idle round meets the quota
    (folder / "idle").touch()
    await asyncio.sleep(1)
    before, wire = cpu_seconds(), counted[0]
    for _ in range(ROUNDS):
        await node.gossip.round(peer, node.clock.now())
    used, wire = cpu_seconds() - before, counted[0] - wire
    (folder / "done").touch()
    found = {
        "held": len(node.replicas.heads),
        "seconds": round(seconds, 1),
        "bytes_a_log": round(synced / logs),
        "peak_mb": round(peak_mb(), 1),
        "idle_bytes": round(wire / ROUNDS),
        "idle_ms": round(used * 1e3 / ROUNDS, 2),
    }
    print(json.dumps(found))
    relay.close()
    await session.close()
    await node.stop()


async def _until(mark: Path) -> None:
    """Wait for what the other process leaves in the folder."""
    while not mark.exists():  # noqa: ASYNC110, ASYNC240
        await asyncio.sleep(0.2)


async def _round(node: Node, peer: HttpPeer) -> None:
    """A round, later where the peer asks for that."""
    try:
        await node.gossip.round(peer, node.clock.now())
    except Quota as error:
        await asyncio.sleep(error.retry_after)


class _Through:
    """A session that goes by the relay."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    def request(self, method: str, url: str, **how: Any) -> Any:
        """See `ClientSession.request`."""
        return self._session.request(method, url.replace(str(PORT), str(RELAY), 1), **how)


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counted: list[int]) -> None:
    there, back = await asyncio.open_connection("127.0.0.1", PORT)
    await asyncio.gather(_copy(reader, back, counted), _copy(there, writer, counted))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, counted: list[int]) -> None:
    try:
        while data := await reader.read(65_536):
            counted[0] += len(data)
            writer.write(data)
            await writer.drain()
    finally:
        writer.close()


if __name__ == "__main__":
    role, where, count = sys.argv[1:4]
    asyncio.run((serve if role == "serve" else pull)(Path(where), int(count)))
