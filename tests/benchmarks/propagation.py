"""Propagation: real processes in a random graph; from a publish at one node until the offer is visible at all.

The same processes, left alone, give the idle cost of a pair and the memory of a node.
"""

import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path
from random import Random
from typing import Any

from tests.benchmarks import beside
from tests.benchmarks.measure import cpu_seconds, report, resident_mb
from xstock_node.cli.output import fast_loop
from xstock_node.protocol import records
from xstock_node.protocol.names import LogName
from xstock_node.protocol.peer import Peer
from xstock_node.services.answering import NodeAnswers
from xstock_node.services.clock import SystemClock
from xstock_node.services.node import Node
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.testing.nodes import make_identity, make_offer
from xstock_node.trace import Trace
from xstock_node.transport.client import HttpPeer, open_session
from xstock_node.transport.server import PeerServer

BASE_PORT = 18_000
LOG = "see.pub"
DEGREE = 4


class Quiet(Trace):
    """Writes nothing: thirty processes share one terminal."""

    def _write(self, level: str, event: str, facts: dict[str, Any]) -> None:
        return


def name_of(index: int) -> str:
    """The name of a node."""
    return f"node-{index}.bench.example"


def url_of(index: int) -> str:
    """Where it listens."""
    return f"http://127.0.0.1:{BASE_PORT + index}"


def random_graph(count: int, seed: int = 3) -> dict[int, set[int]]:
    """Connected, of mean degree about four."""
    draw, edges = Random(seed), defaultdict(set)

    def join(a: int, b: int) -> None:
        edges[a].add(b)
        edges[b].add(a)

    for node in range(1, count):
        join(node, draw.randrange(node))
    while sum(map(len, edges.values())) < min(DEGREE * count, count * (count - 1)):
        a, b = draw.sample(range(count), 2)
        join(a, b)
    return edges


async def be_a_node(folder: Path, index: int, count: int, neighbours: list[int]) -> None:
    """One process: publish on `go`, report on `stat`, and say when an offer of node 0 becomes visible."""
    own, signer = make_identity(name_of(index), url_of(index))
    pinned = [make_identity(name_of(i), url_of(i))[0] for i in range(count) if i != index]
    engine = SqliteEngine(folder / f"{index}.db")
    node = Node(own, signer, LOG, engine, pinned, SystemClock(), Random(index), Quiet())
    source, seen, inner = LogName(name_of(0), LOG), 0, node.replicas.changed

    def watch(log: LogName, grown: bool) -> None:
        nonlocal seen
        if log == source and index:
            for number in range(seen, node.replicas.heads[log].size):
                print(f"V {number} {time.time()}", flush=True)
            seen = node.replicas.heads[log].size
        inner(log, grown)

    node.replicas.changed = watch
    session = open_session(allow_private=True)
    peers: dict[str, Peer] = {
        name_of(i): HttpPeer(session, name_of(i), url_of(i), signer, node.clock.now, True) for i in neighbours
    }
    server = PeerServer(
        NodeAnswers(node),
        url_of(index),
        node.directory.find_key,
        node.clock.now,
        node.clock.steady,
        node.peering.refuse,
    )
    await server.start("127.0.0.1", BASE_PORT + index)
    await node.start(peers)
    print("READY", flush=True)
    while command := (await asyncio.to_thread(sys.stdin.readline)).split():
        if command[0] == "go":
            line = records.encode(make_offer(int(command[1]), node.clock.now()))
            print(f"P {command[1]} {time.time()}", flush=True)
            node.signed(await node.own.append(lambda tx, line=line: [line]))
        elif command[0] == "stat":
            wire = server.bytes_in + server.bytes_out
            print("S " + json.dumps({"cpu": cpu_seconds(), "rss": resident_mb(), "wire": wire}), flush=True)
    await server.stop()
    await node.stop()
    await session.close()


class Fleet:
    """The processes, and what they said."""

    def __init__(self, count: int, folder: str) -> None:
        self.published: dict[int, float] = {}
        self.visible: dict[int, dict[int, float]] = defaultdict(dict)
        self.stats: dict[int, dict[str, float]] = {}
        self.ready: set[int] = set()
        graph = random_graph(count)
        self.processes = [self._start(folder, index, count, graph[index]) for index in range(count)]

    def wait(self, done: Any, seconds: float) -> bool:
        """Wait until `done()`; False when it never is."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not done():
            threading.Event().wait(0.02)
        return bool(done())

    def tell(self, index: int, words: str) -> None:
        """Send one command."""
        stdin = self.processes[index].stdin
        assert stdin
        stdin.write(words + "\n")
        stdin.flush()

    def statistics(self) -> list[dict[str, float]]:
        """CPU seconds, resident MB and bytes of every process so far."""
        self.stats.clear()
        for index in range(len(self.processes)):
            self.tell(index, "stat")
        self.wait(lambda: len(self.stats) == len(self.processes), 20)
        return [self.stats[index] for index in sorted(self.stats)]

    def said_ready(self, index: int, rest: str) -> None:
        """A process is up."""
        self.ready.add(index)

    def stop(self) -> None:
        """End all processes."""
        for process in self.processes:
            process.kill()
            process.wait()

    def _start(self, folder: str, index: int, count: int, neighbours: set[int]) -> "subprocess.Popen[str]":
        listed = ",".join(map(str, sorted(neighbours)))
        command = [sys.executable, "-m", "tests.benchmarks.propagation", folder, str(index), str(count), listed]
        return self.run(index, command)

    def run(self, index: int, command: list[str], **options: Any) -> "subprocess.Popen[str]":
        """Start a process and listen to it."""
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options)
        threading.Thread(target=self._listen, args=(index, process), daemon=True).start()
        return process

    def _listen(self, index: int, process: "subprocess.Popen[str]") -> None:
        assert process.stdout
        for line in process.stdout:
            word, _, rest = line.partition(" ")
            if word.strip() == "READY":
                self.said_ready(index, rest.strip())
            elif word == "P":
                self.published[int(rest.split()[0])] = float(rest.split()[1])
            elif word == "V":
                self.visible[int(rest.split()[0])][index] = float(rest.split()[1])
            elif word == "S":
                self.stats[index] = json.loads(rest)


class HyperFleet(Fleet):
    """Processes of Hypercore in the same graph. The first one's log is what the others follow."""

    def __init__(self, count: int, folder: str, modules: Path) -> None:
        self._modules, self._key, self._known = modules, "-", threading.Event()
        super().__init__(count, folder)

    def said_ready(self, index: int, rest: str) -> None:
        """See `Fleet.said_ready`."""
        if index == 0:
            self._key = rest
            self._known.set()
        super().said_ready(index, rest)

    def _start(self, folder: str, index: int, count: int, neighbours: set[int]) -> "subprocess.Popen[str]":
        if index:
            assert self._known.wait(30), "the first process does not start"
        listed = ",".join(map(str, sorted(neighbours)))
        script = str(Path(__file__).parent / "beside" / "hypercore.cjs")
        command = ["node", script, folder, str(index), self._key if index else "-", str(BASE_PORT + 500), listed]
        return self.run(index, command, env=beside.plain_environment() | {"NODE_PATH": str(self._modules)})


def spread_of(fleet: Fleet, count: int, offers: int) -> list[float]:
    """Publish one by one at the first process; the seconds until all others saw each."""
    assert fleet.wait(lambda: len(fleet.ready) == count, 90), "not all nodes started"
    threading.Event().wait(5)
    for number in range(offers):
        fleet.tell(0, f"go {number}")
        fleet.wait(lambda n=number: len(fleet.visible[n]) == count - 1, 30)
    return [max(v.values()) - fleet.published[n] for n, v in fleet.visible.items() if len(v) == count - 1]


def run_beside(count: int, offers: int = 20) -> None:
    """The same with Hypercore, in the same run."""
    modules = beside.node_modules()
    if modules is None:
        report("propagation of hypercore", processes=count, why="npm did not install it")
        return
    with tempfile.TemporaryDirectory() as folder:
        fleet = HyperFleet(count, folder, modules)
        try:
            full = spread_of(fleet, count, offers)
        finally:
            fleet.stop()
    report(
        "propagation of hypercore",
        processes=count,
        published=offers,
        seen_by_all=len(full),
        all_median_ms=round(statistics.median(full) * 1e3, 1),
        all_max_ms=round(max(full) * 1e3, 1),
    )


def run(count: int, offers: int = 20) -> None:
    """Publish one by one at node 0 and report the time until all others see each."""
    with tempfile.TemporaryDirectory() as folder:
        fleet = Fleet(count, folder)
        try:
            full = spread_of(fleet, count, offers)
            memory = statistics.median(s["rss"] for s in fleet.statistics())
        finally:
            fleet.stop()
    report(
        "propagation",
        processes=count,
        published=offers,
        seen_by_all=len(full),
        all_median_ms=round(statistics.median(full) * 1e3, 1),
        all_max_ms=round(max(full) * 1e3, 1),
        memory_mb_a_node=round(memory, 1),
    )


def idle(seconds: float = 60.0) -> None:
    """Leave two nodes alone and report what they cost a minute."""
    with tempfile.TemporaryDirectory() as folder:
        fleet = Fleet(2, folder)
        try:
            fleet.wait(lambda: len(fleet.ready) == 2, 30)
            threading.Event().wait(5)
            before = fleet.statistics()
            threading.Event().wait(seconds)
            after = fleet.statistics()
        finally:
            fleet.stop()
    minutes = seconds / 60
    report(
        "idle pair",
        seconds=seconds,
        wire_bytes_a_minute=round(sum(b["wire"] - a["wire"] for a, b in zip(before, after, strict=True)) / minutes),
        cpu_s_a_minute=round(sum(b["cpu"] - a["cpu"] for a, b in zip(before, after, strict=True)) / minutes, 3),
        memory_mb_a_node=round(statistics.median(s["rss"] for s in after), 1),
    )


if __name__ == "__main__":
    where, own_index, total, listed = sys.argv[1:5]
    node = be_a_node(Path(where), int(own_index), int(total), [int(i) for i in listed.split(",") if i])
    with asyncio.Runner(loop_factory=fast_loop) as runner:  # as `xstock serve` does
        runner.run(node)
