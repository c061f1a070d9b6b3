"""Pulling lines and segment roots from one peer, in as many requests as it takes."""

import asyncio

from xstock_node.protocol import frames, limits
from xstock_node.protocol.errors import Gap, ProtocolError, Quota
from xstock_node.protocol.gossip import PullRequest, Range
from xstock_node.protocol.names import LogId
from xstock_node.protocol.peer import Peer

PATIENCE = 8


async def pull_lines(peer: Peer, log: LogId, start: int, end: int, partly: bool = False) -> list[bytes]:
    """The lines [start, end) of a log as the peer has them, in as many requests as it takes.

    With `partly` whole segments are enough where the peer has no more.
    """
    lines: list[bytes] = []
    while start + len(lines) < end:
        position = start + len(lines)
        body = await _pull(peer, PullRequest((Range(log=str(log), start=position, count=end - position),)))
        new = [line for frame in frames.parse(body) for line in _expected(frame, log, position)]
        if not new and partly and len(lines) >= limits.SEGMENT:
            return lines[: len(lines) - len(lines) % limits.SEGMENT]
        if not new:
            raise Gap(f"records of {log} from {position} on", "none", "another peer is asked")
        lines += new[: end - position]
    return lines


async def _pull(peer: Peer, request: PullRequest) -> bytes:
    """One pull; a peer that asks to come back later is asked again when it said."""
    for _ in range(PATIENCE):
        try:
            return await peer.pull(request)
        except Quota as error:
            await asyncio.sleep(min(error.retry_after, limits.SMALL_BODY_SECONDS))
    return await peer.pull(request)


async def pull_roots(peer: Peer, log: LogId, first: int, last: int) -> list[bytes]:
    """The roots of the segments [first, last)."""
    roots: list[bytes] = []
    while first + len(roots) < last:
        start = first + len(roots)
        wanted = Range(log=str(log), start=start * limits.SEGMENT, count=last - start, roots=True)
        found = [leaf for frame in frames.parse(await _pull(peer, PullRequest((wanted,)))) for leaf in frame.leaves()]
        if not found:
            raise Gap(f"segment roots of {log}", "none", "another peer is asked")
        roots += found[: last - start]
    return roots


def _expected(frame: frames.Frame, log: LogId, start: int) -> list[bytes]:
    if frame.log != log or frame.start != start or frame.roots:
        raise ProtocolError(f"records of {log} from {start} on", f"{frame.log} from {frame.start}")
    return frame.lines
