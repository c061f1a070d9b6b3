"""Counters of a disaster as CSV, one row for each area, day and source, with an optional row of HXL hashtags, and back.

Cells are a figure, nothing (not spoken of), `unknown`, or `<10` (hidden). A text that a spreadsheet would take for a
formula has an apostrophe before it, which is taken away again when it is read; so has one that begins with one.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final

import msgspec

from xstock_node.domain.impact import COUNTERS, ImpactNote, Standing, objection
from xstock_node.protocol import limits

UNKNOWN: Final = "unknown"
HIDDEN: Final = "<10"
_SAID: Final = ("event", "title", "area", "area_name", "date", "source", "currency")
_TAGS: Final = (
    "#crisis+code", "#crisis+name", "#adm1+code", "#adm1+name", "#date+reported", "#meta+source", "#currency+code",
)  # fmt: skip
HEADER: Final = (*_SAID, *(one.name for one in COUNTERS))
HASHTAGS: Final = (*_TAGS, *(one.hxl for one in COUNTERS))
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "'")


def write(event: str, title: str, counters: Iterable[Standing], hxl: bool = False) -> str:
    """The counters of one event; with `hxl` a row of hashtags (HXL 1.1) below the headers."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(HEADER)
    if hxl:
        lines.writerow(HASHTAGS)
    for (area, area_name, date, source), row in _rows(counters):
        texts = (event, title, area, area_name, date, source, row.get("currency", ""))
        lines.writerow((*map(_cell, texts), *(row.get(one.name, "") for one in COUNTERS)))
    return out.getvalue()


def read(raw: bytes) -> tuple[ImpactNote, ...]:
    """The notes of a file that `write` made, or one like it. Raises ValueError: expected, came, by line."""
    if len(raw) > limits.IMPACT_FILE:
        raise ValueError(f"expected a file of at most {limits.IMPACT_FILE} bytes; came {len(raw)}")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"expected UTF-8; came another byte at {error.start}") from None
    if "\0" in text:
        raise ValueError("expected text; came a byte of zero")
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = next(lines, [])
        unknown = [name[:40] for name in header if name not in HEADER]
        if unknown or len(set(header)) < len(header) or not {"event", "area", "date", "source"} <= set(header):
            came = ", ".join(unknown[:5]) or "others, or one twice"
            raise ValueError(f"expected the headers {', '.join(HEADER)}; came {came}")
        found = [note for row in lines if (note := _note(header, row, lines.line_num)) is not None]
    except csv.Error as error:
        raise ValueError(f"line {lines.line_num}: expected CSV; came {error}") from None
    if len(found) > limits.IMPACT_NOTES:
        raise ValueError(f"expected at most {limits.IMPACT_NOTES} rows; came {len(found)}")
    return tuple(found)


def _rows(counters: Iterable[Standing]) -> list[tuple[tuple[str, str, str, str], dict[str, str]]]:
    """Rows by area, day and source; losses in a second currency open a row of their own."""
    rows: list[tuple[tuple[str, str, str, str], dict[str, str]]] = []
    for one in counters:
        key = one.area, one.area_name, one.date, one.source
        same = (row for held, row in rows if held == key)
        row = next((row for row in same if not one.currency or row.get("currency", one.currency) == one.currency), None)
        if row is None:
            rows.append((key, row := {}))
        row[one.counter] = HIDDEN if one.hidden else UNKNOWN if one.figure is None else f"{one.figure:f}"
        if one.currency:
            row["currency"] = one.currency
    return rows


def _note(header: Sequence[str], row: Sequence[str], line: int) -> ImpactNote | None:
    if all(cell.startswith("#") for cell in row if cell):
        return None
    if len(row) != len(header):
        raise ValueError(f"line {line}: expected {len(header)} cells; came {len(row)}")
    said = dict(zip(header, row, strict=True))
    figures = {one.name: said.get(one.name, "").strip() for one in COUNTERS}
    told = {name: text for name, text in figures.items() if text not in ("", HIDDEN)}
    if not told:
        return None
    try:
        raw = {name: _text(said[name]) for name in _SAID if said.get(name)}
        raw_figures = {name: None if text == UNKNOWN else _figure(name, text) for name, text in told.items()}
        note = msgspec.convert(raw | {"figures": raw_figures}, ImpactNote)
    except (msgspec.ValidationError, ValueError) as error:
        raise ValueError(f"line {line}: {error}") from None
    if against := objection(note):
        raise ValueError(f"line {line}: {against}")
    return note


def _figure(name: str, text: str) -> Decimal:
    try:
        if len(text) <= 20 and text.isascii() and text.replace(".", "", 1).isdigit():
            return Decimal(text)
    except InvalidOperation:
        pass
    raise ValueError(f"expected {name} in digits, or {UNKNOWN}; came {text[:40]}")


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _text(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_FORMULA) else cell
