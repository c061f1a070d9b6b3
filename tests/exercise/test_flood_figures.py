"""The expected figures of the flood exercise, one by one: positions, shares, loads, routes."""

from collections import Counter
from decimal import Decimal

import msgspec
import pytest

from tests.exercise.flood import (
    catalogue,
    fair_plan,
    flood,
    gross_needs,
    network,
    rules,
    shared_lines,
    standing,
    today,
    vehicle_type,
)
from xstock_node.domain.loading import add_up, load_line, vehicles_for
from xstock_node.domain.needs import above_ratio
from xstock_node.domain.plan_reasons import sentence
from xstock_node.domain.position import LineStand
from xstock_node.domain.routes import Trip, alternatives, quickest
from xstock_node.domain.sharing import propose

NODES = ["AT", "BG", "HR", "ME", "MK", "RS"]
FIGURES = ("on_hand", "usable", "gross_need", "own_use", "net_need", "lendable", "keep_back", "offerable")
KEPT = {"kept_percent", "rounded", "all_reserved"}


@pytest.mark.parametrize("node", NODES)
def test_the_position_of_every_item_is_the_expected_one(node: str) -> None:
    wanted = {one["item"]: one for one in flood()["expected"]["position"] if one["node"] == node}
    found = {one.item: one for one in standing(node).positions}
    assert found.keys() == wanted.keys()
    for item, position in found.items():
        assert {name: str(getattr(position, name)) for name in FIGURES} == {
            name: wanted[item][name] for name in FIGURES
        }, item


def short(line: LineStand) -> str:
    """The exercise's word for a reason."""
    assert line.why is not None
    words = {"own_need": "own_use", "owner_never_lends": "owner", "donor_restricted": "donor_restriction"}
    if line.why.code in KEPT:
        return "below_multiple_or_keep_back"
    if line.why.code in {"class_excluded", "status_blocked"}:
        return next(iter(line.why.params.values()))
    return words.get(line.why.code, line.why.code)


@pytest.mark.parametrize("node", NODES)
def test_every_line_of_stock_is_offered_or_says_the_expected_reason(node: str) -> None:
    wanted = {
        one["line"]: (one["expected_offer"] == "part of the offer", one.get("expected_reason"))
        for one in flood()["stock"]
        if one["node"] == node
    }
    found = {line.ref: (line.offered, None if line.offered else short(line)) for line in standing(node).lines}
    assert found == wanted


def test_reasons_are_counted_as_expected() -> None:
    told = Counter(short(line) for node in NODES for line in standing(node).lines if not line.offered)
    assert told == flood()["expected"]["not_offered_lines_by_reason"]


@pytest.mark.parametrize("node", NODES)
def test_the_offers_that_the_share_rules_propose_come_to_the_same_sums(node: str) -> None:
    own = msgspec.structs.replace(rules(), own_need=gross_needs(node))
    found: Counter[str] = Counter()
    for offer in propose(shared_lines(node), own, catalogue(), {}, {}, {}, today()).offers:
        found[offer.code] += int(offer.quantity)
    assert all(found[position.item] == position.offerable for position in standing(node).positions)


def test_the_fair_plan_of_every_item_is_the_expected_one() -> None:
    wanted = flood()["expected"]["fair"]
    assert set(fair_plan()) == set(wanted)
    for item, split in fair_plan().items():
        told = {
            share.requester: {
                "severity": share.severity,
                "request": str(share.asked),
                "relaxed_quantity": str(share.quantity),
                "share": str(share.share),
            }
            for share in split.shares
        }
        asked = {
            who: {k: v for k, v in one.items() if k != "note"} for who, one in wanted[item]["by_requester"].items()
        }
        assert told == asked, item
        assert str(split.available) == wanted[item]["offerable_total"]
        assert str(split.counted) == wanted[item]["request_total"]
        assert str(split.covered_at_most) == wanted[item]["coverage_at_most"]
        assert (str(split.multiple), str(split.left_over)) == (wanted[item]["multiple"], wanted[item]["left_over"])


def test_what_is_short_enough_and_asked_above_the_ratio_is_as_the_summary_says() -> None:
    summary = flood()["expected"]["summary"]
    short_of = sorted(item for item, split in fair_plan().items() if split.counted > split.available)
    assert short_of == summary["items_short"]
    assert sorted(set(fair_plan()) - set(short_of)) == summary["items_enough"]
    assert (
        sorted(item for item, split in fair_plan().items() if not split.available) == summary["items_nobody_may_lend"]
    )
    flagged = [
        need["line"]
        for need in flood()["needs"]
        if above_ratio(Decimal(need["gross"]), Decimal(need["by_ratio"]) if "by_ratio" in need else None)
    ]
    assert flagged == summary["asked_above_ratio"]


def test_the_plan_tells_croatia_in_a_sentence_why_it_gets_no_tent() -> None:
    (share,) = [one for one in fair_plan()["tent_family_16"].shares if one.requester == "HR"]
    assert sentence(share.why[-1]) == (
        "nothing of 116: what is there goes to the needs of severity 1, which come before severity 2 by the agreed rule"
    )


def test_boats_that_do_not_divide_and_parcels_above_the_ratio_say_so() -> None:
    teams = {one.requester: [why.code for why in one.why] for one in fair_plan()["team_water_rescue"].shares}
    assert teams["ME"][-1] == "tie" and teams["RS"][-1] == "tie"
    (austria,) = [one for one in fair_plan()["baby_parcel"].shares if one.requester == "AT"]
    assert "90 asked, 36 by the agreed ratio" in sentence(austria.why[0])


SITUATIONS = {
    "at_start_40t": (40, frozenset[str]()),
    "at_start_18t": (18, frozenset[str]()),
    "while_X-BAJ_closed_40t": (40, frozenset({"X-BAJ"})),
    "while_X-BAJ_closed_18t": (18, frozenset({"X-BAJ"})),
}


@pytest.mark.parametrize("situation", list(SITUATIONS))
def test_the_routes_are_the_expected_ones(situation: str) -> None:
    truck, closed = SITUATIONS[situation]
    for wanted in flood()["expected"]["routes"]:
        trip = Trip(start=wanted["from"], end=wanted["to"], truck=Decimal(truck), closed=closed)
        route = quickest(network(), trip)
        assert route is not None
        told = {"hours": f"{route.hours:.1f}", "km": route.km, "crossings": list(route.crossings)}
        assert told == wanted[situation], (trip.start, trip.end)


def test_no_lorry_of_40_t_is_routed_over_a_smaller_crossing_or_a_closed_one() -> None:
    trips = [(wanted["from"], wanted["to"]) for wanted in flood()["expected"]["routes"]]
    for start, end in trips:
        route = quickest(network(), Trip(start=start, end=end, truck=Decimal(40), closed=frozenset({"X-BAJ"})))
        assert route is not None
        small = {one.code for one in network().crossings.values() if one.largest_truck and one.largest_truck < 40}
        assert not small & {*route.crossings} and "X-BAJ" not in route.crossings


def test_sofia_to_croatia_is_offered_across_serbia_and_inside_the_union() -> None:
    union = frozenset({"AT", "BG", "HR", "HU", "RO", "SI"})
    trip = Trip(start="BG-S", end="D-HR", truck=Decimal(40))
    found = alternatives(network(), trip, 1, union)
    assert [(f"{route.hours:.1f}", route.countries) for route in found] == [
        ("16.1", ("BG", "RS", "HR")),
        ("18.3", ("BG", "RO", "HU", "HR")),
    ]


@pytest.mark.parametrize("node", NODES)
def test_the_load_of_the_fair_plan_is_the_expected_one_with_the_unknown_named(node: str) -> None:
    wanted = flood()["expected"]["transport_of_fair_plan"][node]
    load = add_up(load_line(item, split.of(node), catalogue()) for item, split in fair_plan().items())
    assert (f"{load.kg:.1f}", f"{load.m3:.2f}") == (wanted["kg_known"], wanted["m3_known"])
    assert list(load.weight_unknown) == wanted["weight_unknown"]
    assert list(load.volume_unknown) == wanted["volume_unknown"]
    lorries = vehicles_for(load, vehicle_type("semi_trailer"))
    assert lorries.count == wanted["semi_trailers_at_least"] and lorries.uncertain
