"""A row of JSON becomes a stock line, or a rejected one: nothing is guessed, and nothing doubtful passes."""

import calendar
import re
from datetime import date
from decimal import Decimal
from typing import Any, Final

from xstock_node.domain.stock import StockLine
from xstock_rest.settings import FIGURES, TEXTS, Interface

LONGEST: Final = 300
LONGEST_KEY: Final = 200
LARGEST: Final = Decimal(10) ** 15
FIGURE: Final = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,9})?", re.ASCII)
GROUPED: Final = re.compile(r"[+-]?[1-9][0-9]{0,2}\.[0-9]{3}", re.ASCII)
"""1.200 in a text may be twelve hundred or one and a fifth."""
ISO: Final = re.compile(r"(?P<y>[0-9]{4})-(?P<m>[0-9]{2})(?:-(?P<d>[0-9]{2})(?:[T ][0-9:.+Z-]{5,30})?)?", re.ASCII)
OTHERS: Final = {
    "month/day/year": re.compile(r"(?P<m>[0-9]{1,2})/(?P<d>[0-9]{1,2})/(?P<y>[0-9]{4})", re.ASCII),
    "day/month/year": re.compile(r"(?P<d>[0-9]{1,2})/(?P<m>[0-9]{1,2})/(?P<y>[0-9]{4})", re.ASCII),
    "day.month.year": re.compile(r"(?P<d>[0-9]{1,2})\.(?P<m>[0-9]{1,2})\.(?P<y>[0-9]{4})", re.ASCII),
}


class Rejected(Exception):
    """A row that is no line; its text is the closed word."""


def at(value: Any, pointer: str) -> Any:
    """What stands at a JSON Pointer (RFC 6901), None where nothing does."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list) and name.isascii() and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value


def line_of(row: Any, told: Interface) -> tuple[str, StockLine]:
    """Key and line of a row. Raises `Rejected` with bad_quantity, bad_date or incomplete_line."""
    found = {field: at(row, pointer) for field, pointer in told.fields.items()}
    figures = {name: figure(found.get(name)) for name in FIGURES}
    texts = {name: text(found.get(name)) for name in TEXTS}
    quantity = figures.pop("quantity")
    if quantity is None or not (texts["item_code"] or texts["item_name"]):
        raise Rejected("incomplete_line")
    texts["unit"] = told.units.get(texts["unit"] or "", texts["unit"])
    expiry, precision = day(found.get("expiry"), told.dates)
    factor = figures["pack_factor"]
    plain: dict[str, Any] = texts | figures
    line = StockLine(
        **plain,
        quantity=quantity,
        expiry=expiry,
        expiry_precision=precision,
        base_quantity=quantity * factor if factor is not None and texts["base_unit"] else None,
        flags=("negative",) if quantity < 0 else (),
    )
    return key_of(row, told), line


def key_of(row: Any, told: Interface) -> str:
    """The texts at the key's pointers, joined by `/`; one of several may be missing, as for a bin that is none."""
    parts = [text(at(row, pointer)) for pointer in told.key]
    joined = "/".join((part or "").replace("/", "//") for part in parts)
    if not any(parts) or len(joined) > LONGEST_KEY:
        raise Rejected("incomplete_line")
    return joined


def figure(value: Any) -> Decimal | None:
    """A figure; a text has to be digits, with a point at most, and one that can be read in two ways is rejected."""
    if value is None or value == "":
        return None
    if isinstance(value, str) and FIGURE.fullmatch(value.strip()) and not GROUPED.fullmatch(value.strip()):
        value = Decimal(value.strip())
    elif isinstance(value, int) and not isinstance(value, bool):
        value = Decimal(value)
    if not isinstance(value, Decimal) or not value.is_finite() or abs(value) >= LARGEST:
        raise Rejected("bad_quantity")
    return value


def day(value: Any, form: str = "iso") -> tuple[str | None, str | None]:
    """An ISO date and its precision, of a text in the interface's form; YYYY-MM is a month."""
    if value is None or value == "":
        return None, None
    found = OTHERS.get(form, ISO).fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise Rejected("bad_date")
    try:
        year, month = int(found["y"]), int(found["m"])
        last = calendar.monthrange(year, month)[1]
        return date(year, month, int(found["d"] or last)).isoformat(), "day" if found["d"] else "month"
    except ValueError:
        raise Rejected("bad_date") from None


def text(value: Any) -> str | None:
    """A text in one line, without control characters; an object or a list is no text."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise Rejected("incomplete_line")
    shown = " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())
    return shown[:LONGEST] or None
