"""A plan over own requests: who could send what where, and why; it decides nothing."""

import msgspec

from xstock_node.console.page import Column, Page, Table
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.services.plan_views import PlanView
from xstock_node.services.planning import PlanRequest
from xstock_node.services.request_views import RequestView

MOST = 20


class PlanQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which request is planned; none: all that are open."""

    request: str = ""
    plain: bool = False


class PlanPage(msgspec.Struct, frozen=True, kw_only=True):
    """The plan, null where no request is open; `requests` are those that may be planned."""

    query: PlanQuery
    requests: list[RequestView]
    plan: PlanView | None
    exercise: bool


async def _plan(visit: Visit, asked: PlanQuery) -> PlanPage:
    requests = [
        one for one in await visit.ask("request.list") if one.state in ("open", "partly-covered") and not one.waits
    ]
    chosen = [one for one in requests if asked.request in ("", one.id)]
    network = chosen[0].network if chosen else ""
    ids = [one.id for one in chosen if one.network == network][:MOST]
    plan = await visit.ask("request.plan", PlanRequest(requests=ids, plain=asked.plain)) if ids else None
    return PlanPage(query=asked, requests=requests, plan=plan, exercise=bool(plan and plan.exercise))


PLAN = Page(
    "plan",
    "/plan",
    mark("Plan"),
    "see",
    _plan,
    asks=PlanQuery,
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
                Column("why", mark("Why")),
            ),
            lambda view: view.plan.lines if view.plan else [],
            mark("No request is open, so there is nothing to plan."),
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
                Column("why", mark("Why")),
            ),
            lambda view: view.plan.flows if view.plan else [],
            mark("Nobody offers anything of it."),
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
