"""What people and files write, before it goes further: texts without hidden characters, figures in one strict form."""

import re
from decimal import Decimal

from xstock_node.domain.units import UnitError, decimal_pair
from xstock_node.protocol import limits
from xstock_node.services.errors import Refusal

# What no record may carry in a text (control and direction characters), and halves of characters.
UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_FIGURE = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?", re.ASCII)


def clean(text: str) -> str:
    """The text without control and direction characters; line ends and tabs become spaces."""
    if UNSAFE.search(text) is None:
        return text
    return UNSAFE.sub("", re.sub("[\t\n\v\f\r\x85\u2028\u2029]+", " ", text)).strip()


def plain(text: str, field: str) -> str:
    """A text as a person typed it; refused where it has characters that no record may carry."""
    found = UNSAFE.search(text)
    if found is not None:
        came = f"U+{ord(found[0]):04X} at character {found.start() + 1}"
        raise Refusal("bad-text", f"{field} without control or direction characters", came, "write it without", 2)
    if len(text) > limits.FREE_TEXT:
        raise Refusal("bad-text", f"{field} of at most {limits.FREE_TEXT} characters", str(len(text)), "shorten it", 2)
    return text


def figure_of(text: str, field: str, code: str = "bad-quantity", above_zero: bool = False) -> Decimal:
    """A figure as a person typed it: the digits 0 to 9 and at most one point."""
    if _FIGURE.fullmatch(text) is None or (above_zero and Decimal(text) == 0):
        least = " above zero" if above_zero else ""
        raise Refusal(code, f"{field}{least} in digits, such as 120 or 12.5", clean(text), "write it so", 2)
    return Decimal(text)


def pair_of(text: str, field: str, above_zero: bool = False) -> tuple[int, int]:
    """A figure as a person typed it, as (integer, power of ten); refused where no message can say so many digits."""
    figure = figure_of(text, field, above_zero=above_zero)
    try:
        return decimal_pair(figure)
    except UnitError:
        do = "round it, or write it in a larger unit"
        raise Refusal("bad-quantity", f"{field} of at most 15 digits in all", clean(text), do, 2) from None


def whole_of(text: str, field: str, most: int) -> int:
    """A number of people or days as a person typed it: 1 to `most`, in digits."""
    found = figure_of(text, field, above_zero=True)
    if found % 1 or found > most:
        raise Refusal("bad-quantity", f"{field} as a whole number from 1 to {most}", clean(text), "write it so", 2)
    return int(found)


def decimal_text(value: Decimal) -> str:
    """A figure as the API writes it: digits and a point, no exponent, no zeros behind."""
    return format(value.normalize() + 0, "f")
