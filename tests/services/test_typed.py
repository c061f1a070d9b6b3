"""Figures as people type them, as they travel."""

import pytest

from xstock_node.services.errors import Refusal
from xstock_node.services.typed import pair_of


def test_a_figure_travels_as_an_integer_and_a_power_of_ten() -> None:
    assert pair_of("12.50", "a quantity") == (125, -1) and pair_of("0", "a value") == (0, 0)


@pytest.mark.parametrize("text", ["999999999999999.123456789", "1e3", "-5", "1,200", ""])
def test_what_no_message_can_say_is_refused_and_never_cut(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        pair_of(text, "a quantity of TENT")
    assert refused.value.code == "bad-quantity" and "a quantity of TENT" in refused.value.expected


def test_nothing_is_no_quantity_where_something_is_asked_for() -> None:
    with pytest.raises(Refusal):
        pair_of("0", "a quantity", above_zero=True)
