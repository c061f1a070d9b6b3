"""Figures as typed: the order of thousands and decimals is decided once for a column, from all its values.

A value that can be read two ways (1.200) is read only when the column, or a human's language, says which.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from xstock_spreadsheet.limits import MAX_VALUE_TEXT

_SPACES: Final = "\u00a0\u202f\u2007\u2009\u2002\u2003\u2005\u2006 "
_MINUS: Final = "-−–‒—﹣－"
_APOSTROPHES: Final = "'’ʼ´`"
_FIGURE: Final = re.compile(rf"\d(?:[\d.,{_SPACES}{_APOSTROPHES}]*\d)?|[.,]\d+")
_GROUPED: Final = re.compile(rf"\d{{1,3}}(?:([{_SPACES}{_APOSTROPHES}])\d{{3}})+(?:[.,]\d+)?")
_COMMA_LANGUAGES: Final = frozenset(
    {"bg", "hr", "sr", "bs", "me", "cnr", "mk", "sl", "ro", "sq", "uk", "ru",
     "kk", "el", "tr", "de", "fr", "it", "es", "pt", "pl", "cs", "sk", "hu", "be"}
)  # fmt: skip
_POINT_LANGUAGES: Final = frozenset({"en", "he", "ja", "zh", "mt", "ga"})


class NotAFigure(ValueError):
    """The text is no figure, or one that can be read two ways (`ambiguous`)."""

    def __init__(self, text: str, ambiguous: bool = False) -> None:
        super().__init__(text)
        self.ambiguous = ambiguous


@dataclass(frozen=True, slots=True)
class Order:
    """How a column writes figures: its decimal mark ("." or ","), or None where nothing says."""

    decimal: str | None = None
    mixed: bool = False


def language_mark(language: str | None) -> str | None:
    """The decimal mark of a language that a human confirmed."""
    if not language:
        return None
    if language.casefold().replace("_", "-") in ("de-ch", "fr-ch", "it-ch", "de-li"):
        return "."
    base = language.replace("_", "-").split("-")[0].casefold()
    return "," if base in _COMMA_LANGUAGES else "." if base in _POINT_LANGUAGES else None


def column_order(texts: Iterable[str], told: str | None = None) -> Order:
    """The order of one column, from the figures in all its texts; `told` decides where the figures do not."""
    marks: set[str] = set()
    for text in texts:
        for figure in _FIGURE.findall(text[:MAX_VALUE_TEXT]):
            if mark := _evidence(figure):
                marks.add(mark)
    if len(marks) == 1:
        return Order(marks.pop())
    return Order(None if marks else told, mixed=bool(marks))


def _evidence(figure: str) -> str | None:
    """The decimal mark that this one figure proves."""
    if "." not in figure and "," not in figure:
        return None
    bare = _joined(figure)
    if bare is None:
        return None
    spaced = bare != figure
    last = max(bare.rfind("."), bare.rfind(","))
    mark = bare[last]
    other = "," if mark == "." else "."
    if other in bare:
        return mark if bare.count(mark) == 1 and _groups(bare[:last], other) else None
    if bare.count(mark) > 1:
        return other if _groups(bare, mark) else None
    if spaced or len(bare) - last - 1 != 3 or bare[:last] in ("", "0") or bare[0] == "0" or last > 3:
        return mark
    return None


def ambiguous(text: str, order: Order) -> bool:
    """True when the only figure in `text` can be read two ways under `order`."""
    found = _FIGURE.fullmatch(text.strip())
    return bool(found) and order.decimal is None and re.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", text.strip()) is not None


def whole_pieces(texts: Iterable[str]) -> str | None:
    """The decimal mark that counted things prove: 1.250 tents cannot be one and a quarter."""
    for text in texts:
        if re.fullmatch(r"[1-9]\d{0,2}[.,]\d{3}", text) and not text.endswith("000"):
            return "," if "." in text else "."
    return None


def figure(text: str, order: Order) -> Decimal:
    """The value of one figure; brackets or a minus on either side make it negative. Raises NotAFigure."""
    bare = text[: MAX_VALUE_TEXT + 1].strip(_SPACES).removeprefix("'")
    negative = False
    if len(bare) > 2 and bare[0] == "(" and bare[-1] == ")":
        bare, negative = bare[1:-1].strip(_SPACES), True
    if bare and bare[0] in _MINUS:
        bare, negative = bare[1:].strip(_SPACES), not negative
    elif bare and bare[-1] in _MINUS and len(bare) > 1:
        bare, negative = bare[:-1].strip(_SPACES), not negative
    elif bare[:1] == "+":
        bare = bare[1:].strip(_SPACES)
    if len(bare) > 40 or not _FIGURE.fullmatch(bare) or (not bare.isascii() and not _ascii_digits(bare)):
        raise NotAFigure(text)
    value = _value(bare, order)
    return -value if negative and value else value


def _ascii_digits(text: str) -> bool:
    return all(not ch.isdigit() or ch in "0123456789" for ch in text)


def _value(bare: str, order: Order) -> Decimal:
    joined = _joined(bare)
    if joined is None:
        raise NotAFigure(bare)
    if "." not in joined and "," not in joined:
        return Decimal(joined)
    mark = _evidence(bare) or order.decimal
    if mark is None:
        raise NotAFigure(bare, ambiguous=joined.count(".") + joined.count(",") == 1)
    other = "," if mark == "." else "."
    head, _, tail = joined.partition(mark)
    if mark in tail or other in tail or (other in head and not _groups(head, other)):
        raise NotAFigure(bare)
    if order.decimal and _evidence(bare) not in (None, order.decimal):
        raise NotAFigure(bare)
    try:
        return Decimal(f"{head.replace(other, '') or '0'}.{tail}" if tail else head.replace(other, ""))
    except InvalidOperation:
        raise NotAFigure(bare) from None


def _joined(text: str) -> str | None:
    """`text` without grouping by spaces or apostrophes; None where they do not stand between groups of three."""
    if not any(ch in _SPACES or ch in _APOSTROPHES for ch in text):
        return text
    if not _GROUPED.fullmatch(text):
        return None
    return "".join(ch for ch in text if ch not in _SPACES and ch not in _APOSTROPHES)


def _groups(text: str, mark: str) -> bool:
    head, *rest = text.split(mark)
    return 1 <= len(head) <= 3 and head.isdigit() and all(len(part) == 3 and part.isdigit() for part in rest)


def shown(value: Decimal) -> Decimal:
    """`value` without exponent form and needless zeros of a stored number."""
    text = f"{value:f}"
    return Decimal(text.rstrip("0").rstrip(".")) if "." in text else Decimal(text)
