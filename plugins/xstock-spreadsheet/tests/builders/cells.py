"""What a built list may hold besides plain values: formatted values, formulas, errors."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Formed:
    """A value under a number format."""

    value: Any
    form: str


@dataclass(frozen=True)
class Formula:
    """A formula with the value that was last reckoned, None where it never was."""

    value: Any = None


@dataclass(frozen=True)
class Error:
    """What a spreadsheet shows instead of a value."""

    text: str = "#REF!"


Sheets = dict[str, list[list[Any]]]
