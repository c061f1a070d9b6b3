"""Connections: one writer and any number of readers over one file, with the settings they share."""

import sqlite3
from pathlib import Path

from xstock_node.lean import without
from xstock_node.storage.errors import StorageError
from xstock_node.storage.sqlite.sums import fill_in
from xstock_node.storage.sqlite.upgrading import applied, check_readable, copy_before

APPLICATION_ID = 0x58535431  # "XST1"
KNOWN = (
    "m001_first",
    "m002_networks",
    "m003_cases",
    "m004_epochs",
    "m005_objects",
    "m006_plugins",
    "m007_live_offers",
    "m008_sums",
)
"""The migrations, by name: so that a database that had them all is opened without loading sqlite-utils."""
LATEST = KNOWN[-1]
UNREADABLE = (sqlite3.Error, UnicodeDecodeError)
"""What reading a damaged file raises: SQLite's own words about it may be no text any more."""


def open_writer(path: Path) -> sqlite3.Connection:
    """The writing connection; creates the file, or migrates it once a copy of it lies beside it."""
    return open_upgraded(path)[0]


def open_upgraded(path: Path) -> tuple[sqlite3.Connection, Path | None]:
    """The writing connection, and the copy from before an upgrade, where there was one just now."""
    connection, copy = _connect(path), None
    _check_ours(connection, path)
    check_readable(connection, path, KNOWN)
    mode = connection.execute("pragma journal_mode = wal").fetchone()[0]
    if mode not in ("wal", "memory"):  # an error of the disk is not raised here; without WAL a commit is less durable
        connection.close()
        raise StorageError("a log of writes (WAL)", f"journal mode {mode}", f"look at the disk of {path.name}")
    connection.execute("pragma wal_autocheckpoint = 4000")
    if LATEST not in applied(connection):
        copy = copy_before(connection, path, LATEST)
        _migrate(connection)
    fill_in(connection)
    return connection, copy


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that cannot write."""
    connection = _connect(path)
    connection.execute("pragma query_only = on")
    return connection


def _migrate(connection: sqlite3.Connection) -> None:
    with without("numpy", "pandas"):
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
