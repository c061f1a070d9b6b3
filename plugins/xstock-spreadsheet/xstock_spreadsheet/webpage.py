"""Tables of a web page to one grid, as programs save them under the name of a workbook.

All tables of the page follow each other, their rows counted from 1; text outside of them stands above as titles
(line 0), for it may hold the date of the list or its warehouse.
"""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

from xstock_spreadsheet.canvas import Canvas
from xstock_spreadsheet.encoding import Decoded, decode, named_codec
from xstock_spreadsheet.errors import FileRefused
from xstock_spreadsheet.grid import Cell, Grid, Row, clean, text_cell
from xstock_spreadsheet.limits import MAX_CELL_TEXT, MAX_COLUMNS, MAX_REPEATS, MAX_ROWS
from xstock_spreadsheet.package import too_large
from xstock_spreadsheet.stored import EPOCH, number_cell

_CHARSET: Final = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{2,40})""", re.IGNORECASE)
_XML: Final = re.compile(rb"""^\s*<\?xml[^>]{0,100}?encoding\s*=\s*["']([\w.:-]{2,40})""", re.IGNORECASE)
_SILENT: Final = frozenset({"script", "style", "title", "template", "noscript", "xml"})
_BREAKS: Final = frozenset({"br", "p", "div", "li"})
_TITLES: Final = 40


def read_web_page(raw: bytes, hinted: tuple[str, ...] = ()) -> tuple[list[Grid], str]:
    """(the grid of all tables, the encoding); raises FileRefused for a page without a table."""
    decoded = _decoded(raw, hinted)
    page = _Page()
    page.feed(decoded.text)
    page.close()
    page.end_row()
    if not page.line:
        raise FileRefused("unreadable_file", "a table of stock", "a web page without a table", "save the list as csv")
    grid = page.canvas.grid(hidden=False)
    grid.rows[:0] = page.titles
    return [Grid(None, grid.rows, merges=grid.merges)], decoded.encoding


def _decoded(raw: bytes, hinted: tuple[str, ...]) -> Decoded:
    """By the page's own word, where it keeps it."""
    named = _CHARSET.search(raw[:4096]) or _XML.match(raw[:200])
    codec = named_codec(named[1].decode("ascii")) if named else None
    if codec and not raw.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")) and b"\0" not in raw[:200]:
        try:
            return Decoded(raw.decode(codec), codec)
        except UnicodeDecodeError:
            pass
    return decode(raw, hinted)


@dataclass(slots=True)
class _Open:
    """The row and cell that are open in one table; tables may stand inside cells."""

    cells: list[tuple[int, int, Cell | None]] | None = None
    cell: dict[str, str] | None = None
    parts: list[str] = field(default_factory=list)
    size: int = 0
    covered: dict[int, int] = field(default_factory=dict)  # column -> lines that a cell above still covers


class _Page(HTMLParser):
    """The tags of a page gathered into rows."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.line = 0
        self.canvas = Canvas("")
        self.titles: list[Row] = []
        self._tables: list[_Open] = []
        self._silent = 0
        self._outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A tag opens."""
        if tag in _SILENT:
            self._silent += 1
        elif tag == "table":
            self._note_title()
            if len(self._tables) > 50:
                raise too_large("tables inside tables")
            self._tables.append(_Open())
        elif tag == "tr":
            self.end_row()
            self._table().cells = []
        elif tag in ("td", "th"):
            self._end_cell()
            table = self._table()
            if table.cells is None:
                table.cells = []
            table.cell, table.parts, table.size = {name: value or "" for name, value in attrs}, [], 0
        elif tag in _BREAKS:
            self._break()

    def handle_endtag(self, tag: str) -> None:
        """A tag closes."""
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag == "table":
            self.end_row()
            if self._tables:
                self._tables.pop()
        elif tag == "tr":
            self.end_row()
        elif tag in ("td", "th"):
            self._end_cell()
        elif tag in _BREAKS or tag in ("h1", "h2", "h3", "h4", "caption"):
            self._break()

    def handle_data(self, data: str) -> None:
        """Text."""
        if self._silent:
            return
        table = self._tables[-1] if self._tables else None
        if table is not None and table.cell is not None:
            if table.size < MAX_CELL_TEXT:
                table.parts.append(data)
                table.size += len(data)
        elif table is None or table.cells is None:
            self._outside.append(data[:MAX_CELL_TEXT])

    def end_row(self) -> None:
        """Put the open row, if any, onto the canvas."""
        self._end_cell()
        table = self._tables[-1] if self._tables else None
        if table is None or table.cells is None:
            return
        cells, table.cells = table.cells, None
        self.line += 1
        if self.line > MAX_ROWS:
            raise too_large(f"more than {MAX_ROWS} rows")
        column = 0
        covered = {at: left - 1 for at, left in table.covered.items() if left > 1}
        for wide, high, cell in cells:
            while column in table.covered:
                column += 1
            if column >= MAX_COLUMNS:
                break
            if cell is not None:
                self.canvas.put(self.line, column, cell)
                if wide > 1 or high > 1:
                    self.canvas.merge(self.line, column, self.line + high - 1, column + wide - 1)
            if high > 1:
                covered |= dict.fromkeys(range(column, min(column + wide, MAX_COLUMNS)), high - 1)
            column += wide
        table.covered = covered

    def _table(self) -> _Open:
        if not self._tables:
            self._tables.append(_Open())
        return self._tables[-1]

    def _end_cell(self) -> None:
        table = self._tables[-1] if self._tables else None
        if table is None or table.cell is None or table.cells is None:
            return
        said, table.cell = table.cell, None
        if len(table.cells) < 4 * MAX_COLUMNS:
            table.cells.append(
                (
                    _span(said, "colspan", MAX_COLUMNS),
                    _span(said, "rowspan", MAX_REPEATS),
                    _cell(said, "".join(table.parts)),
                )
            )

    def _break(self) -> None:
        table = self._tables[-1] if self._tables else None
        if table is not None and table.cell is not None:
            table.parts.append("\n")
        elif table is None:
            self._note_title()

    def _note_title(self) -> None:
        text = clean(" ".join(self._outside))
        self._outside = []
        if text and not self.line and len(self.titles) < _TITLES:
            self.titles.append(Row(0, [Cell(text)]))


def _span(said: dict[str, str], name: str, most: int) -> int:
    text = said.get(name, "").strip()
    return min(int(text), most) if text.isdecimal() and 0 < len(text) < 7 and int(text) else 1


def _cell(said: dict[str, str], raw: str) -> Cell | None:
    """A cell by its shown text; a number that a spreadsheet program noted beside it wins over how it is shown."""
    text = raw.strip("\r\n\t \f")
    noted = said.get("x:num", "").strip()
    if noted and text:
        found = number_cell(noted, _form(said.get("style", "")), 0, EPOCH)
        if found.number is not None:
            return found
    cell = text_cell(text)
    return None if cell.blank else cell


def _form(style: str) -> str:
    found = re.search(r'mso-number-format:\s*"?((?:\\.|[^;"])+)', style)
    return re.sub(r"\\(.)", r"\1", found[1]) if found else ""
