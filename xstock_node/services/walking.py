"""The bucket walk: finding what two nodes hold differently when cursors are drained and digests still differ.

Rare: a note was lost on the way, or a restored database forgot what it had said (xs1 11.12). It costs the answerer the
most of all that it may be asked, so that both sides count: who asks for more is sent away, which is no fault of its
(an answer that got lost, a start in between).
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple

from xstock_node.protocol import gossip, limits
from xstock_node.protocol.errors import Quota
from xstock_node.protocol.gossip import BucketRequest, BucketResponse, GossipRequest, Want
from xstock_node.protocol.heads import Head
from xstock_node.protocol.names import parse_log_id
from xstock_node.protocol.peer import Peer, head_path
from xstock_node.services.replicas import Replicas

Learn = Callable[[str, Sequence[str]], Awaitable[None]]
Push = Callable[[Peer, Want], Awaitable[None]]


class _Walk(NamedTuple):
    """A walk that a caller began here, and how many single buckets it asked for since."""

    began: float
    asked: int


class Walking:
    """Both sides of a walk in one network. `steady` gives seconds of a clock that nobody sets."""

    def __init__(self, network: str, replicas: Replicas, learn: Learn, push: Push, steady: Callable[[], float]) -> None:
        self._network, self._replicas, self._learn, self._push = network, replicas, learn, push
        self._steady = steady
        self._next: dict[str, float] = {}
        self._walks: dict[str, _Walk] = {}

    def buckets(self, caller: str, request: BucketRequest) -> BucketResponse:
        """The digests of all buckets, or the lines of one; of few logs simply all lines.

        Raises `Quota` for a second walk within ten minutes, and for more single buckets than there are.
        """
        self._admit(caller, request.bucket is not None)
        shared = self._replicas.shared_with(caller)
        if request.bucket is None and len(shared) > limits.BUCKETS_ABOVE:
            return BucketResponse(digests=tuple(_digest(bucket) for bucket in _by_bucket(shared)))
        chosen = [h for h in shared if request.bucket is None or gossip.bucket_of(h.log) == request.bucket]
        return BucketResponse(logs=tuple(sorted(_line(h) for h in chosen[: limits.BUCKET_LOGS])))

    def _admit(self, caller: str, is_one: bool) -> None:
        now, walk = self._steady(), self._walks.get(caller)
        if walk is None or now - walk.began >= limits.WALK_SECONDS:
            # A single bucket may be the rest of a walk that began before this node's start.
            self._walks[caller] = _Walk(now, int(is_one))
        elif is_one and walk.asked < limits.BUCKETS:
            self._walks[caller] = walk._replace(asked=walk.asked + 1)
        else:
            wait = walk.began + limits.WALK_SECONDS - now
            raise Quota("one walk in ten minutes", f"another of {caller}", "come back later", retry_after=wait)

    async def walk(self, peer: Peer) -> None:
        """Ask a peer for the heads that differ, and send it what it lacks; at most once in ten minutes a peer."""
        now = self._steady()
        if now < self._next.get(peer.name, now):
            return
        # The peer counts from when the first question came: the next one must not overtake that on a faster line.
        self._next[peer.name] = now + limits.WALK_SECONDS + limits.SMALL_BODY_SECONDS
        mine = self._replicas.shared_with(peer.name)
        try:
            theirs = await self._their_lines(peer, mine)
        except Quota as error:
            self._next[peer.name] = self._steady() + min(error.retry_after, limits.WALK_SECONDS) + 1
            return
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
