"""Quantities of EPCIS: JSON numbers, which hold fifteen digits for certain; what has more is text beside them."""

from decimal import Decimal
from typing import Final

from xstock_shipment.parts import Broken

DIGITS: Final = 15  # of a double, for certain (IEEE 754, binary64)
_LARGEST: Final = 18


def write_number(quantity: Decimal | None) -> int | float | None:
    """A quantity as a number; None where it is not known, or would not come back as it is."""
    if quantity is None or not quantity.is_finite():
        return None
    if len(quantity.normalize().as_tuple().digits) > DIGITS or abs(quantity.adjusted()) > DIGITS:
        return None
    return int(quantity) if quantity == quantity.to_integral_value() else float(quantity)


def read_number(number: int | float | None, name: str) -> Decimal | None:
    """A number as the decimal that was written. Raises `Broken` for what is no quantity."""
    if number is None:
        return None
    found = Decimal(repr(number))
    if not found.is_finite() or found < 0 or abs(found.adjusted()) > _LARGEST:
        raise Broken("wrong-value", f"a quantity in {name}", str(number))
    return found
