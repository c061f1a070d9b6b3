"""`make kills`: kill -9 of the storage writer, ten thousand times, each forked from a process that is warm already.

The child opens the database as a node does, with its threads, and tells through a pipe which durable writes were
acknowledged. It is killed at a random moment; then the database is opened and everything acknowledged has to be there,
whole and in order. The same run with a writer that acknowledges before the commit has to find losses.
"""

import asyncio
import gc
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.faults.power.writer import DATABASE, content, put
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.testing.disk import remove

FRESH_AFTER = 250  # kills of one database, before a new one is begun: looking through it takes longer each time
LONGEST = 0.02  # seconds that a child lives, of most counted from when it is open
READY = b"ready\n"


class Found(NamedTuple):
    """How many kills, what was counted, and what was lost."""

    kills: int
    counts: Counter[str]
    broken: list[str]


async def _write(path: Path, first: int, told: int, hasty: bool) -> None:
    """Write without end, four at a time, until the process is killed."""
    storage = SqliteEngine(path)
    os.write(told, READY)

    async def one(number: int) -> None:
        if hasty:
            os.write(told, b"%d\n" % number)
        await storage.write(put(number), durable=True)
        if not hasty:
            os.write(told, b"%d\n" % number)

    while True:
        await asyncio.gather(*(one(number) for number in range(first, first + 4)))
        first += 4


def kill_once(path: Path, first: int, seconds: float, opened: bool, hasty: bool = False) -> set[int]:
    """Fork a writer, let it live so long, from when it has `opened` or from the fork, and kill it; the numbers that it
    told as acknowledged.
    """
    heard, told = os.pipe()
    child = os.fork()
    if not child:
        os.close(heard)
        try:
            asyncio.run(_write(path, first, told, hasty))
        finally:
            os._exit(1)
    os.close(told)
    said = os.read(heard, 65_536) if opened else b""
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while part := os.read(heard, 65_536):
        said += part
    os.close(heard)
    return {int(line) for line in said.replace(READY, b"").splitlines()}


async def held(path: Path) -> tuple[set[int], set[int]]:
    """The numbers of which each half is there and whole."""
    storage = SqliteEngine(path, threads=False)
    notes = await storage.read(lambda tx: tx.journal.since(0, 1_000_000))
    keys = await storage.read(lambda tx: {k: tx.plugins.get("power", k) for k in tx.plugins.keys("power", "")})
    await storage.close()
    there = {int(n.subject.split()[1]) for n in notes if n.raw == content(int(n.subject.split()[1]))}
    return there, {int(key.split()[1]) for key, raw in keys.items() if raw == content(int(key.split()[1]))}


def kill_many(folder: Path, kills: int, seed: int, hasty: bool = False, stop_at: int = 1) -> Found:
    """So many kills; ends early after `stop_at` losses."""
    random, counts, broken = Random(seed), Counter[str](), list[str]()
    path, owed, first, done = folder / DATABASE, set[int](), 0, 0
    gc.freeze()
    while done < kills and len(broken) < stop_at:
        if done % FRESH_AFTER == 0:
            remove(path)
            owed, first = set(), 0
        acknowledged = kill_once(path, first, random.uniform(0, LONGEST), random.random() < 0.9, hasty)
        owed |= acknowledged
        there, beside = asyncio.run(held(path))
        done += 1
        counts["acknowledged"] += len(acknowledged)
        counts["kills in the middle of work"] += bool(acknowledged)
        counts["written but not acknowledged"] += len(there - owed)
        if owed - there:
            broken.append(f"seed {seed} kill {done}: lost {sorted(owed - there)[:5]}")
        elif there != beside:
            broken.append(f"seed {seed} kill {done}: half a write {sorted(there ^ beside)[:5]}")
        first = max(there | owed, default=-1) + 1
        owed = there | owed
    return Found(done, counts, broken)


def main() -> int:
    """Kill and print the figure."""
    kills, seed = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000, int(sys.argv[2]) if len(sys.argv) > 2 else 1
    folder, began = Path(tempfile.mkdtemp()), time.monotonic()
    try:
        hasty = kill_many(folder, kills, seed, hasty=True)
        remove(folder / DATABASE)
        found = kill_many(folder, kills, seed)
    finally:
        shutil.rmtree(folder)
    figure = {"bench": "kills of the storage writer", "kills": found.kills, "seed": seed, **found.counts}
    figure |= {"a hasty writer loses": hasty.broken[:1], "seconds": round(time.monotonic() - began)}
    holds = not found.broken and bool(hasty.broken)
    print(json.dumps(figure | {"lost": len(found.broken), "broken": found.broken, "holds": holds}))
    return int(not holds)


if __name__ == "__main__":
    sys.exit(main())
