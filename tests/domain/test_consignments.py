"""Numbers of handling units, sums that name what they do not know, and what may not travel together."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xstock_node.domain import consignments as room
from xstock_node.domain.consignments import (
    Consignment,
    Content,
    DangerousGoods,
    HandlingClass,
    HandlingUnit,
    Leg,
    Mode,
    UnitReceipt,
)
from xstock_node.domain.fields import FieldError
from xstock_node.domain.items import BaseUnit
from xstock_node.domain.reasons import Reason, sentence
from xstock_node.domain.sscc import barcode_content, check_digit, make_sscc, read_sscc, shown

DAY = datetime(2027, 3, 28, 6, tzinfo=UTC)


WHOLE = {"handling", "gross_kg", "net_kg", "m3", "packages"}


def unit(serial: int = 1, quantity: str = "40", **rest: object) -> HandlingUnit:
    """A unit with one content; what is no field of a unit is one of its content."""
    own = {name: value for name, value in rest.items() if name in WHOLE}
    content = Content(
        item="HSHETENTF16C", quantity=Decimal(quantity), unit=BaseUnit.PIECE,
        **{name: value for name, value in rest.items() if name not in WHOLE},
    )  # type: ignore[arg-type]  # fmt: skip
    return HandlingUnit(sscc=make_sscc("3801234", serial), contents=(content,), **own)  # type: ignore[arg-type]


def consignment(*units: HandlingUnit, **rest: object) -> Consignment:
    fields: dict[str, object] = {"handling": HandlingClass.GENERAL} | rest
    return Consignment(id="C1", origin="BGVID", destination="ROCRA", units=units, **fields)  # type: ignore[arg-type]


def codes(reasons: list[Reason]) -> list[str]:
    assert all("{" not in sentence(reason) and sentence(reason) != reason.code for reason in reasons)
    return [reason.code for reason in reasons]


def test_the_check_digit_is_that_of_the_standard_s_example() -> None:
    # GS1 General Specifications, section 7.9.1: 37610425002123456 takes the check digit 9
    assert check_digit("37610425002123456") == "9"


@given(prefix=st.text("0123456789", min_size=4, max_size=12), extension=st.integers(0, 9), data=st.data())
def test_a_made_sscc_reads_back_and_any_one_wrong_digit_is_seen(
    prefix: str, extension: int, data: st.DataObject
) -> None:
    sscc = make_sscc(prefix, data.draw(st.integers(0, 10 ** (16 - len(prefix)) - 1)), extension)
    assert read_sscc(sscc) == read_sscc(shown(sscc)) == read_sscc(barcode_content(sscc)) == sscc
    place, wrong = data.draw(st.integers(0, 17)), data.draw(st.integers(1, 9))
    changed = sscc[:place] + str((int(sscc[place]) + wrong) % 10) + sscc[place + 1 :]
    with pytest.raises(FieldError, match="as the last digit"):
        read_sscc(changed)


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: make_sscc("123", 1), "prefix of 4 to 12 digits"),
        (lambda: make_sscc("380A234", 1), "prefix of 4 to 12 digits"),
        (lambda: make_sscc("٣٨٠١٢٣٤", 1), "prefix of 4 to 12 digits"),
        (lambda: make_sscc("380123456789", 10_000), "from 0 to 9999"),
        (lambda: make_sscc("3801234", -1), "from 0 to 999999999"),
        (lambda: make_sscc("3801234", 1, 10), "extension digit"),
        (lambda: read_sscc("3801234"), "18 digits"),
        (lambda: read_sscc("(00) 38012340000000001x"), "18 digits"),
        (lambda: check_digit(""), "digits alone"),
    ],
)
def test_a_wrong_number_is_refused_with_what_was_expected(make: Callable[[], str], expected: str) -> None:
    with pytest.raises(FieldError, match=expected):
        make()


def test_sums_name_the_units_whose_figure_is_unknown_and_never_count_them_as_nothing() -> None:
    known, heavy = unit(1, gross_kg=Decimal("2200.5"), m3=Decimal("11.27")), unit(2, gross_kg=Decimal(10))
    assert room.gross_kg([known, heavy]) == (Decimal("2210.5"), ())
    assert room.volume_m3([known, heavy]) == (Decimal("11.27"), (heavy.sscc,))
    assert room.gross_kg([known, heavy]).figure == Decimal("2210.5")
    assert room.volume_m3([known, heavy]).figure is None
    assert room.net_kg([]).figure == 0


def test_values_stay_apart_by_currency_and_name_what_has_none() -> None:
    units = [
        unit(1, value=Decimal(100), currency="EUR"),
        unit(2, value=Decimal(7), currency="RSD"),
        unit(3),
        unit(4, value=Decimal(1), currency="EUR"),
    ]
    assert room.values(units) == {"EUR": (Decimal(101), (units[2].sscc,)), "RSD": (Decimal(7), (units[2].sscc,))}


@given(st.lists(st.none() | st.decimals(1, 10**6, places=3), max_size=8))
def test_a_sum_and_its_unknowns_account_for_every_unit(weights: list[Decimal | None]) -> None:
    units = [unit(number, gross_kg=weight) for number, weight in enumerate(weights)]
    found = room.gross_kg(units)
    assert found.known == sum((w for w in weights if w is not None), Decimal(0))
    assert len(found.unknown) == weights.count(None)


def test_food_of_animal_origin_medicines_dangerous_goods_and_the_rest_travel_apart() -> None:
    fuel = DangerousGoods(un_number="1202", name="DIESEL FUEL", hazard_class="3", packing_group="III", tunnel="(D/E)")
    units = (
        unit(1),
        unit(2, handling=HandlingClass.MEDICINES),
        unit(3, handling=HandlingClass.DANGEROUS, dangerous=fuel),
        unit(4, handling=HandlingClass.ANIMAL_FOOD),
    )
    assert codes(room.faults(consignment(*units))) == ["mixed_handling"] * 3
    parts = room.by_handling(units)
    assert list(parts) == list(HandlingClass)
    assert all(not room.faults(consignment(*part, handling=kind)) for kind, part in parts.items())


def test_a_consignment_that_cannot_leave_says_why() -> None:
    assert codes(room.faults(consignment())) == ["no_units"]
    assert codes(room.faults(consignment(unit(1), unit(1)))) == ["unit_twice"]
    legs = (
        Leg(mode=Mode.ROAD, origin="BGVID", destination="ROCLF", departure=DAY, arrival=DAY.replace(hour=9)),
        Leg(mode=Mode.RAIL, origin="ROBUH", destination="ROBBU", departure=DAY.replace(hour=8)),
    )
    assert codes(room.faults(consignment(unit(), legs=legs))) == ["leg_broken", "leg_backwards", "leg_short"]
    assert not room.faults(consignment(unit(), legs=(Leg(mode=Mode.ROAD, origin="BGVID", destination="ROCRA"),)))


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"quantity": "0"}, "quantity above zero"),
        ({"gross_kg": Decimal(0)}, "gross_kg above zero"),
        ({"m3": Decimal("NaN")}, "m3 above zero"),
        ({"value": Decimal(5)}, "value with its currency"),
        ({"handling": HandlingClass.DANGEROUS}, "UN number"),
    ],
)
def test_an_impossible_unit_is_refused(fields: dict[str, object], expected: str) -> None:
    with pytest.raises(FieldError, match=expected):
        unit(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("fields", [{"un_number": "12"}, {"packing_group": "IV"}])
def test_dangerous_goods_have_the_particulars_of_adr(fields: dict[str, str]) -> None:
    with pytest.raises(FieldError):
        DangerousGoods(**({"un_number": "1202", "name": "DIESEL FUEL", "hazard_class": "3"} | fields))


def receipt(good: str, damaged: str = "0", short: str = "0", over: str = "0", reasons: tuple[str, ...] = ("wet",),
            serial: int = 1) -> UnitReceipt:  # fmt: skip
    return UnitReceipt(
        sscc=make_sscc("3801234", serial), item="HSHETENTF16C", good=Decimal(good), damaged=Decimal(damaged),
        short=Decimal(short), over=Decimal(over), reasons=reasons,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("counted", "why"),
    [
        (receipt("38", "2"), []),
        (receipt("40", reasons=()), []),
        (receipt("36", "2", "2"), []),
        (receipt("43", over="3"), []),
        (receipt("38", "2", reasons=()), ["count_without_reason"]),
        (receipt("38"), ["count_unbalanced"]),
        (receipt("42", "-2"), ["count_impossible"]),
        (receipt("40", serial=2), ["other_unit"]),
    ],
)
def test_a_receipt_balances_against_what_was_sent(counted: UnitReceipt, why: list[str]) -> None:
    assert codes(room.faults_of_receipt(unit(1), counted)) == why


def test_a_mixed_unit_is_counted_item_by_item_and_weighed_once() -> None:
    first = unit(1, gross_kg=Decimal(300))
    blankets = Content(item="HSHEBLANWHE", quantity=Decimal(50), unit=BaseUnit.PIECE, lot="A")
    more = Content(item="HSHEBLANWHE", quantity=Decimal(30), unit=BaseUnit.PIECE, lot="B")
    mixed = msgspec.structs.replace(first, contents=(*first.contents, blankets, more))
    assert room.gross_kg([mixed]) == (Decimal(300), ())
    assert (mixed.sent("HSHEBLANWHE"), mixed.sent("HSHETENTF16C"), mixed.sent("?")) == (80, 40, 0)
    count = UnitReceipt(sscc=mixed.sscc, item="HSHEBLANWHE", good=Decimal(80))
    assert codes(room.faults_of_receipt(mixed, count)) == []


def test_a_unit_holds_something() -> None:
    with pytest.raises(FieldError, match="something on the unit"):
        HandlingUnit(sscc=make_sscc("3801234", 1), contents=())
