"""Mobilising: the live table of an event, worked out at every look from this node's requests and operations."""

import csv
import io
from collections.abc import Iterable
from decimal import Decimal

import msgspec

from xstock_node.domain import mobilisation
from xstock_node.domain.mobilisation import FIGURES, Part, Row, Table, Total, UnderWay
from xstock_node.domain.operations import ENDED, Side
from xstock_node.domain.steps import Ask
from xstock_node.domain.sums import Key
from xstock_node.services import dossier
from xstock_node.services.branches import visible
from xstock_node.services.dossier import Dossier
from xstock_node.services.office import Actor, Office
from xstock_node.services.request_views import REQUESTS
from xstock_node.services.times import iso
from xstock_node.services.typed import clean, decimal_text
from xstock_node.storage.interfaces import Transaction


class EventId(msgspec.Struct, frozen=True, kw_only=True):
    """One event by its reference, as requests name it (empty: those that name none); an exercise or the real one."""

    event: str = ""
    exercise: bool = False


class EventRow(msgspec.Struct, frozen=True, kw_only=True):
    """An event, the operations of this node in it, how many of them are open, and the last step."""

    event: str
    exercise: bool
    operations: int
    open: int
    changed: str


class SumView(msgspec.Struct, frozen=True, kw_only=True):
    """What is known, as a decimal string, and in how many rows it is unknown."""

    known: str
    unknown: int


class MobilisedRow(msgspec.Struct, frozen=True, kw_only=True):
    """An item between two nodes: figures by column as decimal strings, null unknown."""

    item: str
    unit: str
    side: Side
    requester: str
    supplier: str
    operations: list[str]
    figures: dict[str, str | None]


class MobilisedTotal(msgspec.Struct, frozen=True, kw_only=True):
    """An item on one side; a need asked of several counts once. `gap`: asked, and promised by nobody."""

    item: str
    unit: str
    side: Side
    sums: dict[str, SumView]
    gap: str


class ConsignmentUnderWay(msgspec.Struct, frozen=True, kw_only=True):
    """A consignment that has not been counted yet: where it stands, its road, when it is expected; empty is unknown."""

    operation: str
    id: str
    side: Side
    requester: str
    supplier: str
    stand: str
    crossings: list[str]
    countries: list[str]
    day: str
    arrival: str
    news: str
    goods: str


class EventTable(msgspec.Struct, frozen=True, kw_only=True):
    """The mobilisation table of an event as of `at`."""

    event: str
    exercise: bool
    at: str
    rows: list[MobilisedRow]
    totals: list[MobilisedTotal]
    consignments: list[ConsignmentUnderWay]


class EventFile(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of the table as CSV in UTF-8; an unknown figure is an empty cell."""

    file: str
    media_type: str
    content: bytes


async def list_events(office: Office, actor: Actor, request: None = None) -> list[EventRow]:
    """The events of this node's operations, the last changed first."""

    def work(tx: Transaction) -> list[EventRow]:
        found: dict[tuple[str, bool], list[Dossier]] = {}
        for held in _every(office, tx, actor):
            found.setdefault((event_of(held), held.case.id.startswith("x")), []).append(held)
        rows = []
        for (event, exercise), cases in found.items():
            operations = [held.operation() for held in cases]
            last = max((e.time for o in operations for e in o.events), default=0)
            still = sum(o.decided not in ENDED for o in operations)
            rows.append(EventRow(event=event, exercise=exercise, operations=len(cases), open=still, changed=iso(last)))
        return rows

    found = await office.node.engine.read(work)
    return sorted(found, key=lambda row: (row.changed, row.event), reverse=True)


async def show_event(office: Office, actor: Actor, request: EventId) -> EventTable:
    """The mobilisation table of an event; empty where nothing was asked for it."""
    found = await office.node.engine.read(lambda tx: _table(office, tx, actor, request))
    return EventTable(
        event=request.event,
        exercise=request.exercise,
        at=iso(office.node.clock.now()),
        rows=[_row(one) for one in found.rows],
        totals=[_total(one) for one in found.totals],
        consignments=[_consignment(one) for one in found.consignments],
    )


async def export_event(office: Office, actor: Actor, request: EventId) -> EventFile:
    """The rows of the table as CSV."""
    found = await show_event(office, actor, request)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("event", "exercise", "at", "item", "unit", "side", "requester", "supplier", *FIGURES))
    for row in found.rows:
        said = (found.event, str(found.exercise).lower(), found.at, row.item, row.unit, row.side)
        figures = [row.figures[name] or "" for name in FIGURES]
        writer.writerow([*map(_cell, (*said, row.requester, row.supplier)), *figures])
    return EventFile(file="mobilisation.csv", media_type="text/csv", content=out.getvalue().encode())


def event_of(held: Dossier) -> str:
    """The event that an operation names; empty where it names none."""
    bodies = (e.body for e in held.events() if e.side == "requester")
    return next((body.event for body in bodies if isinstance(body, Ask)), "")


def _every(office: Office, tx: Transaction, actor: Actor) -> Iterable[Dossier]:
    seen = visible(tx, actor, office.node.clock.now())
    cases = [case for network in office.node.networks for case in tx.cases.all(network)]
    return [dossier.read(tx, case) for case in cases if seen(case.id)]


def _table(office: Office, tx: Transaction, actor: Actor, request: EventId) -> Table:
    own, parts = office.node.identity.name, []
    for held in _every(office, tx, actor):
        if event_of(held) == request.event and held.case.id.startswith("x") == request.exercise:
            operation = held.operation()
            need = next((e.body.request for e in operation.events if isinstance(e.body, Ask)), "")
            parts.append(Part(held.case.id, held.side(own), held.case.requester, held.case.supplier, need, operation))
    ended = {one.id for one in REQUESTS.list(tx) if one.ended}
    return mobilisation.table(parts, _needs(office, tx, actor, request), ended)


def _needs(office: Office, tx: Transaction, actor: Actor, request: EventId) -> list[tuple[str, str, Key, Decimal]]:
    """Own needs of the event that are not ended, with their lines of one item added up."""
    found: dict[tuple[str, Key], Decimal] = {}
    seen = visible(tx, actor, office.node.clock.now())
    for one in REQUESTS.list(tx):
        network = office.node.networks.get(one.network)
        if not seen(one.id) or one.ended or one.body.event != request.event or network is None:
            continue
        if network.shared.is_exercise == request.exercise:
            for line in one.body.lines:
                place = one.id, (line.item, line.unit)
                found[place] = found.get(place, Decimal(0)) + line.quantity
    return [(office.node.identity.name, id_, key, quantity) for (id_, key), quantity in found.items()]


def _row(one: Row) -> MobilisedRow:
    figures = {name: _text(getattr(one.figures, name)) for name in FIGURES}
    return MobilisedRow(
        item=one.item,
        unit=one.unit,
        side=one.side,
        requester=one.requester,
        supplier=one.supplier,
        operations=list(one.cases),
        figures=figures,
    )


def _total(one: Total) -> MobilisedTotal:
    sums = {name: SumView(known=decimal_text(s.known), unknown=s.unknown) for name, s in one.sums.items()}
    return MobilisedTotal(item=one.item, unit=one.unit, side=one.side, sums=sums, gap=decimal_text(one.gap))


def _consignment(one: UnderWay) -> ConsignmentUnderWay:
    return ConsignmentUnderWay(
        operation=one.case,
        id=one.id,
        side=one.side,
        requester=one.requester,
        supplier=one.supplier,
        stand=one.stand,
        crossings=list(one.crossings),
        countries=list(one.countries),
        day=one.day,
        arrival=iso(one.arrival) if one.arrival else "",
        news=one.news,
        goods=", ".join(f"{decimal_text(line.quantity)} {line.unit} {line.item}" for line in one.lines),
    )


def _text(value: Decimal | None) -> str | None:
    return None if value is None else decimal_text(value)


def _cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{clean(text)}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else clean(text)
