"""Items by country: in each field a square as large as the share of its country, and the figure below it."""

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from xstock_node.console.pictures.measure import height, width, wrapped
from xstock_node.console.pictures.svg import (
    NARROW,
    SMALL,
    TEXT,
    WIDE,
    Drawn,
    Reader,
    Twin,
    both,
    lines_at,
    picture,
    tag,
)

LARGEST = 20.0
ROOM_OF_A_SQUARE = LARGEST + 4.0


class ItemRow(NamedTuple):
    """An item in its unit, and how much of it each country offers; a country that is not in it offers none."""

    item: str
    unit: str
    by_country: Mapping[str, Decimal]


def draw_matrix(key: str, rows: Sequence[ItemRow], countries: Sequence[str], reader: Reader) -> str:
    """The picture for both widths; `countries` are short names or codes, in the order of the columns."""
    title = reader.say("Items by country")
    about = reader.say(
        "{items} items in {countries} countries.",
        items=reader.number(len(rows)),
        countries=reader.number(len(countries)),
    )
    small, large = (_drawing(rows, countries, room, reader) for room in (NARROW, WIDE))
    return both(key, picture(small, f"{key}-n", title, about), picture(large, f"{key}-w", title, about))


def twin(rows: Sequence[ItemRow], countries: Sequence[str], reader: Reader) -> Twin:
    """The table of the picture."""
    say = reader.say
    told = [
        (row.item, row.unit, *(reader.number(row.by_country.get(country, Decimal(0))) for country in countries))
        for row in rows
    ]
    return Twin(say("Items by country"), (say("Item"), say("Unit"), *countries), told)


def _drawing(rows: Sequence[ItemRow], countries: Sequence[str], room: float, reader: Reader) -> Drawn:
    """Blocks of as many countries as fit beside each other, below each other."""
    left = 0.0 if room <= NARROW else room * 0.3
    wide = _column(rows, countries, reader)
    blocks = math.ceil(len(countries) / max(1, int((room - left) // wide)))
    beside = math.ceil(len(countries) / max(1, blocks)) or 1
    parts, y = [], 0.0
    for start in range(0, len(countries), beside):
        block = countries[start : start + beside]
        step = min((room - left) / len(block), wide * 2.2)
        drawn = _block(rows, block, y, room, left, step, reader)
        parts += drawn.parts
        y = drawn.height + 14.0
    return Drawn(parts, room, max(y - 14.0, 1.0))


def _column(rows: Sequence[ItemRow], countries: Sequence[str], reader: Reader) -> float:
    """The room of a column: of the widest figure or name."""
    figures = (width(reader.number(n), SMALL) for row in rows for n in row.by_country.values())
    return max([LARGEST, *figures, *(width(country, SMALL, True) for country in countries)]) + 5.0


def _block(
    rows: Sequence[ItemRow], countries: Sequence[str], top: float, room: float, left: float, step: float, reader: Reader
) -> Drawn:
    parts = [
        lines_at(left + step * (n + 0.5), top, [country], SMALL, "strong", "middle")
        for n, country in enumerate(countries)
    ]
    y = top + height(1, SMALL) + 5.0
    for row in rows:
        name = wrapped(f"{row.item} ({row.unit})", (left or room) - 12.0, TEXT)
        above = 0.0 if left else height(len(name), TEXT) + 2.0
        parts.append(tag("line", x1=0.0, y1=y - 3.0, x2=room, y2=y - 3.0, class_="tick"))
        parts.append(lines_at(0, y, name))
        whole = max([*row.by_country.values(), Decimal(1)])
        for n, country in enumerate(countries):
            parts += _field(row.by_country.get(country, Decimal(0)), whole, left + step * (n + 0.5), y + above, reader)
        y += max(above + ROOM_OF_A_SQUARE + height(1, SMALL), height(len(name), TEXT)) + 8.0
    return Drawn(parts, room, y)


def _field(quantity: Decimal, whole: Decimal, x: float, y: float, reader: Reader) -> list[str]:
    middle = y + ROOM_OF_A_SQUARE / 2
    if quantity <= 0:
        return [tag("line", x1=x - 4.0, y1=middle, x2=x + 4.0, y2=middle, class_="track")]
    side = max(LARGEST * math.sqrt(float(quantity / whole)), 3.0)
    return [
        tag("rect", x=x - side / 2, y=middle - side / 2, width=side, height=side, class_="part shareable"),
        lines_at(x, y + ROOM_OF_A_SQUARE, [reader.number(quantity)], SMALL, "", "middle"),
    ]
