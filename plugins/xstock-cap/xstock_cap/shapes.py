"""Shapes of CAP areas (clause 3.2.4): closed polygons of `lat,lon` pairs, circles as `lat,lon radius`."""

import math
from decimal import Decimal
from typing import Final

from xstock_cap import bounds
from xstock_node.plugins.interchange import Point

LEAST_POINTS: Final = 4
Circle = tuple[Point, float]


class Misshapen(Exception):
    """No shape; the text is a closed word."""


def read_polygon(text: str) -> tuple[tuple[Point, ...], bool]:
    """A ring, and whether it was open: then it is closed here. Raises `Misshapen`."""
    pairs = text.split(None, bounds.POINTS)
    if not LEAST_POINTS - 1 <= len(pairs) < bounds.POINTS:
        raise Misshapen("too-few-points" if len(pairs) < LEAST_POINTS else "too-many-points")
    points = tuple(map(_point, pairs))
    closed = points[0] == points[-1]
    points = points if closed else (*points, points[0])
    if len(points) < LEAST_POINTS:
        raise Misshapen("too-few-points")
    return points, not closed


def read_circle(text: str) -> Circle:
    """A circle, its radius in km. Raises `Misshapen`."""
    centre, _, radius = text.partition(" ")
    found = _number(radius.strip())
    if found < 0:
        raise Misshapen("negative-radius")
    return _point(centre), found


def write_polygon(points: tuple[Point, ...]) -> str:
    """A ring as CAP writes it."""
    return " ".join(map(_pair, points))


def write_circle(circle: Circle) -> str:
    """A circle as CAP writes it."""
    return f"{_pair(circle[0])} {_decimal(circle[1])}"


def on_earth(point: Point) -> bool:
    """Whether both are degrees of WGS 84; NaN is not."""
    return -90 <= point.latitude <= 90 and -180 <= point.longitude <= 180


def box(text: str) -> tuple[Point, ...]:
    """The closed ring of a box, from `west east south north` as GDACS writes it. Raises `Misshapen` for one that has
    no surface or reaches over the edge of the map.
    """
    sides = [_number(side) for side in text.split()]
    if len(sides) != 4:
        raise Misshapen("no-box")
    west, east, south, north = sides
    corners = (Point(south, west), Point(south, east), Point(north, east), Point(north, west))
    if not (west < east and south < north and all(map(on_earth, corners))):
        raise Misshapen("no-box")
    return (*corners, corners[0])


def _point(pair: str) -> Point:
    latitude, comma, longitude = pair.partition(",")
    found = Point(_number(latitude), _number(longitude))
    if not comma or not on_earth(found):
        raise Misshapen("no-latitude-and-longitude")
    return found


def _number(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        raise Misshapen("no-number") from None
    if not math.isfinite(found) or "_" in text:
        raise Misshapen("no-number")
    return found


def _pair(point: Point) -> str:
    return f"{_decimal(point.latitude)},{_decimal(point.longitude)}"


def _decimal(number: float) -> str:
    """All its digits and no exponent, so that it reads back as the same number."""
    return format(Decimal(repr(float(number))), "f")
