"""Folding one real operation into the facts of its papers: nothing is invented, and what nobody said stays unknown.

Times are those that the signed steps state, in UTC; a paper is dated by the last of them, so that the same operation
gives the same paper.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from xstock_node.domain import steps
from xstock_node.domain.consignments import Consignment
from xstock_node.domain.corridors import Facts
from xstock_node.domain.counters import Counters, counters_of
from xstock_node.domain.documents.choosing import Choice
from xstock_node.domain.documents.facts import Filing, Line, OperationFacts, Party, SignedStep, Vehicle
from xstock_node.domain.documents.statement import root_of
from xstock_node.domain.reasons import Reason, sentence
from xstock_node.domain.sums import Key
from xstock_node.domain.units import from_decimal_pair
from xstock_node.protocol.recordtypes import Pair
from xstock_node.services import paper_loads
from xstock_node.services.errors import Refusal
from xstock_node.services.paper_loads import measure
from xstock_node.services.paper_sources import (
    Side,
    Sources,
    at,
    lines_on,
    returned_lines,
    said_by_supplier,
    single_terms,
    way_of,
)

WHY: Final = frozenset(
    {"cancel", "cancelled", "cancel-own", "refused", "lost", "recall", "short-close", "short-closed", "damaged",
     "disputed", "decline", "withdraw"}
)  # fmt: skip


def fold(sources: Sources, consignment: str, facts: Facts, choice: Choice, filing: Filing) -> OperationFacts:
    """The facts of a paper of one consignment, or of the whole operation where `consignment` is empty.

    Raises Refusal for a consignment with units that no paper can show.
    """
    operation = sources.operation
    made = datetime.fromtimestamp(max(e.time for e in operation.events), UTC)
    load = _load(sources, consignment, choice)
    status = operation.consignments.get(consignment)
    stage = status.stage if status else None
    way = way_of(sources, consignment, facts, choice, made.date())
    ask, promise = sources.last(steps.Ask) or steps.Ask(), sources.last(steps.Promise) or steps.Promise()
    sent = sources.last(steps.Dispatch) or steps.Dispatch()
    settled, profile = sources.agreement, sources.profile
    return OperationFacts(
        operation=sources.case.id,
        exercise=sources.exercise,
        made=made,
        root=root_of((e.side, e.n, e.hash) for e in operation.events),
        terms=single_terms(sources),
        terms_open=sources.open_terms,
        supplier=_party(sources.supplier),
        requester=_party(sources.requester),
        lines=tuple(_lines(sources, consignment, load)),
        filing=filing,
        carrier=Party(names={"und": sent.carrier}, country="") if sent.carrier else None,
        consignment=load,
        units=() if load else paper_loads.all_units(sources, choice),
        vehicle=_vehicle(sources, consignment),
        receipts=paper_loads.receipts_of(sources, consignment),
        crews=paper_loads.crews_of(sources, consignment),
        event=ask.event or None,
        agreement=ask.agreement or (settled.name if settled else None),
        severity=str(ask.severity) if ask.severity else None,
        people=ask.people or None,
        needed_by=at(ask.needed_by),
        hold_until=at(operation.hold_until),
        answer_by=at(operation.answer_by),
        cost=_money(promise.cost, promise.currency),
        delivery_term=settled.delivery_term if settled else None,
        insurer=settled.insurer if settled else None,
        notify_party=profile.notify_party if profile else None,
        countries=way.countries,
        crossings=stage.crossings if stage else (),
        stretches=way.corridor.out if way.corridor else (),
        green_light=paper_loads.green_light_of(sources, consignment),
        no_clearance=_no_clearance(way.corridor.clearance_why if way.corridor else (), sent),
        loan_due=_day(operation.due),
        customs_deadline=_day(_said(sources, "customs_due")),
        humanitarian_code=profile.humanitarian_code if profile else None,
        instructions=_instructions(sources, consignment),
        reason=_reason(sources, consignment),
        remarks=_note(sources, consignment),
        steps=tuple(
            SignedStep(verb=e.verb, side=e.side, function=e.body.function, at=_time(e.time), hash=e.hash)
            for e in operation.events
        ),
        filed=sources.papers,
    )


def _load(sources: Sources, consignment: str, choice: Choice) -> Consignment | None:
    if not consignment:
        return None
    if consignment not in sources.operation.consignments and not returned_lines(sources, consignment):
        there = ", ".join(sources.operation.consignments) or "none"
        raise Refusal("no-consignment", f"a consignment of this operation: {there}", consignment, "name one of them", 2)
    load, wrong = paper_loads.consignment_of(sources, consignment, choice)
    unreadable = [sentence(one) for one in wrong if one.code == "unit_unreadable"]
    if unreadable:
        raise Refusal("bad-units", "units that a paper can show", "; ".join(unreadable), "stage the consignment anew")
    return load


def _lines(sources: Sources, consignment: str, load: Consignment | None) -> Iterable[Line]:
    events = sources.events(consignment)
    verbs = {e.verb for e in events}
    counters = counters_of(events)
    on = _quantities(lines_on(sources, consignment)) if consignment else {}
    for key in sorted(on or counters):
        item = sources.items.get(key[0])
        value, currency = _value(sources, key)
        yield Line(
            item=key[0],
            names=item.names if item else {},
            unit=measure(key[1]),
            unit_kg=paper_loads.gross_of_one(load, key[0]),
            unit_value=value,
            currency=currency,
            hs=item.hs if item else None,
            **_figures(sources, consignment, key, counters.get(key, Counters()), verbs, on.get(key)),
        )


def _figures(
    sources: Sources, consignment: str, key: Key, counted: Counters, verbs: set[str], load: Decimal | None
) -> dict[str, Decimal | None]:
    """The counters of one item; a figure of something that has not happened is not known, and not nought."""
    received, open_ = "received" in verbs, sources.is_open(consignment)
    written = [e.body.written_off for e in sources.operation.events if isinstance(e.body, steps.Close)]
    arrived = {"good": counted.received, "damaged": counted.damaged, "short": counted.short, "over": counted.over}
    return {
        "requested": counted.requested or None,
        "offered": counted.offered or None,
        "accepted": counted.accepted if "confirm" in verbs else None,
        "dispatched": counted.dispatched if "dispatch" in verbs else load,
        **{name: figure if received and not open_ else None for name, figure in arrived.items()},
        "returned": counted.returned if "returned" in verbs and not open_ else None,
        "written_off": _quantities(written[-1]).get(key, Decimal(0)) if written and not consignment else None,
    }


def _quantities(lines: Iterable[steps.Line]) -> dict[Key, Decimal]:
    found: dict[Key, Decimal] = {}
    for line in lines:
        found[line.item, line.unit] = found.get((line.item, line.unit), Decimal(0)) + line.quantity
    return found


def _value(sources: Sources, key: Key) -> tuple[Decimal | None, str | None]:
    """The value of one, as the supplier said it last."""
    for line in said_by_supplier(sources):
        if (line.item, line.unit) == key and line.currency:
            return from_decimal_pair(line.value), line.currency
    return None, None


def _party(side: Side) -> Party:
    return Party(names=dict(side.names) or {"und": side.node}, country=side.country, contact=side.node)


def _vehicle(sources: Sources, consignment: str) -> Vehicle | None:
    """The vehicle that was named last, while its side line is kept; erased, it is a line for the pen."""
    named = [getattr(e.body, "vehicle", "") for e in sources.events(consignment)] if consignment else []
    last = next((hash_ for hash_ in reversed(named) if hash_), "")
    kept = sources.side.get(last)
    return Vehicle(plates=kept.text) if kept else None


def _no_clearance(why: Iterable[Reason], sent: steps.Dispatch) -> str | None:
    free = [sentence(one) for one in why if one.code.startswith("no_clearance")]
    return sent.free or (free[0] if free else None)


def _instructions(sources: Sources, consignment: str) -> str | None:
    said = [e.body.note for e in sources.events(consignment) if e.verb == "instruct" and e.body.note]
    status = sources.operation.consignments.get(consignment)
    slot = status.light.slot if status and status.light else ""
    return "; ".join(part for part in (slot, *said) if part) or None


def _reason(sources: Sources, consignment: str) -> str | None:
    found = [e.body for e in sources.events(consignment) if e.verb in WHY and (e.body.reason or e.body.note)]
    return ", ".join(part for part in (found[-1].reason, found[-1].note) if part) if found else None


def _note(sources: Sources, consignment: str) -> str | None:
    return next((e.body.note for e in reversed(sources.events(consignment)) if e.body.note), None)


def _said(sources: Sources, field: str) -> str:
    said = [str(getattr(e.body, field, "")) for e in sources.operation.events]
    return next((text for text in reversed(said) if text), "")


def _money(pair: Pair, currency: str) -> str | None:
    return f"{from_decimal_pair(pair):f} {currency}" if currency else None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _time(unix: int) -> datetime:
    return datetime.fromtimestamp(unix, UTC)
