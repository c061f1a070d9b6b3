"""Replicas: the heads of one network held in memory, learning of newer ones, and fetching what they cover."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

from xstock_node.protocol import forks, frames, gossip, heads, limits
from xstock_node.protocol.errors import BadSignature, Fork, Gap, Mismatch, NotFound, ProtocolError, Rollback
from xstock_node.protocol.frames import Frame
from xstock_node.protocol.heads import Head
from xstock_node.protocol.identity import Identity
from xstock_node.protocol.names import AUDIT, LogId, LogName
from xstock_node.protocol.peer import Peer
from xstock_node.services import forking
from xstock_node.services.catching_up import catch_up
from xstock_node.services.directory import Directory
from xstock_node.services.indexing import erase
from xstock_node.services.membership import Membership
from xstock_node.services.pushing import PushedPeer
from xstock_node.services.receiving import Plan, consider, freeze, may_part, take, take_head, void_later
from xstock_node.storage.interfaces import Engine, LogState, Transaction

Refuse = Callable[[str, ProtocolError, str], None]
VERIFIED = 4096
FETCH_PATIENCE = 2.0  # seconds that a fetch of a log waits for another one under way


class Replicas:
    """What this node holds of every log of its network, its own included.

    `changed` is called with a log whose records grew or whose epoch is new. `refuse` is told who sent what was
    refused and why.
    """

    def __init__(
        self, engine: Engine, directory: Directory, membership: Membership, now: Callable[[], int], refuse: Refuse
    ) -> None:
        self.heads: dict[LogName, Head] = {}
        self.raw: dict[LogName, bytes] = {}
        self.frozen: set[LogName] = set()
        self.changed: Callable[[LogName, bool], None] = lambda log, grown: None
        self._engine, self._directory, self._membership = engine, directory, membership
        self._now, self._refuse = now, refuse
        self._locks: defaultdict[LogName, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._fetching: defaultdict[LogName, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._digest = ""
        self.own_audit: Head | None = None
        self._parted: set[LogId] = set()
        self._older: dict[tuple[LogName | LogId, int], bytes] = {}
        self.twins: Callable[[LogId], None] = lambda log: None
        self._voiding: dict[str, int] = {}
        self._logs_of: defaultdict[str, set[LogName]] = defaultdict(set)

    async def load(self) -> None:
        """Read the heads held from storage."""
        for state in await self._engine.read(lambda tx: tx.logs.states()):
            if state.log.network != self._membership.network:
                continue
            if state.audience:
                self._membership.rules(state.log, state.audience)
            if state.head:
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
        self._logs_of[log.node].add(log)
        self._digest = ""
        if changed:
            grown = before is None or (before.size, before.log.epoch) != (head.size, head.log.epoch)
            self.changed(log, grown)

    def forget_digest(self) -> None:
        """Somebody's standing changed: what counts is not what counted."""
        self._digest = ""

    def digest(self, name: str = "") -> str:
        """The digest of everything held that `name` may see too: newest epochs, without frozen and greyed logs."""
        if name and self._membership.has_audiences():
            return gossip.digest((head.log, head.size, head.root) for head in self.shared_with(name))
        if not self._digest:
            counted = (head for log, head in self.heads.items() if self._counts(log))
            self._digest = gossip.digest((head.log, head.size, head.root) for head in counted)
        return self._digest

    def shared_with(self, name: str) -> list[Head]:
        """The heads that `name` may see, as `all` counts them."""
        sees = self._membership.sees
        return [head for log, head in self.heads.items() if self._counts(log) and sees(name, log)]

    def _counts(self, log: LogName) -> bool:
        return log not in self.frozen and self._membership.is_member(log.node)

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
            await self._look_back(caller, head, raw)
            return None
        except ProtocolError as error:
            self._refuse(caller, error, raw[:120].decode("utf-8", "replace").split("\n")[0])
            return None
        return None if plan.taken else plan

    def concerns(self, head: Head) -> bool:
        """Whether a head is of a log that this node replicates, of an origin that is known (xs1 2.7)."""
        log = head.log.name
        if not self._membership.takes(log) or self._directory.get(log.node) is None:
            return False
        others = self._logs_of[log.node] - {log}
        return len(others) < limits.LOGS_A_MEMBER

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
        async with _patiently(self._fetching[log]):
            for number, peer in enumerate(peers):
                try:
                    current = await self._plan(plan.head, plan.raw)
                    if not current.taken and not await self._catch_up(peers[number:], current):
                        return False
                    await self._taken(plan.head, plan.raw)
                    return True
                except Rollback:
                    return True
                except ProtocolError as error:
                    self._refuse(peer.name, error, str(plan.head.log))
                    await self._freeze_on_fork(log, plan.raw, error)
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
                if await self._found_fork(peers[0], plan.raw):
                    return False
                raise
            self._parted.add(plan.head.log)
            again = await self._plan(plan.head, plan.raw)
            await catch_up(self._engine, peers, again, self._now_for(plan.head), refuse)
        self._parted.discard(plan.head.log)
        return True

    async def learn_fork(self, raw: bytes) -> bool:
        """Take a fork statement whose proof and signatures hold; True when it is new (xs1 19.2)."""
        statement = forks.parse(raw)
        if not self.concerns(statement.longer):
            return False
        for head, note in zip((statement.shorter, statement.longer), statement.notes, strict=True):
            if not self._directory.verify_head(head, note):
                return False
        new = await forking.keep(self._engine, statement, self._now())
        held = self.heads.get(statement.log.name)
        if new and not statement.shows_twins and (held is None or held.log.epoch <= statement.log.epoch):
            self.frozen.add(statement.log.name)
            self._digest = ""
        return new

    async def void(self, name: str, epoch: int) -> None:
        """Take back what logs of a node hold of epochs later than the one that its identity fixes (xs1 7.9)."""
        if name == self._directory.own.name:
            return  # an own log is cut by its owner alone: an epoch must never be opened twice
        self._voiding[name] = epoch
        for state in await self._engine.read(lambda tx: tx.logs.states()):
            log, raw = state.log, state.head or state.target
            here = log.network == self._membership.network
            if not here or log.node != name or state.epoch <= epoch or not raw or self._is_signed_now(raw):
                continue
            if await self._engine.write(lambda tx, log=log: void_later(tx, log, epoch), durable=True):  # type: ignore[misc]
                self.heads.pop(log, None)
                self.raw.pop(log, None)
                self._digest = ""
        self._voiding.pop(name, None)

    def note_identity(self, found: Identity) -> None:
        """Another network of this node may have heard of it: what it voids is taken back at the next look round."""
        if found.statement.epoch and found.name != self._directory.own.name:
            self._voiding[found.name] = found.statement.epoch

    async def void_again(self) -> None:
        """Take back what could not be taken back at once: before a crash, or while the disk was full."""
        for name, epoch in list(self._voiding.items()):
            await self.void(name, epoch)

    def _is_signed_now(self, raw: bytes) -> bool:
        """Whether a key that its origin's newest identity lists signed a head."""
        try:
            return self._directory.verify_head(*heads.parse(raw))
        except BadSignature:
            return False

    async def _voided(self, head: Head, raw: bytes) -> bool:
        """Whether a newer identity voided this head while it was being stored: then it is taken back (xs1 7.9)."""
        known = self._directory.get(head.log.node)
        if known is None or not 0 < known.statement.epoch < head.log.epoch or self._is_signed_now(raw):
            return False
        await self.void(head.log.node, known.statement.epoch)
        return True

    async def leave(self, log: LogName) -> None:
        """Keep nothing of a log but its hashes: this node is not, or no longer, one of its readers (xs1 15.2)."""

        def work(tx: Transaction) -> None:
            state = tx.logs.state(log)
            if state is not None:
                tx.offers.clear(log)
                erase(tx, log, range(state.frontier.size))
                tx.logs.put(tx.logs.state(log)._replace(head=b"", head_time=0))  # type: ignore[union-attr]

        await self._engine.write(work, durable=True)
        self.heads.pop(log, None)
        self.raw.pop(log, None)
        self._digest = ""

    async def _take_head(self, head: Head, raw: bytes) -> None:
        """A head of an audit log, whose records nobody hands out. The own one is only looked at."""
        if head.log.node == self._directory.own.name:
            known = self.own_audit
            self.own_audit = head if known is None or head.log.epoch >= known.log.epoch else known
            return
        await self._engine.write(lambda tx: take_head(tx, head, raw, self._now()), durable=False)
        if not await self._voided(head, raw):
            self.note(head, raw)

    async def _taken(self, head: Head, raw: bytes) -> None:
        """A head is held with all its records."""
        log = head.log.name
        if await self._voided(head, raw):
            return
        if not log.is_for_all:
            state = await self._engine.read(lambda tx: tx.logs.state(log)) or LogState(log)
            self._membership.rules(log, state.audience)
            if not self._membership.sees(self._directory.own.name, log):
                await self.leave(log)
                raise NotFound("a log whose audience includes this node", str(head.log))
        self.frozen.discard(log)
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
            await self._freeze_on_fork(log, raw, error)
            raise
        if plan.taken:
            await self._taken(head, raw)
        return plan

    async def _freeze_on_fork(self, log: LogName, raw: bytes, error: ProtocolError) -> None:
        if isinstance(error, Fork) and not isinstance(error, Mismatch):
            why, held = error.sentence(), self.raw.get(log, b"")
            await self._engine.write(lambda tx: freeze(tx, log, why), durable=True)
            self.frozen.add(log)
            self._digest = ""
            statement = await self._engine.read(lambda tx: forking.statement_here(tx, held, raw))
            if statement is not None and await self.learn_fork(statement):
                self._tell_of(log)

    async def _look_back(self, caller: str, head: Head, raw: bytes) -> None:
        """What a head that is no news may prove."""
        try:
            await self.look_for_twins(head, raw)
            await self._look_at_older(head, raw)
        except ProtocolError as error:
            self._refuse(caller, error, str(head.log))

    def _tell_of(self, log: LogName) -> None:
        """Something is proved about a log, which concerns who holds its newest head too."""
        self.changed(LogName(log.node, "") if log.is_for_all else log, True)

    async def look_for_twins(self, head: Head, raw: bytes) -> None:
        """An older epoch that goes on long after the one held began: raise the alarm, and pass the proof on."""
        statement = forking.twins_here(self.raw.get(head.log.name, b""), raw)
        if statement is None or (head.log, -1) in self._older:
            return
        self._directory.verify_head(*heads.parse(raw))
        new = await self.learn_fork(statement)
        if len(self._older) >= VERIFIED:
            self._older.clear()
        self._older[head.log, -1] = b""
        if new:
            self.twins(head.log)
            self._tell_of(head.log.name)

    async def _look_at_older(self, head: Head, raw: bytes) -> None:
        """A smaller head of the epoch held is old news, unless it is no beginning of what is held: a fork."""
        log = head.log.name
        held = self.heads.get(log)
        if held is None or self._older.get((log, head.size)) == head.root or log in self.frozen:
            return
        if await self._engine.read(lambda tx: forking.contradicts(tx, held, head)):
            error = Fork("one history an epoch", f"{head.log} size {head.size}", "both heads are kept")
            await self._freeze_on_fork(log, raw, error)
        elif head.log == held.log:
            if len(self._older) >= VERIFIED:
                self._older.clear()
            self._older[log, head.size] = head.root

    async def _found_fork(self, peer: Peer, raw: bytes) -> bool:
        """Whether records that do not fit are those of another history that the origin signed too."""
        log = heads.parse(raw)[0].log.name
        try:
            statement = await forking.statement_from(peer, self.raw.get(log, b""), raw)
            if statement is None or not await self.learn_fork(statement):
                return False
        except (ProtocolError, BadSignature):
            return False
        self._tell_of(log)
        return True


@asynccontextmanager
async def _patiently(lock: asyncio.Lock) -> AsyncIterator[None]:
    """Hold the lock, or go on without it after a while."""
    held = False
    try:
        async with asyncio.timeout(FETCH_PATIENCE):
            held = await lock.acquire()
    except TimeoutError:
        pass
    try:
        yield
    finally:
        if held:
            lock.release()


def carried_frames(found: bytes) -> dict[LogName, Frame]:
    """The frames of records that came together, by log."""
    return {frame.log.name: frame for frame in frames.parse(found) if not frame.roots}


def _covering(frame: Frame | None, plan: Plan) -> list[bytes]:
    """The lines of a frame from the plan's start to its head's size, or none."""
    if frame is None or frame.log != plan.head.log or frame.start > plan.start:
        return []
    lines = frame.lines[plan.start - frame.start : plan.head.size - frame.start]
    return lines if plan.start + len(lines) == plan.head.size else []
