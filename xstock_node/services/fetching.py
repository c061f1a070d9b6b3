"""Fetching what heads told of: small gaps together, large ones from several peers, and by asking for a push."""

import asyncio
from collections.abc import Mapping, Sequence
from random import Random

from xstock_node.protocol import limits
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.gossip import PullRequest, Range, Want
from xstock_node.protocol.names import LogName, parse_log_id
from xstock_node.protocol.peer import Peer
from xstock_node.services.learning import Learning
from xstock_node.services.membership import Membership
from xstock_node.services.peering import Peering
from xstock_node.services.pulling import pull_patiently
from xstock_node.services.pushing import pushed_frames
from xstock_node.services.receiving import Plan
from xstock_node.services.replicas import Replicas, carried_frames
from xstock_node.storage.errors import StorageError
from xstock_node.storage.interfaces import Engine
from xstock_node.trace import Trace

SMALL_AT_ONCE = 64  # logs whose small gaps one pull fetches
SHARED_GAP = 4_096  # records above which several peers are asked at once


class Fetching:
    """Records of one network's logs, from and to its `peers`, the ones that can be dialled, by name."""

    def __init__(
        self,
        engine: Engine,
        membership: Membership,
        replicas: Replicas,
        peering: Peering,
        learning: Learning,
        random: Random,
        trace: Trace,
    ) -> None:
        self.peers: Mapping[str, Peer] = {}
        self._engine, self._membership, self._replicas = engine, membership, replicas
        self._peering, self._learning, self._random, self._trace = peering, learning, random, trace
        self._running: set[asyncio.Task[bool]] = set()
        self._in_vain: frozenset[str] = frozenset()

    async def close(self) -> None:
        """Stop what runs in the background."""
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def learn_and_fetch(self, name: str, notes: Sequence[str], carried: str = "") -> None:
        """Take notes from a peer, and fetch what they tell of."""
        for plan in await self._fetch_small(await self._learning.learn(name, notes, carried), name):
            await self.fetch(plan, name)

    async def _fetch_small(self, plans: list[Plan], name: str) -> list[Plan]:
        """Fetch the small gaps that one peer told of with few pulls; the plans that are left."""
        small = [plan for plan in plans if plan.head.size - plan.start <= limits.SEGMENT]
        left = [plan for plan in plans if plan not in small]
        if len(small) < 2 or name not in self.peers:
            return plans
        for start in range(0, len(small), SMALL_AT_ONCE):
            batch = small[start : start + SMALL_AT_ONCE]
            ranges = tuple(Range(log=str(p.head.log), start=p.start, count=p.head.size - p.start) for p in batch)
            try:
                pulled = carried_frames(await pull_patiently(self.peers[name], PullRequest(ranges)))
            except ProtocolError as error:
                self._peering.refuse(name, error, "records of several logs")
                return left + small[start:]
            found = await asyncio.gather(*(self._replicas.learn(name, plan.raw, pulled) for plan in batch))
            left += [plan for plan in found if plan is not None]
        return left

    async def fetch(self, plan: Plan, first: str) -> bool:
        """Fetch what one plan lacks, `first` from who told of it; True when the head is held."""
        log = plan.head.log.name
        others = [p for name, p in self.peers.items() if name != first and self._has(name, plan, log)]
        self._random.shuffle(others)
        if plan.head.size - plan.start > SHARED_GAP:
            # Who has not said that it holds a large log may hold it all the same: asking costs one answer.
            rest = sorted(name for name in self.peers if name != first and self.peers[name] not in others)
            others += [self.peers[name] for name in self._random.sample(rest, min(len(rest), limits.FAN_OUT))]
        if not log.is_for_all:
            # To ask is to tell: of an audience's log only its readers are asked, and who told of it.
            others = [p for p in others if self._membership.is_ruled(log) and self._membership.sees(p.name, log)]
        order = ([self.peers[first]] if first in self.peers else []) + others
        try:
            fetched = await self._replicas.fetch(plan, order)
        except StorageError as error:
            self._trace.warning("fetch-failed", log=str(plan.head.log), why=str(error))
            return False
        self._in_vain = self._in_vain - {first} if fetched else self._in_vain | {first}
        return fetched

    def _has(self, name: str, plan: Plan, log: LogName) -> bool:
        shown = self._peering.shown_by(name, log)
        return name == log.node or (shown is not None and shown >= (plan.head.log.epoch, plan.head.size))

    def wants(self, caller: str, plans: Sequence[Plan]) -> tuple[Want, ...]:
        """Fetch from a caller that can be dialled; ask one that cannot, or from whom it was in vain, to push.

        See xs1 11.7.
        """
        if caller in self.peers and caller not in self._in_vain:
            for plan in plans:
                task = asyncio.ensure_future(self.fetch(plan, caller))
                self._running.add(task)
                task.add_done_callback(self._running.discard)
            return ()
        return tuple(Want(str(plan.head.log), plan.start) for plan in plans)

    async def push(self, peer: Peer, want: Want) -> None:
        """Hand over what a peer wants of a log."""
        try:
            log = parse_log_id(want.log)
        except ProtocolError as error:
            self._peering.refuse(peer.name, error, "a want")
            return
        head = self._replicas.heads.get(log.name)
        if head is None or head.log != log or want.start >= head.size:
            return
        start = want.start
        while start < head.size:
            body = await self._engine.read(lambda tx, at=start: pushed_frames(tx, head, at))  # type: ignore[misc]
            raw = self._replicas.raw.get(log.name)
            taken = await peer.push(raw + b"\n" + body) if raw else 0
            if not taken:
                break
            start += taken
