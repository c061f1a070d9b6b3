"""The relay: sealed mail that this node keeps for others. It learns sender, recipient, size and time, no more."""

import hashlib

import msgspec

from xstock_node.protocol import limits
from xstock_node.protocol.errors import NotFound, ProtocolError, Quota
from xstock_node.protocol.names import hex_hash
from xstock_node.services.site import Site, Small
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import SealedMail


class Relaying:
    """The mailboxes kept here."""

    def __init__(self, node: Site) -> None:
        self._node = node
        self._waiting: dict[str, int] = {}

    def waiting(self, recipient: str) -> int:
        """How many blobs wait for a recipient."""
        return self._waiting.get(recipient, 0)

    async def load(self) -> None:
        """Count what waits."""
        names = {name for network in self._node.networks.values() for name in network.membership.standings()}
        for name in names:
            await self._count(name)

    def desks(self) -> dict[str, Small]:
        """The paths of the mailboxes (xs1 10.11)."""
        return {"relay.put": self._put, "relay.list": self._list, "relay.get": self._get, "relay.delete": self._delete}

    async def _put(self, caller: str, args: dict[str, str], body: bytes) -> bytes:
        """Keep a blob; the sender's own oldest make room (xs1 17.4)."""
        recipient, digest, now = args["name"], hex_hash(args["hash"]), self._node.clock.now()
        if not self._shared(caller, recipient):
            raise NotFound("a recipient of a network that both share", recipient)
        if hashlib.sha256(body).hexdigest() != digest or not body:
            raise ProtocolError("a blob of that hash", digest)
        if len(body) > limits.RELAY_BLOB:
            raise Quota(f"at most {limits.RELAY_BLOB} bytes a blob", len(body))

        def work(tx: Transaction) -> None:
            tx.mail.expire(now - limits.RELAY_SECONDS)
            mine = [m for m in tx.mail.list(recipient) if m.sender == caller and m.hash != digest]
            while mine and (
                len(mine) >= limits.RELAY_BLOBS or sum(m.size for m in mine) + len(body) > limits.RELAY_BYTES
            ):
                tx.mail.delete(recipient, mine.pop(0).hash)
            tx.mail.put(SealedMail(recipient, digest, caller, now, len(body), body))

        await self._node.engine.write(work, durable=True)
        await self._count(recipient)
        for network in self._node.networks.values():
            network.holding.wake(recipient)
        return msgspec.json.encode({"kept": True})

    async def _list(self, caller: str, args: dict[str, str], body: bytes) -> bytes:
        """Lines `<sha256> <sender> <bytes> <time>` for the recipient alone (xs1 17.5)."""
        self._only(caller, args["name"])
        found = await self._node.engine.read(lambda tx: tx.mail.list(caller))
        fresh = [m for m in found if m.at >= self._node.clock.now() - limits.RELAY_SECONDS]
        return "".join(f"{m.hash} {m.sender} {m.size} {m.at}\n" for m in fresh).encode()

    async def _get(self, caller: str, args: dict[str, str], body: bytes) -> bytes:
        self._only(caller, args["name"])
        digest = hex_hash(args["hash"])
        found = await self._node.engine.read(lambda tx: tx.mail.get(caller, digest))
        if found is None:
            raise NotFound("a blob kept here", digest)
        return found.data

    async def _delete(self, caller: str, args: dict[str, str], body: bytes) -> bytes:
        self._only(caller, args["name"])
        digest = hex_hash(args["hash"])
        await self._node.engine.write(lambda tx: tx.mail.delete(caller, digest), durable=True)
        await self._count(caller)
        return msgspec.json.encode({"deleted": True})

    def _only(self, caller: str, name: str) -> None:
        if caller != name or not self._shared(caller, name):
            raise NotFound("a mailbox of the caller", name)

    def _shared(self, caller: str, recipient: str) -> bool:
        """Whether both stand in one network of this node."""
        here = (network.membership for network in self._node.networks.values())
        return any(m.standing(caller) and m.standing(recipient) for m in here)

    async def _count(self, recipient: str) -> None:
        self._waiting[recipient] = len(await self._node.engine.read(lambda tx: tx.mail.list(recipient)))
