"""Gossip: answering a peer's round, and making rounds of our own.

One round is push and pull at once: our notes since what the peer acknowledged, its notes since the cursor it gave.
A held round is answered when there is news. News goes to three peers at once that are not waiting for it already.
"""

import asyncio
from collections.abc import Callable, Mapping
from random import Random

from xstock_node.protocol.errors import KeyUnknown, NotFound
from xstock_node.protocol.gossip import BucketRequest, BucketResponse, GossipRequest, GossipResponse
from xstock_node.protocol.names import AUDIT, LogName
from xstock_node.protocol.peer import Peer
from xstock_node.services.feed import Feed, Outgoing, Page, log_of
from xstock_node.services.fetching import Fetching
from xstock_node.services.holding import Holding
from xstock_node.services.learning import Learning
from xstock_node.services.membership import Membership
from xstock_node.services.peering import Peering
from xstock_node.services.recovering import Recovery
from xstock_node.services.replicas import Replicas
from xstock_node.services.walking import Walking
from xstock_node.storage.interfaces import Engine
from xstock_node.trace import Trace

MOST_PATIENCE = 64
INTRODUCED_EVERY = 60.0
PAGES_A_ROUND = 256  # a peer that always has more is left for the next round


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
        self.heard: Callable[[str], None] = lambda name: None
        self.listeners: list[Callable[[str], None]] = []
        self.mail: Callable[[str], int] = lambda name: 0
        self.told_of_mail: Callable[[Peer], None] = lambda peer: None
        self._network, self._engine, self._membership = membership.network, engine, membership
        self._replicas, self._peering, self._recovery = replicas, peering, recovery
        self._learning, self._holding = learning, holding
        self.feed = Feed(engine, membership, replicas, peering, recovery)
        self._fetching = Fetching(engine, membership, replicas, peering, learning, random, trace)
        self._drained_but_different: dict[str, tuple[int, int]] = {}
        self._introduced: dict[str, float] = {}
        self._answered: dict[str, Page] = {}
        self._mail_told: dict[str, int] = {}
        self._walking = Walking(
            membership.network, replicas, self._fetching.learn_and_fetch, self._fetching.push, peering.steady
        )
        replicas.changed = self._on_change
        learning.fetch = self._fetching.fetch

    @property
    def peers(self) -> Mapping[str, Peer]:
        """The peers that can be dialled, by name."""
        return self._fetching.peers

    @peers.setter
    def peers(self, found: Mapping[str, Peer]) -> None:
        self._fetching.peers = found

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
        wants = self._fetching.wants(caller, plans)
        self._note_arrived(caller, request.cursor)
        drained = bool(request.all) and request.all == self._replicas.digest(caller)
        page = await self.feed.page(caller, request.cursor, drained)
        told = self._learning.overtaken(caller)
        until = asyncio.get_running_loop().time() + wait
        while not (page.notes or wants or told or self._has_new_mail(caller)):
            left = until - asyncio.get_running_loop().time()
            if left <= 0:
                break
            told = await self._holding.hold(caller, left)
            self._want_known(caller)
            page = await self.feed.page(caller, page.cursor, drained=False)
        self._answered[caller], self._mail_told[caller] = page, self.mail(caller)
        return GossipResponse(
            cursor=page.cursor,
            all=self._replicas.digest(caller),
            frames=await self.feed.frames(caller, page.notes),
            notes=(*told, *(note.raw.decode() for note in page.notes)),
            want=wants,
            more=page.more,
            mail=self._mail_told[caller],
        )

    def _has_new_mail(self, caller: str) -> bool:
        """Whether mail waits here that the caller was not told of; told once, it may take its time (xs1 11.13)."""
        return self.mail(caller) not in (0, self._mail_told.get(caller, 0))

    async def round(self, peer: Peer, now: int, wait: float = 0.0, fresh: bool = False) -> bool:
        """One round with a peer; True when neither side had news.

        With `fresh` the peer is asked as if for the first time: this folder may be older than the peer believes.
        """
        for _ in range(PAGES_A_ROUND):
            state = await self._peering.state(peer.name)
            outgoing = await self.feed.outgoing(peer.name, state.acked)
            digest = self._replicas.digest(peer.name)
            request = GossipRequest(
                network=self._network,
                cursor="" if fresh else state.cursor,
                all=digest,
                notes=self._with_own_head([note.raw.decode() for note in outgoing.notes]),
                frames=await self.feed.frames(peer.name, outgoing.notes),
            )
            response = await self._ask(peer, request, 0.0 if outgoing.notes else wait)
            self._acknowledge(peer.name, outgoing, response, now)
            await self._fetching.learn_and_fetch(peer.name, response.notes, response.frames)
            for want in response.want:
                await self._fetching.push(peer, want)
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
        await self._fetching.close()

    async def take_up(self) -> None:
        """Somebody's standing changed: try what waited for it, and fetch what that asks for."""
        self._replicas.forget_digest()
        for caller, plan in await self._learning.learn_waiting():
            await self._fetching.fetch(plan, caller)

    async def buckets(self, caller: str, request: BucketRequest) -> BucketResponse:
        """What a peer compares when cursors are drained and digests still differ (xs1 11.12)."""
        self._want_known(caller)
        return self._walking.buckets(caller, request)

    def _note_arrived(self, caller: str, cursor: str) -> None:
        """A caller that comes with the cursor of our last answer holds what that told."""
        last = self._answered.pop(caller, None)
        if last is None or last.cursor != cursor:
            return
        for note in last.notes:
            log = log_of(note.subject)
            if log is not None and self._replicas.raw.get(log) == note.raw:
                self._peering.showed(caller, self._replicas.heads[log])

    def _want_known(self, caller: str) -> None:
        """Absent and forbidden look alike: who has no standing in this network finds none (xs1 11.11, 14.12)."""
        if self._membership.standing(caller) is None:
            raise NotFound("a network of this node", self._network)

    def _acknowledge(self, name: str, outgoing: Outgoing, response: GossipResponse, now: int) -> None:
        for note in outgoing.notes:
            self._peering.gave(name, note.subject, note.raw)
            log = log_of(note.subject)
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
