"""Cleaning files to attach: pictures here, PDF in a child process with limits, because a library reads it."""

import asyncio

import msgspec

from xstock_node.domain.attachments import cleaning
from xstock_node.domain.attachments.media import Cleaned, Media, media_of
from xstock_node.domain.fields import FieldError
from xstock_node.plugins.cleaning_child import CleanAnswer
from xstock_node.plugins.isolation import run_child
from xstock_node.protocol import limits
from xstock_node.services.errors import Refusal

IN_PLACE = 64 * limits.KIB


async def clean(data: bytes) -> Cleaned:
    """A file without its metadata; raises Refusal `bad-attachment` where it may not be attached.

    `no-pypdf` where it is a PDF and this node has not the extra that reads it.
    """
    try:
        if media_of(data) is Media.PDF:
            return await _in_a_child(data)
        return cleaning.clean(data) if len(data) < IN_PLACE else await asyncio.to_thread(cleaning.clean, data)
    except FieldError as error:
        raise Refusal("bad-attachment", error.expected, error.came, error.do, 2) from None


async def _in_a_child(data: bytes) -> Cleaned:
    ended = await run_child("xstock_node.plugins.cleaning_child", data, limits.PDF_SECONDS)
    if ended.code or not ended.answer:
        raise FieldError("a PDF that is read within bounds", f"a reader that ended with {ended.code}", "print it anew")
    answer = msgspec.json.decode(ended.answer, type=CleanAnswer)
    if answer.missing:
        do = "`pip install 'xstock-node[documents]'`, or attach a picture"
        raise Refusal("no-pypdf", "the extra `documents`", "it is not installed", do, 2)
    if answer.media is None:
        raise FieldError(answer.expected, answer.came, answer.do)
    return Cleaned(answer.media, answer.data)
