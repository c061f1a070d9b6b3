"""`make cuts`: a hundred thousand power cuts of the node's own storage; 1 where something acknowledged is lost.

The engine is the one that runs in production, on a file in memory. Each cut keeps the log of writes (WAL) up to any
frame behind the last one that was synchronised, as a disk may, and opens what is left. What was synchronised is told by
the setting under which SQLite committed, not by what the caller asked for: a storage that forgets to ask for it loses
data here, and so does a disk that lies.
"""

import asyncio
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import NamedTuple, TypeVar

from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.testing.disk import SimEngine, Watch, remove

T = TypeVar("T")
FULL = 2
FRESH_AFTER = 100  # cuts of one database, before a new one is begun


class CutEngine(SimEngine):
    """An engine whose disk has what SQLite synchronised; a disk that `lies` has it only after a check-point."""

    lies = False

    async def write(self, work: Callable[[Transaction], T], durable: bool) -> T:
        """See `Engine.write`."""
        before = self._durable
        value = await super().write(work, durable)
        synchronised = self._connection.execute("pragma synchronous").fetchone()[0] >= FULL and not self.lies
        self._durable = self._written() if synchronised else before
        return value


class Found(NamedTuple):
    """How many cuts, frames and unacknowledged writes were lost, and what was lost that must not be."""

    cuts: int
    counts: Counter[str]
    broken: list[str]


def put(number: int) -> Callable[[Transaction], None]:
    """Two rows that belong together."""

    def work(tx: Transaction) -> None:
        for half in "ab":
            tx.journal.put(f"{half} {number}", b"%d %s" % (number, b"x" * (number % 900)))

    return work


async def held(engine: SqliteEngine) -> dict[str, set[int]]:
    """The numbers of which each half is there and whole."""
    found: dict[str, set[int]] = {"a": set(), "b": set()}
    for note in await engine.read(lambda tx: tx.journal.since(0, 1_000_000)):
        half, number = note.subject.split(" ")
        if note.raw == b"%s %s" % (number.encode(), b"x" * (int(number) % 900)):
            found[half].add(int(number))
    return found


async def cut_many(folder: Path, cuts: int, seed: int = 1, lies: bool = False, stop_at: int = 1) -> Found:
    """So many cuts; ends early after `stop_at` losses."""
    random, counts, broken = Random(seed), Counter[str](), list[str]()
    path, number, done = folder / "0.db", 0, 0
    kept: set[int] = set()
    while done < cuts and len(broken) < stop_at:
        if done % FRESH_AFTER == 0:
            remove(path)
            kept, path = set(), folder / f"{done}.db"
        engine = CutEngine(path, Watch())
        engine.lies = lies
        written: list[tuple[int, bool]] = []
        for _ in range(random.randint(1, 5)):
            durable, number = random.random() < 0.6, number + 1
            await engine.write(put(number), durable)
            written.append((number, durable))
            if random.random() < 0.05:
                await engine.checkpoint()
        after = folder / f"{done}-after.db"
        counts["frames lost"] += engine.lose_power(after, random)
        remove(path)
        done, path = done + 1, after
        again = SqliteEngine(after, threads=False)
        there = await held(again)
        await again.close()
        broken += _lost(seed, done, kept, written, there)
        counts["writes"] += len(written)
        counts["unacknowledged writes lost"] += sum(n not in there["a"] for n, durable in written if not durable)
        kept = there["a"]
    remove(path)
    return Found(done, counts, broken)


def _lost(
    seed: int, cut: int, kept: set[int], written: list[tuple[int, bool]], there: dict[str, set[int]]
) -> list[str]:
    """What must be there and is not: earlier writes, acknowledged ones and all before them, whole ones."""
    last = max((place for place, (_, durable) in enumerate(written) if durable), default=-1)
    owed = kept | {number for number, _ in written[: last + 1]}
    where = f"seed {seed} cut {cut}"
    found = [f"{where}: lost {sorted(owed - there['a'])[:5]}"] if owed - there["a"] else []
    found += [f"{where}: torn {sorted(there['a'] ^ there['b'])[:5]}"] if there["a"] != there["b"] else []
    order = [number in there["a"] for number, _ in written]
    return found + ([f"{where}: a later write is there, an earlier one is not"] if order != sorted(order)[::-1] else [])


def main() -> int:
    """Cut and print the figure."""
    cuts = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    seed, began = int(sys.argv[2]) if len(sys.argv) > 2 else 1, time.monotonic()
    folder = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))  # noqa: S108
    try:
        found = asyncio.run(cut_many(folder, cuts, seed))
    finally:
        shutil.rmtree(folder)
    figure = {"cuts": found.cuts, "seconds": round(time.monotonic() - began), **found.counts, "broken": found.broken}
    print(json.dumps(figure | {"holds": not found.broken}))
    return int(bool(found.broken))


if __name__ == "__main__":
    sys.exit(main())
