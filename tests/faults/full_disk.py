"""`make full-disk`: a small disk that is filled and emptied a thousand times under the storage of a node.

The disk is a real one (a tmpfs, which wants root). In each cycle something else fills it, at a random moment of the
writer's work; nothing may be acknowledged that is not there, reading has to go on, replicas of others wait first, and
what is durable goes on in the reserve.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.faults.power.writer import DATABASE, content, put
from xstock_node.storage.errors import StorageError
from xstock_node.storage.reserve import Reserve
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.testing.disk import remove

MIB = 1 << 20
DISK, RESERVE = 64 * MIB, 2 * MIB
FRESH_AFTER = 20  # cycles of one database
AT_ONCE = 4


class Found(NamedTuple):
    """How many cycles, what was counted, and what was wrong."""

    cycles: int
    counts: Counter[str]
    broken: list[str]


@contextmanager
def small_disk(size: int = DISK) -> Iterator[Path]:
    """A real disk of its own of `size` bytes; `OSError` where none can be mounted."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            raise OSError("a small disk cannot be mounted here")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "-l", folder], check=True)


class Cycle:
    """One engine over a small disk, and what it acknowledged. `number` is the next write."""

    def __init__(self, folder: Path, counts: Counter[str]) -> None:
        self.folder, self.counts = folder, counts
        self.reserve = Reserve(folder / "reserve", RESERVE)
        self.engine = SqliteEngine(folder / DATABASE, reserve=self.reserve)
        self.acknowledged: set[int] = set()
        self.number = 0

    async def write(self, durable: bool) -> bool:
        """One more write; whether it was acknowledged."""
        self.number += 1
        number = self.number
        try:
            await self.engine.write(put(number), durable)
        except StorageError:
            self.counts["refused"] += 1
            return False
        if durable:
            self.acknowledged.add(number)
        return True

    async def fill(self, random: Random) -> Path:
        """Something else takes the disk, while four write at once, until it is full or the reserve is given back."""
        filler = self.folder / "filler"
        with filler.open("wb", buffering=0) as file:
            while True:
                await asyncio.gather(*(self.write(random.random() < 0.5) for _ in range(AT_ONCE)))
                if not self.reserve.is_held:
                    return filler
                try:
                    file.write(bytes(random.randint(1, 4 * MIB)))
                except OSError:
                    return filler

    async def fill_the_rest(self, filler: Path) -> None:
        """Something else takes the reserve too; then write until the disk refuses."""
        with filler.open("ab", buffering=0) as file:
            try:
                while file.write(bytes(4096)):
                    pass
            except OSError:
                pass
        for _ in range(4_000):
            if not await self.write(durable=True):
                self.counts["refused by a disk that is really full"] += 1
                return

    async def check(self) -> str:
        """Why what was acknowledged is not all there; empty where it is."""
        notes = await self.engine.read(lambda tx: tx.journal.since(0, 1_000_000))
        there = {int(n.subject.split()[1]) for n in notes if n.raw == content(int(n.subject.split()[1]))}
        lost = self.acknowledged - there
        return f"acknowledged and lost: {sorted(lost)[:5]}" if lost else ""


async def fill_many(folder: Path, cycles: int, seed: int) -> Found:
    """So many cycles."""
    random, counts, broken = Random(seed), Counter[str](), list[str]()
    cycle = Cycle(folder, counts)
    for done in range(cycles):
        if done and done % FRESH_AFTER == 0:
            await cycle.engine.close()
            remove(folder / DATABASE)
            cycle = Cycle(folder, counts)
        filler = await cycle.fill(random)
        counts["full"] += 1
        cycle.reserve._looked = -1e9  # as if a second had passed
        counts["replicas waited"] += not await cycle.write(durable=False)
        going_on = [await cycle.write(durable=True) for _ in range(AT_ONCE)]
        counts["durable writes in the reserve"] += sum(going_on)
        why = await cycle.check()
        broken += [f"cycle {done} full: {why}"] if why else []
        broken += [f"cycle {done}: nothing durable went on"] if not any(going_on) else []
        await cycle.fill_the_rest(filler)
        why = await cycle.check()
        broken += [f"cycle {done} really full: {why}"] if why else []
        filler.unlink()
        cycle.reserve._looked = -1e9
        counts["writes again once there was room"] += await cycle.write(durable=True)
        counts["reserves taken again"] += cycle.reserve.is_held
        why = await cycle.check()
        broken += [f"cycle {done} after: {why}"] if why else []
    await cycle.engine.close()
    counts["acknowledged"] += len(cycle.acknowledged)
    return Found(cycles, counts, broken)


def main() -> int:
    """Fill and print the figure."""
    cycles, seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000, int(sys.argv[2]) if len(sys.argv) > 2 else 1
    began = time.monotonic()
    with small_disk() as folder:
        found = asyncio.run(fill_many(folder, cycles, seed))
    counts = found.counts
    holds = not found.broken and counts["full"] == counts["writes again once there was room"] == cycles
    figure = {"bench": "full disk", "cycles": cycles, "seed": seed, **counts, "broken": found.broken[:5]}
    print(json.dumps(figure | {"seconds": round(time.monotonic() - began), "holds": holds}))
    return int(not holds)


if __name__ == "__main__":
    sys.exit(main())
