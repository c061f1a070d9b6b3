"""Coasts and borders for the map: the built ones, or a GeoJSON file (RFC 7946) of the operator's own.

Land is filled, lines are drawn; a line whose property `kind` is `disputed` is dashed. Points and what else a file may
hold are passed over. A file of the operator may be large, never endless.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import msgspec

MOST_BYTES: Final = 8_000_000
MOST_POINTS: Final = 150_000
Point = tuple[float, float]
"""Longitude and latitude in degrees (RFC 7946, 3.1.1)."""
Line = tuple[Point, ...]


class Land(NamedTuple):
    """One polygon: its rings, the outer one first, and the country where the file says it (ISO 3166-1 alpha-2)."""

    country: str
    rings: tuple[Line, ...]


class Outlines(NamedTuple):
    """What the map is drawn on."""

    lands: tuple[Land, ...] = ()
    borders: tuple[Line, ...] = ()
    disputed: tuple[Line, ...] = ()

    def __hash__(self) -> int:
        """Of this very reading of a file: to hash all its points would take as long as to draw them."""
        return id(self)


class BadOutlines(ValueError):
    """The file is no GeoJSON that a map can be drawn from; the words say why."""


class _Geometry(msgspec.Struct):
    type: str
    coordinates: msgspec.Raw = msgspec.Raw(b"null")


class _Feature(msgspec.Struct):
    geometry: _Geometry | None = None
    properties: dict[str, Any] | None = None


class _Collection(msgspec.Struct):
    features: list[_Feature]


_POSITION = list[float]
_SHAPES: Final[dict[str, Any]] = {
    "LineString": list[_POSITION],
    "MultiLineString": list[list[_POSITION]],
    "Polygon": list[list[_POSITION]],
    "MultiPolygon": list[list[list[_POSITION]]],
}


def parse(content: bytes) -> Outlines:
    """The outlines of a GeoJSON FeatureCollection; raises BadOutlines."""
    if len(content) > MOST_BYTES:
        raise BadOutlines(f"expected at most {MOST_BYTES} bytes, got {len(content)}; simplify the outlines")
    try:
        features = msgspec.json.decode(content, type=_Collection).features
        found = [_shape(feature) for feature in features if feature.geometry and feature.geometry.type in _SHAPES]
    except (msgspec.DecodeError, msgspec.ValidationError, RecursionError) as error:
        raise BadOutlines(f"expected a GeoJSON FeatureCollection, got: {error}; see RFC 7946") from None
    points = sum(len(line) for _, _, lands, lines in found for line in (*lines, *(r for land in lands for r in land)))
    if points > MOST_POINTS:
        raise BadOutlines(f"expected at most {MOST_POINTS} points, got {points}; simplify the outlines")
    return Outlines(
        lands=tuple(Land(country, rings) for _, country, lands, _ in found for rings in lands),
        borders=tuple(line for kind, _, _, lines in found for line in lines if kind != "disputed"),
        disputed=tuple(line for kind, _, _, lines in found for line in lines if kind == "disputed"),
    )


def _shape(feature: _Feature) -> tuple[str, str, list[tuple[Line, ...]], list[Line]]:
    """Kind, country, polygons and lines of a feature."""
    assert feature.geometry is not None
    kind = feature.geometry.type
    coordinates = msgspec.json.decode(feature.geometry.coordinates, type=_SHAPES[kind])
    said = feature.properties or {}
    words = str(said.get("kind", "")), str(said.get("country", ""))
    if kind in ("LineString", "MultiLineString"):
        lines = [coordinates] if kind == "LineString" else coordinates
        return (*words, [], [_line(line) for line in lines])
    polygons = [coordinates] if kind == "Polygon" else coordinates
    return (*words, [tuple(_line(ring) for ring in rings) for rings in polygons if rings], [])


def _line(positions: Sequence[Sequence[float]]) -> Line:
    """The points of a line; raises ValidationError where one is no place on Earth."""
    for position in positions:
        if len(position) < 2 or not (-180 <= position[0] <= 180 and -90 <= position[1] <= 90):
            raise msgspec.ValidationError(f"a position {position!r}, which is no longitude and latitude in degrees")
    return tuple((position[0], position[1]) for position in positions)
