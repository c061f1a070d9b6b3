"""A row of a result becomes a stock line, or a rejected one: nothing is guessed, and nothing doubtful passes."""

import calendar
import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from xstock_node.domain.stock import StockLine
from xstock_sql.settings import FIGURES, TEXTS, SqlSettings

LONGEST: Final = 300
LONGEST_KEY: Final = 200
LARGEST: Final = Decimal(10) ** 15
FIGURE: Final = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,9})?", re.ASCII)
GROUPED: Final = re.compile(r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}", re.ASCII)
"""1.200 may be twelve hundred or one and a fifth."""
DAY: Final = re.compile(r"([0-9]{4})-([0-9]{2})(?:-([0-9]{2})(?:[T ][0-9:.+Z-]{5,21})?)?", re.ASCII)


class Rejected(Exception):
    """A row that is no line; its text is the closed word."""


def line_of(row: dict[str, Any], settings: SqlSettings) -> tuple[str, StockLine]:
    """Key and line of a row, by column. Raises `Rejected` with bad_quantity, bad_date or incomplete_line."""
    found = {field: row[column] for column, field in settings.columns.items()}
    figures = {name: figure(found.get(name)) for name in FIGURES}
    texts = {name: text(found.get(name)) for name in TEXTS}
    quantity = figures.pop("quantity")
    if quantity is None or not (texts["item_code"] or texts["item_name"]):
        raise Rejected("incomplete_line")
    expiry, precision = day(found.get("expiry"))
    packed = figures["pack_factor"] is not None and texts["base_unit"] is not None
    plain: dict[str, Any] = texts | figures
    line = StockLine(
        **plain,
        quantity=quantity,
        expiry=expiry,
        expiry_precision=precision,
        base_quantity=quantity * figures["pack_factor"] if packed and figures["pack_factor"] is not None else None,
        flags=("negative",) if quantity < 0 else (),
    )
    return key_of(row, settings), line


def key_of(row: dict[str, Any], settings: SqlSettings) -> str:
    """The key columns' texts, joined by `/`. Raises `Rejected` where one is missing or all are too long."""
    parts = [text(row[column]) for column in settings.key]
    joined = "/".join(part.replace("/", "//") for part in parts if part is not None)
    if None in parts or not 1 <= len(joined) <= LONGEST_KEY:
        raise Rejected("incomplete_line")
    return joined


def figure(value: Any) -> Decimal | None:
    """A figure; a text has to be digits, with a point at most, and one that can be read in two ways is rejected."""
    if value is None or value == "":
        return None
    if isinstance(value, str) and FIGURE.fullmatch(value.strip()) and not GROUPED.fullmatch(value.strip()):
        value = Decimal(value.strip())
    elif isinstance(value, float):
        value = Decimal(repr(value))
    elif isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    if not isinstance(value, Decimal) or not value.is_finite() or abs(value) >= LARGEST:
        raise Rejected("bad_quantity")
    return value


def day(value: Any) -> tuple[str | None, str | None]:
    """An ISO date and its precision; of a text, YYYY-MM-DD, with a time at most, or YYYY-MM for a month."""
    if value is None or value == "":
        return None, None
    if isinstance(value, date):  # a datetime is one
        return date(value.year, value.month, value.day).isoformat(), "day"
    found = DAY.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise Rejected("bad_date")
    try:
        year, month = int(found[1]), int(found[2])
        last = calendar.monthrange(year, month)[1]
        return date(year, month, int(found[3] or last)).isoformat(), "day" if found[3] else "month"
    except ValueError:
        raise Rejected("bad_date") from None


def text(value: Any) -> str | None:
    """A text in one line, without control characters; what is no text, figure or date is rejected."""
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal | date | UUID):
        raise Rejected("incomplete_line")
    written = value.isoformat() if isinstance(value, date) else str(value)
    shown = " ".join("".join(c if c.isprintable() else " " for c in written).split())
    return shown[:LONGEST] or None


def moment(value: Any) -> int | None:
    """Unix seconds of a time; one without a zone is UTC. Raises ValueError."""
    if value is None:
        return None
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        value = datetime.fromisoformat(value.strip())
    if isinstance(value, datetime):
        return calendar.timegm(value.utctimetuple())
    if isinstance(value, date):
        return calendar.timegm(value.timetuple())
    raise ValueError(f"no time: {type(value).__name__}")
