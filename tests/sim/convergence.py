"""`make convergence`: how soon a new offer is everywhere, and what many logs cost one node.

200 nodes of which 60 % cannot be dialled, 10 % of all messages lost; real services in virtual time.
"""

import asyncio
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

from xstock_node.protocol import limits
from xstock_node.protocol.names import LogName
from xstock_node.testing import inside
from xstock_node.testing.clock import run_simulated
from xstock_node.testing.sealing import sealed, shared
from xstock_node.testing.simnet import LOG
from xstock_node.testing.storm import MEMORY, acquainted, names_of
from xstock_node.testing.world import World

HIDDEN, LOSS = 0.6, 0.1
SETTLE = 1800.0  # until every node waits at three peers and nothing is new
STEP = 0.25
PLAIN = (("FAN_OUT", 0), ("HELD_AT", 0), ("ROUND_MAX", limits.ROUND))


def run(nodes: int, offers: int, seed: int) -> int:
    """Both ways, printed as JSON lines; 1 when a bound does not hold."""
    eager = [said(_measure(nodes, offers, seed, ()), "eager", nodes)]
    plain = [said(_measure(nodes, max(1, offers // 4), seed, PLAIN), "rounds of 30 s alone", nodes)]
    holds = all(line["most_s"] <= 60 and line["within_10_s"] >= 0.99 for line in eager)
    holds &= all(line["most_s"] <= 360 for line in plain)
    return int(not holds)


def said(spreads: Sequence[Sequence[float]], way: str, nodes: int) -> dict[str, Any]:
    """One way in figures: seconds until all nodes had it, and which part of (node, offer) had it within 10 s."""
    every = sorted(seconds for spread in spreads for seconds in spread)
    line = {
        "way": way,
        "nodes": nodes,
        "offers": len(spreads),
        "median_s": every[len(every) // 2],
        "p99_s": every[int(len(every) * 0.99)],
        "most_s": every[-1],
        "within_10_s": round(sum(seconds <= 10 for seconds in every) / len(every), 4),
        "worst_offer_within_10_s": round(min(sum(s <= 10 for s in spread) / len(spread) for spread in spreads), 4),
    }
    print(json.dumps(line), flush=True)
    return line


def _measure(nodes: int, offers: int, seed: int, changed: Sequence[tuple[str, Any]]) -> list[list[float]]:
    with (
        tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder,
        sealed(seed),
        shared(),
        _limits(changed),
    ):
        return run_simulated(_spread(Path(folder), nodes, offers, seed))


@contextmanager
def _limits(changed: Sequence[tuple[str, Any]]) -> Iterator[None]:
    before = {name: getattr(limits, name) for name, _ in changed}
    for name, value in changed:
        setattr(limits, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(limits, name, value)


async def _spread(folder: Path, nodes: int, offers: int, seed: int) -> list[list[float]]:
    random, names = Random(f"convergence {seed}"), names_of(nodes)
    hidden = random.sample(names, int(nodes * HIDDEN))
    world = World(folder, seed, acquainted(names, limits.ACTIVE_PEERS, hidden, random))
    await asyncio.gather(*(world.start(name) for name in names))
    await asyncio.sleep(SETTLE)
    world.medium.weather.loss = LOSS
    found = []
    try:
        for _ in range(offers):
            await asyncio.sleep(random.uniform(30, 300))
            found.append(await _one(world, random.choice(names)))
    finally:
        for process in world.all_processes():
            world.kill(process)
    if world.violations:
        raise AssertionError(world.violations)
    return found


async def _one(world: World, name: str) -> list[float]:
    """Publish one offer; the seconds until each other node held it."""
    process, log = world.processes[name], LogName(name, LOG)
    began = world.now()
    await world.publish(process, world.work.offers(process.clock.now(), 1))
    size = inside.heads(process.node)[log].size
    waiting, seconds = [other for other in world.names if other != name], []
    while waiting:
        held = {other: inside.heads(world.processes[other].node).get(log) for other in waiting}
        there = [other for other, head in held.items() if head is not None and head.size >= size]
        seconds += [round(world.now() - began, 2)] * len(there)
        waiting = [other for other in waiting if other not in there]
        if world.now() - began > 1800:
            return seconds + [1800.0] * len(waiting)
        await asyncio.sleep(STEP)
    return seconds
