"""Reading bodies of strangers: bounded in bytes, in time, and in slowness (xs1 21.4)."""

import asyncio

import aiohttp

from xstock_node.protocol import limits
from xstock_node.protocol.errors import ProtocolError
from xstock_node.transport.coding import PIECE, Body


class TooSlow(ProtocolError):
    """A body that does not come fast enough."""

    code = "too-slow"
    status = 408


async def read_small(content: aiohttp.StreamReader, body: Body, seconds: float = limits.SMALL_BODY_SECONDS) -> None:
    """Read a body, whole within `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            while chunk := await content.read(PIECE):
                body.take(chunk)
    except TimeoutError:
        raise TooSlow(f"a body within {seconds:.0f} s", "a slower one") from None


async def read_stream(content: aiohttp.StreamReader, body: Body) -> None:
    """Read a stream: 10 s to the first byte, then at least 1 KiB/s over any 30 s, 15 minutes at most."""
    patience = float(limits.STREAM_FIRST_BYTE)
    try:
        async with asyncio.timeout(limits.STREAM_SECONDS):
            while True:
                begun = body.sent
                try:
                    async with asyncio.timeout(patience):
                        while body.sent - begun < limits.STREAM_RATE * limits.STREAM_RATE_WINDOW:
                            chunk = await content.read(PIECE)
                            if not chunk:
                                return
                            body.take(chunk)
                            if patience == limits.STREAM_FIRST_BYTE:
                                break
                except TimeoutError:
                    raise TooSlow(f"at least {limits.STREAM_RATE} bytes a second", f"{body.sent - begun}") from None
                patience = float(limits.STREAM_RATE_WINDOW)
    except TimeoutError:
        raise TooSlow(f"a stream within {limits.STREAM_SECONDS} s", "a longer one") from None
