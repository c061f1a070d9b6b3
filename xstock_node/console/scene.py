"""The map as data: which nodes offer and need what where, and which operations run between them. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from xstock_node.console.centres import CENTRES
from xstock_node.console.pictures.curves import Way
from xstock_node.console.pictures.outlines import Point
from xstock_node.domain.operations import AGREED, BEFORE, UNSENT, State
from xstock_node.services.duty_desk import WaitingView
from xstock_node.services.offer_sums import OfferPlace
from xstock_node.services.operation_views import OperationRow

LATE: Final = frozenset({"answer-late", "no-answer", "convoy-late"})
ARRIVED: Final = frozenset({State.RECEIVED, State.ON_LOAN, State.CONVERTED, State.RETURN_RECEIVED, State.LOST})


class MapPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A place of a node. `offered` and `needed` are decimal strings: quantities of the item, or counts of offers and
    needs where no item was chosen; `ready_hours` null is unknown.
    """

    node: str
    name: str
    place: str
    country: str
    latitude: float
    longitude: float
    offered: str
    needed: str
    ready_hours: int | None
    own: bool


class MapTrip(msgspec.Struct, frozen=True, kw_only=True):
    """An operation that runs: from the place of its supplier (`start`) to that of its requester (`end`), both by their
    number in the list of places. `goods` are in the reader's words.
    """

    case: str
    start: int
    end: int
    supplier: str
    requester: str
    way: Way
    goods: str


class Partner(NamedTuple):
    """A node of the map: its title, its country, and its own place where it tells one (longitude, latitude)."""

    title: str
    country: str
    at: Point | None = None
    own: bool = False


class Known(NamedTuple):
    """What the map is made of: partners by node name, places of offers, needs by node, operations, cases that are late.

    `unit` is that of the chosen item, empty where offers and needs are counted.
    """

    partners: Mapping[str, Partner]
    offers: Sequence[OfferPlace]
    needs: Mapping[str, str]
    operations: Sequence[OperationRow]
    late: frozenset[str]
    unit: str = ""


def scene(known: Known) -> tuple[list[MapPlace], list[MapTrip], int]:
    """Places, trips between them, and how many offers and needs are left out because nobody knows where they are."""
    found: list[MapPlace] = []
    homes: dict[str, int] = {}
    lost = 0
    for offer in known.offers:
        if offer.unit != known.unit:
            continue
        at = _of_offer(offer, known.partners)
        if at is None:
            lost += offer.offers
            continue
        found.append(_offered(offer, at))
        homes.setdefault(offer.node, len(found) - 1)
    wanted = [*known.needs, *(name for row in known.operations for name in (row.supplier, row.requester))]
    for name in dict.fromkeys(wanted):
        if name not in homes and (home := _home(name, known.partners)):
            found.append(home)
            homes[name] = len(found) - 1
    for name, quantity in known.needs.items():
        if name in homes:
            found[homes[name]] = msgspec.structs.replace(found[homes[name]], needed=quantity)
        else:
            lost += 1
    return found, list(_trips(known, homes)), lost


def late_cases(waiting: Iterable[WaitingView]) -> frozenset[str]:
    """The cases of which somebody is late."""
    return frozenset(one.case for one in waiting if one.kind in LATE and one.case)


def way_of(state: str, is_late: bool) -> Way | None:
    """How an operation is drawn; None for what has arrived or ended."""
    if state in ARRIVED or not (state in AGREED or state in BEFORE or state == State.OFFERED):
        return None
    if is_late:
        return "late"
    if state in UNSENT:
        return "promised"
    return "moving" if state in AGREED else "asked"


def _trips(known: Known, homes: Mapping[str, int]) -> Iterable[MapTrip]:
    for row in known.operations:
        way = way_of(row.state, row.case in known.late)
        if way is None or row.supplier not in homes or row.requester not in homes:
            continue
        yield MapTrip(
            case=row.case,
            start=homes[row.supplier],
            end=homes[row.requester],
            supplier=row.supplier,
            requester=row.requester,
            way=way,
            goods=row.lines,
        )


def _of_offer(offer: OfferPlace, partners: Mapping[str, Partner]) -> Point | None:
    if offer.latitude is not None and offer.longitude is not None:
        return offer.longitude, offer.latitude
    known = partners.get(offer.node)
    return (known.at if known and known.country == offer.country else None) or CENTRES.get(offer.country)


def _offered(offer: OfferPlace, at: Point) -> MapPlace:
    return MapPlace(
        node=offer.node,
        name=offer.organisation,
        place=offer.place,
        country=offer.country,
        latitude=at[1],
        longitude=at[0],
        offered=offer.quantity or str(offer.offers),
        needed="0",
        ready_hours=offer.ready_hours,
        own=offer.own,
    )


def _home(name: str, partners: Mapping[str, Partner]) -> MapPlace | None:
    known = partners.get(name)
    at = known and (known.at or CENTRES.get(known.country))
    if known is None or not at:
        return None
    return MapPlace(
        node=name,
        name=known.title,
        place="",
        country=known.country,
        latitude=at[1],
        longitude=at[0],
        offered="0",
        needed="0",
        ready_hours=None,
        own=known.own,
    )
