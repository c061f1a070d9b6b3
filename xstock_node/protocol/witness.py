"""Witnesses: a peer's word that it saw a head of an audit log at a time (C2SP cosignature/v1, tlog-witness).

Who steals a key cannot date a message back: its leaf is in no tree that others had seen then.
"""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from xstock_node.protocol import heads, keys, limits, merkle, notes
from xstock_node.protocol.errors import BadSignature, Gap, ProtocolError
from xstock_node.protocol.names import number
from xstock_node.protocol.notes import DASH, Note, SignatureLine

ALGORITHM = b"\x04"
SIZE = 4 + 8 + 64


class Cosignature(NamedTuple):
    """`witness` saw the head at `time`."""

    witness: str
    key_id: bytes
    time: int


def key_id(name: str, key: bytes) -> bytes:
    """The first four bytes of SHA-256(name, newline, 0x04, key)."""
    return hashlib.sha256(name.encode() + b"\n" + ALGORITHM + key).digest()[:4]


def cosign(text: str, signer: keys.Signer, time: int) -> str:
    """The signature line of a witness, with its newline."""
    signature = signer.sign(_message(text, time))
    blob = key_id(signer.name, signer.public) + time.to_bytes(8, "big") + signature
    return f"{DASH} {signer.name} {keys.to_base64(blob)}\n"


def verify(text: str, line: SignatureLine, name: str, key: bytes) -> Cosignature:
    """The cosignature of `name`, or `BadSignature`."""
    blob = line.key_id + line.signature
    if line.name != name or len(blob) != SIZE or line.key_id != key_id(name, key):
        raise BadSignature(f"a cosignature of {name}", f"{line.name}#{line.key_id.hex()}")
    time = int.from_bytes(blob[4:12], "big")
    keys.verify(key, blob[12:], _message(text, time))
    return Cosignature(name, line.key_id, time)


def parse_lines(data: bytes) -> tuple[SignatureLine, ...]:
    """The signature lines that a witness answered."""
    return notes.parse(b"x\n\n" + data, limits.HEAD_NOTE).signatures


class WitnessRequest(NamedTuple):
    """The size that the witness saw last, the consistency proof from there, and the head note."""

    old: int
    path: tuple[bytes, ...]
    note: bytes


def write_request(request: WitnessRequest) -> bytes:
    """`old <size>`, one hash a line, an empty line, the head note (C2SP tlog-witness, add-checkpoint) (xs1 18.3)."""
    lines = [f"old {request.old}", *(keys.to_base64(h) for h in request.path), "", ""]
    return "\n".join(lines).encode() + request.note


def parse_request(data: bytes) -> WitnessRequest:
    """See `write_request`."""
    top, blank, note = data.partition(b"\n\n")
    try:
        lines = top.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise ProtocolError("a witness request in ASCII", "other bytes") from None
    if not blank or not lines[0].startswith("old ") or len(lines) > 64:
        raise ProtocolError("'old <size>', at most 63 hashes, an empty line, a head", lines[0])
    return WitnessRequest(number(lines[0][4:]), tuple(keys.from_base64(h, 32) for h in lines[1:]), note)


def check_growth(held: heads.Head | None, new: heads.Head, request: WitnessRequest) -> None:
    """Raise unless the new head grew consistently out of the one held (size 0 grows into anything) (xs1 18.4)."""
    if held is not None and new.log.epoch > held.log.epoch and (new.base is None or new.base.size < held.size):
        held = None  # its owner lost what was witnessed: a new beginning, which the older cosignatures show
    old = held.size if held else 0
    if request.old != old:
        raise Gap(f"a proof from size {old}", request.old, "prove from there", held=old)
    if held is not None:
        heads.check_successor(held, new)
    _check_path(held, new, request.path)


def _check_path(held: heads.Head | None, new: heads.Head, path: Sequence[bytes]) -> None:
    if held is None or held.size == 0:
        if path:
            raise ProtocolError("no proof from an empty tree", f"{len(path)} hashes")
        return
    merkle.verify_consistency(held.size, new.size, held.root, new.root, path)


def _message(text: str, time: int) -> bytes:
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def split(note: Note, name: str) -> tuple[list[SignatureLine], list[SignatureLine]]:
    """A note's signature lines of its origin, and the others."""
    return [s for s in note.signatures if s.name == name], [s for s in note.signatures if s.name != name]
