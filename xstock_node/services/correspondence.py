"""Correspondence: everything between two nodes that is not gossip: cases, their delivery, relays, audit, witnesses."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from xstock_node.protocol.bundle import entries
from xstock_node.protocol.errors import NotFound, ProtocolError
from xstock_node.protocol.messages import parse, parse_receipt
from xstock_node.protocol.peer import Peer
from xstock_node.protocol.sealing import SealingKey
from xstock_node.services import auditing
from xstock_node.services.attachments import Attachments
from xstock_node.services.auditing import Audit
from xstock_node.services.case_exchange import Exchange
from xstock_node.services.casework import Casework
from xstock_node.services.delivering import Delivering
from xstock_node.services.doubt import forget_doubt, remember_doubt
from xstock_node.services.errors import Refusal
from xstock_node.services.network import Network
from xstock_node.services.promises import Stock
from xstock_node.services.relaying import Relaying
from xstock_node.services.site import Site, Small
from xstock_node.storage.errors import StorageError
from xstock_node.storage.interfaces import Transaction

SETTLE_EVERY = 60.0


class Bureau:
    """The correspondence of one network."""

    def __init__(self, node: Site, network: Network, keys: Sequence[SealingKey]) -> None:
        self.network = network
        self.audit = Audit(node, network)
        self.casework = Casework(node, network, self.audit)
        self.delivering = Delivering(self.casework, list(keys))
        self.casework.written = self.delivering.at_once
        self.exchange = Exchange(self.casework)
        self.attachments = Attachments(self.casework)
        self.casework.attached = self.attachments.want


class Correspondence:
    """The bureaus of a node, and the mailboxes it keeps for others.

    `arrived` is told of each case to which the other side wrote; `bound` is what the own stock allows to promise,
    `going` raises while exercises are paused.
    """

    def __init__(self, node: Site, keys: Sequence[SealingKey] = ()) -> None:
        self._node, self._keys = node, list(keys)
        self._bureaus: dict[str, Bureau] = {}
        self._tasks: dict[str, list[asyncio.Task[None]]] = {}
        self._fetching: set[asyncio.Task[None]] = set()
        self._running = False
        self.relaying = Relaying(node)
        self.arrived: Callable[[str], None] = lambda case: None
        self.bound: Callable[[Transaction], Stock | None] = lambda tx: None
        self.going: Callable[[Transaction], None] = lambda tx: None

    def of(self, network: str = "") -> Bureau:
        """The bureau of a network; the home network's by default."""
        found = self._node.network(network)
        if found.name not in self._bureaus:
            bureau = self._bureaus[found.name] = Bureau(self._node, found, self._keys)
            bureau.casework.arrived = lambda case: self.arrived(case)
            bureau.casework.bound = lambda tx: self.bound(tx)
            bureau.casework.sharing = self._real
            if found.shared.is_exercise:
                bureau.casework.expect = lambda tx: self.going(tx)
            else:
                bureau.casework.doubts = self._doubts
            found.gossip.mail = self.relaying.waiting
            found.gossip.listeners.append(bureau.delivering.heard)
            found.gossip.told_of_mail = lambda peer: self._fetch_mail(bureau, peer)
            if self._running:
                self._begin(bureau)
        return self._bureaus[found.name]

    def _real(self) -> list[str]:
        """The networks that draw on the one real store."""
        return [n.name for n in self._node.networks.values() if not n.shared.is_exercise]

    def _doubts(self) -> set[str]:
        """Who has not told its cases yet after a doubtful start, in any network that draws on the store."""
        found = [self._bureaus[name].casework.doubted for name in self._real() if name in self._bureaus]
        return set().union(*found)

    async def start(self) -> None:
        """Deliver, witness and settle from now on; a start that peers called older than what they hold is doubtful."""
        await self.relaying.load()
        self._running = True
        networks = list(self._node.networks.values())
        restored = next((n.was_restored for n in networks if n.was_restored and not n.shared.is_exercise), "")
        restored = await remember_doubt(self._node.engine, restored, self._node.clock.now())
        for network in networks:
            bureau = self.of(network.name)
            network.recovery.lost = bureau.exchange.doubt_once
            network.was_restored = network.was_restored or ("" if network.shared.is_exercise else restored)
            if why := network.was_restored:
                bureau.exchange.doubt(why)  # one disk holds the cases of all of them
            self._begin(bureau)

    async def stop(self) -> None:
        """Stop every loop; the outbox stays."""
        tasks = [task for found in self._tasks.values() for task in found] + list(self._fetching)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()
        for bureau in self._bureaus.values():
            await bureau.exchange.close()

    def desks(self) -> dict[str, Small]:
        """The paths that correspondence answers."""
        return {
            "inbox": self._inbox,
            "cases": self._cases,
            "blob": self._blob,
            **self.relaying.desks(),
            **auditing.desks(self._node),
        }

    def _begin(self, bureau: Bureau) -> None:
        if bureau.network.name not in self._tasks:
            loops = (bureau.delivering.run(), bureau.audit.run(), self._settle(bureau), bureau.attachments.run())
            self._tasks[bureau.network.name] = [asyncio.ensure_future(loop) for loop in loops]

    async def _settle(self, bureau: Bureau) -> None:
        while True:
            try:
                await bureau.exchange.settle()
                if not self._doubts():
                    await forget_doubt(self._node.engine)
            except (ProtocolError, StorageError, Refusal) as error:
                self._node.trace.info("not-settled", why=str(error))
            except Exception as error:  # asked again at the next turn; the loop goes on
                self._node.trace.error("defect", why=f"{type(error).__name__}: {error}")
            await asyncio.sleep(SETTLE_EVERY)

    def _fetch_mail(self, bureau: Bureau, relay: Peer) -> None:
        """A relay told of mail; one fetch at a time is enough."""
        if self._fetching:
            return

        async def fetch() -> None:
            try:
                await bureau.delivering.fetch_mail(relay)
            except (ProtocolError, StorageError, Refusal) as error:
                self._node.trace.info("mail-not-fetched", relay=relay.name, why=str(error))

        task = asyncio.ensure_future(fetch())
        self._fetching.add(task)
        task.add_done_callback(self._fetching.discard)

    async def _inbox(self, caller: str, args: dict[str, str], body: bytes) -> bytes:
        first = next(entries(body), None)
        if first is not None and first.kind == "receipt":
            case = parse_receipt(first.data).case
            row = await self._node.engine.read(lambda tx: tx.cases.get(case))
            network = row.network if row else ""
        else:
            network = parse(first.data).network if first is not None and first.kind == "message" else ""
        if network not in self._node.networks:
            raise NotFound("a network of this node", network)
        return await self.of(network).casework.take(caller, body)

    async def _cases(self, caller: str, args: dict[str, str], body: bytes) -> bytes:
        return await self._first(caller, lambda bureau: bureau.exchange.answer(caller, args))

    async def _blob(self, caller: str, args: dict[str, str], body: bytes) -> bytes:
        return await self._first(caller, lambda bureau: bureau.attachments.answer(caller, args))

    async def _first(self, caller: str, ask: Callable[[Bureau], Awaitable[bytes]]) -> bytes:
        """The answer of the first network of both that has one."""
        refused: ProtocolError = NotFound("a network of this node", caller)
        for network in self._node.networks.values():
            if network.membership.standing(caller) is None:
                continue
            try:
                return await ask(self.of(network.name))
            except NotFound as error:
                refused = error
        raise refused
