"""The API as an aiohttp application: over a UNIX socket without token, over loopback with token, Host and Origin."""

import secrets
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import msgspec
from aiohttp import web

from xstock_node.api.problems import Problem, ProblemBody, problem_of
from xstock_node.api.routes import PREFIX, ROUTES, Route
from xstock_node.protocol import limits
from xstock_node.services import people
from xstock_node.services.office import OPERATOR, Actor, Office
from xstock_node.trace import Trace, request_id

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
BODY = limits.IMPORT_FILE * 2


class Guard(NamedTuple):
    """What a TCP caller must show: a token, and a Host (and Origin, where a browser sends one) of loopback."""

    token: str

    def objection(self, request: web.Request) -> str:
        """Why the request is not served; empty where it is."""
        host = request.headers.get("Host", "").rpartition(":")[0]
        if host not in ("127.0.0.1", "localhost"):
            return "the Host is not this machine's loopback name"
        origin = request.headers.get("Origin")
        if origin is not None and origin.partition("://")[2] != request.headers.get("Host", ""):
            return "the Origin is another site"
        if request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            return "the request comes from another site"
        return ""

    def knows(self, token: str) -> bool:
        """Whether it is the token of the node itself."""
        return secrets.compare_digest(token.encode(), self.token.encode())


def make_app(office: Office, guard: Guard | None, trace: Trace) -> web.Application:
    """All routes over one office; without a guard the caller is the operator."""

    @web.middleware
    async def shield(request: web.Request, handler: Handler) -> web.StreamResponse:
        request_id.set(secrets.token_hex(4))
        if guard is not None and (why := guard.objection(request)):
            return _answer(403, Problem(code="forbidden", expected="an allowed caller", came=why))
        try:
            actor = await _actor(office, guard, request)
            if actor is None:
                came = "the token of api.token, or of a person, is missing or wrong"
                return _answer(403, Problem(code="forbidden", expected="an allowed caller", came=came))
            request["actor"] = actor
            return await handler(request)
        except web.HTTPException as error:
            return _answer(error.status, Problem(code="not-found", expected="a route of the API", came=request.path))
        except Exception as error:
            problem = problem_of(error)
            if problem is None:
                trace.error("defect", path=request.path, why=f"{type(error).__name__}: {error}")
                raise
            return _answer(422, problem)

    app = web.Application(middlewares=[shield], client_max_size=BODY)
    for route in ROUTES:
        app.router.add_route(route.method, PREFIX + route.path, _handler(office, route))
    return app


async def _actor(office: Office, guard: Guard | None, request: web.Request) -> Actor | None:
    """Who asks: a person by a token; the node's own token, or the socket without one, is the operator."""
    _, _, token = request.headers.get("Authorization", "").partition("Bearer ")
    if not token:
        return OPERATOR if guard is None else None
    if guard is not None and guard.knows(token):
        return Actor("token", "loopback")
    return await people.actor_of(office, token, "socket" if guard is None else "loopback")


def _handler(office: Office, route: Route) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        actor: Actor = request["actor"]
        if not people.somewhere(actor, route.right, office.node.clock.now()):  # deny by default
            expected = f"a person who may {route.right}"
            return _answer(403, Problem(code="forbidden", expected=expected, came=actor.name, do="ask one who may"))
        try:
            asked = await _request(request, route)
        except (msgspec.ValidationError, msgspec.DecodeError, UnicodeDecodeError) as error:
            return _answer(400, Problem(code="bad-request", expected=f"a request for {route.name}", came=str(error)))
        answer = await route.handler(office, actor, asked)
        return web.Response(body=msgspec.json.encode(answer), content_type="application/json")

    return handle


async def _request(request: web.Request, route: Route) -> Any:
    if route.request is None:
        return None
    if route.method == "GET":
        return msgspec.convert(dict(request.query), route.request, strict=False)
    return msgspec.json.decode(await request.read(), type=route.request)


def _answer(status: int, problem: Problem) -> web.Response:
    return web.Response(status=status, body=msgspec.json.encode(ProblemBody(problem)), content_type="application/json")
