"""Routing: the roads that the reception profiles on file know, with hours and the papers wanted at each crossing."""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from xstock_node.domain import reception_roads
from xstock_node.domain.corridors import Corridor, Movement, corridor
from xstock_node.domain.fields import FieldError
from xstock_node.domain.reasons import sentence
from xstock_node.domain.reception import ReceptionProfile
from xstock_node.domain.reception_roads import Border, Road
from xstock_node.domain.terms import Terms
from xstock_node.services.documents import library
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.settling import ReceptionFilter, ReceptionView, show_receptions, today
from xstock_node.services.typed import decimal_text, figure_of


class RouteRequest(msgspec.Struct, frozen=True, kw_only=True):
    """From one place of the profiles to another; `truck` gross tonnes in digits, empty where not chosen."""

    start: str
    end: str
    terms: Terms = Terms.LOAN
    truck: str = ""


class BorderView(msgspec.Struct, frozen=True, kw_only=True):
    """A crossing into `country`: queue with clearance in hours, opening hours, papers wanted; null is unknown.

    `regime` is the customs regime in that country; `papers` are its own words, of the way of arriving.
    """

    code: str
    country: str
    hours: str | None
    open: list[str] | None
    inspections: dict[str, list[str]]
    largest_truck_t: str | None
    regime: str | None
    papers: list[str] | None


class RouteView(msgspec.Struct, frozen=True, kw_only=True):
    """A way; `hours` null where a part is unknown (named in `unknown`), `at_least` what is known; rest not counted.

    `papers` are the codes of all papers that the way asks for, null where they cannot be told; `mind` says why.
    """

    stops: list[str]
    countries: list[str]
    hours: str | None
    at_least: str
    km: int | None
    unknown: list[str]
    borders: list[BorderView]
    papers: list[str] | None
    mind: list[str]


async def routes(office: Office, actor: Actor, request: RouteRequest) -> list[RouteView]:
    """The ways that the profiles on file know, those with known hours first; empty where no road leads there."""
    best = best_profiles(await show_receptions(office, actor, ReceptionFilter()))
    held = {country: view.profile for country, view in best.items()}
    mind = {
        country: [*([] if view.holds else [f"{country}: this profile is no longer valid"]), *view.notices]
        for country, view in best.items()
    }
    known = reception_roads.places(held.values())
    for place in (request.start, request.end):
        if place not in known:
            expected = f"a place of the reception profiles: {', '.join(known[:40]) or 'none has edges'}"
            raise Refusal(
                "no-place", expected, place, "add `[[edges]]` to the profile: `xstock reception edit FILE`", 2
            )
    truck = figure_of(request.truck, "tonnes") if request.truck else None
    found = reception_roads.roads(held, request.start, request.end, truck)
    return [_view(office, road, request.terms, held, mind) for road in found]


def best_profiles(views: Iterable[ReceptionView]) -> dict[str, ReceptionView]:
    """Of each country the profile to go by: one that holds before one that does not, then the last signed."""
    best: dict[str, ReceptionView] = {}
    for view in sorted(views, key=lambda one: (one.holds, one.profile.signed_on.isoformat(), one.origin)):
        best[view.profile.country] = view
    return {country: best[country] for country in sorted(best)}


def _view(
    office: Office, road: Road, terms: Terms, held: dict[str, ReceptionProfile], mind: dict[str, list[str]]
) -> RouteView:
    minded = [word for country in road.countries for word in mind.get(country, ())]
    way: Corridor | None = None
    try:
        movement = Movement(countries=road.countries, terms=terms)
        way = corridor(movement, library.customs_facts(), today(office), held.get(road.countries[-1]))
        minded += [sentence(one) for one in (*way.clearance_why, *way.stale(today(office)))]
    except FieldError as error:
        minded.append(str(error))
    return RouteView(
        stops=list(road.stops),
        countries=list(road.countries),
        hours=_figure(road.hours),
        at_least=decimal_text(road.at_least),
        km=road.km,
        unknown=list(road.unknown),
        borders=[_border(one, n, way, held) for n, one in enumerate(road.borders, 1)],
        papers=None if way is None else list(dict.fromkeys(p.code for p in way.papers if p.text is None)),
        mind=minded,
    )


def _border(one: Border, place: int, way: Corridor | None, held: dict[str, ReceptionProfile]) -> BorderView:
    point, profile = one.point, held.get(one.country)
    last = way is not None and place == len(way.countries) - 1
    key = way.arrival if way is not None and last else "transit"
    papers = None if way is None or profile is None or key not in profile.papers else list(profile.papers[key])
    return BorderView(
        code=one.code,
        country=one.country,
        hours=_figure(one.hours),
        open=list(point.hours) if point and point.hours else None,
        inspections={i.service: list(i.hours) for i in point.inspections} if point else {},
        largest_truck_t=_figure(point.largest_truck_t) if point else None,
        regime=str(way.out[place].regime) if way is not None else None,
        papers=papers,
    )


def _figure(value: Decimal | None) -> str | None:
    return None if value is None else decimal_text(value)
