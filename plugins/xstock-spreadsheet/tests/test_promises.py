"""Promises for every input: the reader never raises, and no line of a csv disappears."""

import re
import tempfile
import time
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xstock_spreadsheet.reader import SpreadsheetReader

from xstock_node.plugins.adapters import FileReading, ReadHints
from xstock_node.plugins.hookspecs import Registry

_CELLS = st.sampled_from(
    ["", "Tent", "Палатка", "5", "1.200", "1 240,5", "бр.", "kg", "Общо", "Total", "МОЛ: ....", "-", "?",
    "30.06.2027", "03/04/2027",
     "code", "name", "qty", "unit", "expiry", "Наименование", "Количество", "0014", "1-Mar", "25 ctn x 20 pcs",
     "съдържа:", '"', "Σύνολο", "Date", "In", "Out", "Balance", "Remarks", "damaged", "Qty (thousands)"]
)  # fmt: skip


def _read(content: bytes, name: str = "list.csv") -> FileReading:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        return SpreadsheetReader().read(path, ReadHints(today="2026-11-15"))


@given(st.binary(max_size=400))
@settings(max_examples=150, deadline=None)
def test_no_bytes_make_the_reader_raise(content):
    assert isinstance(_read(content), FileReading)


@given(st.binary(max_size=300))
@settings(max_examples=50, deadline=None)
def test_no_broken_workbook_makes_the_reader_raise(content):
    assert _read(b"PK\x03\x04" + content, "list.xlsx").error == "unreadable_file"


@given(st.lists(st.lists(_CELLS, min_size=1, max_size=6), min_size=1, max_size=12), st.sampled_from([";", ",", "\t"]))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_list_makes_the_reader_raise(rows, delimiter):
    assert isinstance(_read("\n".join(delimiter.join(row) for row in rows).encode()), FileReading)


_BODY = st.lists(st.lists(_CELLS.filter(lambda cell: cell != '"'), min_size=6, max_size=6), min_size=1, max_size=15)


@given(_BODY)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_line_of_a_csv_is_accounted_for(body):
    lines = ["code;name;qty;unit;expiry;warehouse", "A0;Kept;1;pcs;;Niš", *(";".join(row) for row in body)]
    reading = _read(("\n".join(lines) + "\n").encode())
    found = {1, *reading.skipped_lines, *(line.line for line in reading.rejected)}
    for row in reading.rows:
        found |= {row.line, *row.merged_lines}
    for question in reading.must_ask:
        if "repeated whole" in question:
            found |= {int(number) for number in re.findall(r"\d+", question.split("(lines")[1].split(")")[0])}
    parts = sum(len(row.components) for row in reading.rows)
    assert len(set(range(1, len(lines) + 1)) - found) <= parts


def test_the_plugin_registers_its_reader():
    import xstock_spreadsheet

    registry = Registry()
    xstock_spreadsheet.xstock_register(registry)
    reader = registry.file_readers["xstock-spreadsheet"]
    assert ".csv" in reader.suffixes and ".xlsx" in reader.suffixes


def test_a_file_that_cannot_be_opened_is_unreadable(tmp_path):
    assert SpreadsheetReader().read(tmp_path / "gone.csv", ReadHints(today="2026-11-15")).error == "unreadable_file"


@pytest.mark.parametrize(
    "text", ["1 кг " * 3000, "12x" * 3000, "1 " * 5000, "(" * 5000, "1," * 8000, ". " * 9000, "1" * 30000]
)
def test_long_senseless_cells_take_no_time(text):
    started = time.monotonic()
    reading = _read(("name;qty;unit;expiry;pack size\nTent;5;kg;;\n" + ";".join([text] * 5) + "\n").encode())
    assert len(reading.rows) == 1
    assert time.monotonic() - started < 2


def test_the_manifest_names_what_the_reader_takes():
    told = tomllib.loads((files("xstock_spreadsheet") / "xstock-plugin.toml").read_text("utf-8"))
    assert tuple(told["adapter"][0]["suffixes"]) == SpreadsheetReader.suffixes
