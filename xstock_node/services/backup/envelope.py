"""The encrypted envelope of a back-up: a readable head, then pieces under AES-256-GCM, none of which can be changed,
left out, repeated or cut off unnoticed.

The key of each envelope comes from the back-up key and a salt of its own (HKDF with SHA-256), so that no nonce is used
twice; the nonce counts the pieces and marks the last (the STREAM construction, Hoang, Reyhanitabar, Rogaway and Vizár
2015). The head is authenticated with every piece.
"""

import io
from typing import IO

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from xstock_node.services.backup.key import BackupKey
from xstock_node.services.errors import Refusal

MAGIC = b"xstock-backup 1\n"
PIECE = 1 << 20
TAG = 16
HEAD_MOST = 4096
DAMAGED = 1


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What stands before the encrypted pieces, for people and for choosing the key; `created` in unix seconds."""

    node: str
    created: int
    key: str
    salt: str


class EnvelopeWriter:
    """Encrypts what is written to it into `target`. Only `finish` makes it whole."""

    def __init__(self, target: IO[bytes], key: BackupKey, head: Head) -> None:
        self._target, self._raw = target, msgspec.json.encode(head)
        self._cipher, self._number, self._held = _cipher(key, head), 0, bytearray()
        target.write(MAGIC + self._raw + b"\n")

    def write(self, data: bytes) -> int:
        """Take bytes; a piece goes on when there is more behind it."""
        self._held += data
        while len(self._held) > PIECE:
            self._seal(bytes(self._held[:PIECE]), last=False)
            del self._held[:PIECE]
        return len(data)

    def flush(self) -> None:
        """A piece is written when it is full; nothing is hastened."""

    def finish(self) -> None:
        """Write the last piece. Without it the envelope is known to be cut off."""
        self._seal(bytes(self._held), last=True)
        self._held.clear()

    def _seal(self, piece: bytes, last: bool) -> None:
        self._target.write(self._cipher.encrypt(_nonce(self._number, last), piece, self._raw))
        self._number += 1


class EnvelopeReader:
    """Decrypts an envelope as it is read; a `Refusal` at the first piece that is not as it was written."""

    def __init__(self, source: IO[bytes], key: BackupKey) -> None:
        self.head, raw = read_head(source)
        if self.head.key != key.name():
            expected, came = f"the back-up key {self.head.key}", f"the key {key.name()}"
            raise Refusal("wrong-backup-key", expected, came, "give the key that this back-up was made with", 3)
        self._source, self._raw, self._cipher = source, raw, _cipher(key, self.head)
        self._number, self._held, self._ended = 0, b"", False
        self._next = source.read(PIECE + TAG)

    def seek(self, position: int, /) -> int:
        """It is read from the beginning to the end."""
        raise io.UnsupportedOperation("an envelope is read forward alone")

    def read(self, size: int = -1, /) -> bytes:
        """So many bytes, fewer at the end alone; all that is left where the size is negative."""
        parts, wanted = [], size
        while wanted and not (self._ended and not self._held):
            if not self._held:
                self._open()
            part = self._held[:wanted] if wanted > 0 else self._held
            self._held = self._held[len(part) :]
            parts.append(part)
            wanted -= len(part) if wanted > 0 else 0
        return b"".join(parts)

    def _open(self) -> None:
        piece, self._next = self._next, self._source.read(PIECE + TAG)
        self._ended = not self._next
        try:
            self._held = self._cipher.decrypt(_nonce(self._number, self._ended), piece, self._raw)
        except InvalidTag:
            raise _damaged(f"piece {self._number} is changed, or the end is cut off") from None
        self._number += 1


def read_head(source: IO[bytes]) -> tuple[Head, bytes]:
    """The head of an envelope and its bytes; what follows is encrypted."""
    if source.read(len(MAGIC)) != MAGIC:
        raise _damaged("it does not begin as one")
    line = source.readline(HEAD_MOST)
    try:
        return msgspec.json.decode(line, type=Head), line.removesuffix(b"\n")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _damaged(str(error)) from None


def _cipher(key: BackupKey, head: Head) -> AESGCM:
    try:
        salt = bytes.fromhex(head.salt)
    except ValueError:
        raise _damaged("its salt is no hexadecimal number") from None
    return AESGCM(HKDF(SHA256(), 32, salt, b"xstock back-up 1").derive(key.secret))


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _damaged(came: str) -> Refusal:
    return Refusal("damaged-backup", "a whole back-up of a node", came, "take another copy of it", DAMAGED)
