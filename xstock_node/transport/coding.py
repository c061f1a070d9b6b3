"""gzip within bounds. Strangers' bytes are inflated by us, step by step, never by the HTTP library."""

import asyncio
import zlib

from xstock_node.protocol import limits
from xstock_node.protocol.errors import ProtocolError, TooLarge, WrongCoding

LEVEL = 6
WORTH_IT = 600
IN_PLACE = 16 * 1024


def deflate(body: bytes) -> bytes:
    """The gzip form of a body, at most `GZIP_RATIO` times smaller, so that the other side takes it."""
    packed = zlib.compress(body, LEVEL, wbits=31)
    return packed if len(packed) * limits.GZIP_RATIO >= len(body) else zlib.compress(body, 0, wbits=31)


def inflate(data: bytes, coding: str, most: int) -> bytes:
    """The body of `data` under a content coding; bounded in size and in ratio (xs1 9.7)."""
    if coding in ("", "identity"):
        if len(data) > most:
            raise TooLarge(f"at most {most} bytes", len(data))
        return data
    if coding != "gzip":
        raise WrongCoding("gzip or no content coding", coding)
    bound = min(most, limits.GZIP_BYTES, limits.GZIP_RATIO * max(len(data), 64))
    inflater = zlib.decompressobj(wbits=31)
    try:
        body = inflater.decompress(data, bound + 1)
    except zlib.error as error:
        raise ProtocolError("gzip data", str(error)) from None
    if len(body) > bound:
        raise TooLarge(f"at most {bound} bytes after inflating", f"more, from {len(data)}")
    if not inflater.eof or inflater.unused_data:
        raise ProtocolError("one whole gzip member", "a cut or longer one")
    return body


async def inflate_aside(data: bytes, coding: str, most: int) -> bytes:
    """`inflate`, with large data in a thread: 8 MiB of empty blocks, made to be slow, take half a second."""
    if coding != "gzip" or len(data) < IN_PLACE:
        return inflate(data, coding, most)
    return await asyncio.to_thread(inflate, data, coding, most)
