"""Ways of a plan from depots to sites, by the reception profiles on file; a road that nobody wrote stays unknown.

An unknown road is reckoned with one planning figure and the largest vehicle, is marked as assumed, and is named.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from xstock_node.domain import reception_roads
from xstock_node.domain.allocation_types import Lane
from xstock_node.domain.corridors import Facts, Movement, corridor
from xstock_node.domain.fields import FieldError
from xstock_node.domain.folding import fold
from xstock_node.domain.loading import VehicleType
from xstock_node.domain.reasons import Reason
from xstock_node.domain.reception import ReceptionProfile
from xstock_node.domain.reception_roads import Road
from xstock_node.domain.sums import ZERO
from xstock_node.domain.terms import Terms


class Depot(NamedTuple):
    """Where an offer lies, `place` in words or empty, and the requests that it may serve."""

    name: str
    place: str
    requests: tuple[str, ...]


class Site(NamedTuple):
    """Where a request wants its goods, `place` in words or empty, and the terms that it prefers."""

    name: str
    place: str
    request: str
    terms: Terms


class Roads:
    """The roads of the profiles (by country) for vehicles of these types; `assumed` hours where none is known."""

    def __init__(
        self,
        profiles: Mapping[str, ReceptionProfile],
        facts: Facts,
        vehicles: Sequence[VehicleType],
        assumed: Decimal,
        today: date,
    ) -> None:
        self._profiles, self._facts, self._today = profiles, facts, today
        self._vehicles, self._assumed = vehicles, assumed
        self._places = {fold(place): place for place in reception_roads.places(profiles.values())}
        self._found: dict[tuple[str, str, Decimal | None], list[Road]] = {}
        self._unknown: dict[str, list[str]] = {}
        self._parts: dict[tuple[str, str], Road] = {}
        self._leads: dict[str, None] = {}
        self._on_file = False

    def lanes(self, depot: Depot, site: Site) -> list[Lane]:
        """The lanes of a pair: the best way of each vehicle, or one that is assumed."""
        start, end = (self._places.get(fold(place)) for place in (depot.place, site.place))
        ways = [] if start is None or end is None else self._roads(start, end, None)
        if start is None or end is None or not ways:
            self._unknown.setdefault(site.name, []).append(depot.name)
            largest = max(self._vehicles, key=lambda vehicle: vehicle.gross_t)
            return [
                Lane(depot=depot.name, site=site.name, vehicle=largest.code, hours=self._assumed, assumed=True)
            ]  # fmt: skip
        found = []
        for vehicle in self._vehicles:
            fits = self._roads(start, end, vehicle.gross_t)
            if fits:
                found.append(self._lane(depot, site, vehicle, fits[0], None))
        if not found:
            smallest = min(self._vehicles, key=lambda vehicle: vehicle.gross_t)
            found.append(self._lane(depot, site, smallest, ways[0], self._limit(ways)))
        return found

    def said(self) -> Iterable[Reason]:
        """What was assumed of the roads that were asked for."""
        if self._on_file:
            yield Reason("roads_on_file")
        hours = str(self._assumed)
        for site, depots in self._unknown.items():
            yield Reason("road_unknown", {"depots": ", ".join(depots), "site": site, "hours": hours})
        for (depot, site), road in self._parts.items():
            parts = {"unknown": ", ".join(road.unknown), "at_least": str(road.at_least), "hours": hours}
            yield Reason("road_in_part", {"depot": depot, "site": site} | parts)
        if self._leads:
            yield Reason("lead_unknown", {"countries": ", ".join(self._leads)})

    def _roads(self, start: str, end: str, truck: Decimal | None) -> list[Road]:
        key = start, end, truck
        if key not in self._found:
            self._found[key] = reception_roads.roads(self._profiles, start, end, truck)
        return self._found[key]

    def _lane(self, depot: Depot, site: Site, vehicle: VehicleType, road: Road, limit: Decimal | None) -> Lane:
        if road.hours is None:
            self._parts.setdefault((depot.name, site.name), road)
        else:
            self._on_file = True
        return Lane(
            depot=depot.name,
            site=site.name,
            vehicle=vehicle.code,
            hours=max(self._assumed, road.at_least) if road.hours is None else road.hours,
            lead=self._lead(road.countries, site.terms),
            largest_truck=limit,
            crossings=tuple(border.code for border in road.borders),
            countries=road.countries,
            assumed=road.hours is None,
        )

    def _lead(self, countries: tuple[str, ...], terms: Terms) -> Decimal:
        """Hours that clearance takes beforehand; none where no clearance is needed, none and named where unknown."""
        profile = self._profiles.get(countries[-1])
        try:
            way = corridor(Movement(countries=countries, terms=terms), self._facts, self._today, profile)
        except FieldError:
            way = None
        if way is not None and not way.clearance_needed:
            return ZERO
        if profile is None or profile.clearance_lead_hours is None:
            self._leads[countries[-1]] = None
            return ZERO
        return Decimal(profile.clearance_lead_hours)

    def _limit(self, ways: Iterable[Road]) -> Decimal | None:
        """The largest lorry (gross tonnes) that some way takes, None where no limit is stated."""
        found = []
        for road in ways:
            ends = [profile.largest_truck_t for profile in map(self._profiles.get, road.countries) if profile]
            limits = [*ends, *(border.point.largest_truck_t for border in road.borders if border.point)]
            found.append(min((limit for limit in limits if limit is not None), default=None))
        return None if None in found else max((one for one in found if one is not None), default=None)
