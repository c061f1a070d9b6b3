"""Catching up: from the records held to those of a verified head, small gaps at once, large ones by segments."""

from collections.abc import Callable, Sequence

from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.peer import Peer
from xstock_node.services.cold_sync import ColdSync
from xstock_node.services.pulling import pull_lines
from xstock_node.services.receiving import STEP, Plan, fill, moved_on, take
from xstock_node.storage.interfaces import Engine, Transaction

SMALL_GAP = STEP
Refuse = Callable[[str, ProtocolError, str], None]


async def catch_up(engine: Engine, peers: Sequence[Peer], plan: Plan, now: int, refuse: Refuse) -> None:
    """Bring the replica to the plan's head: a small gap from the first peer, a large one from all at once.

    Raises a `ProtocolError` when they cannot.
    """
    head, raw, peer = plan.head, plan.raw, peers[0]
    await fill_holes(engine, peer, plan, now)
    if head.size - plan.start > SMALL_GAP:
        await ColdSync(engine, peers, plan, now, refuse).run()
        return
    lines = await pull_lines(peer, head.log, plan.start, head.size) if head.size > plan.start else []
    from_origin = peer.name == head.log.node

    def store(tx: Transaction) -> None:
        if not moved_on(tx, plan, now):
            take(tx, head, raw, lines, now, from_origin, plan.anew, plan.live)

    await engine.write(store, durable=False)


async def fill_holes(engine: Engine, peer: Peer, plan: Plan, now: int) -> int:
    """Ask a peer for the contents that others gave as hashes only; how many it had."""
    log, closed = plan.head.log, 0
    holes = await engine.read(lambda tx: tx.logs.holes(log.name))
    for start, count in _runs(holes):
        lines = await pull_lines(peer, log, start, start + count)
        found = dict(enumerate(lines, start))
        from_origin = peer.name == log.node
        closed += await engine.write(lambda tx, f=found, o=from_origin: fill(tx, plan.head, f, now, o), durable=False)  # type: ignore[misc]
    return closed


def _runs(indexes: Sequence[int]) -> list[tuple[int, int]]:
    """Sorted indexes as (start, count) of what stands together."""
    runs: list[tuple[int, int]] = []
    for index in indexes:
        if runs and sum(runs[-1]) == index:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((index, 1))
    return runs
