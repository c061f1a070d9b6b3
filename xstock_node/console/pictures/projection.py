"""From degrees to the drawing: equirectangular around the middle of what is shown, and lines cut to its frame."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from xstock_node.console.pictures.outlines import Line, Point
from xstock_node.console.pictures.svg import figure

LEAST_DEGREES = 3.0
MARGIN = 12.0
CLOSEST = 0.9
FLATTEST = 0.52


class Projection(NamedTuple):
    """A frame of `width` and `height` whose upper left corner is at `west`, `north`; `scale` per degree of latitude."""

    west: float
    north: float
    scale: float
    narrowing: float
    width: float
    height: float

    def at(self, point: Point) -> Point:
        """Where a place (longitude, latitude) stands in the drawing."""
        return (point[0] - self.west) * self.scale * self.narrowing, (self.north - point[1]) * self.scale

    def degrees(self, point: Point) -> Point:
        """The place at a point of the drawing."""
        return self.west + point[0] / self.scale / self.narrowing, self.north - point[1] / self.scale


def fitted(places: Iterable[Point], width: float, tallest: float) -> Projection:
    """A frame that holds all places with room around them, at most `tallest` times as high as wide; the whole region
    where there is no place.
    """
    found = list(places) or [(3.0, 37.0), (45.0, 56.0)]
    south, north = _spread([lat for _, lat in found], LEAST_DEGREES)
    narrowing = max(math.cos(math.radians((south + north) / 2)), 0.2)
    west, east = _spread([lon for lon, _ in found], LEAST_DEGREES / narrowing)
    wide, high = (east - west) * narrowing, north - south
    shape = min(max(high / wide, FLATTEST), tallest)
    scale = min(width / wide, width * shape / high)
    height = width * shape
    middle = ((west + east) / 2, (south + north) / 2)
    left, top = middle[0] - width / 2 / scale / narrowing, middle[1] + height / 2 / scale
    return Projection(left, top, scale, narrowing, width, height)


def area(ring: Sequence[Point], frame: Projection) -> str:
    """The path of a ring as far as it lies in the frame; empty where it does not, or is too small to be seen."""
    points = _thinned([frame.at(point) for point in ring])
    for axis, bound, sign in _edges(frame):
        points = _cut(points, axis, bound, sign)
    return f"{_path(points)}Z" if len(points) > 2 else ""


def course(line: Sequence[Point], frame: Projection) -> str:
    """The path of a line as far as it lies in the frame."""
    parts: list[list[Point]] = [[]]
    for point in _thinned([frame.at(point) for point in line]):
        if -MARGIN <= point[0] <= frame.width + MARGIN and -MARGIN <= point[1] <= frame.height + MARGIN:
            parts[-1].append(point)
        elif parts[-1]:
            parts.append([])
    return "".join(_path(part) for part in parts if len(part) > 1)


def grid(frame: Projection) -> list[Line]:
    """Meridians and parallels every five degrees, to draw on where there are no outlines."""
    (west, north), (east, south) = frame.degrees((0.0, 0.0)), frame.degrees((frame.width, frame.height))
    meridians = [((lon, south), (lon, north)) for lon in _fives(west, east)]
    return [*meridians, *(((west, lat), (east, lat)) for lat in _fives(south, north))]


def _fives(start: float, end: float) -> list[float]:
    return [float(degree) for degree in range(math.ceil(start / 5) * 5, math.floor(end) + 1, 5)]


def _spread(values: Sequence[float], least: float) -> tuple[float, float]:
    """From the least to the greatest with a sixth of room on both sides."""
    low, high = min(values), max(values)
    room = max((high - low) / 6, (least - (high - low)) / 2, 0.4)
    return low - room, high + room


def _thinned(points: Sequence[Point]) -> list[Point]:
    """Without points that nobody could tell from the one before."""
    kept = list(points[:1])
    for point in points[1:-1]:
        if abs(point[0] - kept[-1][0]) + abs(point[1] - kept[-1][1]) >= CLOSEST:
            kept.append(point)
    return [*kept, *points[-1:]] if len(points) > 1 else kept


def _edges(frame: Projection) -> tuple[tuple[int, float, int], ...]:
    return ((0, -MARGIN, 1), (0, frame.width + MARGIN, -1), (1, -MARGIN, 1), (1, frame.height + MARGIN, -1))


def _cut(points: Sequence[Point], axis: int, bound: float, sign: int) -> list[Point]:
    """A ring on one side of an edge (Sutherland and Hodgman's way)."""
    kept: list[Point] = []
    for n, point in enumerate(points):
        before = points[n - 1]
        was, is_in = sign * (before[axis] - bound) >= 0, sign * (point[axis] - bound) >= 0
        if was != is_in:
            share = (bound - before[axis]) / (point[axis] - before[axis])
            kept.append((before[0] + share * (point[0] - before[0]), before[1] + share * (point[1] - before[1])))
        if is_in:
            kept.append(point)
    return kept


def _path(points: Sequence[Point]) -> str:
    return "M" + "L".join(f"{figure(x)} {figure(y)}" for x, y in points)
