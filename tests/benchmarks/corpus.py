"""Deterministic offers of realistic size and variety, and the nodes that sign them."""

import random
from collections.abc import Iterator

from xstock_node.domain.catalogue import Catalogue
from xstock_node.protocol.keys import to_base64
from xstock_node.protocol.names import record_id
from xstock_node.protocol.records import Offer, encode
from xstock_node.services.office import default_catalogue

PLACES = (
    ("BG", "София", 42.7, 23.3),
    ("AT", "Wien", 48.2, 16.4),
    ("RO", "Iași", 47.2, 27.6),
    ("HR", "Zagreb", 45.8, 16.0),
    ("RS", "Београд", 44.8, 20.5),
    ("MK", "Скопје", 42.0, 21.4),
    ("ME", "Podgorica", 42.4, 19.3),
    ("GR", "Λάρισα", 39.6, 22.4),
)
LANGUAGES = {"BG": "bg", "AT": "de", "RO": "ro", "HR": "hr", "RS": "sr-Cyrl", "MK": "mk", "ME": "cnr", "GR": "el"}
TERMS = (("loan",), ("donation",), ("loan", "donation"))
DAY = 86_400


def offers(count: int, now: int, seed: int) -> Iterator[Offer]:
    """`count` offers; names, places, quantities and dates vary as in real lists."""
    catalogue: Catalogue = default_catalogue()
    items, draw = catalogue.all(), random.Random(seed)
    for _ in range(count):
        item, (country, place, lat, lon) = draw.choice(items), draw.choice(PLACES)
        language = LANGUAGES[country]
        yield Offer(
            id=record_id(draw.randbytes(10)),
            ts=now,
            exp=now + draw.randrange(20, 80) * DAY,
            n=to_base64(draw.randbytes(12)),
            item=item.code,
            scheme=item.scheme,
            name=f"{catalogue.name(item.code, language)} {draw.randrange(1, 400)}",
            lang=language,
            cat=item.category.value,
            qty=(draw.choice((1, 2, 5, 10, 40, 100, 250)) * draw.randrange(1, 9), 0),
            unit=item.unit.value,
            terms=draw.choice(TERMS),
            ready=draw.choice((6, 12, 24, 48, 72)),
            cc=country,
            place=f"{place} {draw.randrange(1, 5)}",
            at=(round(lat * 10) * 100_000, round(lon * 10) * 100_000),
            best=f"20{draw.randrange(27, 36)}-{draw.randrange(1, 13):02d}-01" if item.expirable else None,
            asof=now - draw.randrange(0, 5 * DAY),
            src=draw.choice(("stock", "branches", "reserve")),
        )


def lines(count: int, now: int, seed: int) -> list[bytes]:
    """The record lines of `offers`."""
    return [encode(offer) for offer in offers(count, now, seed)]
