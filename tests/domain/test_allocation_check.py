"""The checker of plans sees each limit by itself, at its edge, and what several flows break together."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.domain.plans import TRAILER, TRUCK, inputs, lane, need, offer
from xstock_node.domain.allocation import make_plan
from xstock_node.domain.allocation_check import violations
from xstock_node.domain.allocation_types import Fleet, Inputs, Plan, Substitute

D = Decimal
replace = msgspec.structs.replace


def sound(given: Inputs) -> Plan:
    found = make_plan(given, solver=False)
    assert violations(found, given) == []
    return found


def with_flow(found: Plan, place: int = 0, **fields: Any) -> Plan:
    flows = [*found.flows]
    flows[place] = replace(flows[place], **fields)
    return replace(found, flows=tuple(flows))


def limits(found: Plan, given: Inputs) -> list[str]:
    """The limits that are broken, without what no longer adds up behind them."""
    return [one for one in violations(found, given) if not one.startswith(("account", "load"))]


def test_a_single_piece_is_a_flow_and_nothing_is_none() -> None:
    given = inputs([need(quantity=1)], [offer(quantity=1)])
    found = sound(given)
    assert limits(with_flow(found, quantity=D(0), counts=D(0)), given) == ["nothing: O to L"]
    assert limits(with_flow(found, quantity=D(-1), counts=D(-1)), given) == ["nothing: O to L"]


def test_two_flows_of_one_offer_or_to_one_line_are_taken_together() -> None:
    given = inputs([need("L1"), need("L2")], [offer("O", 20)])
    found = sound(given)
    assert [flow.quantity for flow in found.flows] == [10, 10]
    short = replace(given, offers=(replace(given.offers[0], quantity=D(19)),))
    assert limits(found, short) == ["quantity: O"]
    kept = replace(given, offers=(replace(given.offers[0], keep_back=D(1)),))
    assert limits(found, kept) == ["keep-back: O"]
    both = inputs([need(quantity=20)], [offer("O1"), offer("O2")])
    less = replace(both, needs=(replace(both.needs[0], quantity=D(19)),))
    assert limits(sound(both), less) == ["asked: L"]


def test_terms_have_to_be_those_of_both_sides() -> None:
    given = inputs([need(terms=("loan", "donation"))], [offer(terms=("loan", "replacement"))])
    found = sound(given)
    for terms in ("donation", "replacement", "cost-recovery"):
        assert limits(with_flow(found, terms=terms), given) == ["terms: O to L"]


def test_goods_must_not_expire_on_the_way() -> None:
    given = inputs(lanes=[lane(hours=50)])
    found = sound(given)
    for expiry, broken in (("2027-03-29", ["expiry: O to L"]), ("2027-03-30", []), ("2027-03-28", ["expiry: O to L"])):
        assert limits(found, replace(given, offers=(replace(given.offers[0], expiry=expiry),))) == broken


def test_nothing_leaves_before_it_is_cleared_or_ready_nor_arrives_quicker_than_the_road() -> None:
    given = inputs()
    found = sound(given)
    late = replace(given, lanes=(replace(given.lanes[0], lead=D(1)),))
    assert limits(found, late) == ["time: O to L"]
    ready = replace(given, offers=(replace(given.offers[0], ready=D(3)),))
    assert limits(found, ready) == ["time: O to L"]
    assert limits(with_flow(found, arrive=D(11)), given) == ["time: O to L"]
    assert "lane: O to L" in limits(found, replace(given, lanes=()))
    other = replace(given, lanes=(replace(given.lanes[0], site="T"),))
    assert "lane: O to L" in limits(found, other)


def test_every_flow_travels_on_a_trip_that_is_named() -> None:
    given = inputs()
    found = replace(sound(given), trips=())
    assert limits(found, given) == ["trip: none from D to S"]


@pytest.mark.parametrize(("what", "name"), [("kg", "weight"), ("m3", "volume")])
def test_what_is_on_board_of_one_trip_is_taken_together(what: str, name: str) -> None:
    figures = {"kg": D(450), "m3": D("2.25")}
    given = inputs([need("L1"), need("L2", item="mat")], [offer("O1", **figures), offer("O2", item="mat", **figures)])
    found = sound(given)
    assert [trips.count for trips in found.trips] == [1], "both halves fill one lorry"
    more = replace(given.offers[1], **{what: figures[what] + D("0.01")})
    assert limits(found, replace(given, offers=(given.offers[0], more))) == [f"{name}: D to S"]


def test_the_weight_of_a_trip_is_that_of_its_goods() -> None:
    given = inputs()
    found = sound(given)
    for figures in ({"kg": D(499)}, {"m3": D(2)}):
        said = replace(found, trips=(replace(found.trips[0], **figures),))
        assert violations(said, given) == ["load: D to S"]
    idle = replace(found, trips=(*found.trips, replace(found.trips[0], depart=D(9), kg=D(0), m3=D(0))))
    assert violations(idle, given) == ["load: D to S"], "a lorry with nothing on board"


def test_all_trips_of_a_depot_draw_on_one_fleet() -> None:
    given = inputs([need("L1"), need("L2", site="T")], [offer("O", 20)], lanes=[lane(), lane(site="T")])
    found = sound(given)
    assert limits(found, replace(given, fleets=(Fleet("D", "truck", 1),))) == ["fleet: truck at D"]
    for most in (2, None):
        assert limits(found, replace(given, fleets=(Fleet("D", "truck", most),))) == []


def test_a_vehicle_goes_where_one_of_its_lanes_takes_it() -> None:
    lanes = [lane(vehicle="trailer", largest_truck=40), lane(largest_truck=18)]
    given = inputs(lanes=lanes, vehicles=[TRUCK, TRAILER], fleets=[Fleet("D", "truck", 5), Fleet("D", "trailer", 5)])
    found = sound(given)
    small = [replace(one, largest_truck=one.largest_truck - D("0.1")) for one in given.lanes if one.largest_truck]
    assert limits(found, replace(given, lanes=tuple(small))) == ["largest-truck: D to S"]


def test_a_substitute_counts_by_its_factor_and_only_where_it_is_welcome() -> None:
    given = inputs([need(substitutes=(Substitute("hall", D(2)),))], [offer(quantity=5, item="hall")])
    found = sound(given)
    assert limits(with_flow(found, counts=D(5)), given) == ["factor: O to L"]
    assert limits(with_flow(found, item="tent"), given) == ["item: O to L"]
    assert limits(found, replace(given, needs=(replace(given.needs[0], substitutes=()),))) == ["item: O to L"]


def test_the_account_of_a_line_is_what_it_asked_got_and_lacks_with_a_word_why() -> None:
    given = inputs([need(quantity=11)])
    found = sound(given)
    (told,) = found.lines
    for fields in ({"asked": D(12)}, {"covered": D(9)}, {"unmet": D(2)}, {"why": ()}):
        assert violations(replace(found, lines=(replace(told, **fields),)), given) == ["account: L"]
    assert violations(replace(found, lines=()), given) == ["account: L"]
    stray = replace(found, lines=(told, replace(told, line="X")))
    assert violations(stray, given) == ["account: X"]


def test_a_flow_of_nobody_or_to_nobody_is_unknown_and_the_rest_is_judged() -> None:
    given = inputs([need("L1"), need("L2")], [offer("O", 20)])
    found = sound(given)
    assert "unknown: flow of X to L1" in violations(with_flow(found, offer="X"), given)
    broken = with_flow(with_flow(found, line="Y"), 1, late=D(1))
    assert {"unknown: flow of O to Y", "lateness: O to L2"} <= {*violations(broken, given)}
