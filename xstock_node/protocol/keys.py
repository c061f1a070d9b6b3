"""Ed25519 keys as this protocol takes them.

`cryptography` accepts small-order and non-canonical public keys, with which one signature verifies every message;
they are refused here (rule: cofactorless, S < L, canonical A and R, A not of small order) (xs1 3.1).
"""

import base64
import binascii
import hashlib
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from xstock_node.protocol.errors import BadSignature, ProtocolError

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_ORDER_8_Y = 55188659117513257062467267217118295137698188065244968500265048394206261417927
_SMALL_ORDER_Y = frozenset({0, 1, _P - 1, _ORDER_8_Y, _P - _ORDER_8_Y})


def to_base64(data: bytes) -> str:
    """RFC 4648 section 4, with padding."""
    return base64.b64encode(data).decode("ascii")


def from_base64(text: str, size: int | None = None) -> bytes:
    """Canonical base64 with padding, of `size` bytes where given; anything looser is refused (xs1 1.2)."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        raise ProtocolError("base64 with padding", text) from None
    if to_base64(data) != text or (size is not None and len(data) != size):
        raise ProtocolError(f"canonical base64 of {size if size is not None else 'some'} bytes", text)
    return data


def check_public(key: bytes) -> bytes:
    """The 32 bytes of a public key, canonical and not of small order."""
    if len(key) != 32:
        raise BadSignature("a public key of 32 bytes", f"{len(key)} bytes")
    y = int.from_bytes(key, "little") & (2**255 - 1)
    if y >= _P:
        raise BadSignature("a canonical public key", "a coordinate above the field's prime")
    if y in _SMALL_ORDER_Y:
        raise BadSignature("a public key of full order", "one of small order: anybody could sign with it")
    try:
        Ed25519PublicKey.from_public_bytes(key)
    except ValueError:
        raise BadSignature("a point on the curve", key.hex()) from None
    return key


def key_id(name: str, key: bytes) -> bytes:
    """The first four bytes of SHA-256(name, newline, 0x01, key), as C2SP signed-note has it for Ed25519 (xs1 3.2)."""
    return hashlib.sha256(name.encode() + b"\n\x01" + key).digest()[:4]


@lru_cache(maxsize=1024)
def _loaded(key: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(check_public(key))


def verify(key: bytes, signature: bytes, message: bytes) -> None:
    """Raise `BadSignature` unless `signature` over `message` is `key`'s."""
    public = _loaded(key)
    if len(signature) != 64:
        raise BadSignature("a signature of 64 bytes", f"{len(signature)} bytes")
    r = int.from_bytes(signature[:32], "little") & (2**255 - 1)
    if r >= _P or int.from_bytes(signature[32:], "little") >= _L:
        raise BadSignature("a canonical signature", "R or S out of range")
    try:
        public.verify(signature, message)
    except InvalidSignature:
        raise BadSignature("a signature that holds", "one that does not") from None


class Signer:
    """A name and its private key."""

    def __init__(self, name: str, seed: bytes) -> None:
        self.name = name
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._key.public_key().public_bytes_raw()
        self.key_id = key_id(name, self.public)

    def sign(self, message: bytes) -> bytes:
        """64 bytes of Ed25519 over `message`."""
        return self._key.sign(message)


def digits(name: str, root_key: bytes) -> str:
    """24 digits in six groups that two people compare by voice; the same in every language (xs1 3.7)."""
    digest = hashlib.sha256(b"xs1/root\n" + name.encode() + b"\n" + root_key).digest()
    number = int.from_bytes(digest[:10], "big") % 10**24
    text = f"{number:024d}"
    return " ".join(text[i : i + 4] for i in range(0, 24, 4))
