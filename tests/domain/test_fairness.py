"""Fair parts of too little: equal shares, classes, floors, whole lots, ties, over-asking."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xstock_node.domain.fairness import Claim, ClassOrder, FairRule, FairSplit, fair_split
from xstock_node.domain.plan_reasons import sentence

STRICT = FairRule()


def claim(requester: str, asked: str | int, severity: int = 1, **rest: object) -> Claim:
    return Claim(requester=requester, asked=Decimal(asked), severity=severity, **rest)  # type: ignore[arg-type]


def split(available: int, *claims: Claim, multiple: int = 1, rule: FairRule = STRICT) -> FairSplit:
    return fair_split(claims, Decimal(available), Decimal(multiple), rule)


def given_(found: FairSplit) -> dict[str, int]:
    return {share.requester: int(share.quantity) for share in found.shares}


def codes(found: FairSplit, requester: str) -> list[str]:
    return [why.code for share in found.shares if share.requester == requester for why in share.why]


def test_an_equal_share_of_the_need() -> None:
    found = split(60, claim("A", 40), claim("B", 80))
    assert given_(found) == {"A": 20, "B": 40}
    assert (found.covered_at_most, found.left_over) == (Decimal("0.500"), 0)
    assert found.of("A") == 20 and found.of("C") == 0


def test_classes_are_served_strictly_in_order() -> None:
    found = split(60, claim("A", 40, 2), claim("B", 50, 1), claim("C", 40, 3))
    assert [(share.requester, share.quantity) for share in found.shares] == [("B", 50), ("A", 10), ("C", 0)]
    assert codes(found, "C") == ["weighed_by_asked", "class_before"]
    assert found.shares[-1].why[-1].params["graver"] == "2"


def test_floor_first_gives_every_class_its_minimum_before_the_gravest_takes_the_rest() -> None:
    rule = FairRule(order=ClassOrder.FLOOR_FIRST, floor=Decimal("0.25"))
    assert given_(split(60, claim("A", 40, 2), claim("B", 80, 1), rule=rule)) == {"B": 50, "A": 10}
    assert given_(split(30, claim("A", 40, 2), claim("B", 80, 1), rule=rule)) == {"B": 20, "A": 10}
    assert given_(split(12, claim("A", 40, 2), claim("B", 80, 1), rule=rule)) == {"B": 8, "A": 4}
    assert given_(split(200, claim("A", 40, 2), claim("B", 80, 1), rule=rule)) == {"B": 80, "A": 40}
    whole = FairRule(order=ClassOrder.FLOOR_FIRST, floor=Decimal(1))
    assert given_(split(60, claim("A", 40, 2), claim("B", 80, 1), rule=whole)) == {"B": 40, "A": 20}


def test_a_floor_is_rounded_up_to_whole_lots_and_shares_stay_equal_within_the_class() -> None:
    rule = FairRule(order=ClassOrder.FLOOR_FIRST, floor=Decimal("0.1"))
    found = split(100, claim("A", 45, 2), claim("B", 90, 1), claim("C", 90, 1), multiple=10, rule=rule)
    assert given_(found) == {"B": 50, "C": 40, "A": 10}


def test_a_requester_may_claim_in_two_classes_and_gets_both_parts() -> None:
    found = split(60, claim("A", 40, 1), claim("A", 40, 2), claim("B", 40, 2))
    assert [(share.severity, share.quantity) for share in found.shares] == [(1, 40), (2, 10), (2, 10)]
    assert found.of("A") == 50


def test_a_floor_of_nothing_is_strict() -> None:
    claims = claim("A", 40, 2), claim("B", 80, 1)
    none = FairRule(order=ClassOrder.FLOOR_FIRST)
    assert given_(split(60, *claims, rule=none)) == given_(split(60, *claims)) == {"B": 60, "A": 0}


def test_whole_lots_by_largest_remainder_and_ties_by_requester() -> None:
    assert given_(split(100, claim("A", 60), claim("B", 100), claim("C", 40), multiple=10)) == {
        "A": 30,
        "B": 50,
        "C": 20,
    }
    found = split(1, claim("B", 2), claim("A", 2))
    assert given_(found) == {"A": 1, "B": 0}
    assert codes(found, "A")[-1] == codes(found, "B")[-1] == "tie"
    assert "tie" not in codes(split(1, claim("B", 3), claim("A", 2)), "B")
    assert given_(split(1, claim("B", 3), claim("A", 2))) == {"A": 0, "B": 1}


def test_nobody_gets_more_than_asked_and_part_lots_stay_over() -> None:
    found = split(500, claim("A", 34), claim("B", 40), multiple=10)
    assert given_(found) == {"A": 30, "B": 40} and found.left_over == 430
    assert codes(found, "A")[-1] == "share_as_far" and codes(found, "B")[-1] == "share_whole"


def test_the_weight_is_the_ratio_less_own_stock_and_never_the_asked_figure() -> None:
    modest = claim("A", 50, by_ratio=Decimal(100), own_usable=Decimal(20))
    greedy = claim("B", 500, by_ratio=Decimal(100), own_usable=Decimal(20))
    found = split(80, modest, greedy)
    assert given_(found) == {"A": 40, "B": 40}
    assert [share.weight for share in found.shares] == [80, 80]
    assert codes(found, "B")[0] == "above_ratio" and codes(found, "A") == ["share_equal"]
    assert sentence(found.shares[1].why[0]).startswith("520 asked, 100 by the agreed ratio")
    assert given_(split(140, modest, greedy)) == {"A": 50, "B": 80}


def test_a_claim_wholly_above_the_ratio_gets_nothing_until_a_person_says_why() -> None:
    above = claim("A", 30, by_ratio=Decimal(36), own_usable=Decimal(60))
    assert given_(split(50, above, claim("B", 30))) == {"A": 0, "B": 30}
    justified = claim("A", 30, by_ratio=Decimal(36), own_usable=Decimal(60), justified=True)
    found = split(50, justified, claim("B", 30))
    assert given_(found) == {"A": 25, "B": 25} and codes(found, "A") == ["share_equal"]


def test_what_cannot_reach_one_requester_goes_to_the_others() -> None:
    found = split(60, claim("A", 60, most=Decimal(10)), claim("B", 60))
    assert given_(found) == {"A": 10, "B": 50}
    assert codes(found, "A") == ["weighed_by_asked", "reach", "share_as_far"]


def test_nothing_to_share_is_said() -> None:
    found = split(0, claim("A", 5))
    assert given_(found) == {"A": 0} and found.covered_at_most == 0
    assert sentence(found.shares[0].why[-1]) == "0 of 5 (0 %): the equal share within severity 1"
    assert split(7).left_over == 7 and split(7).covered_at_most == 0


@pytest.mark.parametrize(
    ("claims", "available", "multiple", "word"),
    [
        ([claim("A", 1), claim("A", 2)], "1", "1", "one claim"),
        ([claim("A", -1)], "1", "1", "at least 0"),
        ([claim("A", "NaN")], "1", "1", "at least 0"),
        ([claim("A", 1, own_usable=Decimal(-1))], "1", "1", "at least 0"),
        ([claim("A", 1)], "-1", "1", "at least 0"),
        ([claim("A", 1)], "1", "0", "above 0"),
    ],
)
def test_impossible_claims_are_refused(claims: list[Claim], available: str, multiple: str, word: str) -> None:
    with pytest.raises(ValueError, match=word):
        fair_split(claims, Decimal(available), Decimal(multiple), STRICT)


def test_a_floor_outside_0_to_1_is_refused() -> None:
    assert FairRule(floor=Decimal(1)).floor == 1
    for floor in ("-0.1", "1.1", "NaN"):
        with pytest.raises(ValueError, match="floor"):
            FairRule(floor=Decimal(floor))


CLAIMS = st.lists(
    st.tuples(st.integers(0, 200), st.integers(1, 3), st.one_of(st.none(), st.integers(0, 200)), st.integers(0, 50)),
    min_size=1,
    max_size=6,
).map(
    lambda rows: [
        claim(
            f"N{number}", asked, severity, by_ratio=None if ratio is None else Decimal(ratio), own_usable=Decimal(own)
        )
        for number, (asked, severity, ratio, own) in enumerate(rows)
    ]
)


@given(CLAIMS, st.integers(0, 500), st.sampled_from([1, 5, 10]), st.sampled_from(["", "0.2", "0.7"]))
def test_every_split_keeps_the_promises(claims: list[Claim], available: int, multiple: int, floor: str) -> None:
    rule = FairRule(order=ClassOrder.FLOOR_FIRST, floor=Decimal(floor)) if floor else STRICT
    found = split(available, *claims, multiple=multiple, rule=rule)
    assert sum(share.quantity for share in found.shares) + found.left_over == available
    caps = {}
    for share in found.shares:
        assert share.quantity % multiple == 0 and share.quantity <= min(share.asked, share.weight)
        caps[share.requester] = min(share.asked, share.weight) // multiple * multiple
    open_ = [share for share in found.shares if share.quantity < caps[share.requester]]
    assert not open_ or found.left_over < multiple, "nothing lies idle while a claim is open"
    for one in found.shares:
        for other in open_:
            if one.severity > other.severity and not floor:
                assert one.quantity == 0, "a lighter class waits for the graver ones"
            if one.severity == other.severity and not floor:
                ahead = Fraction(one.quantity - multiple) / Fraction(one.weight or 1)
                assert ahead <= Fraction(other.quantity + multiple) / Fraction(other.weight), "shares differ by a lot"
    assert split(available, *claims[::-1], multiple=multiple, rule=rule) == found
