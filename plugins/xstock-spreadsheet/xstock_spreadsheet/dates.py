"""Dates as typed: day or month first is decided once for a column, from all its values.

Month precision means the month's last day. "No expiry" in words is no date and no fault; anything else that is not
a date is a fault. Nothing is filled in: a year alone, or a day and month without a year, is no date.
"""

import calendar
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from xstock_spreadsheet import words
from xstock_spreadsheet.limits import MAX_VALUE_TEXT

_DASHES: Final = frozenset("-–—−/.*x×_ ")
_NUMERIC: Final = re.compile(r"(\d{1,4})\s*([./\-–\s])\s*(\d{1,2})\s*[./\-–\s]\s*(\d{1,4})")
_TWO: Final = re.compile(r"(\d{1,4})\s*[./\-–\s]\s*(\d{1,4})")
_NAMED: Final = re.compile(
    r"(?:(\d{1,2})(?:st|nd|rd|th|er|\.|-?(?:го|ти|ри|ви|ми|и))?[\s./\-]*)?([^\W\d_]{3,}|[^\W\d_]{3,}\.)[\s.,/\-'’]*(\d{4}|\d{2})"
)
_YEAR_FIRST_NAMED: Final = re.compile(r"(\d{4})[\s./\-]*([^\W\d_]{3,})\.?(?:[\s./\-]*(\d{1,2}))?")
_MONTH_DAY_YEAR: Final = re.compile(r"([^\W\d_]{3,})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")
_TIME: Final = re.compile(r"[T\s]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:Z|[+-]\d\d:?\d\d|AM|PM)?$", re.IGNORECASE)
_AROUND: Final = re.compile(
    r"^(?:exp\.?|expiry|bbd|bbe|годен до|до края на|до|do|bis|mhd|skt|"
    r"до кінця|до конца|end of|ende|кінець|конец|края на)[\s:.]*(?=\S)",
    re.IGNORECASE,
)
_YEAR_MARK: Final = re.compile(
    r"[\s.]*(?:г(?:од)?|г(?:од)?ина|год[аи]?|р(?:ік|оку|оці)?|god(?:ine)?|g|ж|жылы?|leta|yılı|έτους)\.?$", re.IGNORECASE
)
_NEVER_YEAR: Final = 9999
_EXCEL_EPOCH: Final = date(1899, 12, 30)
_SERIALS: Final = range(36526, 73051)  # 2000-01-01 .. 2100-01-01


class NotADate(ValueError):
    """The text is no date, or one that can be read two ways (`ambiguous`)."""

    def __init__(self, text: str, ambiguous: bool = False) -> None:
        super().__init__(text)
        self.ambiguous = ambiguous


@dataclass(frozen=True, slots=True)
class DateOrder:
    """Which comes first in a column's figures: "d" or "m", or None where nothing says."""

    first: str | None = None
    mixed: bool = False


@dataclass(frozen=True, slots=True)
class Expiry:
    """A day, and whether only its month was stated; no `day` means that it never expires."""

    day: date | None
    month_only: bool = False


NEVER: Final = Expiry(None)


def language_order(language: str | None) -> str | None:
    """Day first for every confirmed language but English, which writes both; "en-GB" and "en-US" say."""
    if not language:
        return None
    tag = language.replace("_", "-").casefold()
    if tag == "en-us":
        return "m"
    return None if tag == "en" else "d"


def column_dates(texts: Iterable[str], told: str | None = None) -> DateOrder:
    """The order of one column, from all its values; `told` decides where they do not."""
    firsts: set[str] = set()
    for text in texts:
        found = _NUMERIC.fullmatch(_bare(text[:MAX_VALUE_TEXT]))
        if not found or len(found[1]) > 2 or len(found[4]) == 3:
            continue
        one, two = int(found[1]), int(found[3])
        if one > 12 >= two:
            firsts.add("d")
        elif two > 12 >= one:
            firsts.add("m")
    if len(firsts) == 1:
        return DateOrder(firsts.pop())
    return DateOrder(None if firsts else told, mixed=bool(firsts))


def expiry(text: str, order: DateOrder) -> Expiry | None:
    """The expiry in `text`; None for a dash, NEVER for "no expiry" in words. Raises NotADate."""
    if not text or set(text) <= _DASHES or text in ("...", "…"):
        return None
    if len(text) > MAX_VALUE_TEXT:
        raise NotADate(text[:MAX_VALUE_TEXT])
    if words.is_phrase(text, "no_expiry") and "?" not in text:
        return NEVER
    bare = _bare(text)
    found = _named(bare) or _numeric(bare, order) or _month_of_year(bare) or _digits(bare)
    if found is None:
        raise NotADate(text)
    if found.day and found.day.year == _NEVER_YEAR:
        return NEVER
    if found.day and not 1950 <= found.day.year <= 2150:
        raise NotADate(text)
    return found


def _bare(text: str) -> str:
    plain = _AROUND.sub("", text.strip(" \u00a0'\"")).strip()
    plain = _TIME.sub("", plain)
    plain = _YEAR_MARK.sub("", plain) if plain[-1:].isalpha() or plain[-2:-1].isalpha() else plain
    return plain.rstrip(" .,")


def _numeric(text: str, order: DateOrder) -> Expiry | None:
    found = _NUMERIC.fullmatch(text)
    if not found:
        return None
    first, mark, middle, last = found.groups()
    if len(first) > 2:
        if len(first) != 4:
            raise NotADate(text)
        return Expiry(_day(text, int(first), int(middle), int(last)))
    if len(last) not in (2, 4):
        raise NotADate(text)
    one, two, year = int(first), int(middle), _year(last)
    if one > 12 or two > 12 or one == two or order.first or mark == ".":
        month_first = two > 12 or (order.first == "m" and one <= 12)
        return Expiry(_day(text, year, one, two) if month_first else _day(text, year, two, one))
    raise NotADate(text, ambiguous=True)


def _day(text: str, year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise NotADate(text) from None


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else 2000 + int(text)


def _month_of_year(text: str) -> Expiry | None:
    found = _TWO.fullmatch(text)
    if not found:
        return None
    one, two = found.groups()
    if len(one) == 4 and len(two) <= 2:
        return _month_end(text, int(one), int(two))
    if len(one) <= 2 and len(two) == 4:
        return _month_end(text, int(two), int(one))
    if len(one) <= 2 and len(two) == 2 and int(two) > 12 >= int(one) >= 1:
        return _month_end(text, 2000 + int(two), int(one))
    return None


def _month_end(text: str, year: int, month: int) -> Expiry:
    if not 1 <= month <= 12 or not 1 <= year <= 9999:
        raise NotADate(text)
    return Expiry(date(year, month, calendar.monthrange(year, month)[1]), month_only=True)


def last_of_month(day: date) -> Expiry:
    """The last day of `day`'s month, stated to the month."""
    return _month_end("", day.year, day.month)


def _named(text: str) -> Expiry | None:
    if not any(ch.isalpha() for ch in text):
        return None
    if (found := _MONTH_DAY_YEAR.fullmatch(text)) and (month := words.month(found[1])):
        return Expiry(_day(text, int(found[3]), month, int(found[2])))
    if (found := _YEAR_FIRST_NAMED.fullmatch(text)) and (month := words.month(found[2])):
        year = int(found[1])
        return Expiry(_day(text, year, month, int(found[3]))) if found[3] else _month_end(text, year, month)
    if (found := _NAMED.fullmatch(text)) and (month := words.month(found[2])):
        year = _year(found[3])
        return Expiry(_day(text, year, month, int(found[1]))) if found[1] else _month_end(text, year, month)
    return None


def _digits(text: str) -> Expiry | None:
    """A spreadsheet's serial number, or eight digits in a row."""
    if not text.isascii() or not text.removesuffix(",0").removesuffix(".0").isdigit():
        return None
    text = text.removesuffix(",0").removesuffix(".0")
    if len(text) == 5 and int(text) in _SERIALS:
        return Expiry(_EXCEL_EPOCH + timedelta(days=int(text)))
    if len(text) == 8:
        for year, month, day in ((text[:4], text[4:6], text[6:]), (text[4:], text[2:4], text[:2])):
            if 1990 <= int(year) <= 2100:
                return Expiry(_day(text, int(year), int(month), int(day)))
    if len(text) == 6 and 1990 <= int(text[:4]) <= 2100 and 1 <= int(text[4:]) <= 12:
        return _month_end(text, int(text[:4]), int(text[4:]))
    return None
