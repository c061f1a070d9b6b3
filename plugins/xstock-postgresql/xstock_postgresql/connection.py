"""Connections to the server: settings that all of them share, and the few calls that the stores make."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from xstock_node.storage.errors import StandsBy, StorageError

CONNECT_SECONDS = 10
# A machine that is cut off is noticed by both ends after about ten seconds: its lock is free then.
ALIVE = {"keepalives_idle": "5", "keepalives_interval": "2", "keepalives_count": "3", "tcp_user_timeout": "10000"}
SESSION = (
    "set client_encoding to 'UTF8'; set jit to off; set timezone to 'UTC'; set statement_timeout to {statement};"
    " set lock_timeout to {lock}; set idle_in_transaction_session_timeout to '60s';"
    " set tcp_keepalives_idle to 5; set tcp_keepalives_interval to 2; set tcp_keepalives_count to 3;"
    " set search_path to {schema}"
)


def connect(
    conninfo: str, schema: str, name: str, statement: str = "'120s'", lock: str = "'20s'"
) -> "psycopg.Connection[tuple[Any, ...]]":
    """A connection that commits each statement on its own; `name` is what the server lists it under."""
    try:
        asked = conninfo_to_dict(conninfo)
        given = {**ALIVE, "connect_timeout": CONNECT_SECONDS, **asked, "application_name": f"xstock {name}"}
        found: psycopg.Connection[tuple[Any, ...]] = psycopg.connect(make_conninfo("", **given), autocommit=True)
    except psycopg.Error as error:
        raise StorageError(
            "a PostgreSQL server that answers", sentence(error), "look at the server and at storage.connection_file"
        ) from None
    try:
        found.execute(cast(Any, SESSION.format(schema=schema, statement=statement, lock=lock)))
    except BaseException:
        found.close()
        raise
    return found


class Line:
    """What the stores say over one connection. Values stand as `%s`; bytes travel as they are."""

    def __init__(self, connection: "psycopg.Connection[tuple[Any, ...]]") -> None:
        self.connection = connection

    def execute(self, query: str, values: Sequence[Any] = (), planned: bool = True) -> "psycopg.Cursor[Any]":
        """Run a statement; not `planned`: its plan is made for these very values."""
        prepare = None if planned else False
        return self.connection.execute(cast(Any, query), values or None, prepare=prepare, binary=True)

    def one(self, query: str, values: Sequence[Any] = ()) -> Any:
        """The first row, or None."""
        return self.execute(query, values).fetchone()

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        """All rows."""
        return self.execute(query, values).fetchall()

    def column(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        """The first field of all rows."""
        return [row[0] for row in self.execute(query, values)]

    def count(self, query: str, values: Sequence[Any] = ()) -> int:
        """How many rows a statement changed."""
        return self.execute(query, values).rowcount

    def many(self, query: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement for each row, without waiting for each answer."""
        with self.connection.cursor() as cursor:
            cursor.executemany(cast(Any, query), rows)

    def copy(self, table: str, types: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Append rows to `table (columns)`, whose types are given, in one stream."""
        with (
            self.connection.cursor() as cursor,
            cursor.copy(cast(Any, f"copy {table} from stdin (format binary)")) as copy,
        ):
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)

    def copy_text(self, table: str, rows: Iterable[Sequence[Any]]) -> None:
        """The same in text, for types that the library does not know."""
        with self.connection.cursor() as cursor, cursor.copy(cast(Any, f"copy {table} from stdin")) as copy:
            for row in rows:
                copy.write_row(row)


def upsert(table: str, keys: str, rest: str) -> str:
    """A statement that puts a row into the place of one with the same keys; names of columns part by spaces."""
    key, columns = keys.split(), [*keys.split(), *rest.split()]
    marks = ", ".join("%s" for _ in columns)
    news = ", ".join(f"{name} = excluded.{name}" for name in rest.split())
    put = f"insert into {table} ({', '.join(columns)}) values ({marks})"
    return f"{put} on conflict ({', '.join(key)}) do update set {news}"


def sentence(error: BaseException) -> str:
    """What the server or the library said, on one line."""
    return " ".join(str(error).split())[:300] or type(error).__name__


@contextmanager
def translated() -> Iterator[None]:
    """No error of the database library leaves the room."""
    try:
        yield
    except psycopg.Error as error:
        raise storage_error(error) from error


def storage_error(error: psycopg.Error) -> StorageError:
    """An error of the library as one of storage."""
    if isinstance(error, errors.DiskFull):
        return StorageError("room on the disk", sentence(error), "free some space; reading goes on meanwhile")
    if isinstance(error, errors.ReadOnlySqlTransaction):
        return StandsBy()
    return StorageError("a working database", sentence(error), "run `xstock doctor`, and look at the server's log")
