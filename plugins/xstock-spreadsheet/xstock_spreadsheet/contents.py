"""The contents of a kit where one cell lists them: «5 soap, 2 towels», «Сапун x 5; Кърпа - 2 бр.»."""

import re
from decimal import Decimal
from typing import Final

from xstock_node.domain.stock import Component
from xstock_spreadsheet.limits import MAX_VALUE_TEXT
from xstock_spreadsheet.quantities import Measure, measure

LIST_MARK: Final = re.compile(r"^(?:[-–—•·*+►▪○>]|в т\.?\s?ч\.?:?|davon:?|of which:?)\s+(?=\S)", re.IGNORECASE)
_LISTED: Final = 200
_PARTED: Final = re.compile(r"\s*[;\n]\s*|,\s+|,(?=\D)|\s\+\s")
_COUNT: Final = r"(?P<count>\d{1,6}(?:[.,]\d{1,3})?)"
_COUNT_FIRST: Final = re.compile(rf"{_COUNT}\s*(?:[x×х*]\s+)?(?:(?P<unit>[^\W\d_]+\.?)\s+)?(?P<name>[^\W\d_].*)")
_COUNT_LAST: Final = re.compile(
    rf"(?P<name>.*[^\W\d_)].*?)\s*(?:\s[x×х*]|[:(–—-])\s*{_COUNT}\s*(?P<unit>[^\W\d_]+\.?)?\s*\)?"
)
_PIECES: Final = re.compile(rf"(?P<name>.*[^\W\d_)])\s+{_COUNT}\s*(?P<unit>[^\W\d_]+\.?)")
_COUNTED: Final = frozenset({"pcs", "pair", "box", "pack", "bottle", "roll", "set"})  # «Rice 1,5 kg» is a size


def listed(text: str) -> list[Component]:
    """The contents that one cell lists: «5 soap, 2 towels», «Сапун x 5; Кърпа - 2 бр.»."""
    parts = (part.strip() for part in _PARTED.split(text[: _LISTED * 80]))
    return [_one(LIST_MARK.sub("", part)) for part in parts if part][:_LISTED]


def _one(text: str) -> Component:
    """One thing with its count and unit, as far as they are told."""
    if len(text) <= MAX_VALUE_TEXT:
        if found := _COUNT_FIRST.fullmatch(text):
            unit = measure(found["unit"]) if found["unit"] else None
            name = found["name"] if unit or not found["unit"] else f"{found['unit']} {found['name']}"
            return _counted(name, found["count"], unit)
        if found := _COUNT_LAST.fullmatch(text):
            unit = measure(found["unit"]) if found["unit"] else None
            if unit or not found["unit"]:
                return _counted(found["name"], found["count"], unit)
        if (found := _PIECES.fullmatch(text)) and (unit := measure(found["unit"])) and unit.word in _COUNTED:
            return _counted(found["name"], found["count"], unit)
    return Component(text)


def _counted(name: str, count: str, unit: Measure | None) -> Component:
    figure = Decimal(count.replace(",", "."))
    return Component(name.strip(), figure * unit.multiple if unit else figure, unit.word if unit else None)
