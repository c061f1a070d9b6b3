"""One run: a federation goes through storms of every kind of fault, and after each of them it must be whole again."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from xstock_node.protocol import limits
from xstock_node.protocol.errors import ProtocolError
from xstock_node.services import catching_up, cold_sync, delivering, node, pushing
from xstock_node.services.errors import Refusal
from xstock_node.storage.errors import StorageError
from xstock_node.testing import inside
from xstock_node.testing.clock import run_simulated
from xstock_node.testing.dealing import Dealing
from xstock_node.testing.faults import FAULTS, publish_some, revive, strike
from xstock_node.testing.invariants import check, due_back
from xstock_node.testing.invariants.cases import undelivered
from xstock_node.testing.invariants.secrets import unheard, unread
from xstock_node.testing.sealing import sealed, shared
from xstock_node.testing.world import SECRET_LABEL, World

STEP = 30.0
QUIET_MOST = 3 * 3600.0
SNAPSHOTS_KEPT = 6
READERS = 4
ACTS = 2
SHIFT = 900.0  # people work so long, and then rest for as many such times as the plan has nights
PEOPLE = 300.0  # until somebody looks again
MEMORY = Path("/dev/shm")  # noqa: S108


@dataclass(frozen=True)
class Plan:
    """How large a run is. `kinds` restricts the faults; `pause` is the mean of seconds between two episodes, `work`
    the most seconds between two things that people do, at least a sixth of it."""

    seed: int
    nodes: int = 25
    storms: int = 2
    minutes: float = 300.0
    active: int = 8
    hidden: float = 0.2
    pause: float = 240.0
    work: float = 60.0
    nights: int = 0
    kinds: tuple[str, ...] = ()


@dataclass
class Result:
    """What came of a run. `faults` counts episodes that touched something, `effects` each touch."""

    seed: int
    node_hours: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    effects: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    digest: str = ""
    messages: int = 0
    lost: int = 0
    forks: int = 0
    notes: list[str] = field(default_factory=list)


def run(plan: Plan) -> Result:
    """One run from its seed, in memory and in virtual time."""
    result = Result(plan.seed)
    memory = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory) as folder, sealed(plan.seed), shared(), _small():
        run_simulated(_whole(plan, Path(folder), result))
    return result


def names_of(count: int) -> list[str]:
    """Node names for a world."""
    return [f"n{number:03d}.example.org" for number in range(count)]


def acquainted(names: Sequence[str], active: int, hidden: Sequence[str], random: Random) -> dict[str, Sequence[str]]:
    """Whom each node dials: a ring through those that can be dialled, so that nobody is alone, and others at random."""
    open_names = [name for name in names if name not in hidden]
    found: dict[str, Sequence[str]] = {}
    for name in names:
        others = [other for other in open_names if other != name]
        first = open_names[(open_names.index(name) + 1) % len(open_names)] if name in open_names else ""
        drawn = random.sample(others, min(active, len(others)))
        found[name] = list(dict.fromkeys([*([first] if first and first != name else []), *drawn]))[:active]
    return found


@contextmanager
def _small() -> Iterator[None]:
    """Bounds lowered, as a charter may, so that a short run meets them; nodes look round less often."""
    lowered: list[tuple[Any, str, float]] = [
        (limits, "GROWTH_BURST", 400),
        (catching_up, "SMALL_GAP", 300),
        (pushing, "SMALL_GAP", 300),
        (cold_sync, "BATCH", limits.SEGMENT),
        (node, "SAVE_SECONDS", 20.0),
        (delivering, "LOOK_EVERY", 20.0),
    ]
    before = [getattr(module, name) for module, name, _ in lowered]
    for module, name, value in lowered:
        setattr(module, name, value)
    try:
        yield
    finally:
        for (module, name, _), value in zip(lowered, before, strict=True):
            setattr(module, name, value)


async def _whole(plan: Plan, folder: Path, result: Result) -> None:
    random = Random(f"storm {plan.seed}")
    names = names_of(plan.nodes)
    hidden = random.sample(names, int(plan.nodes * plan.hidden))
    world = World(folder, plan.seed, acquainted(names, plan.active, hidden, random))
    world.readers = frozenset([names[0], *world.dialled[names[0]][:READERS]])
    dealing = Dealing()
    try:
        await asyncio.gather(*(world.start(name) for name in names))
        for process in world.all_processes():
            await dealing.stock_up(world, process)
        for _ in range(plan.storms):
            await storm(world, random, plan, dealing)
            await quiet(world)
            if world.violations:
                break
    finally:
        result.node_hours = world.node_hours()
        result.faults, result.effects, result.violations = world.faults, world.effects, world.violations
        result.messages, result.digest = world.history.messages, world.history.hexdigest()
        result.lost, result.forks = world.ledger.lost, len(world.history.forks)
        result.notes = world.describe() if world.violations else []
        for process in world.all_processes():
            world.kill(process)


async def storm(world: World, random: Random, plan: Plan, dealing: Dealing) -> None:
    """Faults and work for a while; returns when every episode is over."""
    kinds = plan.kinds or tuple(FAULTS)
    deck = random.sample(kinds, len(kinds))
    running: list[asyncio.Task[None]] = []
    ends, next_fault, next_step = world.now() + plan.minutes * 60, 0.0, 0.0
    while world.now() < ends and not world.violations:
        if world.now() >= next_fault:
            deck = deck or random.choices(kinds, [FAULTS[kind].weight for kind in kinds], k=20)
            running.append(world.background(strike(world, deck.pop(), random)))
            next_fault = world.now() + random.uniform(0, 2 * plan.pause)
        if world.now() >= next_step:
            await check(world, "step")
            next_step = world.now() + STEP
        if not plan.nights or world.now() // SHIFT % (plan.nights + 1) == 0:
            await _work(world, random)
            for _ in range(ACTS):
                await dealing.act(world, random)
        await asyncio.sleep(random.uniform(plan.work / 6, plan.work))
    world.hurry.set()
    await asyncio.gather(*running)
    world.hurry.clear()


async def _work(world: World, random: Random) -> None:
    """Somebody publishes; somebody's disk is copied."""
    if not world.processes:
        return
    if random.random() < 0.35:
        await publish_some(world, world.processes[random.choice(sorted(world.processes))], random)
    if random.random() < 0.08:
        await _tell_readers(world, random)
    if random.random() < 0.2:
        process = world.processes[random.choice(sorted(world.processes))]
        kept = world.snapshots[process.name]
        kept.append(world.snapshot(process))
        if len(kept) > SNAPSHOTS_KEPT:
            world.forget_snapshot(kept.pop(random.randrange(len(kept) - 1)))


async def _tell_readers(world: World, random: Random) -> None:
    """One of an audience publishes for the others alone."""
    process = world.processes.get(random.choice(sorted(world.readers)))
    if process is None:
        return
    now = process.clock.now()
    try:
        await process.run(inside.append(process.node, world.work.secret(sorted(world.readers), now), SECRET_LABEL))
        world.felt("secret")
    except (ProtocolError, StorageError, Refusal):
        pass


async def quiet(world: World) -> None:
    """Everything works and nobody publishes: wait until all is calm, then check everything."""
    for clock in world.clocks.values():
        clock.offset = 0
    await calm(world)
    await check(world, "step")
    await check(world, "quiet")


async def calm(world: World) -> None:
    """Wait until nothing is under way any more; that it takes too long is a violation."""
    began, wrong = world.now(), "not yet looked at"
    while world.now() - began < QUIET_MOST and wrong:
        await _people_act(world)
        await asyncio.sleep(STEP)
        wrong = await _what_is_wrong(world)
    if wrong:
        world.violated("I3", f"no calm within {QUIET_MOST / 3600} h: {wrong}")


async def _people_act(world: World) -> None:
    """A node that no longer signs, or whose log is shown as disputed, is started again by those whose it is."""
    disputed = {log.node for process in world.processes.values() for log in inside.frozen(process.node)}
    for name in world.names:
        process = world.processes.get(name)
        if process is not None and (inside.halted(process.node) or name in disputed):
            await world.stop(process)
        await revive(world, name)
    if disputed:
        await asyncio.sleep(PEOPLE)


async def _what_is_wrong(world: World) -> str:
    digests = Counter(inside.digest(process.node) for process in world.processes.values())
    if len(digests) > 1:
        rarest = digests.most_common()[-1][0]
        return f"digests differ, {[n for n, p in world.processes.items() if inside.digest(p.node) == rarest]}"
    for name, process in world.processes.items():
        if inside.halted(process.node):
            return f"{name} is halted"
        if frozen := inside.frozen(process.node):
            return f"{name} holds frozen {sorted(map(str, frozen))}"
        if asides := await due_back(world, process):
            return f"{name} keeps aside {asides}"
        if lacking := [*unheard(world, process), *unread(world, process)]:
            return lacking[0]
        if waiting := await undelivered(world, process):
            return f"{name} has {waiting} messages to deliver"
    return ""
