"""The published samples of messy stock files, field by field, and two real lists of which no line may be lost."""

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from biff8 import xls
from opendocument import ods
from openpyxl import load_workbook
from sheetxml import sheet_xml
from webpage import page
from xstock_spreadsheet.reader import SpreadsheetReader, read_bytes

from xstock_node.plugins.adapters import FileReading, ReadHints

SAMPLES = Path(os.environ.get("XSTOCK_SAMPLES", Path(__file__).parents[4] / "shared" / "data"))
FILES = sorted(p for p in SAMPLES.glob("messy/*") if p.suffix != ".json")
FIGURES = {"quantity", "reserved", "damaged", "incoming", "available", "pack_factor", "base_quantity"}


def _read(path: Path) -> FileReading:
    return SpreadsheetReader().read(path, ReadHints(today="2026-11-15"))


def _need(found: bool) -> None:
    if not found:
        assert os.environ.get("CI") != "true", f"the samples are missing under {SAMPLES}"
        pytest.skip(f"no samples under {SAMPLES}; set XSTOCK_SAMPLES")


def _same(field: str, got: Any, want: Any) -> bool:
    if field in FIGURES and got is not None and want is not None:
        return Decimal(got) == Decimal(want)
    return bool(got == want)


def test_samples_are_there():
    _need(bool(FILES))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_sample_reads_as_expected(path):
    want = json.loads(path.with_name(path.name + ".expected.json").read_text(encoding="utf-8"))
    raw = msgspec.json.encode(_read(path))
    got = json.loads(raw)
    rows = [msgspec.to_builtins(row) | {"flags": list(row.flags)} for row in _read(path).rows]
    assert len(rows) == len(want["rows"])
    for mine, theirs in zip(rows, want["rows"], strict=True):
        for field, value in ({"flags": []} | theirs).items():
            assert _same(field, mine.get(field), value), (theirs.get("line"), field, mine.get(field), value)
    for field in ("as_of", "error", "skipped_lines", "rejected"):
        assert got[field] == want[field], field
    for field in ("encoding", "delimiter"):
        assert got[field] == want.get(field, got[field])
    assert len(got["must_ask"]) == len(want["must_ask"])
    for mine, theirs in zip(got["must_ask"], want["must_ask"], strict=True):
        assert theirs in mine
    for secret in want["must_not_contain"]:
        assert secret not in raw.decode()


@pytest.mark.parametrize(("name", "lines"), [("RMS__Demo__inv_item.csv", 33), ("RMS__Demo__inv_minimum.csv", 16)])
def test_real_lists_lose_no_line(name, lines):
    path = SAMPLES / "sahana-eden" / name
    _need(path.is_file())
    reading = _read(path)
    assert not reading.rejected
    assert sum(len(row.merged_lines) or 1 for row in reading.rows) == lines


def test_bins_of_one_item_stay_two_rows_and_nothing_is_lost():
    path = SAMPLES / "sahana-eden" / "RMS__Demo__inv_item.csv"
    _need(path.is_file())
    cans = [row for row in _read(path).rows if row.item_code == "HCONJCANPF10" and row.line in (6, 7)]
    assert sum(row.quantity for row in cans) == 5000
    assert [row.location for row in cans] == ["Guadeloupe/A/2/1:1000", "Guadeloupe/B/2/0:1500"]
    assert all("needs_confirmation" in row.flags for row in cans)


BOOKS = [path for path in FILES if path.suffix == ".xlsx"]


def _rewritten(form: str, path: Path) -> bytes:
    """A sample workbook in another form, its merged cells kept where the form's builder has them."""
    book = load_workbook(path)
    sheets = {sheet.title: [list(row) for row in sheet.iter_rows(values_only=True)] for sheet in book}
    if form == "xls":
        areas = {
            sheet.title: [
                (a.min_row - 1, a.max_row - 1, a.min_col - 1, a.max_col - 1) for a in sheet.merged_cells.ranges
            ]
            for sheet in book
        }
        return xls(sheets, merges=areas)
    return {"ods": ods, "xml": sheet_xml, "html": lambda rows: page(rows, charset="utf-8")}[form](sheets)


@pytest.mark.parametrize("form", ["xls", "ods", "xml", "html"])
@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.name)
def test_a_sample_says_the_same_in_every_form(path, form):
    hints = ReadHints(today="2026-11-15")
    one, other = _read(path), read_bytes(_rewritten(form, path), f"list.{form}", hints)
    assert [msgspec.structs.replace(row, sheet=None) for row in other.rows] == [
        msgspec.structs.replace(row, sheet=None) for row in one.rows
    ]
    assert (other.as_of, other.skipped_lines) == (one.as_of, one.skipped_lines)
    assert len(other.must_ask) == len(one.must_ask) and not other.rejected
