"""Ways over borders: the quickest, the others, what stands in the way, and doors that are closed at night."""

import itertools
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xstock_node.domain.plan_reasons import sentence
from xstock_node.domain.routes import (
    Crossing,
    Network,
    RoadLeg,
    Route,
    Trip,
    Window,
    alternatives,
    quickest,
    rest_hours,
    why_no_route,
)

D = Decimal
DAYTIME = (Window(D(7), D(19)),)
# Two ways from A in AA to C in CC: straight over X1 (4 h), and through BB over X2 and X3 (6 h).
CROSSINGS = [
    Crossing(code="X1", countries=("AA", "CC"), queue=D(1), clearance=D("0.5"), largest_truck=D(40)),
    Crossing(code="X2", countries=("AA", "BB"), queue=D("0.5"), inspections={"veterinary": DAYTIME}),
    Crossing(code="X3", countries=("CC", "BB"), queue=D("0.5"), inspections={"veterinary": DAYTIME}),
]
LEGS = [
    RoadLeg("A", "X1", 100, D("1.5"), "AA"),
    RoadLeg("X1", "C", 60, D(1), "CC"),
    RoadLeg("A", "X2", 50, D(1), "AA"),
    RoadLeg("X2", "X3", 150, D(3), "BB"),
    RoadLeg("X3", "C", 50, D(1), "CC"),
    RoadLeg("A2", "X1", 10, D("0.2"), "AA"),
]
NET = Network(CROSSINGS, LEGS)


def trip(**rest: object) -> Trip:
    return Trip(**({"start": "A", "end": "C", "truck": D(40)} | rest))  # type: ignore[arg-type]


def way(network: Network = NET, **rest: object) -> Route:
    route = quickest(network, trip(**rest))
    assert route is not None
    return route


def test_a_route_is_hours_km_borders_and_countries() -> None:
    assert way() == Route(
        hours=D(4), km=160, crossings=("X1",), countries=("AA", "CC"), driving=D("2.5"), waiting=D(0),
        stops=("A", "X1", "C"),
    )  # fmt: skip


def test_a_road_that_only_touches_a_crossing_does_not_cross_it() -> None:
    assert way(end="A2") == Route(
        hours=D("1.7"), km=110, crossings=(), countries=("AA",), driving=D("1.7"), waiting=D(0),
        stops=("A", "X1", "A2"),
    )  # fmt: skip
    assert way(end="A2", closed=frozenset({"X1"}), truck=D(60)).km == 110


def test_a_closed_or_small_crossing_is_driven_around() -> None:
    around = way(closed=frozenset({"X1"}))
    assert (around.hours, around.crossings, around.countries) == (D(6), ("X2", "X3"), ("AA", "BB", "CC"))
    assert way(truck=D("40.1")).crossings == ("X2", "X3")
    assert way(start="C", end="A", truck=D("40.1")).crossings == ("X3", "X2")


def test_a_trip_may_be_kept_inside_some_countries() -> None:
    assert way(inside=frozenset({"AA", "CC"})).crossings == ("X1",)
    assert quickest(NET, trip(inside=frozenset({"AA", "BB"}))) is None
    assert quickest(NET, trip(inside=frozenset({"CC"}))) is None


def test_alternatives_differ_in_their_crossings_and_come_by_time() -> None:
    found = alternatives(NET, trip(), 5)
    assert [route.crossings for route in found] == [("X1",), ("X2", "X3")]
    assert [route.crossings for route in alternatives(NET, trip(), 1)] == [("X1",)]
    assert alternatives(NET, trip(closed=frozenset({"X1", "X3"})), 5) == []


def test_the_way_inside_a_union_is_added_when_it_is_slower() -> None:
    slow = Network([*CROSSINGS[1:], msgspec_replace(CROSSINGS[0], D(9))], LEGS)
    union = frozenset({"AA", "CC"})
    assert [r.crossings for r in alternatives(slow, trip(), 1, union)] == [("X2", "X3"), ("X1",)]
    assert [r.crossings for r in alternatives(slow, trip(), 2, union)] == [("X2", "X3"), ("X1",)]
    assert [r.crossings for r in alternatives(slow, trip(), 1, frozenset({"AA"}))] == [("X2", "X3")]


def msgspec_replace(crossing: Crossing, queue: Decimal) -> Crossing:
    return Crossing(code=crossing.code, countries=crossing.countries, queue=queue)


def test_of_equal_times_fewer_borders_come_first_then_the_shorter_way() -> None:
    equal = Network([msgspec_replace(CROSSINGS[0], D("3.5")), *CROSSINGS[1:]], LEGS)
    assert (way(equal).hours, way(equal).crossings) == (D(6), ("X1",))
    twins = [Crossing(code=code, countries=("AA", "CC")) for code in ("Y2", "Y1")]
    legs = [RoadLeg("A", twin.code, 5, D(1), "AA") for twin in twins]
    legs += [RoadLeg("Y1", "C", 9, D(1), "CC"), RoadLeg("Y2", "C", 8, D(1), "CC")]
    assert way(Network(twins, legs)).crossings == ("Y2",)
    legs[-1] = RoadLeg("Y2", "C", 9, D(1), "CC")
    assert way(Network(twins, legs)).crossings == ("Y1",)


@pytest.mark.parametrize(
    ("leave", "waiting"),
    [(None, 0), ("5.5", 0), ("5.4", "0.1"), ("4.5", 1), ("17.4", 0), ("17.5", 12), ("18.5", 11), ("29.5", 0)],
)
def test_a_crossing_that_is_closed_at_night_is_waited_for(leave: str | None, waiting: object) -> None:
    """The lorry reaches X1 1.5 h after it left; the border is open from 7 to 19."""
    shut = Network([Crossing(code="X1", countries=("AA", "CC"), open=DAYTIME)], LEGS[:2])
    route = way(shut, leave=None if leave is None else D(leave))
    assert route.waiting == D(str(waiting)) and route.hours == D("2.5") + route.waiting
    assert route.driving == D("2.5")


def test_a_window_over_midnight() -> None:
    night = Network([Crossing(code="X1", countries=("AA", "CC"), open=(Window(D(22), D(6)),))], LEGS[:2])
    assert [way(night, leave=D(hour)).waiting for hour in ("20.5", "3", "4.4", "4.5", "12")] == [0, 0, 0, 16, D("8.5")]


def test_goods_that_need_an_inspection_go_where_it_is_and_wait_for_it() -> None:
    meat = way(services=("veterinary",))
    assert (meat.crossings, meat.waiting) == (("X2", "X3"), 0)
    early = way(services=("veterinary",), leave=D(2))
    assert early.waiting == D("3.5"), "at X2 at 3:00, through the queue at 3:30, seen at 7:00"
    assert early.hours == D("9.5")
    refused = why_no_route(NET, trip(services=("veterinary",), closed=frozenset({"X2"})))
    assert refused is not None and refused.code == "crossing_closed"


def test_two_windows_and_a_queue_before_the_desk() -> None:
    desk = {"medicines": (Window(D(7), D(9)), Window(D(13), D(15)))}
    net = Network([Crossing(code="X1", countries=("AA", "CC"), queue=D(1), inspections=desk)], LEGS[:2])
    waits = [way(net, leave=D(hour), services=("medicines",)).waiting for hour in ("4.5", "6.4", "6.5", "12.5")]
    assert waits == [0, D("0"), D("4"), D("16")]


@pytest.mark.parametrize(
    ("places", "rest", "code", "words"),
    [
        ({"C": D(18)}, {}, "place_too_small", "C takes lorries up to 18 t, not 40 t"),
        ({"A": D(18)}, {}, "place_too_small", "A takes lorries up to 18 t"),
        ({}, {"closed": frozenset({"X1", "X3", "Z"})}, "crossing_closed", "while X1 is closed"),
        ({}, {"services": ("medicines",)}, "no_inspection", "has the inspection medicines"),
        ({}, {"end": "Q"}, "no_road", "no road leads from A to Q"),
    ],
)
def test_what_stands_in_the_way_is_said(
    places: dict[str, Decimal], rest: dict[str, object], code: str, words: str
) -> None:
    reason = why_no_route(Network(CROSSINGS, LEGS, places), trip(**rest))
    assert reason is not None and reason.code == code and words in sentence(reason)


def test_a_lorry_too_large_for_every_crossing_hears_which_size_would_pass() -> None:
    small = Network([Crossing(code="X1", countries=("AA", "CC"), largest_truck=D("7.5"))], LEGS[:2])
    reason = why_no_route(small, trip())
    assert reason is not None and sentence(reason) == "no crossing between A and C takes 40 t; 7.5 t would pass"
    assert why_no_route(small, trip(truck=D("7.5"))) is None
    assert why_no_route(Network(CROSSINGS, LEGS, {"C": D(40)}), trip()) is None


def test_rest_comes_after_each_full_day_at_the_wheel_but_not_at_the_end() -> None:
    assert [rest_hours(D(hours), D(9), D(11)) for hours in ("0", "9", "9.1", "18", "18.1")] == [0, 0, 11, 11, 22]


def test_a_leg_in_a_country_that_its_crossing_does_not_touch_is_refused() -> None:
    with pytest.raises(ValueError, match="X1"):
        Network(CROSSINGS, [RoadLeg("A", "X1", 1, D(1), "BB")])


def test_start_and_end_may_be_the_same() -> None:
    assert way(end="A").hours == 0


COUNTRIES = ("AA", "BB", "CC")
HOURS = st.integers(1, 9).map(Decimal)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    pairs = draw(st.lists(st.sampled_from(list(itertools.combinations(COUNTRIES, 2))), min_size=1, max_size=4))
    crossings = [
        Crossing(
            code=f"X{n}", countries=pair, queue=draw(HOURS), largest_truck=draw(st.sampled_from([None, D(18), D(40)]))
        )
        for n, pair in enumerate(pairs)
    ]
    legs = []
    for country in COUNTRIES:
        nodes = [f"P{country}", *(one.code for one in crossings if country in one.countries)]
        for a, b in itertools.combinations(nodes, 2):
            if draw(st.booleans()):
                legs.append(RoadLeg(a, b, draw(st.integers(1, 99)), draw(HOURS), country))
    return Network(crossings, legs)


@given(networks(), st.sampled_from([D(18), D(40)]))
def test_the_quickest_is_never_slower_than_any_way_found_by_trying_all(network: Network, truck: Decimal) -> None:
    best: Decimal | None = None
    stack: list[tuple[str, str, Decimal, frozenset[tuple[str, str]]]] = [("PAA", "AA", D(0), frozenset())]
    while stack:
        place, country, hours, seen = stack.pop()
        if place == "PCC":
            best = hours if best is None else min(best, hours)
            continue
        if (place, country) in seen:
            continue
        seen |= {(place, country)}
        stack += [(there, country, hours + leg.hours, seen) for there, leg in network.roads(place, country)]
        crossing = network.crossings.get(place)
        if crossing is not None and (crossing.largest_truck is None or truck <= crossing.largest_truck):
            (other,) = set(crossing.countries) - {country}
            stack.append((place, other, hours + crossing.queue, seen))
    route = quickest(network, Trip(start="PAA", end="PCC", truck=truck))
    assert (route.hours if route else None) == best
