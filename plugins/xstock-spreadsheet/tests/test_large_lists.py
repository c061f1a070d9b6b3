"""Lists of 20,000 lines in every form, and small files that claim to be endless, through the real command.

The figures are printed (`-s`); memory is bounded, time is not, for machines differ.
"""

import io
import json
import os
import subprocess
import sys
import time
from datetime import date, timedelta

import pytest
from biff8 import xls
from opendocument import ods
from openpyxl import Workbook
from sheetxml import sheet_xml
from webpage import page
from xlsx import xlsx

HEAD = ["Код", "Наименование", "Мярка", "Количество", "Срок на годност", "Склад", "Партида"]
LINES = 20_000
MOST_MB = 300
_READ = """
import resource, sys
from pathlib import Path
from xstock_node.plugins.adapters import ReadHints
from xstock_node.protocol import limits
from xstock_spreadsheet.reader import SpreadsheetReader
resource.setrlimit(resource.RLIMIT_AS, (limits.READER_MEMORY, limits.READER_MEMORY))
SpreadsheetReader().read(Path(sys.argv[1]), ReadHints(today="2026-11-15"))
said = Path("/proc/self/status").read_text()  # getrusage would count what the parent held before exec
print(int(said.split("VmHWM:")[1].split()[0]) / 1024)
"""


def _lines():
    for at in range(LINES):
        unit, place = ("бр.", "кг", "кашон", "комплект")[at % 4], ("София", "Варна", "Бургас")[at % 3]
        amount = at * 7 % 1000 + (0.5 if unit == "кг" else 0)
        day = date(2027, 1, 1) + timedelta(days=at % 900)
        yield [f"{at:05d}", f"Стока номер {at} вид", unit, amount, day, place, f"L-{at % 77}"]


def _csv(rows):
    shown = [[f"{c:%d.%m.%Y}" if isinstance(c, date) else str(c).replace(".", ",") for c in row] for row in rows]
    return "\r\n".join([*map(";".join, shown), ""]).encode("cp1251")


FORMS = {
    "csv": _csv,
    "xlsx": lambda rows: xlsx({"S": rows}),
    "xls": lambda rows: xls({"S": rows}),
    "ods": lambda rows: ods({"S": rows}),
    "html": lambda rows: page({"S": rows}),
    "xml": lambda rows: sheet_xml({"S": rows}),
}


def _preview(path, home):
    """(what the command says, its seconds, the peak memory in MB of a process that reads under the node's limit)."""
    started = time.monotonic()
    command = [sys.executable, "-m", "xstock_node", "stock", "preview", str(path), "--json"]
    done = subprocess.run(command, env={**os.environ, "XSTOCK_HOME": str(home)}, capture_output=True)
    seconds = time.monotonic() - started
    read = subprocess.run([sys.executable, "-c", _READ, path], capture_output=True, check=True)
    return json.loads(done.stdout), seconds, float(read.stdout)


@pytest.mark.heavy
@pytest.mark.parametrize("form", FORMS)
def test_a_list_of_twenty_thousand_lines(form, tmp_path):
    path = tmp_path / f"list.{form}"
    path.write_bytes(FORMS[form]([HEAD, *_lines()]))
    reading, seconds, peak = _preview(path, tmp_path)
    print(f"{form}: {path.stat().st_size / 1e6:.1f} MB, {seconds:.1f} s, {peak:.0f} MB")
    assert (len(reading["rows"]), reading["rejected"]) == (LINES, [])
    assert peak < MOST_MB


def _far_xlsx():
    book = Workbook()
    for row in (HEAD, ["1", "Палатка", "бр", 5]):
        book.active.append(row)
    book.active["XFD1048576"] = "x"
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _far_ods():
    cell = '<table:table-cell office:value-type="string" table:number-columns-repeated="16384"><text:p>x</text:p>'
    tail = f'<table:table-row table:number-rows-repeated="1048000">{cell}</table:table-cell></table:table-row>'
    return ods({"S": [HEAD, ["1", "Палатка", "бр", 5]]}, tail=tail)


@pytest.mark.parametrize(("name", "build"), [("far.xlsx", _far_xlsx), ("far.ods", _far_ods)])
def test_a_small_file_that_claims_to_be_endless(name, build, tmp_path):
    path = tmp_path / name
    path.write_bytes(build())
    reading, seconds, peak = _preview(path, tmp_path)
    print(f"{name}: {path.stat().st_size} bytes, {seconds:.1f} s, {peak:.0f} MB")
    assert [row["quantity"] for row in reading["rows"]] == ["5"]
    assert peak < 100
