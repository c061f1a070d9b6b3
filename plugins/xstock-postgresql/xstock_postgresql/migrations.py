"""The schema and its versions. Several processes may be of two versions while a hub is upgraded, so a version expands
first and contracts later.

Each version is one transaction under a lock of the database. It says which is the oldest version of this program that
still works with what it leaves: one that only adds tables, columns with defaults or indexes leaves that as it is; one
that takes something away names the version that no longer needs it, and comes one release after.
"""

import secrets
from importlib import resources
from typing import NamedTuple

from xstock_node.storage.errors import StorageError
from xstock_postgresql.connection import Line


class Version(NamedTuple):
    """One version of the schema: the file that makes it, and the oldest version that works with it."""

    number: int
    file: str
    oldest: int


VERSIONS = (Version(1, "schema_1.sql", 1),)
OURS = "what an X-Stock node holds"


def migrate(line: Line, schema: str, key: int, versions: tuple[Version, ...] = VERSIONS) -> None:
    """Bring the schema to the newest version of this program, or refuse one that is too new or another program's."""
    line.execute("select pg_advisory_lock(%s)", (key,))
    try:
        _check_ours(line, schema)
        line.execute(f"create schema if not exists {schema}")
        line.execute("create table if not exists version (number integer primary key, oldest integer not null)")
        held, oldest = line.one("select coalesce(max(number), 0), coalesce(max(oldest), 0) from version")
        newest = versions[-1].number
        if oldest > newest:
            raise StorageError(f"a database for version {newest} of its schema", f"{held}", "upgrade this process")
        for version in versions:
            if version.number > held:
                _apply(line, schema, version)
    finally:
        line.execute("select pg_advisory_unlock(%s)", (key,))


def bind(line: Line, node: str) -> None:
    """One database is for one node: the first name that opens it. Its journal gets its id, as who stands by cannot."""
    line.execute("insert into meta values ('journal', %s) on conflict do nothing", (secrets.token_hex(8),))
    if node:
        line.execute("insert into meta values ('node', %s) on conflict do nothing", (node,))
        held = line.one("select value from meta where key = 'node'")[0]
        if held != node:
            raise StorageError(f"the database of {node}", f"that of {held}", "give each node a database of its own")


def _apply(line: Line, schema: str, version: Version) -> None:
    script = resources.files("xstock_postgresql").joinpath(version.file).read_text("utf-8")
    with line.connection.transaction():
        for statement in script.split(";\n"):
            if statement.strip():
                line.execute(statement)
        if version.number == 1:
            line.execute(f"comment on schema {schema} is '{OURS}'")
        line.execute("insert into version values (%s, %s)", (version.number, version.oldest))


def _check_ours(line: Line, schema: str) -> None:
    """Refuse another program's schema before anything in it changes."""
    if line.one("show server_encoding")[0] != "UTF8":
        raise StorageError(
            "a database in UTF8", str(line.one("show server_encoding")[0]), "make one with encoding UTF8"
        )
    row = line.one("select obj_description(oid, 'pg_namespace') from pg_namespace where nspname = %s", (schema,))
    tables = "select 1 from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = %s limit 1"
    if row is not None and row[0] != OURS and line.one(tables, (schema,)) is not None:
        raise StorageError(
            "a schema of this program", f"{schema} of another one", "give the node a database of its own"
        )
