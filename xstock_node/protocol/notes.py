"""Signed notes (C2SP signed-note): text, an empty line, one signature line a signer."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from xstock_node.protocol import keys, limits
from xstock_node.protocol.errors import BadSignature, ProtocolError, TooLarge

DASH = "—"
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f]")


class SignatureLine(NamedTuple):
    """Who claims to have signed, with which key, and the 64 bytes."""

    name: str
    key_id: bytes
    signature: bytes

    def text(self) -> str:
        """The line, with its newline."""
        return _signature_line(self.name, self.key_id, self.signature)


class Note(NamedTuple):
    """`text` ends with a newline and is what is signed; `raw` are the bytes as received (xs1 3.6)."""

    text: str
    signatures: tuple[SignatureLine, ...]
    raw: bytes

    def verify(self, name: str, key: bytes) -> None:
        """Raise `BadSignature` unless `name` signed with `key`; unknown signature lines are ignored (xs1 3.4)."""
        wanted = keys.key_id(name, key)
        mine = [s for s in self.signatures if s.name == name and s.key_id == wanted]
        if not mine:
            raise BadSignature(f"a signature of {name}#{wanted.hex()}", ", ".join(self.signers()) or "none")
        for line in mine:
            keys.verify(key, line.signature, self.text.encode())

    def signers(self) -> list[str]:
        """`name#keyid` of each signature line."""
        return [f"{s.name}#{s.key_id.hex()}" for s in self.signatures]


def sign(text: str, *signers: keys.Signer) -> bytes:
    """The note of `text`, signed by each of `signers`."""
    if not text.endswith("\n"):
        raise ValueError("a note's text ends with a newline")
    lines = [_signature_line(s.name, s.key_id, s.sign(text.encode())) for s in signers]
    return f"{text}\n{''.join(lines)}".encode()


def joined(text: str, signatures: Iterable[SignatureLine]) -> bytes:
    """The note of `text` with signatures made elsewhere."""
    return f"{text}\n{''.join(_signature_line(*line) for line in signatures)}".encode()


def parse(raw: bytes, most: int) -> Note:
    """A note of at most `most` bytes; control characters but newline, CR and missing parts are refused (xs1 3.3)."""
    if len(raw) > most:
        raise TooLarge(f"a note of at most {most} bytes", f"{len(raw)} bytes")
    try:
        whole = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise ProtocolError("a note in UTF-8", "bad bytes") from None  # xs1 1.1
    if _CONTROL.search(whole):
        raise ProtocolError("a note without control characters", "one (CR or tab, perhaps)")
    text, blank, tail = whole.rpartition("\n\n")
    if not blank or not text or not tail.endswith("\n"):
        raise ProtocolError("text, an empty line, signature lines", whole[-80:])
    lines = tail[:-1].split("\n")
    if len(lines) > limits.SIGNATURES_A_NOTE:
        raise ProtocolError(f"at most {limits.SIGNATURES_A_NOTE} signatures", f"{len(lines)}")
    return Note(text + "\n", tuple(_parse_line(line) for line in lines), raw)


def _signature_line(name: str, key_id: bytes, signature: bytes) -> str:
    return f"{DASH} {name} {keys.to_base64(key_id + signature)}\n"


def _parse_line(line: str) -> SignatureLine:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != DASH or not parts[1] or "+" in parts[1]:
        raise ProtocolError("a signature line '— name base64'", line)
    blob = keys.from_base64(parts[2])
    if len(blob) < 5:
        raise ProtocolError("a key id and a signature", f"{len(blob)} bytes")
    return SignatureLine(parts[1], blob[:4], blob[4:])
