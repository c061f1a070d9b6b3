"""What is glued to names, seen from the whole column: units behind them, and codes.

Codes are glued by a space, a bare hyphen or brackets.

"FFP2 mask" is a name, "MED-0012 Saline" a code and a name. Where nearly all names of a list without a column of codes
begin (or end in brackets) with a word made like a code, and the words differ as the names do, they are codes.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from xstock_spreadsheet.codes import is_size, split_glued
from xstock_spreadsheet.limits import MAX_VALUE_TEXT
from xstock_spreadsheet.quantities import measure

Split = Callable[[str], tuple[str | None, str]]
_CODE: Final = r"(?=[^\s()\[\]]*\d)[A-ZА-ЯЀ-ЏΑ-Ω0-9][A-ZА-ЯЀ-ЏΑ-Ω0-9./_-]{2,23}"
_BEFORE: Final = re.compile(rf"(?P<code>{_CODE})(?:\s*[-–—_/:|]\s*|\s+)(?P<name>[^\W\d_].+)")
_BEHIND: Final = re.compile(rf"(?P<name>.*\S)\s*[(\[]\s*(?P<code>{_CODE})\s*[)\]]")
_UNITS: Final = (
    re.compile(r"(?P<name>.*[^\s,])\s*,\s*(?P<unit>[^\W\d_][^,()]{0,11})"),
    re.compile(r"(?P<name>.*\S)\s*[(\[]\s*(?P<unit>[^\W\d_][^()\[\]]{0,11})\s*[)\]]"),
)
_ENOUGH: Final = 8  # tenths of the names


def splitter(names: Sequence[str]) -> Split:
    """How the names of one column are split into (code, name)."""
    known = [name for name in dict.fromkeys(names) if name and len(name) <= MAX_VALUE_TEXT * 4]
    for pattern in (_BEFORE, _BEHIND):
        if _holds(pattern, known):
            return lambda name: _split(pattern, name)
    return split_glued


def unit_splitter(names: Sequence[str]) -> Callable[[str], tuple[str, str | None]]:
    """How the names of a list without units are split into (name, unit): «Палатка, шт», «Tent (pcs)»."""
    known = [name for name in dict.fromkeys(names) if name and len(name) <= MAX_VALUE_TEXT * 4]
    for pattern in _UNITS:
        ended = [name for name in known if (found := pattern.fullmatch(name)) and measure(found["unit"])]
        if len(ended) > 1 and len(ended) * 10 >= len(known) * _ENOUGH:
            return lambda name: _without_unit(pattern, name)
    return lambda name: (name, None)


def _without_unit(pattern: re.Pattern[str], name: str) -> tuple[str, str | None]:
    found = pattern.fullmatch(name) if len(name) <= MAX_VALUE_TEXT * 4 else None
    return (found["name"], found["unit"]) if found and measure(found["unit"]) else (name, None)


def _holds(pattern: re.Pattern[str], names: list[str]) -> bool:
    codes = [found["code"] for name in names if (found := _match(pattern, name))]
    if len(names) < 2 or len(codes) * 10 < len(names) * _ENOUGH or len(set(codes)) * 10 < len(codes) * _ENOUGH:
        return False
    return len(codes) > 2 or len({_shape(code) for code in codes}) == 1


def _match(pattern: re.Pattern[str], name: str) -> re.Match[str] | None:
    found = pattern.fullmatch(name)
    return None if found is None or is_size(found["code"], strict=False) else found


def _shape(code: str) -> str:
    return re.sub(r"\d", "9", re.sub(r"[^\W\d_]", "A", code))


def _split(pattern: re.Pattern[str], name: str) -> tuple[str | None, str]:
    found = _match(pattern, name) if len(name) <= MAX_VALUE_TEXT * 4 else None
    return (found["code"], found["name"]) if found else split_glued(name)
