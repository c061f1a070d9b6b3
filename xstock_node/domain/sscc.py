"""Serial Shipping Container Codes: the number of one pallet or box for its whole way.

18 digits: an extension digit, the GS1 company prefix and a serial number that together fill 17, and a check digit
(GS1 General Specifications, sections 2.2.1 and 7.9). In a barcode the application identifier 00 stands before it.
"""

from typing import Final

from xstock_node.domain.fields import need

LENGTH: Final = 18
IDENTIFIER: Final = "00"
SHORTEST_PREFIX, LONGEST_PREFIX = 4, 12


def check_digit(digits: str) -> str:
    """The GS1 check digit of a number without it: weights 3 and 1 from the right, up to the next ten.

    Raises FieldError when there is anything but ASCII digits.
    """
    need(_is_number(digits), "digits alone", repr(digits), "leave out spaces, brackets and letters")
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return str(-total % 10)


def make_sscc(prefix: str, serial: int, extension: int = 0) -> str:
    """The SSCC of `serial` under a GS1 company `prefix` (4 to 12 digits); `extension` is a digit of one's own choice.

    Raises FieldError when the prefix is none, or the serial needs more digits than the prefix leaves.
    """
    fits = _is_number(prefix) and SHORTEST_PREFIX <= len(prefix) <= LONGEST_PREFIX
    need(fits, "a GS1 company prefix of 4 to 12 digits", repr(prefix), "take it from your GS1 certificate")
    need(0 <= extension <= 9, "an extension digit from 0 to 9", extension, "choose one digit")
    room = LENGTH - 2 - len(prefix)
    do = "begin again at 0 with the next extension digit; a number rests a year before it is used again"
    need(0 <= serial < 10**room, f"a serial number from 0 to {10**room - 1}", serial, do)
    body = f"{extension}{prefix}{serial:0{room}d}"
    return body + check_digit(body)


def read_sscc(text: str) -> str:
    """The 18 digits of an SSCC as scanned or typed: with or without `(00)`, spaces aside.

    Raises FieldError that says the length or the check digit that was expected.
    """
    digits = "".join(text.split())
    digits = digits.removeprefix("(00)") if digits.startswith("(") else digits
    if len(digits) == LENGTH + len(IDENTIFIER):
        digits = digits.removeprefix(IDENTIFIER)
    need(_is_number(digits), "18 digits", repr(text), "type the figures under the barcode")
    need(len(digits) == LENGTH, "18 digits", f"{len(digits)} in {text!r}", "type all figures under the barcode")
    right = check_digit(digits[:-1])
    need(digits[-1] == right, f"{right} as the last digit", f"{digits[-1]} in {digits}", "compare with the label")
    return digits


def barcode_content(sscc: str) -> str:
    """What a GS1-128 symbol of this SSCC holds after its FNC1: the identifier 00 and the 18 digits."""
    return IDENTIFIER + read_sscc(sscc)


def shown(sscc: str) -> str:
    """The SSCC as printed under its barcode, in groups of four: no grouping is prescribed."""
    groups = [sscc[start : start + 4] for start in range(0, LENGTH, 4)]
    return f"({IDENTIFIER}) {' '.join(groups)}"


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()
