"""The evidence of an operation: a bundle from which anybody sees, without network, who signed what and when.

It carries the identities of both parties, their messages and receipts, and proofs that the hashes of these stand in
an audit log whose head other nodes have witnessed (xs1 20.4). What is missing is said; what does not hold is refused.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from xstock_node.protocol import bundle, chains, heads, identity, keys, merkle, messages, witness
from xstock_node.protocol.bundle import Entry
from xstock_node.protocol.errors import BadSignature, ProtocolError
from xstock_node.protocol.heads import Head
from xstock_node.protocol.identity import Identity
from xstock_node.protocol.messages import Message, Receipt
from xstock_node.protocol.names import AUDIT, number
from xstock_node.protocol.notes import Note, SignatureLine


class Leaf(NamedTuple):
    """A hash that stands at place `at` of the audit log whose head is beside it."""

    hash: bytes
    at: int
    path: tuple[bytes, ...]


class Witnessed(NamedTuple):
    """An audit head, and who says to have seen it when (unix seconds)."""

    head: Head
    by: tuple[tuple[str, int], ...]


class Proven(NamedTuple):
    """One message of the evidence: by which key, whether its receipt is there, and where the audit log has it."""

    message: Message
    key: str
    receipt: Receipt | None
    leaf: int | None


class Evidence(NamedTuple):
    """A file that holds. `identities` are the newest of each party; their root keys are compared by people."""

    case: str
    network: str
    requester: str
    supplier: str
    identities: tuple[Identity, ...]
    messages: tuple[Proven, ...]
    witnessed: Witnessed | None


def leaf_entry(leaf: Leaf) -> Entry:
    """The entry of a leaf: `<hash> <index>`, then a line for each hash of its path."""
    lines = [f"{keys.to_base64(leaf.hash)} {leaf.at}", *(keys.to_base64(h) for h in leaf.path)]
    return Entry("leaf", "".join(f"{line}\n" for line in lines).encode())


def verify(data: bytes) -> Evidence:
    """Check a whole file; raises a `ProtocolError` that names what does not hold."""
    found = list(bundle.parse(data, strict=True))  # a kind that one changed byte makes unknown would hide its entry
    identities = _identities(found)
    said = [messages.parse(e.data) for e in found if e.kind == "message"]
    receipts = [messages.parse_receipt(e.data) for e in found if e.kind == "receipt"]
    if not said:
        raise ProtocolError("the messages of an operation", "none")
    first = said[0]
    _check_parties(said, first)
    signed = {message.link.hash: _signer(identities, message.sender, message.note) for message in said}
    for receipt in receipts:
        _signer(identities, receipt.sender, receipt.note)
    _check_chains(said, first)
    by_message = {receipt.of.hash: receipt for receipt in receipts if _is_of(receipt, said)}
    witnessed, leaves = _audit(found, identities)
    proven = tuple(
        Proven(m, signed[m.link.hash], by_message.get(m.link.hash), leaves.get(merkle.leaf_hash(m.note.raw)))
        for m in sorted(said, key=lambda m: (m.time, m.link.n))
    )
    newest = {i.name: i for i in sorted(identities, key=lambda i: i.version)}
    return Evidence(first.case, first.network, first.sender, first.recipient, tuple(newest.values()), proven, witnessed)


def _identities(found: Sequence[Entry]) -> list[Identity]:
    """The identities of a file. Versions of one name share one root key, or anybody's key could stand beside it."""
    roots: dict[str, bytes] = {}
    identities = [identity.parse(e.data) for e in found if e.kind == "identity"]
    for one in identities:
        if roots.setdefault(one.name, one.root) != one.root:
            came = "identities under two root keys"
            raise BadSignature(f"one root key of {one.name}", came, "ask for a file from before or after the change")
    return identities


def _check_parties(said: Sequence[Message], first: Message) -> None:
    parties = {first.sender, first.recipient}
    for message in said:
        if (message.case, message.network) != (first.case, first.network):
            raise ProtocolError(f"messages of the case {first.case}", message.case)
        if {message.sender, message.recipient} != parties:
            raise ProtocolError(f"messages between {first.sender} and {first.recipient}", message.sender)


def _check_chains(said: Sequence[Message], first: Message) -> None:
    """Each side's messages link without a gap, and each has seen only what is there (xs1 16.4)."""
    for sender in (first.sender, first.recipient):
        mine = [m for m in said if m.sender == sender]
        other = {m.link for m in said if m.sender != sender} | {messages.NOTHING}
        links: list[messages.Link] = []
        for message in mine:
            placed = chains.place(links, message)
            if placed.verdict == "repeated" or placed.void:
                raise ProtocolError("a chain without repetition", f"{message.sender} {message.link.n}")
            if message.seen not in other:
                raise ProtocolError("the messages that each one had seen", f"{message.seen.n} of the other side")
            links.append(message.link)


def _signer(identities: Iterable[Identity], name: str, note: Note) -> str:
    """Which key of which listed identity signed; raises where none did."""
    for found in identities:
        for line in note.signatures:
            key = found.key_by_id(line.key_id) if line.name == name == found.name else None
            if key is not None:
                note.verify(name, key)
                return f"{name}#{line.key_id.hex()}"
    raise BadSignature(
        f"a signature of {name} by a key of an identity in the file", ", ".join(note.signers()) or "none"
    )


def _is_of(receipt: Receipt, said: Sequence[Message]) -> bool:
    if not any(m.link == receipt.of and m.recipient == receipt.sender and m.case == receipt.case for m in said):
        raise ProtocolError("receipts of these messages", f"one of {receipt.of.n} by {receipt.sender}")
    return True


def _audit(found: Sequence[Entry], identities: Sequence[Identity]) -> tuple[Witnessed | None, dict[bytes, int]]:
    """The audit head and its witnesses, and the index of each proven leaf."""
    raw = next((e.data for e in found if e.kind == "head"), b"")
    if not raw:
        return None, {}
    head, note = heads.parse(raw)
    if head.log.name.label != AUDIT:
        raise ProtocolError("the head of an audit log", str(head.log))
    _signer(identities, head.log.node, note)
    leaves = {}
    for leaf in (_leaf(e.data) for e in found if e.kind == "leaf"):
        merkle.verify_inclusion(leaf.hash, leaf.at, head.size, leaf.path, head.root)
        leaves[leaf.hash] = leaf.at
    return Witnessed(head, tuple(_witnesses(note, head, identities))), leaves


def _witnesses(note: Note, head: Head, identities: Sequence[Identity]) -> Iterable[tuple[str, int]]:
    """Cosignatures by the keys of identities in the file; one that does not hold, or is of nobody there, is refused."""
    for line in note.signatures:
        if line.name != head.log.node:
            seen = witness.verify(note.text, line, line.name, witness_key(line, identities))
            yield seen.witness, seen.time


def witness_key(line: SignatureLine, identities: Iterable[Identity]) -> bytes:
    """The key of a listed identity under which a cosignature is; raises BadSignature where there is none."""
    for found in identities:
        for key in found.signing_keys() if found.name == line.name else ():
            if line.key_id == witness.key_id(found.name, key):
                return key
    raise BadSignature("cosignatures by keys of identities in the file", f"{line.name}#{line.key_id.hex()}")


def _leaf(data: bytes) -> Leaf:
    *lines, rest = data.decode("ascii", "replace").split("\n")
    first, _, index = (lines[0] if lines else "").partition(" ")
    if rest:
        raise ProtocolError("a leaf entry that ends with its last line", rest)
    if len(lines) > 65:
        raise ProtocolError("at most 64 hashes", len(lines) - 1)
    return Leaf(keys.from_base64(first, 32), number(index), tuple(keys.from_base64(h, 32) for h in lines[1:]))
