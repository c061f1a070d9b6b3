"""Events: the mobilisation table of one, exercises, convoys under way, and counters of people and losses."""

import msgspec

from xstock_node.console.acts import routed, told
from xstock_node.console.page import Ask, Column, Field, Page, Press, Table
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import ARRIVING, mark
from xstock_node.console.worlds import is_exercise
from xstock_node.services.arrivals import ArrivalsAsked, ArrivalView
from xstock_node.services.convoy_desk import ConvoyView
from xstock_node.services.corridor_desk import CorridorView
from xstock_node.services.forming import FormView
from xstock_node.services.impact import EventRef, ImpactView
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
                Column("stand", mark("Stands")),
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


class ExercisesView(msgspec.Struct, frozen=True, kw_only=True):
    """The exercises that run on this node."""

    exercises: list[str]
    rows: list["ExerciseRow"]


class ExerciseRow(msgspec.Struct, frozen=True, kw_only=True):
    """An exercise that runs."""

    name: str
    exercise: bool = True


async def _exercises(visit: Visit, asked: None) -> ExercisesView:
    running = (await visit.ask("status")).exercises
    return ExercisesView(exercises=running, rows=[ExerciseRow(name=name) for name in running])


EXERCISES = Page(
    "exercises",
    "/exercises",
    mark("Exercises"),
    "see",
    _exercises,
    acts={
        "start": routed("exercise.start", "/exercises"),
        "stop": routed("exercise.stop", "/exercises"),
        "report": told("exercise.report"),
    },
    tables={
        "running": Table(
            mark("Exercises that run here"),
            (Column("name", mark("Exercise")),),
            lambda view: view.rows,
            mark("No exercise runs."),
            (Press("stop", mark("End it"), ("name",), "exercise", mark("Sure")),),
        )
    },
    asking=(
        Ask(
            "start",
            mark("Begin an exercise"),
            mark("Begin"),
            (
                Field("name", mark("Name"), hint=mark("Small letters, digits and -."), required=True),
                Field("network", mark("Network of exercises"), hint=mark("Its label begins with x."), required=True),
            ),
            "exercise",
        ),
        Ask(
            "report", mark("Figures of an exercise"), mark("Show"), (Field("name", mark("Name"), required=True),), "see"
        ),
    ),
    group="events",
    shape="plain",
)


class ConvoysView(msgspec.Struct, frozen=True, kw_only=True):
    """The watch board and the corridors that are watched."""

    convoys: list[ConvoyView]
    corridors: list[CorridorView]


async def _convoys(visit: Visit, asked: None) -> ConvoysView:
    return ConvoysView(convoys=await visit.ask("convoy.list"), corridors=await visit.ask("corridor.list"))


CONVOYS = Page(
    "convoys",
    "/convoys",
    mark("Convoys"),
    "see",
    _convoys,
    acts={
        "seen": routed("convoy.seen", "/convoys"),
        "threaten": routed("corridor.threaten", "/convoys"),
        "calm": routed("corridor.calm", "/convoys"),
    },
    tables={
        "convoys": Table(
            mark("On the road"),
            (
                Column("consignment", mark("Consignment"), "code", "/operation?case={case}"),
                Column("other", mark("With"), "node"),
                Column("stand", mark("Stands")),
                Column("countries", mark("Countries on the way")),
                Column("crossings", mark("Border")),
                Column("arrival", mark("Announced for"), "due"),
                Column("late_since", mark("Late since"), "when"),
                Column("threat", mark("Threat mode"), "yes"),
                Column("passed", mark("Passed")),
            ),
            lambda view: view.convoys,
            mark("No convoy is announced."),
        ),
        "corridors": Table(
            mark("Corridors"),
            (
                Column("name", mark("Corridor")),
                Column("countries", mark("Countries")),
                Column("crossings", mark("Border")),
                Column("curfew", mark("Curfew")),
                Column("threat", mark("Threat mode"), "yes"),
                Column("threat_since", mark("Since"), "when"),
                Column("calm_asked_by", mark("End asked for by")),
            ),
            lambda view: view.corridors,
            mark("No corridor is watched."),
            (
                Press(
                    "threaten", mark("Begin threat mode"), ("name",), "move", mark("Sure"), lambda row: not row.threat
                ),
                Press("calm", mark("End threat mode"), ("name",), "move", when=lambda row: row.threat),
            ),
        ),
    },
    asking=(
        Ask(
            "seen",
            mark("Note that a convoy was seen"),
            mark("Note it"),
            (
                Field("convoy", mark("Number of the convoy"), required=True),
                Field("place", mark("Place"), required=True),
                Field("country", mark("Country"), hint=mark("Two letters, such as RO."), required=True),
            ),
            "move",
        ),
    ),
    group="events",
    lead=mark("In threat mode everything here is late and coarse, on purpose."),
    shape="plain",
)


class ReportsQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which disaster's counters are shown."""

    event: str = ""


class DisasterRow(msgspec.Struct, frozen=True, kw_only=True):
    """A disaster of which counters are noted."""

    event: str


class ReportsView(msgspec.Struct, frozen=True, kw_only=True):
    """Forms of plugins, arrivals of people (counts alone), and the counters of disasters."""

    forms: list[FormView]
    arrivals: list[ArrivalView]
    disasters: list[DisasterRow]
    impact: ImpactView | None


async def _reports(visit: Visit, asked: ReportsQuery) -> ReportsView:
    disasters = await visit.ask("impact.list")
    impact = await visit.ask("impact.show", EventRef(event=asked.event)) if asked.event else None
    return ReportsView(
        forms=await visit.ask("form.list"),
        arrivals=await visit.ask("arrival.list", ArrivalsAsked()),
        disasters=[DisasterRow(event=event) for event in disasters],
        impact=impact,
    )


REPORTS = Page(
    "reports",
    "/reports",
    mark("Reports"),
    "see",
    _reports,
    asks=ReportsQuery,
    acts={"arrival": routed("arrival.note", "/reports"), "drop": routed("arrival.drop", "/reports")},
    tables={
        "disasters": Table(
            mark("Counters of disasters"),
            (Column("event", mark("Event"), "text", "/reports?event={event}"),),
            lambda view: view.disasters,
            mark("No counter is noted."),
        ),
        "counters": Table(
            mark("Counters"),
            (
                Column("area_name", mark("Area")),
                Column("counter", mark("What")),
                Column("indicator", mark("Sendai indicator")),
                Column("figure", mark("Figure"), "number"),
                Column("hidden", mark("Hidden as too small"), "yes"),
                Column("date", mark("As of"), "day"),
                Column("source", mark("Says who")),
            ),
            lambda view: view.impact.counters if view.impact else [],
            mark("Choose a disaster above."),
        ),
        "arrivals": Table(
            mark("Arrivals of people"),
            (
                Column("at", mark("When"), "when"),
                Column("area", mark("Area")),
                Column("people", mark("People"), "number"),
                Column("by", mark("By"), "arriving"),
                Column("event", mark("Event")),
            ),
            lambda view: view.arrivals,
            mark("No arrival is noted."),
            (Press("drop", mark("Take it back"), ("id",), "move", mark("Sure")),),
        ),
        "forms": Table(
            mark("Forms"),
            (Column("name", mark("Form")), Column("title", mark("Title")), Column("plugin", mark("Plugin"))),
            lambda view: view.forms,
            mark("No plugin offers a form."),
        ),
    },
    asking=(
        Ask(
            "arrival",
            mark("Note how many people arrived"),
            mark("Note it"),
            (
                Field("area", mark("Area"), hint=mark("Its code, such as BG311."), required=True),
                Field("people", mark("People"), "number", required=True),
                Field("by", mark("By"), choices=tuple(ARRIVING.items())),
                Field("event", mark("Event")),
            ),
            "move",
        ),
    ),
    group="events",
    shape="plain",
)
