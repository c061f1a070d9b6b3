"""Gossip: answering a peer's round, and making rounds of our own.

One round is push and pull at once: our notes since what the peer acknowledged, its notes since the cursor it gave.
A held round is answered when there is news. News goes to three peers at once that are not waiting for it already.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import NamedTuple

from xstock_node.protocol import frames, gossip, heads, limits
from xstock_node.protocol.errors import NotFound, ProtocolError, Rollback
from xstock_node.protocol.gossip import GossipRequest, GossipResponse, Want
from xstock_node.protocol.names import LogName, parse_log_id
from xstock_node.protocol.peer import Peer
from xstock_node.services.directory import Directory
from xstock_node.services.peering import Peering
from xstock_node.services.pushing import pushed_frames
from xstock_node.services.receiving import Plan
from xstock_node.services.recovering import Recovery
from xstock_node.services.replicas import Replicas, carried_frames
from xstock_node.services.serving import lines_of
from xstock_node.storage.errors import StorageError
from xstock_node.storage.interfaces import Engine, StoredNote, Transaction
from xstock_node.trace import Trace

FRAME_RECORDS = 64
MOST_PATIENCE = 64


class Gossip:
    """The gossip of one node in one network."""

    def __init__(
        self,
        network: str,
        engine: Engine,
        replicas: Replicas,
        peering: Peering,
        directory: Directory,
        recovery: Recovery,
        random: Random,
        trace: Trace,
    ) -> None:
        self.peers: dict[str, Peer] = {}
        self.heard: Callable[[str], None] = lambda name: None
        self._network, self._engine = network, engine
        self._replicas, self._peering, self._directory = replicas, peering, directory
        self._recovery, self._random, self._trace = recovery, random, trace
        self._waiting: dict[str, list[_Waiting]] = {}
        self._pushing: dict[str, asyncio.Event] = {}
        self._fetches: set[asyncio.Task[bool]] = set()
        self._drained_but_different: dict[str, tuple[int, int]] = {}
        self._in_vain: frozenset[str] = frozenset()
        self._overtaken: dict[str, tuple[str, ...]] = {}
        self._opened: dict[str, int] = {}
        self._journal = ""
        replicas.changed = self._on_change

    async def load(self) -> None:
        """Read the journal's id, which is new with every new database."""
        self._journal = await self._engine.write(lambda tx: tx.journal.id(), durable=False)

    async def renew_journal(self) -> None:
        """Void every cursor that was given: the journal is that of an older copy."""
        self._journal = await self._engine.write(lambda tx: tx.journal.renew(), durable=True)

    async def answer(self, caller: str, request: GossipRequest, wait: float, now: int) -> GossipResponse:
        """Answer a peer's round; with `wait` > 0 hold the answer that long while there is nothing to say."""
        if request.network != self._network:
            raise NotFound(f"a network of this node ({self._network})", request.network)
        self._peering.check(caller)
        await self._peering.called(caller, now)
        self.heard(caller)
        plans = await self.learn(caller, request.notes, request.frames)
        wants = self._wants(caller, plans)
        drained = bool(request.all) and request.all == self._replicas.digest()
        page = await self._page(caller, request.cursor, drained)
        told = self._overtaken.pop(caller, ())
        until = asyncio.get_running_loop().time() + wait
        while not page.notes and not wants and not told:
            left = until - asyncio.get_running_loop().time()
            if left <= 0:
                break
            told = await self._hold(caller, left)
            page = await self._page(caller, page.cursor, drained=False)
        return GossipResponse(
            cursor=page.cursor, all=self._replicas.digest(), notes=(*told, *page.notes), want=wants, more=page.more
        )

    async def round(self, peer: Peer, now: int, wait: float = 0.0, fresh: bool = False) -> bool:
        """One round with a peer; True when neither side had news.

        With `fresh` the peer is asked as if for the first time: this folder may be older than the peer believes.
        """
        while True:
            state = await self._peering.state(peer.name)
            outgoing = await self._outgoing(peer.name, state.acked)
            digest = self._replicas.digest()
            request = GossipRequest(
                network=self._network,
                cursor="" if fresh else state.cursor,
                all=digest,
                notes=self._with_own_head([note.raw.decode() for note in outgoing.notes]),
                frames=await self._frames(peer.name, outgoing.notes),
            )
            response = await peer.gossip(request, 0.0 if outgoing.notes else wait)
            self._acknowledge(peer.name, outgoing, response, now)
            for plan in await self.learn(peer.name, response.notes):
                await self._fetch(plan, peer.name)
            for want in response.want:
                await self._push(peer, want)
            if not response.more and not outgoing.more:
                break
            wait, fresh = 0.0, False
        same = response.all == self._replicas.digest()
        news = bool(outgoing.notes) or any(not self._recovery.is_about_own(note) for note in response.notes)
        self._walk_again_when_different(peer.name, same or news)
        return not news

    async def learn(self, caller: str, notes: Sequence[str], carried: str = "") -> list[Plan]:
        """Take notes from a peer, identities first; the plans for records that are still missing."""
        try:
            frames_by_log = carried_frames(carried) if carried else {}
        except ProtocolError as error:
            self._peering.refuse(caller, error, "frames beside heads")
            frames_by_log = {}
        identities = [note for note in notes if note.startswith("xs1/identity\n")]
        for note in identities:
            await self._learn_identity(caller, note.encode())
        found = [self._learn_head(caller, n, frames_by_log) for n in notes if n not in identities]
        return [plan for plan in await asyncio.gather(*found) if plan is not None]

    async def close(self) -> None:
        """Stop what runs in the background."""
        for task in list(self._fetches):
            task.cancel()
        await asyncio.gather(*self._fetches, return_exceptions=True)

    def pushes(self, name: str) -> asyncio.Event:
        """The event that asks for a round with a peer at once."""
        return self._pushing.setdefault(name, asyncio.Event())

    async def _learn_identity(self, caller: str, raw: bytes) -> None:
        try:
            if self._directory.renew(raw):
                name = raw.decode().split("\n")[1]
                self._peering.gave(caller, f"identity {name}", raw)
                await self._engine.write(lambda tx: tx.journal.put(f"identity {name}", raw), durable=False)
                self._on_change(LogName(name, ""), True)
        except ProtocolError as error:
            self._peering.refuse(caller, error, "identity")

    async def _learn_head(self, caller: str, note: str, carried: Mapping[LogName, frames.Frame]) -> Plan | None:
        raw = note.encode()
        try:
            head, signed = heads.parse(raw)
            if not self._replicas.concerns(head):
                return None
            if self._recovery.is_own(head):
                self._directory.verify_head(head, signed)
        except ProtocolError as error:
            self._peering.refuse(caller, error, "note")
            return None
        self._peering.gave(caller, f"head {head.log.name}", raw)
        if self._recovery.is_own(head):
            self._recovery.see(caller, head, raw, self.peers.get(caller))
            return None
        self._note_overtaken(caller, head, raw)
        if self._went_back(caller, head):
            return None
        plan = await self._replicas.learn(caller, raw, carried)
        self._peering.showed(caller, head)
        return plan

    def _note_overtaken(self, caller: str, head: heads.Head, raw: bytes) -> None:
        """A caller that shows an older epoch of its own log is told of the newer one: two nodes may have its key.

        One that shows a newer epoch of its own started again: it is told once more what is kept aside for it, although
        others may have told of that epoch before. Whoever waits here in its name is told of the epoch.
        """
        held = self._replicas.heads.get(head.log.name)
        if head.log.node == caller and head.log.epoch > self._opened.get(caller, 0):
            self._opened[caller] = head.log.epoch
            self._peering.forget_asides(caller)
        if head.log.node == caller and held is not None and held.log.epoch < head.log.epoch:
            for waiting in self._waiting.get(caller, ()):
                waiting.told = (raw.decode(),)
                waiting.news.set()
        if head.log.node == caller and held is not None and held.log.epoch > head.log.epoch:
            self._overtaken[caller] = (self._replicas.raw[head.log.name].decode(),)

    def _went_back(self, caller: str, head: heads.Head) -> bool:
        """A peer that shows an older head than it showed before replays; its own view cannot have shrunk."""
        shown = self._peering.shown_by(caller, head.log.name)
        if shown is None or head.log.name not in self._replicas.heads or not self._peering.went_back(caller, head):
            return False
        error = Rollback(f"epoch {shown[0]}, size {shown[1]} or more, as shown before", f"{head.log}, {head.size}")
        self._peering.refuse(caller, error, str(head.log))
        return True

    async def _fetch(self, plan: Plan, first: str) -> bool:
        log = plan.head.log.name
        others = [p for name, p in self.peers.items() if name != first and self._has(name, plan, log)]
        self._random.shuffle(others)
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

    def _wants(self, caller: str, plans: Sequence[Plan]) -> tuple[Want, ...]:
        """Fetch from a caller that can be dialled; ask one that cannot, or from whom it was in vain, to push."""
        if caller in self.peers and caller not in self._in_vain:
            for plan in plans:
                task = asyncio.ensure_future(self._fetch(plan, caller))
                self._fetches.add(task)
                task.add_done_callback(self._fetches.discard)
            return ()
        return tuple(Want(str(plan.head.log), plan.start) for plan in plans)

    async def _page(self, caller: str, cursor: str, drained: bool) -> "_Page":
        last = await self._engine.read(lambda tx: tx.journal.last())
        position = gossip.position_in(self._journal, cursor)
        if not 0 <= position <= last:
            # A peer without a cursor of ours may have lost everything: nothing is taken as known to it.
            self._peering.forget_known(caller)
            position = last if drained else 0
        found, more = await self._notes_since(position)
        new = [n for n in found if not self._peering.holds(caller, n.subject, n.raw)]
        if not more:
            asides = (await self._recovery.asides_for(caller))[: limits.ASIDES_TOLD]
            new += [n for n in asides if self._peering.aside_is_due(caller, n.subject)]
        for note in new:
            self._peering.told(caller, note.subject, note.raw)
        end = found[-1].position if found else position
        return _Page(gossip.cursor(self._journal, end), tuple(note.raw.decode() for note in new), more)

    async def _notes_since(self, position: int) -> tuple[list[StoredNote], bool]:
        """One page of the journal, bounded in notes and bytes, and whether there is more."""
        found = await self._engine.read(lambda tx: tx.journal.since(position, limits.PAGE_NOTES + 1))
        room = limits.PAGE_BYTES
        for index, note in enumerate(found):
            room -= len(note.raw) + 32
            if index == limits.PAGE_NOTES or (room < 0 and index):
                return found[:index], True
        return found, False

    async def _outgoing(self, name: str, acked: int) -> "_Outgoing":
        found, more = await self._notes_since(acked)
        position = found[-1].position if found else acked
        new = [note for note in found if not self._peering.has(name, note.subject, note.raw)]
        # Before the own log is open, its last head may be one that a peer has seen replaced.
        new = [note for note in new if not self._recovery.is_waiting(_log_of(note.subject))]
        return _Outgoing(new, position, more)

    async def _frames(self, name: str, notes: Sequence[StoredNote]) -> str:
        """Records that the peer lacks of the heads that are sent, where they are few and small."""
        wanted: list[tuple[heads.Head, int]] = []
        for note in notes:
            log = _log_of(note.subject)
            head = self._replicas.heads.get(log) if log else None
            shown = self._peering.shown_by(name, log) if log else None
            if head is None or shown is None or shown[0] != head.log.epoch:
                continue
            if 0 < head.size - shown[1] <= FRAME_RECORDS:
                wanted.append((head, shown[1]))
        if not wanted:
            return ""
        return await self._engine.read(lambda tx: _small_frames(tx, wanted))

    def _acknowledge(self, name: str, outgoing: "_Outgoing", response: GossipResponse, now: int) -> None:
        for note in outgoing.notes:
            self._peering.gave(name, note.subject, note.raw)
            log = _log_of(note.subject)
            if log in self._replicas.heads:
                self._peering.showed(name, self._replicas.heads[log])
        self._peering.acknowledged(name, response.cursor, outgoing.position, now)

    def _walk_again_when_different(self, name: str, fine: bool) -> None:
        """Cursors drained and still different, twice: page through everything once more.

        Peers that pinned different origins differ for good, so that each walk in vain doubles the patience.
        """
        count, patience = self._drained_but_different.get(name, (0, 2))
        self._drained_but_different[name] = (0, 2) if fine else (count + 1, patience)
        if not fine and count + 1 >= patience:
            self._drained_but_different[name] = (0, min(patience * 2, MOST_PATIENCE))
            self._peering.forget(name)

    async def _push(self, peer: Peer, want: Want) -> None:
        log = parse_log_id(want.log)
        head = self._replicas.heads.get(log.name)
        if head is None or head.log != log or want.start >= head.size:
            return
        start = want.start
        while start < head.size:
            body = await self._engine.read(lambda tx, at=start: pushed_frames(tx, head, at))  # type: ignore[misc]
            taken = await peer.push(self._replicas.raw[log.name] + b"\n" + body)
            if not taken:
                break
            start += taken

    def _with_own_head(self, notes: list[str]) -> tuple[str, ...]:
        """Every round shows the own head: a peer that knows a newer epoch of this log can say so."""
        mine = self._recovery.own_note()
        return tuple(notes) if mine is None or mine in notes else (*notes, mine)

    async def _hold(self, caller: str, wait: float) -> tuple[str, ...]:
        """Wait for news; the head of a newer epoch that somebody showed in the caller's own name, if one came."""
        waiting = _Waiting()
        self._waiting.setdefault(caller, []).append(waiting)
        try:
            async with asyncio.timeout(wait):
                await waiting.news.wait()
        except TimeoutError:
            pass
        finally:
            self._waiting[caller].remove(waiting)
            if not self._waiting[caller]:
                del self._waiting[caller]
        return waiting.told

    def _on_change(self, log: LogName, grown: bool) -> None:
        """News: answer those who wait, and push to three of the others. Heartbeats travel by ordinary rounds."""
        if not grown:
            return
        raw = self._replicas.raw.get(log, b"")
        subject = f"head {log}"
        for everybody in self._waiting.values():
            for waiting in everybody:
                waiting.news.set()
        rest = [n for n in self.peers if n not in self._waiting and not (raw and self._peering.has(n, subject, raw))]
        for name in self._random.sample(rest, min(limits.FAN_OUT, len(rest))):
            self.pushes(name).set()


class _Waiting:
    """One held request."""

    def __init__(self) -> None:
        self.news = asyncio.Event()
        self.told: tuple[str, ...] = ()


class _Page(NamedTuple):
    cursor: str
    notes: tuple[str, ...]
    more: bool


class _Outgoing(NamedTuple):
    notes: list[StoredNote]
    position: int
    more: bool


def _log_of(subject: str) -> LogName | None:
    kind, _, name = subject.partition(" ")
    node, _, log = name.partition("/")
    return LogName(node, log) if kind == "head" else None


def _small_frames(tx: Transaction, wanted: Sequence[tuple[heads.Head, int]]) -> str:
    parts: list[bytes] = []
    room = limits.FRAMES_BODY // 2
    for head, start in wanted:
        lines = list(lines_of(tx, head.log, start, head.size - start))
        part = frames.encode(head.log, start, lines, len(lines))
        room -= len(part)
        if room < 0 or len(lines) != head.size - start:
            break
        try:
            part.decode("utf-8")
        except UnicodeDecodeError:
            continue
        parts.append(part)
    return b"".join(parts).decode("utf-8")
