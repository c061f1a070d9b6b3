"""Whether a warning touches us: by country, listed area, or a shape around the node; else it is unknown."""

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.alert_words import area, block, word
from xstock_node.domain.alerts import Area, Point
from xstock_node.domain.warning_reach import Here, concerns, distance_km, in_polygon

IASI = Point(47.16, 27.59)
BOX = Area(polygons=((Point(46, 27), Point(48, 27), Point(48, 28), Point(46, 28), Point(46, 27)),))


def test_a_country_a_listed_area_or_a_shape_is_enough() -> None:
    said = word("a", countries=("BG", "TR"))
    assert concerns(said, Here(("TR",))) == "yes" and concerns(said, Here(("RO",))) == "no"
    assert concerns(said, Here(("RO",), ("RO001",))) == "yes"
    around = word("a", blocks=(block(areas=(BOX,)),))
    assert concerns(around, Here(point=IASI)) == "yes" and concerns(around, Here(point=Point(44.4, 26.1))) == "no"
    circle = Area(circles=((Point(47.0, 27.5), 30.0),))
    assert concerns(word("a", blocks=(block(areas=(circle,)),)), Here(point=IASI)) == "yes"


def test_what_cannot_be_judged_is_unknown() -> None:
    assert concerns(word("a", blocks=()), Here(("RO",))) == "unknown"
    assert concerns(word("a"), Here()) == "unknown"
    assert concerns(word("a", blocks=(block(areas=(area(),)),)), Here(("RO",), ("RO001",), IASI)) == "unknown"
    dot = Area(circles=((IASI, 0.0),))
    assert concerns(word("a", blocks=(block(areas=(dot,)),)), Here(point=IASI)) == "unknown"


@given(
    st.floats(-179.9, 179.9), st.floats(-80, 80), st.floats(0.2, 80), st.floats(0.2, 8),
    st.floats(-1.5, 1.5), st.floats(-1.5, 1.5), st.booleans(),
)  # fmt: skip
def test_a_box_holds_what_lies_within_it_wherever_on_the_earth(
    longitude: float, latitude: float, wide: float, high: float, east: float, north: float, turned: bool
) -> None:
    """Also over the 180th meridian, and whichever way round its corners are written."""
    if min(abs(abs(east) - 1), abs(abs(north) - 1)) < 1e-6 or abs(latitude) + high * 2 > 90:
        return

    def at(x: float, y: float) -> Point:
        return Point(latitude + y * high, (longitude + x * wide + 180) % 360 - 180)

    ring = (at(-1, -1), at(1, -1), at(1, 1), at(-1, 1), at(-1, -1))
    found = in_polygon(ring[::-1] if turned else ring, at(east, north))
    assert found == (abs(east) < 1 and abs(north) < 1)


def test_a_degree_of_latitude_is_111_km_and_a_meridian_is_met_from_both_sides() -> None:
    assert round(distance_km(Point(44, 26), Point(45, 26)), 1) == 111.2
    assert round(distance_km(Point(0, 179.5), Point(0, -179.5)), 1) == 111.2
