"""The process that is recorded: the storage engine as it runs in production, given work by several at once.

Each write that is acknowledged as durable is told to a file beside the database, so that it stands in the recording
after everything that was synchronised for it. `python -m tests.faults.power.writer FOLDER SEED WRITES [normal]`
"""

import asyncio
import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from xstock_node.storage.errors import StorageError
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.sqlite import SqliteEngine, engine

ACKNOWLEDGED = "acknowledged"
DATABASE = "node.db"
AT_ONCE = 4
STARTS = 3
PAGES_AHEAD = 60  # after which SQLite brings its log into the database: often, so that cuts fall into it


class Normal:
    """A connection on which `synchronous` is never more than NORMAL."""

    def __init__(self, inner: sqlite3.Connection) -> None:
        self._inner = inner

    def execute(self, sql: str, *rest: Any) -> sqlite3.Cursor:
        """See `sqlite3.Connection.execute`."""
        return self._inner.execute(sql.replace("synchronous = full", "synchronous = normal"), *rest)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def content(number: int) -> bytes:
    """What a write of this number leaves, in two rows."""
    return b"%d %s" % (number, b"x" * (number * 37 % 2_900))


def put(number: int) -> Callable[[Transaction], None]:
    """Two rows that belong together, in two tables."""

    def work(tx: Transaction) -> None:
        tx.journal.put(f"subject {number}", content(number))
        tx.plugins.put("power", f"key {number}", content(number))

    return work


def started(path: Path) -> SqliteEngine:
    """The engine, as a service starts it again when a call failed at its opening."""
    for _ in range(STARTS):
        try:
            return SqliteEngine(path)
        except StorageError:
            continue
    return SqliteEngine(path)


async def write_many(folder: Path, seed: int, writes: int) -> None:
    """So many writes, some durable and some not, a few at a time."""
    random = Random(seed)
    storage = started(folder / DATABASE)
    storage._connection.execute(f"pragma wal_autocheckpoint = {PAGES_AHEAD}")
    told = os.open(folder / ACKNOWLEDGED, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    async def one(number: int, durable: bool) -> None:
        try:
            await storage.write(put(number), durable)
        except StorageError:
            return  # a call failed, as it was asked to
        if durable:
            os.write(told, b"%d\n" % number)

    number = 0
    while number < writes:
        group = range(number, min(writes, number + random.randint(1, AT_ONCE)))
        await asyncio.gather(*(one(n, random.random() < 0.6) for n in group))
        number = group.stop
        if random.random() < 0.04:
            await asyncio.gather(storage.checkpoint(), return_exceptions=True)
    await storage.close()
    os.close(told)


def main() -> None:
    """Write, and end."""
    if sys.argv[4:] == ["normal"]:
        opened = engine.open_upgraded
        engine.open_upgraded = lambda path: (Normal(opened(path)[0]), None)  # type: ignore[assignment,return-value]
    asyncio.run(write_many(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))


if __name__ == "__main__":
    main()
