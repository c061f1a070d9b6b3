"""Words and Rec 20 codes convert exactly, packs only by what somebody stated, figures travel as canonical pairs."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xstock_node.domain.items import BaseUnit
from xstock_node.domain.stock import Unit
from xstock_node.domain.units import (
    MAX_INTEGER,
    MAX_POWER,
    PACKS,
    UnitError,
    base_unit_of,
    convert,
    decimal_pair,
    exact,
    factor,
    from_decimal_pair,
    word_of,
)


@pytest.mark.parametrize(
    ("quantity", "unit", "base_unit", "expected"),
    [
        ("12", "pcs", "H87", "12"),
        ("1.5", "t", "KGM", "1500"),
        ("1240.50", "kg", "KGM", "1240.5"),
        ("3", "kit", "SET", "3"),
        ("3", "kit", "H87", "3"),
        ("3", "pcs", "SET", "3"),
        ("2", "pcs", "C62", "2"),
        ("7", "pair", "PR", "7"),
        ("250", "m", "MTR", "250"),
        ("9", "l", "LTR", "9"),
        ("5", "vial", "H87", "5"),
        ("4", "H87", "SET", "4"),
        ("4", "KGM", "KGM", "4"),
    ],
)
def test_measures_convert(quantity: str, unit: str, base_unit: str, expected: str) -> None:
    assert str(convert(Decimal(quantity), unit, base_unit)) == expected


@pytest.mark.parametrize(
    ("unit", "base_unit"),
    [("pcs", "KGM"), ("kg", "LTR"), ("pair", "H87"), ("m", "H87"), ("l", "KGM"), ("spoon", "H87"), ("pcs", "pcs"),
     ("LTR", "KGM"), ("t", "TNE")],
)  # fmt: skip
def test_another_kind_of_measure_is_refused(unit: str, base_unit: str) -> None:
    assert factor(unit, base_unit) is None
    with pytest.raises(UnitError, match="expected a unit that becomes"):
        convert(Decimal(1), unit, base_unit)


@pytest.mark.parametrize("pack", sorted(PACKS))
def test_a_pack_is_opened_only_by_a_stated_content(pack: str) -> None:
    with pytest.raises(UnitError, match=f"content of one {pack}"):
        convert(Decimal(8), pack, "H87")
    assert convert(Decimal(8), pack, "H87", pack_factor=Decimal(25)) == 200
    assert base_unit_of(pack) is None and factor(pack, "H87") is None


def test_every_word_is_a_measure_or_a_pack() -> None:
    assert {"box", "carton", "bale", "pallet", "pack", "roll"} == set(PACKS)
    for word in Unit:
        assert (base_unit_of(word) is None) == (word in PACKS)


def test_every_base_unit_has_a_word_that_leads_back() -> None:
    for code in BaseUnit:
        word = word_of(code)
        assert word is not None and factor(word, code) == 1
    assert word_of("XYZ") is None


@pytest.mark.parametrize(
    ("figure", "pair"),
    [("1200", (12, 2)), ("1.50", (15, -1)), ("-0.5", (-5, -1)), ("0.000", (0, 0)), ("-0", (0, 0)), ("7", (7, 0)),
     ("1E+3", (1, 3)), ("3E+11", (300, 9)), ("1E+24", (10**15, 9)), ("9007199254740991", (MAX_INTEGER, 0))],
)  # fmt: skip
def test_canonical_pairs(figure: str, pair: tuple[int, int]) -> None:
    assert decimal_pair(Decimal(figure)) == pair
    assert from_decimal_pair(pair) == Decimal(figure)


@pytest.mark.parametrize("figure", ["9007199254740993", "NaN", "Infinity", "1E+25", "1E-10", "1E+400", "0.1234567891"])
def test_figures_that_do_not_fit_are_refused(figure: str) -> None:
    with pytest.raises(UnitError):
        decimal_pair(Decimal(figure))


@pytest.mark.parametrize("pair", [(10, 0), (0, 1), (MAX_INTEGER + 1, 0), (1, MAX_POWER + 1), (1, -MAX_POWER - 1)])
def test_pairs_that_are_not_canonical_are_refused(pair: tuple[int, int]) -> None:
    with pytest.raises(UnitError):
        from_decimal_pair(pair)


@given(st.integers(-MAX_INTEGER, MAX_INTEGER), st.integers(-9, 9))
def test_a_figure_survives_the_pair(integer: int, power: int) -> None:
    figure = Decimal(integer).scaleb(power)
    try:
        pair = decimal_pair(figure)
    except UnitError:
        return
    assert from_decimal_pair(pair) == figure
    assert decimal_pair(exact(figure)) == pair


def test_a_figure_is_shown_without_exponent() -> None:
    assert str(exact(Decimal("1E+3"))) == "1000"
    assert str(exact(Decimal("20.500"))) == "20.5"
    assert str(from_decimal_pair((3000000, 9))) == "3000000000000000"
    assert str(exact(Decimal("-0.0"))) == "0"
    assert str(exact(Decimal("1" * 40 + ".50"))) == "1" * 40 + ".5"
