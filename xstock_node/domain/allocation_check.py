"""Whether a plan keeps every limit of its inputs: written from the inputs alone, so that no solver judges itself."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from xstock_node.domain.allocation_types import Flow, Inputs, Lane, NeedOf, OfferOf, Plan, Trips

_NONE = Decimal(0)


def violations(plan: Plan, inputs: Inputs) -> list[str]:
    """What a plan breaks, each in one line that begins with the name of the limit; empty for a sound plan."""
    offers = {offer.offer: offer for offer in inputs.offers}
    needs = {need.line: need for need in inputs.needs}
    lanes = _by_pair(inputs)
    found: list[str] = []
    sound: list[tuple[Flow, OfferOf, NeedOf]] = []
    for flow in plan.flows:
        offer, need = offers.get(flow.offer), needs.get(flow.line)
        if offer is None or need is None:
            found.append(f"unknown: flow of {flow.offer} to {flow.line}")
        else:
            sound.append((flow, offer, need))
            ways = lanes.get((offer.depot, need.site), [])
            found += (f"{limit}: {flow.offer} to {flow.line}" for limit in _of_flow(flow, offer, need, ways, inputs))
    found += _sums(sound, inputs)
    found += _vehicles(plan, sound, inputs)
    return found + _lines(plan, sound, inputs)


def _of_flow(flow: Flow, offer: OfferOf, need: NeedOf, lanes: list[Lane], inputs: Inputs) -> Iterable[str]:
    """The limits that one flow may break by itself."""
    if flow.quantity <= 0:
        yield "nothing"
    if flow.quantity % offer.multiple:
        yield "multiple"
    if offer.hold_until is not None and offer.hold_until < inputs.accept_by:
        yield "hold"
    if flow.terms not in offer.terms or flow.terms not in need.terms:
        yield "terms"
    factors = {need.item: Decimal(1)} | {other.item: other.factor for other in need.substitutes}
    if flow.item != offer.item or offer.item not in factors:
        yield "item"
    elif flow.counts != flow.quantity * factors[offer.item]:
        yield "factor"
    arrival = date.fromisoformat(inputs.day) + timedelta(hours=float(flow.arrive))
    if offer.expiry is not None and offer.expiry < arrival.isoformat():
        yield "expiry"
    if need.earliest_expiry is not None and (offer.expiry is None or offer.expiry < need.earliest_expiry):
        yield "expiry"
    lanes = [lane for lane in lanes if lane.vehicle == flow.vehicle]
    if not any(_in_time(flow, offer, lane, inputs) for lane in lanes):
        yield "time" if lanes else "lane"
    if flow.late != max(_NONE, flow.arrive - need.needed_by):
        yield "lateness"


def _by_pair(inputs: Inputs) -> dict[tuple[str, str], list[Lane]]:
    found: dict[tuple[str, str], list[Lane]] = defaultdict(list)
    for lane in inputs.lanes:
        found[lane.depot, lane.site].append(lane)
    return found


def _in_time(flow: Flow, offer: OfferOf, lane: Lane, inputs: Inputs) -> bool:
    """Not before the goods are ready and the border has cleared them, and not quicker than the road."""
    earliest = max(offer.ready, inputs.accept_by + lane.lead)
    return flow.depart >= earliest and flow.arrive == flow.depart + lane.hours


def _sums(flows: list[tuple[Flow, OfferOf, NeedOf]], inputs: Inputs) -> Iterable[str]:
    given: dict[str, Decimal] = defaultdict(Decimal)
    got: dict[str, Decimal] = defaultdict(Decimal)
    for flow, offer, need in flows:
        given[offer.offer] += flow.quantity
        got[need.line] += flow.counts
    for offer in inputs.offers:
        if given[offer.offer] > offer.quantity:
            yield f"quantity: {offer.offer}"
        elif given[offer.offer] > max(_NONE, offer.quantity - offer.keep_back):
            yield f"keep-back: {offer.offer}"
    yield from (f"asked: {need.line}" for need in inputs.needs if got[need.line] > need.quantity)


def _vehicles(plan: Plan, flows: list[tuple[Flow, OfferOf, NeedOf]], inputs: Inputs) -> Iterable[str]:
    """Every flow is on a trip, no trip is too full or too heavy for the road, and no depot sends more than it has."""
    types, lanes = {vehicle.code: vehicle for vehicle in inputs.vehicles}, _by_pair(inputs)
    aboard: dict[tuple[str, str, str, Decimal], list[tuple[Flow, OfferOf]]] = defaultdict(list)
    for flow, offer, need in flows:
        aboard[offer.depot, need.site, flow.vehicle, flow.depart].append((flow, offer))
    planned = {_key(trips): trips for trips in plan.trips}
    yield from (f"trip: none from {key[0]} to {key[1]}" for key in aboard if key not in planned)
    sent: dict[tuple[str, str], int] = defaultdict(int)
    for key, trips in planned.items():
        name, vehicle = f"{trips.depot} to {trips.site}", types[trips.vehicle]
        load = aboard.get(key, [])
        kg = sum((flow.quantity * (offer.kg or _NONE) for flow, offer in load), _NONE)
        m3 = sum((flow.quantity * (offer.m3 or _NONE) for flow, offer in load), _NONE)
        if vehicle.payload_kg is not None and kg > vehicle.payload_kg * trips.count:
            yield f"weight: {name}"
        if vehicle.volume_m3 is not None and m3 > vehicle.volume_m3 * trips.count:
            yield f"volume: {name}"
        if (trips.kg, trips.m3) != (kg, m3) or trips.count < 1 or not load:
            yield f"load: {name}"
        if not any(
            lane.vehicle == trips.vehicle and (lane.largest_truck is None or vehicle.gross_t <= lane.largest_truck)
            for lane in lanes.get((trips.depot, trips.site), [])
        ):
            yield f"largest-truck: {name}"
        sent[trips.depot, trips.vehicle] += trips.count
    fleets = {(fleet.depot, fleet.vehicle): fleet.count for fleet in inputs.fleets}
    for (depot, code), count in sent.items():
        most = fleets.get((depot, code), 0)
        if most is not None and count > most:
            yield f"fleet: {code} at {depot}"


def _key(trips: Trips) -> tuple[str, str, str, Decimal]:
    return trips.depot, trips.site, trips.vehicle, trips.depart


def _lines(plan: Plan, flows: list[tuple[Flow, OfferOf, NeedOf]], inputs: Inputs) -> list[str]:
    """The account of every line: what it asked is what it gets and what stays unmet, which is never without a word."""
    got: dict[str, Decimal] = defaultdict(Decimal)
    for flow, _, need in flows:
        got[need.line] += flow.counts
    told = {line.line: line for line in plan.lines}
    found = [f"account: {name}" for name in told.keys() ^ {need.line for need in inputs.needs}]
    for need in inputs.needs:
        line = told.get(need.line)
        if line is not None:
            fits = (line.asked, line.covered, line.unmet) == (
                need.quantity,
                got[need.line],
                need.quantity - got[need.line],
            )
            if not fits or (line.unmet > 0 and not line.why):
                found.append(f"account: {need.line}")
    return found
