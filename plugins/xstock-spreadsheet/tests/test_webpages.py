"""Tables of web pages under the name of a workbook: spans, several tables, titles, charsets, noted numbers."""

import time

from webpage import page


def _table(body: str) -> bytes:
    return f"<html><body><table>{body}</table></body></html>".encode()


def test_two_rows_of_headers_with_spans_make_a_pivot(read):
    head = "<tr><th rowspan=2>Item<th rowspan=2>Unit<th colspan=2>Sofia<th colspan=2>Varna</tr>"
    lower = "<tr><th>Qty</th><th>Reserved</th><th>Qty</th><th>Reserved</th></tr>"
    rows = read(_table(f"{head}{lower}<tr><td>Tent<br>big<td>pcs<td>5<td>1<td>7<td></tr>"), "list.xls").rows
    assert [(row.item_name, row.location, row.quantity, row.reserved) for row in rows] == [
        ("Tent big", "Sofia", 5, 1),
        ("Tent big", "Varna", 7, None),
    ]


def test_a_cell_that_spans_rows_holds_for_them(read):
    head = "<tr><th>Item<th>Unit<th>Qty<th>Lot</tr>"
    body = "<tr><td rowspan=2>Tent<td>pcs<td>5<td>A</tr><tr><td>pcs<td>6<td>B</tr>"
    rows = read(_table(head + body), "list.xls").rows
    assert [(row.item_name, row.lot, row.quantity) for row in rows] == [("Tent", "A", 5), ("Tent", "B", 6)]


def test_what_stands_above_the_table_says_the_date_and_the_place(read):
    raw = page(
        {"x": [["Артикул", "К-во"], ["Палатка", 5]]}, head="<h1>Наличност към 15.11.2026</h1><p>Склад: Варна</p>"
    )
    reading = read(raw, "list.xls")
    assert (reading.as_of, reading.rows[0].location, reading.rows[0].line) == ("2026-11-15", "Варна", 2)
    assert reading.skipped_lines == [] and reading.encoding == "cp1251"


def test_tables_follow_each_other(read):
    raw = page(
        {"a": [["Stock as of 15.11.2026"]], "b": [["Item", "Qty"], ["Tent", 5]], "c": [["Item", "Qty"], ["Cup", 6]]}
    )
    reading = read(raw, "list.html")
    assert [(row.item_name, row.line) for row in reading.rows] == [("Tent", 3), ("Cup", 5)]
    assert reading.skipped_lines == [1, 2, 4] and reading.as_of == "2026-11-15"


def test_a_table_inside_a_cell_is_read_too(read):
    inner = "<table><tr><th>Item<th>Qty</tr><tr><td>Tent<td>5</tr></table>"
    assert [row.item_name for row in read(_table(f"<tr><td>{inner}</td></tr>"), "list.xls").rows] == ["Tent"]


def test_scripts_are_no_text_and_escaped_ones_are_kept_as_typed(read):
    body = "<tr><th>Item<th>Qty</tr><tr><td><script>alert(1)</script>Tent<td>5</tr>"
    body += "<tr><td>&lt;script&gt;alert(1)&lt;/script&gt;<td>6</tr>"
    names = [row.item_name for row in read(_table(body), "list.xls").rows]
    assert names == ["Tent", "<script>alert(1)</script>"]


def test_a_number_noted_beside_the_shown_text_counts(read):
    code = """<td x:num="14" style='mso-number-format:"0000"'>0014"""
    body = f'<tr><th>Item<th>Qty<th>Code</tr><tr><td>Tent<td x:num="1234.5">1.234{code}</tr>'
    row = read(_table(body), "list.xls").rows[0]
    assert (str(row.quantity), row.item_code) == ("1234.5", "0014")


def test_a_page_that_lies_about_its_charset_is_decoded_by_its_letters(read):
    text = "<meta charset=utf-8><table><tr><th>Артикул<th>К-во<th>Мярка</tr><tr><td>Палатка<td>5<td>бр.</tr></table>"
    assert read(f"<html>{text}</html>".encode("cp1251"), "list.xls").rows[0].item_name == "Палатка"


def test_hostile_spans_and_nesting_cost_nothing(read):
    started = time.process_time()
    spans = "<td rowspan=999999 colspan=999999>x" * 2000
    assert read(_table(f"<tr>{spans}</tr><tr><th>Item<th>Qty</tr>" + "<tr>" * 1000), "a.xls").error is not None
    assert read(b"<html>" + b"<table><tr><td>" * 5000, "a.xls").error == "too_large"
    assert time.process_time() - started < 5


def test_a_page_without_a_table_is_unreadable(read):
    reading = read(b"<!DOCTYPE html><html><body><p>Tent 5</p></body></html>", "list.html")
    assert reading.error == "unreadable_file" and "without a table" in reading.error_text
