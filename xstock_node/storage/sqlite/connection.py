"""Connections: one writer and any number of readers over one file, with the settings they share."""

import sqlite3
from pathlib import Path

from xstock_node.storage.errors import StorageError

APPLICATION_ID = 0x58535431  # "XST1"
LATEST = "m008_sums"
UNREADABLE = (sqlite3.Error, UnicodeDecodeError)
"""What reading a damaged file raises: SQLite's own words about it may be no text any more."""


def open_writer(path: Path) -> sqlite3.Connection:
    """The writing connection; creates and migrates the file."""
    connection = _connect(path)
    _check_ours(connection, path)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma wal_autocheckpoint = 4000")
    if not _is_current(connection):
        _migrate(connection)
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that cannot write."""
    connection = _connect(path)
    connection.execute("pragma query_only = on")
    return connection


def _is_current(connection: sqlite3.Connection) -> bool:
    """Whether the last migration ran: then nothing of sqlite-utils is loaded, which takes a while."""
    try:
        found = connection.execute("select 1 from _sqlite_migrations where name = ?", (LATEST,)).fetchone()
    except sqlite3.OperationalError:
        return False
    return found is not None


def _migrate(connection: sqlite3.Connection) -> None:
    from sqlite_utils import Database

    from xstock_node.storage.sqlite.migrations import migrations

    migrations.apply(Database(connection, tracer=None))


def _check_ours(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse another program's file before anything in it changes; most programs leave their application id at 0."""
    found = connection.execute("pragma application_id").fetchone()[0]
    tables = {row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")}
    theirs = {name for name in tables if not name.startswith(("_sqlite_", "sqlite_"))}
    if found not in (0, APPLICATION_ID) or (found == 0 and theirs):
        connection.close()
        raise StorageError("a database of this program", f"application id {found:#x}", f"move {path.name} away")


def _connect(path: Path) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
        connection.execute("pragma trusted_schema = off")
        connection.execute("select count(*) from sqlite_master")
    except UNREADABLE as error:
        raise StorageError("a readable database", str(error), f"check {path} and the disk") from None
    connection.execute("pragma foreign_keys = on")
    connection.execute("pragma mmap_size = 268435456")
    connection.execute("pragma cache_size = -16000")
    connection.execute("pragma temp_store = memory")
    return connection
