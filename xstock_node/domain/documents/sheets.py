"""A sheet: one paper ready to be drawn. Everything on it is text, in as many languages as it has; nobody adds to it.

What people wrote is kept as it is but for characters that print nothing or turn the line around.
"""

import unicodedata
from typing import Final

import msgspec

Many = tuple[str, ...]
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})
_TURNS: Final = frozenset("\n\r\t\u2028\u2029")


class Entry(msgspec.Struct, frozen=True):
    """A field at the head: label and value; no value is a line for the pen."""

    label: Many
    value: Many


class Column(msgspec.Struct, frozen=True):
    """A column: its label, whether it holds figures, and its share of the width."""

    label: Many
    figures: bool
    width: int


class Grid(msgspec.Struct, frozen=True):
    """A table; `rows` hold one text, or one a language, per column; `sums` is the last row, or empty; so is `title`."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Many, ...], ...]
    sums: tuple[Many, ...] = ()
    title: Many = ()


class Sheet(msgspec.Struct, frozen=True, kw_only=True):
    """One paper. `banner` is set for an exercise; `foot` is the hash line; `signs` are boxes to be signed."""

    code: str
    title: Many
    languages: Many
    operation: str
    exercise: bool
    banner: Many
    entries: tuple[Entry, ...]
    grids: tuple[Grid, ...]
    says: tuple[Many, ...]
    signs: tuple[Many, ...]
    sign_here: Many
    filing: Many
    page: Many
    verify: Many
    foot: str
    made: str


def printable(text: str) -> str:
    """`text` without control and format characters (direction marks among them); a new line becomes a space."""
    flat = "".join(" " if sign in _TURNS else sign for sign in text)
    return "".join(sign for sign in flat if unicodedata.category(sign) not in _INVISIBLE)
