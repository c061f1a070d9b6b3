"""Sealed blobs for a party that cannot be reached: HPKE (RFC 9180), base mode, a suite byte and a key id in front.

Suite 1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305. Suite 2: the same with the hybrid KEM of
ML-KEM-768 and X25519, taken when both identities list such a key. A relay learns sender, recipient, size and time.
"""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from xstock_node.protocol import limits
from xstock_node.protocol.errors import BadSignature, ProtocolError, TooLarge

CLASSIC, HYBRID = 1, 2
CLASSIC_KEY, HYBRID_KEY = 32, 1184 + 32
ML_KEM_SEED = 64
Public = X25519PublicKey | hpke.MLKEM768X25519PublicKey
Private = X25519PrivateKey | hpke.MLKEM768X25519PrivateKey
_SUITES = {
    CLASSIC: hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305),
    HYBRID: hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305),
}


class SealingKey(NamedTuple):
    """A private key that opens, with the suite it belongs to and the public bytes that the identity lists."""

    suite: int
    public: bytes
    private: Private

    @classmethod
    def from_seed(cls, seed: bytes) -> "SealingKey":
        """A classic key of 32 secret bytes, or a hybrid one of 96."""
        curve = X25519PrivateKey.from_private_bytes(seed[-32:])
        if len(seed) == 32:
            return cls(CLASSIC, curve.public_key().public_bytes_raw(), curve)
        lattice = MLKEM768PrivateKey.from_seed_bytes(seed[:ML_KEM_SEED])
        public = lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()
        return cls(HYBRID, public, hpke.MLKEM768X25519PrivateKey(lattice, curve))


def key_id(public: bytes) -> bytes:
    """The first four bytes of SHA-256("xs1/seal", newline, key)."""
    return hashlib.sha256(b"xs1/seal\n" + public).digest()[:4]


def check_public(public: bytes) -> bytes:
    """The bytes of a sealing key as an identity may list it."""
    _load(public)
    return public


def choose(theirs: Sequence[bytes], ours: Sequence[bytes]) -> bytes:
    """The key to seal to: a hybrid one where both sides list one, else the first classic one (xs1 17.2)."""
    both = any(len(key) == HYBRID_KEY for key in ours)
    for size in (HYBRID_KEY, CLASSIC_KEY) if both else (CLASSIC_KEY,):
        for key in theirs:
            if len(key) == size:
                return key
    raise ProtocolError("a sealing key in the recipient's identity", "none", "it must be reached directly")


def seal(plain: bytes, public: bytes, sender: str, recipient: str) -> bytes:
    """Suite byte, key id, encapsulated key and ciphertext; only the owner of `public` opens it."""
    if len(plain) > limits.MESSAGE_NOTE:
        raise TooLarge(f"at most {limits.MESSAGE_NOTE} bytes to seal", len(plain))
    suite = CLASSIC if len(public) == CLASSIC_KEY else HYBRID
    sealed = _SUITES[suite].encrypt(plain, _load(public), _info(sender, recipient))
    return bytes([suite]) + key_id(public) + sealed


def unseal(blob: bytes, keys: Sequence[SealingKey], sender: str, recipient: str) -> bytes:
    """What was sealed by `sender` for `recipient`, with whichever of `keys` it was sealed to (xs1 17.1)."""
    if len(blob) > limits.RELAY_BLOB:
        raise TooLarge(f"a sealed blob of at most {limits.RELAY_BLOB} bytes", len(blob))
    if len(blob) <= 5:
        raise ProtocolError("a suite byte, four bytes of key id and a ciphertext (xs1 17.1)", len(blob))
    key = next((k for k in keys if k.suite == blob[0] and key_id(k.public) == blob[1:5]), None)
    if key is None:
        raise ProtocolError("a blob sealed to a key of this node", blob[:5].hex(), "the sender has an old identity")
    try:
        return _SUITES[key.suite].decrypt(blob[5:], key.private, _info(sender, recipient))
    except (InvalidTag, ValueError):
        raise BadSignature(f"a blob sealed by {sender} for {recipient}", "one that does not open") from None


def _info(sender: str, recipient: str) -> bytes:
    return f"xs1/relay\n{sender}\n{recipient}\n".encode()


def _load(public: bytes) -> Public:
    try:
        if len(public) == CLASSIC_KEY:
            return X25519PublicKey.from_public_bytes(public)
        if len(public) == HYBRID_KEY:
            lattice = MLKEM768PublicKey.from_public_bytes(public[:1184])
            return hpke.MLKEM768X25519PublicKey(lattice, X25519PublicKey.from_public_bytes(public[1184:]))
    except ValueError:
        raise BadSignature("a sealing key that can be loaded", public[:8].hex()) from None
    raise BadSignature(f"a sealing key of {CLASSIC_KEY} or {HYBRID_KEY} bytes", len(public))
