"""Lines of stock to csv and xlsx files that a person can open and that read back as the same lines.

- Every field but where a line was read (sheet, line, merged lines) has a column, flags included: what waits for a
  person waits after the journey too.
- Texts that begin with = + - @, a tab or an apostrophe get an apostrophe before them in csv and are marked as quoted
  text in xlsx, so that no spreadsheet reckons them (OWASP, CSV injection).
- `own.py` knows the files by their header row. Serial numbers and components stand in one cell as JSON.
"""

import io
import zipfile
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final
from xml.sax.saxutils import escape

import msgspec

from xstock_node.domain.stock import StockLine
from xstock_spreadsheet import words
from xstock_spreadsheet.grid import clean

FIELDS: Final = {
    "item_code": "Item code", "item_name": "Item name", "quantity": "Quantity", "unit": "Unit",
    "location": "Location", "lot": "Lot", "expiry": "Expiry", "expiry_precision": "Expiry precision",
    "reserved": "Reserved", "damaged": "Damaged", "incoming": "Incoming", "available": "Available",
    "pack_factor": "Pack factor", "base_quantity": "Base quantity", "base_unit": "Base unit",
    "category": "Category", "owner": "Owner", "donor": "Donor", "status": "Status", "storage": "Storage",
    "serials": "Serial numbers", "components": "Components", "flags": "Flags", "counted_at": "Counted at",
    "value": "Unit value", "currency": "Currency", "module": "Module", "crew": "Crew",
    "self_sufficiency_days": "Self sufficiency days",
}  # fmt: skip
RECKONED: Final = "=+-@\t\r'＝＋－＠"
DELIMITER: Final = ";"
_EXACT_DIGITS: Final = 15  # of a number in a workbook
_TEXT_STYLE: Final = 1


def write_csv(lines: Iterable[StockLine]) -> bytes:
    """The lines as UTF-8 with a byte order mark, parted by semicolons, lines ended with CR LF."""
    rows = [DELIMITER.join(FIELDS.values())]
    rows += [DELIMITER.join(_csv_cell(value) for value in _values(line)) for line in lines]
    return "\r\n".join([*rows, ""]).encode("utf-8-sig", "replace")


def write_xlsx(lines: Iterable[StockLine]) -> bytes:
    """The lines as a workbook of one sheet; codes and other texts are cells of text, figures are numbers."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in words.workbook_parts().items():
            package.writestr(zipfile.ZipInfo(name), f'<?xml version="1.0" encoding="UTF-8"?>{text}')
        part = zipfile.ZipInfo("xl/worksheets/sheet1.xml")
        part.compress_type = zipfile.ZIP_DEFLATED
        with package.open(part, "w") as sheet:
            sheet.write(
                b'<?xml version="1.0" encoding="UTF-8"?>'
                b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
            )
            sheet.write(_xlsx_row(1, list(FIELDS.values())))
            for number, line in enumerate(lines, 2):
                sheet.write(_xlsx_row(number, _values(line)))
            sheet.write(b"</sheetData></worksheet>")
    return buffer.getvalue()


def _values(line: StockLine) -> list[str | Decimal | int | None]:
    """The line's fields in the order of the columns; None where nothing is known."""
    return [_value(getattr(line, name)) for name in FIELDS]


def _value(value: Any) -> str | Decimal | int | None:
    if value is None or value == ():
        return None
    if isinstance(value, tuple):
        return msgspec.json.encode(value).decode()
    return value if isinstance(value, Decimal | int) else clean(value)


def _csv_cell(value: str | Decimal | int | None) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal | int):
        return _figure(value)
    text = f"'{value}" if value[:1] in RECKONED and value else value
    return '"' + text.replace('"', '""') + '"' if any(mark in text for mark in '";\n\r') else text


def _figure(value: Decimal | int) -> str:
    """A figure that can be read one way only: three decimals could be thousands."""
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    return f"{text}0" if "." in text and len(text) - text.index(".") == 4 else text


def _xlsx_row(number: int, values: Iterable[str | Decimal | int | None]) -> bytes:
    cells = (_xlsx_cell(f"{_letters(at)}{number}", value) for at, value in enumerate(values) if value is not None)
    return f'<row r="{number}">{"".join(cells)}</row>'.encode("utf-8", "replace")


def _xlsx_cell(place: str, value: str | Decimal | int | None) -> str:
    if isinstance(value, int) or (isinstance(value, Decimal) and len(value.as_tuple().digits) <= _EXACT_DIGITS):
        return (
            f'<c r="{place}"><v>{value:f}</v></c>'
            if isinstance(value, Decimal)
            else f'<c r="{place}"><v>{value}</v></c>'
        )
    text = _figure(value) if isinstance(value, Decimal) else str(value)
    return f'<c r="{place}" s="{_TEXT_STYLE}" t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


def _letters(column: int) -> str:
    return chr(65 + column) if column < 26 else chr(64 + column // 26) + chr(65 + column % 26)
