"""Whose turn it is: open operations by who has to act, around now; overdue ones are red and marked."""

import math
from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple

from xstock_node.console.pictures.legend import Entry, legend
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
    mark,
    picture,
    tag,
)

Whose = Literal["ours", "theirs", "nobody"]
ORDER: Final[tuple[Whose, ...]] = ("ours", "theirs", "nobody")
FURTHEST = 7 * 86_400
NEAREST = 600
TICKS: Final = (3600, 86_400)


class Turn(NamedTuple):
    """An open operation: what it is about, with whom, whose turn; `due` seconds from now, below zero overdue, None
    where no time was set.
    """

    title: str
    partner: str
    whose: Whose
    due: int | None
    href: str = ""

    @property
    def overdue(self) -> bool:
        """Whether the time to answer is over."""
        return self.due is not None and self.due < 0


def draw_turns(key: str, turns: Iterable[Turn], reader: Reader) -> str:
    """The picture for both widths."""
    found = ordered(turns)
    mine, late = sum(turn.whose == "ours" for turn in found), sum(turn.overdue for turn in found)
    title = reader.say("Whose turn it is")
    about = reader.say(
        "{all} open operations; our turn in {ours}, {late} overdue.",
        all=reader.number(len(found)),
        ours=reader.number(mine),
        late=reader.number(late),
    )
    small, large = (_drawing(found, room, reader) for room in (NARROW, WIDE))
    return both(key, picture(small, f"{key}-n", title, about), picture(large, f"{key}-w", title, about))


def twin(turns: Iterable[Turn], reader: Reader) -> Twin:
    """The table of the picture."""
    say = reader.say
    rows = [(turn.title, turn.partner, heading(turn.whose, reader), due(turn, reader)) for turn in ordered(turns)]
    return Twin(say("Whose turn it is"), (say("Operation"), say("With"), say("Turn"), say("Due")), rows)


def ordered(turns: Iterable[Turn]) -> list[Turn]:
    """Ours first, and the most urgent first."""
    return sorted(
        turns, key=lambda turn: (ORDER.index(turn.whose), math.inf if turn.due is None else turn.due, turn.title)
    )


def heading(whose: Whose, reader: Reader) -> str:
    """Whose turn, in words."""
    known = {"ours": reader.say("Our turn"), "theirs": reader.say("Their turn"), "nobody": reader.say("Nobody's turn")}
    return known[whose]


def due(turn: Turn, reader: Reader) -> str:
    """When an answer is due, in words."""
    if turn.due is None:
        return reader.say("no time set")
    if turn.due < 0:
        return reader.say("overdue by {span}", span=reader.span(-turn.due))
    return reader.say("in {span}", span=reader.span(turn.due))


def _drawing(turns: Sequence[Turn], room: float, reader: Reader) -> Drawn:
    left = 0.0 if room <= NARROW else room * 0.4
    line = (left + 12.0, room - 12.0)
    say = reader.say
    head = legend(
        [
            Entry("triangle", "mark is-late", say("overdue")),
            Entry("dot", "mark is-due", say("due")),
            Entry("ring", "mark is-open", say("no time set")),
        ],
        0,
        2.0,
        room,
        "faint",
    )
    parts, y = [*head.parts], head.height + 12.0
    top, spans = y, []
    y += height(1, SMALL) + 4.0
    for whose in ORDER:
        group = [turn for turn in turns if turn.whose == whose]
        if not group:
            continue
        words = f"{heading(whose, reader)} ({reader.number(len(group))})"
        parts.append(lines_at(0, y, [words], TEXT, "strong"))
        y += height(1, TEXT) + 5.0
        for turn in group:
            drawn, deep, middle = _row(turn, y, room, left, line, reader)
            parts += drawn
            spans.append((middle - 9.0, middle + 9.0))
            y += deep
        y += 8.0
    spans = [(top + height(1, SMALL) + 1.0, y - 8.0)] if left else spans
    return Drawn([*_scale(line, top, spans, reader), *parts], room, y)


def _row(
    turn: Turn, y: float, room: float, left: float, line: tuple[float, float], reader: Reader
) -> tuple[list[str], float, float]:
    """A row that begins at `y`, its height, and where its line lies."""
    class_ = "is-late" if turn.overdue else "is-open" if turn.due is None else "is-due"
    space = (left - 14.0) if left else room
    title = wrapped(turn.title, space, TEXT)
    calm = turn.partner if turn.overdue else f"{turn.partner} · {due(turn, reader)}"
    below, late = wrapped(calm, space, SMALL), wrapped(due(turn, reader), space, SMALL, True) if turn.overdue else []
    first, texts = height(len(title), TEXT), height(len(title), TEXT) + height(len(below) + len(late), SMALL)
    middle, deep = (y + texts / 2, texts + 12.0) if left else (y + texts + 10.0, texts + 28.0)
    words = [
        lines_at(0, y, title),
        lines_at(0, y + first, below, SMALL, "faint"),
        lines_at(0, y + first + height(len(below), SMALL), late, SMALL, "said is-late"),
    ]
    now, at = _at(0, line), _at(turn.due or 0, line)
    base = tag("line", x1=line[0], y1=middle, x2=line[1], y2=middle, class_="track")
    bar = tag("line", x1=now, y1=middle, x2=at, y2=middle, class_=f"behind {class_}")
    shape = "triangle" if turn.overdue else "ring" if turn.due is None else "dot"
    return [*words, base, bar, mark(shape, at, middle, 6.0, f"mark {class_}")], deep, middle


def _at(seconds: int, line: tuple[float, float]) -> float:
    """Where a moment stands: now a third from the left, the past to its left, both sides logarithmic."""
    now = line[0] + (line[1] - line[0]) * 0.36
    if not seconds:
        return now
    share = math.log1p(min(abs(seconds), FURTHEST) / NEAREST) / math.log1p(FURTHEST / NEAREST)
    return now + share * ((line[1] - now) if seconds > 0 else (line[0] - now))


def _scale(line: tuple[float, float], top: float, spans: Sequence[tuple[float, float]], reader: Reader) -> list[str]:
    """The line of now and ticks around it, over these heights; words that would touch others are left out."""
    marks = [(0, reader.say("now"))]
    for seconds in TICKS:
        marks += [(seconds, "+" + reader.span(seconds)), (-seconds, "−" + reader.span(seconds))]
    taken: list[tuple[float, float]] = []
    parts = []
    for seconds, words in marks:
        at, half = _at(seconds, line), width(words, SMALL) / 2
        class_ = "tick" if seconds else "now"
        parts += [tag("line", x1=at, y1=a, x2=at, y2=b, class_=class_) for a, b in spans]
        inside = at - half >= line[0] - 12.0 and at + half <= line[1] + 12.0
        if inside and all(at + half + 6.0 < a or at - half - 6.0 > b for a, b in taken):
            parts.append(lines_at(at, top, [words], SMALL, "strong" if not seconds else "faint", "middle"))
            taken.append((at - half, at + half))
    return parts
