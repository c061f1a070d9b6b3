"""Replicas: the heads held in memory, learning of newer ones, and fetching what they cover."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from xstock_node.protocol import frames, gossip, heads, limits
from xstock_node.protocol.errors import Fork, Gap, Mismatch, NotFound, ProtocolError, Rollback
from xstock_node.protocol.frames import Frame
from xstock_node.protocol.heads import Head
from xstock_node.protocol.names import LogId, LogName
from xstock_node.protocol.peer import Peer
from xstock_node.services.catching_up import catch_up
from xstock_node.services.directory import Directory
from xstock_node.services.parting import check_history
from xstock_node.services.pushing import PushedPeer
from xstock_node.services.receiving import Plan, check_erasures, consider, freeze, frontier_at, may_part, take
from xstock_node.storage.interfaces import Engine, Transaction

Refuse = Callable[[str, ProtocolError, str], None]


class Replicas:
    """What this node holds of every log of its network, its own included.

    `changed` is called with a log whose records grew or whose epoch is new. `refuse` is told who sent what was
    refused and why.
    """

    def __init__(self, engine: Engine, log: str, directory: Directory, now: Callable[[], int], refuse: Refuse) -> None:
        self.heads: dict[LogName, Head] = {}
        self.raw: dict[LogName, bytes] = {}
        self.frozen: set[LogName] = set()
        self.changed: Callable[[LogName, bool], None] = lambda log, grown: None
        self._engine, self._log, self._directory = engine, log, directory
        self._now, self._refuse = now, refuse
        self._locks: defaultdict[LogName, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._fetching: defaultdict[LogName, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._parted: set[LogId] = set()
        self._digest = ""

    async def load(self) -> None:
        """Read the heads held from storage."""
        for state in await self._engine.read(lambda tx: tx.logs.states()):
            if state.head and state.log.log == self._log:
                self.note(heads.parse(state.head)[0], state.head, changed=False)
            if state.frozen:
                self.frozen.add(state.log)

    def note(self, head: Head, raw: bytes, changed: bool = True) -> None:
        """Remember a head that is stored, and tell who listens."""
        log = head.log.name
        before = self.heads.get(log)
        if before is not None and (head.log.epoch, head.size, head.time) < (before.log.epoch, before.size, before.time):
            return
        if before is not None and head.log.epoch > before.log.epoch:
            self.frozen.discard(log)
        self.heads[log], self.raw[log] = head, raw
        self._digest = ""
        if changed:
            grown = before is None or (before.size, before.log.epoch) != (head.size, head.log.epoch)
            self.changed(log, grown)

    def digest(self) -> str:
        """The digest of everything held: newest epochs, without frozen logs."""
        if not self._digest:
            held = [h for log, h in self.heads.items() if log not in self.frozen]
            self._digest = gossip.digest((head.log, head.size, head.root) for head in held)
        return self._digest

    async def learn(self, caller: str, raw: bytes, carried: Mapping[LogName, Frame]) -> Plan | None:
        """Take a head note from a peer; the plan for records still missing, or None."""
        try:
            head, note = heads.parse(raw)
            if head.log.log != self._log or self.raw.get(head.log.name) == raw:
                return None
            if not self._directory.verify_head(head, note):
                return None
            async with self._locks[head.log.name]:
                plan = await self._consider(head, raw, carried.get(head.log.name), caller)
        except Rollback:
            return None
        except ProtocolError as error:
            self._refuse(caller, error, raw[:120].decode("utf-8", "replace").split("\n")[0])
            return None
        return None if plan.taken else plan

    def concerns(self, head: Head) -> bool:
        """Whether a head is of a log that this node replicates, of an origin that is known."""
        return head.log.log == self._log and self._directory.get(head.log.node) is not None

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
            await self._catch_up(PushedPeer(caller, found), plan)
        except Gap:
            state = await self._engine.read(lambda tx: tx.logs.state(head.log.name))
            taken = state.frontier.size - plan.start if state is not None and state.epoch == head.log.epoch else 0
            if taken <= 0:
                raise
            return taken
        self.note(head, raw)
        self.frozen.discard(head.log.name)
        return head.size - plan.start

    async def fetch(self, plan: Plan, peers: Sequence[Peer]) -> bool:
        """Get the plan's records from the first of `peers` that has them; True when the head is held.

        One fetch of a log at a time, but a peer that hands out slowly keeps no other waiting for long.
        """
        log = plan.head.log.name
        async with _patiently(self._fetching[log]):
            for peer in peers:
                try:
                    current = await self._plan(plan.head, plan.raw)
                    if not current.taken:
                        await self._catch_up(peer, current)
                    self.note(plan.head, plan.raw)
                    self.frozen.discard(log)
                    return True
                except Rollback:
                    return True
                except ProtocolError as error:
                    self._refuse(peer.name, error, str(plan.head.log))
                    await self._freeze_on_fork(log, error)
        return False

    async def _plan(self, head: Head, raw: bytes) -> Plan:
        now, anew = self._now_for(head), head.log in self._parted
        return await self._engine.write(lambda tx: consider(tx, head, raw, now, anew), durable=False)

    def _now_for(self, head: Head) -> int:
        """The time by which a head is judged. A node whose clock is behind must still learn what it signed itself."""
        now = self._now()
        return max(now, head.time, head.log.epoch) if head.log.node == self._directory.own.name else now

    async def _catch_up(self, peer: Peer, plan: Plan) -> None:
        """Bring the replica to the plan's head; from the beginning where what is held turns out to part from it."""
        try:
            await catch_up(self._engine, peer, plan, self._now_for(plan.head))
        except Mismatch:
            await self._part(peer, plan)
        self._parted.discard(plan.head.log)

    async def _part(self, peer: Peer, plan: Plan) -> None:
        """The records of the plan's head do not continue what is held: find out who is wrong, or begin anew."""
        head, held = plan.head, self.heads.get(plan.head.log.name)
        if plan.anew:
            raise Mismatch(f"records that give the root of {head.log}", "others")
        if not await self._engine.read(lambda tx: may_part(tx, head)):
            await check_history(self._engine, peer, plan)
        self._parted.add(head.log)
        await catch_up(self._engine, peer, await self._plan(head, plan.raw), self._now_for(head))
        if held is not None and head.base is not None and held.log.epoch == head.base.epoch:
            root = await self._engine.read(lambda tx: frontier_at(tx, head.log.name, held.size).root())
            if root != held.root:
                self._refuse(head.log.node, Fork(f"one history of {held.log}", "two"), str(held.log))

    async def _consider(self, head: Head, raw: bytes, frame: Frame | None, caller: str) -> Plan:
        now, log = self._now_for(head), head.log.name

        def work(tx: Transaction) -> Plan:
            plan = consider(tx, head, raw, now, head.log in self._parted)
            lines = _covering(frame, plan)
            if plan.taken or not lines:
                return plan
            check_erasures(lines, plan.start, head, caller == head.log.node)
            take(tx, head, raw, lines, now, plan.anew)
            return plan._replace(taken=True)

        try:
            plan = await self._engine.write(work, durable=False)
        except Fork as error:
            await self._freeze_on_fork(log, error)
            raise
        if plan.taken:
            self.note(head, raw)
            self.frozen.discard(log)
        return plan

    async def _freeze_on_fork(self, log: LogName, error: ProtocolError) -> None:
        if isinstance(error, Fork) and not isinstance(error, Mismatch):
            why = error.sentence()
            await self._engine.write(lambda tx: freeze(tx, log, why), durable=True)
            self.frozen.add(log)
            self._digest = ""


@asynccontextmanager
async def _patiently(lock: asyncio.Lock) -> AsyncIterator[None]:
    """Hold the lock, or go on without it after a while."""
    held = False
    try:
        async with asyncio.timeout(limits.SMALL_BODY_SECONDS):
            held = await lock.acquire()
    except TimeoutError:
        pass
    try:
        yield
    finally:
        if held:
            lock.release()


def carried_frames(text: str) -> dict[LogName, Frame]:
    """The frames that came beside heads, by log."""
    return {frame.log.name: frame for frame in frames.parse(text.encode()) if not frame.roots}


def _covering(frame: Frame | None, plan: Plan) -> list[bytes]:
    """The lines of a frame from the plan's start to its head's size, or none."""
    if frame is None or frame.log != plan.head.log or frame.start > plan.start:
        return []
    lines = frame.lines[plan.start - frame.start : plan.head.size - frame.start]
    return lines if plan.start + len(lines) == plan.head.size else []
