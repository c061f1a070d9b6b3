"""`make restores`: a great many restores, of random age, of running machines, and two at once; then what must hold.

No index names two records, nothing is promised twice, all that was gossiped comes back, and where one key is used in
two places every peer is told within two rounds of the head that shows it.
"""

import asyncio
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from random import Random

from xstock_node.protocol import limits
from xstock_node.testing import inside
from xstock_node.testing.clock import run_simulated
from xstock_node.testing.dealing import Dealing
from xstock_node.testing.faults import publish_some, revive
from xstock_node.testing.invariants import check
from xstock_node.testing.process import Process
from xstock_node.testing.sealing import sealed, shared
from xstock_node.testing.storm import MEMORY, calm, names_of
from xstock_node.testing.world import World

NODES, A_WORLD = 4, 50
LIVED = 2.0, 14.0  # seconds of work between two restores
TWO_ROUNDS = 2 * limits.ROUND
SNAPSHOTS = 8
KINDS = ("back-up", "snapshot of a running machine", "power cut and back-up", "lost disk", "two at once", "two apart")
WEIGHTS = (32, 27, 22, 5, 11, 3)


@dataclass
class Result:
    """What came of one world."""

    restores: Counter[str] = field(default_factory=Counter)
    alarms: list[float] = field(default_factory=list)
    confirmed: int = 0
    twice: int = 0
    forks: int = 0
    lost: int = 0
    violations: list[str] = field(default_factory=list)

    def add(self, other: "Result") -> None:
        """One more world."""
        self.restores += other.restores
        self.alarms += other.alarms
        self.confirmed, self.twice = self.confirmed + other.confirmed, self.twice + other.twice
        self.forks, self.lost = self.forks + other.forks, self.lost + other.lost
        self.violations += other.violations

    def line(self) -> str:
        """The closing line."""
        slowest = f"{max(self.alarms):.0f} s at most" if self.alarms else "none"
        return (
            f"{sum(self.restores.values())} restores, {self.confirmed} confirmations, {len(self.alarms)} alarms of two "
            f"with one key ({slowest}), {self.twice} promises by two that ran at once, "
            f"{len(self.violations)} violations"
        )


def drill(restores: int, workers: int, first: int) -> int:
    """Worlds until so many restores are done; 1 when anything does not hold."""
    total, seeds = Result(), range(first, first + -(-restores // A_WORLD))
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        for seed, result in zip(seeds, pool.map(world_of, seeds), strict=True):
            total.add(result)
            for violation in result.violations:
                print(f"seed {seed}: {violation}", file=sys.stderr, flush=True)
    print(f"kinds: {dict(total.restores)}", file=sys.stderr)
    print(f"{total.forks} forks by two at once, {total.lost} records that no peer ever had", file=sys.stderr)
    print(total.line(), flush=True)
    return int(bool(total.violations) or not total.alarms or not total.confirmed)


def world_of(seed: int, restores: int = A_WORLD) -> Result:
    """One world with its restores."""
    result = Result()
    memory = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory) as folder, sealed(seed), shared(), _roomy():
        run_simulated(_whole(Path(folder), seed, restores, result))
    return result


@contextmanager
def _roomy() -> Iterator[None]:
    """A log of one world takes more records in an hour than a member's log may: so that no quota hides a loss."""
    before, limits.GROWTH_BURST = limits.GROWTH_BURST, 100_000
    try:
        yield
    finally:
        limits.GROWTH_BURST = before


async def _whole(folder: Path, seed: int, restores: int, result: Result) -> None:
    random, names = Random(f"restores {seed}"), names_of(NODES)
    world = World(folder, seed, {name: [other for other in names if other != name] for name in names})
    dealing = Dealing()
    await asyncio.gather(*(world.start(name) for name in names))
    for process in world.all_processes():
        await dealing.stock_up(world, process)
        world.snapshots[process.name].append(world.snapshot(process))
    for _ in range(restores):
        await _live(world, dealing, random, random.uniform(*LIVED))
        kind = random.choices(KINDS, WEIGHTS)[0]
        result.restores[kind] += 1
        await _restore(world, dealing, random, kind, result)
        if world.violations:
            break
    await calm(world)
    await check(world, "step")
    await check(world, "quiet")
    letters = world.history.letters
    result.confirmed, result.twice = world.effects["confirmation"], letters.twice
    result.forks, result.lost = len(world.history.forks), world.ledger.lost
    result.violations = world.violations
    for process in world.all_processes():
        world.kill(process)


async def _live(world: World, dealing: Dealing, random: Random, seconds: float) -> None:
    """People work, and disks are copied now and then."""
    ends = world.now() + seconds
    while world.now() < ends and not world.violations:
        process = world.processes.get(random.choice(world.names))
        if process is not None:
            await publish_some(world, process, random)
            if random.random() < 0.3:
                kept = world.snapshots[process.name]
                kept.append(world.snapshot(process))
                if len(kept) > SNAPSHOTS:
                    world.forget_snapshot(kept.pop(random.randrange(len(kept) - 1)))
        for _ in range(2):
            await dealing.act(world, random)
        await asyncio.sleep(random.uniform(2, 6))
    await check(world, "step")


async def _restore(world: World, dealing: Dealing, random: Random, kind: str, result: Result) -> None:
    process = world.processes[random.choice(sorted(world.processes))]
    older = random.choice(world.snapshots[process.name])
    if kind.startswith("two"):
        await _two(world, dealing, random, process, older if random.random() < 0.5 else None, kind, result)
        return
    running = world.snapshot(process) if kind.startswith("snapshot") else None
    await (world.cut_power(process) if kind.startswith("power") else world.stop(process))
    if running is not None:
        await asyncio.sleep(random.uniform(0, 60))
    await world.replace_disk(process.name, None if kind == "lost disk" else running or older)
    await asyncio.sleep(random.choice((0, 1, 30)))
    await revive(world, process.name)


async def _two(
    world: World, dealing: Dealing, random: Random, process: Process, older: Path | None, kind: str, result: Result
) -> None:
    """A copy of a machine runs beside it; `two apart` keeps the first cut off until both have signed for long."""
    name = process.name
    path = world.copy_of(older) if older is not None else world.snapshot(process)
    process.silent = kind == "two apart"
    twin = await world.start(name, path, beside=True)
    if twin is None:
        process.silent = False
        return
    if process.silent:
        await _sign_apart(world, random, process, twin)
        result.alarms.append(await _alarmed(world, process))
    else:
        await _live(world, dealing, random, random.uniform(5, 40))
    await world.retire_one(twin, keep_twin=random.random() < 0.5)
    await revive(world, name)
    survivor = world.processes.get(name)
    if survivor is not None and inside.halted(survivor.node):
        await world.stop(survivor)
        await revive(world, name)


async def _sign_apart(world: World, random: Random, first: Process, twin: Process) -> None:
    """Both sign for longer than an epoch may overlap."""
    ends = world.now() + limits.EPOCH_OVERLAP + random.uniform(60, 600)
    signing = True
    while signing:
        signing = world.now() < ends  # once more after the end, whenever the last time before it was
        for process in (first, twin):
            if not process.dead and not inside.halted(process.node):
                await world.publish(process, world.work.offers(process.clock.now(), 1))
        await asyncio.sleep(random.uniform(20, 90))


async def _alarmed(world: World, first: Process) -> float:
    """The line of the first is mended: the seconds from the first peer that sees its head until all peers know."""
    shows = inside.own_heads(first.node)[0][0].log
    first.silent = False
    others = [process for name, process in world.processes.items() if name != first.name]
    began: float | None = None
    for _ in range(int(1800 / 0.5)):
        told = [await process.engine.read(lambda tx: inside.twins(tx, shows.name)) for process in others]
        if any(told) and began is None:
            began = world.now()
        if all(told):
            break
        await asyncio.sleep(0.5)
    else:
        world.violated("I2", f"two with the key of {shows.node}, and {told.count(False)} peers do not know")
    took = world.now() - (began or world.now())
    if took > TWO_ROUNDS:
        world.violated("I2", f"two with the key of {shows.node}: the last peer knew after {took:.0f} s")
    return took
