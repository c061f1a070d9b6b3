"""A table without headers: what its columns hold is guessed from their contents, and always asked about."""

from typing import Final

from xstock_spreadsheet.columns import Head
from xstock_spreadsheet.dates import DateOrder, NotADate, expiry
from xstock_spreadsheet.grid import Cell, Grid, Row
from xstock_spreadsheet.header import Match
from xstock_spreadsheet.layout import looks_numeric
from xstock_spreadsheet.quantities import measure

_ENOUGH: Final = 7  # tenths of a column's filled cells


def guess_head(grid: Grid) -> Head | None:
    """A head before the first row, or None where the contents do not show an item and a count."""
    rows = [row for row in grid.rows if sum(1 for cell in row.cells if cell.text) >= 2][:200]
    if not rows:
        return None
    width = max(len(row.cells) for row in rows)
    kinds = [_kind(rows, at) for at in range(width)]
    fields: dict[str, int] = {}
    for at, kind in enumerate(kinds):
        if kind in ("unit", "expiry", "item_code") and kind not in fields:
            fields[kind] = at
    figures = [at for at, kind in enumerate(kinds) if kind == "figure"]
    names = [at for at, kind in enumerate(kinds) if kind == "text"]
    if not names or not (figures and "unit" in fields) or len(figures) > 2:
        return None
    unit = fields["unit"]
    fields["quantity"] = min(figures, key=lambda at: (abs(at - unit), at))
    fields["item_name"] = max(names, key=lambda at: (_length(rows, at), -at))
    if (rest := [at for at in names if at > fields["item_name"]]) and "location" not in fields:
        fields["location"] = rest[0]
    by_column = {at: name for name, at in fields.items()}
    matches = [Match(by_column[at], True) if at in by_column else None for at in range(width)]
    titles = [f"column {at + 1}" if at in by_column else "" for at in range(width)]
    return Head(-1, -1, titles, matches)


def _kind(rows: list[Row], at: int) -> str:
    cells = [row.cell(at) for row in rows if not row.cell(at).blank]
    if not cells or len(cells) * 3 < len(rows):
        return ""
    need = len(cells) * _ENOUGH
    if sum(1 for c in cells if measure(c.text)) * 10 >= need:
        return "unit"
    if sum(1 for cell in cells if _shows_date(cell)) * 10 >= need:
        return "expiry"
    numeric = [c for c in cells if c.number is not None or looks_numeric(c.text)]
    if len(numeric) * 10 >= need:
        zeros = sum(1 for c in numeric if c.text.startswith("0") and len(c.text) > 1 and c.text.isdigit())
        return "item_code" if zeros * 3 > len(numeric) else "figure"
    coded = sum(1 for c in cells if " " not in c.text and any(ch.isdigit() for ch in c.text))
    return "item_code" if coded * 10 >= need else "text"


def _shows_date(cell: Cell) -> bool:
    return cell.day is not None or ((not looks_numeric(cell.text) or cell.text.count(".") > 1) and _is_date(cell.text))


def _is_date(text: str) -> bool:
    try:
        found = expiry(text, DateOrder("d"))
    except NotADate:
        return False
    return found is not None and found.day is not None


def _length(rows: list[Row], at: int) -> float:
    texts = [row.cell(at).text for row in rows if row.cell(at).text]
    return sum(map(len, texts)) / max(len(texts), 1)
