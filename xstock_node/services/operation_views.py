"""An operation as the API shows it: state, whose turn it is, counters, consignments, and every signed step."""

from typing import Any

import msgspec

from xstock_node.domain.counters import Counters
from xstock_node.domain.operation import Event, Operation
from xstock_node.domain.operations import BY_VERB, Side, fits, may
from xstock_node.services.dossier import Dossier
from xstock_node.services.times import iso
from xstock_node.services.typed import decimal_text


class CounterView(msgspec.Struct, frozen=True, kw_only=True):
    """The counters of one item, as decimal strings; zeros are left out."""

    item: str
    unit: str
    figures: dict[str, str]
    in_transit: str
    outstanding: str
    undispatched: str
    coming_back: str


class ConsignmentView(msgspec.Struct, frozen=True, kw_only=True):
    """A consignment, where it stands, and its clearance; `void` says why a green light no longer holds."""

    id: str
    stand: str
    crossing: str
    day: str
    valid_until: str
    void: str
    units: int


class StepView(msgspec.Struct, frozen=True, kw_only=True):
    """A signed step: whose, when, its hash, whether the other side's receipt is held, and what it says."""

    side: str
    by: str
    verb: str
    kind: str
    n: int
    time: str
    hash: str
    receipted: bool
    fields: dict[str, Any]


class OperationRow(msgspec.Struct, frozen=True, kw_only=True):
    """An operation in a list."""

    case: str
    network: str
    exercise: bool
    requester: str
    supplier: str
    side: str
    state: str
    turn: str
    opened: str
    changed: str
    event: str
    lines: str


class LoanView(msgspec.Struct, frozen=True, kw_only=True):
    """So much of an item that is out on loan, and until which day (ISO)."""

    item: str
    unit: str
    quantity: str
    due: str


class OperationView(msgspec.Struct, frozen=True, kw_only=True):
    """One operation. `may` are the steps that this node may take now, `binding` whether the supplier has confirmed,
    `provisional` counts that wait for a second person of the requester.
    """

    case: str
    network: str
    exercise: bool
    requester: str
    supplier: str
    side: str
    decided: str
    state: str
    binding: bool
    turn: str
    terms: str
    due: str
    loans: list[LoanView]
    hold_until: str
    answer_by: str
    former_member: bool
    counters: list[CounterView]
    consignments: list[ConsignmentView]
    proposals: list[StepView]
    disputes: list[StepView]
    provisional: list[StepView]
    may: list[str]
    waiting: list[str]
    undelivered: int
    timeline: list[StepView]


def row(found: Dossier, own: str) -> OperationRow:
    """A line of the list."""
    operation = found.operation()
    asked = operation.lines("offer") or operation.lines("request")
    last = max((e.time for e in operation.events), default=found.case.opened)
    event = next((e.body.event for e in operation.events if hasattr(e.body, "event")), "")
    return OperationRow(
        case=found.case.id,
        network=found.case.network,
        exercise=found.case.id.startswith("x"),
        requester=found.case.requester,
        supplier=found.case.supplier,
        side=found.side(own),
        state=operation.state or "",
        turn=operation.turn,
        opened=iso(found.case.opened),
        changed=iso(last),
        event=str(event),
        lines=", ".join(f"{decimal_text(line.quantity)} {line.unit} {line.item}" for line in asked),
    )


def view(found: Dossier, own: str, is_member: bool, waiting: list[str], undelivered: int) -> OperationView:
    """An operation as one of its parties sees it."""
    operation, side = found.operation(), found.side(own)
    names = {"requester": found.case.requester, "supplier": found.case.supplier}
    said = {e.message.link.hash: e.message.body for e in (*found.requester, *found.supplier)}

    def step(event: Event) -> StepView:
        fields = {k: v for k, v in said.get(event.hash, {}).items() if k != "step"}
        kind = BY_VERB[event.verb].kind if event.verb in BY_VERB else "unknown"
        return StepView(
            side=event.side,
            by=names[event.side],
            verb=event.verb,
            kind=kind,
            n=event.n,
            time=iso(event.time),
            hash=event.hash,
            receipted=event.receipted,
            fields=fields,
        )

    return OperationView(
        case=found.case.id,
        network=found.case.network,
        exercise=found.case.id.startswith("x"),
        requester=found.case.requester,
        supplier=found.case.supplier,
        side=side,
        decided=operation.decided or "",
        state=operation.state or "",
        binding=any(e.verb == "confirm" for e in operation.events),
        turn=operation.turn,
        terms=operation.terms,
        due=operation.due,
        loans=[
            LoanView(item=x.item, unit=x.unit, quantity=decimal_text(x.quantity), due=x.day) for x in operation.loans
        ],
        hold_until=iso(operation.hold_until) if operation.hold_until else "",
        answer_by=iso(operation.answer_by) if operation.answer_by else "",
        former_member=not is_member,
        counters=[_counters(key, counters) for key, counters in operation.counters.items()],
        consignments=_consignments(operation),
        proposals=[step(e) for e in operation.proposals],
        disputes=[step(e) for e in operation.disputes],
        provisional=[step(e) for e in operation.provisional],
        may=steps_now(operation, side),
        waiting=waiting,
        undelivered=undelivered,
        timeline=[step(e) for e in operation.events],
    )


def steps_now(operation: Operation, side: Side) -> list[str]:
    """The steps that the table lets a side take now; a decision that answers something only where that was asked."""
    asked = {e.verb for e in operation.proposals}
    return [
        step.verb
        for step in BY_VERB.values()
        if not fits(step.verb, side, operation.state)
        and not may(step.verb, side, operation.decided)
        and (not step.answers or step.answers & asked)
    ]


def _counters(key: tuple[str, str], counters: Counters) -> CounterView:
    figures = {name: decimal_text(value) for name, value in msgspec.structs.asdict(counters).items() if value}
    return CounterView(
        item=key[0],
        unit=key[1],
        figures=figures,
        in_transit=decimal_text(counters.in_transit),
        outstanding=decimal_text(counters.outstanding),
        undispatched=decimal_text(counters.undispatched),
        coming_back=decimal_text(counters.coming_back),
    )


def _consignments(operation: Operation) -> list[ConsignmentView]:
    found = []
    for status in operation.consignments.values():
        light = status.light
        found.append(
            ConsignmentView(
                id=status.id,
                stand=status.stand,
                crossing=light.crossing if light else "",
                day=light.day if light else "",
                valid_until=iso(light.valid_until) if light and light.valid_until else "",
                void=status.clearance.void if status.clearance else "",
                units=len(status.stage.units) if status.stage else 0,
            )
        )
    return found
