"""Pulling lines and segment roots from one peer, in as many requests as it takes.

How much is asked for at once follows the line: an answer should take seconds, so that an outage on a slow one costs
little and a fast one is not slowed by asking.
"""

import asyncio

from xstock_node.protocol import frames, limits
from xstock_node.protocol.errors import Gap, ProtocolError, Quota
from xstock_node.protocol.gossip import PullRequest, Range
from xstock_node.protocol.names import LogId
from xstock_node.protocol.peer import Peer

PATIENCE = 8
STEP_FIRST, STEP_LEAST, STEP_MOST = 512, 128, 20 * limits.SEGMENT
QUICK, SLOW = 1.0, 5.0  # seconds of one answer


class Pace:
    """How many lines one request asks for."""

    def __init__(self) -> None:
        self.step = STEP_FIRST

    def took(self, seconds: float) -> None:
        """An answer took so long."""
        if seconds < QUICK:
            self.step = min(self.step * 4, STEP_MOST)
        elif seconds > SLOW:
            self.step = max(self.step // 2, STEP_LEAST)


async def pull_lines(
    peer: Peer, log: LogId, start: int, end: int, partly: bool = False, pace: Pace | None = None
) -> list[bytes]:
    """The lines [start, end) of a log as the peer has them.

    With `partly` whole segments are enough where the peer has no more, or the line broke.
    """
    pace, lines = pace or Pace(), list[bytes]()
    while start + len(lines) < end:
        position = start + len(lines)
        count = min(end - position, pace.step)
        try:
            new = await _pull_once(peer, log, position, count, pace)
        except ProtocolError:
            if partly and len(lines) >= limits.SEGMENT:
                return _whole(lines)
            raise
        if not new and partly and len(lines) >= limits.SEGMENT:
            return _whole(lines)
        if not new:
            raise Gap(f"records of {log} from {position} on", "none", "another peer is asked")
        lines += new[: end - position]
    return lines


async def pull_roots(peer: Peer, log: LogId, first: int, last: int) -> list[bytes]:
    """The roots of the segments [first, last)."""
    roots: list[bytes] = []
    while first + len(roots) < last:
        start = first + len(roots)
        wanted = Range(log=str(log), start=start * limits.SEGMENT, count=last - start, roots=True)
        found = [
            leaf
            for frame in frames.parse(await pull_patiently(peer, PullRequest((wanted,))))
            for leaf in frame.leaves()
        ]
        if not found:
            raise Gap(f"segment roots of {log}", "none", "another peer is asked")
        roots += found[: last - start]
    return roots


async def _pull_once(peer: Peer, log: LogId, position: int, count: int, pace: Pace) -> list[bytes]:
    loop = asyncio.get_running_loop()
    began = loop.time()
    body = await pull_patiently(peer, PullRequest((Range(log=str(log), start=position, count=count),)))
    pace.took(loop.time() - began)
    return [line for frame in frames.parse(body) for line in _expected(frame, log, position)]


async def pull_patiently(peer: Peer, request: PullRequest) -> bytes:
    """One pull; a peer that asks to come back later is asked again when it said."""
    for _ in range(PATIENCE):
        try:
            return await peer.pull(request)
        except Quota as error:
            await asyncio.sleep(min(error.retry_after, limits.SMALL_BODY_SECONDS))
    return await peer.pull(request)


def _whole(lines: list[bytes]) -> list[bytes]:
    return lines[: len(lines) - len(lines) % limits.SEGMENT]


def _expected(frame: frames.Frame, log: LogId, start: int) -> list[bytes]:
    if frame.log != log or frame.start != start or frame.roots:
        raise ProtocolError(f"records of {log} from {start} on", f"{frame.log} from {frame.start}")
    return frame.lines
