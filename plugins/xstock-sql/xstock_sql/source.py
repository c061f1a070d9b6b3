"""Reading: the operator's query, row by row, in a transaction of its own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from xstock_node.plugins import (
    AdapterError,
    Capabilities,
    Context,
    CursorExpired,
    Gone,
    RejectedLine,
    SnapshotEnd,
    SourceLine,
)
from xstock_sql.database import Database
from xstock_sql.settings import SqlSettings, query
from xstock_sql.values import Rejected, line_of, moment, text

MOST_ROWS: Final = 200_000


class SqlSource:
    """The inventory source `sql`."""

    name = "sql"
    title = "Database"
    settings = SqlSettings

    async def describe(self, context: Context) -> Capabilities:
        """Begin the query, fetch nothing, look at its columns: address, account, rights and columns are right."""
        async with _opened(context) as database:
            await _begun(database, context)
            return Capabilities(system=database.system)

    async def snapshot(self, context: Context) -> AsyncIterator[SourceLine | RejectedLine | SnapshotEnd]:
        """All rows, at most 200,000; where there are more, the end says that it is not complete."""
        settings: SqlSettings = context.settings
        async with _opened(context) as database:
            as_of = await _as_of(database, context)
            names, result = await _begun(database, context)
            batch = await asyncio.to_thread(database.rows, result, settings.rows_at_once)
            number, keys = 0, set[str]()
            while batch:
                for row in batch:
                    number += 1
                    if number > MOST_ROWS:
                        yield SnapshotEnd(as_of=as_of, count=len(keys), complete=False)
                        return
                    line = _line(dict(zip(names, row, strict=True)), number, settings)
                    if isinstance(line, SourceLine):
                        if line.key in keys:
                            raise AdapterError(f"expected each key once; row {number} has one again; mend key")
                        keys.add(line.key)
                    yield line
                batch = await asyncio.to_thread(database.rows, result, settings.rows_at_once)
            yield SnapshotEnd(as_of=as_of, count=len(keys))

    async def changes(
        self, context: Context, cursor: str
    ) -> AsyncIterator[SourceLine | Gone | RejectedLine | SnapshotEnd]:
        """A query tells no changes."""
        raise CursorExpired("expected a whole snapshot: a query tells no changes")
        yield  # makes it a generator


@asynccontextmanager
async def _opened(context: Context) -> AsyncIterator[Database]:
    database = await asyncio.to_thread(Database, context)
    try:
        yield database
    finally:
        await asyncio.to_thread(database.close)


async def _begun(database: Database, context: Context) -> tuple[list[str], Any]:
    """The query's columns, and its result, of which nothing is fetched yet."""
    settings: SqlSettings = context.settings
    result = await asyncio.to_thread(database.open, query(settings, context.folder), settings.rows_at_once)
    names = list(result.keys())
    missing = sorted({*settings.columns, *settings.key} - set(names))
    if missing:
        raise AdapterError(f"expected columns {', '.join(missing)} in the result; they are not there; mend columns")
    if len(set(names)) < len(names):
        raise AdapterError("expected each column once in the result; name them apart with AS")
    return names, result


async def _as_of(database: Database, context: Context) -> int:
    """When the stock was so, by the operator's query; never later than now, and now where nothing says it."""
    now = context.now()
    if not context.settings.as_of:
        return now
    try:
        found = moment(await asyncio.to_thread(database.value, context.settings.as_of))
    except (ValueError, OverflowError):
        raise AdapterError("expected as_of to give a time; came something else; mend the query") from None
    return now if found is None else min(found, now)


def _line(row: dict[str, Any], number: int, settings: SqlSettings) -> SourceLine | RejectedLine:
    try:
        key, line = line_of(row, settings)
        return SourceLine(key=key, line=line)
    except Rejected as error:
        return RejectedLine(line=number, reason=str(error), text=_shown(row, settings))


def _shown(row: dict[str, Any], settings: SqlSettings) -> str | None:
    """Code and name of a rejected row, so that a person finds it."""
    found = []
    for column, field in settings.columns.items():
        if field in ("item_code", "item_name"):
            try:
                found.append(text(row[column]))
            except Rejected:
                pass
    return " ".join(part for part in found if part)[:200] or None
