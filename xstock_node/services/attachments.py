"""Attachments of cases: kept under their hash, handed to the parties of their case alone (xs1 16.18)."""

import hashlib

from xstock_node.protocol import limits
from xstock_node.protocol.errors import NotFound, ProtocolError, TooLarge
from xstock_node.protocol.names import hex_hash
from xstock_node.services import dossier
from xstock_node.services.casework import Casework
from xstock_node.storage.interfaces import Transaction


class Attachments:
    """The attachments of one network's cases."""

    def __init__(self, casework: Casework) -> None:
        self._casework, self._node, self._network = casework, casework.node, casework.network

    async def keep(self, case: str, data: bytes) -> str:
        """Keep an attachment for a case; its hash goes into `blobs` of the step that sends it."""
        if len(data) > limits.BLOB:
            raise TooLarge(f"an attachment of at most {limits.BLOB} bytes", len(data))
        digest = hashlib.sha256(data).hexdigest()
        await self._node.engine.write(lambda tx: tx.cases.put_blob(case, digest, data), durable=True)
        return digest

    async def fetch(self, case: str) -> int:
        """Fetch what the other side's messages name and is not held yet; how many came."""
        found = await self._casework.read(case)
        other = found.other(self._node.identity.name)
        peer, count = self._network.gossip.peers.get(other), 0
        if peer is None:
            return 0
        for digest in {h for entry in found.chain(other) for h in entry.message.step.blobs}:
            held = await self._node.engine.read(lambda tx, h=digest: tx.cases.blob(case, h))  # type: ignore[misc]
            if held is None:
                data = await peer.ask("GET", f"/xs/1/blob/{digest}", most=limits.BLOB)
                if await self.keep_if_named(case, digest, data):
                    count += 1
        return count

    async def keep_if_named(self, case: str, digest: str, data: bytes) -> bool:
        """Keep bytes that were fetched, if they are what the message named."""
        if hashlib.sha256(data).hexdigest() != digest:
            raise ProtocolError(f"the attachment {digest[:16]}", "other bytes")
        await self._node.engine.write(lambda tx: tx.cases.put_blob(case, digest, data), durable=True)
        return True

    async def answer(self, caller: str, args: dict[str, str]) -> bytes:
        """An attachment that a message to the caller names; else it is as if there were none."""
        digest = hex_hash(args["hash"])

        def work(tx: Transaction) -> bytes:
            for case in tx.cases.cases_with_blob(digest):
                row = tx.cases.get(case)
                if row is None or caller not in (row.requester, row.supplier) or row.network != self._network.name:
                    continue
                found = dossier.read(tx, row)
                named = {h for e in found.chain(found.other(caller)) for h in e.message.step.blobs}
                data = tx.cases.blob(case, digest)
                if digest in named and data is not None:
                    return data
            raise NotFound("an attachment held here", digest)

        return await self._node.engine.read(work)
