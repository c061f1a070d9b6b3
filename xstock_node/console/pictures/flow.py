"""The flow of an operation, from what was asked to what arrived, and where the rest went.

Each stage is a bar as long as the one before it: what came through, then each part that did not, by its reason. What
is only late (not sent yet, on the way) is a frame, what is gone is hatched.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from xstock_node.console.pictures.legend import Entry, legend
from xstock_node.console.pictures.measure import height, wrapped
from xstock_node.console.pictures.svg import (
    NARROW,
    TEXT,
    WIDE,
    Drawn,
    Reader,
    Twin,
    both,
    hatch,
    hatching,
    lines_at,
    picture,
    tag,
)
from xstock_node.domain.counters import Counters

BAR = 18.0
ZERO = Decimal(0)


class Part(NamedTuple):
    """A part of a stage. `kind`: through (to the next stage), open (may still come), left (not wanted or not sent),
    gone, more (than was sent) or given (for good)."""

    kind: str
    words: str
    quantity: Decimal


class Stage(NamedTuple):
    """A stage: its words and its parts, the one that came through first."""

    words: str
    parts: tuple[Part, ...]

    @property
    def through(self) -> Decimal:
        """What came through."""
        return sum((part.quantity for part in self.parts if part.kind in ("through", "more")), ZERO)


class Flow(NamedTuple):
    """The stages of one item, in `unit`."""

    item: str
    unit: str
    stages: tuple[Stage, ...]


def stages(item: str, unit: str, counters: Counters, open_: bool, reader: Reader) -> Flow:
    """The flow by an item's counters; `open_`: the operation still runs, so what is missing may come."""
    c, say = counters, reader.say
    late = "open" if open_ else "left"
    asked, offered, accepted = max(c.requested, c.offered, c.accepted), c.offered, c.accepted
    sent = max(ZERO, c.dispatched - c.refused)
    found = [Stage(say("asked"), (Part("through", say("asked"), asked),))]
    found.append(_stage(say("offered"), offered, [Part(late, say("not offered"), asked - offered)]))
    waits = [Part(late if not accepted else "left", say("not accepted"), max(offered, accepted) - accepted)]
    found.append(_stage(say("accepted"), accepted, waits))
    missing = accepted - c.released - sent - c.at_border
    turned = min(c.refused - c.reloaded - c.at_border, max(ZERO, missing))  # what was turned back may have left again
    found.append(
        _stage(
            say("sent"),
            sent,
            [
                Part(late, say("not sent yet") if open_ else say("not sent"), missing - turned),
                Part("left", say("released again"), c.released),
                Part("open", say("waits at the border"), c.at_border),
                Part("left", say("refused, turned back"), turned),
            ],
        )
    )
    found.append(
        _stage(
            say("received good"),
            min(c.received, sent),
            [
                Part("more", say("more than was sent"), c.over),
                Part("open", say("on the way"), c.in_transit),
                Part("gone", say("damaged"), c.damaged),
                Part("gone", say("short"), c.short),
                Part("gone", say("lost on the way"), c.lost_out),
            ],
        )
    )
    return Flow(item, unit, (*found, *_after(counters, reader)))


def draw_flow(key: str, flows: Sequence[Flow], reader: Reader) -> str:
    """The picture for both widths, one block for each item."""
    title = reader.say("From asked to received, with what was lost on the way")
    about = " ".join(_sentence(flow, reader) for flow in flows)
    small, large = (_drawing(f"{key}-{letter}", flows, room, reader) for letter, room in (("n", NARROW), ("w", WIDE)))
    return both(key, picture(small, f"{key}-n", title, about), picture(large, f"{key}-w", title, about))


def twin(flows: Sequence[Flow], reader: Reader) -> Twin:
    """The table of the picture: a row for each part of each stage."""
    say = reader.say
    rows = [
        (flow.item, stage.words, part.words, reader.number(part.quantity), flow.unit)
        for flow in flows
        for stage in flow.stages
        for part in stage.parts
    ]
    headings = (say("Item"), say("Stage"), say("Part"), say("Quantity"), say("Unit"))
    return Twin(say("From asked to received, with what was lost on the way"), headings, rows)


def _stage(words: str, through: Decimal, rest: Sequence[Part]) -> Stage:
    return Stage(words, (Part("through", words, through), *(part for part in rest if part.quantity > 0)))


def _after(c: Counters, reader: Reader) -> tuple[Stage, ...]:
    """What became of a loan: back, given, lost; nothing where nothing was lent or sent back."""
    say = reader.say
    if not (c.on_loan or c.returned):
        return ()
    rest = [
        Part("open", say("still on loan"), c.lent),
        Part("open", say("on the way back"), c.coming_back),
        Part("given", say("given for good"), c.given),
        Part("gone", say("back, damaged"), c.back_damaged),
        Part("gone", say("back, short"), c.back_short),
        Part("gone", say("lost"), c.lost_loan + c.lost_back),
    ]
    return (_stage(say("back in good order"), c.back_good, rest),)


def _sentence(flow: Flow, reader: Reader) -> str:
    said = ", ".join(f"{stage.words} {reader.number(stage.through)}" for stage in flow.stages)
    return f"{flow.item}: {said} {flow.unit}."


def _drawing(key: str, flows: Sequence[Flow], room: float, reader: Reader) -> Drawn:
    parts, y = [hatching(key, "gone")], 0.0
    left = 0.0 if room <= NARROW else room * 0.2
    for flow in flows:
        name = wrapped(f"{flow.item} ({flow.unit})", room, TEXT, bold=True)
        parts.append(lines_at(0, y, name, TEXT, "strong"))
        y += height(len(name), TEXT) + 8.0
        whole = max((sum((part.quantity for part in stage.parts), ZERO) for stage in flow.stages), default=ZERO)
        for stage in flow.stages:
            drawn, deep = _row(key, stage, y, room, left, whole, reader)
            parts += drawn
            y += deep
        y += 12.0
    return Drawn(parts, room, y)


def _row(
    key: str, stage: Stage, y: float, room: float, left: float, whole: Decimal, reader: Reader
) -> tuple[list[str], float]:
    """A stage: its words and figure, its bar, and below it what its other parts are."""
    words = f"{stage.words} {reader.number(stage.through)}"
    rest = [part for part in stage.parts if part.kind != "through"]
    fills = _fills(key, rest)
    entries = [
        Entry("bar", f"part {p.kind}", f"{p.words} {reader.number(p.quantity)}", fill)
        for p, fill in zip(rest, fills, strict=True)
    ]
    name = wrapped(words, left - 10.0 if left else room, TEXT)
    bar = y if left else y + height(len(name), TEXT) + 2.0
    keys = legend(entries, left, bar + BAR + 4.0, room - left, "faint")
    below = bar + BAR + (4.0 + keys.height if rest else 0.0)
    bottom = max(below, y + height(len(name), TEXT)) + 9.0
    return [lines_at(0, y, name), *_bar(key, stage, bar, left, room - left, whole), *keys.parts], bottom - y


def _bar(key: str, stage: Stage, y: float, left: float, room: float, whole: Decimal) -> list[str]:
    parts = [tag("line", x1=left, y1=y, x2=left, y2=y + BAR, class_="track")]
    at = left
    through = [part for part in stage.parts if part.kind == "through"]
    rest = [part for part in stage.parts if part.kind != "through"]
    fills = [None] * len(through) + _fills(key, rest)
    for part, fill in zip([*through, *rest], fills, strict=True):
        wide = room * float(part.quantity / whole) if whole else 0.0
        if wide > 0:
            drawn = max(wide - 1.0, 1.5)
            parts.append(tag("rect", x=at, y=y, width=drawn, height=BAR, class_=f"part {part.kind}", fill=fill))
        at += wide
    return parts


def _fills(key: str, parts: Sequence[Part]) -> list[str | None]:
    """Patterns that tell the lost parts of a stage from each other, and those that may still come; None is plain."""
    kinds: dict[str, list[str | None]] = {"gone": ["up", "down", "cross"], "open": [None, "flat"], "left": ["left"]}
    seen: dict[str, int] = {}
    found = []
    for part in parts:
        choice = kinds.get(part.kind, [None])
        kind = choice[seen.get(part.kind, 0) % len(choice)]
        seen[part.kind] = seen.get(part.kind, 0) + 1
        found.append(hatch(key, kind) if kind else None)
    return found
