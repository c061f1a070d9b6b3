"""Habits of OpenDocument sheets: repeated rows, remarks, merged cells, tracked changes, formats, passwords."""

import time
from decimal import Decimal

import pytest
from cells import Formula
from opendocument import cell, content, ods, packed

HEAD = ["Код", "Наименование", "Мярка", "Количество"]
LINE = ["1", "Палатка", "бр", 5]


def _row(values, repeated):
    return f'<table:table-row table:number-rows-repeated="{repeated}">{"".join(map(cell, values))}</table:table-row>'


_WIDE = cell("x").replace("<table:table-cell", '<table:table-cell table:number-columns-repeated="16384"')


def _one(read, *lines, **more):
    return read(ods({"S": [HEAD, *lines]}, **more), "list.ods")


def test_remarks_are_no_text_and_spans_and_blanks_are(read):
    text = (
        '<table:table-cell office:value-type="string"><office:annotation><dc:creator>Иванов</dc:creator>'
        "<text:p>Иванов брои</text:p></office:annotation>"
        '<text:p>Па<text:span>лат</text:span>ка<text:s text:c="2"/>16<text:line-break/>м</text:p></table:table-cell>'
    )
    assert _one(read, ["1", text, "бр", 5]).rows[0].item_name == "Палатка  16 м"


def test_rows_repeated_are_rows_repeated_whole(read):
    reading = _one(read, LINE, tail=_row(["2", "Кофа", "бр", 7], 2))
    assert [(row.item_code, row.quantity, row.line) for row in reading.rows] == [("1", 5, 2), ("2", 7, 3)]
    assert "lines 3, 4" in reading.must_ask[0]


def test_a_cell_merged_down_holds_for_its_rows(read):
    merged = cell("L1").replace("<table:table-cell", '<table:table-cell table:number-rows-spanned="2"', 1)
    rows = [["Наименование", "Мярка", "Количество", "Партида"], ["A", "бр", 5, merged]]
    rows.append(["B", "бр", 6, "<table:covered-table-cell/>"])
    assert [row.lot for row in read(ods({"S": rows}), "list.ods").rows] == ["L1", "L1"]


@pytest.mark.parametrize(
    ("attributes", "shown", "quantity", "unit"),
    [
        ('office:value-type="float" office:value="5"', "5,00 кг", "5", "kg"),
        ('office:value-type="float" office:value="1250.5"', "1.250,50", "1250.5", None),
        ('office:value-type="currency" office:currency="EUR" office:value="7"', "7,00", "7", None),
        ('office:value-type="float" office:value="0.30000000000000004"', "0,3", "0.3", None),
        ('office:value-type="string"', "12 бр.", "12", "pcs"),
    ],
)
def test_the_stored_value_counts_and_the_shown_text_proves_the_unit(read, attributes, shown, quantity, unit):
    text = f"<table:table-cell {attributes}><text:p>{shown}</text:p></table:table-cell>"
    row = _one(read, ["1", "A", None, text]).rows[0]
    assert (row.quantity, row.unit) == (Decimal(quantity), unit)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('<table:table-cell table:formula="of:=1/0" office:value-type="float" office:value="0"><text:p>#DIV/0!</text:p>'
         "</table:table-cell>", "bad_quantity"),
        ('<table:table-cell table:formula="of:=X()" office:value-type="string" office:string-value=""'
         ' calcext:value-type="error"><text:p>Err:508</text:p></table:table-cell>', "bad_quantity"),
        ('<table:table-cell office:value-type="boolean" office:boolean-value="true"><text:p>WAHR</text:p>'
         "</table:table-cell>", "bad_quantity"),
        (Formula(), "formula_without_value"),
        ('<table:table-cell table:formula="of:=A1" office:value-type="float"/>', "formula_without_value"),
    ],
)  # fmt: skip
def test_errors_and_bare_formulas_are_no_counts(read, text, reason):
    assert [line.reason for line in _one(read, ["1", "A", "бр", text], LINE).rejected] == [reason]


def test_deleted_cells_of_tracked_changes_and_copies_of_other_files_are_no_stock(read):
    old = _row(["9", "Стара", "бр", 9], 1)
    before = f'<table:tracked-changes><table:deletion><table:table table:name="x">{old}</table:table></table:deletion>'
    copy = f"<table:table table:name=\"'file:///x.ods'#$S\">{old}</table:table>"
    reading = _one(read, LINE, before=before + "</table:tracked-changes>" + copy)
    assert [row.item_code for row in reading.rows] == ["1"] and not reading.must_ask


@pytest.mark.parametrize(
    "tail",
    [
        _row([None], 1048000),
        '<table:table-row><table:table-cell table:number-columns-repeated="16384"/></table:table-row>',
        _row([_WIDE], 10**6),
        _row([None], 1048000) + _row(["x"], 1),
    ],
    ids=["blank rows", "blank columns", "filled millions", "a stray cell"],
)  # fmt: skip
def test_what_is_repeated_a_million_times_costs_nothing(read, tail):
    started = time.process_time()
    reading = _one(read, LINE, tail=tail)
    assert time.process_time() - started < 1
    assert [row.item_code for row in reading.rows] == ["1"]


@pytest.mark.parametrize("sign", ["manifest:encryption-data", "manifest:encrypted-key"])
def test_a_password_is_named(read, sign):
    entry = f"<manifest:file-entry><{sign}/></manifest:file-entry>"
    manifest = f'<manifest:manifest xmlns:manifest="m">{entry}</manifest:manifest>'
    assert read(packed(content({"S": [HEAD, LINE]}), manifest), "list.ods").error == "encrypted_file"


def test_a_doctype_is_refused(read):
    text = content({"S": [HEAD, LINE]}).replace("<office:", '<!DOCTYPE x [<!ENTITY a "b">]><office:', 1)
    assert read(packed(text), "list.ods").error == "unreadable_file"


def test_a_document_without_content_is_unreadable(read):
    raw = packed("").replace(b"content.xml", b"contend.xml")
    assert read(raw, "list.ods").error == "unreadable_file"
