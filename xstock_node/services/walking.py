"""The bucket walk: finding what two nodes hold differently when cursors are drained and digests still differ.

Rare: a note was lost on the way, or a restored database forgot what it had said (xs1 11.12).
"""

from collections.abc import Awaitable, Callable, Sequence

from xstock_node.protocol import gossip, limits
from xstock_node.protocol.gossip import BucketRequest, BucketResponse, GossipRequest, Want
from xstock_node.protocol.heads import Head
from xstock_node.protocol.names import parse_log_id
from xstock_node.protocol.peer import Peer, head_path
from xstock_node.services.replicas import Replicas

Learn = Callable[[str, Sequence[str]], Awaitable[None]]
Push = Callable[[Peer, Want], Awaitable[None]]


class Walking:
    """Both sides of a walk in one network."""

    def __init__(self, network: str, replicas: Replicas, learn: Learn, push: Push) -> None:
        self._network, self._replicas, self._learn, self._push = network, replicas, learn, push
        self._walked: dict[str, int] = {}

    def buckets(self, caller: str, request: BucketRequest) -> BucketResponse:
        """The digests of all buckets, or the lines of one; of few logs simply all lines."""
        shared = self._replicas.shared_with(caller)
        if request.bucket is None and len(shared) > limits.BUCKETS_ABOVE:
            return BucketResponse(digests=tuple(_digest(bucket) for bucket in _by_bucket(shared)))
        chosen = [h for h in shared if request.bucket is None or gossip.bucket_of(h.log) == request.bucket]
        return BucketResponse(logs=tuple(sorted(_line(h) for h in chosen[: limits.BUCKET_LOGS])))

    async def walk(self, peer: Peer, now: int) -> None:
        """Ask a peer for the heads that differ, and send it what it lacks; at most once in ten minutes a peer."""
        if now - self._walked.get(peer.name, -limits.WALK_SECONDS) < limits.WALK_SECONDS:
            return
        self._walked[peer.name] = now
        mine = self._replicas.shared_with(peer.name)
        theirs = await self._their_lines(peer, mine)
        held = {_line(head) for head in mine}
        for line in sorted(theirs - held):
            raw = await peer.ask("GET", head_path(parse_log_id(line.split(" ")[0])), most=limits.HEAD_NOTE)
            await self._learn(peer.name, [raw.decode("utf-8", "replace")])
        lacking = [self._note(head) for head in mine if _line(head) not in theirs and self._note(head)]
        for start in range(0, len(lacking), limits.PAGE_NOTES):
            notes = tuple(lacking[start : start + limits.PAGE_NOTES])
            response = await peer.gossip(GossipRequest(network=self._network, notes=notes))
            for want in response.want:
                await self._push(peer, want)

    def _note(self, head: Head) -> str:
        """The note of a head; empty where an identity voided it meanwhile."""
        return self._replicas.raw.get(head.log.name, b"").decode()

    async def _their_lines(self, peer: Peer, mine: Sequence[Head]) -> set[str]:
        """The peer's lines of every bucket that differs, and ours of those that do not."""
        first = await peer.buckets(BucketRequest(network=self._network))
        if not first.digests:
            return set(first.logs)
        lines: set[str] = set()
        for bucket, (digest, here) in enumerate(zip(first.digests, _by_bucket(mine), strict=False)):
            if _digest(here) == digest:
                lines |= {_line(head) for head in here}
            else:
                lines |= set((await peer.buckets(BucketRequest(network=self._network, bucket=bucket))).logs)
        return lines


def _line(head: Head) -> str:
    return gossip.line_of(head.log, head.size, head.root)


def _digest(found: Sequence[Head]) -> str:
    return gossip.digest((h.log, h.size, h.root) for h in found)


def _by_bucket(found: Sequence[Head]) -> list[list[Head]]:
    buckets: list[list[Head]] = [[] for _ in range(256)]
    for head in found:
        buckets[gossip.bucket_of(head.log)].append(head)
    return buckets
