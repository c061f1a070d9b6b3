"""The API as an aiohttp application: over a UNIX socket without token, over loopback with token, Host and Origin.

Errors are problem documents (RFC 9457). A GET carries an ETag; lists may be cut by `limit` and `skip`; a POST may carry
an idempotency key; `/events` tells what changed as server-sent events.
"""

import hashlib
import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

import msgspec
from aiohttp import web

from xstock_node.api import doing, files, health, openapi
from xstock_node.api.idempotency import Idempotency, asked_once
from xstock_node.api.problems import NOT_LEADER, Problem, document_of, problem_of, status_of
from xstock_node.api.routes import PREFIX, ROUTES, Route
from xstock_node.domain.rights import OPEN
from xstock_node.protocol import limits
from xstock_node.protocol.quota import TokenBucket
from xstock_node.services import branches, people
from xstock_node.services.errors import Refusal
from xstock_node.services.office import OPERATOR, Actor, Office
from xstock_node.trace import Trace, begin_request, request_id

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
BODY = limits.IMPORT_FILE * 2
MOST = 500
ACTOR = web.RequestKey("actor", Actor)
OPEN_PATHS = frozenset((route.method, PREFIX + route.path) for route in ROUTES if route.right == OPEN)
NOBODY = Actor("nobody", "local port", ())


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


class Beside(Protocol):
    """What is served beside the API on the same port, with checks of its own: the console."""

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Add every address of it."""

    async def missing(self, request: web.Request) -> web.StreamResponse:
        """The answer to an address that neither knows."""

    async def ended(self, app: web.Application) -> None:
        """The port closes."""


def make_app(office: Office, guard: Guard | None, trace: Trace, beside: Beside | None = None) -> web.Application:
    """All routes over one office; without a guard, who brings no token is the operator."""

    @web.middleware
    async def shield(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request_id.get():
            begin_request()
        if request.path in health.PATHS:
            why = guard.objection(request) if guard is not None else ""
            return web.Response(status=403, text=why) if why else await handler(request)
        if beside is not None and not request.path.startswith(PREFIX):
            known = request.match_info.http_exception is None
            return await handler(request) if known else await beside.missing(request)
        if guard is not None and (why := guard.objection(request)):
            return _problem(403, Problem(code="forbidden", expected="an allowed caller", came=why))
        try:
            is_open = (request.method, request.path) in OPEN_PATHS
            if is_open and (wait := knocks.take(1, office.node.clock.steady())):
                raise Refusal("too-many", "a few requests a minute", "more", f"wait {wait:.0f} seconds")
            actor = NOBODY if is_open else await _actor(office, guard, request)
            if actor is None:
                came = "the token of api.token, or of a person, is missing or wrong"
                return _problem(403, Problem(code="forbidden", expected="an allowed caller", came=came))
            request[ACTOR] = actor
            return await handler(request)
        except web.HTTPException as error:
            code = "too-large" if error.status == 413 else "not-found"
            return _problem(error.status, Problem(code=code, expected="a route of the API", came=request.path))
        except BadRequest as error:
            return _problem(400, Problem(code="bad-request", expected="a request as in openapi.json", came=str(error)))
        except Exception as error:
            problem = problem_of(error)
            if problem is None:
                trace.error("defect", path=request.path, why=f"{type(error).__name__}: {error}")
                raise
            return _problem(status_of(problem), problem)

    knocks = TokenBucket(limits.KNOCKS_A_SECOND, limits.KNOCKS_BURST)
    app = web.Application(middlewares=[shield], client_max_size=BODY)
    keys = Idempotency(office)
    for route in ROUTES:
        app.router.add_route(route.method, PREFIX + route.path, _handler(office, keys, route))
    app.router.add_get(f"{PREFIX}/events", _events(office, guard))
    app.router.add_get(f"{PREFIX}/openapi.json", _openapi)
    health.add_health(app, office)
    if beside is not None:
        beside.add_to(app.router)
        app.on_shutdown.append(beside.ended)
    return app


async def _actor(office: Office, guard: Guard | None, request: web.Request) -> Actor | None:
    """Who asks: a person by a token; the node's own token, or the socket without one, is the operator."""
    _, _, token = request.headers.get("Authorization", "").partition("Bearer ")
    if not token:
        return OPERATOR if guard is None else None
    if guard is not None and guard.knows(token):
        return Actor("token", "loopback")
    return await people.actor_of(office, token, "socket" if guard is None else "loopback")


def _handler(office: Office, keys: Idempotency, route: Route) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        actor = request[ACTOR]
        branches.expect(actor, route.reach, route.right, office.node.clock.now())  # deny by default
        if route.method == "GET":
            found = await _get(office, actor, route, request)
            return files.saved(found) if route.raw else _tagged(request, found)
        content = await files.body(request, route.raw) if route.raw else await request.read()
        asked = files.asked(request, content) if route.raw else content
        asker = actor if route.secret else asked_once(request, actor, route.name, asked)
        with _as_asked():
            body = files.request_of(route, request, content) if route.raw else _decoded(route, content)
        answer = await doing.do(office, keys, asker, route, body)
        return web.Response(body=answer, content_type="application/json")

    return handle


def _decoded(route: Route, content: bytes) -> Any:
    return None if route.request is None else msgspec.json.decode(content, type=route.request)


async def _get(office: Office, actor: Actor, route: Route, request: web.Request) -> Any:
    """The answer to a GET, as JSON but for a file; a list is cut where `limit` or `skip` say so."""
    query, page = dict(request.query), {}
    if openapi.is_paged(route):
        page = {name: query.pop(name) for name in ("limit", "skip") if name in query}
    with _as_asked():
        body = None if route.request is None else msgspec.convert(query, route.request, strict=False)
        cut = msgspec.convert(page, Page, strict=False) if page else None
    answer = await doing.look(office, actor, route, body)
    if route.raw:
        return answer
    return msgspec.json.encode(answer if cut is None else answer[cut.skip : cut.skip + cut.limit])


class BadRequest(Exception):
    """What was asked does not fit the document; what the node itself cannot read is its own defect, never this."""


@contextmanager
def _as_asked() -> Iterator[None]:
    try:
        yield
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeError) as error:
        raise BadRequest(str(error)) from None


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Which part of a list."""

    limit: int = MOST
    skip: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= MOST or not 0 <= self.skip <= 100_000:
            raise ValueError(f"expected limit 1 to {MOST} and skip 0 to 100000")


def _tagged(request: web.Request, body: bytes) -> web.Response:
    """The answer with its ETag, or 304 where the caller has it."""
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if tag in request.headers.get("If-None-Match", ""):
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, content_type="application/json", headers=headers)


def _events(office: Office, guard: Guard | None) -> Handler:
    """What changed, as server-sent events: the id grows, the data names the operation; empty means read all anew."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if not people.somewhere(request[ACTOR], "see", office.node.clock.now()):
            return _problem(403, Problem(code="forbidden", expected="a person who may see", came=request[ACTOR].name))
        last = request.headers.get("Last-Event-ID", "")
        position = int(last) if last.isascii() and last.isdigit() and len(last) < 16 else office.changes.last
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
        await response.prepare(request)
        await response.write(b": listening\n\n")
        async for number, id_ in office.changes.since(position):
            actor = await _actor(office, guard, request)  # as of now: a person may have left since
            if actor is None or not people.somewhere(actor, "see", office.node.clock.now()):
                break
            if id_ and not await branches.sees(office, actor, id_):
                continue
            data = msgspec.json.encode({"case": id_}).decode()
            await response.write(f"id: {number}\nevent: changed\ndata: {data}\n\n".encode())
        return response

    return handle


async def _openapi(request: web.Request) -> web.StreamResponse:
    return _tagged(request, msgspec.json.encode(openapi.document()))


def _problem(status: int, problem: Problem) -> web.Response:
    body = msgspec.json.encode(document_of(problem, status))
    later = {"Retry-After": str(limits.TAKE_OVER)} if problem.code == NOT_LEADER else {}
    return web.Response(status=status, body=body, content_type="application/problem+json", headers=later)
