"""The plain plan's ledger: what still fits a lorry, a line, a fair part and a fleet while lots are given away."""

from decimal import Decimal
from typing import Any

import pytest

from tests.domain.plans import TRUCK, inputs, lane, need, offer
from xstock_node.domain.allocation import checked
from xstock_node.domain.allocation_choices import Choice, Choices
from xstock_node.domain.allocation_greedy import Ledger, Room, complete, greedy, vehicles_of
from xstock_node.domain.allocation_types import Fleet, Substitute

D = Decimal


def choices(*needs: Any, offers: Any = None, **rest: Any) -> Choices:
    return Choices(checked(inputs([*needs] or None, offers, **rest)))


def only(found: Choices) -> Choice:
    (choice,) = found.all
    return choice


def test_a_load_takes_whole_vehicles_by_what_fills_them_first() -> None:
    assert vehicles_of(D(0), D(0), TRUCK) == 1, "also where nothing is known of its weight"
    assert (vehicles_of(D(9000), D(45), TRUCK), vehicles_of(D(9001), D(45), TRUCK)) == (1, 2)
    assert vehicles_of(D(1), D("90.1"), TRUCK) == 3
    bare = type(TRUCK)(code="van", gross_t=D(3), payload_kg=None, volume_m3=D(10))
    assert vehicles_of(D(99999), D(20), bare) == 2


def test_room_is_what_the_tighter_of_weight_and_volume_leaves() -> None:
    room = Room(TRUCK)
    choice = only(choices(offers=[offer(kg=1000, m3=1)]))
    assert (room.lots(choice, None), room.lots(choice, 0), room.lots(choice, 1), room.lots(choice, 2)) == (
        None,
        0,
        9,
        18,
    )
    assert room.load(choice, 8) == 1 and (room.kg, room.m3, room.count) == (8000, 8, 1)
    assert room.lots(choice, 1) == 1 and room.lots(choice, 2) == 10
    assert room.load(choice, 1) == 0 and room.lots(choice, 1) == 0
    assert room.load(choice, 10) == 2 and room.count == 3
    assert room.lots(choice, 2) == 0, "never less than nothing"
    wide = only(choices(offers=[offer(kg=1, m3=20, multiple=2)]))
    assert Room(TRUCK).lots(wide, 1) == 1, "lots of two, each of twenty cubic metres"
    vague = only(choices(offers=[offer(kg=None, m3=None)]))
    assert Room(TRUCK).lots(vague, 1) is None


def test_a_way_takes_no_more_than_the_offer_the_line_and_the_fair_part_hold() -> None:
    assert Ledger(choices(need(quantity=7))).fits(only(choices(need(quantity=7)))) == 7
    given = choices(need(quantity=20), offers=[offer(quantity=11, multiple=3)])
    assert Ledger(given).fits(only(given)) == 3
    shared = choices(need("L1"), need("L2", requester="Q"))
    assert [Ledger(shared).fits(one) for one in shared.all] == [5, 5], "the fair part of each"
    hall = choices(need(quantity=9, substitutes=(Substitute("hall", D(2)),)), offers=[offer(item="hall")])
    assert Ledger(hall).fits(only(hall)) == 4, "each counts as two"


def test_what_was_given_is_there_no_longer() -> None:
    given = choices(need("L1", 6), need("L2", 8), offers=[offer(quantity=10)])
    first, second = given.all
    ledger = Ledger(given)
    ledger.take(first, 0)
    assert (ledger.fits(first), ledger.rooms) == (6, {}), "nothing given takes no lorry"
    ledger.take(first, 4)
    assert (ledger.fits(first), ledger.fits(second)) == (2, 6)
    assert (ledger.lots["O"], ledger.open["L1"], ledger.open["L2"], ledger.pots[first.pot]) == (6, 2, 8, 6)
    ledger.take(first, 1)
    assert ledger.fits(first) == 1
    assert Ledger(given).lots["O"] == 10, "another ledger begins anew"


@pytest.mark.parametrize(("count", "left"), [(1, 9), (2, 10), (None, 10)])
def test_a_fleet_is_used_up_by_the_lorries_that_leave(count: int | None, left: int) -> None:
    needs = [need("L1", 9), need("L2", 10, requester="Q", site="T", item="mat")]
    given = choices(
        *needs,
        offers=[offer("O", 9, kg=1000), offer("P", 10, item="mat", kg=900)],
        lanes=[lane(), lane(site="T")],
        fleets=[Fleet("D", "truck", count)],
    )
    first, second = given.all
    ledger = Ledger(given)
    assert ledger.fits(first) == 9
    ledger.take(first, 9)
    assert ledger.free["D", "truck"] == (None if count is None else count - 1)
    assert ledger.fits(second) == (0 if count == 1 else 10)
    assert sum(greedy(given).values()) == (9 if count == 1 else 19)


def test_a_lorry_that_is_not_full_takes_more_without_another() -> None:
    given = choices(
        need("L1", 3), need("L2", 9, item="mat"),
        offers=[offer("O", 3, kg=1000), offer("P", 9, item="mat", kg=1000)],
        fleets=[Fleet("D", "truck", 1)],
    )  # fmt: skip
    first, second = given.all
    ledger = Ledger(given)
    ledger.take(first, 3)
    assert (ledger.free["D", "truck"], ledger.fits(second)) == (0, 6)
    ledger.take(second, 6)
    assert (ledger.fits(second), ledger.rooms[second.trip].kg) == (0, 9000)
    assert greedy(given) == {0: 3, 1: 6}


def test_what_is_given_is_cut_to_what_fits_and_completed_in_order() -> None:
    given = choices(need("L1", 6), need("L2", 8), offers=[offer(quantity=10)])
    assert greedy(given) == complete(given, {}) == {0: 6, 1: 4}
    assert complete(given, {1: 8}) == {0: 2, 1: 8}
    assert complete(given, {1: 99, 0: 1}) == {0: 2, 1: 8}, "asked for before what is left is given"
    assert complete(given, {0: 0, 1: 0}) == {0: 6, 1: 4}
    assert complete(given, {0: 6, 1: 9}) == {0: 6, 1: 4}
    one = choices(need(quantity=1), offers=[offer(quantity=1)])
    assert complete(one, {}) == complete(one, {}, [0]) == {0: 1}
