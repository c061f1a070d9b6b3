"""Where offers are and how they add up: by place for the map, by item and country for a table of all."""

from collections import defaultdict
from decimal import Decimal
from typing import Final

import msgspec

from xstock_node.domain.search import OfferQuery, Order
from xstock_node.protocol import limits
from xstock_node.protocol.names import LogName
from xstock_node.protocol.records import Offer, interpret
from xstock_node.services.offer_views import figure
from xstock_node.services.office import Actor, Office
from xstock_node.services.searching import may_offer, other_logs
from xstock_node.services.typed import decimal_text
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import StoredOffer

MOST_OFFERS: Final = 5000
MOST_ITEMS: Final = 40


class PlacesAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Offers of one item (a catalogue code), or all of them; with `exercise` also those of exercises."""

    item: str = ""
    exercise: bool = False


class OfferPlace(msgspec.Struct, frozen=True, kw_only=True):
    """What a node offers at a coarse place: how many offers, in how many hours the first is ready; where one item was
    asked for, its sum as a decimal string in `unit`, else both empty. Degrees are null where no place is told.
    """

    node: str
    organisation: str
    country: str
    place: str
    latitude: float | None
    longitude: float | None
    offers: int
    ready_hours: int
    quantity: str
    unit: str
    own: bool


class CountriesAsked(msgspec.Struct, frozen=True, kw_only=True):
    """So many items, those that the most nodes offer; with `exercise` also what is offered in exercises."""

    most: int = 12
    exercise: bool = False


class CountrySum(msgspec.Struct, frozen=True, kw_only=True):
    """How much of an item the nodes of a country offer, as a decimal string; a band counts with its lower end."""

    item: str
    unit: str
    country: str
    quantity: str
    offers: int


async def places(office: Office, actor: Actor, request: PlacesAsked) -> list[OfferPlace]:
    """Where offers are: one row for each node, place and unit; the largest first."""
    query = _query(office, request.exercise)
    if request.item:
        wanted = msgspec.structs.replace(query, item=request.item, order=Order.LARGEST, limit=MOST_OFFERS)
        return await office.node.engine.read(lambda tx: _of_item(office, tx, wanted))
    found = await office.node.engine.read(lambda tx: tx.offers.places(query))
    rows = []
    for one in found:
        offer = interpret(one.line)
        if isinstance(offer, Offer) and may_offer(office, one.log):
            rows.append(_place(office, one.log, offer, one.at, one.offers, one.ready, "", ""))
    return rows


async def countries(office: Office, actor: Actor, request: CountriesAsked) -> list[CountrySum]:
    """The items that the most nodes offer, each with its sum by country."""
    query = _query(office, request.exercise)
    most = max(1, min(request.most, MOST_ITEMS))

    def work(tx: Transaction) -> list[CountrySum]:
        found: list[CountrySum] = []
        for item in tx.offers.common_items(query, most):
            found += _by_country(office, tx, msgspec.structs.replace(query, item=item, limit=MOST_OFFERS))
        return found

    return await office.node.engine.read(work)


def _query(office: Office, exercise: bool) -> OfferQuery:
    now = office.node.clock.now()
    also = other_logs(office, exercise)
    return OfferQuery(log=office.node.log.log, also=also, valid_after=now - limits.EXPIRY_GRACE)  # xs1 4.8


def _of_item(office: Office, tx: Transaction, query: OfferQuery) -> list[OfferPlace]:
    sums: defaultdict[tuple[LogName, tuple[int, int] | None, str], list[Offer]] = defaultdict(list)
    for stored, offer in _offers(office, tx, query):
        sums[stored.log, offer.at, offer.unit].append(offer)
    rows = [
        _place(office, log, offers[0], at, len(offers), min(one.ready for one in offers), _sum(offers), unit)
        for (log, at, unit), offers in sums.items()
    ]
    return sorted(rows, key=lambda row: -Decimal(row.quantity))


def _by_country(office: Office, tx: Transaction, query: OfferQuery) -> list[CountrySum]:
    sums: defaultdict[tuple[str, str], list[Offer]] = defaultdict(list)
    for _, offer in _offers(office, tx, query):
        sums[offer.unit, offer.cc].append(offer)
    return [
        CountrySum(item=query.item, unit=unit, country=country, quantity=_sum(offers), offers=len(offers))
        for (unit, country), offers in sorted(sums.items())
    ]


def _offers(office: Office, tx: Transaction, query: OfferQuery) -> list[tuple[StoredOffer, Offer]]:
    """The offers of exactly the item that was asked for; codes that are written alike are left out."""
    pairs = [(one, interpret(one.line)) for one in tx.offers.search(query) if may_offer(office, one.log)]
    return [(one, offer) for one, offer in pairs if isinstance(offer, Offer) and offer.item == query.item]


def _sum(offers: list[Offer]) -> str:
    return decimal_text(sum((figure(offer.qty) for offer in offers), Decimal(0)))


def _place(
    office: Office,
    log: LogName,
    offer: Offer,
    at: tuple[int, int] | None,
    offers: int,
    ready: int,
    quantity: str,
    unit: str,
) -> OfferPlace:
    known = office.node.directory.get(log.node)
    return OfferPlace(
        node=log.node,
        organisation=known.title() if known else log.node,
        country=offer.cc,
        place=offer.place,
        latitude=at[0] / 1_000_000 if at else None,
        longitude=at[1] / 1_000_000 if at else None,
        offers=offers,
        ready_hours=ready,
        quantity=quantity,
        unit=unit,
        own=log.node == office.node.log.node,
    )
