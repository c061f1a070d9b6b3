"""Delivering: the outbox, directly or by a relay, until the receipt is held.

A message is tried from 30 s on, doubling to 6 h. Who cannot be reached gets it sealed at its relays as well; the same
message by two roads changes nothing.
"""

import asyncio
import hashlib
from collections.abc import Callable

from xstock_node.protocol import bundle, limits, sealing
from xstock_node.protocol.bundle import Entry
from xstock_node.protocol.errors import Gap, NotFound, ProtocolError, Unreachable
from xstock_node.protocol.identity import Identity
from xstock_node.protocol.messages import Link
from xstock_node.protocol.peer import Peer
from xstock_node.protocol.sealing import SealingKey
from xstock_node.services.casework import Casework, pack, sides_of
from xstock_node.services.errors import Refusal
from xstock_node.storage.errors import StorageError
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import Outgoing

RETRY_FIRST, RETRY_MAX = 30, 6 * 3600  # xs1 16.15
LOOK_EVERY = 5.0


class Delivering:
    """Delivers what waits in the outbox of one network's cases. `keys` open what is sealed for this node."""

    def __init__(self, casework: Casework, keys: list[SealingKey]) -> None:
        self._casework, self._keys = casework, keys
        self._node, self._network = casework.node, casework.network
        self._now = asyncio.Event()
        self._waiting: set[str] = set()
        self._heard: set[str] = set()

    def at_once(self) -> None:
        """Something new waits."""
        self._now.set()

    def heard(self, name: str) -> None:
        """A peer calls: what waits for it need not wait out its time."""
        if name in self._waiting:
            self._waiting.discard(name)
            self._heard.add(name)
            self._now.set()

    async def run(self) -> None:
        """Deliver for ever."""
        while True:
            try:
                await self.deliver()
            except (ProtocolError, StorageError, Refusal) as error:
                self._node.trace.error("not-delivered", why=str(error))
            except Exception as error:  # the outbox is durable: the next look finds the same
                self._node.trace.error("defect", why=f"{type(error).__name__}: {error}")
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    await self._now.wait()
            except TimeoutError:
                pass
            self._now.clear()

    async def deliver(self) -> int:
        """Try everything that is due; how many receipts came. One message of a case at a time, in order."""
        heard, self._heard = self._heard, set()
        now = self._node.clock.now()
        every = await self._node.engine.read(lambda tx: tx.cases.outbox())
        due = [outgoing for outgoing in every if outgoing.due <= now or outgoing.recipient in heard]
        count, stuck = 0, set()
        for outgoing in due:
            if outgoing.case in stuck or not await self._is_ours(outgoing):
                continue
            if await self._try(outgoing):
                count += 1
            else:
                stuck.add(outgoing.case)
        return count

    async def fetch_mail(self, relay: Peer) -> int:
        """Take the sealed mail that a relay keeps for this node; how many blobs."""
        own = self._node.identity.name
        listed = (await relay.ask("GET", f"/xs/1/relay/{own}")).decode("ascii", "replace")
        count = 0
        for line in listed.splitlines()[: limits.RELAY_BLOBS * 64]:
            digest, _, rest = line.partition(" ")
            sender = rest.partition(" ")[0]
            try:
                blob = await relay.ask("GET", f"/xs/1/relay/{own}/{digest}", most=limits.RELAY_BLOB)
                if hashlib.sha256(blob).hexdigest() != digest:
                    raise ProtocolError(f"the blob {digest[:16]}", "another")
                await self.unseal(sender, blob)
                count += 1
            except ProtocolError as error:
                self._node.trace.warning("mail-not-taken", relay=relay.name, sender=sender, why=error.sentence())
                if isinstance(error, Unreachable):
                    continue
            await relay.ask("DELETE", f"/xs/1/relay/{own}/{digest}")
        return count

    def open(self, sender: str, blob: bytes) -> bytes:
        """What a blob of `sender` for this node says."""
        return sealing.unseal(blob, self._keys, sender, self._node.identity.name)

    async def unseal(self, sender: str, blob: bytes) -> None:
        """Take one sealed blob, by whatever road it came; the receipt goes back directly, or by the sender's relays.

        See xs1 17.3, 17.6.
        """
        receipt = await self._casework.take(sender, self.open(sender, blob))
        if not receipt:
            return
        body = b"".join(bundle.pieces([Entry("receipt", receipt)]))
        peer = self._network.gossip.peers.get(sender)
        try:
            if peer is None:
                raise Unreachable(f"a line to {sender}", "none")
            await peer.ask("POST", "/xs/1/inbox", body, limits.RECEIPT_NOTE)
        except ProtocolError:
            await self._relay(sender, body)

    async def _is_ours(self, outgoing: Outgoing) -> bool:
        row = await self._node.engine.read(lambda tx: tx.cases.get(outgoing.case))
        return row is not None and row.network == self._network.name

    async def _try(self, outgoing: Outgoing) -> bool:
        anew = self._casework.under_newest_key
        body = await self._node.engine.read(lambda tx: _body(tx, outgoing.case, outgoing.link, anew))
        peer = self._network.gossip.peers.get(outgoing.recipient)
        try:
            if peer is None:
                raise Unreachable(f"a line to {outgoing.recipient}", "none")
            receipt = await peer.ask("POST", "/xs/1/inbox", body, limits.RECEIPT_NOTE)
            await self._casework.take_receipt(outgoing.recipient, receipt)
            self._node.trace.info("message-delivered", case=outgoing.case, to=outgoing.recipient, n=outgoing.link.n)
            return True
        except ProtocolError as error:
            relayed = outgoing.relayed
            if isinstance(error, Gap):
                self._casework.suspects(outgoing.recipient)
            if isinstance(error, Unreachable) and not relayed:
                relayed = await self._relay(outgoing.recipient, body)
            wait = min(RETRY_FIRST * 2**outgoing.tries, RETRY_MAX)
            later = outgoing._replace(
                due=self._node.clock.now() + wait,
                tries=min(outgoing.tries + 1, 30),
                relayed=relayed,
                trouble=error.sentence(),
            )
            await self._node.engine.write(lambda tx: tx.cases.put_outgoing(later), durable=True)
            self._waiting.add(outgoing.recipient)
            self._node.trace.info("message-waits", case=outgoing.case, to=outgoing.recipient, why=error.sentence())
            return False

    async def _relay(self, recipient: str, body: bytes) -> bool:
        """Put a sealed copy at the recipient's relays; whether one of them keeps it."""
        known = self._node.directory.get(recipient)
        if known is None:
            return False
        try:
            blob = self._sealed(known, body)
        except ProtocolError as error:
            self._node.trace.info("not-sealed", to=recipient, why=error.sentence())
            return False
        kept = False
        for name in known.statement.relays:
            relay = self._network.gossip.peers.get(name)
            if relay is None:
                continue
            try:
                await relay.ask("PUT", f"/xs/1/relay/{recipient}/{hashlib.sha256(blob).hexdigest()}", blob)
                kept = True
            except ProtocolError as error:
                self._node.trace.info("not-relayed", to=recipient, relay=name, why=error.sentence())
        return kept

    def _sealed(self, known: Identity, body: bytes) -> bytes:
        ours = self._node.identity.sealing_keys()
        key = sealing.choose(known.sealing_keys(), ours)
        return sealing.seal(body, key, self._node.identity.name, known.name)


def _body(tx: Transaction, case: str, link: Link, anew: Callable[[bytes], bytes]) -> bytes:
    """The message of an outbox entry with its side lines."""
    held = [m for m in tx.cases.messages(case) if m.link == link]
    if not held:
        raise NotFound("a message that waits to be sent", case)
    return pack(anew(held[0].raw), sides_of(held[0].raw, tx.cases.side_lines(case)))
