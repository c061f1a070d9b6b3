"""Reading a form off the wire: url-encoded, or in parts where it brings a file; bounded before anything is kept."""

from typing import Final
from urllib.parse import parse_qsl

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError
from multidict import MultiDict

from xstock_node.console.form import MOST_FIELDS, Form
from xstock_node.services.errors import Refusal

MOST: Final = 512 * 1024
NAME: Final = 200


async def read_form(request: web.Request, files: int) -> Form:
    """The form of a request, with at most so many bytes of files. Raises Refusal `too-large` and `bad-field`."""
    if request.content_type == "multipart/form-data":
        return await _in_parts(request, files)
    content = await _bounded(request, MOST)
    try:
        fields = parse_qsl(content.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise Refusal("bad-field", "a form as browsers send it", str(error)[:80], "send it again", 2) from None
    return Form(MultiDict(fields))


async def _in_parts(request: web.Request, files: int) -> Form:
    fields: MultiDict[str] = MultiDict()
    found: dict[str, tuple[str, bytes]] = {}
    left = MOST + files
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or part.name is None or len(fields) >= MOST_FIELDS:
                raise Refusal("bad-field", "a form as browsers send it", "another", "send it again", 2)
            content = bytearray()
            while piece := await part.read_chunk(64 * 1024):
                content += piece
                if len(content) > left or (part.filename is None and len(content) > MOST):
                    raise Refusal("too-large", f"a form of at most {left} bytes", "more", "send a smaller file", 2)
            left -= len(content)
            if part.filename is None:
                fields.add(part.name, content.decode("utf-8"))
            elif part.filename:
                found[part.name] = part.filename[:NAME], bytes(content)
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
