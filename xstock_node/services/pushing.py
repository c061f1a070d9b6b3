"""Pushing to a peer that asked for it: frames that it takes as if it had pulled them, a part at a time.

A small gap goes whole. A large one goes with the roots of its segments and its tail, so that the receiver verifies and
keeps each part; the sender goes on from there.
"""

from collections.abc import Sequence

from xstock_node.protocol import frames, limits, merkle
from xstock_node.protocol.errors import NotFound
from xstock_node.protocol.frames import Frame
from xstock_node.protocol.gossip import BucketRequest, BucketResponse, GossipRequest, GossipResponse, PullRequest, Range
from xstock_node.protocol.heads import Head
from xstock_node.protocol.names import parse_log_id
from xstock_node.services.catching_up import SMALL_GAP
from xstock_node.services.serving import lines_of, serve_pull
from xstock_node.storage.interfaces import Transaction


def pushed_frames(tx: Transaction, head: Head, start: int) -> bytes:
    """The frames of one push of `head` from index `start` on."""
    log, width = str(head.log), limits.SEGMENT
    if head.size - start <= SMALL_GAP:
        lines = list(lines_of(tx, head.log, start, head.size - start))
        if sum(map(len, lines)) < limits.PUSH_BYTES:
            return frames.encode(head.log, start, lines, len(lines))
    first, last = -(-start // width), head.size // width
    ranges = (
        Range(log=log, start=first * width, count=last - first, roots=True),
        Range(log=log, start=start, count=first * width - start),
        Range(log=log, start=last * width, count=head.size - last * width),
        Range(log=log, start=first * width, count=(last - first) * width),
    )
    return serve_pull(tx, PullRequest(ranges), limits.PUSH_BYTES)


def with_roots(found: Sequence[Frame]) -> Sequence[Frame]:
    """Frames of records that continue each other as one, with the segment roots that it gives: the head decides whether
    they are right. Any others stay as they are.
    """
    log, start, width = found[0].log, found[0].start, limits.SEGMENT
    lines: list[bytes] = []
    for frame in found:
        if frame.roots or frame.proof or frame.start != start + len(lines):
            return found
        lines += frame.lines
    first, last = -(-start // width), (start + len(lines)) // width
    roots = [
        frames.hash_line(merkle.tree_root(frames.leaves_of(lines[at - start : at - start + width])))
        for at in range(first * width, last * width, width)
    ]
    return [Frame(log, start, False, lines), Frame(log, first * width, True, roots)]


class PushedPeer:
    """A `Peer` that answers pulls from the frames of one push, and has nothing else."""

    def __init__(self, name: str, found: Sequence[Frame]) -> None:
        self.name = name
        self._frames = found

    async def gossip(self, request: GossipRequest, wait: float = 0.0) -> GossipResponse:
        """Nothing: a push is not a conversation."""
        return GossipResponse()

    async def pull(self, request: PullRequest) -> bytes:
        """The part of the ranges that was pushed."""
        return b"".join(self._part(wanted) for wanted in request.ranges)

    async def push(self, frames: bytes) -> int:
        """Nothing is taken."""
        return 0

    async def identity(self) -> bytes:
        """None is known."""
        return b""

    async def buckets(self, request: BucketRequest) -> BucketResponse:
        """None."""
        return BucketResponse()

    async def ask(self, method: str, path: str, body: bytes = b"", most: int = 0) -> bytes:
        """Nothing else is answered."""
        raise NotFound("a peer that answers", path)

    def _part(self, wanted: Range) -> bytes:
        log, unit = parse_log_id(wanted.log), limits.SEGMENT if wanted.roots else 1
        for frame in self._frames:
            offset = (wanted.start - frame.start) // unit
            if frame.log == log and frame.roots == wanted.roots and 0 <= offset < len(frame.lines):
                lines = frame.lines[offset : offset + wanted.count]
                return frames.encode(log, wanted.start, lines, len(lines), wanted.roots)
        return b""
