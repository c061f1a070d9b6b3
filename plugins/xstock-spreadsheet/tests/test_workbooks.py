"""Habits of workbooks: merged headers, formulas, formats, several sheets, and files that are no sound workbook."""

import io
import time
import zipfile
from datetime import datetime

import pytest
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font

HEAD = ["Код", "Наименование", "Мярка", "Количество", "Срок на годност"]


def test_a_formula_without_value_is_unknown(read_book):
    reading = read_book({"S": [HEAD, ["01", "Палатка", "бр", "=2+3", None], ["02", "Одеяло", "бр", 5, None]]})
    assert [(line.line, line.reason, line.sheet) for line in reading.rejected] == [(2, "formula_without_value", "S")]


def test_error_cells_are_bad_quantities(read_book):
    reading = read_book({"S": [HEAD, ["01", "Палатка", "бр", "#REF!", None], ["02", "Одеяло", "бр", 5, None]]})
    assert [line.reason for line in reading.rejected] == ["bad_quantity"]


def test_number_formats_prove_leading_zeros_and_months(read_book):
    def shape(book):
        book["S"]["A2"].number_format = "0000"
        book["S"]["E2"].number_format = "mm.yyyy"

    row = read_book({"S": [HEAD, [14, "Брашно", "кг", 5, datetime(2027, 6, 1)]]}, shape).rows[0]
    assert (row.item_code, row.expiry, row.expiry_precision) == ("0014", "2027-06-30", "month")


def test_dates_and_rounded_numbers_are_no_codes(read_book):
    reading = read_book(
        {"S": [HEAD, [datetime(2026, 3, 1), "A", "бр", 5, None], [1234567890123456789, "B", "бр", 5, None]]}
    )
    assert [(row.item_code, row.flags) for row in reading.rows] == [(None, ("code_damaged",))] * 2


def test_a_sheet_for_each_warehouse_names_the_place(read_book):
    lines = [HEAD, ["01", "Палатка", "бр", 5, None]]
    reading = read_book({"София": lines, "Варна": lines, "Обобщение": lines})
    assert [(row.location, row.sheet) for row in reading.rows] == [("София", "София"), ("Варна", "Варна")]
    assert len(reading.must_ask) == 1 and "Обобщение" in reading.must_ask[0]


def test_hidden_sheets_are_left_out_and_asked(read_book):
    lines = [HEAD, ["01", "Палатка", "бр", 5, None]]
    reading = read_book(
        {"Наличност": lines, "стар": lines}, lambda book: setattr(book["стар"], "sheet_state", "hidden")
    )
    assert len(reading.rows) == 1 and reading.rows[0].location is None
    assert "стар" in reading.must_ask[0]


def test_a_cell_merged_down_holds_for_its_rows(read_book):
    rows = [["Наименование", "Партида", "Количество"], ["Физ. разтвор", "L1", 5], [None, "L2", 7]]
    reading = read_book({"S": rows}, lambda book: book["S"].merge_cells("A2:A3"))
    assert [(row.item_name, row.lot) for row in reading.rows] == [("Физ. разтвор", "L1"), ("Физ. разтвор", "L2")]


def test_warehouses_over_quantity_and_reserved_make_a_pivot(read_book):
    rows = [
        ["Артикул", "София", None, "Варна", None],
        [None, "к-во", "резерв", "к-во", "резерв"],
        ["Палатка", 10, 2, 5, None],
    ]

    def shape(book):
        for area in ("A1:A2", "B1:C1", "D1:E1"):
            book["S"].merge_cells(area)

    reading = read_book({"S": rows}, shape)
    assert [(row.location, row.quantity, row.available) for row in reading.rows] == [("София", 10, 8), ("Варна", 5, 5)]


def test_indents_make_components(read_book):
    rows = [["Item", "Unit", "Qty"], ["Kit", "kit", 5], ["Soap", "pcs", 2], ["Tent", "pcs", 1]]
    reading = read_book({"S": rows}, lambda book: setattr(book["S"]["A3"], "alignment", Alignment(indent=2)))
    assert [part.item_name for part in reading.rows[0].components] == ["Soap"]
    assert len(reading.rows) == 2


def test_a_stray_cell_at_the_far_corner_costs_nothing(read_book):
    started = time.monotonic()
    rows = [HEAD, ["01", "Палатка", "бр", 5, None]]
    reading = read_book({"S": rows}, lambda book: book["S"].cell(1048576, 16384, "x"))
    assert [row.quantity for row in reading.rows] == [5]
    assert 1048576 in reading.skipped_lines
    assert time.monotonic() - started < 2


def _saved() -> bytes:
    book = Workbook()
    book.active.append(["name", "qty"])
    book.active.append(["Tent", 5])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_a_truncated_workbook_is_unreadable(read):
    assert read(_saved()[:-400], "list.xlsx").error == "unreadable_file"


def test_a_broken_old_workbook_under_an_xlsx_name_is_unreadable(read):
    assert read(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "list.xlsx").error == "unreadable_file"


def test_a_password_is_named(read):
    raw = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le")
    assert read(raw, "list.xlsx").error == "encrypted_file"


def test_csv_under_an_xlsx_name_is_read_as_what_it_is(read):
    assert read("name;qty\nTent;5\n", "list.xlsx").rows[0].quantity == 5


def _rewritten(change) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(_saved())) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            new.writestr(part.filename, change(part.filename, old.read(part)))
    return buffer.getvalue()


def test_a_doctype_is_refused(read):
    doctype = b'<!DOCTYPE x [<!ENTITY a "b">]>'
    raw = _rewritten(
        lambda name, data: data.replace(b"<worksheet", doctype + b"<worksheet", 1) if "sheet1" in name else data
    )
    assert read(raw, "list.xlsx").error == "unreadable_file"


def test_a_zip_bomb_is_refused_before_it_is_unpacked(read):
    raw = _rewritten(lambda name, data: data + b" " * 80_000_000 if "sheet1" in name else data)
    assert read(raw, "list.xlsx").error == "too_large"


@pytest.mark.parametrize("rows", [[], [[None]]])
def test_a_workbook_without_cells_is_empty(read_book, rows):
    assert read_book({"S": rows}).error == "empty_file"


def test_a_sheet_that_holds_the_sums_of_the_others_is_left_out(read_book):
    head = ["Item", "Unit", "Qty"]
    sheets = {
        "Niš": [head, ["Tent", "pcs", 5]],
        "Pirot": [head, ["Tent", "pcs", 7]],
        "RKS": [head, ["Tent", "pcs", 12]],
    }
    reading = read_book(sheets)
    assert [(row.location, row.quantity) for row in reading.rows] == [("Niš", 5), ("Pirot", 7)]
    assert "RKS" in reading.must_ask[0]


def test_sheets_of_months_are_not_added_up(read_book):
    head = ["Item", "Unit", "Qty"]
    reading = read_book({"Oct 2026": [head, ["Tent", "pcs", 5]], "Nov 2026": [head, ["Tent", "pcs", 7]]})
    assert [row.quantity for row in reading.rows] == [7]
    assert reading.must_ask


def test_shares_of_a_hundred_are_no_counts(read_book):
    def shape(book):
        book.active["B2"].number_format = "0%"
        book.active["B3"].number_format = '0" % vol"'

    reading = read_book({"Stock": [["Item", "Qty"], ["Tent", 0.5], ["Spirit", 70], ["Cup", "50%"]]}, shape)
    assert [(line.line, line.reason) for line in reading.rejected] == [(2, "bad_quantity"), (4, "bad_quantity")]
    assert [row.quantity for row in reading.rows] == [70]


def test_lines_struck_through_are_asked_about(read_book):
    def shape(book):
        for cell in book.active[3]:
            cell.font = Font(strike=True)
        book.active["A2"].font = Font(bold=True)

    reading = read_book({"Stock": [["Item", "Unit", "Qty"], ["Tent", "pcs", 5], ["Bed", "pcs", 6]]}, shape)
    assert [(row.item_name, row.flags) for row in reading.rows] == [("Tent", ()), ("Bed", ("needs_confirmation",))]
    assert len(reading.must_ask) == 1 and "struck" in reading.must_ask[0] and "line 3" in reading.must_ask[0]
