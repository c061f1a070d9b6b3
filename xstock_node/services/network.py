"""One network as this node takes part in it: who belongs, what is held, own logs, and the rounds with its peers."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from random import Random

from xstock_node.protocol import heads, keys, limits
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.identity import Identity
from xstock_node.protocol.membership import root_hash
from xstock_node.protocol.names import AUDIT, LogName, log_name
from xstock_node.protocol.peer import Peer
from xstock_node.services.clock import Clock
from xstock_node.services.directory import Directory
from xstock_node.services.gossiping import Gossip
from xstock_node.services.holding import Holding
from xstock_node.services.learning import Learning
from xstock_node.services.membership import Membership
from xstock_node.services.ownlog import Halt, OwnLog
from xstock_node.services.peering import Peering
from xstock_node.services.recovering import Recovery
from xstock_node.services.replicas import Replicas
from xstock_node.services.rounds import Rounds
from xstock_node.services.windowing import Windowing
from xstock_node.storage.errors import StorageError
from xstock_node.storage.interfaces import Engine
from xstock_node.trace import Trace

START_UP_SECONDS = 5.0
LOOK_EVERY = 60.0  # seconds between two searches for identities that are missing
LOOKED_FOR, ASKED = 64, 4  # how many at once, and at how many peers each
Dial = Callable[[Identity], Peer | None]


class Network:
    """`shared` is the own log that every member reads, such as `see.pub` or `see.x-demo`."""

    def __init__(
        self,
        shared: LogName,
        signer: keys.Signer,
        engine: Engine,
        directory: Directory,
        pinned: Iterable[Identity],
        halt: Halt,
        clock: Clock,
        random: Random,
        trace: Trace,
    ) -> None:
        self.name, self.shared = shared.network, shared
        self.dial: Dial = lambda found: None
        self.start_number = 0
        self.was_restored = ""
        self._signer, self._engine, self._halt, self._clock, self._trace = signer, engine, halt, clock, trace
        self._directory = directory
        self._pins: dict[str, Peer] = {}
        self._dialled: dict[str, Peer] = {}
        self._settling: asyncio.Task[None] | None = None
        self._unsettled, self._begun = False, False
        self._looked = -LOOK_EVERY
        self.peering = Peering(engine, self.name, clock.now, clock.steady, trace)
        self.membership = Membership(engine, self.name, directory.own, pinned, clock.now, trace)
        self.membership.objections = self._objections
        self.replicas = Replicas(engine, directory, self.membership, clock.now, self.peering.refuse)
        self.logs: dict[LogName, OwnLog] = {}
        self.own = self._add_log(shared)
        self.recovery = Recovery(
            engine, self.logs, lambda name: self.gossip.peers.get(name), self.signed, trace, self._counts
        )
        self.holding = Holding(random)
        self.learning = Learning(
            engine,
            self.membership,
            directory,
            self.replicas,
            self.peering,
            self.recovery,
            self.holding,
            clock.now,
            trace,
        )
        self.gossip = Gossip(
            engine,
            self.membership,
            self.replicas,
            self.peering,
            self.recovery,
            self.learning,
            self.holding,
            random,
            trace,
        )
        self.windowing = Windowing(engine, clock.now, clock.steady, random)
        self.rounds = Rounds(self.gossip, self.holding, clock, random, trace)
        self.membership.changed = self._on_standing
        directory.listeners.append(self._on_identity)

    async def load(self) -> None:
        """Read what storage holds of this network; nothing is signed and nobody is called."""
        await self.gossip.feed.load()
        await self.membership.load()
        await self.replicas.load()
        for state in await self._engine.read(lambda tx: tx.logs.states()):
            if state.log.node == self.shared.node and state.log.network == self.name and state.log not in self.logs:
                self._add_log(state.log)

    async def ask_before_opening(self, pins: Mapping[str, Peer]) -> None:
        """One round with whoever answers: a peer may hold newer heads of own logs than this folder."""
        self._pins = dict(pins)
        self.gossip.peers = self._dialable()
        before = dict(self.replicas.raw)

        async def ask(peer: Peer) -> None:
            try:
                async with asyncio.timeout(START_UP_SECONDS):
                    await self.gossip.round(peer, self._clock.now(), fresh=True)
            except (ProtocolError, TimeoutError) as error:
                self._trace.info("peer-silent-at-start", peer=peer.name, why=str(error))

        await asyncio.gather(*(ask(peer) for peer in self.gossip.peers.values()))
        newer = [
            f"{log}: {_in_words(self.replicas.raw.get(log))}, here {_in_words(before.get(log))}"
            for log in self.logs  # the audit log may have grown by a receipt since; peers' heads of it are kept apart
            if log.label != AUDIT and self.replicas.raw.get(log) != before.get(log)
        ]
        newer += ["the audit log"] if await self._lost_audit() else []
        newer += ["an identity that fixes an epoch"] if await self._is_new_after_theft() else []
        if newer:  # this folder is an older copy, and so is its journal
            self.was_restored = f"peers held newer heads than this folder: {', '.join(newer)}"
            await self.gossip.feed.renew_journal()

    async def _lost_audit(self) -> bool:
        """Whether peers hold a head of this node's audit log that goes beyond what is stored here."""
        seen = self.replicas.own_audit
        if seen is None:
            return False
        state = await self._engine.read(lambda tx: tx.logs.state(seen.log.name))
        return state is None or (seen.log.epoch, seen.size) > (state.epoch, state.frontier.size)

    async def _is_new_after_theft(self) -> bool:
        """Whether this is the first start since the identity fixed an epoch: a thief may have spoken in our name."""
        return self._directory.own.statement.epoch > await self.last_epoch()

    async def last_epoch(self) -> int:
        """The highest epoch of own logs in storage."""
        states = await self._engine.read(lambda tx: [tx.logs.state(log) for log in self.logs])
        seen = self.replicas.own_audit
        return max([state.epoch for state in states if state is not None] + [seen.log.epoch if seen else 0])

    async def open(self, epoch: int) -> None:
        """Open the epoch of this start in every own log."""
        self.start_number = epoch
        for name, log in self.logs.items():
            state = None if name.is_for_all else await self._engine.read(lambda tx, n=name: tx.logs.state(n))  # type: ignore[misc]
            if name.is_for_all or (state is not None and state.frontier.size):  # xs1 15.1
                await log.open(epoch)

    async def begin(self) -> None:
        """Show own heads, append again what was cut off, and begin the rounds."""
        for log in self.logs.values():
            self.signed(log)
        await self.recovery.append_own_asides()
        self.rounds.begin(self._pins)
        self.rounds.reconcile(self._dialable())
        self._begun = True

    async def stop(self) -> None:
        """Stop the loops and save what is known of peers."""
        self._begun = False
        if self._settling is not None:
            self._settling.cancel()
            await asyncio.gather(self._settling, return_exceptions=True)
        await self.rounds.stop()
        await self.gossip.close()
        await self.recovery.close()
        try:
            await self.peering.save()
        except StorageError as error:  # a lost state only costs notes sent twice
            self._trace.info("peers-not-saved", why=str(error))

    async def own_log(self, label: str) -> OwnLog:
        """An own log by its label; opened in the epoch of this start where it is new."""
        log = self.add_log(label)
        if log.head is None:
            await log.open()
            self.signed(log)
        return log

    def add_log(self, label: str) -> OwnLog:
        """An own log by its label, which may not be open yet: its first append opens it."""
        name = LogName(self.shared.node, log_name(self.name, label))
        return self.logs.get(name) or self._add_log(name)

    def signed(self, log: OwnLog, quietly: bool = False) -> None:
        """Tell the peers about the newest head of an own log; quietly: when they next ask."""
        if log.head is not None:
            if log.audience:
                self.membership.rules(log.log, log.audience)
            self.replicas.note(log.head, log.note, changed=not quietly)

    async def beat(self) -> None:
        """A heartbeat of every own log (xs1 6.7)."""
        for log in self.logs.values():
            if log.head is not None:  # an audience log that says nothing yet is not shown
                await log.heartbeat()
                self.signed(log)

    async def keep_house(self) -> None:
        """What is done now and then: save the book about peers, look who can be dialled and whom nobody knows yet."""
        await self.peering.save()
        await self.replicas.voiding.again()
        await self._continue_audit()
        self.membership.standings()
        self.rounds.reconcile(self._dialable())
        for log in list(self.logs.values()):
            if await self.windowing.slide(log):
                self.signed(log)
        now = self._clock.steady()
        if self._lacking() and now - self._looked >= LOOK_EVERY:
            self._looked = now
            self._on_standing()

    async def _continue_audit(self) -> None:
        """Peers hold a head of an audit log that this folder lost: it goes on in the epoch of this start."""
        if self.replicas.own_audit is not None and self.start_number and not self._halt.why:
            await self.own_log(AUDIT)

    def _on_identity(self, found: Identity) -> None:
        """A newer identity: what it voids counts no more, neither in logs nor as what peers have shown."""
        self.replicas.voiding.note(found)
        if found.statement.epoch:
            self.peering.forget_shown(found.name)

    def _lacking(self) -> list[str]:
        """Members whose identity nobody has sent yet."""
        return self._directory.lacks(n for n, s in self.membership.standings().items() if s.is_member)

    def _add_log(self, name: LogName) -> OwnLog:
        clock = self._clock
        log = OwnLog(self._engine, name, self._signer, clock.now, clock.steady, self._halt, lambda: self.start_number)
        self.logs[name] = log
        return log

    def _dialable(self) -> dict[str, Peer]:
        """The pins that are dialled, and every member whose identity says where."""
        found = dict(self._pins)
        for name, standing in self.membership.standings().items():
            identity = self._directory.get(name)
            if name in found or identity is None or name == self.shared.node or name in self._directory.pinned:
                continue
            if not (standing.is_member and identity.url()):
                continue
            held = self._dialled.get(name)
            if held is None or getattr(held, "url", "") != identity.url():
                peer = self.dial(identity)
                if peer is None:
                    continue
                held = self._dialled[name] = peer
            found[name] = held
        return found

    @property
    def heartbeat(self) -> int:
        """Seconds between two heartbeats: as the charter says."""
        charter = self.membership.charter
        return charter.terms.heartbeat if charter else limits.HEARTBEAT

    def _objections(self, name: str) -> tuple[str, ...]:
        """Root keys that the owner of a name contests (xs1 14.8)."""
        known = self._directory.get(name)
        return known.statement.objects if known else ()

    def _counts(self, head: bytes) -> bool:
        """Whether a head's signature is by a key that its origin's newest identity lists (xs1 12.5)."""
        try:
            return self._directory.verify_head(*heads.parse(head))
        except ProtocolError:
            return False

    def _on_standing(self) -> None:
        """Somebody joined, left or changed: what waited for it is tried again."""
        self.replicas.forget_digest()
        for name, standing in self.membership.standings().items():
            known = self._directory.get(name)
            if known is not None and standing.is_member and root_hash(known.root) != standing.root:
                self._directory.forget(name)
        self._unsettled = True
        if self._settling is None or self._settling.done():
            try:
                self._settling = asyncio.get_running_loop().create_task(self._settle())
            except RuntimeError:
                return  # loaded outside a loop: nothing waits yet

    async def _settle(self) -> None:
        while self._unsettled:
            self._unsettled = False
            await self._find_identities()
            if self._begun:  # who was let in just now is called at once, not at the next look
                self.rounds.reconcile(self._dialable())
            await self.gossip.take_up()

    async def _find_identities(self) -> None:
        """Ask peers for the identities of members that nobody has sent yet (xs1 10.2)."""
        standings = self.membership.standings()
        for name in self._lacking()[:LOOKED_FOR]:
            order = [v for v in standings[name].vouchers if v in self.gossip.peers]
            rest = [n for n in self.gossip.peers if n not in order]
            for peer_name in [*order, *rest][:ASKED]:
                try:
                    raw = await self.gossip.peers[peer_name].ask("GET", f"/xs/1/identity/{name}")
                    await self.learning.learn(peer_name, [raw.decode("utf-8", "replace")])
                    break
                except ProtocolError:
                    continue


def _in_words(raw: bytes | None) -> str:
    """A head in words."""
    if not raw:
        return "no head"
    head = heads.parse(raw)[0]
    return f"{head.size} of epoch {head.log.epoch} at {head.time}"
