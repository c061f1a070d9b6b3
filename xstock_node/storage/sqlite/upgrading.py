"""Before the tables of a database change: is it one that this version may open, and a copy of it as it was.

Whoever goes back to an older version goes on with the database as it is, because tables only grow. The copy is for the
day when that does not do. It is made once an upgrade, however often the upgrade is interrupted.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from pathlib import Path

from xstock_node.storage.errors import StorageError
from xstock_node.storage.to_disk import synchronise

COPY = ".before-"
UNFINISHED = ".part"
KEPT = 2
SPARE = 64 << 20  # bytes that are left on the disk beside the copy
BREAKING = "breaking:"  # keys of `meta`, each with a migration that older versions cannot live with


def applied(connection: sqlite3.Connection) -> list[str]:
    """The migrations that a database has had, in order; none where it is new."""
    try:
        rows = connection.execute("select name from _sqlite_migrations order by id").fetchall()
    except sqlite3.OperationalError:
        return []
    return [str(row[0]) for row in rows]


def note_breaking(connection: sqlite3.Connection, migration: str, version: str) -> None:
    """Called inside a migration after which versions older than `version` may not open the database any more."""
    connection.execute("insert or replace into meta values (?, ?)", (f"{BREAKING}{migration}", version))


def check_readable(connection: sqlite3.Connection, path: Path, known: Iterable[str]) -> None:
    """Refuse a database that a newer version changed so that this one, which knows these migrations, cannot read it."""
    try:
        query = "select substr(key, ?), value from meta where substr(key, 1, ?) = ? order by key"
        rows = connection.execute(query, (len(BREAKING) + 1, len(BREAKING), BREAKING)).fetchall()
    except sqlite3.OperationalError:
        return  # no table yet: a new file
    for migration, version in rows:
        if migration not in known:
            connection.close()
            raise StorageError(
                "a database that this version can read",
                f"{path.name}, which needs version {version} or newer",
                f"install that version, or put the newest {path.name}{COPY}… in its place",
            )


def copy_before(connection: sqlite3.Connection, path: Path, latest: str) -> Path | None:
    """Copy a database that has tables to `node.db.before-mNNN`, on disk before this returns; None where it is new.

    After an interrupted upgrade the copy of before it is kept. Older copies than the last two go.
    """
    had = applied(connection)
    if not had:
        return None
    target = path.with_name(f"{path.name}{COPY}{latest.partition('_')[0]}")
    if not (target.exists() and len(_had(target)) < len(had)):
        _copy(connection, path, target)
    for old in copies(path)[:-KEPT]:
        old.unlink()
    return target


def copies(path: Path) -> list[Path]:
    """The copies of a database, the oldest first."""
    return sorted(found for found in path.parent.glob(f"{path.name}{COPY}*") if found.suffix != UNFINISHED)


def drop_copies(path: Path) -> None:
    """Something was erased, and the copies still hold it."""
    for copy in copies(path):
        copy.unlink()


def _had(copy: Path) -> list[str]:
    with closing(sqlite3.connect(copy)) as held:
        return applied(held)


def _copy(connection: sqlite3.Connection, path: Path, target: Path) -> None:
    _check_room(path)
    part = target.with_name(target.name + UNFINISHED)
    beside = [part, Path(f"{part}-journal")]
    for left in beside:
        left.unlink(missing_ok=True)
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(sqlite3.connect(part)) as copy:
            connection.backup(copy)
            copy.execute("pragma journal_mode = delete")
        synchronise(part)
        part.replace(target)
        synchronise(target.parent)
    except (OSError, sqlite3.Error) as error:
        for left in beside:
            with suppress(OSError):
                left.unlink(missing_ok=True)
        raise StorageError("a copy of the database before it is changed", str(error), "check the disk") from None


def _check_room(path: Path) -> None:
    files = (path, Path(f"{path}-wal"))
    needed = sum(file.stat().st_size for file in files if file.exists()) + SPARE
    free = shutil.disk_usage(path.parent).free
    if free < needed:
        raise StorageError(
            f"{needed >> 20} MiB for a copy of the database before it is changed",
            f"{free >> 20} MiB free in {path.parent}",
            "free some space, or go on with the version before",
        )
