"""A workbook in the spreadsheet xml of 2003 to grids; programs write it under the name of an old workbook."""

import io
from datetime import date
from typing import Final

from xstock_spreadsheet.canvas import Canvas
from xstock_spreadsheet.grid import Cell, Grid, clean
from xstock_spreadsheet.limits import MAX_CELL_TEXT, MAX_CELLS, MAX_COLUMNS
from xstock_spreadsheet.package import parse_stream
from xstock_spreadsheet.stored import EPOCH, iso_day, number_cell, text_of

_HIDDEN: Final = ("SheetHidden", "SheetVeryHidden")
_DAYS: Final = {
    "Short Date": "dd/mm/yyyy", "Medium Date": "dd-mmm-yy", "Long Date": "dd mmmm yyyy",
    "General Date": "dd/mm/yyyy hh:mm",
}  # fmt: skip


def read_sheet_xml(raw: bytes) -> list[Grid]:
    """The sheets of the workbook, in order; raises FileRefused."""
    book = _Book()
    parse_stream(io.BytesIO(raw), "xml", book.start, book.end, book.text)
    return [canvas.grid(hidden) for canvas, hidden in book.sheets]


class _Book:
    """The events of the document gathered into sheets."""

    def __init__(self) -> None:
        self.sheets: list[tuple[Canvas, bool]] = []
        self._forms: dict[str, str] = {}
        self._style = self._kind = self._collected = ""
        self._line = self._column = 0
        self._left = MAX_CELLS
        self._cell: dict[str, str] | None = None
        self._remark = False
        self._parts: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        said = {name.rpartition(":")[2]: value for name, value in attributes.items()}
        if tag == "Cell":
            self._column = _place(said, self._column)
            self._cell, self._kind, self._parts = said, "", []
        elif tag == "Row":
            self._line, self._column = _place(said, self._line), 0
        elif tag == "Comment":
            self._remark = True
        elif tag == "Data" and not self._remark:
            self._kind, self._collected = said.get("Type", "String"), "data"
        elif tag == "Worksheet":
            self.sheets.append((Canvas(clean(said.get("Name", "")), self._left), False))
            self._line = 0
        elif tag == "Style":
            self._style = said.get("ID", "")
        elif tag == "NumberFormat":
            form = said.get("Format", "")
            self._forms[self._style] = _DAYS.get(form, "" if form == "General" else form)
        elif tag == "Visible":
            self._collected, self._parts = "visible", []

    def end(self, tag: str) -> None:
        """An element ends."""
        if tag == "Data":
            self._collected = ""
        elif tag == "Comment":
            self._remark = False
        elif tag == "Cell":
            self._close_cell()
        elif tag == "Worksheet" and self.sheets:
            self._left -= self.sheets[-1][0].cells
        elif tag == "Visible" and self.sheets:
            self.sheets[-1] = (self.sheets[-1][0], "".join(self._parts).strip() in _HIDDEN)
            self._collected = ""

    def text(self, text: str) -> None:
        """Text inside an element."""
        if self._collected and not self._remark:
            self._parts.append(text)

    def _close_cell(self) -> None:
        said, self._cell = self._cell or {}, None
        cell = self._value(said, "".join(self._parts)[:MAX_CELL_TEXT])
        wide, high = _count(said.get("MergeAcross")), _count(said.get("MergeDown"))
        if cell is not None and self.sheets and self._line:
            canvas = self.sheets[-1][0]
            canvas.put(self._line, self._column - 1, cell)
            if wide or high:
                canvas.merge(self._line, self._column - 1, self._line + high, self._column - 1 + wide)
        self._column += min(wide, MAX_COLUMNS)

    def _value(self, said: dict[str, str], raw: str) -> Cell | None:
        form = self._forms.get(said.get("StyleID", ""), "")
        if not raw.strip():
            return Cell(uncalculated=True) if "Formula" in said and self._kind != "String" else None
        if self._kind == "Number":
            return number_cell(raw.strip(), form, 0, EPOCH)
        if self._kind == "DateTime":
            return _day(raw, form)
        if self._kind == "Error":
            return Cell(clean(raw), error=True)
        if self._kind == "Boolean":
            return Cell("TRUE" if raw.strip() == "1" else "FALSE")
        return text_of(raw, form)


def _place(said: dict[str, str], before: int) -> int:
    """The row or column, from 1: its own word, else the next one."""
    return _count(said.get("Index")) or before + 1


def _count(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 9 else 0


def _day(raw: str, form: str) -> Cell:
    cell = iso_day(raw, form)
    return cell if cell.day is None or cell.day > date(1899, 12, 31) else Cell(clean(raw), error=True)
