"""The same stock from PostgreSQL and from SQLite; neither lets a query write; passwords, rights, servers gone."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError
from xstock_sql import source as source_module
from xstock_sql.database import Database
from xstock_sql.settings import SqlSettings
from xstock_sql.source import SqlSource

from xstock_node.plugins import (
    AdapterError,
    Context,
    NotAllowed,
    RejectedLine,
    SnapshotEnd,
    SourceLine,
    Unauthorised,
    Unavailable,
)
from xstock_node.testing.plugin_context import plugin_context

NOW = 1_800_000_000
TABLES = (
    "CREATE TABLE item (id INTEGER PRIMARY KEY, code TEXT, name TEXT, unit TEXT)",
    "CREATE TABLE stock (item INTEGER, place TEXT, lot TEXT, expires {date}, amount {amount}, taken {real})",
    "CREATE TABLE counted (at TEXT)",
    "INSERT INTO item VALUES (1, 'BLANKET', 'Одеяло', 'pcs'), (2, 'ROPE', 'Rope 50% nylon', 'm'),"
    " (3, NULL, NULL, 'kg')",
    "INSERT INTO stock VALUES (1, 'Sofia', NULL, NULL, 1200, 30), (1, 'Varna', NULL, NULL, -2, NULL),"
    " (2, 'Sofia', 'R-7', '2031-05-31', 12.5, 0.1), (3, 'Sofia', NULL, NULL, 5, NULL)",
    "INSERT INTO counted VALUES ('2026-11-28T10:00:00+01:00')",
)
QUERY = """-- what lies where: all of it
SELECT s.item, i.code, i.name AS what, s.place, s.lot, s.expires, s.amount, s.taken, i.unit
FROM stock s JOIN item i ON i.id = s.item WHERE s.place <> ':none' AND i.unit NOT LIKE '%none%'
ORDER BY s.item, s.place;"""
SQLITE_LACKS = re.compile(r"grow|nextval|WITH gone")
"""SQLite knows none of these, and refuses them as they stand."""
COLUMNS = {
    "code": "item_code",
    "what": "item_name",
    "place": "location",
    "lot": "lot",
    "expires": "expiry",
    "amount": "quantity",
    "taken": "reserved",
    "unit": "unit",
}
Open = Callable[..., AbstractAsyncContextManager[Context]]


@pytest.fixture(params=["postgresql", "sqlite"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Opens a context on a database with that stock; settings may be changed."""
    fields: dict[str, Any] = {"query": QUERY, "columns": COLUMNS, "key": ("item", "place")}
    if request.param == "sqlite":
        types = {"date": "TEXT", "amount": "NUMERIC", "real": "REAL"}
        with sqlite3.connect(tmp_path / "stock.db") as line:
            for statement in TABLES:
                line.execute(statement.format(**types))
        line.close()
        fields["file"] = "stock.db"
    else:
        postgres = request.getfixturevalue("postgres")
        types = {"date": "DATE", "amount": "NUMERIC(12,3)", "real": "DOUBLE PRECISION"}
        postgres.execute(
            "DROP SCHEMA public CASCADE",
            "CREATE SCHEMA public",
            *(statement.format(**types) for statement in TABLES),
            "CREATE SEQUENCE seq",
            "CREATE FUNCTION grow() RETURNS INTEGER LANGUAGE SQL AS 'UPDATE stock SET amount = 0 RETURNING 1'",
            "DROP ROLE IF EXISTS reader",
            "GRANT USAGE ON SCHEMA public TO PUBLIC",
            "CREATE ROLE reader LOGIN SUPERUSER PASSWORD 'correct horse'",  # so that rights hold nothing back
        )
        (tmp_path / "password").write_text("correct horse\n", "utf-8")
        (tmp_path / "password").chmod(0o600)
        fields |= {"url": postgres.url("reader"), "password_file": "password"}

    @asynccontextmanager
    async def made(**changed: Any) -> AsyncIterator[Context]:
        async with plugin_context(SqlSettings(**fields | changed), tmp_path, now=lambda: NOW) as context:
            yield context

    return made


async def read(context: Context) -> list[SourceLine | RejectedLine | SnapshotEnd]:
    return [one async for one in SqlSource().snapshot(context)]


async def test_the_same_stock_is_read_from_both(opened: Open) -> None:
    for rows_at_once in (1, 1000):
        async with opened(rows_at_once=rows_at_once, as_of="SELECT at FROM counted") as context:
            *lines, rejected, end = await read(context)
        assert [
            (one.key, one.line.item_code, one.line.item_name, one.line.unit, one.line.quantity, one.line.reserved)
            for one in lines
            if isinstance(one, SourceLine)
        ] == [
            ("1/Sofia", "BLANKET", "Одеяло", "pcs", Decimal(1200), Decimal(30)),
            ("1/Varna", "BLANKET", "Одеяло", "pcs", Decimal(-2), None),
            ("2/Sofia", "ROPE", "Rope 50% nylon", "m", Decimal("12.5"), Decimal("0.1")),
        ]
        assert lines[1].line.flags == ("negative",)  # type: ignore[union-attr]
        assert (lines[2].line.lot, lines[2].line.expiry) == ("R-7", "2031-05-31")  # type: ignore[union-attr]
        assert rejected == RejectedLine(line=4, reason="incomplete_line")
        assert end == SnapshotEnd(as_of=1795856400, count=3)


async def test_it_says_what_it_is(opened: Open) -> None:
    async with opened() as context:
        told = await SqlSource().describe(context)
    assert told.system.split()[0] in ("PostgreSQL", "SQLite") and told.system.split()[1][0].isdigit()
    assert not told.movements and not told.changes


async def test_a_query_file_is_read(opened: Open, tmp_path: Path) -> None:
    (tmp_path / "stock.sql").write_text(QUERY, "utf-8")
    async with opened(query="", query_file="stock.sql") as context:
        assert len(await read(context)) == 5
    (tmp_path / "stock.sql").write_text("DELETE FROM stock", "utf-8")
    async with opened(query="", query_file="stock.sql") as context:
        with pytest.raises(NotAllowed, match="SELECT"):
            await read(context)


@pytest.mark.parametrize(
    "query",
    [
        "INSERT INTO counted VALUES ('now')",
        "UPDATE stock SET amount = 0",
        "DROP TABLE stock",
        "WITH gone AS (DELETE FROM stock RETURNING *) SELECT item, amount FROM gone",
        "SELECT grow() AS item, 1 AS amount",
        "WITH x AS (SELECT 1) INSERT INTO counted SELECT 'now' FROM x",
        "SELECT set_config('transaction_read_only', 'off', false) AS item, grow() AS amount",
        "SELECT nextval('seq') AS item, 1 AS amount",
    ],
)
async def test_the_database_itself_refuses_to_write(opened: Open, monkeypatch: pytest.MonkeyPatch, query: str) -> None:
    """The check of the first word is taken away, so that only the database is left to refuse."""
    async with opened() as context:
        before = await read(context)
        monkeypatch.setattr(source_module, "query", lambda settings, folder: query)
        with pytest.raises(AdapterError):
            await read(context)
        monkeypatch.undo()
        database = Database(context)
        with pytest.raises(DBAPIError) as error:  # and as it is, without the cursor around it
            database._line.exec_driver_sql(query).fetchall()  # type: ignore[union-attr]
        database.close()
        lacks = bool(context.settings.file) and SQLITE_LACKS.search(query)
        assert lacks or re.search("read-?only transaction|readonly|read-write mode must", str(error.value))
        assert await read(context) == before


async def test_a_query_that_writes_is_named_as_one(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened() as context:
        query = "DROP TABLE stock" if context.settings.file else "SELECT grow() AS item"
    monkeypatch.setattr(source_module, "query", lambda settings, folder: query)
    async with opened() as context:
        with pytest.raises(NotAllowed, match="only reads"):
            await read(context)


async def test_a_query_that_takes_too_long_is_ended(opened: Open) -> None:
    ticks = iter(range(NOW, NOW + 10_000))
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
        " SELECT max(i) AS item, 'x' AS code, 'x' AS what, 1 AS amount FROM n"
    )
    columns = {"code": "item_code", "amount": "quantity"}
    async with opened(query=endless, columns=columns, key=("item",), seconds=1) as context:
        with pytest.raises(Unavailable):
            await read(context._replace(now=lambda: next(ticks)))


async def test_columns_and_keys_that_do_not_fit_are_named(opened: Open) -> None:
    async with opened(key=("number",)) as context:
        with pytest.raises(AdapterError, match="number"):
            await SqlSource().describe(context)
    async with opened(key=("item",)) as context:
        with pytest.raises(AdapterError, match="row 2"):
            await read(context)
    async with opened(query="SELECT nothing FROM nowhere") as context:
        with pytest.raises(AdapterError, match="mend"):
            await read(context)
    async with opened(as_of="SELECT 'yesterday'") as context:
        with pytest.raises(AdapterError, match="as_of"):
            await read(context)


async def test_more_rows_than_it_may_tell_are_cut_and_said(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "MOST_ROWS", 2)
    async with opened() as context:
        *lines, end = await read(context)
    assert len(lines) == 2 and end == SnapshotEnd(as_of=NOW, count=2, complete=False)
    monkeypatch.setattr(source_module, "MOST_ROWS", 4)
    async with opened(rows_at_once=1) as context:
        assert (await read(context))[-1] == SnapshotEnd(as_of=NOW, count=3)


async def test_a_snapshot_that_is_left_early_closes_its_connection(opened: Open) -> None:
    async with opened(rows_at_once=1) as context:
        lines = SqlSource().snapshot(context)
        await anext(lines)
        await lines.aclose()  # type: ignore[attr-defined]
        assert len(await read(context)) == 5


async def test_a_wrong_password_is_unauthorised_and_not_told(postgres: Any, opened: Open, tmp_path: Path) -> None:
    async with opened() as context:
        if context.settings.file:
            return
        (tmp_path / "password").write_text("wrong horse", "utf-8")
        with pytest.raises(Unauthorised) as error:
            await SqlSource().describe(context)
        assert "horse" not in str(error.value) and error.value.__cause__ is None
        (tmp_path / "password").unlink()
        with pytest.raises(Unauthorised, match="password"):
            await SqlSource().describe(context)


async def test_a_table_that_the_account_may_not_read_is_unauthorised(postgres: Any, opened: Open) -> None:
    async with opened() as context:
        if context.settings.file:
            return
        postgres.execute("ALTER ROLE reader NOSUPERUSER")
        with pytest.raises(Unauthorised):
            await read(context)
        with pytest.raises(Unauthorised):
            await SqlSource().describe(context)


async def test_a_server_that_is_down_is_unavailable_and_comes_back(postgres: Any, opened: Open) -> None:
    async with opened() as context:
        if context.settings.file:
            return
        await asyncio.to_thread(postgres.stop)
        try:
            with pytest.raises(Unavailable):
                await read(context)
        finally:
            await asyncio.to_thread(postgres.start)
        assert len(await read(context)) == 5


async def test_a_file_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    settings = SqlSettings(
        file="none.db", query="SELECT 1 AS a, 2 AS b", columns={"a": "quantity", "b": "item_code"}, key=("b",)
    )
    async with plugin_context(settings, tmp_path) as context:
        with pytest.raises(Unavailable):
            await read(context)
    assert not (tmp_path / "none.db").exists()
