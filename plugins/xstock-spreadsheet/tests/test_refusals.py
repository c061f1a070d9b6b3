"""Files of other kinds are refused with what came and what to do, whatever their name ends with."""

import io
import zipfile

import pytest
from biff8 import xls

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def _zip(**parts: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        for name, text in parts.items():
            package.writestr(name.replace("__", "/").replace("_dot_", "."), text)
    return buffer.getvalue()


CASES = {
    "pdf": (b"%PDF-1.7\n%x", "a pdf document"),
    "png": (b"\x89PNG\r\n\x1a\n\x00", "a picture"),
    "jpg": (b"\xff\xd8\xff\xe0\x00\x10JFIF", "a picture"),
    "bmp": (b"BM\x36\x00\x00\x00" + bytes(40), "a picture"),
    "docx": (_zip(word__document_dot_xml="<x/>"), "a text document (docx)"),
    "xlsb": (_zip(xl__workbook_dot_bin="x"), "a binary workbook (xlsb)"),
    "odt": (_zip(mimetype="application/vnd.oasis.opendocument.text", content_dot_xml="<x/>"), "no spreadsheet"),
    "zip": (_zip(list_dot_csv="name;qty"), "holds no workbook"),
    "doc": (_OLE + "WordDocument".encode("utf-16-le"), "a text document (doc)"),
    "rtf": (b"{\\rtf1 Tent}", "rtf"),
    "mht": (b"MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n", "a web archive"),
    "xml": (b"<?xml version='1.0'?><list/>", "an xml document"),
    "sqlite": (b"SQLite format 3\0" + bytes(90), "a database"),
    "noise": (bytes(range(256)) * 4, "zero bytes"),
}


@pytest.mark.parametrize("name", ["list.xlsx", "list.csv", "list.xls", "list.ods"])
@pytest.mark.parametrize("kind", CASES)
def test_another_kind_of_file_is_unreadable(read, kind, name):
    raw, came = CASES[kind]
    reading = read(raw, name)
    assert reading.error == "unreadable_file" and not reading.rows
    assert came in reading.error_text and "save" in reading.error_text


def test_a_list_that_begins_like_a_picture_is_a_list(read):
    assert read("BM code;name;qty\n1;Tent;5\n").rows[0].quantity == 5


def test_an_old_workbook_with_a_password_is_named(read):
    assert read(xls({"S": [["name", "qty"], ["Tent", 5]]}, password=True), "list.xls").error == "encrypted_file"


def test_files_of_blanks_and_zeros_are_empty(read):
    for raw in (b"", b"\r\n\r\n", b"\xef\xbb\xbf", bytes(4096), ";;;\n;;;\n"):
        assert read(raw).error == "empty_file"


def test_tables_side_by_side_whose_columns_differ_are_refused_whole(read):
    reading = read("Item,Unit,Qty,,Item,Qty\nTent,pcs,5,,Bed,9\n")
    assert reading.error == "tables_beside" and not reading.rows
    assert "below each other" in reading.error_text


def test_a_count_beside_the_list_is_no_second_table(read):
    reading = read("Code,Item,Unit,Qty,,Remarks\nA1,Tent,pcs,5,,new\n")
    assert [(row.item_code, row.quantity) for row in reading.rows] == [("A1", 5)] and not reading.must_ask
