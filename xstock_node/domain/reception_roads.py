"""Roads by reception profiles: edges and entry points as countries wrote them, and what is known of each way's hours.

An hour that nobody wrote is unknown: a way then has no time, only what it takes at least.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Final, NamedTuple

from xstock_node.domain.reception import EntryPoint, ReceptionProfile
from xstock_node.domain.routes import Crossing, Network, RoadLeg, Route, Trip, alternatives

ZERO: Final = Decimal(0)
MOST: Final = 8


class Border(NamedTuple):
    """A crossing of a way, into `country`; `point` is that country's own word on it, None where it has said nothing."""

    code: str
    country: str
    point: EntryPoint | None

    @property
    def hours(self) -> Decimal | None:
        """Queue and clearance, None where one of them is unknown."""
        point = self.point
        if point is None or point.queue_hours is None or point.clearance_hours is None:
            return None
        return point.queue_hours + point.clearance_hours

    @property
    def at_least(self) -> Decimal:
        """What is known of queue and clearance."""
        known = (self.point.queue_hours, self.point.clearance_hours) if self.point else ()
        return sum((one for one in known if one is not None), ZERO)


class Road(NamedTuple):
    """A way by its stops and countries; `hours` and `km` None where a part is unknown, `at_least` what is known."""

    stops: tuple[str, ...]
    countries: tuple[str, ...]
    borders: tuple[Border, ...]
    hours: Decimal | None
    at_least: Decimal
    km: int | None
    unknown: tuple[str, ...]


def places(profiles: Iterable[ReceptionProfile]) -> list[str]:
    """Every place that roads of the profiles reach."""
    return sorted({end for profile in profiles for edge in profile.edges for end in (edge.a, edge.b)})


def roads(profiles: Mapping[str, ReceptionProfile], start: str, end: str, truck: Decimal | None = None) -> list[Road]:
    """At most eight ways over different crossings: those with known hours first, the quickest before the others.

    `profiles` by country; `truck` is gross tonnes, None where the lorry is not chosen yet.
    """
    limits = {
        end: profile.largest_truck_t
        for profile in profiles.values()
        if profile.largest_truck_t is not None
        for edge in profile.edges
        for end in (edge.a, edge.b)
    }
    network = Network(_crossings(profiles), _legs(profiles), limits)
    trip = Trip(start=start, end=end, truck=ZERO if truck is None else truck)
    found = [_road(profiles, route) for route in alternatives(network, trip, MOST)]
    return sorted(found, key=lambda r: (r.hours is None, r.at_least, len(r.borders), r.stops))


def _legs(profiles: Mapping[str, ReceptionProfile]) -> list[RoadLeg]:
    joins = {one.code: one.countries for one in _crossings(profiles)}
    return [
        RoadLeg(edge.a, edge.b, edge.km or 0, edge.hours or ZERO, country)
        for country, profile in sorted(profiles.items())
        for edge in profile.edges
        if all(country in joins.get(place, (country,)) for place in (edge.a, edge.b))
    ]


def _crossings(profiles: Mapping[str, ReceptionProfile]) -> list[Crossing]:
    """Every entry point of which both countries are known: it names the neighbour, or both list it."""
    named: dict[str, list[tuple[str, EntryPoint]]] = {}
    for country, profile in sorted(profiles.items()):
        for point in profile.entry_points:
            named.setdefault(point.code, []).append((country, point))
    found = []
    for code, words in sorted(named.items()):
        countries = {country for country, _ in words} | {p.neighbour for _, p in words if p.neighbour}
        if len(countries) == 2:
            limits = [p.largest_truck_t for _, p in words if p.largest_truck_t is not None]
            limits += [t for c, _ in words if (t := profiles[c].largest_truck_t) is not None]
            a, b = sorted(countries)
            wait = max(((p.queue_hours or ZERO) + (p.clearance_hours or ZERO) for _, p in words), default=ZERO)
            found.append(Crossing(code=code, countries=(a, b), clearance=wait, largest_truck=min(limits, default=None)))
    return found


def _road(profiles: Mapping[str, ReceptionProfile], route: Route) -> Road:
    borders = tuple(
        Border(code, country, profiles[country].entry_point(code) if country in profiles else None)
        for code, country in zip(route.crossings, route.countries[1:], strict=True)
    )
    unknown = [one.code for one in borders if one.hours is None]
    known, km = route.driving, True
    for a, b, country in _pieces(route.stops, route.crossings, route.countries):
        edges = [e for e in profiles[country].edges if {e.a, e.b} == {a, b}]
        if any(e.hours is None for e in edges):
            unknown.append(f"{a} - {b}")
        km = km and all(e.km is not None for e in edges)
    at_least = known + sum((one.at_least for one in borders), ZERO)
    hours = None if unknown else at_least
    return Road(route.stops, route.countries, borders, hours, at_least, route.km if km else None, tuple(unknown))


def _pieces(stops: Sequence[str], crossings: Sequence[str], countries: Sequence[str]) -> Iterable[tuple[str, str, str]]:
    """Each leg of a way with the country it lies in."""
    left, place = list(crossings), 0
    for a, b in pairwise(stops):
        if left and a == left[0]:
            left.pop(0)
            place += 1
        yield a, b, countries[place]
