"""The catalogue: one list of items, found by code, shelf or a word in any language.

That палатка, namet, cort and šator are one thing is known from the names here; that šator and шатор are one word is
known from `folding`.
"""

import tomllib
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Final

import msgspec

from xstock_node.domain.folding import fold, words
from xstock_node.domain.ifrc_csv import parse_ifrc_csv
from xstock_node.domain.items import BaseUnit, CatalogueError, Category, Item, ItemName, Kind, Storage

__all__ = [
    "FALLBACK_LANGUAGE",
    "LANGUAGES",
    "BaseUnit",
    "Catalogue",
    "CatalogueError",
    "Category",
    "Item",
    "ItemName",
    "Kind",
    "Spoken",
    "Storage",
    "parse_catalogue",
    "parse_ifrc_csv",
]

FALLBACK_LANGUAGE: Final = "en"
LANGUAGES: Final = (
    "en", "bg", "hr", "sr-Cyrl", "sr-Latn", "mk", "cnr", "de", "ro", "sq", "sl", "bs", "uk", "ru", "kk", "el", "tr",
)  # fmt: skip
_SCHEMES: Final = ("ifrc", "cp")
_LAST: Final = "\U0010ffff"


class Catalogue:
    """An unchanging list of items with an index of all their words; `overlay` makes a new one."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._items: dict[str, Item] = {}
        for item in items:
            if item.code in self._items:
                raise CatalogueError("each code once", item.code, "remove or rename one of the two items")
            self._items[item.code] = item
        self._index = _WordIndex(self._items.values())

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, code: object) -> bool:
        return code in self._items

    def get(self, code: str) -> Item | None:
        """The item of this code, or None."""
        return self._items.get(code)

    def all(self) -> list[Item]:
        """Every item in the order of the list."""
        return list(self._items.values())

    def in_category(self, category: Category | str) -> list[Item]:
        """The items of one shelf in the order of the list."""
        return [item for item in self._items.values() if item.category == category]

    def name(self, code: str, lang: str) -> str:
        """The name to show; one that is not in the wanted language says so ("Shovel [en]"), as does a lone code."""
        found = self.name_in(code, lang)
        if found is None:
            return f"{code} [?]"
        return found.text if speaks(found.lang, lang) else f"{found.text} [{found.lang}]"

    def name_in(self, code: str, *langs: str) -> ItemName | None:
        """The name in the first of `langs` that the item has, else in English; None for an unknown code."""
        item = self._items.get(code)
        if item is None:
            return None
        for lang in (*langs, FALLBACK_LANGUAGE):
            for own in item.names:
                if speaks(own, lang):
                    return ItemName(item.names[own], own)
        own, text = next(iter(item.names.items()))
        return ItemName(text, own)

    def codes_matching(self, text: str) -> list[str]:
        """Codes of items where every word of `text` begins a word of a name or synonym, in whatever language.

        In the order of the list; an empty text matches nothing.
        """
        wanted = self._index.matching(text)
        return [code for code in self._items if code in wanted]

    def codes_named(self, text: str) -> list[str]:
        """Codes of items that have exactly this name or synonym in some language, scripts and accents aside."""
        return self._index.named(fold(text))

    @cached_property
    def vocabulary(self) -> tuple["Spoken", ...]:
        """Every name and synonym with its key, names before synonyms, in the order of the list."""
        return tuple(word for item in self._items.values() for word in _spoken(item))

    def overlay(self, items: Iterable[Item]) -> "Catalogue":
        """A new catalogue in which an operator's items replace those of the same code and stand beside the rest."""
        own = Catalogue(items)
        return Catalogue((self._items | own._items).values())


class Spoken(msgspec.Struct, frozen=True):
    """One name or synonym of an item: its search key, and how and in which language it is written."""

    key: str
    code: str
    lang: str
    text: str
    synonym: bool


def _spoken(item: Item) -> Iterator[Spoken]:
    for lang, name in item.names.items():
        yield Spoken(fold(name), item.code, lang, name, False)
    for lang, others in item.synonyms.items():
        for other in others:
            yield Spoken(fold(other), item.code, lang, other, True)


class _WordIndex:
    """Sorted words of all languages to the codes that carry them."""

    def __init__(self, items: Iterable[Item]) -> None:
        found: dict[str, set[str]] = {}
        self._names: dict[str, list[str]] = {}
        for item in items:
            for name in dict.fromkeys(fold(name) for name in spoken_names(item)):
                self._names.setdefault(name, []).append(item.code)
                for word in name.split():
                    found.setdefault(word, set()).add(item.code)
        self._words = sorted(found)
        self._codes = found

    def matching(self, text: str) -> set[str]:
        codes: set[str] | None = None
        for word in words(text):
            hits = self._beginning_with(word)
            codes = hits if codes is None else codes & hits
            if not codes:
                break
        return codes or set()

    def named(self, key: str) -> list[str]:
        return list(self._names.get(key, ()))

    def _beginning_with(self, word: str) -> set[str]:
        first = bisect_left(self._words, word)
        last = bisect_left(self._words, word + _LAST)
        return set().union(*(self._codes[found] for found in self._words[first:last]))


def spoken_names(item: Item) -> Iterator[str]:
    """All names and synonyms of an item, in every language."""
    yield from item.names.values()
    for others in item.synonyms.values():
        yield from others


@lru_cache(maxsize=4096)
def speaks(own: str, wanted: str) -> bool:
    """Whether text in language `own` serves a reader of `wanted` (sr-Cyrl serves sr, de serves de-AT)."""
    mine, theirs = own.lower(), wanted.lower()
    return mine == theirs or mine.startswith(theirs + "-") or theirs.startswith(mine + "-")


class _File(msgspec.Struct, forbid_unknown_fields=True):
    item: list[Item]


def parse_catalogue(data: bytes) -> Catalogue:
    """Read a TOML list of `[[item]]` tables (fields of `Item`, decimals as text).

    Raises CatalogueError for broken TOML, unknown fields, values outside their closed lists and impossible figures.
    """
    try:
        raw = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        raise CatalogueError("a TOML file in UTF-8", wrong, "correct the place that is named") from wrong
    try:
        items = msgspec.convert(raw, _File).item
    except (msgspec.ValidationError, RecursionError) as wrong:
        raise CatalogueError(
            "items with the fields of the catalogue", wrong, "correct that item; decimals are text"
        ) from wrong
    for item in items:
        _check(item)
    return Catalogue(items)


def _check(item: Item) -> None:
    def refuse(expected: str, came: object) -> CatalogueError:
        return CatalogueError(expected, came, f"correct item {item.code or '(without code)'}")

    if not item.code or item.code != item.code.strip():
        raise refuse("a code without spaces around it", repr(item.code))
    if item.scheme not in _SCHEMES and not (item.scheme.startswith("local:") and item.scheme[6:]):
        raise refuse('scheme "ifrc", "cp" or "local:<organisation>"', repr(item.scheme))
    if not item.names.get(FALLBACK_LANGUAGE):
        raise refuse("a name in English", sorted(item.names))
    if any(not fold(name) for name in spoken_names(item)):
        raise refuse("names with letters in them", [name for name in spoken_names(item) if not fold(name)])
    if not _positive(item.multiple):
        raise refuse("a multiple above zero", item.multiple)
    for figure in (item.net_kg, item.m3):
        if figure is not None and not _positive(figure):
            raise refuse("a weight or volume above zero, left out where unknown", figure)
    people = (item.crew, item.self_sufficiency_days)
    if any(figure is not None and figure < 1 for figure in people):
        raise refuse("a crew and days above zero, left out where unknown", people)
    if item.kind is Kind.GOODS and (item.module or people != (None, None)):
        raise refuse("a module, crew or self-sufficiency of equipment and teams alone", item.module or people)
    if item.kind is Kind.TEAM and item.multiple % 1:
        raise refuse("whole teams", item.multiple)


def _positive(figure: Decimal) -> bool:
    return figure.is_finite() and figure > 0
