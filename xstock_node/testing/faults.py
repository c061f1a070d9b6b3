"""The table of faults. Each is an episode: it begins, does harm for a while, and mends what it did.

An episode counts when it touched something: `World.effects` says how often each kind did.
"""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import pairwise
from random import Random
from typing import NamedTuple

import msgspec

from xstock_node.protocol import limits
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.gossip import GossipRequest
from xstock_node.services.errors import Refusal
from xstock_node.storage.errors import StorageError
from xstock_node.testing import inside
from xstock_node.testing.liars import LIES, Liar
from xstock_node.testing.process import Process
from xstock_node.testing.simnet import serve
from xstock_node.testing.world import World

MINUTE = 60.0
Episode = Callable[[World, Random], Awaitable[None]]
FAULTS: dict[str, "Fault"] = {}


class Fault(NamedTuple):
    """A kind of fault; `weight` says how often it is drawn."""

    kind: str
    weight: int
    episode: Episode


def fault(kind: str, weight: int = 2) -> Callable[[Episode], Episode]:
    """Put an episode into the table."""

    def put(episode: Episode) -> Episode:
        FAULTS[kind] = Fault(kind, weight, episode)
        return episode

    return put


async def strike(world: World, kind: str, random: Random) -> None:
    """Run one episode and count it if it touched something."""
    before = world.effects[kind]
    await FAULTS[kind].episode(world, random)
    if world.effects[kind] > before:
        world.faults[kind] += 1


async def revive(world: World, name: str) -> Process | None:
    """Start a node that is off, as its supervisor would: again and again."""
    for _ in range(10):
        if name in world.processes:
            break
        if await world.start(name) is None:
            await asyncio.sleep(15)
    return world.processes.get(name)


def _free(world: World, random: Random, least_left: int = 3) -> Process | None:
    """A running node of which no other episode has hold; it is held until `_let_go`."""
    found = [process for name, process in sorted(world.processes.items()) if name not in world.busy]
    if len(world.processes) <= least_left or not found:
        return None
    process = random.choice(found)
    world.busy.add(process.name)
    return process


def _let_go(world: World, process: Process) -> None:
    world.busy.discard(process.name)


def _weather(kind: str, name: str, least: float, most: float) -> None:
    async def episode(world: World, random: Random) -> None:
        setattr(world.medium.weather, name, random.uniform(least, most))
        await world.pause(random.uniform(2, 8) * MINUTE)
        setattr(world.medium.weather, name, 0.0)

    fault(kind)(episode)


_weather("loss", "loss", 0.02, 0.3)
_weather("duplication", "duplication", 0.02, 0.3)
_weather("delay", "delay", 2, 20)
_weather("reordering", "overtake", 0.05, 0.4)


async def _cut(world: World, kind: str, pairs: list[tuple[str, str]], seconds: float) -> None:
    cuts = world.medium.cut(kind, pairs)
    await world.pause(seconds)
    world.medium.heal(kind, cuts)


@fault("halves")
async def halves(world: World, random: Random) -> None:
    """Two parts that do not hear each other."""
    part = set(random.sample(world.names, random.randint(1, len(world.names) // 2)))
    pairs = [(a, b) for a in world.names for b in world.names if (a in part) != (b in part)]
    await _cut(world, "halves", pairs, random.uniform(2, 20) * MINUTE)


@fault("ring")
async def ring(world: World, random: Random) -> None:
    """Everybody hears two neighbours alone."""
    order = random.sample(world.names, len(world.names))
    near = {frozenset(pair) for pair in pairwise([*order, order[0]])}
    pairs = [(a, b) for a in world.names for b in world.names if a != b and frozenset((a, b)) not in near]
    await _cut(world, "ring", pairs, random.uniform(2, 10) * MINUTE)


@fault("swizzle")
async def swizzle(world: World, random: Random) -> None:
    """Nodes are cut off one by one and come back in another order."""
    chosen = random.sample(world.names, min(len(world.names) - 1, random.randint(2, 8)))
    cuts = {}
    for name in chosen:
        pairs = [pair for other in world.names if other != name for pair in ((name, other), (other, name))]
        cuts[name] = world.medium.cut("swizzle", pairs)
        await world.pause(random.uniform(5, 60))
    for name in random.sample(chosen, len(chosen)):
        world.medium.heal("swizzle", cuts[name])
        await world.pause(random.uniform(5, 60))


@fault("undialable")
async def undialable(world: World, random: Random) -> None:
    """A node calls out, but nobody reaches it."""
    name = random.choice(world.names)
    pairs = [(other, name) for other in world.names if other != name]
    await _cut(world, "undialable", pairs, random.uniform(2, 15) * MINUTE)


@fault("slow peer")
async def slow_peer(world: World, random: Random) -> None:
    """A node whose every message takes its time, often more than anybody waits."""
    name = random.choice(world.names)
    world.medium.slow[name] = random.choice((5.0, 20.0, 60.0))
    await world.pause(random.uniform(2, 8) * MINUTE)
    world.medium.slow.pop(name, None)


@fault("crash", 4)
async def crash(world: World, random: Random) -> None:
    """The power fails; the node comes back after a while."""
    process = _free(world, random)
    if process is None:
        return
    world.effects["crash"] += 1
    world.effects["lost frames"] += await world.cut_power(process)
    await world.pause(random.choice((1, 20, 200, 900)))
    await revive(world, process.name)
    _let_go(world, process)


@fault("restart", 2)
async def restart(world: World, random: Random) -> None:
    """A node is stopped as it should be, and started again."""
    process = _free(world, random)
    if process is None:
        return
    await world.stop(process)
    world.effects["restart"] += 1
    await world.pause(random.choice((1, 60, 600)))
    await revive(world, process.name)
    _let_go(world, process)


@fault("restore", 3)
async def restore(world: World, random: Random) -> None:
    """An older back-up, or a snapshot of a machine, is put in place of what a node had."""
    process = _free(world, random)
    if process is None:
        return
    snapshots = world.snapshots[process.name]
    if snapshots:
        await (world.stop(process) if random.random() < 0.5 else world.cut_power(process))
        await world.replace_disk(process.name, random.choice(snapshots))
        world.effects["restore"] += 1
        await world.pause(random.choice((1, 30, 300)))
        await revive(world, process.name)
    _let_go(world, process)


@fault("lost disk", 1)
async def lost_disk(world: World, random: Random) -> None:
    """A node loses everything but its keys."""
    process = _free(world, random)
    if process is None:
        return
    await world.cut_power(process)
    await world.replace_disk(process.name, None)
    world.effects["lost disk"] += 1
    await world.pause(random.choice((1, 30, 300)))
    await revive(world, process.name)
    _let_go(world, process)


def _clock(kind: str, least: int, most: int) -> None:
    async def episode(world: World, random: Random) -> None:
        name = random.choice(world.names)
        world.clocks[name].offset += random.randint(least, most)
        world.effects[kind] += 1
        await world.pause(random.uniform(3, 20) * MINUTE)
        if random.random() < 0.5:
            world.clocks[name].offset = 0

    fault(kind)(episode)


_clock("clock forward", 30, 2400)
_clock("clock back", -7200, -30)


@fault("copied node", 3)
async def copied_node(world: World, random: Random) -> None:
    """A copy of a node's machine runs beside it for a while, with the same key; then one of them is retired."""
    process = _free(world, random)
    if process is None:
        return
    snapshots = world.snapshots[process.name]
    source = random.choice(snapshots) if snapshots and random.random() < 0.5 else None
    path = world.copy_of(source) if source is not None else world.snapshot(process)
    if random.random() < 0.3:
        # Both are started in the same moment, as two restores of one image are.
        await world.stop(process)
        world.background(revive(world, process.name))
    twin = await world.start(process.name, path, beside=True)
    if twin is not None:
        world.effects["copied node"] += 1
        ends = world.now() + random.uniform(1, 25) * MINUTE
        while world.now() < ends and not world.hurry.is_set() and not twin.dead:
            await publish_some(world, twin, random)
            await world.pause(random.uniform(10, 120))
        await world.retire_one(twin, keep_twin=random.random() < 0.5)
    await revive(world, process.name)
    _let_go(world, process)


@fault("stolen key", 2)
async def stolen_key(world: World, random: Random) -> None:
    """A thief runs a copy of a node; its owner gives the node new keys, and the thief goes on with the old ones."""
    process = _free(world, random)
    if process is None:
        return
    name = process.name
    thief = await world.start(name, world.snapshot(process), beside=True)
    if thief is not None:
        await _steal(world, thief, random, random.uniform(0, 6) * MINUTE)
        if name in world.processes:
            await world.stop(world.processes[name])
        await world.rotate_keys(name)
        world.background(revive(world, name))
        await _steal(world, thief, random, random.uniform(1, 10) * MINUTE)
        world.effects["stolen key"] += 1
        if not thief.dead:
            world.kill(thief)
    await revive(world, name)
    world.busy.discard(name)


async def _steal(world: World, thief: Process, random: Random, seconds: float) -> None:
    """The thief signs offers for a while."""
    ends = world.now() + seconds
    while world.now() < ends and not world.hurry.is_set() and not thief.dead:
        try:
            await thief.run(inside.append(thief.node, world.work.offers(thief.clock.now(), 1)))
        except (ProtocolError, StorageError, Refusal):
            pass
        await world.pause(random.uniform(10, 60))


def _lie(kind: str) -> None:
    async def episode(world: World, random: Random) -> None:
        honest = [name for name in world.names if name not in world.liars]
        if len(honest) < 3:
            return
        name = random.choice(honest)
        world.liars[name] = Liar(name, kind, Random(random.random()), world.felt)
        await world.pause(random.uniform(2, 10) * MINUTE)
        world.liars.pop(name, None)

    fault(kind)(episode)


for _kind in LIES:
    _lie(_kind)


@fault("full disk")
async def full_disk(world: World, random: Random) -> None:
    """Nothing can be written for a while."""
    process = _free(world, random)
    if process is None:
        return
    process.engine.full = True
    await world.pause(random.uniform(1, 10) * MINUTE)
    process.engine.full = False
    world.effects["full disk"] += process.engine.refused
    _let_go(world, process)


@fault("flood of requests", 1)
async def flood_of_requests(world: World, random: Random) -> None:
    """A member asks as fast as it can, some of it nonsense."""
    caller, name = random.sample(world.names, 2)
    for number in range(900):
        target = world.processes.get(name)
        if target is None or world.hurry.is_set():
            return
        bad = random.random() < 0.2
        notes = tuple(f"note {number} {n}\n" for n in range(20)) if bad else ()
        body = msgspec.json.encode(GossipRequest(network="see", notes=notes))
        try:
            target.admission.member(caller)
            target.requests[caller] += 1
            await target.answer(serve(target.node, caller, "gossip", body, 0.0))
        except ProtocolError:
            world.effects["flood of requests"] += 1
        await asyncio.sleep(0.02)


@fault("flood of records", 1)
async def flood_of_records(world: World, random: Random) -> None:
    """A member signs more records than a log may gain."""
    process = _free(world, random)
    if process is None:
        return
    many = limits.GROWTH_BURST + random.randint(20, 200)
    if await world.publish(process, world.work.offers(process.clock.now(), many)):
        world.effects["flood of records"] += 1
    await world.pause(MINUTE)
    _let_go(world, process)


async def publish_some(world: World, process: Process, random: Random) -> None:
    """A few new offers, changes and withdrawals of one node."""
    await world.publish(process, world.work.some(process.name, process.clock.now(), random))
