"""OpenDocument spreadsheets in the shape in which LibreOffice writes them."""

import io
import zipfile
from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from cells import Error, Formed, Formula, Sheets

_SPACES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in (("office", "office"), ("table", "table"), ("text", "text"), ("style", "style"), ("dc", "dc"))
) + (
    ' xmlns:number="urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0"'
    ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
)
_MONTH = (
    '<number:date-style style:name="N1"><number:month number:style="long"/><number:text>.</number:text>'
    '<number:year number:style="long"/></number:date-style>'
    '<style:style style:name="ce1" style:family="table-cell" style:data-style-name="N1"/>'
)
_TABLES = (
    '<style:style style:name="ta1" style:family="table"><style:table-properties table:display="true"/></style:style>'
    '<style:style style:name="ta2" style:family="table"><style:table-properties table:display="false"/></style:style>'
)
_MIME = "application/vnd.oasis.opendocument.spreadsheet"


def content(sheets: Sheets, hidden: Collection[str] = (), before: str = "", tail: str = "") -> str:
    """content.xml; `before` stands before the first table, `tail` behind the rows of each."""
    tables = "".join(_table(name, rows, name in hidden, tail) for name, rows in sheets.items())
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_SPACES} office:version="1.2">'
        f"<office:automatic-styles>{_MONTH}{_TABLES}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{before}{tables}</office:spreadsheet></office:body></office:document-content>"
    )


def _table(name: str, rows: list[list[Any]], hidden: bool, tail: str) -> str:
    style = "ta2" if hidden else "ta1"
    body = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    return f'<table:table table:name={quoteattr(name)} table:style-name="{style}">{body}{tail}</table:table>'


def cell(value: Any) -> str:
    """One cell; a string that begins with < is taken as xml as it stands."""
    if value is None:
        return "<table:table-cell/>"
    if isinstance(value, str) and value.startswith("<table:"):
        return value
    if isinstance(value, Formula):
        return _formula(value)
    if isinstance(value, Formed):
        return _formed(value)
    if isinstance(value, Error):
        return _cell('office:value-type="string" office:string-value="" calcext:value-type="error"', value.text)
    if isinstance(value, bool):
        return _cell(f'office:value-type="boolean" office:boolean-value="{str(value).lower()}"', str(value).upper())
    if isinstance(value, date):
        day = value.date() if isinstance(value, datetime) else value
        return _cell(f'office:value-type="date" office:date-value="{day.isoformat()}"', f"{day:%d.%m.%Y}")
    if isinstance(value, str):
        return _cell('office:value-type="string"', value)
    return _cell(f'office:value-type="float" office:value="{value}"', str(value))


def _cell(attributes: str, shown: str) -> str:
    lines = "".join(f"<text:p>{escape(line)}</text:p>" for line in shown.split("\n"))
    return f"<table:table-cell {attributes}>{lines}</table:table-cell>"


def _formula(formula: Formula) -> str:
    told = 'table:formula="of:=SUM([.A1:.A2])"'
    if formula.value is None:
        return f"<table:table-cell {told}/>"
    return cell(formula.value).replace("<table:table-cell", f"<table:table-cell {told}", 1)


def _formed(formed: Formed) -> str:
    if isinstance(formed.value, date):
        attributes = f'table:style-name="ce1" office:value-type="date" office:date-value="{formed.value:%Y-%m-%d}"'
        return _cell(attributes, f"{formed.value:%m.%Y}")
    return _cell(f'office:value-type="float" office:value="{formed.value}"', str(formed.value).zfill(len(formed.form)))


def packed(text: str, manifest: str = "") -> bytes:
    """The zip file around a content.xml."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("mimetype", _MIME, zipfile.ZIP_STORED)
        package.writestr("META-INF/manifest.xml", manifest or "<manifest/>")
        package.writestr("content.xml", text)
    return buffer.getvalue()


def ods(sheets: Sheets, hidden: Collection[str] = (), before: str = "", tail: str = "") -> bytes:
    """The bytes of an ods file."""
    return packed(content(sheets, hidden, before, tail))
