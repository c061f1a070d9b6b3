"""The console over HTTP: pages, their JSON twins and tables, forms, files, and word of what changed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec
from aiohttp import web

from xstock_node.api.idempotency import Idempotency
from xstock_node.api.problems import problem_of, status_of
from xstock_node.console import guard
from xstock_node.console.device import caller_of
from xstock_node.console.downloads import download
from xstock_node.console.form import converted
from xstock_node.console.ground import ground
from xstock_node.console.languages import BY_CODE, language_of
from xstock_node.console.page import Again, Go, Page, Told
from xstock_node.console.pages import ERROR, FILE, PAGES, RESENT
from xstock_node.console.reading import read_form
from xstock_node.console.rendering import Rendering, params
from xstock_node.console.static_files import Static
from xstock_node.console.tables import csv_of
from xstock_node.console.views.with_account import QUESTION
from xstock_node.console.visit import Site, Visit, zone_of
from xstock_node.console.words import Words
from xstock_node.services import branches, people, sessions
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office

COOKIE: Final = "xstock_session"
ATTEMPT: Final = "xstock_attempt"
LANGUAGE: Final = "xstock_language"
THEME: Final = "xstock_theme"
NOBODY: Final = Actor("nobody", "console", ())
SMALL: Final = 1024
YEAR: Final = 31_536_000
LONGEST: Final = 2000
"""Letters of an address that an act leads to; browsers and proxies take no endless ones."""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Console:
    """The pages over one office. `url` is where people reach them by a name of their own."""

    def __init__(self, office: Office, url: str = "") -> None:
        self._office, self._url = office, url
        self._keys = Idempotency(office)
        self._static = Static()
        self._rendering = Rendering(PAGES, self._static)
        self._listening: set[asyncio.Task[Any]] = set()

    def add_to(self, router: web.UrlDispatcher) -> None:
        """Every address of the console."""
        for page in PAGES:
            router.add_get(page.path, self._guarded(page, self._shown))
            router.add_get(f"{page.path}.json", self._guarded(page, self._twin))
            router.add_get(f"{page.path}.csv", self._guarded(page, self._table))
            if page.acts:
                router.add_post(page.path, self._guarded(page, self._sent))
        router.add_get("/", self._guarded(PAGES[0], _home))
        router.add_get("/file/{name}", self._guarded(FILE, self._file))
        router.add_get("/live", self._live)
        router.add_get("/outlines.json", self._guarded(PAGES[0], self._outlines))
        router.add_get("/static/{name:[a-zA-Z0-9._/-]+}", self._static.serve)

    async def ended(self, app: web.Application) -> None:
        """The port closes: nobody is told of changes any more, and nothing waits for pages that are left open."""
        for task in self._listening:
            task.cancel()

    def app(self) -> web.Application:
        """The console alone, for a port of its own: the API is not on it."""

        @web.middleware
        async def all_else(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await (handler(request) if request.match_info.http_exception is None else self.missing(request))

        app = web.Application(middlewares=[all_else], client_max_size=0)
        self.add_to(app.router)
        app.on_shutdown.append(self.ended)
        return app

    async def missing(self, request: web.Request) -> web.StreamResponse:
        """The page for what is not there."""
        refusal = Refusal("not-found", "a page of the console", request.path[:80], "go to the desk")
        return await self._guarded(ERROR, lambda visit, page, request: self._refused(visit, refusal))(request)

    def _guarded(self, page: Page, answer: Callable[[Visit, Page, web.Request], Awaitable[Any]]) -> Handler:
        async def handle(request: web.Request) -> web.StreamResponse:
            site = guard.site_of(request.headers, self._url, request.secure)
            if site is None:
                return web.Response(status=421, text="This name is not the console's.\n", headers=guard.HEADERS)
            changes = request.method == "POST"
            if changes and (why := guard.foreign(request.headers, site)):
                return web.Response(status=403, text=f"Not done: {why}.\n", headers=guard.HEADERS)
            visit = await self._visit(request, site)
            try:
                if visit.actor is NOBODY and not page.open:
                    return self._dressed(request, await self._strangers(visit, request))
                if not visit.may(page.right):
                    raise people.forbidden(visit.actor, page.right)
                found = await answer(visit, page, request)
            except web.HTTPException:
                raise
            except Exception as error:
                if problem_of(error) is None:
                    self._office.node.trace.error("defect", path=request.path, why=f"{type(error).__name__}: {error}")
                    error = Refusal("defect", "the page", "a defect of the program", "see the log, and tell its makers")
                found = await self._refused(visit, error)
            return self._dressed(request, found)

        return handle

    async def _visit(self, request: web.Request, site: Site) -> Visit:
        secret = request.cookies.get(COOKIE, "")
        held = await sessions.actor_of(self._office, secret) if secret else None
        settings, cookies = self._office.settings, request.cookies
        language = language_of(
            held.language if held else "",
            cookies.get(LANGUAGE, "") if cookies.get(LANGUAGE, "") in BY_CODE else "",
            header=request.headers.get("Accept-Language", ""),
            default=settings.languages,
        )
        zone = zone_of(held.zone if held else "", settings.country)
        nodes = {one.name: one.title() for one in self._office.node.directory}
        words = Words(language, zone, self._office.node.clock.now(), await self._office.catalogue(), nodes)
        theme = (held.theme if held else "") or cookies.get(THEME, "")
        visit = Visit(
            self._office,
            self._keys,
            held.actor if held else NOBODY,
            words,
            site,
            secret if held else "",
            theme if theme in ("light", "dark", "night") else "",
        )
        visit.query = dict(request.query)
        question = cookies.get(_named(QUESTION, site), "")
        visit.caller = caller_of(request, cookies.get(ATTEMPT, ""), question)
        return visit

    async def _shown(self, visit: Visit, page: Page, request: web.Request, status: int = 200) -> web.Response:
        view = await page.build(visit, _asked(page, request))
        html = self._rendering.page(visit, page, view, query=visit.query, params=params)
        response = web.Response(text=html, content_type="text/html", status=status)
        _set_cookies(response, visit)
        return response

    async def _twin(self, visit: Visit, page: Page, request: web.Request) -> web.Response:
        view = await page.build(visit, _asked(page, request))
        response = web.Response(body=msgspec.json.encode(view), content_type="application/json")
        _set_cookies(response, visit)
        return response

    async def _table(self, visit: Visit, page: Page, request: web.Request) -> web.Response:
        name = request.query.get("table", next(iter(page.tables), ""))
        table = page.tables.get(name)
        if table is None:
            raise Refusal("not-found", f"a table: {', '.join(page.tables)}", name[:40], "follow the link under a table")
        view = await page.build(visit, _asked(page, request))
        headers = {"Content-Disposition": f'attachment; filename="{page.name}-{name}.csv"'}
        content = csv_of(table, view, visit.words)
        return web.Response(body=content, content_type="text/csv", charset="utf-8", headers=headers)

    async def _file(self, visit: Visit, page: Page, request: web.Request) -> web.Response:
        return await download(visit, request.match_info["name"], dict(request.query))

    async def _outlines(self, visit: Visit, page: Page, request: web.Request) -> web.Response:
        """The operator's own outlines of the map."""
        found = ground(self._office.home)
        if not found.is_own or found.file is None:
            raise web.HTTPNotFound
        return web.Response(body=found.file.read_bytes(), content_type="application/geo+json")

    async def _sent(self, visit: Visit, page: Page, request: web.Request) -> web.Response:
        form = await read_form(request, page.files)
        act = page.acts.get(form.act)
        if act is None:
            raise Refusal("not-found", f"an act: {', '.join(page.acts)}", form.act[:40], "use the forms of the page")
        try:
            outcome = await act(visit, form)
        except Exception as error:
            problem = problem_of(error)
            if problem is None:
                raise
            visit.problem = Refusal(problem.code, problem.expected, problem.came, problem.do)
            visit.typed = form
            return await self._shown(visit, page, request, status_of(problem))
        match outcome:
            case Again(typed):
                visit.typed = typed
                return await self._shown(visit, page, request)
            case Told(answer):
                visit.answer = answer
                return await self._shown(visit, page, request)
            case Go(to, done):
                to = to if len(to) <= LONGEST else to.partition("?")[0]
                mark = "&" if "?" in to else "?"
                response = web.Response(status=303, headers={"Location": f"{to}{mark}done={done}" if done else to})
                _set_cookies(response, visit)
                return response

    async def _strangers(self, visit: Visit, request: web.Request) -> web.StreamResponse:
        """To the sign-in, and back; what was typed in a form that comes too late is handed back with it."""
        if request.method == "GET":
            if request.path.endswith(".json"):
                return web.json_response({"error": {"code": "forbidden", "do": "sign in"}}, status=401)
            to = f"/sign-in?{params({}, next=request.path_qs)}" if request.path != "/" else "/sign-in"
            return web.Response(status=303, headers={"Location": to})
        form = await read_form(request, 0)
        view = RESENT.view(request.path_qs, form)
        html = self._rendering.page(visit, RESENT.page, view, query={}, params=params)
        return web.Response(text=html, content_type="text/html", status=401)

    async def _refused(self, visit: Visit, error: Exception) -> web.Response:
        problem = problem_of(error)
        assert problem is not None
        visit.problem = Refusal(problem.code, problem.expected, problem.came, problem.do)
        view = await ERROR.build(visit, None)
        html = self._rendering.page(visit, ERROR, view, query={}, params=params)
        status = 500 if problem.code == "defect" else status_of(problem)
        return web.Response(text=html, content_type="text/html", status=status)

    def _dressed(self, request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        for name, value in guard.HEADERS.items():
            response.headers.setdefault(name, value)
        if isinstance(response, web.Response) and response.body and len(response.body) > SMALL:  # type: ignore[arg-type]
            response.enable_compression()
        return response

    async def _live(self, request: web.Request) -> web.StreamResponse:
        """What changed, as server-sent events, as long as the session lasts: an event names an operation or nothing."""
        site = guard.site_of(request.headers, self._url, request.secure)
        secret = request.cookies.get(COOKIE, "")
        if site is None or await sessions.actor_of(self._office, secret) is None:
            return web.Response(status=401, headers=guard.HEADERS)
        headers = {**guard.HEADERS, "Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
        response = web.StreamResponse(headers=headers)
        task = asyncio.current_task()
        assert task is not None
        self._listening.add(task)
        task.add_done_callback(self._listening.discard)
        await response.prepare(request)
        await response.write(b"retry: 2000\n: listening\n\n")
        async for number, id_ in self._office.changes.since(self._office.changes.last):
            held = await sessions.actor_of(self._office, secret)
            if held is None or not people.somewhere(held.actor, "see", self._office.node.clock.now()):
                break
            if not id_ or await branches.sees(self._office, held.actor, id_):
                await response.write(
                    f"id: {number}\nevent: changed\ndata: {msgspec.json.encode(id_).decode()}\n\n".encode()
                )
        return response


def _asked(page: Page, request: web.Request) -> Any:
    """What the query of a page says; fields that the page does not know are for others (what was done, a table)."""
    if page.asks is None:
        return None
    known = {field.name for field in msgspec.structs.fields(page.asks)}
    return converted({name: value for name, value in request.query.items() if name in known}, page.asks)


def _named(name: str, site: Site) -> str:
    """What a cookie is called: one that proves who asked is bound to this very name where it is reached by TLS."""
    return f"__Host-{name}" if name == QUESTION and site.secure else name


def _set_cookies(response: web.Response, visit: Visit) -> None:
    for said, value in visit.cookies.items():
        name = _named(said, visit.site)
        if value:
            response.set_cookie(name, value, httponly=True, samesite="Lax", secure=visit.site.secure, max_age=YEAR)
        else:
            response.del_cookie(name)


async def _home(visit: Visit, page: Page, request: web.Request) -> web.Response:
    return web.Response(status=303, headers={"Location": page.path})
