"""The routes of the API, for programs."""

import msgspec

from xstock_node.api.routes import PREFIX, ROUTES
from xstock_node.console.page import Column, Page, Table
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark


class RouteRow(msgspec.Struct, frozen=True, kw_only=True):
    """A route of the API."""

    name: str
    method: str
    path: str
    right: str
    summary: str


class ApiView(msgspec.Struct, frozen=True, kw_only=True):
    """The routes of the API."""

    routes: list[RouteRow]


async def _api(visit: Visit, asked: None) -> ApiView:
    rows = [
        RouteRow(name=one.name, method=one.method, path=PREFIX + one.path, right=one.right, summary=one.summary)
        for one in ROUTES
    ]
    return ApiView(routes=rows)


API = Page(
    "api",
    "/programs",
    mark("API"),
    "see",
    _api,
    tables={
        "routes": Table(
            mark("Routes"),
            (
                Column("method", mark("Method"), "code"),
                Column("path", mark("Path"), "code"),
                Column("right", mark("Right"), "code"),
                Column("summary", mark("What it does"), "told"),
            ),
            lambda view: view.routes,
        )
    },
    group="node",
    lead=mark("For programs: with a token of a person, over loopback. The whole of it is in /api/1/openapi.json."),
    shape="plain",
)
