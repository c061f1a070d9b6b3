"""An OpenDocument spreadsheet (ods, or flat fods) to grids, in one pass over its content.

Repeated rows and columns cost nothing where they are blank. What cells say is their stored value; the text that was
shown beside it proves leading zeros, months without a day, and units of a number format.
"""

import io
import re
from datetime import date
from typing import Final

from xstock_spreadsheet.canvas import Canvas
from xstock_spreadsheet.grid import Cell, Grid, clean, is_error
from xstock_spreadsheet.limits import MAX_CELL_TEXT, MAX_CELLS, MAX_COLUMNS, MAX_REPEATS, MAX_VALUE_TEXT
from xstock_spreadsheet.package import Package, encrypted, parse_stream, unsound
from xstock_spreadsheet.stored import EPOCH, iso_day, number_cell, text_of

_NOT_TEXT: Final = frozenset({"annotation", "note", "frame", "custom-shape", "g", "ruby-text", "table"})
_NOT_SHEETS: Final = frozenset({"tracked-changes", "shapes", "dde-links"})
_NUMBERS: Final = frozenset({"float", "percentage", "currency"})
_DATE_PARTS: Final = {"day": "dd", "month": "mm", "year": "yyyy"}
_UNIT_SHOWN: Final = re.compile(r"[\s\d.,'’()+\-−\u00a0\u202f]*\d\s*([^\W\d_][^\d]*)")


def read_opendocument(package: Package) -> list[Grid]:
    """The sheets of an ods file, in order; raises FileRefused."""
    package.parse("META-INF/manifest.xml", _refuse_encrypted, _nothing, _nothing)
    content = _Content()
    package.parse("styles.xml", content.start, content.end, content.text)
    if not package.parse("content.xml", content.start, content.end, content.text):
        raise unsound("an OpenDocument file without content")
    return content.grids


def read_flat_opendocument(raw: bytes) -> list[Grid]:
    """The sheets of a flat OpenDocument file (fods), in order; raises FileRefused."""
    content = _Content()
    parse_stream(io.BytesIO(raw), "document", content.start, content.end, content.text)
    return content.grids


def _refuse_encrypted(tag: str, _: dict[str, str]) -> None:
    if tag in ("encryption-data", "encrypted-key"):
        raise encrypted()


def _nothing(*_: object) -> None:
    return None


class _Styles:
    """Which table styles hide their sheet, and what number format a cell style names."""

    def __init__(self) -> None:
        self.hidden: set[str] = set()
        self._formats: dict[str, str] = {}
        self._of: dict[str, str] = {}
        self._style = self._format = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "style":
            self._style = attributes.get("style:name", "")
            if data := attributes.get("style:data-style-name"):
                self._of[self._style] = data
        elif tag == "table-properties" and attributes.get("table:display") == "false":
            self.hidden.add(self._style)
        elif tag in ("number-style", "date-style"):
            self._format = attributes.get("style:name", "")
            self._formats[self._format] = ""
        elif tag == "number" and self._format:
            digits = attributes.get("number:min-integer-digits", "1")
            plain = attributes.get("number:decimal-places", "0") == "0" and "number:grouping" not in attributes
            if plain and digits.isdecimal() and 1 < int(digits) < 40:
                self._formats[self._format] += "0" * int(digits)
        elif tag in _DATE_PARTS and self._format:
            self._formats[self._format] += _DATE_PARTS[tag]

    def end(self, tag: str) -> None:
        if tag in ("number-style", "date-style"):
            self._format = ""

    def form(self, style: str) -> str:
        return self._formats.get(self._of.get(style, ""), "")


class _Content:
    """The events of content.xml gathered into sheets."""

    def __init__(self) -> None:
        self.grids: list[Grid] = []
        self._styles = _Styles()
        self._canvas: Canvas | None = None
        self._style = ""
        self._skipped = 0  # depth of elements whose text is none of a cell's
        self._left = MAX_CELLS
        self._line = self._rows = 1
        self._column = 0
        self._row: list[tuple[int, int, Cell]] = []
        self._cell: dict[str, str] | None = None
        self._parts: list[str] = []
        self._in_text = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if self._skipped or tag in (_NOT_SHEETS if self._cell is None else _NOT_TEXT):
            self._skipped += 1
        elif self._cell is not None:
            self._inside(tag, attributes)
        elif tag in ("table-cell", "covered-table-cell"):
            self._cell, self._parts = attributes, []
            self._cell["covered"] = "1" if tag[0] == "c" else ""
        elif tag == "table-row":
            self._row, self._column = [], 0
            self._rows = _count(attributes, "table:number-rows-repeated")
        elif tag == "table":
            self._style, self._line = attributes.get("table:style-name", ""), 1
            self._canvas = Canvas(clean(attributes.get("table:name", "")), self._left)
        elif self._canvas is None:
            self._styles.start(tag, attributes)

    def end(self, tag: str) -> None:
        """An element ends."""
        if self._skipped:
            self._skipped -= 1
        elif tag in ("table-cell", "covered-table-cell"):
            self._close_cell()
        elif self._cell is not None:
            self._in_text -= tag in ("p", "h")
        elif tag == "table-row":
            self._close_row()
        elif tag == "table":
            self._close_table()
        elif self._canvas is None:
            self._styles.end(tag)

    def text(self, text: str) -> None:
        """Text inside an element."""
        if self._in_text and not self._skipped:
            self._parts.append(text)

    def _inside(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in ("p", "h"):
            self._in_text += 1
            if self._parts:
                self._parts.append("\n")
        elif tag == "s":
            self._parts.append(" " * min(_count(attributes, "text:c"), MAX_CELL_TEXT))
        elif tag in ("tab", "line-break"):
            self._parts.append("\n")

    def _close_cell(self) -> None:
        attributes = self._cell or {}
        self._cell = None
        repeated = _count(attributes, "table:number-columns-repeated")
        cell = None if attributes.get("covered") else self._value(attributes, "".join(self._parts)[:MAX_CELL_TEXT])
        if cell is not None:
            self._row.append((self._column, repeated, cell))
        wide = _count(attributes, "table:number-columns-spanned")
        high = _count(attributes, "table:number-rows-spanned")
        if (wide > 1 or high > 1) and self._canvas is not None and cell is not None:
            self._canvas.merge(self._line, self._column, self._line + high - 1, self._column + wide - 1)
        self._column += repeated

    def _close_row(self) -> None:
        """Put the row as often as it is repeated; what is repeated without sense is put once and counted."""
        lines = self._rows if self._rows <= MAX_REPEATS else 1
        if self._canvas is not None and self._row:
            for line in range(self._line, self._line + lines):
                for column, repeated, cell in self._row:
                    wide = repeated if repeated <= MAX_COLUMNS else 1
                    for at in range(column, column + wide):
                        self._canvas.put(line, at, cell)
                    if repeated > wide:
                        self._canvas.put_far(line, repeated - wide)
            if self._rows > lines:
                self._canvas.put_far(self._line + lines, self._rows - lines)
        self._line += self._rows
        self._row = []

    def _close_table(self) -> None:
        canvas, self._canvas = self._canvas, None
        if canvas is None or "#$" in canvas.name:  # kept copies of other files' sheets
            return
        self._left -= canvas.cells
        self.grids.append(canvas.grid(self._style in self._styles.hidden))

    def _value(self, attributes: dict[str, str], shown: str) -> Cell | None:
        kind = attributes.get("office:value-type", "")
        other = attributes.get("calcext:value-type", "")
        formula = "table:formula" in attributes
        if other == "error" or (formula and is_error(clean(shown))):
            return Cell(clean(shown) or "#?", error=True)
        if kind in _NUMBERS and "office:value" in attributes:
            form = "0%" if kind == "percentage" else self._styles.form(attributes.get("table:style-name", ""))
            return _number(attributes["office:value"], shown, form)
        if kind == "date" and "office:date-value" in attributes:
            form = self._styles.form(attributes.get("table:style-name", ""))
            day = iso_day(attributes["office:date-value"], form)
            return day if form or day.day is None else Cell(day.text, day=day.day, form=_shown_form(day.day, shown))
        if kind == "boolean":
            return Cell("TRUE" if attributes.get("office:boolean-value") == "true" else "FALSE")
        text = shown or attributes.get("office:string-value", "")
        if formula and not text and kind != "string":
            return Cell(uncalculated=True)
        return text_of(text)


def _count(attributes: dict[str, str], name: str) -> int:
    text = attributes.get(name, "")
    return int(text) if text.isdecimal() and 0 < len(text) < 10 and int(text) else 1


def _number(raw: str, shown: str, form: str) -> Cell:
    """A number, under the format that its style or its shown text proves."""
    text = shown.strip()[:MAX_VALUE_TEXT]
    if not form and text.isdecimal() and text.isascii() and text[:1] == "0" and len(text) > 1:
        form = "0" * len(text)
    elif (not form or not form.strip("0")) and (unit := _UNIT_SHOWN.fullmatch(text)):
        form = f'0 "{unit[1].strip()}"'
    return number_cell(raw.strip(), form, 0, EPOCH)


def _shown_form(day: date, shown: str) -> str:
    """The format that shows only month and year, where the shown text holds no day."""
    figures = [int(part) for part in re.findall(r"\d{1,4}", shown)]
    named = any(ch.isalpha() for ch in shown)
    years = (day.year, day.year % 100)
    if (len(figures) == 1 and named and figures[0] in years) or (
        len(figures) == 2 and not named and day.month in figures and any(year in figures for year in years)
    ):
        return "mm.yyyy"
    return "dd.mm.yyyy"
