"""The outlook of a need that nobody was asked for yet: which offers could serve it, when they could be there, and why.

The same arithmetic as a plan, without deciding between the offers; a figure that nobody stated stays unknown.
"""

import asyncio
from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from typing import Annotated

import msgspec
from msgspec import Meta

from xstock_node.domain import steps
from xstock_node.domain.allocation_choices import Choice, Choices
from xstock_node.domain.allocation_types import OfferOf
from xstock_node.domain.catalogue import Catalogue
from xstock_node.domain.corridors import Movement, corridor
from xstock_node.domain.fields import FieldError
from xstock_node.domain.loading import VehicleType, add_up, load_line, vehicles_for
from xstock_node.domain.plan_facts import Basis, OfferFact, midnight
from xstock_node.domain.plan_reasons import sentence
from xstock_node.domain.terms import Terms
from xstock_node.protocol.names import record_id
from xstock_node.protocol.recordtypes import ShortText, Time
from xstock_node.services.asked_lines import Asked
from xstock_node.services.documents import library
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.planning import basis_for, vehicles
from xstock_node.services.request_views import Request
from xstock_node.services.requesting import NewRequest, body_of
from xstock_node.services.settling import today
from xstock_node.services.times import iso
from xstock_node.services.typed import decimal_text

MOST = 500


class OutlookRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A need as it would be asked: lines, where to, by when (unix seconds), under which terms."""

    lines: Annotated[list[Asked], Meta(min_length=1, max_length=steps.MANY)]
    place: ShortText = ""
    country: str = ""
    severity: Annotated[int, Meta(ge=0, le=3)] = 0
    needed_by: Time = 0
    terms: list[steps.Terms] = []
    network: str = ""


class OutlookRow(msgspec.Struct, frozen=True, kw_only=True):
    """An offer that could serve line number `line` (from 1); a hint, not a promise.

    `quantity` is what is offered (`at_least` of a band), `serves` what of it the line asks for; decimals. `arrive` is
    null where the road is unknown, `late_hours` too where no time was said; `kg`, `m3` and `trucks` (of that
    `vehicle`, at least) are of what serves, null where a size is unknown. `papers` are the codes of those that the way
    asks for, null where they cannot be told. `age` is seconds since the count. `why`: why it cannot serve, else empty.
    """

    line: int
    node: str
    offer: str
    item: str
    unit: str
    quantity: str
    at_least: bool
    serves: str
    place: str
    terms: list[str]
    arrive: str | None
    late_hours: str | None
    crossings: list[str]
    countries: list[str]
    papers: list[str] | None
    kg: str | None
    m3: str | None
    trucks: int | None
    vehicle: str
    as_of: str
    age: int
    why: str


class OutlookView(msgspec.Struct, frozen=True, kw_only=True):
    """The offers in order: those first that can serve, in time, soonest; `said` is what was taken for granted."""

    rows: list[OutlookRow]
    said: list[str]
    exercise: bool


async def outlook(office: Office, actor: Actor, request: OutlookRequest) -> OutlookView:
    """Which offers could serve a need; nothing is asked, kept or decided. Raises Refusal as a request does."""
    network = office.node.network(request.network)
    id_ = record_id(office.node.random.randbytes(10))
    asked = NewRequest(
        to=["all"],
        lines=request.lines,
        place=request.place,
        country=request.country,
        severity=request.severity,
        needed_by=request.needed_by,
        terms=request.terms,
    )
    body = await body_of(office, id_, asked)
    held = Request(id=id_, network=network.name, at=office.node.clock.now(), by=actor.name, body=body, to=())
    basis = await basis_for(office, actor, [held])
    reader = _Reader(office, basis, await office.catalogue(), body.terms)
    try:
        rows = await asyncio.to_thread(reader.rows)
    except (ValueError, ArithmeticError) as error:
        raise Refusal("bad-plan", "a need and offers that fit together", str(error), "correct the need") from None
    said = [sentence(reason) for reason in basis.said]
    return OutlookView(rows=rows[:MOST], said=said, exercise=basis.exercise)


def _best(choices: Iterable[Choice]) -> list[Choice]:
    """Of each offer to each line the way that is soonest there, with the largest vehicle."""
    found: dict[tuple[str, str], Choice] = {}
    for choice in choices:
        key = choice.need.line, choice.offer.offer
        before = found.get(key)
        if before is None or _rank(choice) < _rank(before):
            found[key] = choice
    return list(found.values())


def _rank(choice: Choice) -> tuple[bool, Decimal, Decimal]:
    return choice.lane.assumed, choice.arrive, -_kinds()[choice.lane.vehicle].gross_t


@cache
def _kinds() -> dict[str, VehicleType]:
    return {vehicle.code: vehicle for vehicle in vehicles()}


def _order(row: OutlookRow) -> tuple[bool, bool, Decimal, str, Decimal, str]:
    late = Decimal(row.late_hours or 0)
    return bool(row.why), row.arrive is None, late, row.arrive or "", -Decimal(row.serves or 0), row.offer


class _Reader:
    """Rows from choices: what each offer weighs, needs and says of itself."""

    def __init__(self, office: Office, basis: Basis, catalogue: Catalogue, terms: tuple[steps.Terms, ...]) -> None:
        self._office, self._basis, self._catalogue = office, basis, catalogue
        self._facts = {fact.offer: fact for fact in basis.offers}
        self._lines = {fact.line: (n, fact) for n, fact in enumerate(basis.lines, 1)}
        self._terms = Terms(terms[0]) if terms else Terms.LOAN

    def rows(self) -> list[OutlookRow]:
        """All rows in their order."""
        choices = Choices(self._basis.inputs)
        return sorted([*self.served(_best(choices.all)), *self.refused(choices)], key=_order)

    def served(self, choices: Iterable[Choice]) -> Iterable[OutlookRow]:
        """The rows of offers that can serve."""
        for choice in choices:
            number, fact = self._lines[choice.need.line]
            serves = min(choice.offer.quantity, choice.need.quantity)
            line = load_line(choice.offer.item, serves, self._catalogue)
            load = add_up([line])
            kind = _kinds()[choice.lane.vehicle]
            known = not choice.lane.assumed
            sized = not (load.weight_unknown or load.volume_unknown)
            yield msgspec.structs.replace(
                self._row(number, choice.offer, self._facts[choice.offer.offer]),
                serves=decimal_text(serves),
                arrive=iso(midnight(self._basis.inputs.day) + int(choice.arrive * 3600)) if known else None,
                late_hours=decimal_text(choice.late) if known and fact.dated else None,
                crossings=list(choice.lane.crossings),
                countries=list(choice.lane.countries),
                papers=self._papers(choice.lane.countries),
                kg=None if load.weight_unknown else decimal_text(load.kg),
                m3=None if load.volume_unknown else decimal_text(load.m3),
                trucks=vehicles_for(load, kind).count if sized else None,
                vehicle=choice.lane.vehicle,
            )

    def refused(self, choices: Choices) -> Iterable[OutlookRow]:
        """The rows of offers that cannot, and why."""
        for line, refusals in choices.refusals.items():
            number, _ = self._lines[line]
            for refusal in refusals:
                row = self._row(number, refusal.offer, self._facts[refusal.offer.offer])
                yield msgspec.structs.replace(row, why=sentence(refusal.why))

    def _row(self, number: int, offer: OfferOf, fact: OfferFact) -> OutlookRow:
        return OutlookRow(
            line=number,
            node=offer.supplier,
            offer=fact.id,
            item=offer.item,
            unit=fact.unit,
            quantity=decimal_text(offer.quantity),
            at_least=fact.at_least,
            serves="",
            place=offer.depot.rpartition(" (")[0],
            terms=[str(one) for one in offer.terms],
            arrive=None,
            late_hours=None,
            crossings=[],
            countries=[],
            papers=None,
            kg=None,
            m3=None,
            trucks=None,
            vehicle="",
            as_of=iso(fact.as_of),
            age=max(0, self._basis.at - fact.as_of),
            why="",
        )

    def _papers(self, countries: tuple[str, ...]) -> list[str] | None:
        """The papers that the customs facts ask for on a way; None where they know too little of it."""
        if not countries:
            return None
        try:
            way = corridor(
                Movement(countries=countries, terms=self._terms), library.customs_facts(), today(self._office)
            )
        except FieldError:
            return None
        return list(dict.fromkeys(paper.code for paper in way.papers if paper.text is None))
