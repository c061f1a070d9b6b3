"""A connection that can only read, because the database itself refuses to write.

| database | how |
|---|---|
| SQLite | opened with `mode=ro`, `PRAGMA query_only` |
| PostgreSQL | `default_transaction_read_only=on` when connecting, `SET TRANSACTION READ ONLY` |
| MySQL, MariaDB | `SET SESSION TRANSACTION READ ONLY`, `START TRANSACTION READ ONLY` |
| others | not at all: the operator says that the account can only read, or nothing is opened |

All of it blocks: the source calls it in a thread.
"""

import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import create_engine
from sqlalchemy.engine import Connection, CursorResult, Engine
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from xstock_node.plugins import AdapterError, Context, NotAllowed, Unauthorised, Unavailable
from xstock_sql.settings import SqlSettings, address

CONNECT_SECONDS: Final = 10
STEPS: Final = 10_000
"""SQLite looks at the clock once in so many of its steps."""
REFUSED: Final = re.compile(r"authentication|password|access denied|login failed|pg_hba", re.IGNORECASE)
BUSY: Final = re.compile(r"locked|busy|interrupted", re.IGNORECASE)
NAMES: Final = {"postgresql": "PostgreSQL", "sqlite": "SQLite", "mysql": "MySQL", "mariadb": "MariaDB"}


class Database:
    """One connection, in one read-only transaction, until `close`. Raises the errors of adapters and no others."""

    def __init__(self, context: Context) -> None:
        settings: SqlSettings = context.settings
        self._engine: Engine | None = None
        self._line: Connection | None = None
        self._result: CursorResult[Any] | None = None
        try:
            self._engine = _engine(context)
            self._line = self._engine.connect()
            for word in _reading(self._engine, settings):
                self._line.exec_driver_sql(word)
        except BaseException as error:
            self.close()
            raise _meaning(error, connecting=self._line is None) from None

    @property
    def system(self) -> str:
        """Name and version."""
        assert self._engine is not None
        name = NAMES.get(self._engine.dialect.name, self._engine.dialect.name)
        version = ".".join(str(part) for part in self._engine.dialect.server_version_info or ())
        return f"{name} {version}".strip()

    def open(self, query: str, rows_at_once: int) -> CursorResult[Any]:
        """Begin a query, its rows left at the server."""
        assert self._line is not None
        options = {"stream_results": True, "max_row_buffer": rows_at_once, "no_parameters": True}
        try:
            self._result = self._line.exec_driver_sql(query, execution_options=options)
            return self._result
        except Exception as error:
            raise _meaning(error) from None

    def rows(self, result: CursorResult[Any], most: int) -> list[tuple[Any, ...]]:
        """The next rows of a query."""
        try:
            return [tuple(row) for row in result.fetchmany(most)]
        except Exception as error:
            raise _meaning(error) from None

    def value(self, query: str) -> Any:
        """The one value of a query, None where it has no row."""
        result = self.open(query, 1)
        row = self.rows(result, 1)
        result.close()
        return row[0][0] if row else None

    def close(self) -> None:
        """End it all; what the database says to that is of no interest."""
        for thing in (self._result, self._line):
            try:
                if thing is not None:
                    thing.close()
            except (SQLAlchemyError, OSError):
                pass


def _engine(context: Context) -> Engine:
    settings: SqlSettings = context.settings
    if settings.file:
        return create_engine("sqlite://", creator=_sqlite(context), poolclass=NullPool)
    url = address(settings, context.folder)
    kind = url.get_backend_name()
    arguments: dict[str, Any] = {}
    if kind == "postgresql":
        wanted = f"-c default_transaction_read_only=on -c statement_timeout={settings.seconds * 1000}"
        arguments = {"options": wanted, "connect_timeout": CONNECT_SECONDS}
    elif kind in ("mysql", "mariadb"):
        arguments = {"connect_timeout": CONNECT_SECONDS}
    elif not settings.account_is_read_only:
        raise NotAllowed(
            f"expected a database that can be held to reading; came {kind}; give the account nothing but SELECT, and"
            " set account_is_read_only = true"
        )
    return create_engine(url, connect_args=arguments, poolclass=NullPool, hide_parameters=True)


def _sqlite(context: Context) -> Callable[[], sqlite3.Connection]:
    path: Path = (context.folder / context.settings.file).absolute()
    end = context.now() + context.settings.seconds

    def connect() -> sqlite3.Connection:
        line = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, check_same_thread=False)
        line.set_progress_handler(lambda: int(context.now() > end), STEPS)
        return line

    return connect


def _reading(engine: Engine, settings: SqlSettings) -> list[str]:
    """What is said first on a connection."""
    match engine.dialect.name:
        case "sqlite":
            return ["PRAGMA query_only = ON", "PRAGMA trusted_schema = OFF"]
        case "postgresql":
            return ["SET TRANSACTION READ ONLY"]
        case "mysql":
            limit = f"SET SESSION MAX_EXECUTION_TIME = {settings.seconds * 1000}"
            return [limit, "SET SESSION TRANSACTION READ ONLY", "START TRANSACTION READ ONLY"]
        case "mariadb":
            limit = f"SET SESSION MAX_STATEMENT_TIME = {settings.seconds}"
            return [limit, "SET SESSION TRANSACTION READ ONLY", "START TRANSACTION READ ONLY"]
    return []


def _meaning(error: BaseException, connecting: bool = False) -> BaseException:
    """An error of the database in the words of adapters; its own words can hold data and are not passed on."""
    if isinstance(error, ImportError | NoSuchModuleError):
        return NotAllowed("expected the driver of this database to be installed; pip install it; see the README")
    if not isinstance(error, DBAPIError):
        return (
            AdapterError(f"the database gave {type(error).__name__}") if isinstance(error, SQLAlchemyError) else error
        )
    cause, said = error.orig, str(error.orig)
    state = str(getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None) or "")
    used = bool(getattr(getattr(cause, "pgconn", None), "used_password", False))
    if state == "42501" or state[:2] == "28" or (connecting and (used or REFUSED.search(said))):
        return Unauthorised(
            "expected the database to let the account in and read; it refuses; mend account or password"
        )
    if state in ("25006", "SQLITE_READONLY") or "readonly" in said:
        return NotAllowed("expected a query that only reads; the database refuses what it does; mend the query")
    if connecting or error.connection_invalidated or BUSY.search(said) or state[:2] in ("08", "53", "55", "57"):
        return Unavailable(f"expected the database to answer; came {type(cause).__name__} {state}".rstrip())
    return AdapterError(f"expected a query that the database can run; came {type(cause).__name__} {state}; mend it")
