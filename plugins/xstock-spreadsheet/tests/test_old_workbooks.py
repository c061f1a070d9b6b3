"""Habits of old workbooks (xls): 1904, merged cells, formulas' kept values, far cells, damaged bytes."""

from datetime import date

import pytest
from biff8 import xls
from cells import Error, Formed, Formula
from hypothesis import given, settings
from hypothesis import strategies as st
from xstock_spreadsheet.errors import FileRefused
from xstock_spreadsheet.reader import read_bytes

from xstock_node.plugins.adapters import FileReading, ReadHints

HEAD = ["Код", "Наименование", "Мярка", "Количество"]
HINTS = ReadHints(today="2026-11-15")


def test_kept_values_of_formulas_are_read(read):
    kept = [Formula(7), Formula("8 бр."), Formula(Error("#REF!")), Formula()]
    raw = xls({"S": [HEAD, *([str(at), "A" * at, "бр", value] for at, value in enumerate(kept, 1))]})
    reading = read(raw, "list.xls")
    assert [(row.item_code, row.quantity) for row in reading.rows] == [("1", 7), ("2", 8)]
    assert [(line.line, line.reason) for line in reading.rejected] == [
        (4, "bad_quantity"),
        (5, "formula_without_value"),
    ]


def test_a_cell_merged_down_holds_for_its_rows(read):
    rows = [["Наименование", "Партида", "Количество"], ["Физ. разтвор", "L1", 5], [None, "L2", 7]]
    reading = read(xls({"S": rows}, merges={"S": [(1, 2, 0, 0)]}), "list.xls")
    assert [(row.item_name, row.lot) for row in reading.rows] == [("Физ. разтвор", "L1"), ("Физ. разтвор", "L2")]


def test_the_same_day_in_both_calendars(read):
    rows = [[*HEAD, "Срок"], ["1", "A", "бр", 5, date(2028, 2, 29)]]
    for epoch in (date(1899, 12, 30), date(1904, 1, 1)):
        assert read(xls({"S": rows}, epoch=epoch), "list.xls").rows[0].expiry == "2028-02-29"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (Formed(14, "00000"), "00014"),
        (Formed(123456, "00-00-00"), "12-34-56"),
        (Formed(590123412345, "0.00E+00"), "590123412345"),
        (1.23e11, None),
        (1234567890123456789.0, None),
        (date(2026, 3, 1), None),
        (7, "7"),
    ],
)
def test_number_formats_prove_codes_and_rounded_ones_are_damaged(read, value, code):
    row = read(xls({"S": [HEAD, [value, "A", "бр", 5]]}), "list.xls").rows[0]
    assert row.item_code == code and row.flags == (() if code else ("code_damaged",))


def test_a_far_cell_costs_nothing(read):
    rows = [HEAD, ["1", "A", "бр", 5], *[[]] * 60_000, [None] * 255 + ["x"]]
    assert [row.item_code for row in read(xls({"S": rows}), "list.xls").rows] == ["1"]


_SOUND = xls({"S": [HEAD, *([str(at), f"Стока {at}", "бр", at] for at in range(200))]})


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(_SOUND) - 1), st.integers(0, 255)), min_size=1, max_size=20))
def test_no_damaged_byte_makes_the_reader_raise(damage):
    raw = bytearray(_SOUND)
    for place, value in damage:
        raw[place] = value
    try:
        assert isinstance(read_bytes(bytes(raw), "list.xls", HINTS), FileReading)
    except FileRefused as refused:
        assert refused.word in {"unreadable_file", "encrypted_file", "too_large", "empty_file", "no_header"}
