"""Lists as tables of a web page, as programs save them under the name of an old workbook."""

from datetime import date
from typing import Any
from xml.sax.saxutils import escape

from cells import Error, Formed, Formula, Sheets


def page(sheets: Sheets, charset: str = "windows-1251", head: str = "") -> bytes:
    """The bytes of a page with one table for each sheet; a value shows as a person would see it."""
    tables = "".join(
        "<table border=1>"
        + "".join(f"<tr>{''.join(f'<td>{_shown(cell)}</td>' for cell in row)}</tr>\n" for row in rows)
        + "</table>\n"
        for rows in sheets.values()
    )
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={charset}">'
    return f"<html><head>{meta}<style>td {{ x: y }}</style></head><body>{head}{tables}</body></html>".encode(
        charset, "xmlcharrefreplace"
    )


def _shown(value: Any) -> str:
    if isinstance(value, Formed):
        return str(value.value).zfill(len(value.form)) if isinstance(value.value, int) else f"{value.value:%m.%Y}"
    if isinstance(value, Formula):
        return _shown(value.value)
    if isinstance(value, Error):
        return value.text
    if value is None:
        return ""
    return f"{value:%d.%m.%Y}" if isinstance(value, date) else escape(str(value))
