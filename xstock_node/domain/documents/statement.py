"""The statement on a paper: one line that its QR code holds and that anybody checks without network.

`xs1-paper CASE DOCUMENT SHEET ROOT SUPPLIER REQUESTER NODE#KEYID SIGNATURE`: SHEET is the SHA-256 of what stands on the
paper, ROOT of the hashes of all signed steps; the key id is that of C2SP signed-note, the signature Ed25519 (RFC 8032)
over the line before it, the last space left out.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec

from xstock_node.domain.documents.sheets import Sheet
from xstock_node.protocol import keys
from xstock_node.protocol.errors import BadSignature, ProtocolError

MARK: Final = "xs1-paper"
MOST: Final = 900
_HEX: Final = frozenset("0123456789abcdef")


class Statement(NamedTuple):
    """What is said of a paper; `sheet` and `root` in hexadecimal digits."""

    case: str
    document: str
    sheet: str
    root: str
    supplier: str
    requester: str


class Signed(NamedTuple):
    """A statement as found, who claims to have signed it, and with which key."""

    statement: Statement
    node: str
    key_id: bytes
    signature: bytes
    text: str


def root_of(steps: Iterable[tuple[str, int, str]]) -> str:
    """The SHA-256 over all steps: `SIDE N HASH` a line, requester first, each side in its own order."""
    lines = [f"{side} {n} {hash_}\n" for side, n, hash_ in sorted(steps)]
    return sha256("".join(lines).encode()).hexdigest()


def sheet_hash(sheet: Sheet) -> str:
    """The SHA-256 of all that stands on a sheet."""
    return sha256(msgspec.json.encode(sheet)).hexdigest()


def sign(statement: Statement, signer: keys.Signer) -> str:
    """The line of a statement, signed."""
    text = " ".join((MARK, *statement, f"{signer.name}#{signer.key_id.hex()}"))
    return f"{text} {keys.to_base64(signer.sign(text.encode()))}"


def read(line: str) -> Signed:
    """A statement's parts; raises a `ProtocolError` where it is none. Nothing is verified yet."""
    parts = line.split(" ")
    if len(line) > MOST or len(parts) != 9 or parts[0] != MARK or not all(parts):
        raise ProtocolError(f"a line '{MARK} CASE DOCUMENT ...'", line[:80])
    statement = Statement(*parts[1:7])
    node, mark, id_ = parts[7].partition("#")
    hexes = (statement.sheet, 64), (statement.root, 64), (id_, 8)
    if not mark or not all(len(text) == size and set(text) <= _HEX for text, size in hexes):
        raise ProtocolError("hashes of 64 and a key id of 8 hexadecimal digits", line[:200])
    return Signed(statement, node, bytes.fromhex(id_), keys.from_base64(parts[8], 64), line.rpartition(" ")[0])


def check(signed: Signed, key: bytes | None) -> None:
    """Raise `BadSignature` unless `key`, the node's of that id, signed it."""
    if key is None or keys.key_id(signed.node, key) != signed.key_id:
        raise BadSignature(f"the key {signed.node}#{signed.key_id.hex()}", "it is not known")
    keys.verify(key, signed.signature, signed.text.encode())
