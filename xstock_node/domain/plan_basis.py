"""From requests, stock offers and answers to the inputs of a plan, with every assumption that was made on the way.

What is promised to a request already is taken off its need. What nobody has said stays unknown, or is a planning
figure that is named in `said`.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from xstock_node.domain.allocation_types import Fleet, Inputs, NeedOf
from xstock_node.domain.operations import BINDING, State
from xstock_node.domain.plan_facts import Answered, Asking, Basis, Hint, Known, LineFact, Standing, first_day
from xstock_node.domain.plan_lanes import Roads, Site
from xstock_node.domain.plan_sources import counts, held, hinted
from xstock_node.domain.reasons import Reason
from xstock_node.domain.steps import NOTHING, Line
from xstock_node.domain.sums import ZERO, Key
from xstock_node.domain.terms import Terms
from xstock_node.domain.units import from_sent_pair

LIGHTEST: Final = 3
"""The severity of a line that states none."""


def basis_of(askings: Sequence[Asking], hints: Iterable[Hint], elsewhere: Iterable[Answered], known: Known) -> Basis:
    """The basis of one plan for these requests; `elsewhere` are the answers to all other own requests."""
    sites = _sites(askings)
    pairs = [pair for one in askings for pair in _lines(one, sites[one.id], known)]
    said = [reason for one in askings for reason in _unsaid(one, known)]
    wanted = {fact.item: fact.unit for _, fact in reversed(pairs)}
    alike = {fact.line: counts(wanted, fact.item, fact.unit) for _, fact in pairs}
    said += [Reason("line_unit", {"line": f.line, "item": f.item}) for _, f in pairs if not alike[f.line]]
    sources = []
    for found, why in (
        *(held(one, wanted, known) for one in askings),
        hinted(askings, hints, elsewhere, wanted, known),
    ):
        sources += found
        said += why
    depots = list(dict.fromkeys(one.depot for one in sources))
    roads = Roads(known.profiles, known.facts, known.vehicles, known.assumed, known.day)
    lanes = [lane for d in depots for s in sites.values() if s.request in d.requests for lane in roads.lanes(d, s)]
    said += roads.said()
    accept_by = known.hours(known.accept_by, up=True)
    clock = Reason("plan_clock", {"day": known.day.isoformat(), "accept_by": str(accept_by)})
    return Basis(
        at=known.now,
        network=known.network,
        exercise=known.exercise,
        requests=tuple(one.id for one in askings),
        inputs=Inputs(
            day=known.day.isoformat(),
            accept_by=accept_by,
            needs=tuple(need for need, _ in pairs if need.quantity > 0 and alike[need.line]),
            offers=tuple(one.offer for one in sources),
            lanes=tuple(lanes),
            vehicles=known.vehicles,
            fleets=tuple(Fleet(depot.name, one.code, None) for depot in depots for one in known.vehicles),
            rule=known.rule,
        ),
        lines=tuple(fact for _, fact in pairs),
        offers=tuple(one.fact for one in sources),
        standings=tuple(_standings(askings)),
        rule_from=known.rule_from,
        said=(clock, *said, *([Reason("vehicles_unstated")] if sources else [])),
    )


def promised_to(asking: Asking) -> dict[Key, Decimal]:
    """What binds suppliers to a request, or arrived, by item and unit."""
    found: dict[Key, Decimal] = {}
    for answer in asking.answers:
        if answer.operation.decided in BINDING or answer.operation.decided is State.CLOSED:
            for key, counters in answer.operation.counters.items():
                found[key] = found.get(key, ZERO) + counters.accepted - counters.released
    return found


def _sites(askings: Sequence[Asking]) -> dict[str, Site]:
    """Where each request wants its goods; a place that two of them name is told apart by the request."""
    places = [one.body.place for one in askings]
    found = {}
    for one in askings:
        place = one.body.place
        name = place if place and places.count(place) == 1 else f"{place} ({one.id})".strip()
        terms = Terms(one.body.terms[0]) if one.body.terms else Terms.LOAN
        found[one.id] = Site(name, place, one.id, terms)
    return found


def _lines(asking: Asking, site: Site, known: Known) -> Iterable[tuple[NeedOf, LineFact]]:
    """What a request still needs; the promises of an item go to its lines in their order."""
    promised = promised_to(asking)
    for number, line in enumerate(asking.body.lines, 1):
        key = line.item, line.unit
        taken = min(promised.get(key, ZERO), line.quantity)
        promised[key] = promised.get(key, ZERO) - taken
        fact = LineFact(
            line=f"{asking.id}#{number}",
            request=asking.id,
            item=line.item,
            unit=line.unit,
            asked=line.quantity,
            promised=taken,
            dated=bool(_needed_by(asking, line)),
        )
        yield _need(asking, line, fact, site, known), fact


def _need(asking: Asking, line: Line, fact: LineFact, site: Site, known: Known) -> NeedOf:
    reckoned = line.reckoned
    return NeedOf(
        line=fact.line,
        requester=known.own,
        site=site.name,
        item=line.item,
        quantity=fact.asked - fact.promised,
        severity=_severity(asking, line) or LIGHTEST,
        needed_by=known.hours(_needed_by(asking, line) or known.accept_by),
        terms=asking.body.terms or tuple(Terms),
        earliest_expiry=first_day(line.expiry) if line.expiry else None,
        by_ratio=None if reckoned is None or reckoned.gross == NOTHING else from_sent_pair(reckoned.gross),
        own_usable=fact.promised + (from_sent_pair(reckoned.own) if reckoned else ZERO),
        justified=bool(reckoned and reckoned.why),
    )


def _unsaid(asking: Asking, known: Known) -> Iterable[Reason]:
    """What a request leaves open, and how the plan reads it."""
    if not asking.body.place:
        yield Reason("no_place", {"request": asking.id})
    if not asking.body.terms:
        yield Reason("any_terms", {"request": asking.id})
    for number, line in enumerate(asking.body.lines, 1):
        named = {"line": f"{asking.id}#{number}", "item": line.item}
        if not _needed_by(asking, line):
            yield Reason("no_time", named)
        if not _severity(asking, line):
            yield Reason("no_severity", named | {"severity": str(LIGHTEST)})
        if line.subs:
            yield Reason("no_substitutes", named)


def _needed_by(asking: Asking, line: Line) -> int:
    return line.by or asking.body.needed_by


def _severity(asking: Asking, line: Line) -> int:
    return line.severity or asking.body.severity


def _standings(askings: Iterable[Asking]) -> Iterable[Standing]:
    for one in askings:
        for answer in one.answers:
            state = answer.operation.state
            yield Standing(
                request=one.id, supplier=answer.supplier, case=answer.case, state=str(state) if state else ""
            )  # fmt: skip
