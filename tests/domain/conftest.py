"""Short ways to a line of stock and the shipped catalogue."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

import xstock_node.domain.catalogue as room
from xstock_node.domain.catalogue import Catalogue, parse_catalogue
from xstock_node.domain.stock import StockLine


@pytest.fixture(scope="session")
def shipped() -> Catalogue:
    return parse_catalogue((Path(room.__file__).parent / "data" / "catalogue.toml").read_bytes())


@pytest.fixture(scope="session")
def make_line() -> Callable[..., StockLine]:
    def make(name: str | None = "Tent", quantity: str = "1", **rest: object) -> StockLine:
        fields: dict[str, object] = {
            "item_code": None, "unit": "pcs", "location": "Central", "lot": None, "expiry": None,
        } | rest  # fmt: skip
        return StockLine(item_name=name, quantity=Decimal(quantity), **fields)  # type: ignore[arg-type]

    return make
