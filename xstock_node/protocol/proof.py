"""Portable offers (`.xsoffer`): a record line, an empty line and a C2SP tlog-proof with the signed head.

It verifies with the origin's key alone, on any machine, without network (xs1 5.4).
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from xstock_node.protocol import heads, keys, limits, merkle
from xstock_node.protocol.errors import BadSignature, ProtocolError
from xstock_node.protocol.names import number
from xstock_node.protocol.notes import Note

MAGIC = "c2sp.org/tlog-proof@v1"


class PortableOffer(NamedTuple):
    """The parts of a portable offer whose proof holds; `signed_by` is None while the key is not known here."""

    line: bytes
    position: int
    head: heads.Head
    signed_by: str | None
    claimed: tuple[str, ...]


def build(line: bytes, index: int, path: Sequence[bytes], head_note: bytes) -> bytes:
    """The file for the record `line` at `index` under the head of `head_note`."""
    lines = [MAGIC, f"index {index}", *(keys.to_base64(h) for h in path), "", ""]
    return line + b"\n\n" + "\n".join(lines).encode() + head_note


def verify(data: bytes, known: Mapping[str, Sequence[bytes]]) -> PortableOffer:
    """Check a portable offer against the keys of `known` (node name -> public keys).

    Raises a `ProtocolError` that names what failed. An unknown origin or key is no failure of the proof:
    `signed_by` is then None and `claimed` names who is said to have signed.
    """
    if len(data) > limits.PORTABLE_OFFER:
        raise ProtocolError(f"a portable offer of at most {limits.PORTABLE_OFFER} bytes", f"{len(data)}")
    line, blank, rest = data.partition(b"\n\n")
    if not blank:
        raise ProtocolError("a record line, an empty line and a proof", "no empty line")
    proof_text, blank, note_bytes = rest.partition(b"\n\n")
    index, path = _parse_proof(proof_text)
    if not blank:
        raise ProtocolError("the signed head after the proof", "nothing")
    head, note = heads.parse(note_bytes)
    merkle.verify_inclusion(merkle.leaf_hash(line), index, head.size, path, head.root)
    return PortableOffer(line, index, head, _signer(note, head, known), tuple(note.signers()))


def _signer(note: Note, head: heads.Head, known: Mapping[str, Sequence[bytes]]) -> str | None:
    mine = [s for s in note.signatures if s.name == head.log.node]
    if not mine:
        raise BadSignature(f"a signature of {head.log.node}", ", ".join(note.signers()) or "none")
    for key in known.get(head.log.node, ()):
        if any(s.key_id == keys.key_id(head.log.node, key) for s in mine):
            note.verify(head.log.node, key)
            return f"{head.log.node}#{keys.key_id(head.log.node, key).hex()}"
    return None


def _parse_proof(data: bytes) -> tuple[int, list[bytes]]:
    try:
        lines = data.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise ProtocolError("a proof in ASCII", "other bytes") from None
    if lines[0] != MAGIC or len(lines) < 2:
        raise ProtocolError(f"the line {MAGIC}", lines[0])
    rest = lines[2:] if lines[1].startswith("extra ") else lines[1:]
    if not rest or not rest[0].startswith("index "):
        raise ProtocolError("a line 'index <number>'", rest[0] if rest else None)
    if len(rest) > 65:
        raise ProtocolError("at most 64 hashes", f"{len(rest) - 1}")
    return number(rest[0][6:]), [keys.from_base64(h, 32) for h in rest[1:]]
