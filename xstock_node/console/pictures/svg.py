"""Writing SVG: elements, lines of text, and a picture with its title, description and table twin."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from html import escape
from typing import Final, NamedTuple, Protocol

from xstock_node.console.pictures.measure import LINE

NARROW: Final = 340.0
WIDE: Final = 720.0
TEXT: Final = 13.0
SMALL: Final = 12.0
EDGE: Final = 8.0


class Reader(Protocol):
    """Who looks: how the own language says and counts (`Words` of a visit is one)."""

    def say(self, source: str, /, **params: object) -> str:
        """A source string in the reader's language, filled."""
        ...

    def number(self, figure: str | int | Decimal | None) -> str:
        """A figure with the reader's own marks."""
        ...

    def span(self, seconds: int) -> str:
        """So long, in words."""
        ...


class Twin(NamedTuple):
    """The same as a table: caption, headings, rows of words."""

    caption: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]


class Drawn(NamedTuple):
    """What was drawn, in a box from (0, 0) to its width and height."""

    parts: list[str]
    width: float
    height: float


def tag(name: str, *inside: str, **attributes: str | float | None) -> str:
    """An element; `class_` is class, `stroke_width` stroke-width; None leaves an attribute out. `inside` is SVG."""
    words = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value) if isinstance(value, str) else figure(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{words}>{''.join(inside)}</{name}>" if inside else f"<{name}{words}/>"


def figure(value: float) -> str:
    """A coordinate with one decimal at most."""
    return (
        f"{value:.1f}".removesuffix(".0").replace("-0", "0", 1)
        if abs(value) < 0.05
        else f"{value:.1f}".removesuffix(".0")
    )


def lines_at(
    x: float, top: float, lines: Iterable[str], size: float = TEXT, class_: str = "", anchor: str = "start"
) -> str:
    """Lines of text below each other, the first one's top at `top`."""
    said = "".join(tag("tspan", escape(line), x=x, y=top + size * (0.95 + LINE * n)) for n, line in enumerate(lines))
    turned = None if anchor == "start" else anchor
    return tag("text", said, font_size=size, class_=class_ or None, text_anchor=turned) if said else ""


def picture(drawn: Drawn, key: str, title: str, about: str) -> str:
    """A whole picture. `key` is unique on its page; `about` says in a sentence what is to be seen."""
    names = (tag("title", escape(title), id=f"{key}-title"), tag("desc", escape(about), id=f"{key}-about"))
    box = f"0 0 {figure(drawn.width)} {figure(drawn.height)}"
    return tag(
        "svg",
        *names,
        *drawn.parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=box,
        width=drawn.width,
        height=drawn.height,
        role="img",
        class_="picture",
        aria_labelledby=f"{key}-title {key}-about",
    )


def both(key: str, narrow: str, wide: str) -> str:
    """The drawings for a phone and for the rest in one figure; the style sheet shows the one that fits."""
    inside = tag("div", narrow, class_="narrow") + tag("div", wide, class_="wide")
    return tag("div", inside, class_="pictures", id=key)


HATCHES: Final = {
    "up": "M0 6L6 0M-1 1L1 -1M5 7L7 5",
    "down": "M0 0L6 6M5 -1L7 1M-1 5L1 7",
    "cross": "M0 3H6M3 0V6",
    "flat": "M0 3H6",
    "left": "M0 1H3M3 4H6",
    "full": "M0 6L6 0M-1 1L1 -1M5 7L7 5",
}


def hatching(key: str, class_: str = "") -> str:
    """Patterns of lines, to be filled in by `hatch(key, kind)`; those of `full` lie on a dark ground."""
    return tag("defs", *(_pattern(f"{key}-{kind}", kind, class_) for kind in HATCHES))


def _pattern(id_: str, kind: str, class_: str) -> str:
    ground = [tag("rect", width=6.0, height=6.0, class_="hatch-ground")] if kind == "full" else []
    lines = tag("path", d=HATCHES[kind], class_=f"hatch {kind} {class_}".strip())
    return tag("pattern", *ground, lines, id=id_, width=6.0, height=6.0, patternUnits="userSpaceOnUse")


def hatch(key: str, kind: str) -> str:
    """The value of `fill` for one of the patterns: up, down, cross, flat, left, full."""
    return f"url(#{key}-{kind})"


def mark(kind: str, x: float, y: float, size: float, class_: str) -> str:
    """A small shape around a point: `dot`, `ring`, `square`, `triangle`, `pointer`, `diamond`, `cross`."""
    if kind in ("dot", "ring"):
        return tag("circle", cx=x, cy=y, r=size, class_=class_)
    if kind == "square":
        return tag("rect", x=x - size * 0.9, y=y - size * 0.9, width=size * 1.8, height=size * 1.8, class_=class_)
    if kind == "cross":
        long = figure(2 * size)
        d = f"M{figure(x - size)} {figure(y - size)}l{long} {long}m0 -{long}l-{long} {long}"
        return tag("path", d=d, class_=class_)
    corners = {
        "triangle": [(x, y - size * 1.15), (x + size * 1.1, y + size * 0.8), (x - size * 1.1, y + size * 0.8)],
        "pointer": [(x, y + size * 1.15), (x + size * 1.1, y - size * 0.8), (x - size * 1.1, y - size * 0.8)],
        "diamond": [(x, y - size * 1.25), (x + size * 1.25, y), (x, y + size * 1.25), (x - size * 1.25, y)],
    }[kind]
    return tag("polygon", points=" ".join(f"{figure(a)},{figure(b)}" for a, b in corners), class_=class_)
