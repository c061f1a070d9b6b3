"""Counting what a listener answers: by route and status, and how long it took."""

import time
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from xstock_node.counts import Counts
from xstock_node.trace import begin_request

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
UNKNOWN = "unknown"


def counting(counts: Counts, listener: str) -> Middleware:
    """A middleware, the outermost one. The id that a caller gave the request is taken up before anything is logged."""

    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        begin_request(request.headers.get("traceparent", ""))
        began, code = time.perf_counter(), "500"
        try:
            response = await handler(request)
            code = str(response.status)
            return response
        except web.HTTPException as error:
            code = str(error.status)
            raise
        finally:
            counts.add("requests_total", listener, _route(request), code)
            if "Prefer" not in request.headers:
                counts.took("request_seconds", time.perf_counter() - began, listener)

    return count


def _route(request: web.Request) -> str:
    """The pattern of the route, never the path, which strangers choose."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else UNKNOWN
