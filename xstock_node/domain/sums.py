"""Quantities by item and unit, and how they add up."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from xstock_node.domain.steps import Line

Key = tuple[str, str]
Sums = dict[Key, Decimal]
ZERO: Final = Decimal(0)


def total(lines: Iterable[Line]) -> Sums:
    """The sum of lines."""
    found: Sums = {}
    for line in lines:
        key = line.item, line.unit
        found[key] = found.get(key, ZERO) + line.quantity
    return found


def added(sums: Iterable[Sums]) -> Sums:
    """Several sums together."""
    found: Sums = {}
    for one in sums:
        for key, quantity in one.items():
            found[key] = found.get(key, ZERO) + quantity
    return found


def left_of(whole: Sums, *taken: Sums) -> Sums:
    """What is left of something; what is used up is left out."""
    left = {key: quantity - sum((t.get(key, ZERO) for t in taken), ZERO) for key, quantity in whole.items()}
    return {key: quantity for key, quantity in left.items() if quantity > 0}
