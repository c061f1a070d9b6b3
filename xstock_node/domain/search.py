"""What may be asked of the offers of all replicas, and the key under which an offer is found."""

from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

import msgspec

from xstock_node.domain.catalogue import Catalogue
from xstock_node.domain.folding import fold, words
from xstock_node.protocol.plain_offers import PlainOffer
from xstock_node.protocol.records import Offer, Reserve

# A filter's word begins with a digit and a letter, so that no word a person types runs into it.
_PREFIXES = {"item": "0i", "category": "0c", "country": "0l", "term": "0t", "reserve": "0r"}


class Order(StrEnum):
    """Newest is by arrival, largest by quantity, nearest by distance; relevance only over the first 1,000."""

    NEWEST = "newest"
    LARGEST = "largest"
    NEAREST = "nearest"
    RELEVANCE = "relevance"


class OfferQuery(msgspec.Struct, frozen=True, kw_only=True):
    """A question to the index.

    An offer is found when each of `words` begins a word of its key, or its item is one of `codes`; all other
    fields narrow. `reserve` is `yes` for what is held for all under a pool. `log` is the log's name in every node
    (`see.pub`), `also` further ones; a coarse offer whose exact twin is held is left out. `valid_after` is unix
    seconds, `near` microdegrees.
    """

    log: str
    also: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    item: str = ""
    category: str = ""
    country: str = ""
    term: str = ""
    reserve: str = ""
    node: str = ""
    min_quantity: Decimal = Decimal(0)
    ready_within: int | None = None
    valid_after: int
    near: tuple[int, int] | None = None
    order: Order = Order.NEWEST
    limit: int = 50
    skip: int = 0

    def filters(self) -> Iterator[tuple[str, str]]:
        """The filters that stand as words inside the key."""
        for kind in _PREFIXES:
            value = getattr(self, kind)
            if value:
                yield kind, value


@lru_cache(maxsize=4096)
def filter_word(kind: str, value: str) -> str:
    """The word inside the key for an item, category, country, term or reserve."""
    return _PREFIXES[kind] + "".join(c for c in value.lower() if c.isascii() and c.isalnum())


def offer_key(offer: Offer) -> str:
    """The folded words of an offer's own name and place, of its pool, and its filter words."""
    terms = '","'.join(offer.terms)
    parts = [fold(offer.name), fold(offer.place), _filter_words(offer.item, offer.cat, offer.cc, terms)]
    if isinstance(offer, Reserve):
        parts += [filter_word("reserve", "yes"), fold(offer.pool)]
    return " ".join(filter(None, parts))


def plain_key(offer: PlainOffer) -> str:
    """The same key of an offer as it was read by one pattern."""
    filters = _filter_words(offer.item, offer.cat, offer.cc, offer.terms)
    return f"{fold(offer.name)} {fold(offer.place)} {filters}".strip().replace("  ", " ")


@lru_cache(maxsize=4096)
def _filter_words(item: str, category: str, country: str, terms: str) -> str:
    """The words of an offer that filters ask for, but for its reserve; terms are parted by `","`."""
    parts = [filter_word("item", item), filter_word("category", category), filter_word("country", country)]
    return " ".join(filter(None, [*parts, *(filter_word("term", term) for term in terms.split('","') if term)]))


def ask(text: str, catalogue: Catalogue) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The words and catalogue codes that a typed text stands for: šator finds палатка by the item's names."""
    typed = tuple(words(text))
    return typed, tuple(catalogue.codes_matching(text)) if typed else ()


def relevance(text_words: tuple[str, ...], name: str) -> tuple[int, int]:
    """Sort key, best first: how many words are met whole, then how few others stand beside them."""
    have = words(name)
    whole = sum(word in have for word in text_words)
    return -whole, len(have)
