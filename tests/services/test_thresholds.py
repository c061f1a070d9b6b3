"""When an offer needs a second person: by share of all there is of an item, by value, however its lines are cut."""

from decimal import Decimal
from typing import Any

import pytest

from xstock_node.domain.commitments import NEVER
from xstock_node.domain.rights import Grant, Role
from xstock_node.domain.steps import Line
from xstock_node.services.approving import Pending, sign_with
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Thresholds
from xstock_node.services.promises import Stock
from xstock_node.services.thresholds import Medicines, needs_of

TENT = ("TENT", "H87")
STOCK = Stock({TENT: Decimal(100), ("BED", "H87"): Decimal(1000)}, NEVER)


def tents(quantity: int, **more: Any) -> Line:
    return Line(item="TENT", unit="H87", qty=(quantity, 0), **more)


def second(*lines: Line, verb: str = "offer") -> list[str]:
    """Why a second person is needed."""
    return needs_of(verb, lines, STOCK, Thresholds()).get("approve", [])


def test_ten_of_a_hundred_need_nobody_and_eleven_do_however_they_are_cut() -> None:
    assert second(tents(10)) == []
    assert second(tents(11)) == ["11 % of the TENT that there are"]
    assert second(tents(10), Line(item="TENT", unit="H87", qty=(1, -2))) == ["10.1 % of the TENT that there are"]
    assert second(*[tents(3)] * 4) == ["12 % of the TENT that there are"]
    assert second(tents(6), Line(item="BED", unit="H87", qty=(5, 0)), tents(5)) == ["11 % of the TENT that there are"]


def test_a_value_is_summed_and_one_without_a_threshold_is_looked_at_by_a_second_person() -> None:
    def worth(value: int, currency: str = "EUR") -> Line:
        return tents(1, value=(value, 0), currency=currency)

    assert second(worth(25_000)) == []
    assert second(worth(12_500), worth(12_501)) == ["a value of 25001 EUR"]
    assert "RSD" in second(worth(1, "RSD"))[0]


def test_the_value_of_the_stock_counts_where_a_line_says_none() -> None:
    dear = STOCK._replace(worth={TENT: (Decimal("12500.5"), "EUR")})

    def why(*lines: Line, stock: Stock = dear, **limits: Any) -> list[str]:
        return needs_of("offer", lines, stock, Thresholds(**limits)).get("approve", [])

    assert why(tents(1)) == [] and why(tents(2)) == ["a value of 25001.0 EUR"]
    assert why(tents(2, value=(1, 0), currency="EUR")) == ["a value of 25001.0 EUR"], "a line does not make it cheap"
    below = Line(item="BED", unit="H87", qty=(1, 0), value=(-9, 9), currency="EUR")
    assert why(tents(2), below) == ["a value of 25001.0 EUR"], "nor another line"
    assert "RSD" in why(tents(1), stock=STOCK._replace(worth={TENT: (Decimal(1), "RSD")}))[0]
    assert why(tents(1), stock=STOCK) == []
    told = needs_of("offer", [tents(1)], STOCK, Thresholds())["release"]
    assert told == ["the stock owner releases every offer", "the value of TENT is not known"]
    assert why(tents(1), stock=STOCK, unknown_value=True) == ["the value of TENT is not known"]


def test_what_the_same_requester_is_promised_already_counts_with_what_is_offered_now() -> None:
    dear = STOCK._replace(worth={TENT: (Decimal(6000), "EUR")})

    def why(held: int, **limits: Any) -> list[str]:
        owed = {TENT: Decimal(held), ("BED", "H87"): Decimal(1000)}
        return needs_of("offer", [tents(2)], dear, Thresholds(**limits), owed=owed).get("approve", [])

    assert why(0) == [] and why(2) == [], "beds that they hold are no tents"
    assert why(3) == ["a value of 30000 EUR"]
    beside = ", with 9 that they are promised already"
    assert why(9, value=Decimal(10**9)) == [f"11 % of the TENT that there are{beside}"]
    assert f"more than 10 of TENT{beside}" in why(9, pieces={"TENT": Decimal(10)})


def test_a_request_needs_a_second_person_above_its_own_thresholds_alone() -> None:
    known = STOCK._replace(worth={TENT: (Decimal(300), "EUR"), ("BED", "H87"): (Decimal(9), "RSD")})
    beds = Line(item="BED", unit="H87", qty=(1000, 0))

    def why(*lines: Line, verb: str = "request", **limits: Any) -> list[str]:
        return needs_of(verb, lines, known, Thresholds(**limits)).get("approve", [])

    assert why(tents(10**6)) == [], "no threshold is set"
    assert why(tents(10), ask_value=Decimal(3000)) == []
    assert why(tents(5), tents(6), ask_value=Decimal(3000)) == ["a value of 3300 EUR asked for"]
    assert why(tents(5), tents(6), ask_pieces={"TENT": Decimal(10)}) == ["more than 10 of TENT asked for"]
    assert why(tents(11), verb="amend", ask_pieces={"TENT": Decimal(10)}) == ["more than 10 of TENT asked for"]
    packs = Line(item="TENT", unit="PK", qty=(6, 0))
    assert why(tents(5), packs, ask_pieces={"TENT": Decimal(10)}) == ["more than 10 of TENT asked for"], "in packs too"
    assert why(beds, ask_value=Decimal(1)) == [], "its value is known in another currency alone"
    told = ["the value of BED in EUR is not known"]
    assert why(beds, ask_value=Decimal(1), unknown_value=True) == told and why(beds, unknown_value=True) == []
    assert list(needs_of("request", [tents(11)], known, Thresholds(ask_value=Decimal(1)))) == ["ask", "approve"]


def test_so_many_of_an_item_need_a_second_person_whatever_there_is() -> None:
    limits = Thresholds(pieces={"BED": Decimal(5)})
    beds = [Line(item="BED", unit="H87", qty=(n, 0)) for n in (5, 1)]
    assert "approve" not in needs_of("offer", beds[:1], STOCK, limits)
    assert needs_of("offer", beds, STOCK, limits)["approve"] == ["more than 5 of BED"]
    packs = Line(item="BED", unit="PK", qty=(1, 0))
    assert needs_of("offer", [beds[0], packs], STOCK, limits)["approve"] == ["more than 5 of BED"], "in packs too"


@pytest.mark.parametrize(("verb", "rights"), [("offer", ["release"]), ("standby", ["release"]), ("decline", [])])
def test_the_stock_owner_releases_every_promise(verb: str, rights: list[str]) -> None:
    assert list(needs_of(verb, [tents(1)], STOCK, Thresholds())) == rights


def test_medicines_need_the_pharmacist_where_there_is_one_else_the_owner_alone_is_told_so() -> None:
    def needs(verb: str, pharmacist: bool, *items: str) -> dict[str, list[str]]:
        return needs_of(verb, [tents(1)], STOCK, Thresholds(), Medicines(items, pharmacist))

    for verb in ("offer", "standby", "amended"):
        assert needs(verb, True, "MORPHINE")["pharmacist"] == ["medicines: MORPHINE"]
        alone = needs(verb, False, "MORPHINE")
        assert list(alone) == ["release"] and any("nobody here is a pharmacist" in why for why in alone["release"])
        assert list(needs(verb, True)) == ["release"]
    assert list(needs("dispatch", True, "MORPHINE")) == ["pharmacist"]
    assert needs("dispatch", False, "MORPHINE") == needs("dispatch", True) == needs("close", True, "MORPHINE") == {}


def test_the_check_of_a_pharmacist_is_no_second_pair_of_eyes() -> None:
    """One person may be stock owner and pharmacist; release and approval stay two people's."""
    waits = Pending(
        id="1", case="c", verb="offer", fields={}, by="eva", at=1, needs=("release", "pharmacist", "approve")
    )
    both = Actor("eva", "test", (Grant(role=Role.STOCK_OWNER), Grant(role=Role.PHARMACIST), Grant(role=Role.APPROVER)))
    signed = sign_with(waits, both, 2)
    assert signed.missing == ("approve",)
    with pytest.raises(Refusal):
        sign_with(signed, both, 3)
    alone = sign_with(waits, Actor("mia", "test", (Grant(role=Role.PHARMACIST),)), 2)
    assert alone.missing == ("release", "approve")
