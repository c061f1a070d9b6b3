"""Curved lines between two marks, with a head at their end, and the room that they take from words."""

import math
from typing import Literal, NamedTuple

from xstock_node.console.pictures.outlines import Point
from xstock_node.console.pictures.placing import Box, Disc
from xstock_node.console.pictures.svg import figure, mark, tag

Way = Literal["asked", "promised", "moving", "late"]
HEAD, OPEN = 9.0, 0.42
STEPS = 40
WIDE = 3.0


class Curve(NamedTuple):
    """A quadratic curve from `start` to `end`, drawn towards `pull` between them."""

    start: Point
    pull: Point
    end: Point
    way: Way

    def at(self, share: float) -> Point:
        """The point after so much of the way, from 0 to 1."""
        a, b, c = (1 - share) ** 2, 2 * share * (1 - share), share**2
        return (
            a * self.start[0] + b * self.pull[0] + c * self.end[0],
            a * self.start[1] + b * self.pull[1] + c * self.end[1],
        )

    def boxes(self) -> list[Box]:
        """The room that the line takes, and its mark if it is late."""
        points = [self.at(n / STEPS) for n in range(STEPS + 1)]
        found = [Box(x - WIDE, y - WIDE, x + WIDE, y + WIDE) for x, y in points]
        x, y = self.at(0.5)
        return [*found, Box(x - HEAD, y - HEAD, x + HEAD, y + HEAD)] if self.way == "late" else found

    def drawn(self) -> list[str]:
        """The line, its head, and a triangle on it where it is late."""
        turn = math.atan2(self.end[1] - self.pull[1], self.end[0] - self.pull[0])
        wings = [
            (self.end[0] - HEAD * math.cos(turn + s), self.end[1] - HEAD * math.sin(turn + s)) for s in (OPEN, -OPEN)
        ]
        points = " ".join(f"{figure(x)},{figure(y)}" for x, y in (self.end, *wings))
        start, pull, end = (f"{figure(x)} {figure(y)}" for x, y in (self.start, self.pull, self.end))
        parts = [
            tag("path", d=f"M{start}Q{pull} {end}", class_=f"trip {self.way}"),
            tag("polygon", points=points, class_=f"head {self.way}"),
        ]
        return [*parts, mark("triangle", *self.at(0.5), 6.0, "mark is-late")] if self.way == "late" else parts


def curve(start: Disc, end: Disc, bend: float, way: Way) -> Curve | None:
    """A curve from the edge of one mark to that of another, bent by a share of its length; None where they touch."""
    across, down = end.x - start.x, end.y - start.y
    if math.hypot(across, down) <= start.reach + end.reach + HEAD:
        return None
    pull = ((start.x + end.x) / 2 + down * bend, (start.y + end.y) / 2 - across * bend)
    return Curve(_towards(start, pull, start.reach), pull, _towards(end, pull, end.reach + 2.0), way)


def _towards(disc: Disc, point: Point, far: float) -> Point:
    long = math.hypot(point[0] - disc.x, point[1] - disc.y) or 1.0
    return disc.x + (point[0] - disc.x) / long * far, disc.y + (point[1] - disc.y) / long * far
