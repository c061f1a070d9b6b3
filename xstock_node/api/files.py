"""Files over the API: bytes as they are, bounded on their way in, saved on their way out, never shown by a browser."""

from typing import Any

import msgspec
from aiohttp import web

from xstock_node.api.route import Route
from xstock_node.services.errors import Refusal

CONTENT = "content"
GENERAL = "application/octet-stream"
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "private, no-store",
}


async def body(request: web.Request, most: int) -> bytes:
    """The body of a request, of which no more than the bound is read; raises Refusal `too-large`."""
    found = bytearray()
    if (request.content_length or 0) <= most:
        async for piece in request.content.iter_chunked(64 * 1024):
            found += piece
            if len(found) > most:
                break
        else:
            return bytes(found)
    came = f"{request.content_length or len(found)} bytes"
    raise Refusal("too-large", f"a file of at most {most} bytes ({most >> 20} MiB)", came, "save it smaller", 2)


def request_of(route: Route, request: web.Request, content: bytes) -> Any:
    """What is asked: the fields of the query, and the file."""
    return msgspec.convert({**request.query, CONTENT: content}, route.request, strict=False)


def asked(request: web.Request, content: bytes) -> bytes:
    """What an idempotency key stands for: the query and the file."""
    return request.query_string.encode() + b"\0" + content


def saved(found: Any) -> web.Response:
    """A file (`file`, `media_type`, `content`) to save."""
    headers = {
        **HEADERS,
        "Content-Disposition": f'attachment; filename="{found.file}"',
        "Content-Type": found.media_type or GENERAL,  # it may say its charset
    }
    return web.Response(body=found.content, headers=headers)


def answer_of(route: Route, request: Any, media: str, content: bytes) -> Any:
    """The answer that came as a file, with what was asked: the reverse of `saved`; it names no file."""
    said = msgspec.structs.asdict(request) | {"file": "", "media_type": "" if media == GENERAL else media}
    return msgspec.convert(said | {CONTENT: content}, route.response)
