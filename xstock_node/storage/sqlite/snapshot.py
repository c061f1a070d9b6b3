"""A copy of a database that a node is writing to, and what a database file holds, without opening it as an engine."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from xstock_node.storage.errors import StorageError
from xstock_node.storage.sqlite.connection import UNREADABLE, open_reader


def copy_database(source: Path, target: Path) -> None:
    """Copy a database as it is at one moment, while others go on writing to it (SQLite's online back-up)."""
    with _errors(source), closing(open_reader(source)) as held, closing(sqlite3.connect(target)) as copy:
        held.execute("begin")  # one moment of the log of writes, however long the copy takes
        held.execute("select count(*) from sqlite_master").fetchone()
        held.backup(copy)
        copy.execute("pragma journal_mode = delete")


def rows_of(path: Path) -> dict[str, int]:
    """How many rows each table of a database has, by name; tables of indexes are left out."""
    with _errors(path), closing(open_reader(path)) as held:
        names = [row[0] for row in held.execute("select name from sqlite_master where type = 'table' order by name")]
        ours = [name for name in names if not name.startswith(("sqlite_", "_sqlite_", "offer_fts"))]
        return {name: held.execute(f'select count(*) from "{name}"').fetchone()[0] for name in ours}


def faults_of(path: Path, most: int = 20) -> list[str]:
    """What SQLite itself finds wrong in a file (`integrity_check`, `foreign_key_check`); empty where nothing."""
    with _errors(path), closing(open_reader(path)) as held:
        found = [row[0] for row in held.execute(f"pragma integrity_check({most})")]
        strangers = [f"{row[0]}: a row points at no {row[2]}" for row in held.execute("pragma foreign_key_check")]
        return [*(words for words in found if words != "ok"), *strangers[:most]]


@contextmanager
def _errors(path: Path) -> Iterator[None]:
    try:
        yield
    except UNREADABLE as error:
        raise StorageError("a readable database", f"{path.name}: {error}", "see `xstock db check`") from None
