"""Small plans with known figures, by both solvers: what is kept, what is chosen first, and what is said."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.domain.plans import TRAILER, TRUCK, inputs, lane, need, offer
from xstock_node.domain import allocation_milp
from xstock_node.domain.allocation import _gap, _plan, checked, inputs_hash, make_plan, plan_hash
from xstock_node.domain.allocation_check import violations
from xstock_node.domain.allocation_choices import Choices
from xstock_node.domain.allocation_greedy import complete
from xstock_node.domain.allocation_types import Covered, Fleet, Inputs, Plan, Substitute, Trips
from xstock_node.domain.fairness import ClassOrder, FairRule
from xstock_node.domain.plan_reasons import sentence

D = Decimal
SOLVERS = [pytest.param(True, id="highs"), pytest.param(False, id="plain")]
BOTH = pytest.mark.parametrize("solver", SOLVERS)


def plan(given: Inputs, solver: bool) -> Plan:
    if solver:
        pytest.importorskip("highspy")
    found = make_plan(given, solver)
    assert violations(found, given) == []
    assert found.solver.startswith("HiGHS") is solver
    return found


def flows(found: Plan) -> dict[tuple[str, str], int]:
    return {(flow.offer, flow.line): int(flow.quantity) for flow in found.flows}


def line(found: Plan, name: str = "L") -> Covered:
    return next(one for one in found.lines if one.line == name)


def said(found: Plan, name: str = "L") -> list[str]:
    return [why.code for why in line(found, name).why]


@BOTH
def test_one_offer_serves_one_line(solver: bool) -> None:
    found = plan(inputs(), solver)
    (flow,) = found.flows
    assert (flow.quantity, flow.counts, flow.terms, flow.depart, flow.arrive, flow.late) == (10, 10, "loan", 2, 12, 0)
    assert [sentence(why) for why in flow.why] == [
        "10 tent of A from D to S as loan, 10 h on the way, there at hour 12"
    ]
    assert found.trips == (
        Trips(depot="D", site="S", vehicle="truck", depart=D(2), count=1, kg=D(500), m3=D("2.5"), unknown=()),
    )
    assert found.lines == (Covered(line="L", asked=D(10), covered=D(10), unmet=D(0), fair=D(10), why=()),)
    assert found.value == D("8.9999")


@BOTH
@pytest.mark.parametrize(
    ("change", "code", "covered"),
    [
        ({"hold_until": 2}, None, 10),
        ({"hold_until": D("1.9")}, "refused_hold_over", 0),
        ({"quantity": 12, "keep_back": 2}, None, 10),
        ({"keep_back": 1}, "all_given", 9),
        ({"keep_back": 10}, "refused_nothing_to_give", 0),
        ({"keep_back": 99}, "refused_nothing_to_give", 0),
        ({"multiple": 5, "keep_back": 1}, "all_given", 5),
        ({"multiple": 20, "quantity": 20}, "below_lot", 0),
        ({"terms": ("donation",)}, "refused_terms_refused", 0),
        ({"item": "mat"}, "nobody_offers", 0),
        ({"depot": "E"}, "refused_no_lane", 0),
        ({"expiry": "2027-03-27"}, "refused_expires", 0),
        ({"expiry": "2027-03-28"}, None, 10),
        ({"ready": 278}, None, 10),
        ({"ready": D("278.1")}, "refused_far_too_late", 0),
    ],
)
def test_each_limit_of_an_offer_is_kept_and_named(
    change: dict[str, Any], code: str | None, covered: int, solver: bool
) -> None:
    quantity = change.pop("quantity", 10)
    found = plan(inputs([need(earliest_expiry=None)], [offer(quantity=quantity, **change)]), solver)
    change["quantity"] = quantity
    assert line(found).covered == covered
    assert (code in said(found)) if code else said(found) == []
    assert all(sentence(why) != why.code for why in line(found).why)


@BOTH
def test_a_late_arrival_beats_none_and_says_so(solver: bool) -> None:
    found = plan(inputs([need()], [offer(ready=50)]), solver)
    (flow,) = found.flows
    assert (flow.depart, flow.arrive, flow.late) == (50, 60, 12)
    assert sentence(flow.why[1]) == "12 h after hour 48, at which they are needed"
    (barely,) = plan(inputs([need(needed_by=D("11.5"))]), solver).flows
    assert sentence(barely.why[1]) == "0.5 h after hour 11.5, at which they are needed"
    assert found.value == D("8.5679"), "9 x (1 - 12/250) less ten hours of one lorry"


@BOTH
def test_goods_that_spoil_on_the_way_or_before_the_wanted_day_stay(solver: bool) -> None:
    slow = [lane(hours=30)]
    assert line(plan(inputs(offers=[offer(expiry="2027-03-28")], lanes=slow), solver)).covered == 0
    assert line(plan(inputs(offers=[offer(expiry="2027-03-29")], lanes=slow), solver)).covered == 10
    wanted = [need(earliest_expiry="2028-01-01")]
    assert line(plan(inputs(wanted, [offer(expiry="2027-12-31")]), solver)).covered == 0
    assert line(plan(inputs(wanted, [offer(expiry="2028-01-01")]), solver)).covered == 10
    unknown = plan(inputs(wanted, [offer()]), solver)
    assert said(unknown)[-1] == "refused_expires"
    assert "expiry of unknown were good enough (2028-01-01 is wanted)" in sentence(line(unknown).why[-1])


@BOTH
def test_clearance_takes_its_time_before_a_lorry_leaves(solver: bool) -> None:
    (flow,) = plan(inputs(lanes=[lane(lead=8)]), solver).flows
    assert (flow.depart, flow.arrive) == (10, 20)
    (flow,) = plan(inputs(offers=[offer(ready=11)], lanes=[lane(lead=8)]), solver).flows
    assert flow.depart == 11


@BOTH
@pytest.mark.parametrize(("limit", "covered"), [(None, 10), (18, 10), (D("17.9"), 0)])
def test_no_lorry_goes_where_it_is_too_large(limit: object, covered: int, solver: bool) -> None:
    found = plan(inputs(lanes=[lane(largest_truck=limit)]), solver)
    assert line(found).covered == covered
    if not covered:
        assert sentence(line(found).why[-1]) == "10 more with a smaller lorry: 17.9 t may pass, not 18 t"


@BOTH
def test_a_smaller_lorry_is_taken_where_the_large_one_may_not_pass(solver: bool) -> None:
    lanes = [lane(vehicle="trailer", largest_truck=18), lane(hours=12, largest_truck=18)]
    fleets = [Fleet("D", "trailer", 5), Fleet("D", "truck", 5)]
    found = plan(inputs(lanes=lanes, vehicles=[TRUCK, TRAILER], fleets=fleets), solver)
    assert [flow.vehicle for flow in found.flows] == ["truck"]
    assert said(found) == []
    more = inputs([need(quantity=11)], lanes=lanes, vehicles=[TRUCK, TRAILER], fleets=fleets)
    assert said(plan(more, solver)) == ["unmet", "all_given", "weighed_by_asked", "reach", "share_as_far"]


@BOTH
@pytest.mark.parametrize(("kg", "m3", "covered"), [(900, 1, 10), (901, 1, 9), (1, D("4.5"), 10), (1, D("4.6"), 9)])
def test_one_lorry_takes_what_weight_and_volume_allow(kg: int, m3: Any, covered: int, solver: bool) -> None:
    found = plan(inputs(offers=[offer(kg=kg, m3=m3)], fleets=[Fleet("D", "truck", 1)]), solver)
    assert line(found).covered == covered and found.trips[0].count == 1
    if covered == 9:
        assert sentence(line(found).why[1]) == "no vehicle is left: with one more truck at D up to 1 more could come"


@BOTH
def test_a_fleet_without_an_end_hires_as_many_as_it_takes_and_none_means_none(solver: bool) -> None:
    heavy = [offer(kg=5000)]
    found = plan(inputs(offers=heavy, fleets=[Fleet("D", "truck", None)]), solver)
    assert (line(found).covered, found.trips[0].count) == (10, 6)
    for fleets in ([Fleet("D", "truck", 0)], []):
        none = plan(inputs(offers=heavy, fleets=fleets), solver)
        assert sentence(line(none).why[-1]) == "10 more if D had a truck"


@BOTH
def test_goods_of_unknown_weight_take_a_vehicle_and_are_named(solver: bool) -> None:
    found = plan(inputs(offers=[offer(kg=None, m3=None)]), solver)
    (trips,) = found.trips
    assert (trips.count, trips.kg, trips.m3, trips.unknown) == (1, 0, 0, ("tent",))
    for half in ({"kg": None}, {"m3": None}):
        assert plan(inputs(offers=[offer(**half)]), solver).trips[0].unknown == ("tent",)
    needs = [need(), need("M", site="T")]
    two = inputs(
        needs, [offer(quantity=20, kg=None, m3=None)], lanes=[lane(), lane(site="T")], fleets=[Fleet("D", "truck", 1)]
    )
    assert sum(one.covered for one in plan(two, solver).lines) == 10


@BOTH
def test_the_gravest_need_comes_first_and_the_other_hears_why(solver: bool) -> None:
    needs = [need("L2", requester="Q", severity=2), need("L1")]
    found = plan(inputs(needs, [offer(quantity=12)]), solver)
    assert flows(found) == {("O", "L1"): 10, ("O", "L2"): 2}
    none = plan(inputs(needs, [offer(quantity=10)]), solver)
    assert said(none, "L2") == ["unmet", "all_given", "weighed_by_asked", "class_before"]


@BOTH
def test_two_requesters_get_equal_shares_not_the_nearer_one_all(solver: bool) -> None:
    needs = [need("L1", 40), need("L2", 80, requester="Q", site="T")]
    lanes = [lane(hours=1), lane(site="T", hours=40)]
    found = plan(inputs(needs, [offer(quantity=60)], lanes=lanes), solver)
    assert flows(found) == {("O", "L1"): 20, ("O", "L2"): 40}
    assert [one.fair for one in found.lines] == [20, 40]
    assert "share_equal" in said(found, "L1")


@BOTH
def test_equal_shares_hold_in_whole_lots(solver: bool) -> None:
    needs = [need("L1", 40), need("L2", 80, requester="Q")]
    found = plan(inputs(needs, [offer(quantity=60, multiple=10)]), solver)
    assert flows(found) == {("O", "L1"): 20, ("O", "L2"): 40}
    hall = [need("L1", 40, substitutes=(Substitute("hall", D(2)),))]
    (flow,) = plan(inputs(hall, [offer(quantity=25, multiple=10, item="hall")]), solver).flows
    assert (flow.quantity, flow.counts, flow.why[1].params["counts"]) == (20, 40, "40")


@BOTH
@pytest.mark.parametrize(("hours", "covered"), [(D("21.9"), 10), (22, 0)])
def test_the_day_of_arrival_begins_at_midnight(hours: Any, covered: int, solver: bool) -> None:
    found = plan(inputs(offers=[offer(expiry="2027-03-28")], lanes=[lane(hours=hours)]), solver)
    assert line(found).covered == covered


@BOTH
def test_over_asking_carries_no_weight_until_a_person_says_why(solver: bool) -> None:
    greedy = {"requester": "Q", "by_ratio": D(40)}
    needs = [need("L1", 40, by_ratio=D(40)), need("L2", 400, **greedy)]
    assert flows(plan(inputs(needs, [offer(quantity=60)]), solver)) == {("O", "L1"): 30, ("O", "L2"): 30}
    needs[1] = need("L2", 400, justified=True, **greedy)
    assert flows(plan(inputs(needs, [offer(quantity=44)]), solver)) == {("O", "L1"): 4, ("O", "L2"): 40}


@BOTH
def test_floor_first_is_kept_in_the_plan(solver: bool) -> None:
    rule = FairRule(order=ClassOrder.FLOOR_FIRST, floor=D("0.2"))
    needs = [need("L1", 100), need("L2", 100, requester="Q", severity=3)]
    assert flows(plan(inputs(needs, [offer(quantity=100)], rule=rule), solver)) == {("O", "L1"): 80, ("O", "L2"): 20}


@BOTH
def test_what_cannot_reach_one_goes_to_the_other(solver: bool) -> None:
    needs = [need("L1", 50), need("L2", 50, requester="Q", terms=("donation",))]
    found = plan(inputs(needs, [offer(quantity=60)]), solver)
    assert flows(found) == {("O", "L1"): 50}
    assert said(found, "L2")[-1] == "refused_terms_refused"


@BOTH
def test_substitutes_close_the_gap_only_where_they_are_welcome_and_by_their_factor(solver: bool) -> None:
    large = offer("P", 9, item="hall")
    found = plan(
        inputs([need(quantity=15, substitutes=(Substitute("hall", D(2)),))], [offer(quantity=8), large]), solver
    )
    assert flows(found) == {("O", "L"): 8, ("P", "L"): 3}
    assert (line(found).covered, line(found).unmet) == (14, 1)
    told = [sentence(why) for flow in found.flows for why in flow.why if why.code == "flow_instead"]
    assert told == ["instead of tent, for which they count as 6"]
    assert flows(plan(inputs([need(quantity=15)], [offer(quantity=8), large]), solver)) == {("O", "L"): 8}


@BOTH
def test_who_asks_for_the_substitute_itself_comes_before_who_takes_it_instead(solver: bool) -> None:
    needs = [need("L1", 20, substitutes=(Substitute("hall", D(2)),)), need("L2", 6, requester="Q", item="hall")]
    found = plan(inputs(needs, [offer("P", 9, item="hall")]), solver)
    assert flows(found) == {("P", "L1"): 3, ("P", "L2"): 6}


@BOTH
@pytest.mark.parametrize(("severity", "value"), [(1, "8.9999"), (2, "2.9999"), (3, "0.9999"), (4, "0.9999")])
def test_a_line_is_worth_nine_three_or_one_by_severity(severity: int, value: str, solver: bool) -> None:
    assert plan(inputs([need(severity=severity)]), solver).value == D(value)
    half = plan(inputs([need(severity=severity)], [offer(quantity=5)]), solver)
    assert half.value == (D(value) + D("0.0001")) / 2 - D("0.0001")


def test_the_fair_part_is_no_reason_for_who_has_less_than_it() -> None:
    """Five are the fair part; one lorry for each site takes four."""
    needs = [need("L1"), need("L2", requester="Q", site="T")]
    given = inputs(needs, [offer(kg=2000)], lanes=[lane(), lane(site="T")], fleets=[Fleet("D", "truck", 2)])
    found = plan(given, True)
    assert [(one.covered, one.fair) for one in found.lines] == [(4, 5), (4, 5)]
    assert said(found, "L1") == said(found, "L2") == ["unmet", "no_room"]
    assert sentence(line(found, "L1").why[1]) == "no vehicle is left: with one more truck at D up to 2 more could come"


def test_where_vehicles_are_short_the_graver_line_is_served() -> None:
    needs = [need("L1", severity=3), need("L2", requester="Q", site="T", item="mat", severity=2)]
    given = inputs(
        needs, [offer(), offer("P", item="mat")], lanes=[lane(), lane(site="T")], fleets=[Fleet("D", "truck", 1)]
    )
    for solver in (True, False):
        found = plan(given, solver)
        assert flows(found) == {("P", "L2"): 10}
        assert said(found, "L1") == ["unmet", "no_room"]


@BOTH
def test_what_expires_first_leaves_first_and_the_quick_way_is_taken(solver: bool) -> None:
    offers = [offer("O1", expiry="2028-06-30"), offer("O2", expiry="2028-01-31")]
    found = plan(inputs(offers=offers), solver)
    assert sum(flows(found).values()) == 10
    if not solver:
        assert flows(found) == {("O2", "L"): 10}
    lanes = [lane(hours=60), lane(vehicle="trailer", hours=20)]
    fleets = [Fleet("D", "truck", 1), Fleet("D", "trailer", 1)]
    quick = plan(inputs(lanes=lanes, vehicles=[TRUCK, TRAILER], fleets=fleets), solver)
    assert [flow.vehicle for flow in quick.flows] == ["trailer"]


@BOTH
def test_goods_that_are_ready_at_other_hours_travel_apart(solver: bool) -> None:
    offers = [offer("O1", 5), offer("O2", 5, ready=20)]
    found = plan(inputs(offers=offers), solver)
    assert [(trips.depart, trips.count, trips.kg) for trips in found.trips] == [(2, 1, 250), (20, 1, 250)]
    one = plan(inputs(offers=offers, fleets=[Fleet("D", "truck", 1)]), solver)
    assert line(one).covered == 5 and len(one.trips) == 1


@BOTH
def test_two_lots_and_two_lines_share_one_lorry(solver: bool) -> None:
    needs = [need("L1", 5), need("L2", 4, item="mat")]
    found = plan(inputs(needs, [offer("O1", 5), offer("O2", 9, item="mat", kg=2)]), solver)
    (trips,) = found.trips
    assert (trips.count, trips.kg, trips.m3) == (1, 258, D("2.25"))


@BOTH
def test_refused_offers_are_summed_by_reason(solver: bool) -> None:
    offers = [
        offer("O1", 7, terms=("loan",)),
        offer("O2", 13, terms=("loan",), multiple=3, keep_back=3),
        offer("O3", 4, hold_until=1),
    ]
    found = plan(inputs([need(terms=("donation",))], offers), solver)
    assert [sentence(why) for why in line(found).why][1:] == [
        "4 more if the hold, which ends at hour 1, lasted until hour 2",
        "16 more if the terms loan were acceptable",
    ]


@BOTH
def test_preferred_terms_of_the_requester_are_chosen(solver: bool) -> None:
    both = offer(terms=("loan", "donation"))
    assert plan(inputs([need(terms=("donation", "loan"))], [both]), solver).flows[0].terms == "donation"
    assert plan(inputs([need(terms=("loan", "donation"))], [both]), solver).flows[0].terms == "loan"


@BOTH
def test_of_equal_deliveries_the_nearer_depot_and_the_fewer_lorries_win(solver: bool) -> None:
    offers = [offer("O1"), offer("O2", depot="E")]
    lanes, fleets = [lane(hours=20), lane("E", hours=5)], [Fleet("D", "truck", 5), Fleet("E", "truck", 5)]
    assert flows(plan(inputs(offers=offers, lanes=lanes, fleets=fleets), solver)) == {("O2", "L"): 10}


def test_the_solver_finds_what_the_plain_plan_misses() -> None:
    """One lorry for two sites: the plain plan serves the first line, the solver the one that is worth more."""
    needs = [need("L1", 100, needed_by=1), need("L2", 10, requester="Q", site="T", item="mat")]
    offers = [offer(quantity=10), offer("P", item="mat")]
    given = inputs(needs, offers, lanes=[lane(), lane(site="T")], fleets=[Fleet("D", "truck", 1)])
    assert flows(plan(given, False)) == {("O", "L1"): 10}
    best = plan(given, True)
    assert flows(best) == {("P", "L2"): 10}
    assert best.gap == 0 and best.bound is not None and best.value <= best.bound + D("0.000001")


def test_without_highspy_the_plan_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allocation_milp, "find_spec", lambda name: None)
    found = make_plan(inputs())
    assert (found.solver, found.bound, found.gap) == ("greedy", None, None)
    assert [sentence(note).split(":")[0] for note in found.notes] == ["highspy is not installed"]
    assert [note.code for note in make_plan(inputs(), solver=False).notes] == ["solver_off"]
    assert violations(found, inputs()) == []


@BOTH
def test_nothing_asked_and_nothing_offered_are_plans_too(solver: bool) -> None:
    assert plan(inputs([], []), solver).flows == ()
    empty = plan(inputs(offers=[]), solver)
    assert [sentence(why) for why in line(empty).why] == [
        "10 of 10 tent stay unmet",
        "nobody offers tent: 10 more have to be found elsewhere",
    ]
    assert empty.gap in (0, None)


BIG = inputs(
    [need("L1", 40), need("L2", 80, requester="Q", site="T"), need("L3", 7, item="mat", requester="Q")],
    [offer("O1", 30), offer("O2", 30, depot="E"), offer("O3", 5, item="mat", terms=("donation", "loan"))],
    lanes=[lane(), lane(site="T"), lane("E"), lane("E", "T", hours=9)],
    fleets=[Fleet("D", "truck", 3), Fleet("E", "truck", 3)],
    vehicles=[TRUCK, TRAILER],
)


@BOTH
def test_the_order_of_the_inputs_changes_neither_plan_nor_hash(solver: bool) -> None:
    turned = msgspec.structs.replace(
        BIG,
        **{name: getattr(BIG, name)[::-1] for name in ("needs", "offers", "lanes", "vehicles", "fleets")},
    )
    found, again = plan(BIG, solver), plan(turned, solver)
    assert found == again and found.hash == plan_hash(again) and len(found.hash) == 64
    assert found.inputs_hash == inputs_hash(BIG) == inputs_hash(turned)


def test_the_hash_is_of_values_not_of_their_spelling_and_sees_every_change() -> None:
    same = inputs([need(quantity=10)])
    assert inputs_hash(same) == inputs_hash(inputs([msgspec.structs.replace(same.needs[0], quantity=D("10.00"))]))
    hashes = {
        inputs_hash(given)
        for given in (same, inputs([need(quantity=11)]), inputs([need(severity=2)]), inputs(accept_by=D(3)),
                      inputs(offers=[offer(hold_until=9)]), inputs(rule=FairRule(floor=D("0.1"))))
    }  # fmt: skip
    assert len(hashes) == 6
    found = make_plan(same, False)
    assert plan_hash(msgspec.structs.replace(found, value=D(1))) != found.hash == plan_hash(found)


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (inputs([need(), need()]), "each line once"),
        (inputs(offers=[offer(), offer()]), "each offer once"),
        (inputs(lanes=[lane(), lane(hours=3)]), "each lane once"),
        (inputs(fleets=[Fleet("D", "truck", 1), Fleet("D", "truck", 2)]), "each fleet once"),
        (inputs(vehicles=[TRUCK, TRUCK]), "each vehicle once"),
        (inputs(lanes=[lane(vehicle="ship")]), "known types"),
        (inputs(fleets=[Fleet("D", "ship", 1)]), "known types"),
        (inputs(fleets=[Fleet("D", "truck", -1)]), "fleet at D"),
        (inputs([need(quantity=0)]), "figures of line L above 0"),
        (inputs([need(severity=0)]), "above 0"),
        (inputs([need(own_usable=-1)]), "figures of line L of at least 0"),
        (inputs([need(by_ratio=-1)]), "at least 0"),
        (inputs([need(substitutes=(Substitute("hall", D(0)),))]), "above 0"),
        (inputs([need(substitutes=(Substitute("tent", D(1)),))]), "another item"),
        (inputs([need(earliest_expiry="soon")]), "date of line L"),
        (inputs(offers=[offer(expiry="20270328")]), "date of offer O"),
        (inputs(day="2027-3-28"), "date of day"),
        (inputs(offers=[offer(multiple=0)]), "figures of offer O above 0"),
        (inputs(offers=[offer(kg=0)]), "above 0"),
        (inputs(offers=[offer(quantity=-1)]), "figures of offer O of at least 0"),
        (inputs(offers=[offer(keep_back=-1)]), "at least 0"),
        (inputs(lanes=[lane(hours=-1)]), "figures of lane D to S of at least 0"),
        (inputs(lanes=[lane(lead=-1)]), "at least 0"),
    ],
)
def test_inputs_that_contradict_themselves_are_refused(given: Inputs, word: str) -> None:
    with pytest.raises(ValueError, match=f"expected .*{word}"):
        checked(given)


def test_where_a_solver_wanted_a_part_the_worthiest_gets_a_whole_lot_before_the_rest_is_given_in_order() -> None:
    needs = [need("L1", 100), need("L2", 10)]
    choices = Choices(checked(inputs(needs, [offer("O", 10, multiple=D(10))])))
    where = {choice.need.line: place for place, choice in enumerate(choices.all)}
    assert complete(choices, {}) == {where["L1"]: 1}, "in order"
    assert complete(choices, {}, [*where.values()]) == {where["L2"]: 1}, "ten of ten are worth more than of a hundred"
    assert complete(choices, {where["L1"]: 1}, [*where.values()]) == {where["L1"]: 1}, "what was given stays"


def test_the_gap_is_how_far_the_best_may_be_rounded_up() -> None:
    assert _gap(D(2), D(3)) == D("0.333334")
    assert _gap(D("0.5"), D(1)) == D("0.5") and _gap(D("0.2"), D("0.8")) == D("0.75")
    assert _gap(D(3), D(2)) == _gap(D(0), D(0)) == 0


def test_the_bound_that_is_told_is_never_below_that_of_the_solver() -> None:
    choices = Choices(checked(inputs()))
    told = [_plan(choices, {0: 10}, "x", D(bound), ()).bound for bound in ("9.0000001", "9.0000000", "8.9999")]
    assert told == [D("9.000001"), D(9), D("8.9999")]
    assert _plan(choices, {0: 10}, "x", D("9.0000001"), ()).gap == D("0.000012")
