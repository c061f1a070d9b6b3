"""The audit log: a leaf for every message, receipt and act, and peers that witness its head.

Its records are hashes alone and are never served. Whatever is to be kept together with its leaf is written in the
same transaction. Nothing ever waits for a witness (xs1 18.5).
"""

import asyncio
from collections.abc import Callable, Sequence

from xstock_node.protocol import frames, heads, limits, merkle, witness
from xstock_node.protocol.errors import BadSignature, Gap, NotFound, ProtocolError
from xstock_node.protocol.heads import Head
from xstock_node.protocol.names import AUDIT, LogName
from xstock_node.protocol.peer import Peer
from xstock_node.protocol.witness import WitnessRequest
from xstock_node.services.network import Network
from xstock_node.services.site import Site, Small
from xstock_node.storage.errors import StorageError
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import StoredCosignature, StoredObject

WITHIN = 60.0  # seconds in which a head that matters is shown and witnessed
WITNESSES = 4
WITNESSED = "witnessed-head"


class Audit:
    """The audit log of one network."""

    def __init__(self, node: Site, network: Network) -> None:
        self._node, self._network = node, network
        self._soon = asyncio.Event()

    async def keep(self, work: Callable[[Transaction], Sequence[bytes]], soon: bool = False) -> None:
        """Run `work` and append a leaf for each text it returns, durable together; `soon` asks for witnesses."""
        log = await self._network.own_log(AUDIT)
        await log.append(lambda tx: [frames.hash_line(merkle.leaf_hash(text)) for text in work(tx)])
        self._network.signed(log, quietly=True)
        if soon:
            self._soon.set()

    async def show(self) -> int:
        """Gossip the newest head and ask peers to witness it; how many did."""
        log = self._network.logs.get(LogName(self._network.shared.node, f"{self._network.name}.{AUDIT}"))
        if log is None or log.head is None:
            return 0
        self._network.signed(log)
        head, note = log.head, log.note
        count = 0
        for peer in list(self._network.gossip.peers.values())[:WITNESSES]:
            try:
                count += await self._ask(peer, head, note)
            except ProtocolError as error:
                self._node.trace.info("not-witnessed", peer=peer.name, why=error.sentence())
        return count

    async def run(self) -> None:
        """Show and have witnessed what matters, within a minute (xs1 18.2)."""
        while True:
            await self._soon.wait()
            self._soon.clear()
            await asyncio.sleep(1.0)
            try:
                await self.show()
            except (ProtocolError, StorageError) as error:
                self._node.trace.info("not-witnessed", why=str(error))

    async def _ask(self, peer: Peer, head: Head, note: bytes) -> int:
        """Ask one peer; where it saw less or more than we thought, once more from there."""
        name = head.log.name
        last = await self._node.engine.read(
            lambda tx: max((c.size for c in tx.witnesses.cosignatures(name) if c.witness == peer.name), default=0)
        )
        for old in (min(last, head.size), None):
            start = last if old is None else old
            try:
                request = WitnessRequest(start, await self._path(name, start, head.size), note)
                lines = await peer.ask("POST", "/xs/1/witness", witness.write_request(request), limits.HEAD_NOTE)
                return await self._take(peer.name, head, note, lines)
            except Gap as error:
                if error.held is None or old is None or error.held > head.size:
                    raise
                last = error.held
        return 0

    async def _path(self, name: LogName, old: int, size: int) -> tuple[bytes, ...]:
        if not old:
            return ()
        return await self._node.engine.read(
            lambda tx: tuple(merkle.consistency_path(old, size, lambda a, b: tx.logs.range_root(name, a, b)))
        )

    async def _take(self, name: str, head: Head, note: bytes, lines: bytes) -> int:
        """Keep the cosignatures that hold."""
        text, known, count = heads.parse(note)[1].text, self._node.directory.get(name), 0
        for line in witness.parse_lines(lines):
            for key in known.signing_keys() if known else ():
                try:
                    found = witness.verify(text, line, name, key)
                except BadSignature:
                    continue
                row = StoredCosignature(head.log.name, head.log.epoch, head.size, name, found.time, line.text())
                await self._node.engine.write(lambda tx, r=row: _keep(tx, r, note), durable=True)  # type: ignore[misc]
                count += 1
        return count


def _keep(tx: Transaction, row: StoredCosignature, note: bytes) -> None:
    """A cosignature, and the head it is under, which evidence shows later."""
    tx.witnesses.put_cosignature(row)
    tx.objects.put(StoredObject(WITNESSED, f"{row.log} {row.epoch:020} {row.size:020}", row.at, note))


def desks(node: Site) -> dict[str, Small]:
    """The path on which peers ask this node to witness (xs1 10.12)."""

    async def answer(caller: str, args: dict[str, str], body: bytes) -> bytes:
        request = witness.parse_request(body)
        head, note = heads.parse(request.note)
        network = node.networks.get(head.log.name.network)
        if network is None or network.membership.standing(caller) is None:
            raise NotFound("a network of this node", head.log.name.network)
        if head.log.name.label != AUDIT or head.log.node != caller or not node.directory.verify_head(head, note):
            raise ProtocolError("a head of the caller's own audit log", str(head.log))
        heads.check_time(head, node.clock.now())

        def work(tx: Transaction) -> None:
            raw = tx.witnesses.held(head.log.name)
            held = heads.parse(raw)[0] if raw and not node.directory.is_void(raw) else None
            witness.check_growth(held, head, request)
            tx.witnesses.hold(head.log.name, node.clock.now(), request.note)

        await node.engine.write(work, durable=True)
        await network.replicas.learn(caller, request.note, {}, verified=True)
        return witness.cosign(note.text, node.signer, node.clock.now()).encode()

    return {"witness": answer}
