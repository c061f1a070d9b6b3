"""A passkey in software, as a browser and its authenticator answer (WebAuthn level 3, 5.8, 6.1, 6.5): for tests."""

import hashlib
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class Authenticator:
    """One passkey. What it says wrongly is set by hand: `flags`, `count`, `origin`, `host`."""

    def __init__(self, origin: str, host: str) -> None:
        self.origin, self.host = origin, host
        self.key, self.id, self.count = ec.generate_private_key(ec.SECP256R1()), os.urandom(32), 0
        self.flags = PRESENT | VERIFIED

    def make(self, options: str) -> bytes:
        """The answer to a question to make a passkey."""
        asked = json.loads(options)
        point = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        said = self._data(self.flags | ATTESTED) + bytes(16) + len(self.id).to_bytes(2, "big") + self.id
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": said + cbor2.dumps(cose)})
        client = self._client("webauthn.create", asked["challenge"])
        return self._answer({"clientDataJSON": client, "attestationObject": attestation})

    def show(self, options: str) -> bytes:
        """The answer to a question to show a passkey."""
        self.count += 1
        client = self._client("webauthn.get", json.loads(options)["challenge"])
        data = self._data(self.flags)
        signed = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer({"clientDataJSON": client, "authenticatorData": data, "signature": signed})

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _answer(self, parts: dict[str, bytes]) -> bytes:
        answer: dict[str, Any] = {"id": web64(self.id), "rawId": web64(self.id), "type": "public-key"}
        answer["response"] = {name: web64(part) for name, part in parts.items()}
        return json.dumps(answer).encode()


def web64(raw: bytes) -> str:
    """base64url without padding."""
    return urlsafe_b64encode(raw).decode().rstrip("=")


def raw_of(text: str) -> bytes:
    """The bytes of base64url without padding."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
