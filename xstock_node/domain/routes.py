"""Roads between depots, border crossings and delivery places: the quickest way for a lorry of a size, and others.

- Time is hours of road plus queue and clearance at each border that is really crossed, plus waiting for opening and
  inspection hours when the hour of leaving is given. Rest of drivers is not in it; see `rest_hours`.
- A lorry never passes a crossing, nor loads or unloads at a place, that is stated to be too small for it.
- A route names the countries it lies in, since they and not its two ends select the papers.
- Of routes of the same time the one with fewer borders comes first, then the shorter one, then by the names of the
  crossings: the same network gives the same routes.
"""

import heapq
from collections.abc import Iterable, Mapping
from decimal import ROUND_CEILING, Decimal
from typing import Final, NamedTuple

import msgspec

from xstock_node.domain.reasons import Reason

_DAY: Final = Decimal(24)
_NONE: Final = Decimal(0)
Path = tuple[str, ...]


class Window(NamedTuple):
    """Open from one hour of the day to another, UTC; (22, 6) is open over midnight."""

    start: Decimal
    end: Decimal


class Crossing(msgspec.Struct, frozen=True, kw_only=True):
    """A border crossing between two countries (ISO 3166-1 alpha-2); times in hours, `largest_truck` gross tonnes.

    `open` empty: always. `inspections`: hours of a service (veterinary, medicines ...) that some goods have to see;
    a service that is not named is not there, and goods that need it cannot pass. `largest_truck` None: no limit known.
    """

    code: str
    countries: tuple[str, str]
    queue: Decimal = _NONE
    clearance: Decimal = _NONE
    largest_truck: Decimal | None = None
    open: tuple[Window, ...] = ()
    inspections: dict[str, tuple[Window, ...]] = {}


class RoadLeg(msgspec.Struct, frozen=True):
    """A road inside one country, both ways, between places and crossings."""

    a: str
    b: str
    km: int
    hours: Decimal
    country: str


class Trip(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: from where to where with a lorry of `truck` gross tonnes.

    `closed`: crossings that are shut. `leave`: hour of the day (UTC) at which it starts, None when hours are not
    looked at. `services`: inspections that the load needs. `inside`: the only countries it may touch, None for all.
    """

    start: str
    end: str
    truck: Decimal
    closed: frozenset[str] = frozenset()
    leave: Decimal | None = None
    services: tuple[str, ...] = ()
    inside: frozenset[str] | None = None


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """A way in exact hours, `driving` of them on the road, `waiting` before closed doors; `stops` from end to end."""

    hours: Decimal
    km: int
    crossings: Path
    countries: Path
    driving: Decimal
    waiting: Decimal
    stops: Path


class Network:
    """An unchanging set of crossings and legs; `places` holds the largest lorry (gross tonnes) where one is stated."""

    def __init__(
        self, crossings: Iterable[Crossing], legs: Iterable[RoadLeg], places: Mapping[str, Decimal] | None = None
    ) -> None:
        self.crossings = {crossing.code: crossing for crossing in crossings}
        self.places = dict(places or {})
        self._from: dict[tuple[str, str], list[tuple[str, RoadLeg]]] = {}
        self._countries: dict[str, set[str]] = {}
        for leg in legs:
            for here, there in ((leg.a, leg.b), (leg.b, leg.a)):
                self._check_side(here, leg)
                self._from.setdefault((here, leg.country), []).append((there, leg))
                self._countries.setdefault(here, set()).add(leg.country)

    def _check_side(self, place: str, leg: RoadLeg) -> None:
        crossing = self.crossings.get(place)
        if crossing is not None and leg.country not in crossing.countries:
            raise ValueError(f"expected a leg to {place} in one of {crossing.countries}; came {leg.country}")

    def sides(self, place: str) -> list[str]:
        """The countries in which roads reach a place."""
        return sorted(self._countries.get(place, ()))

    def roads(self, place: str, country: str) -> list[tuple[str, RoadLeg]]:
        """Where the roads of one country lead from a place."""
        return self._from.get((place, country), [])


class _Stage(NamedTuple):
    """How far a search has come; compared in this order."""

    hours: Decimal
    borders: int
    km: int
    crossings: Path
    place: str
    country: str
    countries: Path
    driving: Decimal
    waiting: Decimal
    stops: Path


def quickest(network: Network, trip: Trip) -> Route | None:
    """The route of the shortest time, or None where there is none."""
    if not _fits(network.places.get(trip.start), trip.truck) or not _fits(network.places.get(trip.end), trip.truck):
        return None
    heap = [
        _Stage(_NONE, 0, 0, (), trip.start, side, (side,), _NONE, _NONE, (trip.start,))
        for side in network.sides(trip.start)
        if trip.inside is None or side in trip.inside
    ]
    heapq.heapify(heap)
    done: set[tuple[str, str]] = set()
    while heap:
        stage = heapq.heappop(heap)
        if stage.place == trip.end:
            return Route(
                hours=stage.hours,
                km=stage.km,
                crossings=stage.crossings,
                countries=stage.countries,
                driving=stage.driving,
                waiting=stage.waiting,
                stops=stage.stops,
            )
        if (stage.place, stage.country) not in done:
            done.add((stage.place, stage.country))
            for further in (*_drive(network, stage), *_cross(network, trip, stage)):
                if (further.place, further.country) not in done:
                    heapq.heappush(heap, further)
    return None


def alternatives(network: Network, trip: Trip, most: int, union: frozenset[str] = frozenset()) -> list[Route]:
    """At most `most` routes over different crossings, the quickest first.

    The quickest route that stays inside `union` (whose papers are other ones) is added when it is not among them.
    """
    found: list[Route] = []
    seen: set[Path] = set()
    tried: set[frozenset[str]] = set()
    heap: list[tuple[Decimal, int, int, Path, int, frozenset[str], Route]] = []

    def ask(closed: frozenset[str]) -> None:
        if closed not in tried:
            tried.add(closed)
            route = quickest(network, msgspec.structs.replace(trip, closed=closed))
            if route is not None:
                borders = len(route.crossings)
                heapq.heappush(heap, (route.hours, borders, route.km, route.crossings, len(tried), closed, route))

    ask(trip.closed)
    while heap and len(found) < most:
        *_, closed, route = heapq.heappop(heap)
        if route.crossings not in seen:
            seen.add(route.crossings)
            found.append(route)
        for crossing in route.crossings:
            ask(closed | {crossing})
    inner = quickest(network, msgspec.structs.replace(trip, inside=union)) if union else None
    return found if inner is None or inner.crossings in seen else [*found, inner]


def why_no_route(network: Network, trip: Trip) -> Reason | None:
    """What stands in the way; None when there is a route."""
    if quickest(network, trip) is not None:
        return None
    for place in (trip.start, trip.end):
        limit = network.places.get(place)
        if not _fits(limit, trip.truck):
            return Reason("place_too_small", {"place": place, "limit": str(limit), "truck": str(trip.truck)})
    ends = {"start": trip.start, "end": trip.end}
    replace = msgspec.structs.replace
    if trip.closed and (other := quickest(network, replace(trip, closed=frozenset()))) is not None:
        return Reason("crossing_closed", ends | {"crossings": ", ".join(sorted(trip.closed & {*other.crossings}))})
    limits = sorted({c.largest_truck for c in network.crossings.values() if c.largest_truck is not None}, reverse=True)
    for limit in limits:
        if limit < trip.truck and quickest(network, replace(trip, truck=limit)) is not None:
            return Reason("truck_too_large", ends | {"truck": str(trip.truck), "limit": str(limit)})
    if trip.services and quickest(network, replace(trip, services=())) is not None:
        return Reason("no_inspection", ends | {"services": ", ".join(trip.services)})
    return Reason("no_road", ends)


def rest_hours(driving: Decimal, day: Decimal, rest: Decimal) -> Decimal:
    """Rest on the way: `rest` hours after every `day` hours at the wheel, none after the last."""
    return max(_NONE, (driving / day).to_integral_value(ROUND_CEILING) - 1) * rest


def _fits(limit: Decimal | None, truck: Decimal) -> bool:
    return limit is None or truck <= limit


def _drive(network: Network, stage: _Stage) -> Iterable[_Stage]:
    for there, leg in network.roads(stage.place, stage.country):
        yield stage._replace(
            hours=stage.hours + leg.hours,
            km=stage.km + leg.km,
            place=there,
            driving=stage.driving + leg.hours,
            stops=(*stage.stops, there),
        )


def _cross(network: Network, trip: Trip, stage: _Stage) -> Iterable[_Stage]:
    """To the other side of the border, where the lorry may pass."""
    crossing = network.crossings.get(stage.place)
    if crossing is None or crossing.code in trip.closed or not _fits(crossing.largest_truck, trip.truck):
        return
    (other,) = set(crossing.countries) - {stage.country}
    waiting = _waiting(crossing, trip, stage.hours)
    if waiting is None or (trip.inside is not None and other not in trip.inside):
        return
    yield stage._replace(
        hours=stage.hours + waiting + crossing.queue + crossing.clearance,
        borders=stage.borders + 1,
        crossings=(*stage.crossings, crossing.code),
        country=other,
        countries=(*stage.countries, other),
        waiting=stage.waiting + waiting,
    )


def _waiting(crossing: Crossing, trip: Trip, hours: Decimal) -> Decimal | None:
    """How long until the crossing and every service that the load needs are open; None when one is never there.

    The queue is stood in first and the services are seen after it.
    """
    if not all(service in crossing.inspections for service in trip.services):
        return None
    if trip.leave is None:
        return _NONE
    arrived = trip.leave + hours
    clock = arrived + _until_open(crossing.open, arrived)
    seen = clock + crossing.queue
    for service in trip.services:
        seen = seen + _until_open(crossing.inspections[service], seen)
    return seen - crossing.queue - arrived


def _until_open(windows: tuple[Window, ...], clock: Decimal) -> Decimal:
    """Hours until the next window; none when no window is stated."""
    hour = clock % _DAY
    return min(
        (_NONE if _inside(window, hour) else (window.start - hour + _DAY) % _DAY for window in windows), default=_NONE
    )


def _inside(window: Window, hour: Decimal) -> bool:
    if window.start < window.end:
        return window.start <= hour < window.end
    return hour >= window.start or hour < window.end
