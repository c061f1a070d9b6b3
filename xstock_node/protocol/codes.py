"""A bundle as a sequence of short texts, for QR codes or radio: `XS1Q <number>/<count> <check> <base64>`.

The bundle is compressed first. Each text carries the first letters of the whole's hash, so that pieces of two bundles
are never mixed; the order does not matter.
"""

import base64
import binascii
import hashlib
import zlib
from collections.abc import Iterable

from xstock_node.protocol import limits
from xstock_node.protocol.errors import ProtocolError, TooLarge
from xstock_node.protocol.names import number

WORD = "XS1Q"
PIECE = 1_200  # bytes before base64: a QR code of version 30 at its lowest correction holds the text


def split(data: bytes) -> list[str]:
    """The texts of a bundle."""
    packed = zlib.compress(data, 9)
    check = hashlib.sha256(packed).hexdigest()[:12]
    parts = [packed[at : at + PIECE] for at in range(0, len(packed), PIECE)]
    return [f"{WORD} {n}/{len(parts)} {check} {base64.b64encode(p).decode()}" for n, p in enumerate(parts, 1)]


def join(texts: Iterable[str]) -> bytes:
    """The bundle of texts in any order; names those that are missing."""
    parts: dict[int, bytes] = {}
    seen: set[tuple[int, str]] = set()
    for text in texts:
        place, count, check, part = _piece(text)
        seen.add((count, check))
        parts[place] = part
    if len(seen) != 1:
        raise ProtocolError("pieces of one bundle", f"of {len(seen)}", "scan the pieces of one sequence")
    count, check = seen.pop()
    missing = [str(n) for n in range(1, count + 1) if n not in parts]
    if missing:
        raise ProtocolError(f"{count} pieces", f"none of {', '.join(missing[:20])}", "scan these again")
    packed = b"".join(parts[n] for n in range(1, count + 1))
    if hashlib.sha256(packed).hexdigest()[:12] != check:
        raise ProtocolError("pieces that give the hash they name", "others", "scan the whole sequence again")
    return _inflated(packed)


def _piece(text: str) -> tuple[int, int, str, bytes]:
    words = text.split()
    if len(words) != 4 or words[0] != WORD:
        raise ProtocolError(f"a text that begins {WORD}", text[:40])
    place, _, count = words[1].partition("/")
    if not 1 <= number(place) <= number(count) <= limits.BUNDLE // PIECE:
        raise ProtocolError("a piece's number and count", words[1])
    try:
        return int(place), int(count), words[2], base64.b64decode(words[3], validate=True)
    except (binascii.Error, ValueError):
        raise ProtocolError("a piece in base64", words[3][:40], "scan it again") from None


def _inflated(packed: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        data = inflater.decompress(packed, limits.BUNDLE)
    except zlib.error as error:
        raise ProtocolError("a compressed bundle", str(error)) from None
    if inflater.unconsumed_tail:
        raise TooLarge(f"a bundle of at most {limits.BUNDLE} bytes", "more")
    return data
