"""Item codes: leading zeros kept, what a spreadsheet has done to them noticed, a code glued to a name split off."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from xstock_spreadsheet import words
from xstock_spreadsheet.grid import Cell
from xstock_spreadsheet.limits import MAX_VALUE_TEXT

_EXPONENT: Final = re.compile(r"[+-]?\d(?:[.,]\d+)?[eEеЕ]\+?\d{1,3}")
_DAY_MONTH: Final = re.compile(r"(\d{1,4})[-. /]([^\W\d_]{3,})\.?(?:[-. /]\d{2,4})?|([^\W\d_]{3,})\.?[-. /](\d{1,4})")
_DATE: Final = re.compile(
    r"\d{1,2}[./]\d{1,2}[./]\d{4}(?: г\.?)?|\d{4}-\d{2}-\d{2}(?:[ T]00:00(?::00)?)?|\d{1,2}-\d{1,2}-\d{4}"
)
_LONG_DIGITS: Final = re.compile(r"(?<!\d)\d{10,24}(?!\d)")
_ROUNDED: Final = re.compile(r"\d{15}0+")
_PLAIN: Final = re.compile(r"[0#, ]+")
_LONG, _FEW = 12, 6
_ZEROS: Final = re.compile(r"^0+$")
_BRACKETED: Final = re.compile(r"[\[(]\s*([\w./-]*\d[\w./-]*|[A-Z]{4,})\s*[\])]\s*[-–—:]?\s*(\S.*)")
_GLUED: Final = re.compile(r"([A-Za-zА-Яа-яЀ-ӿ]{0,8}[\w./-]*\d[\w./-]*)\s*(?:\s[-–—]+\s|\s*[:|]\s|\s-\s?|_\s)\s*(\S.*)")
_LEADING_ZERO: Final = re.compile(r"(0\d{2,})\s+([^\W\d_].*)")
_SIZE: Final = re.compile(
    r"\d+([.,]\d+)?\s?([x×х*]\s?\d+.*|l|ml|kg|g|m|mm|cm|kw|kva|v|л|мл|кг|г|м|мм|см)?", re.IGNORECASE
)


def code_of(cell: Cell) -> tuple[str | None, bool]:
    """The code in `cell`, and whether a spreadsheet has damaged it beyond reading."""
    if cell.day is not None or cell.error or cell.uncalculated:
        return None, True
    if cell.number is not None:
        return _of_number(cell.number, cell.form)
    text = cell.text
    if len(text) > MAX_VALUE_TEXT:
        return text, False
    if not text or text in ("-", "–", "—", "/"):
        return None, False
    if text[0] == "'" and len(text) > 1:
        text = text[1:]
    if quoted := re.fullmatch(r'="(.*)"', text):
        text = quoted[1]
    damaged = _EXPONENT.fullmatch(text) or _DATE.fullmatch(text) or _ROUNDED.fullmatch(text) or _is_month(text)
    return (None, True) if damaged else (text, False)


def _is_month(text: str) -> bool:
    found = _DAY_MONTH.fullmatch(text)
    name = (found[2] or found[3]) if found else None
    figure = (found[1] or found[4]) if found else None
    if not name or not figure or len(name) > 9 or words.month(name) is None:
        return False
    return len(figure) in (1, 2, 4) and name.isalpha() and (len(name) <= 4 or name[1:].islower()) and not name.isupper()


def _of_number(number: Decimal, form: str) -> tuple[str | None, bool]:
    if number != number.to_integral_value():
        return format(number, "f"), False
    digits = format(number.to_integral_value(), "f")
    if len(digits) > 15 or (not _PLAIN.fullmatch(form) and _looks_rounded(digits)):
        return None, True
    if _ZEROS.fullmatch(form):
        return digits.zfill(len(form)), False
    if re.fullmatch(r"0[0\-. ]+0", form) and "." not in form:
        return _masked(digits, form), False
    return digits, False


def _looks_rounded(digits: str) -> bool:
    """A long number of few digits and many zeros: what is left of a code shown as 1.23E+11 and read again."""
    return len(digits) >= _LONG and len(digits.rstrip("0")) <= _FEW


def _masked(digits: str, form: str) -> str:
    rest = list(digits.zfill(form.count("0")))
    shown = [rest.pop() if mark == "0" else mark for mark in reversed(form)]
    return "".join(rest) + "".join(reversed(shown))


def could_be(damaged: str, code: str) -> bool:
    """True when `code` is what the damaged text was made of: its leading digits, or its day and month."""
    found = re.fullmatch(r"(\d)(?:[.,](\d+))?[eEеЕ]\+?(\d{1,3})", damaged)
    if pairs := _day_months(damaged):
        return _figures(code) in pairs
    if not code.isdigit():
        return False
    if found:
        digits = (found[1] + (found[2] or "")).rstrip("0")
        if len(code) != int(found[3]) + 1:
            return False
        return code.startswith(digits) or code[: len(digits)] == str(int(digits) - 1) or _rounds(code, digits)
    return damaged.isdigit() and len(damaged) == len(code) and damaged[:15] == code[:15]


def proved_by(damaged: str, texts: Iterable[str]) -> str | None:
    """The one long number in other cells of the line of which the damaged code is the rounded form."""
    if not _EXPONENT.fullmatch(damaged):
        return None
    fitting = {digits for text in texts for digits in _LONG_DIGITS.findall(text) if could_be(damaged, digits)}
    return fitting.pop() if len(fitting) == 1 else None


def _day_months(damaged: str) -> set[tuple[int, ...]]:
    """The two figures, in every order, of a code that became a day and a month (2-1, MAR1) or a month and a year."""
    if found := re.fullmatch(r"(\d{4})-(\d{2})-(\d{2}).*", damaged):
        year, month, day = (int(part) for part in found.groups())
        return {(month, day), (day, month), (month, year % 100), (month, year)}
    found = _DAY_MONTH.fullmatch(damaged)
    month_of = words.month(found[2] or found[3]) if found else None
    if found is None or month_of is None:
        return set()
    figure = int(found[1] or found[4])
    return {(month_of, figure), (figure, month_of)}


def _figures(code: str) -> tuple[int, ...]:
    """The figures of a code, a month's name counted as its number."""
    parts = re.findall(r"\d+|[^\W\d_]+", code)
    return tuple(int(part) if part.isdecimal() else words.month(part) or -1 for part in parts)


def _rounds(code: str, digits: str) -> bool:
    step: int = 10 ** (len(code) - len(digits))
    return (int(code) + step // 2) // step == int(digits)


def split_glued(name: str) -> tuple[str | None, str]:
    """(code, name) of a name that begins with its code; the code is None where none is glued to it."""
    if len(name) > 500:
        return None, name
    for pattern in (_BRACKETED, _GLUED, _LEADING_ZERO):
        found = pattern.fullmatch(name)
        if found and len(found[1]) <= 24 and not is_size(found[1], pattern is _GLUED):
            return found[1], found[2]
    return None, name


def is_size(text: str, strict: bool) -> bool:
    """True for a word such as 4x6 or 500ml that states a size; `strict` counts one or two bare digits as well."""
    found = _SIZE.fullmatch(text)
    if not found:
        return False
    return bool(found[2]) or (strict and len(text) < 3 and not text.startswith("0"))
