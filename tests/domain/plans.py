"""Inputs for plans: short ways to one line or offer, and a seeded maker of instances of any size."""

from decimal import Decimal
from random import Random
from typing import Any

from xstock_node.domain.allocation_types import Fleet, Inputs, Lane, NeedOf, OfferOf
from xstock_node.domain.loading import VehicleType

DAY = "2027-03-28"
TRUCK = VehicleType(code="truck", gross_t=Decimal(18), payload_kg=Decimal(9000), volume_m3=Decimal(45))
TRAILER = VehicleType(code="trailer", gross_t=Decimal(40), payload_kg=Decimal(24000), volume_m3=Decimal(82))


def _decimals(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: Decimal(value) if isinstance(value, int) and name != "severity" else value
            for name, value in fields.items()}  # fmt: skip


def need(line: str = "L", quantity: int = 10, **rest: Any) -> NeedOf:
    fields = {"requester": "R", "site": "S", "item": "tent", "severity": 1, "needed_by": 48, "terms": ("loan",)}
    return NeedOf(line=line, quantity=Decimal(quantity), **_decimals(fields | rest))


def offer(name: str = "O", quantity: int = 10, **rest: Any) -> OfferOf:
    fields = {"supplier": "A", "depot": "D", "item": "tent", "terms": ("loan",), "kg": 50, "m3": Decimal("0.25")}
    return OfferOf(offer=name, quantity=Decimal(quantity), **_decimals(fields | rest))


def lane(depot: str = "D", site: str = "S", vehicle: str = "truck", hours: int = 10, **rest: Any) -> Lane:
    return Lane(depot=depot, site=site, vehicle=vehicle, hours=Decimal(hours), **_decimals(rest))


def inputs(needs: Any = None, offers: Any = None, **rest: Any) -> Inputs:
    """One line, one offer, one lane and five trucks where nothing else is said."""
    fields: dict[str, Any] = {
        "day": DAY, "accept_by": Decimal(2), "lanes": [lane()], "vehicles": [TRUCK], "fleets": [Fleet("D", "truck", 5)],
    } | rest  # fmt: skip
    fields["needs"] = [need()] if needs is None else needs
    fields["offers"] = [offer()] if offers is None else offers
    return Inputs(**{name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()})


def made(depots: int, sites: int, items: int, seed: int, held: float = 1.0, asked: float = 1.0) -> Inputs:
    """A flood of a size: six requesters, short supply of most items, half of the depots with small lorries only.

    `held`, `asked`: which share of items a depot has and a site asks for.
    """
    draw = Random(seed)
    figures = [
        (draw.choice([1, 5, 10]), draw.choice([None, *"12345"]), draw.choice([None, *"12345"])) for _ in range(items)
    ]
    offers = [
        OfferOf(
            offer=f"O{depot:03}-{item:02}",
            supplier=f"N{depot % 6}",
            depot=f"D{depot:03}",
            item=f"I{item:02}",
            quantity=Decimal(draw.randint(5, 400)),
            terms=tuple(draw.sample(["loan", "donation"], draw.randint(1, 2))),
            multiple=Decimal(figures[item][0]),
            keep_back=Decimal(draw.randint(0, 20)),
            ready=Decimal(draw.choice([0, 0, 0, 12])),
            hold_until=draw.choice([None, Decimal(6), Decimal(6), Decimal(1)]),
            expiry=draw.choice([None, None, "2027-04-02", "2028-01-31"]),
            kg=Decimal(figures[item][1]) * draw.randint(1, 9) if figures[item][1] else None,
            m3=Decimal(figures[item][2]) / 20 if figures[item][2] else None,
        )
        for depot in range(depots)
        for item in range(items)
        if draw.random() < held
    ]  # fmt: skip
    needs = [
        NeedOf(
            line=f"L{site:03}-{item:02}",
            requester=f"R{site % 6}",
            site=f"S{site:03}",
            item=f"I{item:02}",
            quantity=Decimal(draw.randint(20, 900)),
            severity=draw.choice([1, 1, 2, 3]),
            needed_by=Decimal(draw.choice([12, 24, 48])),
            terms=draw.choice([("loan", "donation"), ("donation",)]),
            earliest_expiry=draw.choice([None, None, None, "2027-09-30"]) if item % 5 == 0 else None,
        )
        for site in range(sites)
        for item in range(items)
        if draw.random() < asked
    ]
    lanes, fleets = [], []
    for depot in range(depots):
        vehicle = TRUCK if depot % 2 else TRAILER
        fleets.append(Fleet(f"D{depot:03}", vehicle.code, draw.randint(8, 30)))
        lanes += [
            Lane(
                depot=f"D{depot:03}",
                site=f"S{site:03}",
                vehicle=vehicle.code,
                hours=Decimal(draw.randint(20, 400)) / 10,
                lead=Decimal(draw.choice([0, 2, 6])),
                largest_truck=draw.choice([None, Decimal(40), Decimal(18)]),
            )
            for site in range(sites)
        ]
    return inputs(needs, offers, lanes=lanes, vehicles=[TRUCK, TRAILER], fleets=fleets)
