"""Stock against its minimum: what is promised, what may be lent, what is kept back, and where the minimum lies."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from xstock_node.console.pictures.legend import Entry, legend
from xstock_node.console.pictures.measure import height, wrapped
from xstock_node.console.pictures.svg import (
    NARROW,
    SMALL,
    TEXT,
    WIDE,
    Drawn,
    Reader,
    Twin,
    both,
    hatch,
    hatching,
    lines_at,
    mark,
    picture,
    tag,
)

BAR = 16.0
NONE = Decimal(0)
NO_BREAK = "\u00a0"


class Level(NamedTuple):
    """An item: on hand, its minimum (zero: none is set), what is committed and what may be shared; all in `unit`."""

    item: str
    unit: str
    on_hand: Decimal
    minimum: Decimal
    committed: Decimal
    shareable: Decimal

    @property
    def kept(self) -> Decimal:
        """On hand, and neither committed nor to be shared."""
        return max(NONE, self.on_hand - self.committed - self.shareable)

    @property
    def lacking(self) -> Decimal:
        """How much the stock is below its minimum."""
        return max(NONE, self.minimum - self.on_hand)


def draw_levels(key: str, levels: Sequence[Level], reader: Reader) -> str:
    """The picture for both widths; each row has a scale of its own, since units differ."""
    low = sum(level.lacking > 0 for level in levels)
    title = reader.say("Stock against its minimum")
    about = reader.say(
        "{all} items, {low} below their minimum.", all=reader.number(len(levels)), low=reader.number(low)
    )
    small, large = (_drawing(f"{key}-{letter}", levels, room, reader) for letter, room in (("n", NARROW), ("w", WIDE)))
    return both(key, picture(small, f"{key}-n", title, about), picture(large, f"{key}-w", title, about))


def twin(levels: Sequence[Level], reader: Reader) -> Twin:
    """The table of the picture."""
    say, number = reader.say, reader.number
    headings = (
        *(say("Item"), say("Unit"), say("On hand"), say("Minimum")),
        *(say("Committed"), say("Shareable"), say("Kept back"), say("Lacking")),
    )
    rows = [
        (x.item, x.unit, *map(number, (x.on_hand, x.minimum, x.committed, x.shareable, x.kept, x.lacking)))
        for x in levels
    ]
    return Twin(say("Stock against its minimum"), headings, rows)


def _drawing(key: str, levels: Sequence[Level], room: float, reader: Reader) -> Drawn:
    say = reader.say
    meanings = [
        Entry("bar", "part committed", say("committed"), hatch(key, "full")),
        Entry("bar", "part shareable", say("shareable")),
        Entry("bar", "part kept", say("kept back"), hatch(key, "up")),
        Entry("pointer", "minimum", say("minimum")),
        Entry("bar", "part lacking", say("lacking")),
    ]
    head = legend(meanings, 0, 2.0, room, "faint")
    parts, y = [hatching(key), *head.parts], head.height + 16.0
    left = 0.0 if room <= NARROW else room * 0.36
    for level in levels:
        drawn, deep = _row(key, level, y, room, left, reader)
        parts += drawn
        y += deep
    return Drawn(parts, room, y)


def _row(key: str, level: Level, y: float, room: float, left: float, reader: Reader) -> tuple[list[str], float]:
    name = wrapped(level.item, (left or room) - 14.0, TEXT)
    low = wrapped(_lacking(level, reader), room - left, SMALL, bold=True)
    said = wrapped(_words(level, reader), room - left, SMALL)
    lines = height(len(low) + len(said), SMALL)
    if left:
        deep = max(height(len(name), TEXT), BAR + 10.0 + lines) + 16.0
        texts, bar = [lines_at(0, y, name)], y + 4.0
    else:
        bar = y + height(len(name), TEXT) + 11.0
        texts, deep = [lines_at(0, y, name)], bar - y + BAR + 8.0 + lines + 16.0
    texts.append(lines_at(left, bar + BAR + 5.0, low, SMALL, "said is-low"))
    texts.append(lines_at(left, bar + BAR + 5.0 + height(len(low), SMALL), said, SMALL, "faint"))
    return [*texts, *_bar(key, level, bar, left, room - left - 6.0)], deep


def _lacking(level: Level, reader: Reader) -> str:
    if not level.lacking:
        return ""
    return reader.say(
        "{n} below the minimum of {least}", n=reader.number(level.lacking), least=reader.number(level.minimum)
    )


def _words(level: Level, reader: Reader) -> str:
    """The figures of a row in a sentence."""
    say, number = reader.say, reader.number
    said = [say("{n} {unit} on hand", n=number(level.on_hand), unit=level.unit)]
    if level.minimum and not level.lacking:
        said.append(say("minimum {least}", least=number(level.minimum)))
    if level.committed:
        said.append(say("{n} committed", n=number(level.committed)))
    said.append(say("{n} shareable", n=number(level.shareable)))
    return " · ".join(phrase.replace(" ", NO_BREAK) for phrase in said)


def _bar(key: str, level: Level, y: float, left: float, room: float) -> list[str]:
    """The parts one after the other, the gap up to the minimum as an empty frame, and the minimum as a mark."""
    whole = max(level.on_hand, level.minimum, level.committed + level.shareable)
    if whole <= 0:
        return [tag("line", x1=left, y1=y + BAR, x2=left + room, y2=y + BAR, class_="track")]
    scale = room / float(whole)
    parts, at = [], left
    sums = (
        ("committed", level.committed),
        ("shareable", level.shareable),
        ("kept", level.kept),
        ("lacking", level.lacking),
    )
    for name, quantity in sums:
        wide = float(quantity) * scale
        kind = {"kept": "up", "committed": "full"}.get(name)
        fill = hatch(key, kind) if kind else None
        if wide > 0:
            parts.append(
                tag("rect", x=at, y=y, width=max(wide - 1.0, 1.0), height=BAR, class_=f"part {name}", fill=fill)
            )
        at += wide
    if level.minimum > 0:
        x = left + float(level.minimum) * scale
        parts += [
            tag("line", x1=x, y1=y - 3.0, x2=x, y2=y + BAR + 3.0, class_=class_) for class_ in ("halo", "minimum")
        ]
        parts.append(mark("pointer", x, y - 5.0, 4.5, "minimum"))
    return parts
