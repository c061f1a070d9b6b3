"""Who should send what where: a proposed plan for all requests at once from everyone's offers.

- It minimises what comes late or never, by severity, then effort (see `allocation_choices` for the one scale).
- It keeps holds, terms, expiry, keep-back, whole lots, lorry sizes, clearance times, vehicles and their capacity, and
  gives no requester more than its fair part; `allocation_check.violations` tells whether a plan does.
- It explains itself, and anyone can replay it: the same inputs, in whatever order, give the same plan and hash.
- It proposes; people decide.
"""

import hashlib
from collections.abc import Callable, Iterable
from datetime import date
from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal
from functools import lru_cache
from typing import Any, Final, TypeVar

import msgspec

from xstock_node.domain import allocation_milp
from xstock_node.domain.allocation_choices import EFFORT, Choice, Choices
from xstock_node.domain.allocation_greedy import Ledger, greedy
from xstock_node.domain.allocation_types import Covered, Flow, Inputs, Plan, Trips
from xstock_node.domain.allocation_words import Explainer, why_flow
from xstock_node.domain.reasons import Reason
from xstock_node.domain.units import exact

T = TypeVar("T", bound=msgspec.Struct)
GREEDY: Final = "greedy"
_MILLIONTH: Final = Decimal("0.000001")


def make_plan(inputs: Inputs, solver: bool = True) -> Plan:
    """The plan by HiGHS; the plain one where `solver` is False or highspy is not installed, which the plan then says.

    Raises ValueError for inputs that contradict themselves (`checked`).
    """
    inputs = checked(inputs)
    choices = Choices(inputs)
    notes: list[Reason] = []
    bound: Decimal | None = None
    if solver and allocation_milp.available():
        lots, bound, name = allocation_milp.solve(choices)
    else:
        lots, name = greedy(choices), GREEDY
        notes.append(Reason("solver_missing" if solver else "solver_off"))
    return _plan(choices, lots, name, bound, tuple(notes))


def checked(inputs: Inputs) -> Inputs:
    """The same inputs in one order; raises ValueError for names given twice or unknown and for impossible figures."""
    found = msgspec.structs.replace(
        _plain(inputs),
        rule=_plain(inputs.rule),
        needs=_sorted("line", inputs.needs, lambda need: need.line),
        offers=tuple(
            msgspec.structs.replace(offer, terms=tuple(sorted(set(offer.terms))))
            for offer in _sorted("offer", inputs.offers, lambda offer: offer.offer)
        ),
        lanes=_sorted("lane", inputs.lanes, lambda lane: (lane.depot, lane.site, lane.vehicle)),
        vehicles=_sorted("vehicle", inputs.vehicles, lambda vehicle: vehicle.code),
        fleets=_sorted("fleet", inputs.fleets, lambda fleet: (fleet.depot, fleet.vehicle)),
    )
    known = {vehicle.code for vehicle in found.vehicles}
    used = {lane.vehicle for lane in found.lanes} | {fleet.vehicle for fleet in found.fleets}
    if used - known:
        raise ValueError(f"expected known types of vehicle; came {sorted(used - known)}; add them to the vehicles")
    for need in found.needs:
        _date(f"line {need.line}", need.earliest_expiry)
    for offer in found.offers:
        _date(f"offer {offer.offer}", offer.expiry)
    _date("day", found.day)
    for need in found.needs:
        factors = (other.factor for other in need.substitutes)
        _positive(f"line {need.line}", need.quantity, Decimal(need.severity), *factors)
        _not_below(f"line {need.line}", need.own_usable, need.by_ratio)
        names = [need.item, *(other.item for other in need.substitutes)]
        if len(set(names)) < len(names):
            raise ValueError(f"expected each substitute of line {need.line} once and another item; correct the line")
    for offer in found.offers:
        _positive(f"offer {offer.offer}", offer.multiple, offer.kg, offer.m3)
        _not_below(f"offer {offer.offer}", offer.quantity, offer.keep_back, offer.ready)
    for lane in found.lanes:
        _not_below(f"lane {lane.depot} to {lane.site}", lane.hours, lane.lead)
    for fleet in found.fleets:
        _not_below(f"fleet at {fleet.depot}", None if fleet.count is None else Decimal(fleet.count))
    return found


def inputs_hash(inputs: Inputs) -> str:
    """SHA-256 of the inputs in canonical JSON, whatever the order of their lists."""
    return _digest(checked(inputs))


def plan_hash(plan: Plan) -> str:
    """SHA-256 of a plan in canonical JSON, its own hash left out."""
    return _digest(msgspec.structs.replace(plan, hash=""))


def _plan(choices: Choices, lots: dict[int, int], name: str, bound: Decimal | None, notes: tuple[Reason, ...]) -> Plan:
    ledger, given = Ledger(choices), []
    for place, count in sorted(lots.items()):
        ledger.take(choices.all[place], count)
        given.append((choices.all[place], count))
    explain = Explainer(choices, ledger)
    value = _value(given, ledger)
    plan = Plan(
        solver=name,
        notes=notes,
        flows=tuple(sorted((_flow(choice, count) for choice, count in given), key=_flow_key)),
        trips=tuple(_trips(given, ledger)),
        lines=tuple(_covered(choices, explain, ledger)),
        value=exact(value.quantize(_MILLIONTH, ROUND_HALF_EVEN)),
        bound=None if bound is None else exact(bound.quantize(_MILLIONTH, ROUND_CEILING)),
        gap=None if bound is None else _gap(value, bound),
        inputs_hash=_digest(choices.inputs),
    )
    return msgspec.structs.replace(plan, hash=plan_hash(plan))


def _value(given: Iterable[tuple[Choice, int]], ledger: Ledger) -> Decimal:
    """Worth of all lots less the effort of all vehicles."""
    given = list(given)
    hours = {choice.trip: choice.lane.hours for choice, _ in given}
    worth = sum((choice.worth * count for choice, count in given), Decimal(0))
    return worth - sum((EFFORT * hours[trip] * room.count for trip, room in ledger.rooms.items()), Decimal(0))


def _gap(value: Decimal, bound: Decimal) -> Decimal:
    """How far the plan may be from the best one, 0 to 1, rounded up."""
    if bound <= 0:
        return Decimal(0)
    return exact(max(Decimal(0), (bound - value) / bound).quantize(_MILLIONTH, ROUND_CEILING))


def _flow(choice: Choice, lots: int) -> Flow:
    quantity = lots * choice.offer.multiple
    return Flow(
        offer=choice.offer.offer,
        line=choice.need.line,
        item=choice.offer.item,
        quantity=exact(quantity),
        counts=exact(lots * choice.counts),
        terms=choice.terms,
        vehicle=choice.trip.vehicle,
        depart=exact(choice.trip.depart),
        arrive=exact(choice.arrive),
        late=exact(choice.late),
        why=why_flow(choice, quantity),
    )


def _flow_key(flow: Flow) -> tuple[str, str, str]:
    return flow.line, flow.offer, flow.vehicle


def _trips(given: Iterable[tuple[Choice, int]], ledger: Ledger) -> Iterable[Trips]:
    unknown: dict[object, set[str]] = {}
    for choice, _ in given:
        if choice.offer.kg is None or choice.offer.m3 is None:
            unknown.setdefault(choice.trip, set()).add(choice.offer.item)
    for trip in sorted(ledger.rooms):
        room = ledger.rooms[trip]
        yield Trips(
            depot=trip.depot,
            site=trip.site,
            vehicle=trip.vehicle,
            depart=exact(trip.depart),
            count=room.count,
            kg=exact(room.kg),
            m3=exact(room.m3),
            unknown=tuple(sorted(unknown.get(trip, ()))),
        )


def _covered(choices: Choices, explain: Explainer, ledger: Ledger) -> Iterable[Covered]:
    for need in choices.inputs.needs:
        unmet = ledger.open[need.line]
        yield Covered(
            line=need.line,
            asked=exact(need.quantity),
            covered=exact(need.quantity - unmet),
            unmet=exact(unmet),
            fair=explain.fair(need).quantity,
            why=explain.why_unmet(need),
        )


def _digest(value: Inputs | Plan) -> str:
    return hashlib.sha256(msgspec.json.encode(value, order="deterministic")).hexdigest()


def _plain(value: T) -> T:
    """The same with its figures without trailing zeros, so that 10 and 10.0 are one."""
    changed: dict[str, Any] = {}
    for name in value.__struct_fields__:
        figure = getattr(value, name)
        if isinstance(figure, Decimal) and (text := str(figure)) != _exact_text(text):
            changed[name] = exact(figure)
        elif name == "substitutes":
            changed[name] = tuple(map(_plain, figure))
    return msgspec.structs.replace(value, **changed) if changed else value


@lru_cache(10_000)
def _exact_text(figure: str) -> str:
    return str(exact(Decimal(figure)))


def _sorted(what: str, values: tuple[T, ...], key: Callable[[T], Any]) -> tuple[T, ...]:
    if len({key(value) for value in values}) < len(values):
        raise ValueError(f"expected each {what} once; two are alike; rename one of them")
    return tuple(sorted(map(_plain, values), key=key))


def _date(what: str, text: str | None) -> None:
    try:
        fits = text is None or date.fromisoformat(text).isoformat() == text
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"expected a date of {what} like 2027-03-28; came {text}; correct it")


def _positive(what: str, *figures: Decimal | None) -> None:
    if not all(figure is None or (figure.is_finite() and figure > 0) for figure in figures):
        raise ValueError(f"expected figures of {what} above 0, left out where unknown; correct them")


def _not_below(what: str, *figures: Decimal | None) -> None:
    if not all(figure is None or (figure.is_finite() and figure >= 0) for figure in figures):
        raise ValueError(f"expected figures of {what} of at least 0; correct them")
