"""A node: its stores, its own log, its replicas, and the loops that keep it in touch with its peers."""

import asyncio
from collections.abc import Iterable, Mapping
from random import Random

from xstock_node.protocol import identity, keys, limits
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.heads import Head
from xstock_node.protocol.identity import Identity
from xstock_node.protocol.names import LogName
from xstock_node.protocol.peer import Peer
from xstock_node.protocol.quota import TokenBucket
from xstock_node.services.clock import Clock
from xstock_node.services.directory import Directory
from xstock_node.services.errors import Refusal
from xstock_node.services.gossiping import Gossip
from xstock_node.services.ownlog import OwnLog
from xstock_node.services.peering import Peering
from xstock_node.services.recovering import Recovery
from xstock_node.services.replicas import Replicas
from xstock_node.storage.errors import StorageError
from xstock_node.storage.interfaces import Engine
from xstock_node.trace import Trace

START_UP_SECONDS = 5.0
SAVE_SECONDS = 5.0


class Node:
    """One node in one network. `log` is the log's name in every node of it, such as `see.pub` or `see.x-demo`."""

    def __init__(
        self,
        own: Identity,
        signer: keys.Signer,
        log: str,
        engine: Engine,
        pinned: Iterable[Identity],
        clock: Clock,
        random: Random,
        trace: Trace,
    ) -> None:
        self.identity, self.signer, self.engine = own, signer, engine
        self.clock, self.random, self.trace = clock, random, trace
        self.log = LogName(own.name, log)
        self.directory = Directory(own, pinned)
        self.peering = Peering(engine, clock.now, clock.steady, trace)
        self.own = OwnLog(engine, self.log, signer, clock.now, clock.steady)
        self.replicas = Replicas(engine, log, self.directory, clock.now, self.peering.refuse)
        recovery = Recovery(engine, self.own, self.signed, trace)
        network = self.log.network
        self.gossip = Gossip(network, engine, self.replicas, self.peering, self.directory, recovery, random, trace)
        self._recovery = recovery
        self._tasks: list[asyncio.Task[None]] = []
        self._retry: dict[str, asyncio.Event] = {}
        self._failing: set[str] = set()
        self.gossip.heard = self._heard

    async def load(self) -> None:
        """Read what storage holds; nothing is signed and nobody is called."""
        await self.gossip.load()
        await self.replicas.load()
        await self._load_identities()

    async def start(self, peers: Mapping[str, Peer]) -> None:
        """Ask peers for own records, open a new epoch, and begin to gossip."""
        self.gossip.peers = dict(peers)
        await self.load()
        before = self.replicas.raw.get(self.log)
        await self._ask_before_opening()
        if self.replicas.raw.get(self.log) != before:
            # Peers held newer own heads than this folder: it is an older copy, and so is its journal.
            await self.gossip.renew_journal()
        opened = await self.own.open()
        if opened.log.epoch >= self.clock.now():
            # A second process of a lost or copied folder must not find the same second: it would be the same epoch.
            await asyncio.sleep(1.0)
        await self._publish_identity()
        self.signed(opened)
        await self._recovery.append_own_asides()
        for index, peer in enumerate(self.gossip.peers.values()):
            self._tasks.append(asyncio.ensure_future(self._attend(peer, held=index < limits.HELD_AT)))
            self._tasks.append(asyncio.ensure_future(self._push_to(peer)))
        self._tasks.append(asyncio.ensure_future(self._keep_house()))

    async def stop(self) -> None:
        """Stop the loops and close storage."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        await self.gossip.close()
        await self._recovery.close()
        await self.peering.save()
        await self.engine.close()

    def signed(self, head: Head) -> None:
        """Tell the peers about the newest head of the own log, which is `head` or one signed since."""
        self.replicas.note(self.own.head or head, self.own.note)

    async def _publish_identity(self) -> None:
        subject, raw = f"identity {self.identity.name}", self.identity.raw
        held = await self.engine.read(lambda tx: {n.subject: n.raw for n in tx.journal.since(0, 100_000)})
        if held.get(subject) != raw:
            await self.engine.write(lambda tx: tx.journal.put(subject, raw), durable=True)

    async def _load_identities(self) -> None:
        for note in await self.engine.read(lambda tx: tx.journal.since(0, 100_000)):
            if note.subject.startswith("identity "):
                try:
                    self.directory.renew(note.raw)
                except ProtocolError as error:
                    self.trace.warning("identity-not-taken", about=note.subject, why=error.sentence())

    async def _ask_before_opening(self) -> None:
        """One round with whoever answers: a peer may hold newer heads of the own log than this folder."""

        async def ask(peer: Peer) -> None:
            try:
                async with asyncio.timeout(START_UP_SECONDS):
                    await self.gossip.round(peer, self.clock.now(), fresh=True)
            except (ProtocolError, TimeoutError) as error:
                self.trace.info("peer-silent-at-start", peer=peer.name, why=str(error))

        await asyncio.gather(*(ask(peer) for peer in self.gossip.peers.values()))

    async def _attend(self, peer: Peer, held: bool) -> None:
        """Rounds with one peer for ever: held where possible, else every 30 s to 5 min with jitter."""
        hold, period, failures = limits.HOLD_FIRST, limits.ROUND, 0
        retry = self._retry.setdefault(peer.name, asyncio.Event())
        at_once = TokenBucket(rate=1, burst=20)
        while True:
            began = self.clock.steady()
            try:
                quiet = await self.gossip.round(peer, self.clock.now(), hold if held else 0.0)
                failures = 0
                hold = min(hold * 2, limits.HOLD_MAX) if quiet else limits.HOLD_FIRST
                period = min(period * 2, limits.ROUND_MAX) if quiet else limits.ROUND
                self._failing.discard(peer.name)
                early = quiet and self.clock.steady() - began < limits.HOLD_FIRST / 2
                pause = self._jitter(period) if not held or early else at_once.take(1, self.clock.steady())
            except Exception as error:  # whatever a peer provokes, the loop goes on
                self._defect(error)
                failures += 1
                self._failing.add(peer.name)
                longest = min(limits.BACK_OFF * 2 ** (failures - 1), limits.BACK_OFF_MAX)
                pause = self.random.uniform(0.5, longest)
                self.trace.info("round-failed", peer=peer.name, why=str(error), next_in=round(pause, 1))
            retry.clear()
            try:
                async with asyncio.timeout(max(pause, 0.05)):
                    await retry.wait()
            except TimeoutError:
                pass

    async def _push_to(self, peer: Peer) -> None:
        """Rounds at once when there is news for a peer; what comes meanwhile goes with the next."""
        event = self.gossip.pushes(peer.name)
        while True:
            await event.wait()
            event.clear()
            try:
                await self.gossip.round(peer, self.clock.now())
            except Exception as error:  # as above
                self._defect(error)
                self.trace.info("push-failed", peer=peer.name, why=str(error))
            await asyncio.sleep(limits.MERGE)

    async def _keep_house(self) -> None:
        beat = self.clock.steady()
        while True:
            await asyncio.sleep(SAVE_SECONDS)
            try:
                await self.peering.save()
                if self.clock.steady() - beat >= limits.HEARTBEAT and not self.own.halted:
                    beat = self.clock.steady()
                    self.signed(await self.own.heartbeat())
            except Exception as error:  # the house is kept again at the next beat
                self._defect(error)
                self.trace.error("house-not-kept", why=str(error))

    def _defect(self, error: Exception) -> None:
        """An exception that is none of ours is a defect of the program: say so, where it can be found."""
        if not isinstance(error, ProtocolError | StorageError | Refusal):
            self.trace.error("defect", why=f"{type(error).__name__}: {error}")

    def _jitter(self, seconds: float) -> float:
        return seconds * self.random.uniform(0.5, 1.5)

    def _heard(self, name: str) -> None:
        """A peer that calls can probably be called: do not wait out the back-off."""
        event = self._retry.get(name)
        if event is not None and name in self._failing:
            event.set()


def pinned_identity(raw: bytes, name: str) -> Identity:
    """A pinned identity file; it must be that of `name`."""
    found = identity.parse(raw)
    if found.name != name:
        raise ProtocolError(f"the identity of {name}", found.name, "check which file is pinned")
    return found
