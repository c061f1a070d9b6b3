"""What the shapes and hatchings of a picture mean: swatches with words, in as many rows as the width asks for."""

from collections.abc import Iterable
from typing import NamedTuple

from xstock_node.console.pictures.measure import LINE, width, wrapped
from xstock_node.console.pictures.svg import SMALL, Drawn, lines_at, mark, tag

SWATCH = 16.0
BETWEEN = 16.0


class Entry(NamedTuple):
    """One meaning: `shape` is `bar`, `line` or a kind of `mark`, drawn with these classes; `fill` a pattern."""

    shape: str
    class_: str
    words: str
    fill: str | None = None


def legend(entries: Iterable[Entry], x: float, y: float, room: float, class_: str = "") -> Drawn:
    """Swatches with their words from (x, y) on, `room` wide; the height is where the next thing may begin, from y."""
    parts: list[str] = []
    at, top, deep = x, y, 0.0
    row = SMALL * LINE
    for entry in entries:
        lines = wrapped(entry.words, room - SWATCH - 6.0, SMALL)
        wide = SWATCH + 6.0 + max(width(line, SMALL) for line in lines or [""])
        if at > x and at + wide > x + room:
            at, top, deep = x, top + deep + 3.0, 0.0
        parts += [_swatch(entry, at, top + row / 2), lines_at(at + SWATCH + 6.0, top, lines, SMALL, class_)]
        at += wide + BETWEEN
        deep = max(deep, row * len(lines))
    return Drawn(parts, room, top + deep - y)


def _swatch(entry: Entry, x: float, middle: float) -> str:
    if entry.shape == "bar":
        return tag("rect", x=x, y=middle - 5.0, width=SWATCH, height=10.0, class_=entry.class_, fill=entry.fill)
    if entry.shape == "line":
        return tag("line", x1=x, y1=middle, x2=x + SWATCH, y2=middle, class_=entry.class_)
    return mark(entry.shape, x + SWATCH / 2, middle, 5.5, entry.class_)
