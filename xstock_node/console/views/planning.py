"""A plan over own requests: who could send what where, and why; it decides nothing."""

import msgspec

from xstock_node.console.form import Form
from xstock_node.console.page import Column, Go, Page, Table
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.console.worlds import is_exercise
from xstock_node.services.errors import Refusal
from xstock_node.services.plan_keeping import Chosen, KeptView, PlanOf
from xstock_node.services.plan_views import PlanView
from xstock_node.services.planning import PlanRequest
from xstock_node.services.request_views import RequestView

MOST = 20


class PlanQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which request's last plan is shown; none: that of the newest open one, a real one first."""

    request: str = ""


class PlanPage(msgspec.Struct, frozen=True, kw_only=True):
    """The last plan that was made of a request, null where none was; `requests` are those that may be planned.

    `chosen` is what people accepted since, beside what was proposed.
    """

    request: str
    requests: list[RequestView]
    plan: PlanView | None
    chosen: list[Chosen]
    made: str
    by: str
    exercise: bool


async def _open(visit: Visit) -> list[RequestView]:
    found: list[RequestView] = await visit.ask("request.list")
    fit = [one for one in found if one.state in ("open", "partly-covered") and not one.waits and one.lines]
    return sorted(fit, key=is_exercise)


async def _plan(visit: Visit, asked: PlanQuery) -> PlanPage:
    requests = await _open(visit)
    wanted = asked.request or (requests[0].id if requests else "")
    exercise = any(one.exercise for one in requests if one.id == wanted)
    kept: KeptView | None = None
    if wanted:
        try:
            kept = await visit.ask("request.planned", PlanOf(id=wanted))
        except Refusal as refusal:
            if refusal.code != "no-plan":
                raise
    return PlanPage(
        request=wanted,
        requests=requests,
        plan=kept.plan if kept else None,
        chosen=kept.chosen if kept else [],
        made=kept.at if kept else "",
        by=kept.by if kept else "",
        exercise=kept.plan.exercise if kept else exercise,
    )


async def _make(visit: Visit, form: Form) -> Go:
    """Plan one request, or all open ones of its network together."""
    requests = await _open(visit)
    wanted = form.text("request")
    network = next((one.network for one in requests if one.id == wanted), requests[0].network if requests else "")
    ids = [one.id for one in requests if one.network == network] if form.has("together") else [wanted]
    await visit.do("request.plan", PlanRequest(requests=[one for one in ids if one][:MOST]), form)
    return Go(f"/plan?request={wanted or ids[0]}", "request.plan")


PLAN = Page(
    "plan",
    "/plan",
    mark("Plan"),
    "see",
    _plan,
    asks=PlanQuery,
    acts={"plan": _make},
    tables={
        "lines": Table(
            mark("What the plan covers"),
            (
                Column("item", mark("Goods"), "item"),
                Column("asked", mark("Asked"), "amount"),
                Column("promised", mark("Promised already"), "number"),
                Column("planned", mark("Planned"), "number"),
                Column("unmet", mark("Not covered"), "number"),
                Column("fair", mark("Fair share"), "number"),
                Column("why", mark("Why"), "told"),
            ),
            lambda view: view.plan.lines if view.plan else [],
            mark("No plan was made of it yet."),
        ),
        "flows": Table(
            mark("Who could send what"),
            (
                Column("supplier", mark("From"), "node"),
                Column("item", mark("Goods"), "item"),
                Column("quantity", mark("Quantity"), "amount"),
                Column("held", mark("Held for us"), "yes"),
                Column("depot", mark("Store")),
                Column("site", mark("To")),
                Column("crossings", mark("Border")),
                Column("vehicle", mark("Vehicle")),
                Column("arrive", mark("Arrives"), "due"),
                Column("late_hours", mark("Late by hours"), "number"),
                Column("as_of", mark("Counted"), "when"),
                Column("why", mark("Why"), "told"),
            ),
            lambda view: view.plan.flows if view.plan else [],
            mark("Nobody offers anything of it."),
        ),
        "chosen": Table(
            mark("Proposed, and accepted since"),
            (
                Column("supplier", mark("From"), "node"),
                Column("item", mark("Goods"), "item"),
                Column("proposed", mark("Proposed"), "amount"),
                Column("accepted", mark("Accepted"), "number"),
            ),
            lambda view: view.chosen,
            mark("Nothing was accepted since."),
        ),
        "trips": Table(
            mark("Vehicles at least"),
            (
                Column("depot", mark("From")),
                Column("site", mark("To")),
                Column("vehicle", mark("Vehicle")),
                Column("count", mark("How many"), "number"),
                Column("kg", mark("kg"), "number"),
                Column("m3", mark("m³"), "number"),
                Column("unknown", mark("Size unknown")),
                Column("depart", mark("Leaves"), "when"),
            ),
            lambda view: view.plan.trips if view.plan else [],
            mark("No vehicle is planned."),
        ),
    },
    group="help",
)
