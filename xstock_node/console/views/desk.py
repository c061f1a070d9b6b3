"""Desk: what a duty officer has to see first: warnings, what waits and for whom, open needs, who is silent."""

import msgspec
from markupsafe import Markup

from xstock_node.console.drawings import draw_turns
from xstock_node.console.form import Form
from xstock_node.console.page import Column, Go, Page, Table
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.console.worlds import is_exercise
from xstock_node.domain.escalation import Wait
from xstock_node.services.alert_views import AlertsAsked, WarningRow
from xstock_node.services.draft_desk import DraftsAsked, DraftView
from xstock_node.services.duty_desk import WaitingId, WaitingView
from xstock_node.services.operating import CaseFilter
from xstock_node.services.operation_views import OperationRow
from xstock_node.services.overview import PeerName, PeerView
from xstock_node.services.request_views import RequestView

ENDED = frozenset({"closed", "cancelled"})
SHOWN = 50


class DeskView(msgspec.Struct, frozen=True, kw_only=True):
    """The desk. `drafts` are suggested by warnings and foreign messages; `silent` peers were not heard as they should;
    `more` says how many operations are not shown. What is real comes before what belongs to an exercise; `pauses` says
    that a real warning is in force while an exercise is on here, `paused` that the exercise waits until a person
    goes on with it.
    """

    pauses: bool
    paused: bool
    warnings: list[WarningRow]
    drafts: list[DraftView]
    waiting: list[WaitingView]
    requests: list[RequestView]
    operations: list[OperationRow]
    silent: list[PeerView]
    more: int


async def _desk(visit: Visit, asked: None) -> DeskView:
    warnings = await visit.ask("alert.list", AlertsAsked(language=visit.words.language.code))
    requests = [one for one in await visit.ask("request.list") if one.state not in ENDED]
    operations = await visit.ask("op.list", CaseFilter())
    peers = await visit.ask("peer.list", PeerName())
    warnings = sorted((one for one in warnings if one.here != "no"), key=is_exercise)
    drills = visit.office.node.log.is_exercise or any(map(is_exercise, [*warnings, *requests, *operations]))
    return DeskView(
        pauses=drills and any(one.status == "Actual" for one in warnings),
        paused=bool((await visit.ask("exercise.paused")).paused),
        warnings=warnings,
        drafts=sorted(await visit.ask("request.drafts", DraftsAsked()), key=is_exercise),
        waiting=sorted(await visit.ask("duty.queue"), key=_urgency),
        requests=sorted(requests, key=is_exercise)[:SHOWN],
        operations=sorted(operations, key=is_exercise)[:SHOWN],
        silent=[peer for peer in peers if peer.stale or peer.frozen],
        more=max(len(operations) - SHOWN, 0),
    )


def _urgency(one: WaitingView) -> tuple[bool, bool, str, str]:
    """What is real first, then warnings, then what has to be answered soonest; what has no time comes by its age."""
    return one.exercise, one.kind != Wait.ALERT, one.answer_by or "~", one.since


async def _take(visit: Visit, form: Form) -> Go:
    await visit.do("duty.take", WaitingId(id=form.text("id")), form)
    return Go("/desk", "duty.take")


def _turns(visit: Visit, view: DeskView) -> Markup:
    due = {one.case: one.answer_by for one in view.waiting if one.case and one.answer_by}
    node = visit.office.node
    return draw_turns(view.operations, due, node.identity.name, visit.words, marked=not node.log.is_exercise)


OPERATIONS = Table(
    mark("Live operations"),
    (
        Column("case", mark("Operation"), "code", "/operation?case={case}"),
        Column("requester", mark("From"), "node"),
        Column("supplier", mark("To"), "node"),
        Column("state", mark("State"), "state"),
        Column("turn", mark("Turn"), "side"),
        Column("changed", mark("Changed"), "when"),
    ),
    lambda view: view.operations,
    mark("No operation is under way."),
)
DESK = Page(
    "desk",
    "/desk",
    mark("Desk"),
    "see",
    _desk,
    acts={"take": _take},
    draws={"turns": _turns},
    tables={
        "operations": OPERATIONS,
        "waiting": Table(
            mark("What waits"),
            (
                Column("kind", mark("What"), "wait"),
                Column("role", mark("For whom"), "role"),
                Column("case", mark("Operation"), "code", "/operation?case={case}"),
                Column("other", mark("With"), "node"),
                Column("since", mark("Since"), "when"),
                Column("answer_by", mark("Until"), "due"),
                Column("taken_by", mark("Taken by")),
            ),
            lambda view: view.waiting,
            mark("Nothing waits for anybody here."),
        ),
        "requests": Table(
            mark("Open needs"),
            (
                Column("id", mark("Request"), "code", "/request?id={id}"),
                Column("event", mark("Event")),
                Column("place", mark("Where")),
                Column("state", mark("State"), "state"),
                Column("needed_by", mark("Needed by"), "due"),
            ),
            lambda view: view.requests,
            mark("No need is open."),
        ),
    },
    group="help",
)
