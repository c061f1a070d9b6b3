"""What a way is worth, when it arrives, and the fair part of those who would take a substitute."""

from decimal import Decimal
from typing import Any

from tests.domain.plans import inputs, lane, need, offer
from xstock_node.domain.allocation import checked
from xstock_node.domain.allocation_choices import (
    Choices,
    Pot,
    asked_items,
    hold_over,
    spoiled,
    usable_lots,
    worth_of,
)
from xstock_node.domain.allocation_types import Substitute

D = Decimal
HALL = (Substitute("hall", D(2)),)


def choices(needs: Any, offers: Any = None, **rest: Any) -> Choices:
    return Choices(checked(inputs(needs, offers, **rest)))


def test_only_whole_multiples_leave_and_the_keep_back_stays() -> None:
    assert usable_lots(offer(quantity=10, keep_back=1, multiple=3)) == 3
    assert usable_lots(offer(quantity=10, keep_back=2, multiple=3)) == 2
    assert usable_lots(offer(quantity=10, keep_back=20)) == 0


def test_an_item_counts_as_itself_and_a_substitute_by_its_factor() -> None:
    line = need(substitutes=(*HALL, Substitute("dome", D(3))))
    assert {asked.item: asked.factor for asked in asked_items(line)} == {"tent": 1, "hall": 2, "dome": 3}
    assert [asked.pot.instead for asked in asked_items(line)] == [False, True, True]


def test_a_line_is_worth_its_severity_by_the_part_covered_and_the_hours_it_is_late() -> None:
    assert [worth_of(need(severity=n), D(10), D(0)) for n in (1, 2, 3, 7)] == [9, 3, 1, 1]
    assert worth_of(need(), D(5), D(0)) == D("4.5")
    assert worth_of(need(), D(10), D(25)) == D("8.1")


def test_goods_leave_once_they_are_accepted_cleared_and_ready() -> None:
    def times(ready: int, lead: int) -> tuple[Decimal, Decimal, Decimal]:
        (way,) = choices([need()], [offer(ready=ready)], lanes=[lane(lead=lead)]).all
        return way.trip.depart, way.arrive, way.late

    assert [times(0, 3), times(7, 3), times(50, 0)] == [(5, 15, 0), (7, 17, 0), (50, 60, 12)]
    given = inputs()
    assert [hold_over(offer(hold_until=hour), given) for hour in (None, D("1.9"), 2, 3)] == [False, True, False, False]


def test_goods_have_to_keep_until_the_day_they_arrive_and_the_day_that_is_wanted() -> None:
    given, wanted = inputs(), need(earliest_expiry="2027-06-01")
    assert not spoiled(offer(), need(), D(99), given) and spoiled(offer(), wanted, D(1), given)
    until = offer(expiry="2027-03-30")
    assert [spoiled(until, need(), hour, given) for hour in (D("71.9"), D(72))] == [False, True]
    assert spoiled(until, wanted, D(1), given)
    assert not spoiled(offer(expiry="2027-06-01"), wanted, D(1), given)


def test_what_the_fair_part_of_the_item_leaves_open_is_the_claim_on_a_substitute() -> None:
    needs = [need("L1", 10, substitutes=HALL), need("L2", 20, substitutes=HALL), need("L3", 4, item="hall")]
    given = choices(needs, [offer("O", 12), offer("P", 30, item="hall")])
    assert given.pots[Pot("tent", False, "R", 1)] == 12
    assert given.pots[Pot("hall", False, "R", 1)] == 4
    assert given.pots[Pot("hall", True, "R", 1)] == 9, "eighteen tents are open, a hall is two"


def test_a_substitute_is_shared_among_those_who_take_it_of_what_its_own_askers_leave() -> None:
    needs = [need("L1", 20, substitutes=HALL), need("L2", 20, requester="Q", substitutes=HALL)]
    given = choices([*needs, need("L3", 4, item="hall", requester="Z")], [offer("P", 10, item="hall")])
    assert {pot.requester: part for pot, part in given.pots.items() if pot.item == "hall"} == {"Z": 4, "Q": 3, "R": 3}


def test_the_lines_of_one_requester_and_severity_are_one_claim() -> None:
    needs = [need("L1", 10), need("L2", 30), need("L3", 40, requester="Q"), need("L4", 5, severity=2)]
    given = choices(needs, [offer(quantity=40)])
    assert {(pot.requester, pot.severity): part for pot, part in given.pots.items()} == {
        ("R", 1): 20, ("Q", 1): 20, ("R", 2): 0,
    }  # fmt: skip


def test_graver_lines_come_first_then_the_thing_itself_then_the_nearer_way() -> None:
    needs = [need("L1", severity=2), need("L2", substitutes=HALL)]
    offers = [offer("P", item="hall"), offer("O2", depot="E"), offer("O1"), offer("O0", expiry="2027-12-31")]
    given = choices(needs, offers, lanes=[lane(), lane("E", hours=5)])
    assert [(one.need.line, one.offer.offer) for one in given.all] == [
        ("L2", "O0"), ("L2", "O1"), ("L2", "P"), ("L1", "O0"), ("L1", "O1"),
    ]  # fmt: skip
    assert [refusal.why.code for refusal in given.refusals["L2"]] == ["no_vehicle"]


def test_what_may_not_go_is_refused_with_its_figures() -> None:
    def refused(one: Any, **rest: Any) -> tuple[str, dict[str, str]]:
        (refusal,) = choices([need(**rest)], [one]).refusals["L"]
        return refusal.why.code, dict(refusal.why.params)

    assert refused(offer(ready=279)) == ("far_too_late", {"late": "241"})
    assert refused(offer(expiry="2027-03-27")) == ("expires", {"expiry": "2027-03-27", "wanted": "the day of arrival"})
    assert refused(offer(), earliest_expiry="2028-01-01") == ("expires", {"expiry": "unknown", "wanted": "2028-01-01"})
    assert refused(offer(hold_until=1)) == ("hold_over", {"until": "1", "accepted": "2"})
    assert refused(offer(multiple=20)) == ("nothing_to_give", {"multiple": "20", "kept": "0"})
    assert refused(offer(terms=("loan", "donation")), terms=("replacement",)) == (
        "terms_refused",
        {"terms": "donation, loan"},
    )
    assert refused(offer(depot="E")) == ("no_lane", {"depot": "E", "site": "S"})
