"""Counters of disasters, arrivals of people, and the forms of plugins."""

import msgspec

from xstock_node.console.acts import routed
from xstock_node.console.page import Ask, Column, Field, Page, Press, Table
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import ARRIVING, mark
from xstock_node.services.arrivals import ArrivalsAsked, ArrivalView
from xstock_node.services.forming import FormView
from xstock_node.services.impact import EventRef, ImpactView


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
                Column("counter", mark("What"), "said-disaster"),
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
                Column("by", mark("How they came"), "arriving"),
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
                Field("by", mark("How they came"), choices=tuple(ARRIVING.items())),
                Field("event", mark("Event")),
            ),
            "move",
        ),
    ),
    group="events",
    shape="plain",
)
