"""Lines written to csv and xlsx come back as they were, and no spreadsheet reckons a text in them."""

import csv
import io
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from xstock_spreadsheet.export import FIELDS, write_csv, write_xlsx
from xstock_spreadsheet.grid import clean
from xstock_spreadsheet.reader import read_bytes

from xstock_node.domain.stock import Component, StockLine, Unit
from xstock_node.plugins.adapters import ReadHints

WRITERS = {"csv": write_csv, "xlsx": write_xlsx}
HINTS = ReadHints(today="2026-11-15")
EMPTY = {"item_code": None, "item_name": None, "unit": None, "location": None, "lot": None, "expiry": None}


def line(**fields):
    return StockLine(**(EMPTY | {"item_name": "Tent", "quantity": Decimal(5)} | fields))


def back(kind, lines):
    """The lines after the journey, without where they stood."""
    rows = read_bytes(WRITERS[kind](lines), f"stock.{kind}", HINTS).rows
    return [msgspec.structs.replace(row, sheet=None, line=None) for row in rows]


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize(
    "fields",
    [
        {"item_code": "0001"},
        {"item_code": "1.23E+11"},
        {"item_code": "01-03-2027"},
        {"item_code": "'007"},
        {"item_name": "=cmd|' /C calc'!A0"},
        {"item_name": "@SUM(A1)"},
        {"item_name": "-5"},
        {"item_name": "''+1"},
        {"item_name": "＝1"},
        {"item_name": "Total"},
        {"item_name": 'Pipe 2"; "blue"'},
        {"item_name": "A-1 - Tent"},
        {"item_name": "#N/A"},
        {"lot": "-"},
        {"quantity": Decimal("1.125"), "unit": "kg"},
        {"quantity": Decimal("-1200")},
        {"quantity": Decimal("1234567890123456.789")},
        {"expiry": "2027-06-30", "expiry_precision": "month"},
        {"unit": "carton", "pack_factor": Decimal("0.125"), "base_quantity": Decimal("0.625"), "base_unit": "kg"},
        {"unit": "kit", "components": (Component("Soap; big", Decimal("2.5"), "kg", "S-1"), Component("=Cup"))},
        {"serials": ("A,1", "'B"), "flags": ("negative", "needs_confirmation")},
        {"counted_at": 1790000000, "value": Decimal("12.50"), "currency": "EUR", "crew": 4, "module": "WP"},
    ],
    ids=str,
)
def test_a_line_comes_back(kind, fields):
    assert back(kind, [line(**fields)]) == [line(**fields)]


@pytest.mark.parametrize("kind", WRITERS)
def test_lines_alike_stay_two(kind):
    assert back(kind, [line(), line()]) == [line(), line()]


_TEXT = st.text(st.characters(exclude_categories=("Cs", "Co")), min_size=1, max_size=12).map(clean).filter(bool)
_FIGURE = st.decimals(-(10**12), 10**12, places=4, allow_nan=False) | st.integers(-(10**9), 10**9).map(Decimal)
_MAYBE = st.none() | _TEXT
_LINES = st.builds(
    StockLine,
    item_code=_MAYBE, item_name=_TEXT, quantity=_FIGURE, unit=st.none() | st.sampled_from([str(u) for u in Unit]),
    location=_MAYBE, lot=_MAYBE, expiry=st.none() | st.dates().map(lambda day: day.isoformat()),
    reserved=st.none() | _FIGURE, pack_factor=st.none() | _FIGURE, category=_MAYBE, owner=_MAYBE, storage=_MAYBE,
    serials=st.lists(_TEXT, max_size=2).map(tuple),
    components=st.lists(st.builds(Component, _TEXT, st.none() | _FIGURE, _MAYBE, _MAYBE), max_size=2).map(tuple),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(_LINES, min_size=1, max_size=4), st.sampled_from(sorted(WRITERS)))
def test_whatever_the_lines_hold_they_come_back(lines, kind):
    assert back(kind, lines) == lines


def test_no_cell_of_the_csv_is_reckoned():
    texts = ["=1+1", "+1", "-1", "@A1", "\t=1", "x"]
    raw = write_csv([line(item_name=text, lot=text, quantity=Decimal(-3)) for text in texts])
    assert raw.startswith(b"\xef\xbb\xbf") and raw.endswith(b"\r\n")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig")), delimiter=";"))
    assert {row["Quantity"] for row in rows} == {"-3"}
    assert all(row[name][:1] in ("'", "x") for row in rows for name in ("Item name", "Lot"))


def test_the_cells_of_the_workbook_are_text_or_numbers():
    sheet = load_workbook(io.BytesIO(write_xlsx([line(item_code="0014", item_name="=1+1")]))).active
    titles = [cell.value for cell in sheet[1]]
    code, name = (sheet.cell(2, titles.index(FIELDS[field]) + 1) for field in ("item_code", "item_name"))
    assert (code.value, code.data_type, code.number_format) == ("0014", "s", "@")
    assert (name.data_type, name.quotePrefix) in (("s", True), ("f", True))
    assert sheet.cell(2, 3).value == 5


def test_a_file_changed_by_hand_is_read_like_any_other():
    raw = write_csv([line(item_code="A1", quantity=Decimal(5), unit="pcs")]).replace(b";5;pcs;", b";5 pcs;pcs;")
    reading = read_bytes(raw, "stock.csv", HINTS)
    assert [(row.item_code, row.quantity, row.unit) for row in reading.rows] == [("A1", 5, "pcs")]
    wrong = raw.replace(b";5 pcs;pcs;", b";five;pcs;")
    assert [rejected.reason for rejected in read_bytes(wrong, "stock.csv", HINTS).rejected] == ["bad_quantity"]


def test_no_lines_is_a_file_without_rows():
    assert read_bytes(write_csv([]), "stock.csv", HINTS).error == "no_rows"
