"""An xlsx workbook to grids, in one pass: values as last calculated, formulas that never were, formats, merges.

The parts are read as a stream. A cell far from all others costs nothing: blank cells are never made.
"""

import posixpath
import re
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import Final

from xstock_spreadsheet.grid import EMPTY, Cell, Grid, Row, clean
from xstock_spreadsheet.limits import GAP_ROWS, MAX_CELL_TEXT, MAX_CELLS, MAX_COLUMNS, MAX_ROWS
from xstock_spreadsheet.package import Package, too_large, unsound
from xstock_spreadsheet.styles import Styles, shows_day

_REFERENCE: Final = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})")
_EPOCH: Final = date(1899, 12, 30)
_EPOCH_1904: Final = date(1904, 1, 1)
_MAX_MERGES: Final = 20_000
_EXACT_DIGITS: Final = 15


def read_workbook(raw: bytes) -> list[Grid]:
    """The sheets of a workbook, in order; raises FileRefused."""
    package = Package(raw)
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
        cells += sheet.cells
        grids.append(sheet.grid(hidden=state in ("hidden", "veryHidden")))
    return grids


class _Book:
    """workbook.xml and its relations: names, states and parts of the sheets."""

    def __init__(self) -> None:
        self.sheets: list[tuple[str, str, str]] = []
        self.epoch = _EPOCH
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
            self.epoch = _EPOCH_1904


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
        self._name, self._strings, self._styles, self._epoch, self._room = name, strings, styles, epoch, room
        self._rows: dict[int, dict[int, Cell]] = {}
        self._far: dict[int, int] = {}
        self._merges: list[tuple[int, int, int, int]] = []
        self.cells = 0
        self._line = self._last = 0
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
        elif tag == "mergeCell" and len(self._merges) < _MAX_MERGES:
            self._merge(attributes.get("ref", ""))

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag == "v" or tag == "t":
            self._collect = False
        elif tag == "c":
            cell = self._cell("".join(self._parts))
            if cell is not EMPTY:
                self._keep(cell)

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

    def _keep(self, cell: Cell) -> None:
        self.cells += 1
        if self.cells > self._room:
            raise too_large(f"more than {MAX_CELLS} cells")
        if self._column >= MAX_COLUMNS or self._line > MAX_ROWS or (self._last and self._line - self._last > GAP_ROWS):
            self._far[self._line] = self._far.get(self._line, 0) + 1
            return
        self._last = max(self._last, self._line)
        self._rows.setdefault(self._line, {})[self._column] = cell

    def _merge(self, reference: str) -> None:
        ends = [_REFERENCE.fullmatch(part) for part in reference.split(":")]
        if len(ends) == 2 and ends[0] and ends[1]:
            self._merges.append((int(ends[0][2]), _column_of(ends[0][1]), int(ends[1][2]), _column_of(ends[1][1])))

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
            return self._number(raw.strip(), form, indent)
        elif kind == "d":
            return _iso_day(raw, form)
        text = clean(raw)
        return Cell(text, form=form, indent=indent + len(raw) - len(raw.lstrip(" \u00a0"))) if text else EMPTY

    def _number(self, raw: str, form: str, indent: int) -> Cell:
        try:
            number = Decimal(raw)
        except InvalidOperation:
            return Cell(clean(raw), error=True)
        if not number.is_finite() or abs(number) > Decimal("1e30"):
            return Cell(clean(raw), error=True)
        if len(number.as_tuple().digits) > _EXACT_DIGITS:
            number = Decimal(
                format(float(raw), f".{_EXACT_DIGITS}g")
            )  # what a spreadsheet shows of 0.30000000000000004
        if shows_day(form):
            return self._day(number, form)
        text = f"{number:f}"
        if "." in text:
            text = text.rstrip("0").rstrip(".")
        return Cell(
            text.zfill(len(form)) if form and not form.strip("0") else text, Decimal(text), form=form, indent=indent
        )

    def _day(self, number: Decimal, form: str) -> Cell:
        try:
            day = self._epoch + timedelta(days=int(number))
        except OverflowError:
            return Cell(str(number), error=True)
        return Cell(day.isoformat(), day=day, form=form)

    def grid(self, hidden: bool) -> Grid:
        """The rows gathered, blank ones between them too."""
        lines = sorted(self._rows)
        first = 1 if lines and lines[0] <= GAP_ROWS else (lines[0] if lines else 1)
        rows = [Row(line, _cells(self._rows.get(line))) for line in range(first, (lines[-1] if lines else 0) + 1)]
        stray = sorted(line for line, count in self._far.items() if count == 1 and line not in self._rows)
        far = sum(self._far.values()) - len(stray)
        return Grid(self._name, rows, hidden, self._merges, far, stray)


def _cells(found: dict[int, Cell] | None) -> list[Cell]:
    if not found:
        return []
    cells = [EMPTY] * (max(found) + 1)
    for at, cell in found.items():
        cells[at] = cell
    return cells


def _column_of(letters: str) -> int:
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - 64
    return column - 1


def _iso_day(raw: str, form: str) -> Cell:
    try:
        day = date.fromisoformat(raw.strip()[:10])
    except ValueError:
        return Cell(clean(raw), error=True)
    return Cell(day.isoformat(), day=day, form=form)
