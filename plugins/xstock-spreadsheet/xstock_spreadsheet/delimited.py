"""Text with delimiters to a grid: quotes, quoted line breaks, and the line of the file where each record began."""

import re
from typing import Final

from xstock_spreadsheet.encoding import Decoded
from xstock_spreadsheet.errors import FileRefused
from xstock_spreadsheet.grid import Grid, Row, text_cell
from xstock_spreadsheet.header import match_header
from xstock_spreadsheet.limits import MAX_CELL_TEXT, MAX_CELLS, MAX_COLUMNS, MAX_ROWS

_DELIMITERS: Final = (";", ",", "\t", "|")
_SEP: Final = re.compile(r"^\ufeff?\"?sep=(.)\"?\s*$", re.IGNORECASE)
_MAX_QUOTED_LINES: Final = 40


def read_grid(decoded: Decoded) -> tuple[Grid, str | None]:
    """The grid of a decoded file and its delimiter (None where every line is one cell)."""
    lines = re.split(r"\r\n|\r|\n", decoded.text)
    whole_end = lines[-1] == ""
    if whole_end:
        lines.pop()
    if len(lines) > MAX_ROWS:
        raise FileRefused("too_large", f"at most {MAX_ROWS} lines", f"{len(lines)}", "split the list")
    told = _SEP.match(lines[0]) if lines else None
    delimiter = told.group(1) if told else _choose(lines)
    records = _records(lines, delimiter)
    if told:
        records[0] = (1, [""], True)
    rows = _rows(records, lines, decoded.broken)
    _mark_cut_end(rows, records, whole_end)
    return Grid(None, rows), delimiter


def _rows(records: list[tuple[int, list[str], bool]], lines: list[str], broken: frozenset[int]) -> list[Row]:
    rows, cells = [], 0
    for at, (line, fields, _) in enumerate(records):
        cells += len(fields)
        if cells > MAX_CELLS:
            raise FileRefused("too_large", f"at most {MAX_CELLS} cells", "more", "split the list")
        after = records[at + 1][0] if at + 1 < len(records) else len(lines) + 1
        bad = not broken.isdisjoint(range(line, after)) if broken else False
        kept = [text_cell(part[:MAX_CELL_TEXT]) for part in fields[:MAX_COLUMNS]]
        rows.append(Row(line, kept, "encoding" if bad else None))
    return rows


def _mark_cut_end(rows: list[Row], records: list[tuple[int, list[str], bool]], whole_end: bool) -> None:
    """A last record without its line end that is shorter than all others was never written to the end."""
    if not rows or rows[-1].problem or len(records) < 2:
        return
    closed = records[-1][2]
    widths = [len(fields) for (_, fields, _), row in zip(records[:-1], rows[:-1], strict=True) if not row.blank]
    usual = max(set(widths), key=widths.count) if widths else 0
    short = not whole_end and usual > 1 and len(records[-1][1]) < min(w for w in widths if w > usual // 2)
    torn = not whole_end and any("\ufffd" in cell.text for cell in rows[-1].cells)
    if not closed or short or torn:
        rows[-1].problem = "incomplete_line"


def _choose(lines: list[str]) -> str | None:
    """The delimiter whose first lines name most header words, then the one that cuts lines most evenly."""
    sample = [line for line in lines[:120] if line.strip()][:60]
    best, best_score = None, 0.0
    for delimiter in _DELIMITERS:
        if not any(delimiter in line for line in sample):
            continue
        rows = [fields for _, fields, _ in _records(sample, delimiter)]
        hits = max((_hits(fields) for fields in rows[:40]), default=0)
        widths = [len(fields) for fields in rows]
        usual = max(set(widths), key=lambda width: (widths.count(width), width))
        even = widths.count(usual) / len(widths) if usual > 1 else 0.0
        score = 3.0 * hits + 2.0 * even + (0.1 if delimiter in ";\t" else 0.0)
        if score > best_score and max(widths) > 1:
            best, best_score = delimiter, score
    return best


def _hits(fields: list[str]) -> int:
    if len(fields) < 2:
        return 0
    return len(
        {found.field for part in fields if part and len(part) < 80 and (found := match_header(part)) and found.exact}
    )


def _records(lines: list[str], delimiter: str | None) -> list[tuple[int, list[str], bool]]:
    """(first line, fields, closed) of each record; `closed` is False where the file ends inside quotes."""
    records: list[tuple[int, list[str], bool]] = []
    at = 0
    while at < len(lines):
        if delimiter is None or '"' not in lines[at]:
            records.append((at + 1, lines[at].split(delimiter) if delimiter else [lines[at]], True))
            at += 1
            continue
        taken, fields, closed = _quoted(lines, at, delimiter)
        records.append((at + 1, fields, closed))
        at += taken
    return records


def _quoted(lines: list[str], at: int, delimiter: str) -> tuple[int, list[str], bool]:
    """One record that has quotes, and how many lines it takes; a quote never closed again is an inch mark."""
    text = lines[at]
    fields, closed = _split(text, delimiter)
    taken = 1
    while not closed and at + taken < len(lines) and taken < _MAX_QUOTED_LINES:
        text += "\n" + lines[at + taken]
        taken += 1
        fields, closed = _split(text, delimiter)
    if closed:
        return taken, fields, True
    last = at + 1 == len(lines)
    return 1, lines[at].split(delimiter), not last


def _split(text: str, delimiter: str) -> tuple[list[str], bool]:
    """The fields of `text` and whether its quotes are closed."""
    fields: list[str] = []
    at, end = 0, len(text)
    while True:
        start = at
        while start < end and text[start] == " " and delimiter != " ":
            start += 1
        if start < end and text[start] == '"':
            value, at, closed = _in_quotes(text, start + 1)
            if not closed:
                return [*fields, value], False
            stop = text.find(delimiter, at)
            stop = end if stop < 0 else stop
            fields.append(value + text[at:stop].rstrip())
        else:
            stop = text.find(delimiter, at)
            stop = end if stop < 0 else stop
            fields.append(text[at:stop])
        if stop >= end:
            return fields, True
        at = stop + 1


def _in_quotes(text: str, at: int) -> tuple[str, int, bool]:
    parts: list[str] = []
    while True:
        stop = text.find('"', at)
        if stop < 0:
            return "".join(parts) + text[at:], len(text), False
        parts.append(text[at:stop])
        if text[stop + 1 : stop + 2] != '"':
            return "".join(parts), stop + 1, True
        parts.append('"')
        at = stop + 2
