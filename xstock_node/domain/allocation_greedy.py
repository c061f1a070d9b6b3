"""The plain plan: line by line, gravest first, each served by its best choices as far as everything goes.

It needs no solver, keeps every limit, and completes what a solver leaves open. It proves nothing about the optimum.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from xstock_node.domain.allocation_choices import Choice, Choices, Pot, Trip
from xstock_node.domain.loading import VehicleType, whole_up

_NONE = Decimal(0)


class Room:
    """The load of one trip: what is on board and how many vehicles that takes."""

    def __init__(self, vehicle: VehicleType) -> None:
        self.vehicle = vehicle
        self.kg = self.m3 = _NONE
        self.count = 0

    def lots(self, choice: Choice, vehicles: int | None) -> int | None:
        """How many more lots fit when the trip may grow to `vehicles` (None: to any number); None for any number."""
        if vehicles is None:
            return None
        if not vehicles:
            return 0
        fits = [
            int((limit * vehicles - used) // (size * choice.offer.multiple))
            for used, size, limit in (
                (self.kg, choice.offer.kg, self.vehicle.payload_kg),
                (self.m3, choice.offer.m3, self.vehicle.volume_m3),
            )
            if size and limit is not None
        ]
        return max(0, min(fits)) if fits else None

    def load(self, choice: Choice, lots: int) -> int:
        """Put lots on board; how many vehicles more that takes."""
        self.kg += lots * choice.offer.multiple * (choice.offer.kg or _NONE)
        self.m3 += lots * choice.offer.multiple * (choice.offer.m3 or _NONE)
        before, self.count = self.count, max(self.count, vehicles_of(self.kg, self.m3, self.vehicle))
        return self.count - before


def vehicles_of(kg: Decimal, m3: Decimal, vehicle: VehicleType) -> int:
    """How many vehicles a load takes that is not nothing: one at least, also where its weight is unknown."""
    full = [
        whole_up(used, limit)
        for used, limit in ((kg, vehicle.payload_kg), (m3, vehicle.volume_m3))
        if limit is not None
    ]
    return max([1, *full])


class Ledger:
    """What is left of everything while lots are given away."""

    def __init__(self, choices: Choices) -> None:
        inputs = choices.inputs
        self.lots = dict(choices.lots)
        self.open = {need.line: need.quantity for need in inputs.needs}
        self.pots: dict[Pot, Decimal] = dict(choices.pots)
        self.free = {(fleet.depot, fleet.vehicle): fleet.count for fleet in inputs.fleets}
        self.rooms: dict[Trip, Room] = {}
        self._vehicles = {vehicle.code: vehicle for vehicle in inputs.vehicles}

    def fits(self, choice: Choice) -> int:
        """How many lots can still go this way."""
        lots = min(
            self.lots[choice.offer.offer],
            int(self.open[choice.need.line] // choice.counts),
            int(self.pots[choice.pot] // choice.offer.multiple),
        )
        if lots <= 0:
            return 0
        room = self._room(choice)
        left = self.free[choice.trip.depot, choice.trip.vehicle]
        more = room.lots(choice, None if left is None else room.count + left)
        return lots if more is None else min(lots, more)

    def take(self, choice: Choice, lots: int) -> None:
        """Give lots away; `fits` has said that they can be."""
        if lots <= 0:
            return
        self.lots[choice.offer.offer] -= lots
        self.open[choice.need.line] -= lots * choice.counts
        self.pots[choice.pot] -= lots * choice.offer.multiple
        room = self.rooms.setdefault(choice.trip, self._room(choice))
        grown = room.load(choice, lots)
        left = self.free[choice.trip.depot, choice.trip.vehicle]
        if left is not None:
            self.free[choice.trip.depot, choice.trip.vehicle] = left - grown

    def _room(self, choice: Choice) -> Room:
        return self.rooms.get(choice.trip) or Room(self._vehicles[choice.trip.vehicle])


def complete(choices: Choices, given: Mapping[int, int], parts: Iterable[int] = ()) -> dict[int, int]:
    """`given` (place of a choice to lots) cut to what fits, then all that still fits beside it, in order.

    Before the rest one lot more goes to the places of `parts`, of which a solver wanted a part, the worthiest first.
    """
    ledger = Ledger(choices)
    lots: dict[int, int] = {}
    for place in sorted(given):
        lots[place] = min(given[place], ledger.fits(choices.all[place]))
        ledger.take(choices.all[place], lots[place])
    for place in sorted(parts, key=lambda place: (-choices.all[place].worth, place)):
        if ledger.fits(choices.all[place]):
            ledger.take(choices.all[place], 1)
            lots[place] = lots.get(place, 0) + 1
    for place, choice in enumerate(choices.all):
        more = ledger.fits(choice)
        if more:
            ledger.take(choice, more)
            lots[place] = lots.get(place, 0) + more
    return {place: count for place, count in sorted(lots.items()) if count}


def greedy(choices: Choices) -> dict[int, int]:
    """The plan of this module alone: place of a choice to lots."""
    return complete(choices, {})
