"""Changes between two lists of one source, and the guard that holds a list which changes too much."""

import json
import os
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xstock_node.domain.stock import StockLine
from xstock_node.domain.stock_changes import StockChange, compare, mass_change
from xstock_node.plugins.adapters import ReadHints

SHARED = Path(os.environ.get("XSTOCK_SHARED", Path(__file__).parents[3] / "shared")) / "data" / "messy"


def line(code: str | None = "A1", quantity: object = 10, name: str = "Tent", **more: Any) -> StockLine:
    fields = {"unit": "pcs", "location": None, "lot": None, "expiry": None} | more
    return StockLine(item_code=code, item_name=name, quantity=Decimal(str(quantity)), **fields)


def said(changes: list[StockChange]) -> list[dict[str, Any]]:
    return [json.loads(msgspec.json.encode(change)) for change in changes]


def test_the_sample_of_next_week_changes_what_it_says() -> None:
    path = SHARED / "31a_bg_next_week.csv"
    if not path.is_file():
        assert os.environ.get("CI") != "true", f"no samples under {SHARED}"
        pytest.skip(f"no samples under {SHARED}; set XSTOCK_SHARED")
    reader = import_module("xstock_spreadsheet.reader").SpreadsheetReader()
    expected = json.loads(path.with_name(f"{path.name}.expected.json").read_text("utf-8"))
    hints = ReadHints(today="2026-11-15")
    before, after = (reader.read(path.with_name(name), hints).rows for name in (expected["previous"], path.name))
    assert said(compare(before, after)) == expected["changes"]
    assert mass_change(before, after) is None and "guard" not in expected


def test_the_same_list_in_another_order_changes_nothing() -> None:
    lines = [line("A1"), line("A2", lot="L"), line(None, name="Cup")]
    assert compare(lines, lines[::-1]) == []


def test_a_line_without_code_under_another_name_is_another_line() -> None:
    assert said(compare([line(None, 5, "Cup")], [line(None, 5, "Mug")])) == [
        {"op": "add", "item_name": "Mug", "to": "5"},
        {"op": "remove", "item_name": "Cup", "from": "5"},
    ]


def test_another_spelling_of_the_name_is_no_rename() -> None:
    assert compare([line(name="ŠATOR")], [line(name="šator")]) == []


def test_a_changed_unit_is_another_line() -> None:
    assert [c.op for c in compare([line(unit="box")], [line(unit="carton")])] == ["add", "remove"]


def test_a_rename_with_another_quantity_is_both() -> None:
    assert [c.op for c in compare([line(name="Tent")], [line(name="Big tent", quantity=7)])] == ["rename", "update"]


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        ([{"lot": "L1"}], {}),
        ([{"lot": "L1", "expiry": "2027-01-31"}, {"lot": "L2", "expiry": "2028-01-31"}], {"lot"}),
        ([{"location": "Niš"}, {"location": "Pirot"}], {"location"}),
        ([{"lot": "L1", "location": "Niš"}, {"lot": "L1", "location": "Pirot"}], {"location"}),
    ],
)
def test_as_much_of_a_line_is_said_as_parts_it_from_its_item_s_others(
    parts: list[dict[str, str]], shown: set[str]
) -> None:
    before = [line(**part) for part in parts]
    after = [line(quantity=3, **part) for part in parts]
    assert [set(change) - {"op", "item_code", "from", "to"} for change in said(compare(before, after))] == [
        set(shown)
    ] * len(parts)


def test_lines_alike_are_counted_one_by_one() -> None:
    assert said(compare([line(quantity=1), line(quantity=2)], [line(quantity=1)])) == [
        {"op": "remove", "item_code": "A1", "from": "2"}
    ]


def lines(*quantities: int) -> list[StockLine]:
    return [line(f"C{number}", quantity) for number, quantity in enumerate(quantities)]


@pytest.mark.parametrize(
    ("before", "after", "held"),
    [
        ((10,) * 10, (10,) * 7, False),  # exactly 30 %
        ((10,) * 10, (10,) * 6, True),
        ((10,) * 10, (15,) * 10, False),  # exactly 50 %
        ((10,) * 10, (16,) * 10, True),
        ((10,) * 10, (4,) * 10, True),
        ((10,) * 4, (10,), False),  # a short list
        ((10,), (), True),  # but never an empty one
        ((), (), False),
        ((), (10,) * 10, False),
    ],
)
def test_the_guard_holds_what_changes_too_much(before: tuple[int, ...], after: tuple[int, ...], held: bool) -> None:
    assert (mass_change(lines(*before), lines(*after)) is not None) is held


def test_the_guard_says_how_much_is_gone() -> None:
    found = mass_change(lines(*(10,) * 10), lines(*(10,) * 4))
    assert found is not None and (found.lost, found.lines, found.had, found.has) == (6, 10, 100, 40)
    assert found.vanished and found.moved


_LINES = st.lists(
    st.builds(
        line,
        code=st.sampled_from(["A1", "A2", None]),
        quantity=st.integers(0, 3),
        name=st.sampled_from(["Tent", "Cup"]),
        lot=st.sampled_from([None, "L1", "L2"]),
    ),
    max_size=8,
)


@given(_LINES, _LINES)
def test_every_line_is_kept_added_or_removed(before: list[StockLine], after: list[StockLine]) -> None:
    found = compare(before, after)
    added, removed = (sum(c.op == op for c in found) for op in ("add", "remove"))
    assert len(before) - removed == len(after) - added
    assert compare(after, after) == []


@pytest.mark.parametrize(("was", "now", "held"), [(10, 100, True), (40, 4000, True), (10, 99, False), (1, 12, False)])
def test_a_line_that_may_have_slipped_by_a_digit_is_held(was: int, now: int, held: bool) -> None:
    many = [line(f"T{n}", 5000) for n in range(5)]

    def with_tents(quantity: int) -> list[StockLine]:
        return [*many, line("TENT", quantity)]

    found = mass_change(with_tents(was), with_tents(now))
    assert (found is not None and found.grown == ("TENT",)) == held and (found is None) != held
