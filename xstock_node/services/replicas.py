"""Replicas: the heads of one network held in memory, learning of newer ones, and fetching what they cover."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from xstock_node.protocol import frames, heads
from xstock_node.protocol.errors import Fork, Gap, Mismatch, NotFound, ProtocolError, Rollback
from xstock_node.protocol.frames import Frame
from xstock_node.protocol.heads import Head
from xstock_node.protocol.names import AUDIT, LogId, LogName
from xstock_node.protocol.peer import Peer
from xstock_node.services.catching_up import catch_up
from xstock_node.services.contradictions import Contradictions
from xstock_node.services.directory import Directory
from xstock_node.services.held import Held
from xstock_node.services.indexing import erase
from xstock_node.services.membership import Membership
from xstock_node.services.pushing import PushedPeer
from xstock_node.services.receiving import Plan, consider, may_part, take, take_head
from xstock_node.services.turns import Turns
from xstock_node.services.voiding import Voiding
from xstock_node.storage.interfaces import Engine, Transaction
from xstock_node.storage.values import LogState

Refuse = Callable[[str, ProtocolError, str], None]


class Replicas(Held):
    """What this node holds of every log of its network, its own included; `refuse` is told who sent what was refused
    and why.
    """

    def __init__(
        self, engine: Engine, directory: Directory, membership: Membership, now: Callable[[], int], refuse: Refuse
    ) -> None:
        super().__init__(engine, directory, membership)
        self.own_audit: Head | None = None
        self.contradictions = Contradictions(engine, directory, self, now, refuse)
        self.voiding = Voiding(engine, directory, self, membership.network)
        self._now, self._refuse = now, refuse
        self._locks: defaultdict[LogName, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._turns = Turns()
        self._parted: set[LogId] = set()

    async def learn(
        self, caller: str, raw: bytes, carried: Mapping[LogName, Frame], verified: bool = False
    ) -> Plan | None:
        """Take a head note from a peer, whose signature may be `verified` already; the plan for what is missing."""
        try:
            head, note = heads.parse(raw)
            log = head.log.name
            if self.raw.get(log) == raw or not self.concerns(head):
                return None
            if not verified and not self._directory.verify_head(head, note):
                return None
            async with self._locks[log]:
                if log.label == AUDIT:
                    await self._take_head(head, raw)
                    return None
                plan = await self._consider(head, raw, carried.get(log), caller)
        except Rollback:
            await self.contradictions.look_back(caller, head, raw)
            return None
        except ProtocolError as error:
            self._refuse(caller, error, raw[:120].decode("utf-8", "replace").split("\n")[0])
            return None
        return None if plan.taken else plan

    async def pushed(self, caller: str, raw: bytes, found: Sequence[Frame]) -> int:
        """Take records of a head from a peer that was asked for them; how many more are held now."""
        head, note = heads.parse(raw)
        if not self.concerns(head) or not self._directory.verify_head(head, note):
            raise NotFound("a log of this network and of a known origin", str(head.log))
        async with self._locks[head.log.name]:
            plan = await self._consider(head, raw, None, caller)
        if plan.taken:
            return 0
        try:
            if not await self._catch_up([PushedPeer(caller, found)], plan, quietly=True):
                raise Fork("one history an epoch", str(head.log), "the log is frozen")
        except Gap:
            state = await self._engine.read(lambda tx: tx.logs.state(head.log.name))
            taken = state.frontier.size - plan.start if state is not None and state.epoch == head.log.epoch else 0
            if taken <= 0:
                raise
            return taken
        await self._taken(head, raw)
        return head.size - plan.start

    async def fetch(self, plan: Plan, peers: Sequence[Peer]) -> bool:
        """Get the plan's records from the first of `peers` that has them; True when the head is held.

        One fetch of a log at a time, but a peer that hands out slowly keeps no other waiting for long.
        """
        log = plan.head.log.name
        async with self._turns.take(log) as watched:
            for number, peer in enumerate(peers):
                try:
                    current = await self._plan(plan.head, plan.raw)
                    if not current.taken and not await self._catch_up(watched(peers[number:]), current):
                        return False
                    await self._taken(plan.head, plan.raw)
                    return True
                except Rollback:
                    return True
                except ProtocolError as error:
                    self._refuse(peer.name, error, str(plan.head.log))
                    await self.contradictions.freeze_on_fork(log, plan.raw, error)
        return False

    async def _plan(self, head: Head, raw: bytes) -> Plan:
        now, anew, live = self._now_for(head), head.log in self._parted, self._membership.live_records
        return await self._engine.write(lambda tx: consider(tx, head, raw, now, anew, live), durable=False)

    def _now_for(self, head: Head) -> int:
        """The time by which a head is judged. A node whose clock is behind must still learn what it signed itself."""
        now = self._now()
        return max(now, head.time, head.log.epoch) if head.log.node == self._directory.own.name else now

    async def _catch_up(self, peers: Sequence[Peer], plan: Plan, quietly: bool = False) -> bool:
        """Bring the replica to the plan's head; from the beginning where what is held turns out to part from it.

        False where the origin is found to have signed two histories: then the log is frozen and nobody here is wrong.
        """

        def refuse(name: str, error: ProtocolError, about: str) -> None:
            if not quietly and not isinstance(error, Mismatch):
                self._refuse(name, error, about)

        try:
            await catch_up(self._engine, peers, plan, self._now_for(plan.head), refuse)
        except Mismatch:
            if plan.anew or not await self._engine.read(lambda tx: may_part(tx, plan.head)):
                if await self.contradictions.found_fork(peers[0], plan.raw):
                    return False
                raise
            self._parted.add(plan.head.log)
            again = await self._plan(plan.head, plan.raw)
            await catch_up(self._engine, peers, again, self._now_for(plan.head), refuse)
        self._parted.discard(plan.head.log)
        return True

    async def leave(self, log: LogName) -> None:
        """Keep nothing of a log but its hashes: this node is not, or no longer, one of its readers (xs1 15.2).

        What its origin lost stays aside for it.
        """

        def work(tx: Transaction) -> None:
            state = tx.logs.state(log)
            if state is not None:
                tx.offers.clear(log)
                tx.logs.erase_aside(log, erase(tx, log, range(state.frontier.size)))
                tx.logs.put(tx.logs.state(log)._replace(head=b"", head_time=0))  # type: ignore[union-attr]

        await self._engine.write(work, durable=True)
        self.drop(log)

    async def _take_head(self, head: Head, raw: bytes) -> None:
        """A head of an audit log, whose records nobody hands out. The own one is only looked at."""
        if head.log.node == self._directory.own.name:
            known = self.own_audit
            self.own_audit = head if known is None or head.log.epoch >= known.log.epoch else known
            return
        await self._engine.write(lambda tx: take_head(tx, head, raw, self._now()), durable=False)
        if not await self.voiding.voided(head, raw):
            self.note(head, raw)

    async def _taken(self, head: Head, raw: bytes) -> None:
        """A head is held with all its records."""
        log = head.log.name
        if await self.voiding.voided(head, raw):
            return
        if not log.is_for_all:
            state = await self._engine.read(lambda tx: tx.logs.state(log)) or LogState(log)
            self._membership.rules(log, state.audience)
            if not self._membership.sees(self._directory.own.name, log):
                await self.leave(log)
                raise NotFound("a log whose audience includes this node", str(head.log))
        self.thaw(log)
        self.note(head, raw)

    async def _consider(self, head: Head, raw: bytes, frame: Frame | None, caller: str) -> Plan:
        now, log, live = self._now_for(head), head.log.name, self._membership.live_records

        def work(tx: Transaction) -> Plan:
            plan = consider(tx, head, raw, now, head.log in self._parted, live)
            lines = _covering(frame, plan)
            if plan.taken or not lines:
                return plan
            take(tx, head, raw, lines, now, caller == head.log.node, plan.anew, live)
            return plan._replace(taken=True)

        try:
            plan = await self._engine.write(work, durable=False)
        except Fork as error:
            await self.contradictions.freeze_on_fork(log, raw, error)
            raise
        if plan.taken:
            await self._taken(head, raw)
        return plan


def carried_frames(found: bytes) -> dict[LogName, Frame]:
    """The frames of records that came together, by log."""
    return {frame.log.name: frame for frame in frames.parse(found) if not frame.roots}


def _covering(frame: Frame | None, plan: Plan) -> list[bytes]:
    """The lines of a frame from the plan's start to its head's size, or none."""
    if frame is None or frame.log != plan.head.log or frame.start > plan.start:
        return []
    lines = frame.lines[plan.start - frame.start : plan.head.size - frame.start]
    return lines if plan.start + len(lines) == plan.head.size else []
