"""Outlines: what was built, and what an operator may put in its place; a broken file is said, and never the end."""

import gc
import json
import time
from pathlib import Path

import pytest

from tests.browser.tools import vendor
from xstock_node.console.ground import OWN, ground
from xstock_node.console.pictures import projection
from xstock_node.console.pictures.outlines import BadOutlines, Land, parse

SQUARE = [[20.0, 42.0], [24.0, 42.0], [24.0, 45.0], [20.0, 45.0], [20.0, 42.0]]
RIVER = [[20.0, 43.0], [22.0, 43.5], [24.0, 43.0]]


def collection(*geometries: object, **properties: str) -> bytes:
    features = [{"type": "Feature", "properties": properties or None, "geometry": one} for one in geometries]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def shape(kind: str, coordinates: object) -> dict[str, object]:
    return {"type": kind, "coordinates": coordinates}


def test_polygons_and_lines_of_an_operator_are_drawn_and_the_rest_is_passed_over() -> None:
    found = parse(
        collection(
            shape("Polygon", [SQUARE]),
            shape("MultiPolygon", [[SQUARE, SQUARE], []]),
            shape("LineString", RIVER),
            shape("MultiLineString", [RIVER]),
            shape("Point", [1, 2]),
            None,
            country="RS",
        )
    )
    ring, line = tuple(map(tuple, SQUARE)), tuple(map(tuple, RIVER))
    assert found.lands == (Land("RS", (ring,)), Land("RS", (ring, ring)))  # type: ignore[arg-type]
    assert found.borders == (line, line) and found.disputed == ()
    assert parse(collection(shape("LineString", RIVER), kind="disputed")).disputed == (line,)


BAD = {
    "no JSON": b"<svg/>",
    "no collection": b"[1,2]",
    "no features": b"{}",
    "a word for a number": collection(shape("LineString", [["a", 1]])),
    "another depth": collection(shape("Polygon", SQUARE)),
    "off the Earth": collection(shape("LineString", [[200, 1], [1, 1]])),
    "half a place": collection(shape("LineString", [[20]])),
    "no number": b'{"features":[{"geometry":{"type":"LineString","coordinates":[[1e999,1],[1,1]]}}]}',
    "too many points": collection(shape("LineString", [[1, 1]] * 150_001)),
    "too large": b" " * 8_000_001,
    "deep": b'{"features":' + b"[" * 100_000,
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_a_broken_file_is_refused_in_words_and_at_once(content: bytes) -> None:
    gc.disable()  # what else the runner of the tests holds is no part of the bound
    try:
        begin = time.process_time()
        with pytest.raises(BadOutlines, match="expected"):
            parse(content)
        assert time.process_time() - begin < 1
    finally:
        gc.enable()


def test_the_operator_s_file_takes_the_place_of_the_built_one_and_a_broken_one_does_not(tmp_path: Path) -> None:
    assert not ground(tmp_path).is_own and ground(tmp_path).problem == ""
    (tmp_path / OWN).write_bytes(collection(shape("Polygon", [SQUARE])))
    assert ground(tmp_path).is_own and len(ground(tmp_path).outlines.lands) == 1
    (tmp_path / OWN).write_bytes(b"broken, and longer")
    found = ground(tmp_path)
    assert not found.is_own and "map.geojson: expected a GeoJSON" in found.problem


def test_the_built_outlines_are_drawn_light_and_inside_the_frame() -> None:
    found = parse((vendor() / "outlines.json").read_bytes())
    frame = projection.fitted([(16.4, 48.2), (23.3, 42.7)], 720, 0.8)
    paths = "".join(projection.area(ring, frame) for land in found.lands for ring in land.rings)
    assert 3_000 < len(paths) < 40_000, "a page is light with its map"
    numbers = [
        float(part)
        for piece in paths.replace("Z", "").split("M")[1:]
        for point in piece.split("L")
        for part in point.split()
    ]
    assert min(numbers) >= -projection.MARGIN - 0.1 and max(numbers) <= 720 + projection.MARGIN + 0.1
    assert projection.course(found.disputed[0], frame) or len(found.disputed) > 1
    inside = frame.at((23.3, 42.7))
    assert 0 < inside[0] < frame.width and 0 < inside[1] < frame.height
    assert frame.degrees(inside) == pytest.approx((23.3, 42.7))
