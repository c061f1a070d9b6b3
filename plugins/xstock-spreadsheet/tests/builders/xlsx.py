"""Workbooks by openpyxl, and kept values of formulas, which it does not write, put in afterwards."""

import io
from collections.abc import Collection
from typing import Any

from cells import Error, Formed, Formula, Sheets
from openpyxl import Workbook
from openpyxl.utils.datetime import CALENDAR_MAC_1904


def xlsx(sheets: Sheets, hidden: Collection[str] = (), mac: bool = False) -> bytes:
    """The bytes of a workbook; a formula has no kept value, an error is one."""
    book = Workbook()
    book.remove(book.worksheets[0])
    if mac:
        book.epoch = CALENDAR_MAC_1904
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        sheet.sheet_state = "hidden" if name in hidden else "visible"
        for line, row in enumerate(rows, 1):
            for column, value in enumerate(row, 1):
                if value is not None:
                    _put(sheet.cell(line, column), value)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _put(cell: Any, value: Any) -> None:
    if isinstance(value, Formula):
        cell.value = "=SUM(Z1:Z2)" if value.value is None else value.value
    elif isinstance(value, Formed):
        cell.value, cell.number_format = value.value, value.form
    elif isinstance(value, Error):
        cell.value, cell.data_type = value.text, "e"
    else:
        cell.value = value
        if isinstance(value, str) and value[:1] == "=":
            cell.data_type = "s"
