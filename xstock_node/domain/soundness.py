"""Whether a line of a foreign system is one that can be reckoned with: figures, dates, lengths."""

from datetime import date
from decimal import Decimal
from typing import Final

import msgspec

from xstock_node.domain.stock import StockLine

MOST: Final = Decimal(10) ** 12
DIGITS: Final = 30
TEXT: Final = 500
FIGURES: Final = (
    "quantity", "reserved", "damaged", "incoming", "available", "pack_factor", "base_quantity", "value",
)  # fmt: skip


def fault(line: StockLine) -> str | None:
    """The closed word for what is wrong with a line (`bad_quantity`, `bad_date`, `too_long`), or None."""
    for name in FIGURES:
        figure = getattr(line, name)
        if figure is not None and not _sound(figure):
            return "bad_quantity"
    if line.expiry is not None and not _is_day(line.expiry):
        return "bad_date"
    texts = [value for value in msgspec.structs.astuple(line) if isinstance(value, str)]
    lists = [*line.serials, *line.flags, *(c.item_name for c in line.components)]
    if any(len(text) > TEXT for text in (*texts, *lists)) or len(lists) > TEXT or len(line.merged_lines) > TEXT:
        return "too_long"
    return None


def _sound(figure: Decimal) -> bool:
    return figure.is_finite() and abs(figure) <= MOST and len(figure.as_tuple().digits) <= DIGITS


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
