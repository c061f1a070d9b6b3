"""An exercise file as typed values of the domain: read plainly, nothing decided here."""

import calendar
import json
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

import msgspec

from xstock_node.domain.agreements import Agreement, objections
from xstock_node.domain.allocation_types import Fleet, Inputs, Lane, NeedOf, OfferOf
from xstock_node.domain.catalogue import Catalogue, Category, Item, Storage
from xstock_node.domain.fairness import Claim, FairRule, FairSplit, fair_split
from xstock_node.domain.items import BaseUnit, Kind
from xstock_node.domain.loading import VehicleType
from xstock_node.domain.mapping import Mapping, MappingKey, MappingState
from xstock_node.domain.position import Standing, stand
from xstock_node.domain.reasons import Reason
from xstock_node.domain.routes import Crossing, Network, RoadLeg, Trip, Window, quickest
from xstock_node.domain.share_rules import KeepBack, SharedLine, ShareRules
from xstock_node.domain.stock import StockLine
from xstock_node.domain.terms import Terms
from xstock_node.domain.units import word_of

HALF = Decimal("0.5")


class ExerciseFile:
    """An exercise as a file has it: `raw` is its JSON."""

    def __init__(self, data: bytes) -> None:
        self.raw: Any = json.loads(data)
        self.t0 = datetime.fromisoformat(self.raw["t0"])
        self.today = self.t0.date()
        self._standings: dict[str, Standing] = {}

    @cached_property
    def catalogue(self) -> Catalogue:
        """The items of the exercise under its own short codes."""
        return Catalogue(map(_item, self.raw["items"]))

    @cached_property
    def rules(self) -> ShareRules:
        """All six nodes have the same rule; teams have no keep-back."""
        (rule,) = {json.dumps(node["share_rule"]): node["share_rule"] for node in self.raw["nodes"]}.values()
        teams = {item.code: KeepBack() for item in self.catalogue.all() if item.kind is Kind.TEAM}
        return ShareRules(
            min_remaining_days=rule["horizon_days"],
            medical_remaining_days=rule["horizon_days_medical"],
            keep_back={"default": KeepBack(percent=Decimal(rule["keep_back_percent"]))} | teams,
        )

    def shared_lines(self, node: str) -> list[SharedLine]:
        """The stock of a node, mapped, with what owner and donor said."""
        return [_shared(raw) for raw in self.raw["stock"] if raw["node"] == node]

    def gross_needs(self, node: str) -> dict[str, Decimal]:
        """What the people of a node need, by item."""
        return {need["item"]: Decimal(need["gross"]) for need in self.raw["needs"] if need["node"] == node}

    def standing(self, node: str) -> Standing:
        """Where a node stands at the start."""
        if node not in self._standings:
            lines, gross = self.shared_lines(node), self.gross_needs(node)
            self._standings[node] = stand(lines, gross, self.rules, self.catalogue, self.today)
        return self._standings[node]

    @cached_property
    def requests(self) -> list[dict[str, Any]]:
        """The lines that ask something of others."""
        return [need for need in self.raw["needs"] if Decimal(need["request"]) > 0]

    def offerable(self, item: str) -> Decimal:
        """What all nodes together may offer of an item."""
        found = (self.standing(node["node"]).of(item) for node in self.raw["nodes"])
        return sum((one.offerable for one in found if one is not None), Decimal(0))

    def claims(self, item: str) -> list[Claim]:
        """Who asks for an item."""
        return [
            Claim(
                requester=need["node"],
                asked=Decimal(need["request"]),
                severity=need["severity"],
                by_ratio=Decimal(need["by_ratio"]) if "by_ratio" in need else None,
                own_usable=Decimal(need["own_use"]),
            )
            for need in self.requests
            if need["item"] == item
        ]

    @cached_property
    def fair_plan(self) -> dict[str, FairSplit]:
        """The fair split of every item that somebody asks for."""
        found = self.catalogue
        return {
            item.code: fair_split(self.claims(item.code), self.offerable(item.code), item.multiple, FairRule())
            for item in found.all()
            if self.claims(item.code)
        }

    @cached_property
    def network(self) -> Network:
        """Crossings and edges; the country of a leg is that of its place, or the one that both crossings share."""
        crossings = {
            raw["crossing"]: Crossing(
                code=raw["crossing"],
                countries=tuple(raw["countries"]),
                queue=Decimal(raw["queue_h"]),
                clearance=Decimal(raw["clearance_h_if_papers_complete"]),
                largest_truck=tonnes(raw["largest_truck"]),
                open=(_window(raw["open"]),),
                inspections={one["service"]: (_window(one["hours"]),) for one in raw["inspections"]},
            )
            for raw in self.raw["crossings"]
        }

        def touches(place: str) -> set[str]:
            if place in crossings:
                return set(crossings[place].countries)
            return {"HU"} if place == "J-SZE" else {place.removeprefix("D-")[:2]}

        legs = []
        for raw in self.raw["edges"]:
            (country,) = touches(raw["a"]) & touches(raw["b"])
            legs.append(RoadLeg(raw["a"], raw["b"], raw["km"], Decimal(raw["hours"]), country))
        return Network(crossings.values(), legs)

    def closed_at(self, hour: float) -> frozenset[str]:
        """The crossings that are shut at an hour of the story."""
        found = [e for e in self.raw["timeline"] if e["kind"] == "closure"]
        return frozenset(e["data"]["crossing"] for e in found if e["at_h"] <= hour < e["data"]["until_h"])

    def way(self, giver: str, taker: str, hour: float) -> tuple[str, ...]:
        """The crossings of the quickest way of a 40 t lorry at an hour of the story."""
        depot = next(node["sites"][0]["site"] for node in self.raw["nodes"] if node["node"] == giver)
        trip = Trip(start=depot, end=f"D-{taker}", truck=Decimal(40), closed=self.closed_at(hour))
        found = quickest(self.network, trip) or quickest(self.network, msgspec.structs.replace(trip, truck=Decimal(18)))
        return found.crossings if found else ()

    @cached_property
    def agreements(self) -> dict[str, Agreement]:
        """The agreements, by their id."""
        known = {field.name for field in msgspec.structs.fields(Agreement)}
        found = {}
        for raw in self.raw["agreements"]:
            own = {name: value for name, value in raw.items() if name in known} | {"id": raw["agreement"]}
            own["terms"] = [term for term in raw["terms"] if term != "mission"] or ["donation"]
            own.pop("fairness", None)
            own.pop("disclosure", None)
            found[raw["agreement"]] = msgspec.convert(own, Agreement, strict=False)
        return found

    def barred(self, giver: str, taker: str, terms: str, renewed: set[tuple[str, str]]) -> str:
        """Why no agreement allows an offer under these terms; empty where one does. `renewed` accessions hold again."""
        why = "no agreement between the two"
        for agreement in self.agreements.values():
            if {giver, taker} <= set(agreement.parties) and not agreement.reference_needed and not agreement.items:
                again = {p: date.max for a, p in renewed if a == agreement.id}
                now = msgspec.structs.replace(agreement, accessions=agreement.accessions | again)
                found = objections(now, Terms(terms), self.today, between=(giver, taker))
                if not found:
                    return ""
                why = f"{agreement.id}: {', '.join(reason.code for reason in found)}"
        return why

    def vehicle_type(self, code: str) -> VehicleType:
        """One of the exercise's vehicles."""
        raw = self.raw["vehicle_types"][code]
        return VehicleType(
            code=code,
            gross_t=tonnes(raw["gross"]),
            payload_kg=Decimal(raw["payload_kg"]),
            volume_m3=Decimal(raw["volume_m3"]),
            pallets=Decimal(raw["eur_pallets"]),
            tail_lift=raw["tail_lift"],
        )

    @cached_property
    def plan_inputs(self) -> Inputs:
        """All requests of the first hour and all offers, from each node's first depot, on each lorry's quickest way.

        Hours count from midnight; every acceptance is there at 3:30. Agreements and owners' answers are not in it.
        """
        depots = {node["node"]: node["sites"][0]["site"] for node in self.raw["nodes"]}
        needs = [
            NeedOf(
                line=need["line"],
                requester=need["node"],
                site=f"D-{need['node']}",
                item=need["item"],
                quantity=Decimal(need["request"]),
                severity=need["severity"],
                needed_by=Decimal((datetime.fromisoformat(need["needed_by"]) - self.t0).total_seconds()) / 3600 + HALF,
                terms=tuple(need["terms"]),
                by_ratio=Decimal(need["by_ratio"]) if "by_ratio" in need else None,
                own_usable=Decimal(need["own_use"]),
            )
            for need in self.requests
        ]
        offers = []
        for node, depot in depots.items():
            for position in self.standing(node).positions:
                item = self.catalogue.get(position.item)
                assert item is not None
                if position.offerable:
                    offers.append(
                        OfferOf(
                            offer=f"{node}-{item.code}",
                            supplier=node,
                            depot=depot,
                            item=item.code,
                            quantity=position.offerable,
                            multiple=item.multiple,
                            kg=item.net_kg,
                            m3=item.m3,
                            ready=Decimal(3),
                            hold_until=Decimal(9),
                            terms=("donation", "loan", "mission", "replacement"),
                        )
                    )
        vehicles = [self.vehicle_type(code) for code in self.raw["vehicle_types"]]
        return Inputs(
            day=self.today.isoformat(),
            accept_by=Decimal("3.5"),
            needs=tuple(needs),
            offers=tuple(offers),
            lanes=tuple(self._lanes(depots, vehicles)),
            vehicles=tuple(vehicles),
            fleets=tuple(
                Fleet(depots[node["node"]], fleet["type"], fleet["count"])
                for node in self.raw["nodes"]
                for fleet in node["vehicles"]
            ),
        )

    def _lanes(self, depots: dict[str, str], vehicles: list[VehicleType]) -> Iterator[Lane]:
        reception = {one["node"]: one for one in self.raw["reception"]}
        for giver, depot in depots.items():
            for taker in depots:
                limit = reception[taker].get("largest_truck_at_destination")
                for vehicle in vehicles:
                    route = quickest(self.network, Trip(start=depot, end=f"D-{taker}", truck=vehicle.gross_t))
                    if route is not None and taker != giver:
                        yield Lane(
                            depot=depot,
                            site=f"D-{taker}",
                            vehicle=vehicle.code,
                            hours=route.hours,
                            lead=Decimal(reception[taker]["clearance_request_lead_h"]),
                            largest_truck=tonnes(limit) if limit else None,
                            crossings=route.crossings,
                            countries=route.countries,
                        )


def _item(raw: dict[str, Any]) -> Item:
    excluded = raw.get("excluded")
    return Item(
        code=raw["item"],
        scheme="local:exercise",
        names=raw["name"],
        category=Category(raw["category"]),
        unit=BaseUnit(raw["unit"]),
        kind=Kind.TEAM if raw["kind"] == "team" else Kind.GOODS,
        net_kg=Decimal(raw["net_kg"]) if raw["net_kg"] else None,
        m3=Decimal(raw["m3"]) if raw["m3"] else None,
        expirable=raw.get("expirable", False),
        medical=raw.get("medical", False),
        storage=Storage.COLD_CHAIN if excluded == "cold_chain" else Storage.AMBIENT,
        controlled=excluded == "controlled",
        excluded=excluded if excluded in ("fuel", "used_clothing") else None,
        multiple=Decimal(raw["multiple"]),
    )


def _shared(raw: dict[str, Any]) -> SharedLine:
    unit = word_of(raw["base_unit"])
    assert unit is not None
    line = StockLine(
        item_code=raw["local_code"],
        item_name=raw["local_name"],
        quantity=Decimal(raw["base_quantity"]),
        reserved=Decimal(raw["reserved"]),
        damaged=Decimal(raw["damaged"]),
        unit=unit,
        location=raw["site"],
        lot=raw["lot"],
        expiry=_expiry(raw),
        owner=raw["owner"],
        donor=raw["donor"],
        status=raw["condition"],
        serials=tuple(raw.get("serials", ())),
    )
    mapping = Mapping(
        key=MappingKey.of(raw["node"], line), code=raw["item"], base_unit=BaseUnit(raw["base_unit"]),
        factor=Decimal(1), state=MappingState.CONFIRMED, by="exercise", at=0,
    )  # fmt: skip
    withheld = None
    if raw["owner_release"] == "never":
        withheld = Reason("owner_never_lends", {"owner": raw["owner"]})
    elif raw.get("donor_restriction"):
        withheld = Reason("donor_restricted", {"restriction": raw["donor_restriction"]})
    return SharedLine(line, raw["line"], mapping, withheld=withheld)


def _expiry(raw: dict[str, Any]) -> str | None:
    """A month means its last day."""
    if raw["expiry_precision"] != "month":
        return raw["expiry"]  # type: ignore[no-any-return]
    year, month = map(int, raw["expiry"].split("-"))
    return date(year, month, calendar.monthrange(year, month)[1]).isoformat()


def tonnes(text: str) -> Decimal:
    """The figure of "7.5t"."""
    return Decimal(text.removesuffix("t"))


def _window(hours: str) -> Window:
    start, end = map(Decimal, hours.split("-"))
    return Window(start, end)
