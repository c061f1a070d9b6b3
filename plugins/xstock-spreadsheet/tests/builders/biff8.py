"""Old workbooks (xls): BIFF8 records in a compound file, as far as the tests need them."""

import struct
from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from cells import Error, Formed, Formula, Sheets

_ERRORS = {"#NULL!": 0x00, "#DIV/0!": 0x07, "#VALUE!": 0x0F, "#REF!": 0x17, "#NAME?": 0x1D, "#NUM!": 0x24, "#N/A": 0x2A}
_SECTOR = 512
_END, _FREE, _FAT = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD


def xls(
    sheets: Sheets,
    hidden: Collection[str] = (),
    epoch: date = date(1899, 12, 30),
    merges: dict[str, list[tuple[int, int, int, int]]] | None = None,
    password: bool = False,
) -> bytes:
    """The bytes of a workbook; `merges` are first and last row, first and last column, from 0."""
    forms = ["General", "dd.mm.yyyy", *dict.fromkeys(c.form for c in _cells(sheets) if isinstance(c, Formed))]
    texts = list(dict.fromkeys(text for cell in _cells(sheets) if isinstance(text := _value(cell), str)))
    bodies = [
        _sheet(rows, forms, {text: at for at, text in enumerate(texts)}, epoch, (merges or {}).get(name, []))
        for name, rows in sheets.items()
    ]
    names = list(sheets)
    globals_ = b""
    for _ in range(2):  # the sheets' places are known once the globals' length is
        place, bounds = len(globals_), b""
        for name, body in zip(names, bodies, strict=True):
            state = int(name in hidden)
            bounds += _record(0x85, struct.pack("<IBB", place, state, 0) + _text(name, "<B"))
            place += len(body)
        globals_ = _globals(forms, texts, bounds, epoch, password)
    return _compound(globals_ + b"".join(bodies))


def _cells(sheets: Sheets) -> list[Any]:
    return [cell for rows in sheets.values() for row in rows for cell in row]


def _value(cell: Any) -> Any:
    return cell.value if isinstance(cell, Formed | Formula) else cell


def _globals(forms: list[str], texts: list[str], bounds: bytes, epoch: date, password: bool) -> bytes:
    font = struct.pack("<HHHHHBBBB", 200, 0, 0x7FFF, 400, 0, 0, 0, 0, 0) + _text("Arial", "<B")
    out = _record(0x809, struct.pack("<HHHHII", 0x600, 5, 0x0DBB, 1996, 0, 6))
    if password:
        out += _record(0x2F, struct.pack("<HHH", 0, 0x1234, 0x5678))
    out += _record(0x42, struct.pack("<H", 1200)) + _record(0x22, struct.pack("<H", int(epoch.year == 1904)))
    out += _record(0x31, font) * 5
    for at, form in enumerate(forms[1:], 1):
        out += _record(0x41E, struct.pack("<H", 163 + at) + _text(form, "<H"))
    for at in range(len(forms)):
        number = 163 + at if at else 0
        out += _record(0xE0, struct.pack("<HHHBBBBIIH", 0, number, 1, 0x20, 0, 0, 0, 0, 0, 0x20C0))
    out += bounds
    code, held = 0xFC, struct.pack("<II", len(texts), len(texts))
    for text in texts:
        if len(held) + 2 * len(text) > 8000:
            out, code, held = out + _record(code, held), 0x3C, b""
        held += _text(text, "<H")
    return out + _record(code, held) + _record(0x0A)


def _sheet(
    rows: list[list[Any]], forms: list[str], texts: dict[str, int], epoch: date, merges: list[tuple[int, int, int, int]]
) -> bytes:
    out = [_record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0x0DBB, 1996, 0, 6))]
    out.append(_record(0x200, struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows), default=0), 0)))
    for line, row in enumerate(rows):
        out += [_cell(line, at, cell, forms, texts, epoch) for at, cell in enumerate(row) if cell is not None]
    if merges:
        out.append(_record(0xE5, struct.pack("<H", len(merges)) + b"".join(struct.pack("<HHHH", *m) for m in merges)))
    return b"".join(out) + _record(0x0A)


def _cell(line: int, column: int, cell: Any, forms: list[str], texts: dict[str, int], epoch: date) -> bytes:
    form = forms.index(cell.form) if isinstance(cell, Formed) else 0
    value = _value(cell)
    if isinstance(value, datetime | date):
        day = value.date() if isinstance(value, datetime) else value
        value, form = (day - epoch).days, form or 1
    head = struct.pack("<HHH", line, column, form)
    if isinstance(cell, Formula):
        return _formula(head, value)
    if isinstance(cell, Error):
        return _record(0x205, head + bytes((_ERRORS[cell.text], 1)))
    if isinstance(value, bool):
        return _record(0x205, head + bytes((int(value), 0)))
    if isinstance(value, str):
        return _record(0xFD, head + struct.pack("<I", texts[value]))
    return _record(0x203, head + struct.pack("<d", float(value)))


def _formula(head: bytes, value: Any) -> bytes:
    """A formula (1+1) with its kept value; a program that reckons nothing keeps zero and asks to reckon on opening."""
    tokens = struct.pack("<H", 7) + b"\x1e\x01\x00\x1e\x01\x00\x03"
    if isinstance(value, str):
        return _record(0x06, head + b"\0\0\0\0\0\0\xff\xff" + struct.pack("<HI", 0, 0) + tokens) + _record(
            0x207, _text(value, "<H")
        )
    if isinstance(value, Error):
        kept = bytes((2, 0, _ERRORS[value.text], 0, 0, 0, 0xFF, 0xFF))
    else:
        kept = struct.pack("<d", float(value or 0))
    return _record(0x06, head + kept + struct.pack("<HI", 3 if value is None else 0, 0) + tokens)


def _record(code: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", code, len(data)) + data


def _text(text: str, length: str) -> bytes:
    return struct.pack(length, len(text)) + b"\x01" + text.encode("utf-16-le")


def _compound(stream: bytes) -> bytes:
    stream = stream.ljust(max(4096, -(-len(stream) // _SECTOR) * _SECTOR), b"\0")
    count = len(stream) // _SECTOR
    tables = 1
    while tables * 128 < count + 1 + tables:
        tables += 1
    chain = [*range(1, count), _END, _END, *[_FAT] * tables]
    table = struct.pack(f"<{len(chain)}I", *chain).ljust(tables * _SECTOR, b"\xff")
    root = _entry("Root Entry", 5, child=1, start=_END, size=0)
    book = _entry("Workbook", 2, child=_FREE, start=0, size=len(stream))
    directory = (root + book).ljust(_SECTOR, b"\0")
    places = [count + 1 + at for at in range(tables)] + [_FREE] * (109 - tables)
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    header += struct.pack("<HHHHHHIIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 0, 0, tables, count, 0, 4096, _END, 0, _END, 0)
    return header + struct.pack("<109I", *places) + stream + directory + table


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    raw = name.encode("utf-16-le")
    return struct.pack(
        "<64sHBBIII16sIQQIII", raw, len(raw) + 2, kind, 1, _FREE, _FREE, child, b"", 0, 0, 0, start, size, 0
    )
