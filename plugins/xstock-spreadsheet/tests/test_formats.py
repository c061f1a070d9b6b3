"""One list in every form: what a file truly is decides how it is read, and every form says the same."""

from datetime import date

import pytest
from biff8 import xls
from cells import Error, Formed, Formula
from hypothesis import given, settings
from hypothesis import strategies as st
from opendocument import content, ods, packed
from sheetxml import sheet_xml
from webpage import page
from xlsx import xlsx
from xstock_spreadsheet.errors import FileRefused
from xstock_spreadsheet.reader import read_bytes

from xstock_node.plugins.adapters import FileReading, ReadHints

HEAD = ["Код", "Наименование", "Мярка", "Количество", "Срок на годност", "Склад"]
LIST = [
    HEAD,
    [Formed(14, "0000"), "Брашно тип 500", "кг", 1240.5, date(2027, 6, 30), "Варна"],
    ["0015", "Вода", "бр.", Formula(7), Formed(date(2027, 6, 1), "mm.yyyy"), "Варна"],
    ["0016", "Палатка", "бр.", Error("#REF!"), None, "Варна"],
    ["=cmd|' /C calc'!A0", "@SUM(1)", "бр.", 3, "без срок", "Варна"],
    ["0018", "Одеяло", "бр.", 5, Error("#N/A"), "Варна"],
    [None, "Общо", None, 1255.5, None, None],
]
ROWS = [
    ("0014", "Брашно тип 500", "kg", "1240.5", "2027-06-30", None, 2),
    ("0015", "Вода", "pcs", "7", "2027-06-30", "month", 3),
    ("=cmd|' /C calc'!A0", "@SUM(1)", "pcs", "3", None, None, 5),
]
FORMS = {
    "xls": xls({"Лист": LIST}),
    "xls of 1904": xls({"Лист": LIST}, epoch=date(1904, 1, 1)),
    "xlsx": xlsx({"Лист": LIST}),
    "xlsx of 1904": xlsx({"Лист": LIST}, mac=True),
    "ods": ods({"Лист": LIST}),
    "fods": content({"Лист": LIST}).replace("document-content", "document").encode(),
    "spreadsheet xml": sheet_xml({"Лист": LIST}),
    "html in cp1251": page({"Лист": LIST}),
    "html in utf-8": page({"Лист": LIST}, charset="utf-8"),
    "html in utf-16": page({"Лист": LIST}, charset="utf-16"),
}


@pytest.mark.parametrize("name", ["list.xls", "list.xlsx", "list.csv"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_the_same_whatever_its_name(read, form, name):
    reading = read(FORMS[form], name)
    assert reading.error is None, reading.error_text
    assert [
        (row.item_code, row.item_name, row.unit, str(row.quantity), row.expiry, row.expiry_precision, row.line)
        for row in reading.rows
    ] == ROWS
    assert {row.location for row in reading.rows} == {"Варна"}
    assert [(line.line, line.reason) for line in reading.rejected] == [(4, "bad_quantity"), (6, "bad_date")]
    assert reading.skipped_lines == [7]


BUILT = {"xls": xls, "xlsx": xlsx, "ods": ods, "spreadsheet xml": sheet_xml}


@pytest.mark.parametrize("form", BUILT)
def test_a_formula_never_reckoned_is_unknown_in_every_workbook(read, form):
    raw = BUILT[form]({"S": [HEAD, ["1", "Палатка", "бр", Formula(), None, "A"], ["2", "Кофа", "бр", 5, None, "A"]]})
    reading = read(raw, "list.xls")
    assert [(line.line, line.reason) for line in reading.rejected] == [(2, "formula_without_value")]
    assert [row.item_code for row in reading.rows] == ["2"]


@pytest.mark.parametrize("form", BUILT)
def test_a_sheet_for_each_warehouse_and_none_that_is_hidden(read, form):
    lines = [HEAD[:4], ["1", "Палатка", "бр", 5]]
    sheets = {"София": lines, "стар": lines, "Варна": lines, "Обобщение": lines}
    reading = read(BUILT[form](sheets, hidden=("стар",)), "list.xls")
    assert [(row.location, row.sheet) for row in reading.rows] == [("София", "София"), ("Варна", "Варна")]
    assert len(reading.must_ask) == 2
    assert "стар" in reading.must_ask[0] and "Обобщение" in reading.must_ask[1]


@pytest.mark.parametrize("form", BUILT)
def test_a_shelf_lies_within_the_warehouse_of_its_sheet(read, form):
    lines = [["Item", "Unit", "Qty", "Shelf"], ["Tent", "pcs", 5, "A1"]]
    rows = read(BUILT[form]({"Niš": lines, "Pirot": lines}), "list.xls").rows
    assert [row.location for row in rows] == ["Niš/A1", "Pirot/A1"]


@pytest.mark.parametrize("form", BUILT)
def test_errors_in_texts_are_unknown_and_asked_about(read, form):
    rows = [
        ["code", "name", "unit", "qty", "warehouse"],
        [Error("#N/A"), "Tent", "pcs", 5, "A"],
        ["A2", Error("#REF!"), "pcs", 6, "A"],
        ["A3", "Cup", "pcs", 7, Error("#VALUE!")],
    ]
    reading = read(BUILT[form]({"S": rows}), "list.xls")
    assert [(row.item_code, row.item_name, row.location, row.flags) for row in reading.rows] == [
        (None, "Tent", "A", ("code_damaged",)),
        ("A2", None, "A", ("needs_confirmation",)),
        ("A3", "Cup", None, ("needs_confirmation",)),
    ]
    assert len(reading.must_ask) == 2 and all("an error" in sentence for sentence in reading.must_ask)


@pytest.mark.parametrize("form", FORMS)
def test_no_cut_file_makes_the_reader_raise_or_give_half_a_list(read, form):
    raw = FORMS[form]
    for part in range(1, 12):
        reading = read(raw[: len(raw) * part // 12], "list.xls")
        if "html" not in form:
            assert reading.error == "unreadable_file", part


_WORDS = {"unreadable_file", "encrypted_file", "too_large", "empty_file", "no_header"}
_DAMAGE = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=8)
_MARKS = st.lists(
    st.sampled_from(
        ["<table>", "</table>", "<tr>", "</tr>", "<td>", "<td colspan=3>", "<th rowspan=2>", "Item", "Qty", "5", "Tent",
         "<br>", "<!--", "-->", "<script>", "</td>", "&lt;", "&#0;", "<td x:num=1>", "\x00", "<table:table-row>", "pcs"]
    ),
    max_size=40,
).map("".join)  # fmt: skip


def _said(raw):
    try:
        return read_bytes(raw, "list.xls", ReadHints(today="2026-11-15"))
    except FileRefused as refused:
        assert refused.word in _WORDS
        return None


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(FORMS)), _DAMAGE)
def test_no_damaged_byte_makes_the_reader_raise(form, damage):
    raw = bytearray(FORMS[form])
    for place, value in damage:
        raw[int(place * len(raw))] = value
    assert isinstance(_said(bytes(raw)), FileReading | None)


@settings(max_examples=200, deadline=None)
@given(_MARKS)
def test_no_heap_of_tags_makes_the_reader_raise(marks):
    _said(f"<html><table>{marks}".encode())
    _said(packed(content({"S": [["Item", "Qty"], ["Tent", 5]]}, tail=marks)))
