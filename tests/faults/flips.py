"""`make flips`: bits that flip on disk. Each flip of one bit anywhere in a node's database is looked for and healed.

A real node holds its own log and a peer's; the peer holds both. A bit of the file is flipped; then the node serves
and shows all that it has, scrubs, and asks the peer. Where SQLite itself can no longer read the file, the operator's
`xstock db rebuild` comes first. What is counted: records that a flip changed, those of them that were named, those that
were as before at the end, and answers to the peer or to a search that were wrong.

A file that is refused as a whole is told as a whole, which is counted apart (`told as a whole`).
"""

import asyncio
import json
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from random import Random
from typing import NamedTuple

from xstock_node.domain.search import OfferQuery
from xstock_node.protocol import frames, limits
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.gossip import PullRequest, Range
from xstock_node.protocol.names import LogName
from xstock_node.services.answering import NodeAnswers
from xstock_node.services.node import Node
from xstock_node.services.rebuilding import rebuild_all
from xstock_node.services.scrubbing import Scrubbing
from xstock_node.storage.errors import StorageError
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.storage.sqlite.connection import UNREADABLE
from xstock_node.storage.sqlite.logs import SHIFT
from xstock_node.storage.sqlite.salvage import salvage
from xstock_node.testing import SimNet, make_offer, run_simulated
from xstock_node.testing.disk import remove

VICTIM, PEER, CALLER = "redcross.bg", "redcross.hr", "redcross.hr"
RECORDS = 1_200
Truth = dict[tuple[LogName, int], bytes]


class Found(NamedTuple):
    """What was counted over all flips, and the flips after which something was wrong."""

    flips: int
    counts: Counter[str]
    wrong: list[str]


class World:
    """The node whose disk decays, its peer, and what every record really says."""

    def __init__(self, node: Node, pristine: Path, truth: Truth) -> None:
        self.node, self.pristine, self.truth = node, pristine, truth
        self.by_line = set(truth.values())


async def make_world(folder: Path) -> tuple[SimNet, World]:
    """Both nodes hold both logs; the victim's database is kept as it is then."""
    net = SimNet(folder, seed=1)
    victim = await net.start(VICTIM, [PEER])
    await net.start(PEER, [VICTIM])
    now = victim.clock.now()
    for begin in range(0, RECORDS, 300):
        await net.publish(VICTIM, [make_offer(n, now) for n in range(begin, begin + 300)])
        await net.publish(PEER, [make_offer(n, now) for n in range(10_000 + begin, 10_000 + begin + 300)])
    await net.settle()
    await asyncio.sleep(600)
    await victim.engine.checkpoint()
    pristine = folder / "pristine.db"
    shutil.copyfile(folder / f"{VICTIM}.db", pristine)
    engine = SqliteEngine(pristine, threads=False)
    truth = {
        (state.log, index): line
        for state in await engine.read(lambda tx: tx.logs.states())
        for index, line in (await engine.read(lambda tx, s=state: tx.logs.stored(s.log, 0, s.frontier.size))).items()  # type: ignore[misc]
    }
    await engine.close()
    return net, World(victim, pristine, truth)


async def flip_many(folder: Path, flips: int, seed: int) -> Found:
    """So many flips, each in a fresh copy."""
    net, world = await make_world(folder)
    random, counts, wrong = Random(seed), Counter[str](), list[str]()
    real, size = world.node.engine, world.pristine.stat().st_size
    for number in range(flips):
        path, bit = folder / "flipped.db", random.randrange(size * 8)
        remove(path)
        shutil.copyfile(world.pristine, path)
        with path.open("r+b") as file:
            file.seek(bit // 8)
            byte = file.read(1)[0]
            file.seek(bit // 8)
            file.write(bytes([byte ^ 1 << bit % 8]))
        counts.update(found := await one_flip(world, path))
        unwell = found["changed"] != found["named"] or found["served wrong"] or found["healed"] < found["changed"]
        wrong += [f"seed {seed} flip {number} bit {bit}: {dict(found)}"] if unwell else []
    world.node.engine = real
    await net.stop_all()
    return Found(flips, counts, wrong)


async def one_flip(world: World, path: Path) -> Counter[str]:
    """What one flip does, and what is done about it."""
    node, found = world.node, Counter[str]()
    node.damage.known.clear()
    changed = _changed(world, path)
    found["changed"] = len(changed)
    found["flips that changed a record"] = bool(changed)
    named: set[tuple[LogName, int]] = set()
    try:
        node.engine = SqliteEngine(path, threads=False)
        await _work(world, found, named)
        if await node.engine.faults():
            raise StorageError("a sound file", "faults", "rebuild")
    except (StorageError, *UNREADABLE, ProtocolError, KeyError) as error:
        found["rebuilt"] += 1
        found["told as a whole"] = len(changed) if str(error) else 0  # the operator rebuilds a file that is refused
        if not await _rebuild(world, path, found, named):
            found["beyond repair"] += 1
    found["named"] = len(changed & named)
    found["named"] = max(found["named"], found["told as a whole"])
    found["healed"] = sum(_now(node, key) == world.truth[key] for key in changed)
    await node.engine.close()
    return found


async def _work(world: World, found: Counter[str], named: set[tuple[LogName, int]]) -> None:
    """Serve and show everything, scrub, heal, and serve again."""
    found["served wrong"] += await _serve(world) + await _show(world)
    scrubbing = Scrubbing(world.node)
    await scrubbing.sweep()
    named |= set(world.node.damage.records)
    for damage in world.node.damage.known.values():
        if not damage.records:
            named |= {(damage.log, index) for index in _span(damage.segment)}
    await scrubbing.heal_all()
    found["served wrong"] += await _serve(world) + await _show(world)


async def _rebuild(world: World, path: Path, found: Counter[str], named: set[tuple[LogName, int]]) -> bool:
    """What the operator does when the file itself is broken: `xstock db rebuild`, then the node goes on."""
    node, new = world.node, path.with_name("rebuilt.db")
    remove(new)
    try:
        await node.engine.close()
        salvage(path, new)
        node.engine = SqliteEngine(new, threads=False)
        node.damage.known.clear()
        scrubbing = Scrubbing(node)
        await scrubbing.sweep()
        named |= set(node.damage.records)
        await scrubbing.heal_all()
        await rebuild_all(node.engine, node.clock.now())
        await _work(world, found, named)
        return True
    except (StorageError, *UNREADABLE, ProtocolError, KeyError):
        return False


def _span(segment: int) -> range:
    return range(segment * limits.SEGMENT, (segment + 1) * limits.SEGMENT)


def _changed(world: World, path: Path) -> set[tuple[LogName, int]]:
    """The records that a flip changed or made unreadable, as SQLite alone reads them."""
    held: dict[int, object] = {}
    refs: dict[str, int] = {}
    with closing(sqlite3.connect(world.pristine)) as before:
        refs = {f"{node} {log}": ref for ref, node, log in before.execute("select ref, node, log from log")}
    with closing(sqlite3.connect(path)) as connection:
        connection.text_factory = bytes
        for ref in refs.values():
            for key in [k for k in world.truth if refs[f"{k[0].node} {k[0].log}"] == ref]:
                pos = (ref << SHIFT) + key[1]
                try:
                    row = connection.execute("select line from record where pos = ?", (pos,)).fetchone()
                    held[pos] = row[0] if row else None
                except UNREADABLE:
                    held[pos] = None
    return {
        key
        for key, line in world.truth.items()
        if held[(refs[f"{key[0].node} {key[0].log}"] << SHIFT) + key[1]] != line
    }


def _now(node: Node, key: tuple[LogName, int]) -> bytes | None:
    engine = node.engine
    assert isinstance(engine, SqliteEngine)
    try:
        found: bytes | None = engine._read(lambda tx: tx.logs.stored(key[0], key[1], 1)).get(key[1])
    except (StorageError, *UNREADABLE, KeyError):
        return None
    return found


async def _serve(world: World) -> int:
    """Records that a peer was given and that are not those that were signed."""
    answers, wrong = NodeAnswers(world.node), 0
    for log in {key[0] for key in world.truth}:
        state = await world.node.engine.read(lambda tx, log=log: tx.logs.state(log))  # type: ignore[misc]
        if state is None or not log.is_for_all or log.label == "audit":
            continue
        for start in range(0, RECORDS, limits.SEGMENT):
            wanted = Range(log=f"{log.node}/xs1/{log.log}/{state.epoch}", start=start, count=limits.SEGMENT)
            try:
                body = await answers.pull(CALLER, PullRequest((wanted,)))
            except ProtocolError:
                continue
            for frame in frames.parse(body):
                pairs = enumerate(frame.lines, frame.start)
                wrong += sum(world.truth.get((log, index)) != line for index, line in pairs)
    return wrong


async def _show(world: World) -> int:
    """Offers that a search shows and that nobody signed so."""
    query = OfferQuery(log="see.pub", words=("tent",), limit=500, valid_after=world.node.clock.now())
    shown = await world.node.engine.read(lambda tx: tx.offers.search(query))
    return sum(world.truth.get((offer.log, offer.index)) != offer.line for offer in shown)


def main() -> int:
    """Flip and print the figure; 1 where something was named late, served wrong, or less than 99 of 100 were healed."""
    flips, seed = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000, int(sys.argv[2]) if len(sys.argv) > 2 else 1
    folder, began = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)), time.monotonic()  # noqa: S108
    try:
        found = run_simulated(flip_many(folder, flips, seed))
    finally:
        shutil.rmtree(folder)
    counts = found.counts
    holds = counts["named"] == counts["changed"] and not counts["served wrong"]
    holds = holds and counts["healed"] >= 0.99 * counts["changed"] > 0
    figure = {"flips": found.flips, "seed": seed, "seconds": round(time.monotonic() - began), **counts}
    print(json.dumps(figure | {"holds": holds, "examples": found.wrong[:10]}))
    return int(not holds)


if __name__ == "__main__":
    sys.exit(main())
