"""What people see of a plan: lines, flows and trips with their sentences, worked out from its basis alone.

The same basis gives the same view and hash on every machine with the same solver.
"""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from xstock_node.domain.allocation import make_plan
from xstock_node.domain.allocation_types import Flow, Lane, OfferOf, Plan, Trips
from xstock_node.domain.plan_facts import Basis, LineFact, OfferFact, midnight
from xstock_node.domain.plan_reasons import sentence
from xstock_node.domain.reasons import Reason
from xstock_node.services.times import iso
from xstock_node.services.typed import decimal_text


class PlanFile(msgspec.Struct, frozen=True, kw_only=True):
    """A plan that can be made again anywhere: its basis, whether the solver was asked, and the hash that came out."""

    xstock_plan: int
    solver: bool
    hash: str
    basis: Basis


class RuleView(msgspec.Struct, frozen=True, kw_only=True):
    """The fairness rule, its floor (0 to 1), and where it comes from."""

    order: str
    floor: str
    why: str


class PlanLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a request: asked, promised already, planned beyond that, unmet; decimals.

    `fair` is the most of the item itself that the fairness rule gives beyond what is promised, null where nothing is
    planned.
    """

    line: str
    request: str
    item: str
    unit: str
    asked: str
    promised: str
    planned: str
    unmet: str
    fair: str | None
    why: list[str]


class PlanFlow(msgspec.Struct, frozen=True, kw_only=True):
    """So much of an offer to a line. `held`: an answer to the request, until `hold_until`; else a hint, `id` its offer.

    `operation` and `state`: how the request stands with the supplier, empty where it was not asked. `counts` is what
    it is worth in the line's item. `arrive` and `late_hours` are null where the road is unknown, `late_hours` too where
    no time was named. `age` is seconds since the stock was counted or the answer given; `at_least`: of a band.
    """

    line: str
    request: str
    supplier: str
    offer: str
    held: bool
    hold_until: str
    operation: str
    state: str
    item: str
    unit: str
    quantity: str
    counts: str
    at_least: bool
    terms: str
    depot: str
    site: str
    vehicle: str
    crossings: list[str]
    countries: list[str]
    depart: str
    arrive: str | None
    late_hours: str | None
    as_of: str
    age: int
    why: list[str]


class PlanTrip(msgspec.Struct, frozen=True, kw_only=True):
    """At least `count` vehicles that leave together: the known load in kg and m3, and items whose size is unknown."""

    depot: str
    site: str
    vehicle: str
    depart: str
    count: int
    kg: str
    m3: str
    unknown: list[str]


class PlanView(msgspec.Struct, frozen=True, kw_only=True):
    """A proposed plan: it decides nothing. `assumed` is what was taken for granted, `notes` are the solver's.

    `value`, `bound` and `gap` as in decimals; `bound` and `gap` null where no bound is proved. `file` where asked for.
    """

    at: str
    exercise: bool
    network: str
    requests: list[str]
    solver: str
    notes: list[str]
    assumed: list[str]
    rule: RuleView
    lines: list[PlanLine]
    flows: list[PlanFlow]
    trips: list[PlanTrip]
    value: str
    bound: str | None
    gap: str | None
    inputs_hash: str
    hash: str
    file: PlanFile | None


def file_of(basis: Basis, solver: bool, plan: Plan) -> PlanFile:
    """The file of a plan."""
    return PlanFile(xstock_plan=1, solver=solver, hash=plan.hash, basis=basis)


def replayed(file: PlanFile) -> PlanView:
    """The plan made again; a note says so where another one came out. Raises ValueError for a basis that cannot be."""
    plan = make_plan(file.basis.inputs, file.solver)
    notes = plan.notes
    if plan.hash != file.hash:
        notes = (*notes, Reason("replay_differs", {"hash": file.hash}))
    return view_of(file.basis, msgspec.structs.replace(plan, notes=notes), file)


def view_of(basis: Basis, plan: Plan, file: PlanFile | None = None) -> PlanView:
    """A plan in words and figures."""
    rule = basis.inputs.rule
    why = RuleView(order=str(rule.order), floor=decimal_text(rule.floor), why=sentence(basis.rule_from))
    return PlanView(
        at=iso(basis.at),
        exercise=basis.exercise,
        network=basis.network,
        requests=list(basis.requests),
        solver=plan.solver,
        notes=[sentence(one) for one in plan.notes],
        assumed=[sentence(one) for one in basis.said],
        rule=why,
        lines=list(_lines(basis, plan)),
        flows=_Flows(basis).views(plan.flows),
        trips=[_trip(basis, one) for one in plan.trips],
        value=decimal_text(plan.value),
        bound=_text(plan.bound),
        gap=_text(plan.gap),
        inputs_hash=plan.inputs_hash,
        hash=plan.hash,
        file=file,
    )


def _lines(basis: Basis, plan: Plan) -> Iterable[PlanLine]:
    covered = {one.line: one for one in plan.lines}
    for fact in basis.lines:
        found = covered.get(fact.line)
        unmet = found.unmet if found else fact.asked - fact.promised
        yield PlanLine(
            line=fact.line,
            request=fact.request,
            item=fact.item,
            unit=fact.unit,
            asked=decimal_text(fact.asked),
            promised=decimal_text(fact.promised),
            planned=decimal_text(found.covered if found else Decimal(0)),
            unmet=decimal_text(unmet),
            fair=decimal_text(found.fair) if found else None,
            why=[sentence(one) for one in found.why] if found else [],
        )


class _Flows:
    """Flows beside what is known of their offers, lanes and operations."""

    def __init__(self, basis: Basis) -> None:
        self._basis = basis
        self._lines: dict[str, LineFact] = {one.line: one for one in basis.lines}
        self._facts: dict[str, OfferFact] = {one.offer: one for one in basis.offers}
        self._offers: dict[str, OfferOf] = {one.offer: one for one in basis.inputs.offers}
        self._sites = {one.line: one.site for one in basis.inputs.needs}
        self._lanes: dict[tuple[str, str, str], Lane] = {
            (one.depot, one.site, one.vehicle): one for one in basis.inputs.lanes
        }
        self._standings = {(one.request, one.supplier): one for one in basis.standings}

    def views(self, flows: Iterable[Flow]) -> list[PlanFlow]:
        """The flows as people see them."""
        return [self._view(flow) for flow in flows]

    def _view(self, flow: Flow) -> PlanFlow:
        line, fact, offer = self._lines[flow.line], self._facts[flow.offer], self._offers[flow.offer]
        lane = self._lanes[offer.depot, self._sites[flow.line], flow.vehicle]
        asked = self._standings.get((line.request, offer.supplier))
        why = [one for one in flow.why if line.dated or not one.code.startswith("flow_late")]
        return PlanFlow(
            line=flow.line,
            request=line.request,
            supplier=offer.supplier,
            offer=fact.id,
            held=bool(fact.case),
            hold_until=iso(fact.hold_until) if fact.hold_until else "",
            operation=fact.case or (asked.case if asked else ""),
            state=asked.state if asked else "",
            item=flow.item,
            unit=fact.unit,
            quantity=decimal_text(flow.quantity),
            counts=decimal_text(flow.counts),
            at_least=fact.at_least,
            terms=flow.terms,
            depot=offer.depot,
            site=lane.site,
            vehicle=flow.vehicle,
            crossings=list(lane.crossings),
            countries=list(lane.countries),
            depart=_time(self._basis, flow.depart),
            arrive=None if lane.assumed else _time(self._basis, flow.arrive),
            late_hours=decimal_text(flow.late) if line.dated and not lane.assumed else None,
            as_of=iso(fact.as_of),
            age=max(0, self._basis.at - fact.as_of),
            why=[sentence(one) for one in why],
        )


def _trip(basis: Basis, trips: Trips) -> PlanTrip:
    return PlanTrip(
        depot=trips.depot,
        site=trips.site,
        vehicle=trips.vehicle,
        depart=_time(basis, trips.depart),
        count=trips.count,
        kg=decimal_text(trips.kg),
        m3=decimal_text(trips.m3),
        unknown=list(trips.unknown),
    )


def _time(basis: Basis, hours: Decimal) -> str:
    return iso(midnight(basis.inputs.day) + int(hours * 3600))


def _text(value: Decimal | None) -> str | None:
    return None if value is None else decimal_text(value)
