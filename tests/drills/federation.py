"""A small federation of real processes that hold a large log of one of them."""

import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks import corpus
from tests.processes import NodeProcess, free_port, pause
from xstock_node.cli.assembly import DATABASE, read_identity
from xstock_node.cli.keyfiles import read_signer
from xstock_node.protocol import heads
from xstock_node.protocol.heads import Head
from xstock_node.protocol.names import LogName
from xstock_node.services.errors import Refusal
from xstock_node.services.receiving import extend, take
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.storage.values import LogState

LOG = "see.pub"
NAMES = ("society.example.org", "neighbour.example.org", "friend.example.org")


def federation(folder: Path, count: int = 3) -> list[NodeProcess]:
    """Nodes that know and dial each other; none runs yet."""
    nodes = [NodeProcess(folder, name, free_port()) for name in NAMES[:count]]
    for node in nodes:
        node.pin(*(other for other in nodes if other is not node))
    return nodes


async def give_offers(owner: NodeProcess, holders: list[NodeProcess], count: int) -> None:
    """Put a signed log of `owner` with so many offers into the databases of `holders`, which must not run."""
    now, signer = int(time.time()), read_signer(owner.home, owner.name)
    assert signer.public in read_identity(owner.home).signing_keys()
    lines, log = corpus.lines(count, now, 7), LogName(owner.name, LOG)

    def work(tx: Transaction) -> None:
        state = LogState(log, epoch=now - 10_000)
        tx.logs.put(state)
        empty = Head(log.epoch(now - 10_000), len(lines), b"", now, 0)
        for start in range(0, len(lines), 5_000):
            state = extend(tx, state, empty, lines[start : start + 5_000], now)
        head = empty._replace(root=state.frontier.root())
        take(tx, head, heads.sign(head, signer), [], now)

    for holder in holders:
        engine = SqliteEngine(holder.home / DATABASE)
        await engine.write(work, durable=True)
        await engine.close()


def wait_for(what: Callable[[], bool], seconds: float, why: Callable[[], object]) -> float:
    """Wait until something is so; the seconds it took. An `AssertionError` with `why` when it never is."""
    began = time.monotonic()
    while True:
        try:
            if what():
                return time.monotonic() - began
        except Refusal:
            pass
        assert time.monotonic() - began < seconds, why()
        pause(0.1)
