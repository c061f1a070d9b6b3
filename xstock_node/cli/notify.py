"""What systemd is told of a node: that it is ready, that it still answers, that it stops (sd_notify).

Elsewhere nothing is said: the variables that systemd sets are not there.
"""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress


def tell(state: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Send one state; whether there was somebody to take it. A manager that is gone stops no node."""
    address = environment.get("NOTIFY_SOCKET", "")
    if address[:1] not in {"/", "@"}:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
        line.setblocking(False)
        try:
            line.sendto(state.encode(), "\0" + address[1:] if address[0] == "@" else address)
        except OSError:
            return False
    return True


@asynccontextmanager
async def told(environment: Mapping[str, str] = os.environ) -> AsyncIterator[None]:
    """Within it the node is ready, and says so again and again where systemd watches over it."""
    tell("READY=1", environment)
    beating = asyncio.ensure_future(_beat(environment))
    try:
        yield
    finally:
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating
        tell("STOPPING=1", environment)


async def _beat(environment: Mapping[str, str]) -> None:
    """A node whose loop stands still sends nothing, and is started again by systemd."""
    watched = environment.get("WATCHDOG_USEC", "")
    meant = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    if not (meant and watched.isascii() and watched.isdecimal() and int(watched)):
        return
    while tell("WATCHDOG=1", environment):  # noqa: ASYNC110 - a beat, not a wait for something
        await asyncio.sleep(int(watched) / 2_000_000)
