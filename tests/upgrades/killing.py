"""An upgrade that is killed at each statement: kill -9 of a forked process that migrates a first version's database.

Each run begins with the same file and dies one statement, one sync or one rename later. Then the database is opened
again as a node does: it has to be as after an upgrade that nobody disturbed, and the copy has to be as before it. With
migrations outside their transactions the same run has to find damage.
"""

import json
import os
import shutil
import signal
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from sqlite_utils import Database

from xstock_node.storage.errors import StorageError
from xstock_node.storage.sqlite.connection import KNOWN, open_writer
from xstock_node.storage.sqlite.migrations import migrations
from xstock_node.storage.sqlite.upgrading import copies

NAME = "node.db"
RECORDS = 400
POINTS_MOST = 5_000


class Found(NamedTuple):
    """How many points were tried, at how many the first change had been committed, and what was wrong."""

    points: int
    half_way: int
    broken: list[str]


def old_database(path: Path, before: str = KNOWN[1]) -> None:
    """A database as the versions before that migration made it, with rows in the tables that later ones touch."""
    with closing(sqlite3.connect(path, isolation_level=None)) as held:
        held.execute("pragma journal_mode = wal")
        migrations.apply(Database(held), stop_before=before)
        held.execute("begin")
        values = "1, 'a.example', 'see.pub', 'see', '', 0, 1, ?, x'', 0, x'', 0, 0, x'', 0, 0, 0, 0, ''"
        held.execute(f"insert into log values ({values})", (RECORDS,))
        held.executemany(
            "insert into record (pos, line) values (?, ?)",
            ((1 << 40 | n, b'{"n":%d,"words":"%s"}' % (n, b"tent " * 30)) for n in range(RECORDS)),
        )
        columns = "ref, log, pos, id, item, amount, ready, src, asof, exp, key"
        held.executemany(
            f"insert into offer ({columns}) values (?, 1, ?, ?, 'HSHETENTF16C', 5, 0, '', 0, 2000000000, 'tent')",
            ((n + 1, 1 << 40 | n, f"o{n}") for n in range(RECORDS)),
        )
        held.execute("insert into peer values ('b.example', 'cursor', 7, 8, 9, 1, 'why')")
        held.execute("insert into meta values ('journal', 'abc')")
        held.execute("commit")


def content(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Every table with its rows, and what SQLite says of the file; the times of migrations differ."""
    with closing(sqlite3.connect(path)) as held:
        query = "select name, sql from sqlite_master where name not like 'sqlite_%' order by 1"
        tables = held.execute(query).fetchall()
        names = [name for name, sql in tables if sql and sql.upper().startswith("CREATE TABLE")]
        found = {name: sorted(map(repr, held.execute(f'select * from "{name}"'))) for name in names}
        found["_sqlite_migrations"] = held.execute("select name from _sqlite_migrations order by id").fetchall()
        found["schema"] = tables
        found["faults"] = [row for row in held.execute("pragma integrity_check") if row[0] != "ok"]
        return found


def killed_at(point: int, path: Path) -> bool:
    """Migrate in a forked process that dies at this point; False where it came to its end."""
    child = os.fork()
    if not child:
        try:
            _die_at(point)
            open_writer(path).close()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def _die_at(point: int) -> None:
    """End this process at the n-th statement, sync or rename from now on."""
    left = [point]

    def count(*what: object) -> None:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def counted(call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*given: Any, **named: Any) -> Any:
            count()
            return call(*given, **named)

        return wrapped

    connect = sqlite3.connect

    def watched(*given: Any, **named: Any) -> sqlite3.Connection:
        connection = connect(*given, **named)
        connection.set_trace_callback(count)
        return connection

    sqlite3.connect = watched
    os.fsync = counted(os.fsync)
    Path.replace = counted(Path.replace)  # type: ignore[method-assign]


def run(folder: Path, every: int = 1) -> Found:
    """Kill at each point, or at every n-th."""
    old, whole = folder / "old.db", folder / "whole" / NAME
    old_database(old)
    before = content(old)
    whole.parent.mkdir()
    shutil.copyfile(old, whole)
    open_writer(whole).close()
    wanted, half_way, broken = content(whole), 0, []
    for point in range(0, POINTS_MOST, every):
        place = folder / f"at-{point}"
        place.mkdir()
        shutil.copyfile(old, place / NAME)
        killed = killed_at(point, place / NAME)
        with closing(sqlite3.connect(place / NAME)) as held:
            had = held.execute("select count(*) from _sqlite_migrations").fetchone()[0]
        half_way += killed and 1 < had < len(KNOWN)
        broken += [f"{point}: {why}" for why in _amiss(place / NAME, before, wanted)]
        shutil.rmtree(place)
        if not killed:
            return Found(point, half_way, broken)
    return Found(POINTS_MOST, half_way, [*broken, "it never came to its end"])


def _amiss(path: Path, before: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    """What is wrong once the database was opened again."""
    try:
        open_writer(path).close()
    except (StorageError, sqlite3.Error) as error:
        return [f"cannot be opened: {error}"]
    found, kept = content(path), copies(path)
    wrong = [f"{table} differs" for table in sorted(wanted) if found.get(table) != wanted[table]]
    if not kept or content(kept[0]) != before:
        wrong.append("there is no copy from before the upgrade")
    left = {p.name for p in path.parent.iterdir()} - {NAME, f"{NAME}-wal", f"{NAME}-shm", *(p.name for p in kept)}
    return wrong + [f"{name} was left behind" for name in sorted(left)]


def main() -> None:
    """Print what was found as JSON: kills at every n-th point; `loose` takes migrations out of their transactions."""
    every = int(sys.argv[1])
    if "loose" in sys.argv:
        for migration in migrations._migrations:
            migration.transactional = False
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(run(Path(folder), every)._asdict()))


if __name__ == "__main__":
    main()
