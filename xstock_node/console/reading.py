"""Reading a form off the wire: url-encoded, or in parts where it brings a file; bounded before anything is kept."""

import asyncio
from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError
from multidict import MultiDict

from xstock_node.console.form import Form
from xstock_node.protocol import limits
from xstock_node.services.errors import Refusal


async def read_form(request: web.Request, files: int) -> Form:
    """The form of a request, with at most so many bytes of files; raises Refusal too-large, too-slow or bad-field."""
    seconds = limits.STREAM_SECONDS if files else limits.SMALL_BODY_SECONDS
    try:
        async with asyncio.timeout(seconds):
            return await _read(request, files)
    except TimeoutError:
        raise Refusal("too-slow", f"a form within {seconds} s", "a part of it", "send it again", 2) from None


async def _read(request: web.Request, files: int) -> Form:
    if request.content_type == "multipart/form-data":
        return await _in_parts(request, files)
    content = await _bounded(request, limits.FORM)
    try:
        fields = parse_qsl(
            content.decode("ascii"), keep_blank_values=True, max_num_fields=limits.FORM_FIELDS, errors="strict"
        )
    except ValueError as error:
        raise Refusal("bad-field", "a form as browsers send it", str(error)[:80], "send it again", 2) from None
    return Form(MultiDict(fields))


async def _in_parts(request: web.Request, files: int) -> Form:
    fields: MultiDict[str] = MultiDict()
    found: dict[str, tuple[str, bytes]] = {}
    left = limits.FORM + files
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or part.name is None or len(fields) >= limits.FORM_FIELDS:
                raise Refusal("bad-field", "a form as browsers send it", "another", "send it again", 2)
            content = bytearray()
            while piece := await part.read_chunk(64 * 1024):
                content += piece
                if len(content) > left or (part.filename is None and len(content) > limits.FORM):
                    raise Refusal("too-large", f"a form of at most {left} bytes", "more", "send a smaller file", 2)
            left -= len(content)
            if part.filename is None:
                fields.add(part.name, content.decode("utf-8"))
            elif part.filename:
                found[part.name] = part.filename[: limits.FORM_FILE_NAME], bytes(content)
    except (ValueError, HttpProcessingError, web.HTTPBadRequest) as error:
        raise Refusal("bad-field", "a form as browsers send it", str(error)[:80], "send it again", 2) from None
    return Form(fields, found)


async def _bounded(request: web.Request, most: int) -> bytes:
    found = bytearray()
    async for piece in request.content.iter_chunked(64 * 1024):
        found += piece
        if len(found) > most:
            raise Refusal("too-large", f"a form of at most {most} bytes", "more", "send less at once", 2)
    return bytes(found)
