"""The mobilisation table of an event: what was asked, what is promised, under way and received."""

import msgspec

from xstock_node.console.page import Column, Page, Table
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.console.worlds import is_exercise
from xstock_node.services.mobilising import ConsignmentUnderWay, EventId, EventRow

SUMS = ("possible", "offered", "promised", "under_way", "received", "on_loan", "missing")
"""The figures of `domain/mobilisation.py` that are shown beside what was asked."""


class MobilisationQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which event; none: the last that changed, a real one first."""

    event: str = ""
    exercise: bool = False


class MobilisedLine(msgspec.Struct, frozen=True, kw_only=True):
    """An item of an event on one side: known sums as decimals, and how many parts of them nobody knows (`unknown`)."""

    item: str
    unit: str
    side: str
    requested: str
    possible: str
    offered: str
    promised: str
    under_way: str
    received: str
    on_loan: str
    missing: str
    gap: str
    unknown: int


class MobilisationView(msgspec.Struct, frozen=True, kw_only=True):
    """An event, derived from operations and never typed; `events` are all that there are."""

    event: str
    exercise: bool
    events: list[EventRow]
    lines: list[MobilisedLine]
    under_way: list[ConsignmentUnderWay]


async def _mobilisation(visit: Visit, asked: MobilisationQuery) -> MobilisationView:
    events: list[EventRow] = sorted(await visit.ask("event.list"), key=is_exercise)
    name = asked.event or (events[0].event if events else "")
    exercise = asked.exercise if asked.event else bool(events and events[0].exercise)
    if not name:
        return MobilisationView(event="", exercise=False, events=[], lines=[], under_way=[])
    found = await visit.ask("event.show", EventId(event=name, exercise=exercise))
    lines = []
    for total in found.totals:
        sums = {name: total.sums[name].known for name in SUMS}
        unknown = sum(one.unknown for one in total.sums.values())
        lines.append(
            MobilisedLine(
                item=total.item,
                unit=total.unit,
                side=total.side,
                requested=total.sums["asked"].known,
                gap=total.gap,
                unknown=unknown,
                **sums,
            )
        )
    return MobilisationView(event=name, exercise=exercise, events=events, lines=lines, under_way=found.consignments)


MOBILISATION = Page(
    "mobilisation",
    "/mobilisation",
    mark("Mobilisation"),
    "see",
    _mobilisation,
    asks=MobilisationQuery,
    tables={
        "lines": Table(
            mark("Goods of the event"),
            (
                Column("item", mark("Goods"), "item"),
                Column("side", mark("We are"), "side"),
                Column("requested", mark("Asked"), "amount"),
                Column("possible", mark("Possible"), "number"),
                Column("offered", mark("Offered"), "number"),
                Column("promised", mark("Promised"), "number"),
                Column("under_way", mark("Moving"), "number"),
                Column("received", mark("Received"), "number"),
                Column("on_loan", mark("On loan"), "number"),
                Column("missing", mark("Missing"), "number"),
                Column("gap", mark("Gap"), "number"),
                Column("unknown", mark("Unknown parts"), "number"),
            ),
            lambda view: view.lines,
            mark("No operation of this event."),
        ),
        "under-way": Table(
            mark("Under way"),
            (
                Column("id", mark("Consignment"), "code", "/operation?case={operation}"),
                Column("supplier", mark("From"), "node"),
                Column("requester", mark("To"), "node"),
                Column("stand", mark("Stands"), "said-stand"),
                Column("goods", mark("Goods"), "goods"),
                Column("crossings", mark("Border")),
                Column("arrival", mark("Arrives"), "due"),
            ),
            lambda view: view.under_way,
            mark("Nothing is on the road."),
        ),
        "events": Table(
            mark("Events"),
            (
                Column("event", mark("Event"), "text", "/mobilisation?event={event}&exercise={exercise}"),
                Column("operations", mark("Operations"), "number"),
                Column("open", mark("Open"), "number"),
                Column("changed", mark("Changed"), "when"),
            ),
            lambda view: view.events,
            mark("No event yet."),
        ),
    },
    group="events",
    lead=mark("Worked out from the operations at every look; nothing here is typed."),
    shape="plain",
)
