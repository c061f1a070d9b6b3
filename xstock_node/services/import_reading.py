"""What a list says, as far as it is kept and shown: bounded, cleaned, with the counts of all that is left away."""

from typing import Final

import msgspec

from xstock_node.domain.stock import StockLine
from xstock_node.plugins.adapters import FileReading, RejectedLine
from xstock_node.services.typed import clean

ROWS: Final = 20
MOST_TOLD: Final = 1000  # lines of each kind; the counts are whole
LETTERS: Final = 200
COLUMNS: Final = 100


class FoundColumn(msgspec.Struct, frozen=True):
    """A header as written, and what it was read as; empty where it became nothing."""

    header: str
    field: str


class ReadLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line as it is understood; figures as decimals. `minds` are the closed words of what is doubtful about it."""

    line: int
    sheet: str
    code: str
    name: str
    quantity: str
    unit: str
    location: str
    lot: str
    expiry: str
    reserved: str
    minds: list[str]


class ReadList(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says: its columns, the first twenty lines, those to look at, those left out, and all counts.

    `doubtful` and `left_out` are the first 1,000, `skipped` are titles, totals and signatures.
    """

    error: str = ""
    error_text: str = ""
    as_of: str = ""
    encoding: str = ""
    columns: list[FoundColumn] = []
    lines: int = 0
    rows: list[ReadLine] = []
    doubtful: list[ReadLine] = []
    doubtful_count: int = 0
    left_out: list[RejectedLine] = []
    left_out_count: int = 0
    skipped: list[int] = []
    skipped_count: int = 0
    to_settle: list[str] = []


def told(reading: FileReading) -> ReadList:
    """What a reading says, bounded and without hidden characters, to be kept and shown."""
    doubtful = [row for row in reading.rows if row.flags]
    columns = [*reading.columns.items(), *((header, "") for header in reading.other_columns)]
    return ReadList(
        error=reading.error or "",
        error_text=_cut(reading.error_text, 1000),
        as_of=_cut(reading.as_of),
        encoding=_cut(reading.encoding),
        columns=[FoundColumn(header, field) for header, field in columns if len(header) <= LETTERS][:COLUMNS],
        lines=len(reading.rows),
        rows=[_line(row) for row in reading.rows[:ROWS]],
        doubtful=[_line(row) for row in doubtful[:MOST_TOLD]],
        doubtful_count=len(doubtful),
        left_out=[_left(one) for one in reading.rejected[:MOST_TOLD]],
        left_out_count=len(reading.rejected),
        skipped=reading.skipped_lines[:MOST_TOLD],
        skipped_count=len(reading.skipped_lines),
        to_settle=[_cut(one, 500) for one in reading.must_ask[:100]],
    )


def _line(row: StockLine) -> ReadLine:
    return ReadLine(
        line=row.line or 0,
        sheet=_cut(row.sheet),
        code=_cut(row.item_code),
        name=_cut(row.item_name),
        quantity=f"{row.quantity:f}",
        unit=_cut(row.unit),
        location=_cut(row.location),
        lot=_cut(row.lot),
        expiry=_cut(row.expiry),
        reserved="" if row.reserved is None else f"{row.reserved:f}",
        minds=list(row.flags[:10]),
    )


def _left(one: RejectedLine) -> RejectedLine:
    texts = {name: _cut(getattr(one, name)) or None for name in ("sheet", "text", "column", "cell")}
    return RejectedLine(line=one.line, reason=_cut(one.reason), **texts)


def _cut(text: str | None, most: int = LETTERS) -> str:
    return clean(text or "")[:most]
