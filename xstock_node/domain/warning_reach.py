"""Whether a warning touches a node: by country, by codes of areas that its operator lists, by shapes around its place.

One of these is enough. What cannot be judged by any is unknown, and shown as such; it is never taken for elsewhere.
"""

from math import asin, cos, radians, sin, sqrt
from typing import Final, NamedTuple

from xstock_node.domain.alerts import Alert, Area, Point
from xstock_node.domain.public_warnings import Concern

_EARTH_KM: Final = 6371.0088
"""Mean radius (IUGG)."""


class Here(NamedTuple):
    """Where a node is: countries (ISO 3166-1 alpha-2), codes of areas of any list, a point in degrees of WGS 84."""

    countries: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    point: Point | None = None


def concerns(alert: Alert, here: Here) -> Concern:
    """Whether an alert touches a node."""
    areas = [area for block in alert.blocks for area in block.areas]
    codes = {code.value for area in areas for code in area.codes}
    shapes = any(area.polygons or _circles(area) for area in areas)
    judged = False
    for said, wanted in ((set(alert.countries), set(here.countries)), (codes, set(here.areas))):
        if said & wanted:
            return "yes"
        judged = judged or bool(said and wanted)
    if shapes and here.point is not None:
        if any(holds(area, here.point) for area in areas):
            return "yes"
        judged = True
    return "no" if judged else "unknown"


def holds(area: Area, point: Point) -> bool:
    """Whether a point lies in one of an area's polygons or circles; a circle without radius says nothing."""
    return any(in_polygon(ring, point) for ring in area.polygons) or any(
        distance_km(centre, point) <= radius for centre, radius in _circles(area)
    )


def in_polygon(ring: tuple[Point, ...], point: Point) -> bool:
    """Whether a point lies in a closed ring, also over the 180th meridian; lines are straight in degrees.

    The lines of the ring that cross the point's meridian north of it are counted. None but those that cross it on
    this side of the earth are.
    """
    east = [(one.longitude - point.longitude + 180) % 360 - 180 for one in ring]
    inside = False
    for n in range(len(ring) - 1):
        (a, b), (c, d) = (east[n], ring[n].latitude), (east[n + 1], ring[n + 1].latitude)
        if (a > 0) != (c > 0) and abs(a - c) < 180 and b + (d - b) * a / (a - c) > point.latitude:
            inside = not inside
    return inside


def distance_km(one: Point, other: Point) -> float:
    """The distance of two points on a sphere."""
    north, east = radians(other.latitude - one.latitude), radians(other.longitude - one.longitude)
    half = sin(north / 2) ** 2 + cos(radians(one.latitude)) * cos(radians(other.latitude)) * sin(east / 2) ** 2
    return 2 * _EARTH_KM * asin(sqrt(min(1.0, half)))


def _circles(area: Area) -> list[tuple[Point, float]]:
    return [(centre, radius) for centre, radius in area.circles if radius > 0]
