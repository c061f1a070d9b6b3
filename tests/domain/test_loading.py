"""Loads with unknown weights, and the vehicles they ask for."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import xstock_node.domain.loading as room
from xstock_node.domain.catalogue import Catalogue
from xstock_node.domain.loading import (
    Limit,
    Load,
    LoadLine,
    VehicleType,
    add_up,
    largest_fitting,
    load_line,
    parse_vehicles,
    vehicles_for,
)

D = Decimal
SHIPPED = parse_vehicles((Path(room.__file__).parent / "data" / "vehicles.toml").read_bytes())
TRUCK = VehicleType(code="t", gross_t=D(18), payload_kg=D(9000), volume_m3=D(45), pallets=D(18))


def line(item: str, quantity: int, kg: str = "", m3: str = "", per_pallet: str = "") -> LoadLine:
    known = [D(figure) if figure else None for figure in (kg, m3, per_pallet)]
    return LoadLine(item=item, quantity=D(quantity), kg=known[0], m3=known[1], per_pallet=known[2])


def load(kg: str = "0", m3: str = "0", pallets: str = "0") -> Load:
    return Load(kg=D(kg), m3=D(m3), pallets=D(pallets))


def test_known_figures_are_summed_and_the_unknown_are_named_once() -> None:
    lines = [
        line("a", 3, "2", "0.5", "2"),
        line("b", 4, "", "0.1"),
        line("b", 1),
        line("c", 0),
        line("a", 1, "2", "1", "9"),
    ]
    assert add_up(lines) == Load(
        kg=D(8), m3=D("2.9"), pallets=D(3), weight_unknown=("b",), volume_unknown=("b",), pallets_unknown=("b",)
    )


def test_an_empty_load_asks_for_no_vehicle_and_knows_everything() -> None:
    empty = add_up([])
    assert empty == load()
    found = vehicles_for(empty, TRUCK)
    assert (found.vehicle, found.count, found.binds, found.uncertain) == ("t", 0, None, False)


@pytest.mark.parametrize(
    ("what", "count", "binds"),
    [
        (load("9000", "45", "18"), 1, Limit.WEIGHT),
        (load("9000.1", "45", "18"), 2, Limit.WEIGHT),
        (load("9000", "45.1", "18"), 2, Limit.VOLUME),
        (load("9000", "45", "19"), 2, Limit.PALLETS),
        (load("1", "100", "40"), 3, Limit.VOLUME),
        (load("0", "0", "1"), 1, Limit.PALLETS),
        (load("0.1"), 1, Limit.WEIGHT),
    ],
)
def test_the_limit_that_asks_for_most_vehicles_binds(what: Load, count: int, binds: Limit) -> None:
    found = vehicles_for(what, TRUCK)
    assert (found.count, found.binds, found.uncertain) == (count, binds, False)


def test_a_load_with_unknown_weight_or_volume_is_a_least_figure() -> None:
    for unknown in (line("x", 1, "", "1"), line("x", 1, "1", "")):
        assert vehicles_for(add_up([unknown]), TRUCK).uncertain
    assert not vehicles_for(add_up([line("x", 1, "1", "1")]), TRUCK).uncertain


def test_an_unknown_limit_of_a_vehicle_binds_nothing() -> None:
    bare = VehicleType(code="b", gross_t=D(3), volume_m3=D(10))
    assert vehicles_for(load("99999", "11", "99"), bare).count == 2
    assert vehicles_for(load("99999"), VehicleType(code="c", gross_t=D(3))).count == 0


def test_the_shipped_types_are_told_apart_by_gross_weight() -> None:
    assert [vehicle.code for vehicle in SHIPPED] == ["semi_trailer", "rigid_18t", "rigid_12t", "van_3_5t"]
    for limit, code in (("40", "semi_trailer"), ("39.9", "rigid_18t"), ("12", "rigid_12t"), ("3.5", "van_3_5t")):
        found = largest_fitting(SHIPPED, D(limit))
        assert found is not None and found.code == code
    assert largest_fitting(SHIPPED, D(3)) is None
    unlimited = largest_fitting(SHIPPED, None)
    assert unlimited is not None and unlimited.code == "semi_trailer"


def test_a_line_takes_its_figures_from_the_catalogue(shipped: Catalogue) -> None:
    tent = load_line("HSHETENTF16C", D(2), shipped)
    assert (tent.kg, tent.m3, tent.quantity) == (D(55), D("0.28175"), 2)
    assert load_line("HSHEBLANPHT1", D(2), shipped).m3 is None
    nothing = load_line("NOTHING", D(2), shipped)
    assert (nothing.kg, nothing.m3) == (None, None)


@pytest.mark.parametrize(
    "data",
    [b"\xff", b"[[vehicle]", b'[[vehicle]]\ncode = "a"\n', b'[[vehicle]]\ncode = "a"\ngross_t = "0"\n',
     b'[[vehicle]]\ncode = "a"\ngross_t = "1"\npayload_kg = "-1"\n', b'[[vehicle]]\ncode="a"\ngross_t="1"\nx = 1\n',
     b'[[vehicle]]\ncode = "a"\ngross_t = "1"\n[[vehicle]]\ncode = "a"\ngross_t = "2"\n'],
)  # fmt: skip
def test_a_broken_list_of_vehicles_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="expected"):
        parse_vehicles(data)


@given(st.integers(0, 10**6), st.integers(0, 10**4), st.integers(0, 500))
def test_the_vehicles_hold_the_load_and_one_less_would_not(kg: int, m3: int, pallets: int) -> None:
    what = load(str(kg), str(m3), str(pallets))
    count = vehicles_for(what, TRUCK).count
    assert kg <= 9000 * count and m3 <= 45 * count and pallets <= 18 * count
    fewer = count - 1
    assert count == 0 or kg > 9000 * fewer or m3 > 45 * fewer or pallets > 18 * fewer
