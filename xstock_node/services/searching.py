"""Searching: questions to all replicas at once, with the age and the source of every figure."""

from typing import NamedTuple

import msgspec

from xstock_node.domain.folding import words
from xstock_node.domain.search import OfferQuery, Order, ask, relevance
from xstock_node.protocol import limits
from xstock_node.protocol.names import LogName
from xstock_node.protocol.plain_offers import IndexedOffer, read_indexed
from xstock_node.services.errors import Refusal
from xstock_node.services.offer_views import OfferId, figure
from xstock_node.services.office import Actor, Office
from xstock_node.services.times import iso
from xstock_node.services.typed import figure_of
from xstock_node.storage.values import StoredOffer

RELEVANCE_OVER = 1_000
MOST = 500
MOST_SKIPPED = 1_000_000
HOURS_OF_A_YEAR = 8760


class SearchRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A typed text and filters; `near` is "lat,lon" in degrees, else this node's own place.

    With `reserves` only what is held for all under a pool. With `exercise` also what is offered in
    exercises, marked; else only at a node whose home network is one.
    """

    text: str = ""
    item: str = ""
    category: str = ""
    country: str = ""
    term: str = ""
    reserves: bool = False
    node: str = ""
    min_quantity: str = "0"
    ready_within: int | None = None
    order: Order = Order.NEWEST
    near: str = ""
    limit: int = 50
    skip: int = 0
    expired: bool = False
    exercise: bool = False


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """One offer of some node: its owner's words, the figure as a decimal string, and how old and whose it is.

    `age` is seconds since the stock was counted; `stale` means that its node was not heard for three heartbeats,
    `greyed` that it is no member any more; `pool` under which arrangement it is held for all, `decides` who
    releases it. A coarse offer states `quantity` to `band`; `audience` ones are not for all.
    """

    node: str
    organisation: str
    id: str
    item: str
    name: str
    language: str
    item_name: str
    quantity: str
    unit: str
    category: str
    country: str
    place: str
    terms: tuple[str, ...]
    ready_hours: int
    expiry: str | None
    condition: str
    as_of: str
    age: int
    valid_until: str
    source: str
    heard: str
    stale: bool
    expired: bool
    exercise: bool
    own: bool
    greyed: bool = False
    network: str = ""
    band: str | None = None
    audience: bool = False
    pool: str = ""
    decides: str = ""


class SearchResult(msgspec.Struct, frozen=True, kw_only=True):
    """The hits in order; `more` says that further ones exist."""

    hits: list[Hit]
    more: bool


async def search(office: Office, actor: Actor, request: SearchRequest) -> SearchResult:
    """Find offers in all replicas of this node's network."""
    catalogue = await office.catalogue()
    now = office.node.clock.now()
    typed, codes = ask(request.text, catalogue)
    limit, skip = _within(request.limit, 1, MOST), _within(request.skip, 0, MOST_SKIPPED)
    ready = None if request.ready_within is None else _within(request.ready_within, 0, HOURS_OF_A_YEAR)
    by_relevance = request.order is Order.RELEVANCE
    query = OfferQuery(
        log=office.node.log.log,
        also=other_logs(office, request.exercise),
        words=typed,
        codes=codes,
        item=request.item,
        category=request.category.lower(),
        country=request.country.upper(),
        term=request.term,
        reserve="yes" if request.reserves else "",
        node=request.node,
        min_quantity=figure_of(request.min_quantity or "0", "min-quantity"),
        ready_within=ready,
        valid_after=0 if request.expired else now - limits.EXPIRY_GRACE,  # xs1 4.8
        near=_near(request.near) or office.settings.at,
        order=request.order,
        limit=RELEVANCE_OVER if by_relevance else limit + 1,
        skip=0 if by_relevance else skip,
    )
    found = await office.node.engine.read(lambda tx: tx.offers.search(query))
    sources = {log: _source(office, log) for log in {stored.log for stored in found}}
    shown = [stored for stored in found if sources[stored.log].may_offer]
    pairs = [(stored, offer) for stored in shown if (offer := read_indexed(stored.line)) is not None]
    if by_relevance:
        wanted = tuple(words(request.text))
        pairs.sort(key=lambda pair: relevance(wanted, pair[1].name))
        pairs = pairs[skip : skip + limit + 1]
    language = office.settings.languages[0]
    names = {code: catalogue.name(code, language) for code in {offer.item for _, offer in pairs} if code in catalogue}
    hits = [_hit(sources[stored.log], stored, offer, names.get(offer.item, ""), now) for stored, offer in pairs]
    return SearchResult(hits=hits[:limit], more=len(hits) > limit)


class _Source(NamedTuple):
    """What is the same for all hits of one log."""

    own: bool
    organisation: str
    network: str
    exercise: bool
    audience: bool
    is_member: bool
    may_offer: bool


def _source(office: Office, log: LogName) -> _Source:
    known, network = office.node.directory.get(log.node), office.node.networks.get(log.network)
    is_member = network is not None and network.membership.is_member(log.node)
    return _Source(
        own=log.node == office.node.log.node,
        organisation=known.title() if known else log.node,
        network=log.network,
        exercise=log.is_exercise,
        audience=not log.is_for_all,
        is_member=is_member,
        may_offer=may_offer(office, log),
    )


def _hit(source: _Source, stored: StoredOffer, offer: IndexedOffer, item_name: str, now: int) -> Hit:
    return Hit(
        node=stored.log.node,
        organisation=source.organisation,
        id=offer.id,
        item=offer.item,
        name=offer.name,
        language=offer.lang,
        item_name=item_name,
        quantity=str(figure(offer.qty)),
        unit=offer.unit,
        category=offer.cat,
        country=offer.cc,
        place=offer.place,
        terms=offer.terms,
        ready_hours=offer.ready,
        expiry=offer.best,
        condition=offer.cond,
        as_of=iso(stored.asof),
        age=max(0, now - stored.asof),
        valid_until=iso(stored.exp),
        source=offer.src,
        heard=iso(stored.heard),
        stale=not source.own and now - stored.heard > limits.STALE_AFTER,
        expired=stored.exp <= now,
        exercise=source.exercise,
        own=source.own,
        greyed=not source.own and not source.is_member,
        network=source.network,
        band=None if offer.band is None else str(figure(offer.band)),
        audience=source.audience,
        pool=offer.pool,
        decides=offer.by,
    )


def other_logs(office: Office, exercise: bool) -> tuple[str, ...]:
    """The other log names that are searched: those of further networks, and audiences; of exercises where asked for."""
    own = office.node.log.is_exercise
    networks = [n for n in office.node.networks.values() if own or exercise or not n.shared.is_exercise]
    found = {network.shared.log for network in networks}
    for network in networks:
        logs = [log for log in network.replicas.heads if not log.is_for_all]
        found |= {log.log for log in logs if log.is_exercise in (own, exercise or own)}
    return tuple(sorted(found - {office.node.log.log}))


def may_offer(office: Office, log: LogName) -> bool:
    """Observers read and offer nothing (xs1 14.10)."""
    network = office.node.networks.get(log.network)
    standing = network.membership.standing(log.node) if network else None
    return standing is None or standing.tier != "observer"


def _within(figure: int, least: int, most: int) -> int:
    return max(least, min(figure, most))


def _near(text: str) -> tuple[int, int] | None:
    if not text:
        return None
    try:
        lat, lon = (round(float(part) * 1_000_000) for part in text.split(","))
        if abs(lat) > limits.LATITUDE or abs(lon) > limits.LONGITUDE:
            raise ValueError(text)
    except (ValueError, OverflowError):
        raise Refusal("bad-place", "a place as lat,lon in degrees", text, "for instance 42.7,23.3", 2) from None
    return lat, lon


async def show_offer(office: Office, actor: Actor, request: OfferId) -> Hit:
    """One offer, own or another node's, by its id."""
    now = office.node.clock.now()
    logs = [log for log in office.node.replicas.heads if request.node in ("", log.node)]
    for log in [office.node.log, *logs]:
        stored = await office.node.engine.read(lambda tx, log=log: tx.offers.get(log, request.id))  # type: ignore[misc]
        offer = read_indexed(stored.line) if stored else None
        if stored and offer is not None and request.node in ("", log.node):
            catalogue, language = await office.catalogue(), office.settings.languages[0]
            name = catalogue.name(offer.item, language) if offer.item in catalogue else ""
            return _hit(_source(office, log), stored, offer, name, now)
    raise Refusal("no-offer", "the id of an offer held here", request.id, "see `xstock search` or `xstock offer list`")
