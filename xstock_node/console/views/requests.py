"""Own requests: the list, and one with its three columns that are never one total."""

import msgspec

from xstock_node.console.form import Form
from xstock_node.console.page import Column, Go, Page, Table
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.services.request_views import RequestView
from xstock_node.services.requesting import RequestId


class RequestsView(msgspec.Struct, frozen=True, kw_only=True):
    """Own requests, newest first."""

    requests: list[RequestView]


class OneRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request."""

    request: RequestView
    exercise: bool


async def _list(visit: Visit, asked: None) -> RequestsView:
    return RequestsView(requests=await visit.ask("request.list"))


async def _one(visit: Visit, asked: RequestId) -> OneRequest:
    found = await visit.ask("request.show", RequestId(id=asked.id))
    return OneRequest(request=found, exercise=found.exercise)


async def _stand_down(visit: Visit, form: Form) -> Go:
    id_ = form.text("id")
    await visit.do("request.stand-down", RequestId(id=id_, reason=form.text("reason") or "covered"), form)
    return Go(f"/request?id={id_}", "request.stand-down")


async def _cancel(visit: Visit, form: Form) -> Go:
    id_ = form.text("id")
    await visit.do("request.cancel", RequestId(id=id_, reason=form.text("reason") or "cancelled"), form)
    return Go(f"/request?id={id_}", "request.cancel")


REQUESTS = Page(
    "requests",
    "/requests",
    mark("Requests"),
    "see",
    _list,
    tables={
        "requests": Table(
            mark("Own requests"),
            (
                Column("id", mark("Request"), "code", "/request?id={id}"),
                Column("state", mark("State"), "state"),
                Column("at", mark("Sent"), "when"),
                Column("event", mark("Event")),
                Column("place", mark("Where")),
                Column("needed_by", mark("Needed by"), "due"),
            ),
            lambda view: view.requests,
            mark("Nothing was asked yet."),
        )
    },
    group="help",
)
REQUEST = Page(
    "request",
    "/request",
    mark("Request"),
    "see",
    _one,
    asks=RequestId,
    acts={"stand-down": _stand_down, "cancel": _cancel},
    tables={
        "lines": Table(
            mark("What is covered"),
            (
                Column("item", mark("Goods"), "item"),
                Column("asked", mark("Asked"), "amount"),
                Column("promised", mark("Promised to you"), "number"),
                Column("offered", mark("Offered (a hint)"), "number"),
                Column("possible", mark("Possible, the owner decides"), "number"),
                Column("received", mark("Received"), "number"),
                Column("missing", mark("Missing"), "number"),
            ),
            lambda view: view.request.lines,
        ),
        "operations": Table(
            mark("Who was asked"),
            (
                Column("supplier", mark("Node"), "node", "/operation?case={case}"),
                Column("state", mark("State"), "state"),
                Column("turn", mark("Turn"), "side"),
                Column("changed", mark("Changed"), "when"),
            ),
            lambda view: view.request.operations,
            mark("Nobody was asked yet."),
        ),
    },
)
