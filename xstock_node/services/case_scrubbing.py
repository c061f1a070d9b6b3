"""Cases on a disk that decays: all messages, side lines and attachments are held against their hashes.

The other side of a case holds the same messages; what it gives is taken where it hashes to what is stored here, so that
nobody can slip in another one. It needs no place in a chain: the damaged message keeps its own.
"""

from collections.abc import Iterable

from xstock_node.protocol import bundle, messages
from xstock_node.protocol.errors import ProtocolError
from xstock_node.services.case_exchange import BODY
from xstock_node.services.node import Node
from xstock_node.storage.errors import StorageError
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.sound import put_right
from xstock_node.storage.values import DamagedMessage, DamagedPart, StoredCase, StoredMessage

Damaged = DamagedMessage | DamagedPart


async def scrub_cases(node: Node) -> list[Damaged]:
    """Look through all cases, put right what can be, and remember what is left for who asks how the node is."""
    found = await node.engine.read(lambda tx: tx.cases.damaged())
    for one in found:
        if one.words() not in node.damage.in_cases:
            node.trace.error("damaged", what=one.words())
    if found:
        await _heal(node, [one.found for one in found if isinstance(one, DamagedMessage)])
        left = await node.engine.read(lambda tx: tx.cases.damaged())
        node.damage.healed += len(found) - len(left)
        found = left
    node.damage.in_cases = [one.words() for one in found]
    return found


async def _heal(node: Node, damaged: Iterable[StoredMessage]) -> None:
    """By what stands there where only its place was damaged, else by what the other side of the case gives."""
    theirs: dict[str, list[bytes]] = {}
    for one in damaged:
        if one.case not in theirs:
            theirs[one.case] = [raw for raw in await _theirs(node, one.case) if _is_signed(node, raw)]
        for raw in (one.raw, *theirs[one.case]):
            right = put_right(one, raw)
            if right is not None and await _mend(node, one, right):
                node.trace.info("healed", what=DamagedMessage(right).words())
                break


async def _theirs(node: Node, case: str) -> list[bytes]:
    """The messages of a case as its other side holds them; none where it is silent."""
    row = await node.engine.read(lambda tx: tx.cases.get(case))
    network = node.networks.get(row.network) if row else None
    peer = network.gossip.peers.get(_other(node, row)) if network and row else None
    if peer is None:
        return []
    try:
        raw = await peer.ask("GET", f"/xs/1/cases?with={node.identity.name}&case={case}", most=BODY)
        return [entry.data for entry in bundle.entries(raw) if entry.kind == "message"]
    except ProtocolError as error:
        node.trace.info("not-healed", case=case, peer=peer.name, why=error.sentence())
        return []


def _is_signed(node: Node, raw: bytes) -> bool:
    """The hash is of the text alone: nobody is to slip in one that its writer did not sign."""
    try:
        said = messages.parse(raw)
        node.directory.verify(said.sender, said.note)
    except ProtocolError:
        return False
    return True


def _other(node: Node, row: StoredCase) -> str:
    return row.supplier if row.requester == node.identity.name else row.requester


async def _mend(node: Node, damaged: StoredMessage, right: StoredMessage) -> bool:
    def work(tx: Transaction) -> None:
        tx.cases.mend(damaged, right)

    try:
        await node.engine.write(work, durable=True)
    except StorageError as error:
        node.trace.warning("not-healed", case=damaged.case, why=str(error))
        return False
    return True
