"""The word tables of the package (data/*.toml), folded and loaded once, and the questions asked of them."""

import tomllib
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from xstock_node.domain.folding import fold


@cache
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((files(__package__) / "data" / f"{name}.toml").read_text(encoding="utf-8"))


@cache
def headers() -> dict[str, str]:
    """Folded header words to the field that they name; a word listed twice belongs to the first field."""
    found: dict[str, str] = {}
    for field, names in _table("headers").items():
        for name in names:
            found.setdefault(fold(name), field)
    found.pop("", None)
    return found


@cache
def units() -> dict[str, tuple[str, Decimal]]:
    """Folded unit words to (closed word, how many of it one typed unit is)."""
    table = _table("units")
    found = {fold(name): (word, Decimal(1)) for word, names in reversed(table["words"].items()) for name in names}
    found |= {fold(name): (word, Decimal(factor)) for name, (word, factor) in table["multiples"].items()}
    found.pop("", None)
    return found


@cache
def scales() -> dict[str, Decimal]:
    """Folded words of headers to what the figures below them have to be multiplied by."""
    return {fold(name): Decimal(factor) for name, factor in _table("units")["scales"].items()}


def workbook_parts() -> dict[str, str]:
    """The fixed parts of an exported workbook, by their name in the zip file."""
    return dict(_table("workbook")["parts"])


@cache
def phrases(kind: str) -> frozenset[str]:
    """The folded phrases of one kind in phrases.toml."""
    return frozenset(fold(phrase) for phrase in _table("phrases")[kind]) - {""}


@cache
def longest(kind: str) -> int:
    """How many words the longest phrase of `kind` has."""
    return max(phrase.count(" ") + 1 for phrase in phrases(kind))


def begins(text: str, kind: str) -> str | None:
    """The longest phrase of `kind` that `text` begins with, whole words only."""
    parts = fold(text[:200]).split()[: longest(kind)]
    known = phrases(kind)
    return next((phrase for n in range(len(parts), 0, -1) if (phrase := " ".join(parts[:n])) in known), None)


def holds(text: str, kind: str) -> bool:
    """True when a phrase of `kind` begins anywhere in `text` where a word begins."""
    key = f" {fold(text[:500])}"
    return any(f" {phrase}" in key for phrase in phrases(kind))


def is_phrase(text: str, kind: str) -> bool:
    """True when the whole of `text` is a phrase of `kind`."""
    return fold(text[:200]) in phrases(kind)


@cache
def _months() -> tuple[dict[str, int], list[tuple[str, int]]]:
    whole: dict[str, int] = {}
    stems: list[tuple[str, int]] = []
    for number, names in enumerate(_table("months")["names"], 1):
        for name in names:
            if name.endswith("*"):
                stems.append((name[:-1], number))
            else:
                whole.setdefault(name, number)
    return whole, sorted(stems, key=lambda stem: -len(stem[0]))


@cache
def month(word: str) -> int | None:
    """The month that a typed word names in any of the languages, scripts kept apart."""
    whole, stems = _months()
    key = word.casefold().rstrip(".")
    if key in whole:
        return whole[key]
    return next((number for stem, number in stems if key.startswith(stem)), None)
