"""Roads by what countries wrote into their profiles: unknown hours stay unknown."""

from datetime import date
from decimal import Decimal

from xstock_node.domain.reception import Edge, EntryPoint, ReceptionProfile
from xstock_node.domain.reception_roads import places, roads

D = Decimal


def profile(
    country: str, points: list[EntryPoint], edges: list[Edge], truck: Decimal | None = None
) -> ReceptionProfile:
    return ReceptionProfile(
        country=country, signed_on=date(2027, 1, 1), signed_by="desk", valid_until=date(2027, 12, 31), source="letter",
        consignee="desk", entry_points=tuple(points), languages=("en",), edges=tuple(edges), largest_truck_t=truck,
    )  # fmt: skip


def edge(a: str, b: str, hours: str | None) -> Edge:
    return Edge(a=a, b=b, km=100, hours=None if hours is None else D(hours))


def point(code: str, queue: str | None = "0.5", **more: object) -> EntryPoint:
    return EntryPoint(code=code, queue_hours=queue and D(queue), clearance_hours=D(0), **more)  # type: ignore[arg-type]


RO = profile("RO", [point("X1"), point("X2", None)], [edge("Craiova", "X1", "2"), edge("Craiova", "X2", "1")])
BG = profile("BG", [point("X1", "1"), point("X2", None)], [edge("X1", "Sofia", "3"), edge("X2", "Sofia", "1")])
BOTH = {"RO": RO, "BG": BG}


def test_two_profiles_make_the_roads_between_their_places() -> None:
    found = roads(BOTH, "Craiova", "Sofia")
    assert [road.stops for road in found] == [("Craiova", "X1", "Sofia"), ("Craiova", "X2", "Sofia")]
    first = found[0]
    assert (first.hours, first.km, first.countries) == (D(6), 200, ("RO", "BG")), "the entering country's queue counts"
    assert roads(BOTH, "Sofia", "Craiova")[0].hours == D("5.5")
    assert places(BOTH.values()) == ["Craiova", "Sofia", "X1", "X2"]


def test_an_unknown_hour_makes_the_way_s_time_unknown_and_places_it_after_the_known() -> None:
    last = roads(BOTH, "Craiova", "Sofia")[-1]
    assert last.hours is None and last.at_least == D(2) and last.unknown == ("X2",)
    edited = profile("BG", [*BG.entry_points], [edge("X1", "Sofia", None), edge("X2", "Sofia", "1")])
    found = roads(BOTH | {"BG": edited}, "Craiova", "Sofia")
    assert all(road.hours is None for road in found) and ("X1 - Sofia",) in [road.unknown for road in found]


def test_a_lorry_that_is_too_large_finds_no_road_and_a_neighbour_opens_a_way_to_a_silent_country() -> None:
    small = profile("BG", [*BG.entry_points], [*BG.edges], D(12))
    assert roads(BOTH | {"BG": small}, "Craiova", "Sofia", D(40)) == []
    assert len(roads(BOTH | {"BG": small}, "Craiova", "Sofia", D(12))) == 2
    alone = profile("RO", [point("X1", neighbour="BG")], [*RO.edges])
    assert roads({"RO": alone}, "Craiova", "X1")[0].borders == ()
