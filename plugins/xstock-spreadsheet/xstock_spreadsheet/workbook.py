"""An xlsx workbook to grids, in one pass: values as last calculated, formulas that never were, formats, merges.

The parts are read as a stream. A cell far from all others costs nothing: blank cells are never made.
"""

import posixpath
import re
from datetime import date
from typing import Final

from xstock_spreadsheet.canvas import Canvas
from xstock_spreadsheet.grid import EMPTY, Cell, Grid, clean
from xstock_spreadsheet.limits import MAX_CELL_TEXT, MAX_CELLS
from xstock_spreadsheet.package import Package, too_large, unsound
from xstock_spreadsheet.stored import EPOCH, EPOCH_1904, iso_day, number_cell, text_of
from xstock_spreadsheet.styles import Styles

_REFERENCE: Final = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})")


def read_workbook(package: Package) -> list[Grid]:
    """The sheets of a workbook, in order; raises FileRefused."""
    book = _Book().read(package)
    styles = Styles().read(package, book.part("styles"))
    strings = _Strings().read(package, book.part("sharedStrings"))
    grids = []
    cells = 0
    for name, state, target in book.sheets:
        if "worksheet" not in target:
            continue  # a chart
        sheet = _Sheet(name, strings, styles, book.epoch, MAX_CELLS - cells)
        if not package.parse(target, sheet.start, sheet.end, sheet.text):
            raise unsound(f"a workbook whose sheet {name} is missing")
        cells += sheet.canvas.cells
        grids.append(sheet.canvas.grid(hidden=state in ("hidden", "veryHidden")))
    return grids


class _Book:
    """workbook.xml and its relations: names, states and parts of the sheets."""

    def __init__(self) -> None:
        self.sheets: list[tuple[str, str, str]] = []
        self.epoch = EPOCH
        self._root = "xl"
        self._targets: dict[str, str] = {}
        self._listed: list[tuple[str, str, str]] = []

    def read(self, package: Package) -> "_Book":
        main = next((name for name in package.names if name.lower().endswith("xl/workbook.xml")), None)
        if main is None:
            raise unsound("a zip file that is no xlsx workbook (perhaps ods, docx or xlsb)")
        self._root = posixpath.dirname(main)
        package.parse(f"{self._root}/_rels/{posixpath.basename(main)}.rels", self._relation, _nothing, _nothing)
        package.parse(main, self._entry, _nothing, _nothing)
        self.sheets = [(name, state, self._targets.get(link, "")) for name, state, link in self._listed]
        return self

    def part(self, kind: str) -> str:
        return next((t for t in self._targets.values() if t.endswith(f"{kind}.xml")), f"{self._root}/{kind}.xml")

    def _relation(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "Relationship" and attributes.get("TargetMode") != "External":
            target = attributes.get("Target", "")
            whole = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"{self._root}/{target}")
            self._targets[attributes.get("Id", "")] = whole

    def _entry(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "sheet":
            link = next((value for key, value in attributes.items() if key.rpartition(":")[2] == "id"), "")
            self._listed.append((clean(attributes.get("name", "")), attributes.get("state", "visible"), link))
        elif tag == "workbookPr" and attributes.get("date1904") in ("1", "true"):
            self.epoch = EPOCH_1904


def _nothing(*_: object) -> None:
    return None


class _Strings:
    """The shared strings; phonetic runs left out."""

    def __init__(self) -> None:
        self._all: list[str] = []
        self._parts: list[str] = []
        self._in_text = self._in_phonetic = False

    def read(self, package: Package, name: str) -> list[str]:
        package.parse(name, self._start, self._end, self._text)
        return self._all

    def _start(self, tag: str, _: dict[str, str]) -> None:
        if tag == "si":
            self._parts = []
        elif tag == "t":
            self._in_text = True
        elif tag == "rPh":
            self._in_phonetic = True

    def _end(self, tag: str) -> None:
        if tag == "si":
            self._all.append("".join(self._parts)[:MAX_CELL_TEXT])
            if len(self._all) > MAX_CELLS:
                raise too_large("too many texts")
        elif tag == "t":
            self._in_text = False
        elif tag == "rPh":
            self._in_phonetic = False

    def _text(self, text: str) -> None:
        if self._in_text and not self._in_phonetic:
            self._parts.append(text)


class _Sheet:
    """The events of one sheet's xml gathered into rows."""

    def __init__(self, name: str, strings: list[str], styles: Styles, epoch: date, room: int) -> None:
        self._strings, self._styles, self._epoch = strings, styles, epoch
        self.canvas = Canvas(name, room)
        self._line = 0
        self._column = -1
        self._type = self._style = ""
        self._parts: list[str] = []
        self._formula = self._valued = self._collect = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if tag == "c":
            self._place(attributes.get("r"))
            self._type, self._style = attributes.get("t", "n"), attributes.get("s", "")
            self._parts, self._formula, self._valued = [], False, False
        elif tag == "v" or tag == "t":
            self._collect = self._valued = True
        elif tag == "f":
            self._formula = True
        elif tag == "row":
            number = attributes.get("r", "")
            self._line = int(number) if number.isdecimal() and len(number) < 9 else self._line + 1
            self._column = -1
        elif tag == "mergeCell":
            self._merge(attributes.get("ref", ""))

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag == "v" or tag == "t":
            self._collect = False
        elif tag == "c":
            cell = self._cell("".join(self._parts))
            if cell is not EMPTY:
                cell.struck = self._styles.strikes(self._style)
                self.canvas.put(self._line, self._column, cell)

    def text(self, text: str) -> None:
        """Text inside an element."""
        if self._collect:
            self._parts.append(text)

    def _place(self, reference: str | None) -> None:
        found = _REFERENCE.fullmatch(reference) if reference else None
        if found is None:
            self._column += 1
            return
        self._column = _column_of(found[1])
        self._line = int(found[2])

    def _merge(self, reference: str) -> None:
        ends = [_REFERENCE.fullmatch(part) for part in reference.split(":")]
        if len(ends) == 2 and ends[0] and ends[1]:
            self.canvas.merge(int(ends[0][2]), _column_of(ends[0][1]), int(ends[1][2]), _column_of(ends[1][1]))

    def _cell(self, raw: str) -> Cell:
        if self._formula and (not self._valued or (not raw and self._type != "str")):
            return Cell(uncalculated=True)
        if not raw:
            return EMPTY
        form, indent = self._styles.of(self._style)
        kind = self._type
        if kind == "s":
            at = int(raw) if raw.isdecimal() else -1
            raw = self._strings[at] if 0 <= at < len(self._strings) else ""
        elif kind == "e":
            return Cell(clean(raw), error=True)
        elif kind == "b":
            return Cell("TRUE" if raw.strip() == "1" else "FALSE")
        elif kind == "n":
            return number_cell(raw.strip(), form, indent, self._epoch)
        elif kind == "d":
            return iso_day(raw, form)
        return text_of(raw, form, indent) or EMPTY


def _column_of(letters: str) -> int:
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return column - 1
