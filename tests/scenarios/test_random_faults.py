"""Five nodes, half an hour of random publishing, cuts, restarts and restored back-ups: what must hold, holds.

Everything random comes from the seed, so a failure is replayed by its number.
"""

import asyncio
import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from xstock_node.protocol import records
from xstock_node.protocol.keys import to_base64
from xstock_node.protocol.records import Known, Offer, Withdraw
from xstock_node.testing import make_offer

NAMES = ["redcross.at", "redcross.bg", "redcross.hr", "redcross.rs", "redcross.si"]
MINUTES = 30
STEP = 30.0


class Storm:
    """The faults of one seed. `acknowledged` is what each node was told is stored: newest record by offer id."""

    def __init__(self, world, seed: int) -> None:  # type: ignore[no-untyped-def]
        self.world, self.random = world, Random(seed)
        self.acknowledged: dict[str, dict[str, Known]] = {name: {} for name in NAMES}
        self.backups: dict[str, list[str]] = {name: [] for name in NAMES}
        self.done: list[str] = []
        self._number = 0

    async def run(self) -> None:
        await self.world.start_all(*NAMES)
        for _ in range(int(MINUTES * 60 / STEP)):
            await self._step()
            await asyncio.sleep(self.random.uniform(1, 2 * STEP - 1))
        self.world.heal()
        for name in NAMES:
            if name not in self.world.nodes:
                await self._start(name)

    async def _step(self) -> None:
        act = self.random.choices(["publish", "cut", "heal", "stop", "start", "restore"], [10, 2, 2, 2, 4, 2])[0]
        running = sorted(self.world.nodes)
        stopped = [name for name in NAMES if name not in running]
        if act == "publish" and running:
            await self._publish(self.random.choice(running))
        elif act == "cut":
            self.world.cut(*self.random.sample(NAMES, self.random.randint(1, 2)))
        elif act == "heal":
            self.world.heal()
        elif act == "stop" and len(running) > 2:
            await self._stop(self.random.choice(running))
        elif act == "start" and stopped:
            await self._start(self.random.choice(stopped))
        elif act == "restore" and stopped:
            await self._restore(self.random.choice(stopped))
        else:
            act = "nothing"
        self.done.append(act)

    async def _publish(self, name: str) -> None:
        known, now = self.acknowledged[name], self.world.nodes[name].clock.now()
        found: list[Known] = []
        for _ in range(self.random.randint(1, 5)):
            live = [r for r in known.values() if isinstance(r, Offer) and r.ts < now]
            if live and self.random.random() < 0.3:
                ended = self.random.choice(live)
                salt = to_base64(self.random.randbytes(12))
                found.append(Withdraw(id=ended.id, ts=now, exp=ended.exp, n=salt))
            else:
                self._number += 1
                found.append(make_offer(self._number, now, qty=(self.random.randint(1, 99), 0)))
            known[found[-1].id] = found[-1]
        await self.world.publish(name, *found)

    async def _stop(self, name: str) -> None:
        await self.world.stop(name)
        copy = f"backup {len(self.backups[name])} of {name}"
        await self.world.copy(name, copy)
        self.backups[name].append(copy)

    async def _start(self, name: str) -> None:
        await self.world.start(name, [n for n in NAMES if n != name])

    async def _restore(self, name: str) -> None:
        """Put an older back-up in place; what only the lost disk held is lost with it."""
        lost = await self._lines_of(name)
        await self.world.empty(name)
        shutil.copy(self.world.database(self.random.choice(self.backups[name])), self.world.database(name))
        kept = set().union(*[await self._lines_of(n) for n in NAMES])
        for known in self.acknowledged.values():
            for record in list(known.values()):
                if (line := records.encode(record)) in lost and line not in kept:
                    del known[record.id]

    async def _lines_of(self, name: str) -> set[bytes]:
        """Every record that a node holds, in its logs or aside."""
        node = self.world.nodes.get(name)
        if node is not None:
            return await node.engine.read(all_lines)
        from xstock_node.storage.sqlite import SqliteEngine

        engine = SqliteEngine(self.world.database(name), threads=False)
        try:
            return await engine.read(all_lines)
        finally:
            await engine.close()


def all_lines(tx) -> set[bytes]:  # type: ignore[no-untyped-def]
    found: set[bytes] = set()
    for state in tx.logs.states():
        found.update(tx.logs.lines(state.log, 0, state.frontier.size))
        for aside in tx.logs.asides(state.log):
            found.update(tx.logs.aside_lines(aside.log, aside.epoch, 0, aside.size))
    return found


def told(federation, seed: int) -> str:  # type: ignore[no-untyped-def]
    """Run one seed, check everything, and give the hash of the history that came of it."""
    marks: list[Sequence[object]] = []

    async def story(world) -> None:  # type: ignore[no-untyped-def]
        storm = Storm(world, seed)
        await storm.run()
        # Recovered records are appended again: agreement is there once nobody holds anything aside any more.
        for _ in range(60):
            await world.settle()
            asides = [len(await node.engine.read(lambda tx: tx.logs.asides())) for node in world.nodes.values()]
            if not any(asides):
                break
            await asyncio.sleep(30)
        else:
            raise AssertionError(f"records are still aside: {asides} {world.dump()}")
        expected = {
            record.id: record.qty[0]
            for known in storm.acknowledged.values()
            for record in known.values()
            if isinstance(record, Offer)
        }
        for name in NAMES:
            assert not world.nodes[name].own.halted
            live = await world.live(name)
            missing = {key: quantity for key, quantity in expected.items() if live.get(key) != quantity}
            assert not missing, f"{name} lost {missing}"
            marks.append((name, sorted(live.items()), sorted(map(str, world.nodes[name].replicas.heads.values()))))
        marks.append(tuple(storm.done))

    federation.tell(story)
    marks.append([str(head) for head in federation.history.signed])
    return hashlib.sha256(repr(marks).encode()).hexdigest()


@pytest.mark.parametrize("seed", [*range(20), 378, 547])
def test_nothing_acknowledged_is_lost_and_all_agree(in_memory, seed: int) -> None:
    told(in_memory, seed)


def test_the_same_seed_gives_the_same_history(in_memory, tmp_path: Path) -> None:
    found = []
    for _ in range(2):
        for path in tmp_path.glob("*"):
            path.unlink()
        in_memory.history.signed.clear()
        found.append(told(in_memory, 3))
    assert found[0] == found[1]
