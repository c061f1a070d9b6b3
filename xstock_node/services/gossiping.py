"""Gossip: answering a peer's round, and making rounds of our own.

One round is push and pull at once: our notes since what the peer acknowledged, its notes since the cursor it gave.
A held round is answered when there is news. News goes to three peers at once that are not waiting for it already.
"""

import asyncio
from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

from xstock_node.protocol import frames, gossip, heads, limits
from xstock_node.protocol.errors import KeyUnknown, NotFound, ProtocolError
from xstock_node.protocol.gossip import (
    BucketRequest,
    BucketResponse,
    GossipRequest,
    GossipResponse,
    PullRequest,
    Range,
    Want,
)
from xstock_node.protocol.names import AUDIT, LogName, parse_log_id
from xstock_node.protocol.peer import Peer
from xstock_node.services.holding import Holding
from xstock_node.services.learning import Learning
from xstock_node.services.membership import Membership
from xstock_node.services.peering import Peering
from xstock_node.services.pulling import pull_patiently
from xstock_node.services.pushing import pushed_frames
from xstock_node.services.receiving import Plan
from xstock_node.services.recovering import Recovery
from xstock_node.services.replicas import Replicas, carried_frames
from xstock_node.services.serving import lines_of
from xstock_node.services.walking import Walking
from xstock_node.storage.errors import StorageError
from xstock_node.storage.interfaces import Engine, StoredNote, Transaction
from xstock_node.trace import Trace

FRAME_RECORDS = 64
SMALL_AT_ONCE = 64  # logs whose small gaps one pull fetches
SHARED_GAP = 4_096  # records above which several peers are asked at once
MOST_PATIENCE = 64
INTRODUCED_EVERY = 60.0
PAGES_A_ROUND = 256  # a peer that always has more is left for the next round
FIRST_KINDS = ("charter", "identity")


class Gossip:
    """The gossip of one node in one network."""

    def __init__(
        self,
        engine: Engine,
        membership: Membership,
        replicas: Replicas,
        peering: Peering,
        recovery: Recovery,
        learning: Learning,
        holding: Holding,
        random: Random,
        trace: Trace,
    ) -> None:
        self.peers: dict[str, Peer] = {}
        self.heard: Callable[[str], None] = lambda name: None
        self.listeners: list[Callable[[str], None]] = []
        self.mail: Callable[[str], int] = lambda name: 0
        self.told_of_mail: Callable[[Peer], None] = lambda peer: None
        self._network, self._engine, self._membership = membership.network, engine, membership
        self._replicas, self._peering, self._recovery = replicas, peering, recovery
        self._learning, self._holding, self._random, self._trace = learning, holding, random, trace
        self._fetches: set[asyncio.Task[bool]] = set()
        self._drained_but_different: dict[str, tuple[int, int]] = {}
        self._in_vain: frozenset[str] = frozenset()
        self._introduced: dict[str, float] = {}
        self._answered: dict[str, _Page] = {}
        self._journal = ""
        self._walking = Walking(membership.network, replicas, self._learn_and_fetch, self._push, peering.steady)
        replicas.changed = self._on_change
        learning.fetch = self._fetch

    async def load(self) -> None:
        """Read the journal's id, which is new with every new database."""
        self._journal = await self._engine.write(lambda tx: tx.journal.id(), durable=False)

    async def renew_journal(self) -> None:
        """Void every cursor that was given: the journal is that of an older copy."""
        self._journal = await self._engine.write(lambda tx: tx.journal.renew(), durable=True)

    async def answer(self, caller: str, request: GossipRequest, wait: float, now: int) -> GossipResponse:
        """Answer a peer's round; with `wait` > 0 hold the answer that long while there is nothing to say (xs1 11.8)."""
        if request.network != self._network:
            raise NotFound("a network of this node", request.network)
        self._want_known(caller)
        self._peering.check(caller)
        await self._peering.called(caller, now)
        self.heard(caller)
        for listener in self.listeners:
            listener(caller)
        plans = await self._learning.learn(caller, request.notes, request.frames)
        wants = self._wants(caller, plans)
        self._note_arrived(caller, request.cursor)
        drained = bool(request.all) and request.all == self._replicas.digest(caller)
        page = await self._page(caller, request.cursor, drained)
        told = self._learning.overtaken(caller)
        until = asyncio.get_running_loop().time() + wait
        while not page.notes and not wants and not told:
            left = until - asyncio.get_running_loop().time()
            if left <= 0:
                break
            told = await self._holding.hold(caller, left)
            self._want_known(caller)
            page = await self._page(caller, page.cursor, drained=False)
            if self.mail(caller):  # xs1 11.13
                break
        self._answered[caller] = page
        return GossipResponse(
            cursor=page.cursor,
            all=self._replicas.digest(caller),
            frames=await self._frames(caller, page.notes),
            notes=(*told, *(note.raw.decode() for note in page.notes)),
            want=wants,
            more=page.more,
            mail=self.mail(caller),
        )

    async def round(self, peer: Peer, now: int, wait: float = 0.0, fresh: bool = False) -> bool:
        """One round with a peer; True when neither side had news.

        With `fresh` the peer is asked as if for the first time: this folder may be older than the peer believes.
        """
        for _ in range(PAGES_A_ROUND):
            state = await self._peering.state(peer.name)
            outgoing = await self._outgoing(peer.name, state.acked)
            digest = self._replicas.digest(peer.name)
            request = GossipRequest(
                network=self._network,
                cursor="" if fresh else state.cursor,
                all=digest,
                notes=self._with_own_head([note.raw.decode() for note in outgoing.notes]),
                frames=await self._frames(peer.name, outgoing.notes),
            )
            response = await self._ask(peer, request, 0.0 if outgoing.notes else wait)
            self._acknowledge(peer.name, outgoing, response, now)
            await self._learn_and_fetch(peer.name, response.notes, response.frames)
            for want in response.want:
                await self._push(peer, want)
            if not response.more and not outgoing.more:
                break
            wait, fresh = 0.0, False
        if response.mail:
            self.told_of_mail(peer)
        same = response.all == self._replicas.digest(peer.name)
        news = bool(outgoing.notes) or any(not self._recovery.is_about_own(note) for note in response.notes)
        if self._is_stuck(peer.name, same or news):
            await self._walking.walk(peer)
        return not news

    async def _ask(self, peer: Peer, request: GossipRequest, wait: float) -> GossipResponse:
        try:
            return await peer.gossip(request, wait)
        except KeyUnknown:
            last, now = self._introduced.get(peer.name, -INTRODUCED_EVERY), asyncio.get_running_loop().time()
            if now - last < INTRODUCED_EVERY:
                raise
            self._introduced[peer.name] = now
            own = self._membership.own
            await peer.ask("PUT", f"/xs/1/id/{own.name}", own.raw)  # xs1 12.8
            return await peer.gossip(request, wait)

    async def close(self) -> None:
        """Stop what runs in the background."""
        for task in list(self._fetches):
            task.cancel()
        await asyncio.gather(*self._fetches, return_exceptions=True)

    async def take_up(self) -> None:
        """Somebody's standing changed: try what waited for it, and fetch what that asks for."""
        self._replicas.forget_digest()
        for caller, plan in await self._learning.learn_waiting():
            await self._fetch(plan, caller)

    async def buckets(self, caller: str, request: BucketRequest) -> BucketResponse:
        """What a peer compares when cursors are drained and digests still differ (xs1 11.12)."""
        self._want_known(caller)
        return self._walking.buckets(caller, request)

    async def _learn_and_fetch(self, name: str, notes: Sequence[str], carried: str = "") -> None:
        for plan in await self._fetch_small(await self._learning.learn(name, notes, carried), name):
            await self._fetch(plan, name)

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

    def _note_arrived(self, caller: str, cursor: str) -> None:
        """A caller that comes with the cursor of our last answer holds what that told."""
        last = self._answered.pop(caller, None)
        if last is None or last.cursor != cursor:
            return
        for note in last.notes:
            log = _log_of(note.subject)
            if log is not None and self._replicas.raw.get(log) == note.raw:
                self._peering.showed(caller, self._replicas.heads[log])

    def _want_known(self, caller: str) -> None:
        """Absent and forbidden look alike: who has no standing in this network finds none (xs1 11.11, 14.12)."""
        if self._membership.standing(caller) is None:
            raise NotFound("a network of this node", self._network)

    async def _fetch(self, plan: Plan, first: str) -> bool:
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

    def _wants(self, caller: str, plans: Sequence[Plan]) -> tuple[Want, ...]:
        """Fetch from a caller that can be dialled; ask one that cannot, or from whom it was in vain, to push.

        See xs1 11.7.
        """
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
        new = [n for n in found if self._shows(caller, n) and not self._peering.holds(caller, n.subject, n.raw)]
        new.sort(key=_comes_later)
        if not more:
            asides = (await self._recovery.asides_for(caller))[: limits.ASIDES_TOLD]
            new += [n for n in asides if self._peering.aside_is_due(caller, n.subject)]
        for note in new:
            self._peering.told(caller, note.subject, note.raw)
        end = found[-1].position if found else position
        return _Page(gossip.cursor(self._journal, end), tuple(new), more)

    async def _notes_since(self, position: int) -> tuple[list[StoredNote], bool]:
        """One page of the journal, bounded in notes and bytes, and whether there is more (xs1 11.5)."""
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
        new = [note for note in new if not self._recovery.is_waiting(_log_of(note.subject)) and self._shows(name, note)]
        return _Outgoing(sorted(new, key=_comes_later), position, more)

    def _shows(self, name: str, note: StoredNote) -> bool:
        """Whether a note is of this network and for the eyes of a peer."""
        kind, _, about = note.subject.partition(" ")
        if kind == "identity":
            return self._membership.standing(about) is not None
        if kind == "charter":
            return about.partition(" ")[0] == self._network
        log = _log_of(note.subject)
        return log is not None and self._membership.sees(name, log)

    async def _frames(self, name: str, notes: Sequence[StoredNote]) -> str:
        """Records that the peer lacks of the heads that are sent, where they are few and small (xs1 11.6)."""
        wanted: list[tuple[heads.Head, int]] = []
        for note in notes:
            log = _log_of(note.subject)
            head = self._replicas.heads.get(log) if log else None
            shown = self._peering.shown_by(name, log) if log else None
            if head is None or shown is None or shown[0] != head.log.epoch or head.log.name.label == AUDIT:
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

    def _is_stuck(self, name: str, fine: bool) -> bool:
        """Cursors drained and still different, twice. Peers that know different origins differ for good, so that
        each walk in vain doubles the patience."""
        count, patience = self._drained_but_different.get(name, (0, 2))
        self._drained_but_different[name] = (0, 2) if fine else (count + 1, patience)
        if fine or count + 1 < patience:
            return False
        self._drained_but_different[name] = (0, min(patience * 2, MOST_PATIENCE))
        return True

    async def _push(self, peer: Peer, want: Want) -> None:
        log = parse_log_id(want.log)
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

    def _with_own_head(self, notes: list[str]) -> tuple[str, ...]:
        """Every round shows own heads: a peer that knows a newer epoch of one can say so."""
        return (*notes, *(mine for mine in self._recovery.own_notes() if mine not in notes))

    def _on_change(self, log: LogName, grown: bool) -> None:
        """News: answer those who wait, and push to three of the others. Heartbeats travel by ordinary rounds, and so
        do heads of audit logs, which their witnesses have already (xs1 18.2)."""
        if not grown or (log.log and log.label == AUDIT):
            return
        raw, subject = self._replicas.raw.get(log, b""), f"head {log}"
        secret = bool(log.log) and not log.is_for_all

        def concerns(name: str) -> bool:
            if secret and not self._membership.sees(name, log):
                return False
            return not (raw and self._peering.has(name, subject, raw))

        self._holding.spread(self.peers, concerns)


class _Page(NamedTuple):
    cursor: str
    notes: tuple[StoredNote, ...]
    more: bool


class _Outgoing(NamedTuple):
    notes: list[StoredNote]
    position: int
    more: bool


def _log_of(subject: str) -> LogName | None:
    """The log of a head or fork statement."""
    kind, _, name = subject.partition(" ")
    if kind == "fork":
        return parse_log_id(name).name
    node, _, log = name.partition("/")
    return LogName(node, log) if kind == "head" else None


def _comes_later(note: StoredNote) -> bool:
    """Charters and identities come first (xs1 11.2)."""
    return note.subject.partition(" ")[0] not in FIRST_KINDS


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
