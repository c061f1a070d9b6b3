"""Counting what a listener answers: by route and status, and how long it took; spans of it, where they are wanted."""

import time
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.typedefs import Middleware

from xstock_node.counts import Counts
from xstock_node.trace import begin_request
from xstock_node.transport.spans import Spans, spans

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

    wanted = spans()
    return count if wanted is None else _spanning(count, listener, wanted)


def _spanning(count: Middleware, listener: str, wanted: Spans) -> Middleware:
    """The same middleware, with a span around each request that is answered at once or held."""

    @web.middleware
    async def span(request: web.Request, handler: Handler) -> web.StreamResponse:
        async def inside(asked: web.Request) -> web.StreamResponse:
            with wanted.around(asked.method, listener, asked.headers.get("traceparent", "")) as found:
                code = "500"
                try:
                    response = await handler(asked)
                    code = str(response.status)
                    return response
                except web.HTTPException as error:
                    code = str(error.status)
                    raise
                finally:
                    wanted.answered(found, asked.method, _route(asked), code)

        return await count(request, inside)

    return span


def _route(request: web.Request) -> str:
    """The pattern of the route, never the path, which strangers choose."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else UNKNOWN
