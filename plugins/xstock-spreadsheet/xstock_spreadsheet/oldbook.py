"""An old workbook (xls, BIFF 2 to 8) to grids, read with xlrd; sheets are loaded and let go one after the other."""

import io
import struct
from datetime import date
from typing import Any, Final

from xlrd import XLRDError, open_workbook  # type: ignore[import-untyped]
from xlrd.biffh import error_text_from_code  # type: ignore[import-untyped]

from xstock_spreadsheet.canvas import Canvas
from xstock_spreadsheet.errors import FileRefused
from xstock_spreadsheet.grid import Cell, Grid, clean
from xstock_spreadsheet.limits import MAX_CELL_TEXT, MAX_CELLS
from xstock_spreadsheet.package import encrypted, too_large, unsound
from xstock_spreadsheet.stored import EPOCH, EPOCH_1904, number_cell, text_of

_TEXT, _NUMBER, _DATE, _BOOLEAN, _ERROR = 1, 2, 3, 4, 5
_FORMULAS, _EOF = (0x06, 0x206, 0x406), 0x0A
_BLANK, _ZERO = b"\x03\0\0\0\0\0\xff\xff", bytes(8)  # what a formula's record keeps where nothing was reckoned
_ON_OPENING: Final = 3  # flags: reckon always, and when the book is opened


def read_old_workbook(raw: bytes) -> list[Grid]:
    """The sheets of a workbook, in order; raises FileRefused."""
    try:
        with open_workbook(
            file_contents=raw, formatting_info=True, on_demand=True, ragged_rows=True, logfile=_Deaf()
        ) as book:
            return _sheets(book)
    except FileRefused:
        raise
    except MemoryError as wrong:
        raise too_large("more than fits in memory") from wrong
    except XLRDError as wrong:
        if "encrypt" in str(wrong):
            raise encrypted() from wrong
        raise unsound("a damaged old workbook (xls)") from wrong
    except Exception as wrong:  # damaged bytes make xlrd raise whatever its parts raise
        raise unsound("a damaged old workbook (xls)") from wrong


class _Deaf(io.TextIOBase):
    """Where xlrd's remarks go."""

    def write(self, text: str) -> int:
        return len(text)


def _sheets(book: Any) -> list[Grid]:
    epoch = EPOCH_1904 if book.datemode == 1 else EPOCH
    forms = [_form(book, style) for style in book.xf_list]
    grids: list[Grid] = []
    cells = 0
    for at in range(book.nsheets):
        sheet = book.sheet_by_index(at)
        canvas = Canvas(clean(sheet.name), MAX_CELLS - cells)
        _fill(canvas, sheet, forms, epoch, _never_reckoned(book, at))
        cells += canvas.cells
        grids.append(canvas.grid(hidden=sheet.visibility != 0))
        book.unload_sheet(at)
    return grids


def _form(book: Any, style: Any) -> tuple[str, int]:
    """(number format, indent) of a cell's style."""
    known = book.format_map.get(style.format_key)
    text = known.format_str if known is not None else ""
    return ("" if text.casefold() == "general" else text), style.alignment.indent_level


def _fill(
    canvas: Canvas, sheet: Any, forms: list[tuple[str, int]], epoch: date, unknown: frozenset[tuple[int, int]]
) -> None:
    for line in range(sheet.nrows):
        kinds, values, styles = sheet.row_types(line), sheet.row_values(line), sheet._cell_xf_indexes[line]
        for column, kind in enumerate(kinds):
            if (line, column) in unknown:
                canvas.put(line + 1, column, Cell(uncalculated=True))
            elif _TEXT <= kind <= _ERROR:
                form = forms[styles[column]] if styles[column] < len(forms) else ("", 0)
                cell = _cell(kind, values[column], form, epoch)
                if cell is not None:
                    canvas.put(line + 1, column, cell)
    for first, after, left, beyond in sheet.merged_cells:
        canvas.merge(first + 1, left, after, beyond - 1)


def _cell(kind: int, value: Any, form: tuple[str, int], epoch: date) -> Cell | None:
    if kind == _TEXT:
        return text_of(value[:MAX_CELL_TEXT], form[0], form[1])
    if kind == _ERROR:
        return Cell(error_text_from_code.get(value, "#?"), error=True)
    if kind == _BOOLEAN:
        return Cell("TRUE" if value else "FALSE")
    return number_cell(repr(value), form[0], form[1], epoch)


def _never_reckoned(book: Any, at: int) -> frozenset[tuple[int, int]]:
    """The cells of a sheet whose formulas were never reckoned.

    Programs that reckon nothing keep zero and ask for it on opening, or keep no value in any formula of the sheet.
    """
    zeros: list[tuple[int, int]] = []
    blanks: list[tuple[int, int]] = []
    valued = False
    raw, place, end = book.mem, book._sh_abs_posn[at], book.base + book.stream_len
    while place + 4 <= end:
        code, length = struct.unpack_from("<HH", raw, place)
        if code == _EOF:
            break
        if code in _FORMULAS and length >= 16:
            kept, flags = raw[place + 10 : place + 18], raw[place + 18]
            asked = kept == _ZERO and flags & _ON_OPENING == _ON_OPENING
            cell = struct.unpack_from("<HH", raw, place + 4)
            if asked or kept == _BLANK:
                (zeros if asked else blanks).append(cell)
            else:
                valued = True
        place += 4 + length
    return frozenset(zeros if valued else zeros + blanks)
