"""Files that `export.py` wrote, known by their header row: read back as they were, nothing guessed.

A file that a person has changed since so that a cell is no longer what its column holds is read like any other list.
"""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec

from xstock_node.domain.stock import Component, StockLine
from xstock_spreadsheet.export import FIELDS, RECKONED
from xstock_spreadsheet.grid import Cell, Grid, Row

_TITLES: Final = list(FIELDS.values())
_FIGURES: Final = frozenset(
    {"quantity", "reserved", "damaged", "incoming", "available", "pack_factor", "base_quantity", "value"}
)
_COUNTS: Final = frozenset({"counted_at", "crew", "self_sufficiency_days"})
_LISTS: Final[dict[str, Any]] = {
    "serials": tuple[str, ...], "components": tuple[Component, ...], "flags": tuple[str, ...],
}  # fmt: skip
_NEEDED: Final = ("item_code", "item_name", "unit", "location", "lot", "expiry")


def read_own(grids: list[Grid]) -> list[StockLine] | None:
    """The lines of an exported file, or None where it is none, or was changed into something else."""
    if len(grids) != 1 or not grids[0].rows or [cell.text for cell in grids[0].rows[0].cells] != _TITLES:
        return None
    grid = grids[0]
    try:
        return [_line(row, grid.name) for row in grid.rows[1:] if not row.blank]
    except (ValueError, InvalidOperation, msgspec.MsgspecError):
        return None


def _line(row: Row, sheet: str | None) -> StockLine:
    if row.problem or len(row.cells) > len(_TITLES):
        raise ValueError(row.line)
    fields = {name: _read(name, row.cell(at), sheet is None) for at, name in enumerate(FIELDS)}
    known = {name: value for name, value in fields.items() if value is not None}
    line = StockLine(**{**dict.fromkeys(_NEEDED), **known, "sheet": sheet, "line": row.line})
    if line.item_code is None and line.item_name is None and "code_damaged" not in line.flags:
        raise ValueError(row.line)
    return line


def _read(name: str, cell: Cell, quoted: bool) -> Any:
    """What a cell of the column of `name` holds; `quoted` where texts may have an apostrophe before them."""
    if cell.blank and name != "quantity":
        return None
    if cell.uncalculated or cell.day is not None:
        raise ValueError(cell.text)
    if name in _FIGURES:
        value = cell.number if cell.number is not None else Decimal(cell.text)
        if not value.is_finite():
            raise ValueError(cell.text)
        return value
    if name in _COUNTS:
        return int(cell.text)
    if name in _LISTS:
        return msgspec.json.decode(cell.text, type=_LISTS[name])
    if cell.number is not None:  # a program has made a number of a text
        raise ValueError(cell.text)
    text = (
        cell.text[1:]
        if quoted and len(cell.text) > 1 and cell.text[0] == "'" and cell.text[1] in RECKONED
        else cell.text
    )
    if name == "expiry":
        date.fromisoformat(text)
    return text
