"""Decisions about lines: what they are bound to, what voids them, how quantities become catalogue units."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from xstock_node.domain.items import BaseUnit
from xstock_node.domain.mapping import (
    Mapping,
    MappingKey,
    MappingState,
    MappingTable,
    base_quantity,
    default_factor,
    keys_of,
    objection,
)
from xstock_node.domain.stock import StockLine
from xstock_node.domain.units import UnitError

Make = Callable[..., StockLine]


def mapping(local: str, unit: str = "pcs", factor: str = "1", state: str = "confirmed") -> Mapping:
    return Mapping(
        key=MappingKey("store", local, unit),
        code="HSHETENTF16C",
        base_unit=BaseUnit.PIECE,
        factor=Decimal(factor),
        state=MappingState(state),
        by="logistics",
        at=0,
    )


def test_a_code_wins_over_the_name_and_survives_a_new_name(make_line: Make) -> None:
    table = MappingTable([mapping("0012")])
    assert table.find("store", make_line("Šator", item_code="0012")) is not None
    assert table.find("store", make_line("Veliki šator", item_code="0012")) is not None
    assert table.find("store", make_line("Šator", item_code="0013")) is None
    assert table.find("other store", make_line("Šator", item_code="0012")) is None


def test_without_a_code_the_folded_name_counts(make_line: Make) -> None:
    table = MappingTable([mapping("porodicni sator 16 m2")])
    assert table.find("store", make_line("Породични шатор 16 m²")) is not None
    assert table.find("store", make_line("PORODIČNI  ŠATOR, 16 m2")) is not None
    assert table.find("store", make_line("Porodični šator 18 m²")) is None


def test_a_changed_unit_voids_with_the_reason(make_line: Make) -> None:
    table = MappingTable([mapping("0012")])
    changed = make_line("Šator", item_code="0012", unit="bale")
    assert table.find("store", changed) is None
    why = table.void("store", changed)
    assert why is not None and why.code == "unit_changed"
    assert why.params == {"before": "pcs", "now": "bale"}
    assert table.void("store", make_line("Šator", item_code="0012")) is None
    assert table.void("store", make_line("Cerada", item_code="0099")) is None


def test_a_line_without_code_and_name_is_never_mapped(make_line: Make) -> None:
    table = MappingTable([mapping("")])
    assert table.find("store", make_line(None)) is None
    assert table.find("store", make_line(" - ")) is None


def test_the_last_decision_about_a_key_counts() -> None:
    table = MappingTable([mapping("a"), mapping("a", state="rejected")])
    assert len(table) == 1


@pytest.mark.parametrize(
    ("state", "code"),
    [("confirmed", None), ("proposed", "mapping_proposed"), ("rejected", "mapping_rejected")],
)
def test_only_confirmed_lines_may_become_offers(state: str, code: str | None) -> None:
    why = objection(mapping("a", state=state))
    assert (why.code if why else None) == code
    unmapped = objection(None)
    assert unmapped is not None and unmapped.code == "unmapped"


def test_the_confirmed_factor_opens_packs(make_line: Make) -> None:
    bales = make_line("Deka", "12.5", unit="bale")
    assert base_quantity(bales, mapping("deka", "bale", "20")) == 250
    assert base_quantity(bales, mapping("deka", "bale", "20"), part=Decimal(2)) == 40


def test_the_content_stated_on_the_line_beats_the_factor(make_line: Make) -> None:
    stated = make_line("Deka", "10", unit="bale", pack_factor=Decimal(25), base_unit="pcs", base_quantity=Decimal(250))
    assert base_quantity(stated, mapping("deka", "bale", "20")) == 250
    assert default_factor(stated, BaseUnit.PIECE) == 25


def test_a_stated_content_of_another_measure_is_refused(make_line: Make) -> None:
    stated = make_line("Deka", "10", unit="pallet", pack_factor=Decimal(500), base_unit="kg")
    with pytest.raises(UnitError):
        base_quantity(stated, mapping("deka", "pallet", "20"))
    assert default_factor(stated, BaseUnit.PIECE) is None


def test_a_default_factor_is_never_guessed_for_a_pack(make_line: Make) -> None:
    assert default_factor(make_line(unit="t"), BaseUnit.KILOGRAM) == 1000
    assert default_factor(make_line(unit="box"), BaseUnit.PIECE) is None
    assert default_factor(make_line(unit=None), BaseUnit.PIECE) is None
    assert default_factor(make_line(unit="box", pack_factor=Decimal(6)), BaseUnit.PIECE) == 6


def test_what_a_person_means_by_a_code_or_a_name(make_line: Make) -> None:
    lines = [
        make_line("Породични шатор 16 m²"),
        make_line("Porodični šator, 16 m2"),
        make_line("Porodični šator 16 m²", unit="bale"),
        make_line("Porodični šator 16 m²", item_code="77"),
        make_line(None),
    ]
    assert keys_of("s", lines, "ПОРОДИЧНИ ШАТОР 16 m²", "pcs") == {MappingKey("s", "porodicni sator 16 m2", "pcs")}
    assert keys_of("s", lines, "77", "pcs") == {MappingKey("s", "77", "pcs")}
    assert keys_of("s", lines, "-", "pcs") == set()
