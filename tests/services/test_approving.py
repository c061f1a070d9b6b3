"""When an offer needs a second person: by share of all there is of an item, by value, however its lines are cut."""

from decimal import Decimal
from typing import Any

import pytest

from xstock_node.domain.steps import Line
from xstock_node.services.approving import needs_of
from xstock_node.services.office import Thresholds

TENT = ("TENT", "H87")
STOCK = {TENT: Decimal(100), ("BED", "H87"): Decimal(1000)}


def tents(quantity: int, **more: Any) -> Line:
    return Line(item="TENT", unit="H87", qty=(quantity, 0), **more)


def second(*lines: Line, verb: str = "offer") -> list[str]:
    """Why a second person is needed."""
    return needs_of(verb, lines, STOCK, Thresholds()).get("approve", [])


def test_ten_of_a_hundred_need_nobody_and_eleven_do_however_they_are_cut() -> None:
    assert second(tents(10)) == []
    assert second(tents(11)) == ["11 % of the TENT that there are"]
    assert second(*[tents(3)] * 4) == ["12 % of the TENT that there are"]
    assert second(tents(6), Line(item="BED", unit="H87", qty=(5, 0)), tents(5)) == ["11 % of the TENT that there are"]


def test_a_value_is_summed_and_one_without_a_threshold_is_looked_at_by_a_second_person() -> None:
    def worth(value: int, currency: str = "EUR") -> Line:
        return tents(1, value=(value, 0), currency=currency)

    assert second(worth(25_000)) == []
    assert second(worth(12_500), worth(12_501)) == ["a value of 25001 EUR"]
    assert "RSD" in second(worth(1, "RSD"))[0]


@pytest.mark.parametrize(("verb", "rights"), [("offer", ["release"]), ("standby", ["release"]), ("decline", [])])
def test_the_stock_owner_releases_every_promise(verb: str, rights: list[str]) -> None:
    assert list(needs_of(verb, [tents(1)], STOCK, Thresholds())) == rights
