"""Public warnings: the list, and one with all that it says, each thing in the reader's language where there is one."""

import msgspec

from xstock_node.console.acts import routed
from xstock_node.console.page import Ask, Column, Field, Page, Press, Table
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.services.alert_views import AlertRef, AlertsAsked, WarningRow, WarningView
from xstock_node.services.draft_desk import DraftsAsked, DraftView
from xstock_node.services.own_warnings import OwnWarningView


class AlertsQuery(msgspec.Struct, frozen=True, kw_only=True):
    """`all`: also those that are over or touch others."""

    all: bool = False


class AlertsView(msgspec.Struct, frozen=True, kw_only=True):
    """Warnings, the drafts that they opened, and those that this node issued."""

    query: AlertsQuery
    warnings: list[WarningRow]
    drafts: list[DraftView]
    own: list[OwnWarningView]


async def _list(visit: Visit, asked: AlertsQuery) -> AlertsView:
    wanted = AlertsAsked(all=asked.all, language=visit.words.language.code)
    return AlertsView(
        query=asked,
        warnings=await visit.ask("alert.list", wanted),
        drafts=await visit.ask("request.drafts", DraftsAsked()),
        own=await visit.ask("alert.own"),
    )


class AlertQuery(msgspec.Struct, frozen=True, kw_only=True):
    """One warning."""

    id: str


class AlertView(msgspec.Struct, frozen=True, kw_only=True):
    """One warning; `exercise` where it is not of this world."""

    found: WarningView
    exercise: bool


async def _one(visit: Visit, asked: AlertQuery) -> AlertView:
    found = await visit.ask("alert.show", AlertRef(id=asked.id, language=visit.words.language.code))
    return AlertView(found=found, exercise=found.warning.status == "Exercise")


ALERTS = Page(
    "alerts",
    "/alerts",
    mark("Warnings"),
    "see",
    _list,
    asks=AlertsQuery,
    acts={
        "dismiss": routed("request.dismiss", "/alerts", "draft.dismiss"),
        "cancel": routed("alert.cancel", "/alerts"),
    },
    tables={
        "warnings": Table(
            mark("Warnings"),
            (
                Column("event", mark("What"), "text", "/alert?id={id}"),
                Column("level", mark("Level"), "level"),
                Column("state", mark("State"), "warning"),
                Column("areas", mark("Where")),
                Column("begins", mark("Begins"), "when"),
                Column("ends", mark("Until"), "due"),
                Column("source", mark("Says who")),
                Column("marks", mark("Mind"), "alert-mark"),
            ),
            lambda view: view.warnings,
            mark("No warning touches us now."),
        ),
        "drafts": Table(
            mark("Drafts that they opened"),
            (
                Column("event", mark("Event"), "text", "/ask?draft={id}"),
                Column("origin", mark("From"), "said-origin"),
                Column("place", mark("Where")),
                Column("at", mark("Since"), "when"),
            ),
            lambda view: view.drafts,
            mark("No draft is open."),
        ),
        "own": Table(
            mark("Issued by this node"),
            (
                Column("event", mark("What")),
                Column("state", mark("State"), "said-issued"),
                Column("sent", mark("Sent"), "when"),
                Column("until", mark("Until"), "due"),
                Column("areas", mark("Where")),
            ),
            lambda view: view.own,
            mark("This node issued none."),
            (Press("cancel", mark("It is over"), ("id",), "ask", when=lambda row: row.state == "in-force"),),
        ),
    },
    asking=(
        Ask(
            "dismiss",
            mark("Put a draft away"),
            mark("Put it away"),
            (
                Field("id", mark("Draft"), required=True),
                Field("reason", mark("Why"), required=True),
            ),
            "ask",
        ),
    ),
    group="events",
    shape="plain",
)
ALERT = Page("alert", "/alert", mark("Warning"), "see", _one, asks=AlertQuery)
