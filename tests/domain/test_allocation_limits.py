"""Plans of many made-up situations: no limit is ever broken, and the solver is as good as trying everything."""

import itertools
from collections import defaultdict
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.plans import TRAILER, TRUCK, inputs, lane, made, need, offer
from xstock_node.domain.allocation import make_plan
from xstock_node.domain.allocation_check import violations
from xstock_node.domain.allocation_choices import EFFORT, Choices
from xstock_node.domain.allocation_greedy import vehicles_of
from xstock_node.domain.allocation_milp import solve
from xstock_node.domain.allocation_types import Fleet, Flow, Inputs, Plan, Substitute, Trips

D = Decimal
ITEMS = ("tent", "mat")
TERMS = st.sampled_from([("loan",), ("donation",), ("loan", "donation")])
SMALL = st.sampled_from([None, D(0), D(1), D(3), D(9)])


@st.composite
def situations(draw: st.DrawFn, largest: int = 3, most: int = 30) -> Inputs:
    """A few lines, offers, lanes and vehicles, each with limits that may or may not bind."""
    hours = st.integers(0, 40).map(Decimal)
    needs = [
        need(
            f"L{n}",
            draw(st.integers(1, most)),
            requester=draw(st.sampled_from("RQ")),
            site=draw(st.sampled_from("ST")),
            item=draw(st.sampled_from(ITEMS)),
            severity=draw(st.integers(1, 4)),
            needed_by=draw(hours),
            terms=draw(TERMS),
            earliest_expiry=draw(st.sampled_from([None, None, "2027-06-01"])),
            by_ratio=draw(st.sampled_from([None, None, D(10)])),
            own_usable=draw(st.sampled_from([D(0), D(4)])),
        )
        for n in range(draw(st.integers(1, largest)))
    ]
    if draw(st.booleans()):
        other = "mat" if needs[0].item == "tent" else "tent"
        needs[0] = msgspec.structs.replace(
            needs[0], substitutes=(Substitute(other, draw(st.sampled_from([D(2), D("0.5")]))),)
        )
    offers = [
        offer(
            f"O{n}",
            draw(st.integers(0, most)),
            depot=draw(st.sampled_from("DE")),
            item=draw(st.sampled_from(ITEMS)),
            terms=draw(TERMS),
            multiple=draw(st.sampled_from([1, 1, 5])),
            keep_back=draw(st.integers(0, 3)),
            ready=draw(st.sampled_from([0, 0, 12])),
            hold_until=draw(st.sampled_from([None, D(1), D(2), D(6)])),
            expiry=draw(st.sampled_from([None, None, "2027-03-28", "2027-03-29", "2028-01-31"])),
            kg=draw(st.sampled_from([None, D(50), D(900), D(4000)])),
            m3=draw(st.sampled_from([None, D("0.5"), D(20)])),
        )
        for n in range(draw(st.integers(1, largest)))
    ]
    pairs = [(depot, site, vehicle) for depot in "DE" for site in "ST" for vehicle in (TRUCK, TRAILER)]
    lanes = [
        lane(depot, site, vehicle.code, draw(st.integers(1, 30)), lead=draw(st.sampled_from([0, 5])),
             largest_truck=draw(st.sampled_from([None, 18, 40])))
        for depot, site, vehicle in draw(st.lists(st.sampled_from(pairs), unique=True, min_size=1, max_size=6))
    ]  # fmt: skip
    fleets = [
        Fleet(depot, vehicle, draw(st.sampled_from([0, 1, 1, 2, None])))
        for depot in "DE"
        for vehicle in ("truck", "trailer")
    ]
    return inputs(needs, offers, lanes=lanes, vehicles=[TRUCK, TRAILER], fleets=fleets)


@settings(max_examples=150, deadline=None)
@given(situations())
def test_neither_solver_ever_breaks_a_limit(given: Inputs) -> None:
    choices = Choices(given)
    for solver in (True, False):
        found = make_plan(given, solver)
        assert violations(found, given) == []
        used: dict[Any, Decimal] = defaultdict(Decimal)
        by_name = {(c.offer.offer, c.need.line, c.lane.vehicle): c.pot for c in choices.all}
        for flow in found.flows:
            used[by_name[flow.offer, flow.line, flow.vehicle]] += flow.quantity
        assert all(amount <= choices.pots[pot] for pot, amount in used.items()), "nobody has more than the fair part"


@settings(max_examples=60, deadline=None)
@given(situations())
def test_the_rounding_of_large_programs_breaks_none_either_and_stays_below_the_bound(given: Inputs) -> None:
    pytest.importorskip("highspy")
    choices = Choices(given)
    found = solve(choices, small=0)
    assert value_of(choices, found.lots) <= found.bound + D("0.00001")


def value_of(choices: Choices, lots: dict[int, int]) -> Decimal:
    """Worth less effort, straight from the definition."""
    loads: dict[Any, list[Decimal]] = {}
    for place, count in lots.items():
        choice = choices.all[place]
        load = loads.setdefault(choice.trip, [D(0), D(0), choice.lane.hours])
        load[0] += count * choice.offer.multiple * (choice.offer.kg or 0)
        load[1] += count * choice.offer.multiple * (choice.offer.m3 or 0)
    types = {vehicle.code: vehicle for vehicle in choices.inputs.vehicles}
    trips = {trip: vehicles_of(kg, m3, types[trip.vehicle]) for trip, (kg, m3, _) in loads.items()}
    for fleet in choices.inputs.fleets:
        sent = sum(n for trip, n in trips.items() if (trip.depot, trip.vehicle) == (fleet.depot, fleet.vehicle))
        if fleet.count is not None and sent > fleet.count:
            return D(-1)
    worth = sum((choices.all[place].worth * count for place, count in lots.items()), D(0))
    return worth - sum((EFFORT * loads[trip][2] * count for trip, count in trips.items()), D(0))


def best_of_all(choices: Choices) -> Decimal:
    """The value of the best plan, by trying every number of lots of every choice."""
    most = [choices.lots[c.offer.offer] for c in choices.all]
    best = D(0)
    for counts in itertools.product(*(range(n + 1) for n in most)):
        given: dict[Any, Decimal] = defaultdict(Decimal)
        for choice, count in zip(choices.all, counts, strict=True):
            given[choice.offer.offer] += count
            given[(choice.need.line,)] += count * choice.counts
            given[choice.pot] += count * choice.offer.multiple
        fits = (
            all(given[name] <= lots for name, lots in choices.lots.items())
            and all(given[(need.line,)] <= need.quantity for need in choices.inputs.needs)
            and all(given[pot] <= part for pot, part in choices.pots.items())
        )
        if fits:
            best = max(best, value_of(choices, {n: count for n, count in enumerate(counts) if count}))
    return best


@settings(max_examples=80, deadline=None)
@given(situations(largest=2, most=4))
def test_the_solver_is_as_good_as_trying_everything(given: Inputs) -> None:
    pytest.importorskip("highspy")
    choices = Choices(given)
    size = 1
    for choice in choices.all:
        size *= choices.lots[choice.offer.offer] + 1
    if size > 3000:
        return
    found, best = make_plan(given), best_of_all(choices)
    assert abs(found.value - best) <= best * D("0.0002") + D("0.00001")
    assert found.bound is not None and found.bound >= best - D("0.00001")
    assert make_plan(given, solver=False).value <= best + D("0.000001")


@pytest.mark.parametrize("seed", [1, 2])
def test_a_plan_of_middle_size_is_within_limits_near_its_bound_and_the_same_twice(seed: int) -> None:
    pytest.importorskip("highspy")
    given = made(12, 10, 10, seed, 0.6, 0.6)
    found, plain = make_plan(given), make_plan(given, solver=False)
    assert violations(found, given) == violations(plain, given) == []
    assert found.gap is not None and found.gap <= D("0.03") and found.bound is not None
    assert plain.value <= found.value <= found.bound
    assert make_plan(given).hash == found.hash


def test_sixty_depots_forty_sites_and_thirty_items_are_planned_within_one_percent_of_the_best() -> None:
    """The seconds that it takes are a figure of the benchmarks."""
    pytest.importorskip("highspy")
    given = made(60, 40, 30, 5)
    found = make_plan(given)
    assert violations(found, given) == []
    assert found.gap is not None and found.gap <= D("0.01")
    plain = make_plan(given, solver=False)
    assert violations(plain, given) == [] and plain.value <= found.value


def broken(change: str) -> tuple[Plan, Inputs]:
    """A sound plan of one flow in which one thing was changed afterwards."""
    given = inputs([need(quantity=20, earliest_expiry=None)], [offer(quantity=12, keep_back=2, multiple=5)])
    found = make_plan(given, solver=False)
    flow, trips, line = found.flows[0], found.trips[0], found.lines[0]
    assert violations(found, given) == []
    replace = msgspec.structs.replace
    flows: dict[str, Flow] = {
        "unknown": replace(flow, line="X"),
        "nothing": replace(flow, quantity=D(0)),
        "multiple": replace(flow, quantity=D(9)),
        "terms": replace(flow, terms="donation"),
        "item": replace(flow, item="mat"),
        "factor": replace(flow, counts=D(11)),
        "time": replace(flow, depart=D(1), arrive=D(11)),
        "lane": replace(flow, vehicle="ship"),
        "lateness": replace(flow, late=D(1)),
        "quantity": replace(flow, quantity=D(15)),
        "asked": replace(flow, counts=D(21)),
    }
    trucks: dict[str, Trips] = {
        "weight": replace(trips, kg=D(1)),
        "trip": replace(trips, depart=D(3)),
        "load": replace(trips, count=0),
        "fleet": replace(trips, count=6),
    }
    if change in flows:
        return replace(found, flows=(flows[change],)), given
    if change in trucks:
        return replace(found, trips=(trucks[change],)), given
    if change == "account":
        return replace(found, lines=(replace(line, why=()),)), given
    other: dict[str, Inputs] = {
        "hold": replace(given, offers=(replace(given.offers[0], hold_until=D(1)),)),
        "keep-back": replace(given, offers=(replace(given.offers[0], keep_back=D(3)),)),
        "expiry": replace(given, offers=(replace(given.offers[0], expiry="2027-03-27"),)),
        "volume": replace(given, offers=(replace(given.offers[0], m3=D(5)),)),
        "largest-truck": replace(given, lanes=(replace(given.lanes[0], largest_truck=D(17)),)),
    }
    return found, other[change]


@pytest.mark.parametrize(
    "change",
    [
        *("unknown", "nothing", "multiple", "terms", "item", "factor", "time", "lane", "lateness", "quantity", "asked"),
        *("trip", "load", "fleet", "account", "hold", "keep-back", "expiry", "volume", "largest-truck"),
    ],
)
def test_the_checker_sees_what_is_broken(change: str) -> None:
    found, given = broken(change)
    assert change in {one.split(":")[0] for one in violations(found, given)}


def test_the_checker_sees_a_wanted_expiry_and_too_heavy_a_load() -> None:
    given = inputs(offers=[offer(kg=900)])
    found = make_plan(given, solver=False)
    heavy = msgspec.structs.replace(given, offers=(msgspec.structs.replace(given.offers[0], kg=D(901)),))
    assert any(one.startswith("weight") for one in violations(found, heavy))
    wanted = msgspec.structs.replace(
        given, needs=(msgspec.structs.replace(given.needs[0], earliest_expiry="2027-09-01"),)
    )
    assert violations(found, wanted) == ["expiry: O to L"]
    none = msgspec.structs.replace(given, fleets=())
    assert violations(found, none) == ["fleet: truck at D"]
