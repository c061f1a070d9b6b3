"""Whose figure it is and how old: when a source counted its stock, and its name as a word of a record."""

import re
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time

from xstock_node.domain.folding import fold
from xstock_node.domain.stock import StockLine
from xstock_node.storage.values import Source

DAY, EAST, WEST = 86_400, 14 * 3600, 12 * 3600
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


def counts_of(sources: Iterable[Source], lines: Iterable[tuple[str, str, StockLine]]) -> dict[str, tuple[int, int]]:
    """When each line (by its ref) was counted, at the earliest and at the latest (unix seconds).

    A line that says its own moment was counted then. Of a source that says its day alone: from the beginning of that
    day in the east of the world, to its end in the west, or to when it was read.
    """
    since = {source.name: _between(source) for source in sources}
    return {
        ref: since.get(name, (0, 0)) if line.counted_at is None else (line.counted_at, line.counted_at)
        for name, ref, line in lines
    }


def _between(source: Source) -> tuple[int, int]:
    try:
        day = datetime.combine(date.fromisoformat(source.as_of), time(), UTC)
    except ValueError:
        return source.read_at, source.read_at
    begins = int(day.timestamp())
    return max(0, min(source.read_at, begins - EAST)), max(source.read_at, begins + DAY + WEST)


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
