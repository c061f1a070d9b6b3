"""Bundles: what travels by stick, mail or QR. Entries `= <kind> <bytes>`, then that many bytes and a newline.

An entry is worth what its own signatures prove, whoever carried it; the same checks and limits hold as over HTTP.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from xstock_node.protocol import limits
from xstock_node.protocol.errors import ProtocolError, TooLarge
from xstock_node.protocol.names import number

FIRST_LINE = b"xs1/bundle\n"
KINDS = ("charter", "identity", "head", "fork", "frames", "message", "side", "receipt", "sealed", "application", "leaf")
MOST = {
    "charter": limits.CHARTER_NOTE,
    "identity": limits.IDENTITY_NOTE,
    "head": limits.HEAD_NOTE,
    "fork": limits.FORK_NOTE,
    "frames": limits.BUNDLE_ENTRY,
    "message": limits.MESSAGE_NOTE,
    "side": limits.SIDE_LINE,
    "receipt": limits.RECEIPT_NOTE,
    "sealed": limits.RELAY_BLOB + limits.KIB,
    "application": limits.APPLICATION,
    "leaf": limits.LEAF_PROOF,
}


class Entry(NamedTuple):
    """One entry: its kind and its bytes."""

    kind: str
    data: bytes


def write(found: Iterable[Entry]) -> Iterator[bytes]:
    """A bundle, piece by piece."""
    yield FIRST_LINE
    yield from pieces(found)


def pieces(found: Iterable[Entry]) -> Iterator[bytes]:
    """Entries without the first line, as messages and sealed blobs carry them."""
    for entry in found:
        yield f"= {entry.kind} {len(entry.data)}\n".encode()
        yield entry.data
        yield b"\n"


def parse(data: bytes, strict: bool = False) -> Iterator[Entry]:
    """The entries of a whole bundle; unknown kinds are passed over, anything malformed is refused (xs1 20.1).

    `strict`: what is unknown is refused too.
    """
    if not data.startswith(FIRST_LINE):
        raise ProtocolError("a bundle that begins with xs1/bundle", data[:20])
    return entries(data, len(FIRST_LINE), strict)


def entries(data: bytes, position: int = 0, strict: bool = False) -> Iterator[Entry]:
    """The entries from a position on."""
    count = 0
    while position < len(data):
        count += 1
        if count > limits.BUNDLE_ENTRIES:
            raise TooLarge(f"at most {limits.BUNDLE_ENTRIES} entries", count)
        end = data.find(b"\n", position, position + 64)
        kind, size = _header(data[position : end if end >= 0 else position + 64])
        position = end + 1
        if data[position + size : position + size + 1] != b"\n":
            raise ProtocolError(f"{size} bytes of {kind} and a newline", "a bundle cut short or altered")
        if strict and kind not in KINDS:
            raise ProtocolError(f"entries of {', '.join(sorted(KINDS))}", kind)
        if kind in KINDS:
            yield Entry(kind, data[position : position + size])
        position += size + 1


def _header(line: bytes) -> tuple[str, int]:
    try:
        mark, kind, size = line.decode("ascii").split(" ")
    except (UnicodeDecodeError, ValueError):
        raise ProtocolError("an entry '= <kind> <bytes>'", line) from None
    if mark != "=" or not kind:
        raise ProtocolError("an entry '= <kind> <bytes>'", line)
    length, most = number(size), MOST.get(kind, limits.BUNDLE_ENTRY)  # xs1 20.2
    if length > most:
        raise TooLarge(f"at most {most} bytes of {kind}", length)
    return kind, length
