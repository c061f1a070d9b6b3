"""The public port: routes and public pages of plugins under `/plugins/PLUGIN/PATH`, and nothing else of the node."""

import asyncio
import hashlib
import ssl
from typing import Final

from aiohttp import web

from xstock_node.api.page import STYLE_HASH, Frame, render
from xstock_node.protocol import limits
from xstock_node.services.office import Office
from xstock_node.services.public_desk import Caller, Denied, Found, PublicDesk, open_headers, texts
from xstock_node.services.public_desk import PageData as Page
from xstock_node.services.public_desk import PublicRequest as Asked

SAFE: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; img-src data:; style-src 'sha256-{STYLE_HASH}'; form-action 'self'; base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
HTML: Final = "text/html"


def make_public_app(office: Office) -> web.Application:
    """The application of the public port."""
    desk = PublicDesk(office)
    frame = Frame(office.node.identity.title(), office.node.log.is_exercise)

    async def answer(request: web.Request, caller: Caller) -> object:
        found = desk.find(request.match_info["plugin"], request.match_info["path"], request.method, caller)
        desk.admit(found, caller)
        body = await _body(request, found)
        headers = {name.lower(): value for name, value in request.headers.items()}
        id_ = desk.authenticate(found, caller, headers, body)
        asked = Asked(
            method=request.method,
            query=texts({name: value[:2000] for name, value in list(request.query.items())[:100]}),
            headers=open_headers(headers),
            body=body,
            id=id_,
            at=office.node.clock.now(),
        )
        return await desk.answer(found, asked)

    async def handle(request: web.Request) -> web.Response:
        caller = _caller(request)
        try:
            with desk.let_in(caller):
                return _response(await answer(request, caller), frame)
        except Denied as denied:
            office.node.trace.info("public-denied", path=request.path[:200], why=denied.word, status=denied.status)
            waits = {"Retry-After": str(denied.wait)} if denied.wait else {}
            return web.json_response({"error": denied.word}, status=denied.status, headers=SAFE | waits)

    app = web.Application(client_max_size=0)
    app.router.add_route("*", "/plugins/{plugin:[a-z0-9-]+}/{path:[a-z0-9/-]+}", handle)
    return app


async def _body(request: web.Request, found: Found) -> bytes:
    """The body, at most as large as the route states, and not slower than a caller may be."""
    most = found.entry.most
    if (request.content_length or 0) > most:
        raise Denied(413, "too-large")
    raw = bytearray()
    try:
        async with asyncio.timeout(limits.PLUGIN_PUBLIC_SECONDS):
            async for chunk in request.content.iter_chunked(64 * 1024):
                raw += chunk
                if len(raw) > most:
                    raise Denied(413, "too-large")
    except TimeoutError:
        raise Denied(408, "too-slow") from None
    return bytes(raw)


def _caller(request: web.Request) -> Caller:
    """The other end of the connection, with the certificate that TLS proved."""
    transport = request.transport
    held = transport.get_extra_info("ssl_object") if transport is not None else None
    shown = held.getpeercert(binary_form=True) if isinstance(held, ssl.SSLObject | ssl.SSLSocket) else None
    return Caller(request.remote or "", hashlib.sha256(shown).hexdigest() if shown else "")


def _response(given: object, frame: Frame) -> web.Response:
    if isinstance(given, Page):
        return web.Response(text=render(given, frame), content_type=HTML, headers=SAFE)
    kind = str(getattr(given, "content_type", "application/json")).partition(";")[0].strip().lower()
    plain = "application/octet-stream" if kind in (HTML, "image/svg+xml", "application/xhtml+xml") else kind
    return web.Response(
        status=getattr(given, "status", 200), body=getattr(given, "body", b""), content_type=plain, headers=SAFE
    )
