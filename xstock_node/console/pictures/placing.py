"""Where marks and their words go, so that none covers another: marks are pushed apart, words find a free side."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from xstock_node.console.pictures.outlines import Point

ROUNDS = 60
APART = 3.0
CLEARLY = 3.0
SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1))
DISTANCES = (4.0, 12.0, 22.0)


class Box(NamedTuple):
    """A rectangle by its edges."""

    left: float
    top: float
    right: float
    bottom: float

    def touches(self, other: "Box") -> bool:
        """Whether two rectangles share any room."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def inside(self, other: "Box") -> bool:
        """Whether this lies wholly in the other."""
        return (
            self.left >= other.left
            and self.top >= other.top
            and self.right <= other.right
            and self.bottom <= other.bottom
        )


class Disc(NamedTuple):
    """A mark: its middle and how far it reaches."""

    x: float
    y: float
    reach: float

    def gap(self, box: Box) -> float:
        """How far a rectangle is from its edge; below zero where it reaches into it."""
        across = max(box.left - self.x, 0.0, self.x - box.right)
        down = max(box.top - self.y, 0.0, self.y - box.bottom)
        return math.hypot(across, down) - self.reach

    @property
    def box(self) -> Box:
        """The rectangle around it."""
        return Box(self.x - self.reach, self.y - self.reach, self.x + self.reach, self.y + self.reach)


def apart(discs: Sequence[Disc], frame: Box) -> list[Disc]:
    """The discs moved as little as it takes for none to cover another, within the frame. Order decides, not chance."""
    found = list(discs)
    for _ in range(ROUNDS):
        moved = False
        for a in range(len(found)):
            for b in range(a + 1, len(found)):
                pushed = _pushed(found[a], found[b], a + b)
                if pushed:
                    found[a], found[b] = pushed
                    moved = True
        found = [_within(disc, frame) for disc in found]
        if not moved:
            break
    return found


def beside(disc: Disc, size: Point, taken: Iterable[Box], others: Iterable[Disc], frame: Box) -> Box | None:
    """A free place for words of this width and height near a disc, and clearly nearer to it than to the others; None
    where there is none.
    """
    occupied, rest = list(taken), [other for other in others if other != disc]
    for distance in DISTANCES:
        for side in SIDES:
            box = _at(disc, size, side, distance)
            if not box.inside(frame) or any(box.touches(other) for other in occupied):
                continue
            if all(other.gap(box) >= disc.gap(box) + CLEARLY for other in rest):
                return box
    return None


def _at(disc: Disc, size: Point, side: tuple[int, int], distance: float) -> Box:
    across, down = side
    away = disc.reach + distance
    if across and down:
        away *= 0.75
    left = disc.x - size[0] / 2 + across * (away + size[0] / 2)
    top = disc.y - size[1] / 2 + down * (away + size[1] / 2)
    return Box(left, top, left + size[0], top + size[1])


def _pushed(a: Disc, b: Disc, turn: int) -> tuple[Disc, Disc] | None:
    """Two discs moved away from each other where they touch; the larger one moves less."""
    across, down = b.x - a.x, b.y - a.y
    distance = math.hypot(across, down)
    lacking = a.reach + b.reach + APART - distance
    if lacking <= 0.01:
        return None
    if distance < 0.01:
        angle = turn * 2.4  # the golden angle: those that stand on one spot leave it to all sides
        across, down, distance = math.cos(angle), math.sin(angle), 1.0
    step = lacking * b.reach / (a.reach + b.reach)
    rest = lacking - step
    x, y = across / distance, down / distance
    return a._replace(x=a.x - x * step, y=a.y - y * step), b._replace(x=b.x + x * rest, y=b.y + y * rest)


def _within(disc: Disc, frame: Box) -> Disc:
    x = min(max(disc.x, frame.left + disc.reach), frame.right - disc.reach)
    y = min(max(disc.y, frame.top + disc.reach), frame.bottom - disc.reach)
    return disc._replace(x=x, y=y)
