"""Quantities as people type them: "1.200" is twelve hundred to one reader and one and a fifth to another.

A figure that can be read in two ways is never guessed; the reader is asked which of them was meant.
"""

import re
from decimal import Decimal, InvalidOperation
from typing import Final

_BLANKS: Final = re.compile(r"[\s'’  ]")
_GROUPED: Final = re.compile(r"\d{1,3}([.,])\d{3}(\1\d{3})*", re.ASCII)
_PLAIN: Final = re.compile(r"\d+([.,]\d+)?", re.ASCII)
_MIXED: Final = re.compile(r"\d{1,3}(([.,])\d{3})+(?!\2)[.,]\d+", re.ASCII)
MOST_LETTERS: Final = 30


def readings(typed: str, whole: bool = False) -> list[Decimal]:
    """The quantities that a typed text can mean, none where it is no figure. `whole`: only pieces are counted.

    >>> readings("1.200"), readings("1 200"), readings("1.200", whole=True), readings("1,5")
    ([Decimal('1200'), Decimal('1.200')], [Decimal('1200')], [Decimal('1200')], [Decimal('1.5')])
    """
    text = _BLANKS.sub("", typed)
    if not text or len(text) > MOST_LETTERS or not text.isascii():
        return []
    found = []
    if _GROUPED.fullmatch(text) and not text.startswith("0"):
        found.append(_decimal(re.sub(r"[.,]", "", text)))
    if _PLAIN.fullmatch(text):
        found.append(_decimal(text.replace(",", ".")))
    if _MIXED.fullmatch(text):
        last = max(text.rfind("."), text.rfind(","))
        found.append(_decimal(re.sub(r"[.,]", "", text[:last]) + "." + text[last + 1 :]))
    read = [one for one in dict.fromkeys(found) if one is not None and one > 0]
    return [one for one in read if not whole or one == one.to_integral_value()]


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
