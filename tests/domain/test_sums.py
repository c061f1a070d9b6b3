"""Quantities add up by item and unit."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from xstock_node.domain.steps import Line
from xstock_node.domain.sums import Key, Sums, added, left_of, total

D = Decimal
A, B, C = ("A", "H87"), ("B", "H87"), ("A", "KGM")
SUMS = st.dictionaries(st.sampled_from([A, B, C]), st.integers(0, 9).map(D))


def of(key: Key, quantity: int) -> Line:
    return Line(item=key[0], unit=key[1], qty=(quantity, 0))


def test_lines_are_summed_by_item_and_unit() -> None:
    assert total([]) == {}
    assert total([of(A, 2), of(B, 5), of(A, 3), of(C, 1)]) == {A: 5, B: 5, C: 1}


def test_sums_are_added_and_left_as_they_were() -> None:
    first, second = {A: D(2)}, {A: D(3), B: D(-1)}
    assert added([first, second, first]) == {A: 7, B: -1}
    assert (first, second, added([])) == ({A: 2}, {A: 3, B: -1}, {})


def test_what_is_used_up_is_left_out() -> None:
    whole = {A: D(9), B: D(3), C: D(1)}
    assert left_of(whole) == whole
    assert left_of(whole, {A: D(2)}, {A: D(3), B: D(3)}, {C: D(4)}) == {A: 4}


@settings(deadline=None)
@given(SUMS, SUMS, SUMS)
def test_what_is_taken_and_what_is_left_are_the_whole(whole: Sums, one: Sums, other: Sums) -> None:
    left, taken = left_of(whole, one, other), added([one, other])
    assert {key: left.get(key, D(0)) for key in whole} == {
        key: max(D(0), quantity - taken.get(key, D(0))) for key, quantity in whole.items()
    }
