"""The spreadsheet xml of 2003, as programs write it under the name of an old workbook."""

from datetime import date
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from cells import Error, Formed, Formula, Sheets

_HEAD = (
    '<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'
    '<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:o="urn:schemas-microsoft-com:office:office"'
    ' xmlns:x="urn:schemas-microsoft-com:office:excel" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">'
)


def sheet_xml(sheets: Sheets, hidden: tuple[str, ...] = ()) -> bytes:
    """The bytes of a workbook."""
    forms = dict.fromkeys(c.form for rows in sheets.values() for row in rows for c in row if isinstance(c, Formed))
    ids = {form: f"s{at}" for at, form in enumerate(forms, 21)}
    styles = "".join(
        f'<Style ss:ID="{name}"><NumberFormat ss:Format={quoteattr(form)}/></Style>' for form, name in ids.items()
    )
    bodies = "".join(_sheet(name, rows, ids, name in hidden) for name, rows in sheets.items())
    return f"{_HEAD}<Styles>{styles}</Styles>{bodies}</Workbook>".encode()


def _sheet(name: str, rows: list[list[Any]], ids: dict[str, str], hidden: bool) -> str:
    body = "".join(f"<Row>{''.join(_cell(c, ids) for c in row)}</Row>" for row in rows)
    state = "<x:WorksheetOptions><x:Visible>SheetHidden</x:Visible></x:WorksheetOptions>" if hidden else ""
    return f"<Worksheet ss:Name={quoteattr(name)}><Table>{body}</Table>{state}</Worksheet>"


def _cell(value: Any, ids: dict[str, str]) -> str:
    more = ""
    if isinstance(value, Formed):
        more, value = f' ss:StyleID="{ids[value.form]}"', value.value
    if isinstance(value, Formula):
        more, value = ' ss:Formula="=SUM(R1C1:R2C1)"', value.value
    if value is None:
        return f"<Cell{more}/>"
    if isinstance(value, Error):
        return f'<Cell{more}><Data ss:Type="Error">{value.text}</Data></Cell>'
    if isinstance(value, date):
        return f'<Cell{more}><Data ss:Type="DateTime">{value:%Y-%m-%d}T00:00:00.000</Data></Cell>'
    kind = "String" if isinstance(value, str) else "Number"
    return f'<Cell{more}><Data ss:Type="{kind}">{escape(str(value))}</Data></Cell>'
