"""What a plan is made from: nothing counts twice, what is unknown stays unknown, and every assumption is named."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.operation_story import HOUR, ITEM, NOW, Story, line
from tests.domain.test_reception_roads import BG, RO, edge, point, profile
from xstock_node.domain.allocation import make_plan
from xstock_node.domain.allocation_check import violations
from xstock_node.domain.fairness import FairRule
from xstock_node.domain.plan_basis import basis_of
from xstock_node.domain.plan_facts import Answered, Asking, Basis, Hint, Known, first_day, midnight
from xstock_node.domain.plan_reasons import sentence
from xstock_node.domain.reasons import Reason
from xstock_node.domain.reception import ReceptionProfile
from xstock_node.domain.steps import Ask, body_of
from xstock_node.protocol.records import Offer
from xstock_node.services.documents.library import customs_facts
from xstock_node.services.office import default_catalogue
from xstock_node.services.planning import vehicles
from xstock_node.testing import make_offer

D = Decimal
CATALOGUE, FACTS = default_catalogue(), customs_facts()


def asking(quantity: int = 100, id_: str = "r1", answers: tuple[Answered, ...] = (), **body: Any) -> Asking:
    said = {"place": "Sofia", "needed_by": NOW + 48 * HOUR, "severity": 1, "terms": ["loan"]} | body
    lines = said.pop("lines", [line(D(quantity))])
    found = body_of("request", said | {"lines": lines})
    assert isinstance(found, Ask)
    return Asking(id_, found, answers)


def hint(node: str = "redcross.ro", number: int = 1, **fields: Any) -> Hint:
    offer: Offer = make_offer(number, NOW - HOUR, **({"qty": (60, 0), "place": "Craiova", "cc": "RO"} | fields))
    return Hint(node, offer, NOW - 5 * HOUR)


def known(*profiles: ReceptionProfile, **more: Any) -> Known:
    fields: dict[str, Any] = {
        "own": "redcross.bg", "network": "see", "exercise": False, "now": NOW, "accept_by": NOW,
        "catalogue": CATALOGUE, "profiles": {one.country: one for one in profiles},
        "facts": FACTS, "vehicles": vehicles(), "assumed": D(48), "rule": FairRule(),
        "rule_from": Reason("rule_default"),
    }  # fmt: skip
    return Known(**fields | more)


def answered(*verbs: str, case: str = "c1", supplier: str = "redcross.ro", **offer: Any) -> Answered:
    """An operation about eight tents by its steps."""
    story = Story()
    for verb in verbs:
        story.say(verb, **(offer if verb == "offer" else {}))
    return Answered(case, supplier, story.operation)


def codes(basis: Basis) -> list[str]:
    return [reason.code for reason in basis.said]


def planned(basis: Basis) -> dict[str, Decimal]:
    plan = make_plan(basis.inputs, False)
    assert not violations(plan, basis.inputs)
    return {flow.offer: flow.quantity for flow in plan.flows}


@pytest.mark.parametrize(("offered", "multiple", "planned_"), [(25, (1, 0), 2), (25, (5, -1), 2), (9, (1, -1), 0)])
def test_a_team_is_planned_whole_whatever_its_supplier_says(
    offered: int, multiple: tuple[int, int], planned_: int
) -> None:
    team = {"item": "CP-HCP", "unit": "C62", "qty": [3, 0]}
    fields = {"item": "CP-HCP", "scheme": "cp", "cat": "team", "kind": "team", "unit": "C62"}
    tenths = hint(qty=(offered, -1), mult=multiple, **fields)
    basis = basis_of([asking(lines=[team])], [tenths], [], known(RO, BG))
    assert sum(planned(basis).values()) == planned_


def test_a_road_of_the_profiles_gives_hours_and_crossings_and_no_assumption() -> None:
    basis = basis_of([asking()], [hint()], [], known(RO, BG))
    lanes = basis.inputs.lanes
    assert {(x.hours, x.assumed, x.crossings, x.countries) for x in lanes} == {(D(6), False, ("X1",), ("RO", "BG"))}
    assert {x.vehicle for x in lanes} == {one.code for one in vehicles()}
    assert {x.lead for x in lanes} == {D(0)}, "no clearance inside the Union"
    assert codes(basis) == ["plan_clock", "hints", "roads_on_file", "vehicles_unstated"]


@pytest.mark.parametrize("place", ["", "Wien"])
def test_a_road_that_nobody_wrote_is_assumed_and_every_sentence_says_so(place: str) -> None:
    basis = basis_of([asking()], [hint(place=place)], [], known(RO, BG, assumed=D(30)))
    (lane,) = basis.inputs.lanes
    assert lane.assumed and lane.hours == 30 and lane.crossings == () and lane.vehicle == "semi_trailer"
    assert "road_unknown" in codes(basis) and "roads_on_file" not in codes(basis)
    (flow,) = make_plan(basis.inputs, False).flows
    assert [reason.code for reason in flow.why] == ["flow_assumed", "flow_late_assumed"]
    assert "unknown" in sentence(flow.why[0]) and "so reckoned" in sentence(flow.why[1])


def test_a_way_of_which_a_part_is_unknown_is_assumed_and_takes_at_least_what_is_known() -> None:
    dark = profile("BG", [point("X1", "1")], [edge("X1", "Sofia", None)])
    ways = profile("RO", [point("X1")], [edge("Craiova", "X1", "50")])
    basis = basis_of([asking()], [hint()], [], known(ways, dark))
    assert {(x.assumed, x.hours) for x in basis.inputs.lanes} == {(True, D(51))}
    (said,) = [reason for reason in basis.said if reason.code == "road_in_part"]
    assert said.params["unknown"] == "X1 - Sofia" and said.params["at_least"] == "51"


def test_a_lorry_that_no_road_takes_has_no_lane_and_a_limit_below_all_lorries_is_what_the_plan_names() -> None:
    small = profile("BG", [*BG.entry_points], [*BG.edges], D(12))
    fits = basis_of([asking()], [hint()], [], known(RO, small))
    assert {x.vehicle for x in fits.inputs.lanes} == {"rigid_12t", "van_3_5t"}
    tiny = profile("BG", [*BG.entry_points], [*BG.edges], D(3))
    none = basis_of([asking()], [hint()], [], known(RO, tiny))
    (covered,) = make_plan(none.inputs, False).lines
    assert covered.unmet == 100 and "refused_lane_too_small" in [reason.code for reason in covered.why]


def test_clearance_outside_the_union_takes_the_lead_of_the_profile_or_is_called_unknown() -> None:
    rs = profile("RS", [point("X9", neighbour="BG")], [edge("X9", "Nis", "1")])
    bg = profile("BG", [point("X9")], [edge("X9", "Sofia", "1")])
    at_nis = asking(place="Nis")
    unknown = basis_of([at_nis], [hint(place="Sofia")], [], known(rs, bg))
    assert {x.lead for x in unknown.inputs.lanes} == {D(0)} and "lead_unknown" in codes(unknown)
    told = msgspec.structs.replace(rs, clearance_lead_hours=6)
    told_basis = basis_of([at_nis], [hint(place="Sofia")], [], known(told, bg))
    assert {x.lead for x in told_basis.inputs.lanes} == {D(6)} and "lead_unknown" not in codes(told_basis)


def test_what_is_promised_is_taken_off_the_need_and_what_is_offered_is_stock_until_its_hold_ends() -> None:
    bound = basis_of([asking(answers=(answered("request", "offer", "accept", "confirm"),))], [], [], known())
    assert (bound.lines[0].promised, bound.inputs.needs[0].quantity, bound.inputs.offers) == (8, 92, ())
    offered = basis_of([asking(answers=(answered("request", "offer"),))], [], [], known())
    (held,) = offered.inputs.offers
    assert (held.quantity, held.supplier, offered.inputs.needs[0].quantity) == (8, "redcross.ro", 100)
    assert held.hold_until == known().hours(NOW + HOUR) and planned(offered) == {held.offer: 8}
    late = basis_of([asking(answers=(answered("request", "offer"),))], [], [], known(accept_by=NOW + HOUR + 60))
    (covered,) = make_plan(late.inputs, False).lines
    assert covered.covered == 0 and "refused_hold_over" in [reason.code for reason in covered.why]


@pytest.mark.parametrize("verb", ["indicate", "standby"])
def test_an_indication_or_a_standby_is_no_stock(verb: str) -> None:
    first = "notify" if verb == "standby" else "request"
    story = Story()
    story.say(first)
    story.say(verb, lines=[line(D(8))])
    basis = basis_of([asking(answers=(Answered("c1", "redcross.ro", story.operation),))], [], [], known())
    assert basis.inputs.offers == () and basis.inputs.needs[0].quantity == 100


def test_what_is_held_for_one_request_serves_no_other() -> None:
    one, other = asking(id_="r1", answers=(answered("request", "offer"),)), asking(id_="r2", severity=1)
    basis = basis_of([one, other], [], [], known())
    assert {x.site for x in basis.inputs.lanes} == {"Sofia (r1)"}
    assert [flow.line for flow in make_plan(basis.inputs, False).flows] == ["r1#1"]


@pytest.mark.parametrize("place", ["here", "elsewhere"])
def test_a_hint_that_is_older_than_what_its_supplier_gave_us_is_smaller_by_it(place: str) -> None:
    """Given to this request or to another one of ours: the same tents are not planned a second time."""
    given_ = answered("request", "offer", "accept", "confirm")
    mine, others = ((given_,), ()) if place == "here" else ((), (given_,))
    basis = basis_of([asking(answers=mine)], [hint()], others, known())
    assert [one.quantity for one in basis.inputs.offers] == [52] and "hint_reduced" in codes(basis)
    newer = basis_of([asking(answers=mine)], [hint(ts=NOW + 60)], others, known())
    assert [one.quantity for one in newer.inputs.offers] == [60] and "hint_reduced" not in codes(newer)


def test_what_was_given_comes_off_the_supplier_s_hints_once() -> None:
    given_ = answered("request", "offer", "accept", "confirm")
    hints = [hint(number=1, qty=(5, 0)), hint(number=2, qty=(5, 0)), hint("redcross.hr", 3, qty=(5, 0))]
    basis = basis_of([asking()], hints, [given_], known())
    assert sorted((x.supplier, x.quantity) for x in basis.inputs.offers) == [("redcross.hr", 5), ("redcross.ro", 2)]


def test_who_declined_a_request_is_not_planned_for_it_but_for_another() -> None:
    no = asking(id_="r1", answers=(answered("request", "decline"),))
    assert basis_of([no], [hint()], [], known()).inputs.offers == ()
    both = basis_of([no, asking(id_="r2", place="Vidin")], [hint()], [], known())
    assert {x.site for x in both.inputs.lanes} == {"Vidin"} and "declined" in codes(both)


def test_what_is_not_ready_in_another_unit_or_without_terms_is_left_out_and_counted() -> None:
    hints = [hint(number=1, cond="repair"), hint(number=2, unit="KGM"), hint(number=3, terms=()), hint(number=4)]
    basis = basis_of([asking()], hints, [], known())
    assert len(basis.inputs.offers) == 1
    left = {r.code: r.params["count"] for r in basis.said if r.code.startswith("left_")}
    assert left == {"left_condition": "1", "left_unit": "1", "left_terms": "1"}


def test_what_a_request_leaves_open_is_said_and_what_a_line_says_holds_for_it() -> None:
    bare = basis_of(
        [asking(place="", needed_by=0, severity=0, terms=[], lines=[line(D(5)) | {"subs": True}])], [], [], known()
    )
    assert codes(bare) == ["plan_clock", "no_place", "any_terms", "no_time", "no_severity", "no_substitutes"]
    (need,) = bare.inputs.needs
    assert (need.severity, need.needed_by, len(need.terms)) == (3, known().hours(NOW), 4) and not bare.lines[0].dated
    own = line(D(5)) | {"severity": 2, "by": NOW + HOUR, "expiry": "2027-06"}
    (said,) = basis_of([asking(lines=[own])], [], [], known()).inputs.needs
    assert (said.severity, said.needed_by, said.earliest_expiry) == (2, known().hours(NOW + HOUR), "2027-06-01")


def test_a_line_that_says_how_it_came_about_is_weighed_by_it_and_over_asking_is_said() -> None:
    reckoned: dict[str, Any] = {"people": 500, "days": 30, "ratios": "1", "gross": [11, 1], "own": [3, 1]}
    lines = [line(D(100)) | {"reckoned": reckoned}]
    basis = basis_of([asking(lines=lines)], [hint(qty=(500, 0))], [], known())
    (covered,) = make_plan(basis.inputs, False).lines
    assert (covered.covered, covered.fair) == (80, 80), "110 by the ratio less 30 of the own stock"
    assert "above_ratio" in [reason.code for reason in covered.why]
    because = [line(D(100)) | {"reckoned": reckoned | {"why": "two camps"}}]
    (whole,) = make_plan(basis_of([asking(lines=because)], [hint(qty=(500, 0))], [], known()).inputs, False).lines
    assert whole.covered == 100


def test_two_measures_of_one_item_are_never_added() -> None:
    lines = [line(D(5)), line(D(7)) | {"unit": "KGM"}]
    basis = basis_of([asking(lines=lines)], [hint()], [], known())
    assert [need.quantity for need in basis.inputs.needs] == [5] and "line_unit" in codes(basis)


def test_weights_are_the_catalogue_s_and_unknown_where_it_knows_none() -> None:
    (offer,) = basis_of([asking()], [hint()], [], known()).inputs.offers
    item = CATALOGUE.get(ITEM)
    assert item is not None and (offer.kg, offer.m3) == (item.net_kg, item.m3)
    strange = [line(D(5)) | {"item": "X"}]
    (other,) = basis_of([asking(lines=strange)], [hint(item="X")], [], known()).inputs.offers
    assert other.kg is None and other.m3 is None


def test_hours_never_make_a_hold_longer_or_an_acceptance_earlier() -> None:
    clock = known()
    assert clock.hours(midnight(clock.day.isoformat())) == 0
    assert clock.hours(NOW + 1) <= D(NOW + 1 - midnight(clock.day.isoformat())) / 3600 <= clock.hours(NOW + 1, up=True)


@pytest.mark.parametrize(
    ("text", "day"),
    [("2027-06", "2027-06-01"), ("2027-06-30", "2027-06-30"), ("2027-13", None), ("june", None), ("", None)],
)
def test_a_month_begins_on_its_first_day(text: str, day: str | None) -> None:
    assert first_day(text) == day


@given(
    st.lists(st.tuples(st.integers(1, 90), st.booleans(), st.sampled_from(["redcross.ro", "redcross.hr"])), max_size=6),
    st.integers(0, 3),
    st.integers(1, 200),
)
def test_no_plan_takes_more_than_a_supplier_has_left(
    offers: list[tuple[int, bool, str]], answers: int, asked: int
) -> None:
    """Of each supplier at most its hints, and of those stated before it gave to us no more than what that leaves."""
    hints = [
        hint(node, number, qty=(quantity, 0), ts=NOW - HOUR if older else NOW + HOUR)
        for number, (quantity, older, node) in enumerate(offers)
    ]
    given_ = [answered("request", "offer", "accept", "confirm", case=f"c{n}") for n in range(answers)]
    basis = basis_of([asking(asked)], hints, given_, known())
    plan = make_plan(basis.inputs, False)
    assert not violations(plan, basis.inputs)
    for node in ("redcross.ro", "redcross.hr"):
        old, new = (sum(q for q, older, name in offers if name == node and older is side) for side in (True, False))
        gone = 8 * answers if node == "redcross.ro" else 0
        taken = sum(f.quantity for f in plan.flows if f.offer.startswith(node))
        assert taken <= new + max(0, old - gone)


@pytest.mark.parametrize("fields", [{"best": "2027-02-30"}, {"qty": (2**53 - 1, 9), "mult": (1, -9)}])
def test_a_hint_with_a_figure_or_a_day_that_cannot_be_stops_no_plan(fields: dict[str, Any]) -> None:
    basis = basis_of([asking()], [hint(**fields), hint("redcross.hr", 2)], [], known(RO, BG))
    assert "left_figures" in codes(basis)
    assert {one.supplier for one in basis.inputs.offers} == {"redcross.hr"} and len(planned(basis)) == 1


def test_an_offer_that_is_ready_at_the_end_of_the_calendar_stops_no_plan() -> None:
    end = 253_402_300_799
    late = answered("request", "offer", ready_at=end, hold_until=end, lines=[line(D(8)) | {"expiry": "2030-06"}])
    basis = basis_of([asking(answers=(late,))], [hint("redcross.hr", 2)], [], known(RO, BG))
    assert {one.supplier for one in basis.inputs.offers} == {"redcross.ro", "redcross.hr"}
    assert list(planned(basis)) == ["redcross.hr " + hint("redcross.hr", 2).offer.id], "what comes then is no help"
