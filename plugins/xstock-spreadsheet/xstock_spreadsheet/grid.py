"""The neutral form of every file: sheets of rows of cells, with what a reader needs to know of each cell.

A csv cell has text only. A workbook's cell has also its number or day as stored, its number format, its indent, and
says whether it is an error or a formula that was never calculated, or struck through.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\u00ad]")
_BREAKS = re.compile(r"\s*[\t\n\x0b\x0c\r\x85\u2028\u2029]+\s*")
_SPACES = re.compile(r"\s+")
_QUOTED = re.compile(r'="([^"]*)"')
_ERROR = re.compile(r"#(?:REF|N/A|VALUE|DIV/0|NAME|NULL|NUM|SPILL|CALC|GETTING_DATA|FIELD)[!?]?|Err:\d{3}")


@dataclass(slots=True)
class Cell:
    """One cell. `text` is what a person sees (indent kept in `indent`); `number` and `day` what a workbook stores."""

    text: str = ""
    number: Decimal | None = None
    day: date | None = None
    form: str = ""
    uncalculated: bool = False
    error: bool = False
    indent: int = 0
    struck: bool = False

    @property
    def blank(self) -> bool:
        """True when the cell shows nothing at all."""
        return not self.text and not self.uncalculated


EMPTY = Cell()


@dataclass(slots=True)
class Row:
    """One row or csv record; `line` counts from 1 in the file or sheet, `problem` is a reason that rejects it whole."""

    line: int
    cells: list[Cell]
    problem: str | None = None

    def cell(self, column: int) -> Cell:
        """The cell in `column`, an empty one beyond the row's end."""
        return self.cells[column] if column < len(self.cells) else EMPTY

    @property
    def blank(self) -> bool:
        """True when no cell shows anything."""
        return all(cell.blank for cell in self.cells)


@dataclass(slots=True)
class Grid:
    """One sheet, or a whole csv file (`name` None). `merges` are (first row, first column, last row, last column).

    `far_cells` are cells too far from the list to be read, `stray_lines` rows far below it that hold one cell only.
    """

    name: str | None
    rows: list[Row]
    hidden: bool = False
    merges: list[tuple[int, int, int, int]] = field(default_factory=list)
    far_cells: int = 0
    stray_lines: list[int] = field(default_factory=list)


def clean(text: str) -> str:
    """`text` as typed but for control characters, line breaks (one space) and outer blanks."""
    return _CONTROL.sub("", _BREAKS.sub(" ", text)).strip()


def is_error(text: str) -> bool:
    """True for what a spreadsheet shows instead of a value that it could not reckon."""
    return text[:1] in "#E" and _ERROR.fullmatch(text) is not None


def text_cell(raw: str) -> Cell:
    """A cell of a text file; leading blanks become its indent."""
    if not raw or raw.isspace():
        return EMPTY
    text = clean(raw)
    if not text:
        return EMPTY
    if text[0] == "=" and (quoted := _QUOTED.fullmatch(text)):
        text = quoted[1].strip()  # how a text is kept from being reckoned in csv
    if not text:
        return EMPTY
    indent = len(raw) - len(raw.lstrip(" \t\u00a0")) if raw[0] in " \t\u00a0" else 0
    return Cell(text, error=is_error(text), indent=indent)


def same(text: str | None) -> str:
    """The form in which two texts are alike: letter case and spaces aside."""
    return _SPACES.sub("", text or "").casefold()
