"""Cells, texts and settings: what is taken, and what is rejected rather than guessed."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xstock_sql.database import Database
from xstock_sql.settings import SqlSettings, statement
from xstock_sql.values import Rejected, day, figure, key_of, moment, text

from xstock_node.plugins import NotAllowed
from xstock_node.testing.plugin_context import plugin_context

BASE: dict[str, Any] = {
    "url": "postgresql://reader@127.0.0.1/stock",
    "query": "SELECT 1",
    "columns": {"a": "quantity", "b": "item_code"},
    "key": ("b",),
}


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (None, None),
        ("", None),
        (12, Decimal(12)),
        (0.1, Decimal("0.1")),
        (Decimal("1.200"), Decimal("1.200")),
        ("1200", Decimal(1200)),
        (" 1200.5 ", Decimal("1200.5")),
        ("-3", Decimal(-3)),
        ("0.125", Decimal("0.125")),
        ("1234.567", Decimal("1234.567")),
    ],
)
def test_figures(cell: Any, value: Decimal | None) -> None:
    assert figure(cell) == value


@pytest.mark.parametrize(
    "cell",
    ["1.200", "1,2", "1 200", "1e3", "ten", "١٢", "0x10", True, b"1", float("nan"), float("inf"), 10**15, "-1.000"],
)
def test_figures_that_can_be_read_in_two_ways_or_none_are_rejected(cell: Any) -> None:
    with pytest.raises(Rejected, match="bad_quantity"):
        figure(cell)


@given(st.floats(min_value=-1e14, max_value=1e14))
def test_a_float_is_what_it_prints(cell: float) -> None:
    assert float(figure(cell)) == cell  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        (None, (None, None)),
        (date(2031, 5, 31), ("2031-05-31", "day")),
        (datetime(2031, 5, 31, 9), ("2031-05-31", "day")),
        ("2031-05-31", ("2031-05-31", "day")),
        ("2031-05-31 00:00:00", ("2031-05-31", "day")),
        ("2032-02", ("2032-02-29", "month")),
    ],
)
def test_dates(cell: Any, found: tuple[str | None, str | None]) -> None:
    assert day(cell) == found


@pytest.mark.parametrize(
    "cell", ["31.05.2031", "05/31/2031", "2031-02-30", "2031-13", "2031", 20310531, "soon", b"2031-05-31"]
)
def test_dates_that_would_have_to_be_guessed_are_rejected(cell: Any) -> None:
    with pytest.raises(Rejected, match="bad_date"):
        day(cell)


def test_texts_are_one_clean_line() -> None:
    assert text("a\r\n b\x00\x1b") == "a b" and text("  ") is None and text(7.0) == "7" and text(7) == "7"
    assert text(UUID(int=1)) == "00000000-0000-0000-0000-000000000001"
    for cell in (b"x", True, ["x"]):
        with pytest.raises(Rejected):
            text(cell)


def test_keys_of_several_columns_do_not_run_into_each_other() -> None:
    two = SqlSettings(**BASE | {"key": ("a", "b")})
    found = {key_of({"a": a, "b": b}, two) for a, b in (("1/2", "3"), ("1", "2/3"), ("1", "23"), ("12", "3"))}
    assert len(found) == 4
    for row in ({"a": None, "b": "1"}, {"a": "x" * 199, "b": "yy"}):
        with pytest.raises(Rejected):
            key_of(row, two)


def test_times() -> None:
    assert moment("2027-01-15T08:00:00Z") == moment("2027-01-15 08:00") == 1_800_000_000
    assert moment(datetime(2027, 1, 15, 8, tzinfo=UTC)) == moment(1_800_000_000.9) == 1_800_000_000
    with pytest.raises(ValueError):
        moment("yesterday")


@pytest.mark.parametrize(
    "query", ["SELECT 1", " select 1 ;\n", "-- all\n/* of; it */ WITH a AS (SELECT 1) SELECT * FROM a"]
)
def test_one_select_is_taken(query: str) -> None:
    if ";" in query.strip().rstrip(";"):
        with pytest.raises(ValueError):
            statement(query)
    else:
        statement(query)


@pytest.mark.parametrize(
    "query",
    ["", "DELETE FROM a", "SELECT 1; DELETE FROM a", "-- SELECT\nDROP TABLE a", "/**/ATTACH 'x' AS y", "EXPLAIN"],
)
def test_anything_else_is_not(query: str) -> None:
    with pytest.raises(ValueError):
        statement(query)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"url": ""}, "url, or file"),
        ({"file": "a.db"}, "not both"),
        ({"url": "postgresql://reader:word@127.0.0.1/stock"}, "without a password"),
        ({"url": "sqlite:///a.db"}, "expected file"),
        ({"url": "127.0.0.1"}, "DIALECT"),
        ({"query": ""}, "query_file"),
        ({"query": "DELETE FROM a"}, "SELECT"),
        ({"as_of": "UPDATE a"}, "SELECT"),
        ({"columns": {"a": "quantity"}}, "item_code"),
        ({"columns": {"a": "quantity", "b": "colour"}}, "colour"),
        ({"columns": {"a": "quantity", "b": "item_code", "c": "item_code"}}, "once"),
    ],
)
def test_settings_say_what_they_expect(changed: dict[str, Any], words: str) -> None:
    SqlSettings(**BASE)
    with pytest.raises(ValueError, match=words) as error:
        SqlSettings(**BASE | changed)
    assert ":word" not in str(error.value)


async def test_a_database_that_cannot_be_held_to_reading_is_not_opened_on_trust(tmp_path: Any) -> None:
    async with plugin_context(SqlSettings(**BASE | {"url": "oracle://reader@127.0.0.1/stock"}), tmp_path) as context:
        with pytest.raises(NotAllowed, match="account_is_read_only"):
            Database(context)
    settings = SqlSettings(**BASE | {"url": "oracle://reader@127.0.0.1/stock", "account_is_read_only": True})
    async with plugin_context(settings, tmp_path) as context:
        with pytest.raises(NotAllowed, match="driver"):
            Database(context)
