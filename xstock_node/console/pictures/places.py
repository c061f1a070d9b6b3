"""The map of offers and needs: size is quantity, the ring readiness, lines are operations that run.

Drawn over outlines where there are any, over a grid of degrees where not. Words that find no free place beside their
mark become a number on it, and stand below the map.
"""

import math
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from xstock_node.console.pictures import projection
from xstock_node.console.pictures.curves import Curve, Way, curve
from xstock_node.console.pictures.legend import Entry, legend
from xstock_node.console.pictures.measure import height, width, wrapped
from xstock_node.console.pictures.outlines import Outlines, Point
from xstock_node.console.pictures.placing import Box, Disc, apart, beside
from xstock_node.console.pictures.projection import Projection
from xstock_node.console.pictures.svg import (
    NARROW,
    SMALL,
    WIDE,
    Drawn,
    Reader,
    Twin,
    both,
    figure,
    lines_at,
    mark,
    picture,
    tag,
)

READY: Final = ((6, 1.0), (24, 0.66), (72, 0.33))
"""Hours, and how much of the ring is closed for who is ready within them."""
RING = 4.5
NONE = Decimal(0)
MOST_LINES = 3
BADGE = 8.5
SHARES, LARGEST_SHARE = (0.22, 0.14), 0.36


class Spot(NamedTuple):
    """A place (longitude, latitude in degrees), what is offered and needed there, in how many hours it can leave at
    the earliest (None: unknown), and whether it is this node's own.
    """

    name: str
    at: Point
    offered: Decimal
    needed: Decimal
    ready: int | None = None
    own: bool = False


class Trip(NamedTuple):
    """A running operation between two spots, by their places in the list."""

    start: int
    end: int
    way: Way
    words: str


class Scene(NamedTuple):
    """What the map shows: what is counted and in which unit (`what`), spots, trips."""

    what: str
    spots: Sequence[Spot]
    trips: Sequence[Trip] = ()


class _Mark(NamedTuple):
    spot: int
    kind: Literal["offer", "need"]
    disc: Disc
    size: float
    home: Point


def draw_places(key: str, scene: Scene, outlines: Outlines, reader: Reader) -> str:
    """The picture for both widths."""
    title = reader.say("Map of offers and needs: {what}", what=scene.what)
    offered, needed = (sum(getattr(spot, name) > 0 for spot in scene.spots) for name in ("offered", "needed"))
    about = reader.say(
        "Offers at {offered} places, needs at {needed}, {trips} operations between them.",
        offered=reader.number(offered),
        needed=reader.number(needed),
        trips=reader.number(len(scene.trips)),
    )
    small, large = (
        _drawing(f"{key}-{letter}", scene, outlines, room, reader) for letter, room in (("n", NARROW), ("w", WIDE))
    )
    return both(key, picture(small, f"{key}-n", title, about), picture(large, f"{key}-w", title, about))


def twin(scene: Scene, reader: Reader) -> Twin:
    """The table of the spots."""
    say, number = reader.say, reader.number
    headings = (say("Place"), say("Offered"), say("Needed"), say("Ready in"))
    rows = [(spot.name, number(spot.offered), number(spot.needed), _ready(spot, reader)) for spot in scene.spots]
    return Twin(say("Map of offers and needs: {what}", what=scene.what), headings, rows)


def twin_of_trips(scene: Scene, reader: Reader) -> Twin:
    """The table of the lines."""
    say = reader.say
    rows = [
        (scene.spots[trip.start].name, scene.spots[trip.end].name, way(trip.way, reader), trip.words)
        for trip in scene.trips
    ]
    return Twin(say("Operations on the map"), (say("From"), say("To"), say("State"), say("What")), rows)


def way(kind: Way, reader: Reader) -> str:
    """How far an operation is, in words."""
    say = reader.say
    known = {"asked": say("asked"), "promised": say("promised"), "moving": say("on the way"), "late": say("late")}
    return known[kind]


def closed(hours: int | None) -> float:
    """How much of the ring is closed; nothing for who is ready later, or it is unknown."""
    return next((share for most, share in READY if hours is not None and hours <= most), 0.0)


def _ready(spot: Spot, reader: Reader) -> str:
    if spot.ready is None:
        return "–"
    return reader.say("now") if spot.ready <= 0 else reader.span(spot.ready * 3600)


def _drawing(key: str, scene: Scene, outlines: Outlines, room: float, reader: Reader) -> Drawn:
    frame = projection.fitted((spot.at for spot in scene.spots), room, 0.8 if room > NARROW else 1.1)
    edges = Box(4.0, 4.0, frame.width - 4.0, frame.height - 4.0)
    marks = _marks(scene, frame, edges, 19.0 if room > NARROW else 13.0)
    curves = _curves(scene, marks)
    taken = [*(one.disc.box for one in marks), *(box for curve in curves for box in curve.boxes())]
    words, numbered = _labels(scene, marks, taken, edges, room, reader)
    clip = tag("rect", width=frame.width, height=frame.height, rx=6.0)
    parts = [
        tag("defs", tag("clipPath", clip, id=f"{key}-clip")),
        tag("g", *_ground(frame, outlines), clip_path=f"url(#{key}-clip)"),
        *(part for curve in curves for part in curve.drawn()),
        *(part for one in marks for part in _mark(one, scene.spots[one.spot])),
        *words,
    ]
    y = frame.height + 12.0
    keys = _key(scene, numbered, y, room, reader)
    y += keys.height + (8.0 if numbered else 0.0)
    meanings = _legend(scene, y, room, reader)
    return Drawn([*parts, *keys.parts, *meanings.parts], room, y + meanings.height + 4.0)


@lru_cache(maxsize=32)
def _ground(frame: Projection, outlines: Outlines) -> tuple[str, ...]:
    """Sea, land and borders; a grid of degrees where there is no land. Kept, as it changes with the frame alone."""
    sea = tag("rect", width=frame.width, height=frame.height, class_="sea")
    land = "".join(projection.area(ring, frame) for one in outlines.lands for ring in one.rings)
    if not land:
        degrees = "".join(projection.course(line, frame) for line in projection.grid(frame))
        return (sea, tag("path", d=degrees, class_="grid"))
    parts = [sea, tag("path", d=land, class_="land", fill_rule="evenodd")]
    for class_, lines in (("border", outlines.borders), ("border disputed", outlines.disputed)):
        course = "".join(projection.course(line, frame) for line in lines)
        parts += [tag("path", d=course, class_=class_)] if course else []
    return tuple(parts)


def _marks(scene: Scene, frame: Projection, edges: Box, largest: float) -> list[_Mark]:
    """A mark for each offer and need, as large as its quantity, pushed apart where they would cover each other."""
    wanted: list[tuple[int, Literal["offer", "need"], Decimal]] = []
    for n, spot in enumerate(scene.spots):
        wanted += [(n, "offer", spot.offered)] if spot.offered > 0 else []
        wanted += [(n, "need", spot.needed)] if spot.needed > 0 else []
        wanted += [(n, "offer", NONE)] if spot.offered <= 0 and spot.needed <= 0 else []
    most = max((quantity for _, _, quantity in wanted), default=NONE) or Decimal(1)
    sizes = [4.0 + (largest - 4.0) * math.sqrt(float(quantity / most)) for _, _, quantity in wanted]
    homes = [frame.at(scene.spots[n].at) for n, _, _ in wanted]
    discs = apart([Disc(x, y, size + RING + 1.5) for (x, y), size in zip(homes, sizes, strict=True)], edges)
    return [
        _Mark(n, kind, disc, size, home)
        for (n, kind, _), disc, size, home in zip(wanted, discs, sizes, homes, strict=True)
    ]


def _mark(one: _Mark, spot: Spot) -> list[str]:
    """A mark with its ring, and a thread to its place where it was pushed away from it."""
    x, y = one.disc.x, one.disc.y
    parts = []
    if math.hypot(x - one.home[0], y - one.home[1]) > one.disc.reach:
        parts.append(tag("line", x1=one.home[0], y1=one.home[1], x2=x, y2=y, class_="thread"))
    own = " own" if spot.own else ""
    if one.kind == "need":
        return [*parts, mark("diamond", x, y, one.size * 0.95, f"spot need{own}")]
    if spot.offered <= 0:
        return [*parts, mark("ring", x, y, one.size, f"spot none{own}")]
    return [*parts, mark("dot", x, y, one.size, f"spot offer{own}"), *_arc(x, y, one.size + RING, closed(spot.ready))]


def _arc(x: float, y: float, r: float, share: float) -> list[str]:
    if share >= 1.0:
        return [tag("circle", cx=x, cy=y, r=r, class_="ready")]
    if share <= 0.0:
        return []
    angle = 2 * math.pi * share
    to = f"{figure(x + r * math.sin(angle))} {figure(y - r * math.cos(angle))}"
    size = figure(r)
    return [tag("path", d=f"M{figure(x)} {figure(y - r)}A{size} {size} 0 {int(share > 0.5)} 1 {to}", class_="ready")]


def _labels(
    scene: Scene, marks: Sequence[_Mark], occupied: Sequence[Box], edges: Box, room: float, reader: Reader
) -> tuple[list[str], list[tuple[int, int]]]:
    """The words of the spots, the largest first; and the numbers of those (number, spot) that found no place."""
    parts: list[str] = []
    numbered: list[tuple[int, int]] = []
    taken, discs = [*occupied], [one.disc for one in marks]
    first = {one.spot: one for one in reversed(marks)}
    for n in sorted(first, key=lambda n: (not scene.spots[n].own, -first[n].size, n)):
        disc, spot = first[n].disc, scene.spots[n]
        same = [one.disc for one in marks if one.spot != n]
        for share in SHARES:
            name, said, size = _words(spot, room, share, reader)
            fits = len(name) <= MOST_LINES and size[0] <= room * LARGEST_SHARE
            box = beside(disc, size, taken, same, edges) if fits else None
            if box:
                break
        if box is None:
            numbered.append((len(numbered) + 1, n))
            box, drawn = _badge(len(numbered), disc, taken, discs, edges)
        else:
            drawn = _written(box, disc, name, said, spot.own)
        taken.append(box)
        parts += drawn
    return parts, numbered


def _words(spot: Spot, room: float, share: float, reader: Reader) -> tuple[list[str], list[str], Point]:
    """Name and figures in lines as long as a share of the room, or as the longest word; and their size."""
    figures = _figures(spot, reader)
    words = [
        *(width(word, SMALL, spot.own) for word in spot.name.split()),
        *(width(w, SMALL) for w in figures.split(" ")),
    ]
    space = max([room * share, *words])
    name, said = wrapped(spot.name, space, SMALL, spot.own), wrapped(figures, space, SMALL)
    wide = max(width(line, SMALL, spot.own) for line in [*name, *said, ""])
    return name, said, (wide + 2.0, height(len(name) + len(said), SMALL))


def _written(box: Box, disc: Disc, name: Sequence[str], said: Sequence[str], own: bool) -> list[str]:
    anchor, x = _anchor(box, disc)
    return [
        lines_at(x, box.top, name, SMALL, "place own" if own else "place", anchor),
        lines_at(x, box.top + height(len(name), SMALL), said, SMALL, "place faint", anchor),
    ]


def _badge(number: int, disc: Disc, taken: Sequence[Box], discs: Sequence[Disc], edges: Box) -> tuple[Box, list[str]]:
    """A number in a small circle beside a mark, joined to it where another mark is as near; on it where no side is
    free.
    """
    size, on_it = (BADGE * 2, BADGE * 2), Box(disc.x - BADGE, disc.y - BADGE, disc.x + BADGE, disc.y + BADGE)
    near = beside(disc, size, taken, discs, edges)
    box = near or beside(disc, size, taken, (), edges) or on_it
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    thread = [] if near else [tag("line", x1=disc.x, y1=disc.y, x2=x, y2=y, class_="thread")]
    return box, [
        *thread,
        tag("circle", cx=x, cy=y, r=BADGE, class_="badge"),
        lines_at(x, y - SMALL * 0.6, [str(number)], SMALL, "strong", "middle"),
    ]


def _anchor(box: Box, disc: Disc) -> tuple[str, float]:
    """Words lean to their mark."""
    if box.left >= disc.x:
        return "start", box.left + 1.0
    if box.right <= disc.x:
        return "end", box.right - 1.0
    return "middle", (box.left + box.right) / 2


def _figures(spot: Spot, reader: Reader) -> str:
    said = []
    if spot.offered > 0:
        said.append(reader.say("offers {n}", n=reader.number(spot.offered)))
    if spot.needed > 0:
        said.append(reader.say("needs {n}", n=reader.number(spot.needed)))
    return ", ".join(phrase.replace(" ", "\u00a0") for phrase in said)


def _curves(scene: Scene, marks: Sequence[_Mark]) -> list[Curve]:
    """Curves from supplier to requester; each further one of a pair bends more."""
    offers = {one.spot: one for one in marks if one.kind == "offer"}
    needs = {one.spot: one for one in marks if one.kind == "need"}
    between: Counter[frozenset[int]] = Counter()
    found = []
    for trip in scene.trips:
        start, end = offers.get(trip.start) or needs.get(trip.start), needs.get(trip.end) or offers.get(trip.end)
        if start is None or end is None or trip.start == trip.end:
            continue
        pair = frozenset((trip.start, trip.end))
        between[pair] += 1
        found.append(curve(start.disc, end.disc, 0.12 + 0.1 * (between[pair] - 1), trip.way))
    return [one for one in found if one]


def _key(scene: Scene, numbered: Sequence[tuple[int, int]], y: float, room: float, reader: Reader) -> Drawn:
    """The words of numbered spots, one below the other."""
    parts, top = [], y
    for number, n in numbered:
        spot = scene.spots[n]
        said = _figures(spot, reader)
        lines = wrapped(f"{spot.name}: {said}" if said else spot.name, room - 26.0, SMALL)
        parts.append(lines_at(20.0, top, [str(number)], SMALL, "strong", "end"))
        parts.append(lines_at(26.0, top, lines, SMALL))
        top += height(len(lines), SMALL) + 2.0
    return Drawn(parts, room, top - y)


def _legend(scene: Scene, y: float, room: float, reader: Reader) -> Drawn:
    say = reader.say
    entries = [
        Entry("dot", "spot offer", say("offered; the larger, the more")),
        Entry("diamond", "spot need", say("needed")),
        Entry("ring", "ready", say("ready within 6 hours; two thirds of the ring: a day, one third: three days")),
    ]
    kinds = {trip.way for trip in scene.trips}
    lines: tuple[Way, ...] = ("asked", "promised", "moving")
    entries += [Entry("line", f"trip {kind}", way(kind, reader)) for kind in lines if kind in kinds]
    entries += [Entry("triangle", "mark is-late", way("late", reader))] if "late" in kinds else []
    return legend(entries, 0, y, room, "faint")
