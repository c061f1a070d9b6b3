"""Connections: one writer and any number of readers over one file, with the settings they share."""

import sqlite3
from pathlib import Path

from sqlite_utils import Database

from xstock_node.storage.errors import StorageError
from xstock_node.storage.sqlite.migrations import APPLICATION_ID, migrations


def open_writer(path: Path) -> sqlite3.Connection:
    """The writing connection; creates and migrates the file."""
    connection = _connect(path)
    connection.execute("pragma journal_mode = wal")
    connection.execute("pragma wal_autocheckpoint = 4000")
    found = connection.execute("pragma application_id").fetchone()[0]
    if found not in (0, APPLICATION_ID):
        connection.close()
        raise StorageError("a database of this program", f"application id {found:#x}", f"move {path.name} away")
    migrations.apply(Database(connection, tracer=None))
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that cannot write."""
    connection = _connect(path)
    connection.execute("pragma query_only = on")
    return connection


def _connect(path: Path) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
        connection.execute("pragma trusted_schema = off")
    except sqlite3.DatabaseError as error:
        raise StorageError("a readable database", str(error), f"check {path} and the disk") from None
    connection.execute("pragma foreign_keys = on")
    connection.execute("pragma mmap_size = 268435456")
    connection.execute("pragma cache_size = -16000")
    connection.execute("pragma temp_store = memory")
    return connection
