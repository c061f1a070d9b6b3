"""Share rules 6 to 10 over the whole stock of an item, and what holds for every stock."""

import random
from collections.abc import Callable
from datetime import date
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xstock_node.domain.catalogue import Catalogue, Category, Item
from xstock_node.domain.items import BaseUnit, Kind
from xstock_node.domain.mapping import Mapping, MappingKey, MappingState
from xstock_node.domain.share_rules import KeepBack, refs_of
from xstock_node.domain.sharing import Proposal, SharedLine, ShareRules, propose
from xstock_node.domain.stock import StockLine

Make = Callable[..., StockLine]
TODAY = date(2027, 3, 28)


def item(code: str, multiple: str = "1", category: Category = Category.BEDDING) -> Item:
    return Item(
        code=code, scheme="local:test", names={"en": code.title()}, category=category, multiple=Decimal(multiple)
    )


CATALOGUE = Catalogue(
    [
        item("TENT"),
        item("BLANKET", "10"),
        item("FOOD", "1", Category.FOOD),
        msgspec.structs.replace(item("PUMPS", "1", Category.TEAM), kind=Kind.TEAM, unit=BaseUnit.ONE),
    ]
)


def shared(line: StockLine, ref: str, code: str = "TENT", factor: str = "1") -> SharedLine:
    mapping = Mapping(
        key=MappingKey.of("store", line), code=code, base_unit=BaseUnit.PIECE, factor=Decimal(factor),
        state=MappingState.CONFIRMED, by="human", at=0,
    )  # fmt: skip
    return SharedLine(line, ref, mapping)


def proposed(lines: list[SharedLine], rules: ShareRules | None = None, **more: dict[object, Decimal]) -> Proposal:
    given_ = {"minimums": {}, "commitments": {}, "released": {}} | more
    return propose(lines, rules or ShareRules(), CATALOGUE, today=TODAY, **given_)  # type: ignore[arg-type]


def total(proposal: Proposal) -> Decimal:
    return sum((offer.quantity for offer in proposal.offers), Decimal(0))


def keep(**figures: str) -> ShareRules:
    return ShareRules(keep_back={"default": KeepBack(**{name: Decimal(text) for name, text in figures.items()})})


def test_rule_6_first_expired_goes_first(make_line: Make) -> None:
    lines = [
        shared(make_line("Mehl", "30", lot="C", expiry=None), "a", "FOOD"),
        shared(make_line("Mehl", "50", lot="B", expiry="2028-06-30"), "b", "FOOD"),
        shared(make_line("Mehl", "40", lot="A", expiry="2027-12-31"), "z", "FOOD"),
    ]
    proposal = proposed(lines, keep(absolute="70"))
    (offer,) = proposal.offers
    assert (offer.quantity, offer.lots, offer.refs) == (50, ("A", "B"), ("z", "b"))
    assert offer.earliest_expiry == "2027-12-31"
    notes = {note.ref: (note.quantity, note.partly) for note in proposal.not_offered}
    assert notes == {"b": (Decimal(40), True), "a": (Decimal(30), False)}


def test_rule_6a_own_people_first_from_what_may_not_be_lent(make_line: Make) -> None:
    rules = ShareRules(own_need={"TENT": Decimal(60)}, owners=("NS",))
    lines = [
        shared(make_line("Zelt", "100", owner="NS"), "1"),
        shared(make_line("Zelt", "40", owner="CP"), "2"),
        shared(make_line("Zelt", "500", owner="CP", status="karantena"), "3"),
    ]
    proposal = proposed(lines, rules)
    assert total(proposal) == 80
    note = next(note for note in proposal.not_offered if note.ref == "1")
    assert (note.rule, note.reason.code, note.reason.params["kept"]) == (6, "own_need", "20")
    assert total(proposed(lines, msgspec.structs.replace(rules, own_need={"TENT": Decimal(30)}))) == 100


@pytest.mark.parametrize(
    ("rules", "minimums", "offered", "why"),
    [
        (keep(percent="10"), {}, 90, "kept_percent"),
        (keep(percent="10.5"), {}, 89, "kept_percent"),
        (keep(percent="10", absolute="25"), {}, 75, "kept_absolute"),
        (keep(percent="10"), {("Central", "TENT"): Decimal(30)}, 70, "kept_minimum"),
        (keep(percent="100"), {}, 0, "kept_percent"),
    ],
)
def test_rule_7_keeps_the_largest_of_three(
    make_line: Make,
    rules: ShareRules,
    minimums: dict[tuple[str, str], Decimal],
    offered: int,
    why: str,
) -> None:
    proposal = proposed([shared(make_line("Zelt", "100"), "1")], rules, minimums=minimums)
    assert total(proposal) == offered
    assert [(note.rule, note.reason.code) for note in proposal.not_offered] == [(7, why)]


def test_rule_7_an_own_figure_for_an_item_replaces_the_default(make_line: Make) -> None:
    rules = ShareRules(keep_back={"default": KeepBack(percent=Decimal(50)), "TENT": KeepBack(absolute=Decimal(5))})
    assert total(proposed([shared(make_line("Zelt", "100"), "1")], rules)) == 95


def test_rule_7_local_minimum_holds_at_its_place(make_line: Make) -> None:
    lines = [
        shared(make_line("Deka", "100", location="A/Rack 1"), "1"),
        shared(make_line("Deka", "90", location="B"), "2"),
    ]
    proposal = proposed(lines, minimums={("A", "TENT"): Decimal(60), ("B", "TENT"): Decimal(200)})
    assert [(offer.place, offer.quantity) for offer in proposal.offers] == [("A", 40)]


def test_rule_7_a_minimum_by_local_code_counts_in_the_lines_unit(make_line: Make) -> None:
    line = make_line("Deka", "10", unit="bale", item_code="0007")
    proposal = proposed([shared(line, "1", "BLANKET", "25")], minimums={("Central", "0007"): Decimal(4)})
    assert total(proposal) == 150


def test_rule_7_and_9_of_teams_nothing_stays_but_what_was_said_of_teams_and_they_leave_whole(make_line: Make) -> None:
    ten, half = KeepBack(percent=Decimal(10)), KeepBack(percent=Decimal(50))
    lines = [shared(make_line("HCP", "3.5", lot=None, expiry=None), "a", "PUMPS")]
    of_goods = ShareRules(keep_back={"default": ten}, step={"default": Decimal(10)})
    assert total(proposed(lines, of_goods)) == 3
    assert proposed(lines, of_goods).offers[0].needs_release
    assert total(proposed(lines, ShareRules(keep_back={"default": ten, "team": half}))) == 1
    assert total(proposed(lines, ShareRules(keep_back={"team": ten, "PUMPS": half}))) == 1
    assert total(proposed(lines, ShareRules(step={"team": Decimal(2)}))) == 2


def test_rule_8_what_is_promised_is_not_offered_again(make_line: Make) -> None:
    proposal = proposed([shared(make_line("Zelt", "100"), "1")], commitments={"TENT": Decimal(30)})
    assert total(proposal) == 70
    assert proposal.not_offered[0].rule == 8
    assert total(proposed([shared(make_line("Zelt", "100"), "1")], commitments={"TENT": Decimal(300)})) == 0


def test_rule_9_whole_lots_and_coarse_steps(make_line: Make) -> None:
    lines = [shared(make_line("Deka", "137"), "1", "BLANKET")]
    assert total(proposed(lines)) == 130
    assert total(proposed(lines, ShareRules(step={"BLANKET": Decimal(25)}))) == 100
    assert total(proposed(lines, ShareRules(step={"default": Decimal(50)}))) == 100
    few = proposed([shared(make_line("Deka", "7"), "1", "BLANKET")])
    assert few.offers == []
    assert [(note.rule, note.reason.code, note.partly) for note in few.not_offered] == [(9, "rounded", False)]


def test_rule_9_a_lot_leaves_one_store_and_not_two(make_line: Make) -> None:
    lines = [
        shared(make_line("Deka", "15", location="A"), "1", "BLANKET"),
        shared(make_line("Deka", "25", location="B"), "2", "BLANKET"),
    ]
    proposal = proposed(lines)
    assert [(offer.place, offer.quantity) for offer in proposal.offers] == [("A", 10), ("B", 20)]
    assert {note.ref: note.quantity for note in proposal.not_offered} == {"1": 5, "2": 5}


def test_the_place_with_most_to_spare_gives_first(make_line: Make) -> None:
    lines = [
        shared(make_line("Zelt", "40", location="A"), "1"),
        shared(make_line("Zelt", "70", location="B/7"), "2"),
        shared(make_line("Zelt", "20", location="B/9"), "3"),
    ]
    proposal = proposed(lines, keep(absolute="30"))
    assert [(offer.place, offer.quantity) for offer in proposal.offers] == [("A", 10), ("B", 90)]


@pytest.mark.parametrize(
    ("released", "why"),
    [({}, "release_new"), ({"TENT": Decimal(100)}, None), ({"TENT": Decimal(84)}, None),
     ({"TENT": Decimal(83)}, "release_above"), ({"BLANKET": Decimal(900)}, "release_new")],
)  # fmt: skip
def test_rule_10_new_items_and_large_rises_wait_for_a_person(
    make_line: Make, released: dict[object, Decimal], why: str | None
) -> None:
    (offer,) = proposed([shared(make_line("Zelt", "100"), "1")], released=released).offers
    assert offer.needs_release == (why is not None)
    assert (offer.release_reason.code if offer.release_reason else None) == why


def test_the_owners_words_of_the_largest_line_name_the_offer(make_line: Make) -> None:
    lines = [shared(make_line("Zelt alt", "10"), "1"), shared(make_line("Zelt groß", "90", status="neu"), "2")]
    (offer,) = proposed(lines).offers
    assert (offer.name, offer.condition, offer.unit) == ("Zelt groß", "serviceable", "H87")
    (nameless,) = proposed([shared(make_line(None, "5", item_code="9", status="NEW"), "1")]).offers
    assert (nameless.name, nameless.condition) == ("Tent", "new")


def test_two_lines_of_one_ref_are_refused(make_line: Make) -> None:
    with pytest.raises(ValueError, match="ref of its own"):
        proposed([shared(make_line(), "1"), shared(make_line(), "1")])


LINE = st.builds(
    lambda quantity, reserved, place, expiry, status, flags, owner: StockLine(
        item_code=None, item_name="Thing", quantity=Decimal(quantity), unit="pcs", location=place, lot=None,
        expiry=expiry, reserved=Decimal(reserved), status=status, flags=flags, owner=owner,
    ),
    quantity=st.integers(-5, 400),
    reserved=st.integers(0, 40),
    place=st.sampled_from(["A", "A/1", "B", "C", None]),
    expiry=st.sampled_from([None, "2027-01-31", "2027-05-31", "2028-12-31", "2029-12-31"]),
    status=st.sampled_from([None, "new", "quarantine"]),
    flags=st.sampled_from([(), (), ("needs_confirmation",)]),
    owner=st.sampled_from(["NS", "CP"]),
)  # fmt: skip
STOCK = st.lists(st.tuples(LINE, st.sampled_from(["TENT", "BLANKET", "FOOD", None])), max_size=12)
FIGURE = st.integers(0, 120).map(Decimal)
RULES = st.builds(
    lambda percent, absolute, own, step, owners: ShareRules(
        keep_back={"default": KeepBack(percent=percent, absolute=absolute)}, own_need={"TENT": own},
        step={"BLANKET": step}, owners=owners,
    ),
    percent=st.integers(0, 100).map(Decimal),
    absolute=FIGURE,
    own=FIGURE,
    step=st.sampled_from([Decimal(1), Decimal(25), Decimal(100)]),
    owners=st.sampled_from([None, ("NS",)]),
)  # fmt: skip
MINIMUMS = st.dictionaries(st.tuples(st.sampled_from("AB"), st.sampled_from(["TENT", "BLANKET"])), FIGURE, max_size=4)
PROMISED = st.dictionaries(st.sampled_from(["TENT", "FOOD"]), FIGURE)


def numbered(stock: list[tuple[StockLine, str | None]]) -> list[SharedLine]:
    return [
        shared(line, str(number), code) if code else SharedLine(line, str(number), None)
        for number, (line, code) in enumerate(stock)
    ]


@settings(max_examples=150, deadline=None)
@given(STOCK, RULES, MINIMUMS, PROMISED)
def test_never_more_than_what_may_leave(
    stock: list[tuple[StockLine, str | None]],
    rules: ShareRules,
    minimums: dict[object, Decimal],
    promised: dict[object, Decimal],
) -> None:
    lines = numbered(stock)
    proposal = proposed(lines, rules, minimums=minimums, commitments=promised)
    free = {shared_.ref: shared_.line.quantity - (shared_.line.reserved or 0) for shared_ in lines}
    refused = {note.ref for note in proposal.not_offered if note.rule <= 5}
    for code in ("TENT", "BLANKET", "FOOD"):
        offers = [offer for offer in proposal.offers if offer.code == code]
        offered = sum((offer.quantity for offer in offers), Decimal(0))
        usable = sum(
            (free[s.ref] for s in lines if s.mapping and s.mapping.code == code and s.ref not in refused), Decimal(0)
        )
        rule = rules.kept_back(item(code))
        kept = max(rule.absolute, usable * rule.percent / 100)
        assert offered <= max(Decimal(0), usable - kept - promised.get(code, Decimal(0)))
        for offer in offers:
            assert offer.quantity > 0 and offer.quantity % offer.multiple == 0
            there = sum((free[ref] for ref in offer.refs), Decimal(0))
            assert offer.quantity <= there


@settings(max_examples=150, deadline=None)
@given(STOCK, RULES, MINIMUMS)
def test_every_line_is_offered_or_told_why(
    stock: list[tuple[StockLine, str | None]], rules: ShareRules, minimums: dict[object, Decimal]
) -> None:
    lines = numbered(stock)
    proposal = proposed(lines, rules, minimums=minimums)
    offered, told = refs_of(proposal.offers), {note.ref for note in proposal.not_offered}
    assert offered | told == {line.ref for line in lines}
    assert offered & told == {note.ref for note in proposal.not_offered if note.partly}


@settings(max_examples=150, deadline=None)
@given(STOCK, RULES, MINIMUMS, PROMISED, st.integers(1, 300), st.randoms(use_true_random=False))
def test_more_stock_never_makes_a_smaller_offer(
    stock: list[tuple[StockLine, str | None]],
    rules: ShareRules,
    minimums: dict[object, Decimal],
    promised: dict[object, Decimal],
    more: int,
    chance: random.Random,
) -> None:
    if not stock:
        return
    place = chance.randrange(len(stock))
    line, code = stock[place]
    grown = list(stock)
    grown[place] = (msgspec.structs.replace(line, quantity=line.quantity + more), code)
    before = proposed(numbered(stock), rules, minimums=minimums, commitments=promised)
    after = proposed(numbered(grown), rules, minimums=minimums, commitments=promised)
    assert total(after) >= total(before)


@settings(max_examples=100, deadline=None)
@given(STOCK, RULES, MINIMUMS, st.randoms(use_true_random=False))
def test_the_order_of_lines_changes_nothing(
    stock: list[tuple[StockLine, str | None]],
    rules: ShareRules,
    minimums: dict[object, Decimal],
    chance: random.Random,
) -> None:
    lines = numbered(stock)
    mixed = list(lines)
    chance.shuffle(mixed)
    assert proposed(lines, rules, minimums=minimums) == proposed(mixed, rules, minimums=minimums)
