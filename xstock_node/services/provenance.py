"""Whose figure it is and how old: when a source counted its stock, and its name as a word of a record."""

import re
from collections.abc import Collection
from datetime import UTC, date, datetime, time

from xstock_node.domain.folding import fold
from xstock_node.storage.values import Source

MIXED = "mixed"
UNNAMED = "stock"
_WORD = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
_NO_WORD = re.compile(r"[^A-Za-z0-9._:-]+", re.ASCII)


def counted_at(source: Source, now: int) -> int:
    """Unix seconds of the count: the end of the source's day, never later than now; without a day, when it was read."""
    try:
        day = date.fromisoformat(source.as_of)
    except ValueError:
        return min(source.read_at, now)
    if day > datetime.fromtimestamp(now, UTC).date():
        return min(source.read_at, now)
    return max(0, min(now, int(datetime.combine(day, time(23, 59, 59), UTC).timestamp())))


def source_word(names: Collection[str]) -> str:
    """The `src` of an offer whose lines come from these sources."""
    words = {_word(name) for name in names}
    if len(set(names)) > 1:
        return MIXED
    return words.pop() if words else UNNAMED


def _word(name: str) -> str:
    if _WORD.fullmatch(name):
        return name
    return _NO_WORD.sub("-", fold(name)).strip("-")[:64] or UNNAMED
