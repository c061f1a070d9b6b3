"""Map: who offers and needs what where, of one item or counted over all, and the operations between the places."""

from collections import defaultdict
from decimal import Decimal
from typing import Final

import msgspec
from markupsafe import Markup

from xstock_node.console.ground import ground
from xstock_node.console.page import Column, Page, Table
from xstock_node.console.pictures.places import Scene, Spot, Trip, draw_places
from xstock_node.console.scene import Known, MapPlace, MapTrip, Partner, late_cases, scene
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.domain.operations import BEFORE, State
from xstock_node.services.offer_sums import CountriesAsked, OfferPlace, PlacesAsked
from xstock_node.services.operating import CaseFilter, CaseId
from xstock_node.services.operation_views import OperationRow
from xstock_node.services.overview import PeerName
from xstock_node.services.request_views import RequestView
from xstock_node.services.typed import decimal_text

MOST_DRAWN: Final = 30
MOST_LOOKED_AT: Final = 50
UNASKED: Final = frozenset({"closed", "cancelled", "covered"})


class MapQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Of which item (empty: of all, counted), and whether of exercises."""

    item: str = ""
    exercise: bool = False


class MapView(msgspec.Struct, frozen=True, kw_only=True):
    """The map. Where `unit` is empty, offers and needs are counted; `unplaced` of them nobody knows where they are.

    Needs are those of this node and those that it was asked for. `items` are the items that the most nodes offer,
    `own_ground`: the outlines are the operator's own, `ground` why they cannot be used.
    """

    query: MapQuery
    exercise: bool
    unit: str
    places: list[MapPlace]
    trips: list[MapTrip]
    unplaced: int
    items: list[str]
    own_ground: bool
    ground: str


async def _map(visit: Visit, asked: MapQuery) -> MapView:
    exercise = asked.exercise or visit.office.node.log.is_exercise
    offers = await visit.ask("offer.places", PlacesAsked(item=asked.item, exercise=exercise))
    operations = [one for one in await visit.ask("op.list", CaseFilter()) if one.exercise == exercise]
    unit = _unit(offers) if asked.item else ""
    partners = await _partners(visit)
    known = Known(
        partners=partners,
        offers=offers,
        needs=await _needs(visit, asked.item, unit, operations, exercise),
        operations=operations,
        late=late_cases(await visit.ask("duty.queue")),
        unit=unit,
    )
    places, trips, unplaced = scene(known)
    trips = [msgspec.structs.replace(one, goods=visit.words.goods(one.goods)) for one in trips]
    under = ground(visit.office.home)
    sums = await visit.ask("offer.countries", CountriesAsked(exercise=exercise))
    return MapView(
        query=asked,
        exercise=exercise,
        unit=unit,
        places=places,
        trips=trips,
        unplaced=unplaced,
        items=list(dict.fromkeys([*([asked.item] if asked.item else []), *(one.item for one in sums)])),
        own_ground=under.is_own,
        ground=under.problem,
    )


async def _partners(visit: Visit) -> dict[str, Partner]:
    """This node and its peers by name."""
    settings, identity = visit.office.settings, visit.office.node.identity
    found = {peer.name: Partner(peer.organisation, peer.country) for peer in await visit.ask("peer.list", PeerName())}
    at = (settings.at[1] / 1_000_000, settings.at[0] / 1_000_000) if settings.at else None
    found[identity.name] = Partner(identity.title(), settings.country, at, own=True)
    return found


async def _needs(visit: Visit, item: str, unit: str, operations: list[OperationRow], exercise: bool) -> dict[str, str]:
    """What is still needed, by node: this node's open requests, and what it was asked for and did not promise."""
    own = visit.office.node.identity.name
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    requests = [one for one in await visit.ask("request.list") if one.exercise == exercise and one.state not in UNASKED]
    sums[own] = _missing(requests, item, unit) if item else Decimal(len(requests))
    open_states = {*BEFORE, State.OFFERED}
    asked_here = [one for one in operations if one.supplier == own and one.state in open_states]
    for row in asked_here[:MOST_LOOKED_AT]:
        sums[row.requester] += await _asked(visit, row, item, unit) if item else 1
    return {name: decimal_text(quantity) for name, quantity in sums.items() if quantity > 0}


def _missing(requests: list[RequestView], item: str, unit: str) -> Decimal:
    lines = (line for one in requests for line in one.lines if line.item == item and unit in ("", line.unit))
    return sum((Decimal(line.missing) for line in lines), Decimal(0))


async def _asked(visit: Visit, row: OperationRow, item: str, unit: str) -> Decimal:
    """How much of an item one operation asks for."""
    found = await visit.ask("op.show", CaseId(case=row.case))
    counters = (one for one in found.counters if one.item == item and unit in ("", one.unit))
    return sum((Decimal(one.figures.get("requested", "0")) for one in counters), Decimal(0))


def _unit(offers: list[OfferPlace]) -> str:
    """The unit in which most of an item is offered: the map sums no other."""
    counted: defaultdict[str, int] = defaultdict(int)
    for one in offers:
        counted[one.unit] += one.offers
    return max(counted, key=lambda unit: (counted[unit], unit), default="")


def picture(visit: Visit, view: MapView) -> Markup:
    """The map as it is drawn on the server."""
    words = visit.words
    what = (
        f"{words.item(view.query.item)}, {words.word('unit', view.unit)}" if view.query.item else words.say("all goods")
    )
    spots, trips = _drawn(view, visit)
    return Markup(draw_places("places", Scene(what, spots, trips), ground(visit.office.home).outlines, words))  # noqa: S704


def _drawn(view: MapView, visit: Visit) -> tuple[list[Spot], list[Trip]]:
    """Each place as a spot; where they are too many for one picture, each country as one."""
    if len(view.places) <= MOST_DRAWN:
        spots = [_spot(one) for one in view.places]
        return spots, [Trip(one.start, one.end, one.way, one.goods) for one in view.trips]
    countries = list(dict.fromkeys(one.country for one in view.places))
    spots = [_country([one for one in view.places if one.country == code], code, visit) for code in countries]
    of_place = [countries.index(one.country) for one in view.places]
    return spots, [Trip(of_place[one.start], of_place[one.end], one.way, one.goods) for one in view.trips]


def _spot(one: MapPlace) -> Spot:
    name = f"{one.name}, {one.place}" if one.place else one.name
    return Spot(
        name, (one.longitude, one.latitude), Decimal(one.offered), Decimal(one.needed), one.ready_hours, one.own
    )


def _country(places: list[MapPlace], code: str, visit: Visit) -> Spot:
    ready = [one.ready_hours for one in places if one.ready_hours is not None and Decimal(one.offered) > 0]
    return Spot(
        str(visit.words.locale.territories.get(code, code)),
        (sum(one.longitude for one in places) / len(places), sum(one.latitude for one in places) / len(places)),
        sum((Decimal(one.offered) for one in places), Decimal(0)),
        sum((Decimal(one.needed) for one in places), Decimal(0)),
        min(ready, default=None),
        any(one.own for one in places),
    )


MAP = Page(
    "map",
    "/map",
    mark("Map"),
    "see",
    _map,
    asks=MapQuery,
    tables={
        "places": Table(
            mark("Offers and needs by place"),
            (
                Column("name", mark("Whose"), "text", "/search?node={node}"),
                Column("place", mark("Place")),
                Column("country", mark("Country")),
                Column("offered", mark("Offered"), "number"),
                Column("needed", mark("Needed"), "number"),
                Column("ready_hours", mark("Ready in hours"), "number"),
            ),
            lambda view: view.places,
            mark("Nobody offers or needs anything that this node knows of."),
        ),
        "trips": Table(
            mark("Operations on the map"),
            (
                Column("case", mark("Operation"), "code", "/operation?case={case}"),
                Column("supplier", mark("From"), "node"),
                Column("requester", mark("To"), "node"),
                Column("way", mark("State"), "trip"),
                Column("goods", mark("Goods")),
            ),
            lambda view: view.trips,
            mark("No operation is under way."),
        ),
    },
    draws={"map": picture},
    group="help",
)
