"""The own position of one item: what is usable, what the own people take first, what is left to lend."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xstock_node.domain.catalogue import Catalogue, Category, Item
from xstock_node.domain.items import BaseUnit
from xstock_node.domain.mapping import Mapping, MappingKey, MappingState
from xstock_node.domain.position import Position, Standing, stand
from xstock_node.domain.reasons import Reason, sentence
from xstock_node.domain.share_rules import KeepBack, SharedLine, ShareRules
from xstock_node.domain.sharing import propose
from xstock_node.domain.stock import StockLine

TODAY = date(2027, 3, 28)
TENT = Item(code="T", scheme="local:x", names={"en": "Tent"}, category=Category.SHELTER)
MAT = Item(code="M", scheme="local:x", names={"en": "Mat"}, category=Category.BEDDING, multiple=Decimal(10))
FOOD = Item(code="F", scheme="local:x", names={"en": "Food"}, category=Category.FOOD, expirable=True)
CATALOGUE = Catalogue([TENT, MAT, FOOD])
TENTH = ShareRules(keep_back={"default": KeepBack(percent=Decimal(10))})
NEVER = Reason("owner_never_lends", {"owner": "Reserve"})


def shared(ref: str, code: str, quantity: str, withheld: Reason | None = None, **rest: object) -> SharedLine:
    fields: dict[str, object] = {"location": None, "lot": None, "expiry": None} | rest
    line = StockLine(item_code=code, item_name=code, quantity=Decimal(quantity), unit="pcs", **fields)  # type: ignore[arg-type]
    mapping = Mapping(
        key=MappingKey.of("s", line), code=code, base_unit=BaseUnit.PIECE, factor=Decimal(1),
        state=MappingState.CONFIRMED, by="human", at=0,
    )  # fmt: skip
    return SharedLine(line, ref, mapping, withheld=withheld)


def found(lines: list[SharedLine], rules: ShareRules = TENTH, **needs: int) -> Standing:
    return stand(lines, {code: Decimal(need) for code, need in needs.items()}, rules, CATALOGUE, TODAY)


def only(standing: Standing) -> Position:
    (position,) = standing.positions
    return position


def test_the_own_people_take_first_what_may_not_be_lent() -> None:
    lines = [shared("1", "T", "100"), shared("2", "T", "30", NEVER)]
    position = only(found(lines, T=50))
    assert position == Position(
        item="T", unit=BaseUnit.PIECE, on_hand=Decimal(130), usable=Decimal(130), gross_need=Decimal(50),
        own_use=Decimal(50), net_need=Decimal(0), lendable=Decimal(100), keep_back=Decimal(10), offerable=Decimal(70),
    )  # fmt: skip


@pytest.mark.parametrize(("need", "own", "net", "offerable"), [(0, 0, 0, 90), (90, 90, 0, 0), (89, 89, 0, 1),
    (100, 100, 0, 0), (101, 100, 1, 0)])  # fmt: skip
def test_the_own_need_comes_before_any_offer(need: int, own: int, net: int, offerable: int) -> None:
    position = only(found([shared("1", "T", "100")], T=need))
    assert (position.own_use, position.net_need, position.offerable) == (own, net, offerable)


def test_nothing_is_offered_of_what_the_society_asks_for_itself() -> None:
    lines = [shared("1", "F", "50", expiry="2028-12-31"), shared("2", "F", "50")]
    standing = found(lines, F=51)
    assert (only(standing).usable, only(standing).net_need, only(standing).offerable) == (50, 1, 0)
    assert [line.why and line.why.code for line in standing.lines] == ["own_need", "expiry_unknown"]


def test_keep_back_is_rounded_up_and_the_rest_down_to_whole_lots() -> None:
    position = only(found([shared("1", "M", "101")]))
    assert (position.lendable, position.keep_back, position.offerable) == (101, 11, 90)
    assert only(found([shared("1", "M", "100")])).offerable == 90
    assert only(found([shared("1", "M", "99")])).offerable == 80


def test_an_absolute_keep_back_is_never_more_than_there_is() -> None:
    rules = ShareRules(keep_back={"T": KeepBack(absolute=Decimal(15))})
    standing = found([shared("1", "T", "12")], rules)
    assert (only(standing).keep_back, only(standing).offerable) == (12, 0)
    why = standing.lines[0].why
    assert why is not None and sentence(why) == "12 of 12 H87 are kept back (minimum of 15)"
    assert only(found([shared("1", "T", "20")], rules)).offerable == 5
    (just,) = found([shared("1", "T", "15")], rules).lines
    assert just.why is not None and just.why.code == "kept_absolute"


@pytest.mark.parametrize(
    ("line", "needs", "code", "usable"),
    [
        (shared("1", "T", "9", NEVER), {}, "owner_never_lends", 9),
        (shared("1", "T", "9", Reason("donor_restricted", {"restriction": "x"})), {}, "donor_restricted", 9),
        (shared("1", "T", "9", status="repair"), {}, "status_blocked", 0),
        (shared("1", "T", "9", NEVER, status="repair"), {}, "owner_never_lends", 0),
        (shared("1", "T", "9", reserved=Decimal(9)), {}, "all_reserved", 0),
        (shared("1", "F", "9", expiry="2027-03-27"), {}, "expired", 0),
        (shared("1", "F", "9", expiry="2027-03-28"), {}, "short_dated", 9),
        (shared("1", "F", "9"), {}, "expiry_unknown", 0),
        (shared("1", "T", "1"), {}, "kept_percent", 1),
        (shared("1", "M", "9"), {}, "rounded", 9),
        (shared("1", "T", "9"), {"T": 9}, "own_need", 9),
    ],
)
def test_each_line_that_is_not_offered_says_why(
    line: SharedLine, needs: dict[str, int], code: str, usable: int
) -> None:
    standing = found([line], **needs)
    (stands,) = standing.lines
    assert stands.why is not None and stands.why.code == code and not stands.offered
    assert only(standing).usable == usable and sentence(stands.why)


@pytest.mark.parametrize(
    ("line", "needs", "figures"),
    [
        (shared("1", "T", "9"), {"T": 9}, {"kept": "9", "usable": "9", "unit": "H87"}),
        (shared("1", "T", "1"), {"T": 1}, {"kept": "1", "usable": "1", "unit": "H87"}),
        (shared("1", "T", "1"), {}, {"kept": "1", "percent": "10", "usable": "1", "unit": "H87"}),
        (shared("1", "M", "9"), {}, {"kept": "8", "step": "10", "usable": "9", "unit": "H87"}),
    ],
)
def test_what_is_not_offered_is_explained_by_its_figures(
    line: SharedLine, needs: dict[str, int], figures: dict[str, str]
) -> None:
    (stands,) = found([line], **needs).lines
    assert stands.why is not None and dict(stands.why.params) == figures


def test_a_single_piece_is_an_offer_too() -> None:
    standing = found([shared("1", "T", "2")])
    (stands,) = standing.lines
    assert only(standing).offerable == 1 and (stands.item, stands.why, stands.offered) == ("T", None, True)


def test_a_balance_of_no_measure_is_not_on_hand() -> None:
    for figure in ("NaN", "Infinity", "0"):
        assert only(found([shared("1", "T", figure), shared("2", "T", "3")])).on_hand == 3


def test_broken_goods_are_on_hand_but_not_usable() -> None:
    lines = [shared("1", "T", "9", status="repair"), shared("2", "T", "5", damaged=Decimal(2)), shared("3", "T", "-4")]
    position = only(found(lines))
    assert (position.on_hand, position.usable) == (14, 3)


def test_a_line_that_nobody_mapped_belongs_to_no_item_and_an_unknown_code_is_named() -> None:
    unmapped = SharedLine(shared("1", "T", "9").line, "1", None)
    standing = found([unmapped], X=3, T=2)
    assert [(line.ref, line.item, line.why and line.why.code) for line in standing.lines] == [("1", None, "unmapped")]
    assert standing.unknown == ("X",)
    assert (only(standing).item, only(standing).on_hand, only(standing).net_need) == ("T", 0, 2)
    assert standing.of("T") is only(standing) and standing.of("M") is None


def test_a_need_below_zero_is_refused() -> None:
    for need in ("-1", "NaN"):
        with pytest.raises(
            ValueError, match=r"^expected needs of at least 0; one is below; correct the list of needs$"
        ):
            stand([], {"T": Decimal(need)}, TENTH, CATALOGUE, TODAY)


@given(
    st.lists(st.tuples(st.integers(0, 60), st.booleans(), st.sampled_from(["A", "B"])), max_size=5),
    st.integers(0, 120),
    st.integers(0, 40),
)
def test_what_the_share_rules_propose_never_exceeds_the_position(
    stock: list[tuple[int, bool, str]], need: int, percent: int
) -> None:
    lines = [
        shared(str(number), "M", str(quantity), NEVER if never else None, location=place)
        for number, (quantity, never, place) in enumerate(stock)
    ]
    kept = {"default": KeepBack(percent=Decimal(percent))}
    rules = ShareRules(keep_back=kept, own_need={"M": Decimal(need)})
    position = found(lines, rules, M=need).of("M")
    assert position is not None
    offers = propose(lines, rules, CATALOGUE, {}, {}, {}, TODAY).offers
    assert sum(offer.quantity for offer in offers) <= position.offerable
    assert position.offerable + position.keep_back <= position.lendable <= position.usable <= position.on_hand
    assert position.own_use + position.net_need == position.gross_need
    assert position.offerable + position.own_use <= position.usable
    assert not (position.net_need and position.offerable)
    assert position.offerable % 10 == 0


def test_the_order_of_lines_changes_nothing(make_line: Callable[..., StockLine]) -> None:
    lines = [shared("1", "T", "10"), shared("2", "M", "30"), shared("3", "T", "7", NEVER)]
    assert found(lines, T=3, M=5) == found(lines[::-1], M=5, T=3)
