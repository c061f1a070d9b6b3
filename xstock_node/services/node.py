"""A node: its identity, its database, and the networks that it takes part in."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from random import Random

from xstock_node.protocol import identity, keys, limits
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.identity import Identity
from xstock_node.protocol.names import LogName, log_name
from xstock_node.protocol.peer import Peer
from xstock_node.protocol.sealing import SealingKey
from xstock_node.services import calling_back, enrolling, introducing
from xstock_node.services.backup.keeping import Keeping
from xstock_node.services.clock import Clock
from xstock_node.services.correspondence import Correspondence
from xstock_node.services.damage import DamageBook
from xstock_node.services.directory import Directory
from xstock_node.services.errors import Refusal
from xstock_node.services.gossiping import Gossip
from xstock_node.services.network import Dial, Network
from xstock_node.services.offsets import Offsets
from xstock_node.services.outside import Nowhere, Outside
from xstock_node.services.ownlog import Halt, OwnLog
from xstock_node.services.peering import Peering
from xstock_node.services.replicas import Replicas
from xstock_node.services.site import Small
from xstock_node.storage.choosing import Shared
from xstock_node.storage.errors import StorageError
from xstock_node.storage.interfaces import Engine
from xstock_node.trace import Trace

SECOND = 1.0  # of an epoch (xs1 7.1)
SAVE_SECONDS = 5.0
COMPACT_SECONDS = 600.0  # at least between two compactions, which write the whole database anew


class Node:
    """One node. `log` is the shared log of its home network, such as `see.pub`; `also` those of further networks.

    `sealing` are the keys that open sealed mail.
    """

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
        also: Sequence[str] = (),
        sealing: Sequence[SealingKey] = (),
    ) -> None:
        self.identity, self.signer, self.engine = own, signer, engine
        self.clock, self.random, self.trace = clock, random, trace
        pins = list(pinned)
        self.directory = Directory(own, pins)
        self.offsets = Offsets(clock.now)
        self.outside: Outside = Nowhere()
        self.keeping: Keeping | None = None
        self._halt = Halt()
        self.networks: dict[str, Network] = {}
        self._pins, self._epoch = pins, 0
        self._dial: Dial = _dials_nobody
        for shared in (log, *also):
            self._add(LogName(own.name, shared))
        self.home = self.networks[LogName(own.name, log).network]
        self.directory.admits = lambda found: any(n.membership.admits(found) for n in self.networks.values())
        self.correspondence = Correspondence(self, sealing)
        self.damage = DamageBook()
        self._house: asyncio.Task[None] | None = None
        self._compacted = -COMPACT_SECONDS

    @property
    def log(self) -> LogName:
        """The shared log of the home network."""
        return self.home.shared

    @property
    def own(self) -> OwnLog:
        """The signer's side of that log."""
        return self.home.own

    @property
    def replicas(self) -> Replicas:
        """What is held of the home network."""
        return self.home.replicas

    @property
    def gossip(self) -> Gossip:
        """The gossip of the home network."""
        return self.home.gossip

    @property
    def peering(self) -> Peering:
        """The book about peers of the home network."""
        return self.home.peering

    @property
    def halted(self) -> str:
        """Why this node signs nothing more, or empty."""
        return self._halt.why

    async def load(self) -> None:
        """Read what storage holds; nothing is signed and nobody is called."""
        for name in await self.engine.read(lambda tx: tx.governance.networks()):
            if name not in self.networks:
                self._add(self._shared_of(name))
        for network in self.networks.values():
            await network.load()
        await self._load_identities()
        fixed = [found for found in self.directory if found.statement.epoch and found.name != self.identity.name]
        for network in self.networks.values():
            for found in fixed:
                await network.replicas.voiding.void(found.name, found.statement.epoch)
            await network.gossip.take_up()

    @property
    def stands_by(self) -> bool:
        """Whether another process on the same database leads: this one answers what reads."""
        return isinstance(self.engine, Shared) and not self.engine.leads

    async def start(self, peers: Mapping[str, Peer], dial: Dial | None = None) -> None:
        """Ask peers for own records, open a new epoch in every own log, and begin to gossip.

        `peers` are the pins that are dialled; `dial` makes a `Peer` of another member's identity.
        """
        await self.load()
        self._dial = dial or self._dial
        for network in self.networks.values():
            network.dial = self._dial
            await network.ask_before_opening({name: p for name, p in peers.items() if self._shares(name, network)})
        last = max([await network.last_epoch() for network in self.networks.values()])
        ahead = self.random.randrange(limits.EPOCH_SPREAD) if last >= self.clock.now() else 0
        epoch = self._epoch = max(self.clock.now(), last + 1 + ahead)  # xs1 7.1
        for network in self.networks.values():
            await network.open(epoch)
        if epoch >= self.clock.now():
            # A second process of a lost or copied folder must not find the same second: it would be the same epoch.
            await asyncio.sleep(SECOND)
        await self._publish_identity()
        for network in self.networks.values():
            await network.begin()
        await self.correspondence.start()
        self._house = asyncio.ensure_future(self._keep_house())

    async def stop(self) -> None:
        """Stop the loops and close storage."""
        if self._house is not None:
            self._house.cancel()
            await asyncio.gather(self._house, return_exceptions=True)
        await self.correspondence.stop()
        for network in self.networks.values():
            await network.stop()
        await self.engine.close()

    def desks(self) -> dict[str, Small]:
        """Every small path of the peer port that a service of its own answers."""
        return {
            **enrolling.desks(self),
            **introducing.desks(self),
            **calling_back.desks(self),
            **self.correspondence.desks(),
            **(self.keeping.desks() if self.keeping else {}),
        }

    async def enter(self, name: str) -> Network:
        """Begin to take part in one more network; from now on its charter brings it back at each start."""
        network = self._add(self._shared_of(name))
        network.dial = self._dial
        await network.load()
        if self._epoch:
            await network.open(self._epoch)
            await network.begin()
        return network

    @property
    def start_number(self) -> int:
        """The number of this start: the epoch of own logs and of messages; 0 while nothing was signed."""
        return self._epoch

    def signed(self, head: object = None) -> None:
        """Tell the peers about the newest head of the home network's shared log."""
        self.home.signed(self.own)

    def network(self, name: str) -> Network:
        """A network of this node by its name; empty for the home network."""
        found = self.networks.get(name) if name else self.home
        if found is None:
            listed = ", ".join(self.networks)
            raise Refusal("no-network", f"a network of this node ({listed})", name, "see `xstock network list`")
        return found

    def _shared_of(self, network: str) -> LogName:
        """The own shared log of another network has the label of the home network's; of one named `x-...` that name.

        So a network of exercises may stand beside a real one, and all that is in it is an exercise (xs1 2.8).
        """
        label = network if network.startswith("x-") else self.home.shared.label
        return LogName(self.identity.name, log_name(network, label))

    def _add(self, shared: LogName) -> Network:
        home = next(iter(self.networks), shared.network)
        here = [pin for pin in self._pins if shared.network in (pin.statement.networks or (home,))]
        network = Network(
            shared, self.signer, self.engine, self.directory, here, self._halt, self.clock, self.random, self.trace
        )
        self.networks[shared.network] = network
        return network

    def _shares(self, name: str, network: Network) -> bool:
        return network.membership.standing(name) is not None

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

    async def _keep_house(self) -> None:
        beats = dict.fromkeys(self.networks, self.clock.steady())
        while True:
            await asyncio.sleep(SAVE_SECONDS)
            try:
                await self._compact()
                for network in list(self.networks.values()):
                    await network.keep_house()
                    now = self.clock.steady()
                    if now - beats.setdefault(network.name, now) >= network.heartbeat and not self.halted:
                        beats[network.name] = now
                        await network.beat()
            except Exception as error:  # the house is kept again at the next beat
                if not isinstance(error, ProtocolError | StorageError | Refusal):
                    self.trace.error("defect", why=f"{type(error).__name__}: {error}")
                self.trace.error("house-not-kept", why=str(error))

    async def _compact(self) -> None:
        """Leave no copy of what was erased here since, at an origin's word or because a log was left (xs1 15.6)."""
        now = self.clock.steady()
        if now - self._compacted < COMPACT_SECONDS or not await self.engine.read(lambda tx: tx.logs.compact_is_due()):
            return
        self._compacted = now
        await self.engine.compact()


def _dials_nobody(found: Identity) -> Peer | None:
    return None


def pinned_identity(raw: bytes, name: str) -> Identity:
    """A pinned identity file; it must be that of `name`."""
    found = identity.parse(raw)
    if found.name != name:
        raise ProtocolError(f"the identity of {name}", found.name, "check which file is pinned")
    return found
