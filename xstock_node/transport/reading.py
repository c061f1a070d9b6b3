"""Reading bodies of strangers: bounded in bytes, in time, and in slowness (xs1 21.4)."""

import asyncio

import aiohttp

from xstock_node.protocol import limits
from xstock_node.protocol.errors import ProtocolError, TooLarge

CHUNK = 64 * 1024


class TooSlow(ProtocolError):
    """A body that does not come fast enough."""

    code = "too-slow"
    status = 408


async def read_small(content: aiohttp.StreamReader, most: int, seconds: float = limits.SMALL_BODY_SECONDS) -> bytes:
    """A body of at most `most` bytes, whole within `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            return await _read(content, most)
    except TimeoutError:
        raise TooSlow(f"a body within {seconds:.0f} s", "a slower one") from None


async def read_stream(content: aiohttp.StreamReader, most: int) -> bytes:
    """A stream: 10 s to the first byte, then at least 1 KiB/s over any 30 s, 15 minutes at most."""
    parts: list[bytes] = []
    size, patience = 0, float(limits.STREAM_FIRST_BYTE)
    try:
        async with asyncio.timeout(limits.STREAM_SECONDS):
            while True:
                begun = size
                try:
                    async with asyncio.timeout(patience):
                        while size - begun < limits.STREAM_RATE * limits.STREAM_RATE_WINDOW:
                            chunk = await content.read(CHUNK)
                            if not chunk:
                                return b"".join(parts)
                            size += len(chunk)
                            if size > most:
                                raise TooLarge(f"a stream of at most {most} bytes", "more")
                            parts.append(chunk)
                            if patience == limits.STREAM_FIRST_BYTE:
                                break
                except TimeoutError:
                    raise TooSlow(f"at least {limits.STREAM_RATE} bytes a second", f"{size - begun}") from None
                patience = float(limits.STREAM_RATE_WINDOW)
    except TimeoutError:
        raise TooSlow(f"a stream within {limits.STREAM_SECONDS} s", "a longer one") from None


async def _read(content: aiohttp.StreamReader, most: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while chunk := await content.read(CHUNK):
        size += len(chunk)
        if size > most:
            raise TooLarge(f"a body of at most {most} bytes", "more")
        parts.append(chunk)
    return b"".join(parts)
