"""Back-ups that one node keeps for another: what is announced, kept and named on the paths of xs1 22.

The keeper sees ciphertext, names of files and sizes. A file travels in numbered parts of one length, the last shorter.
"""

import hashlib
import re

import msgspec

from xstock_node.protocol import limits
from xstock_node.protocol.errors import ProtocolError
from xstock_node.protocol.names import hex_hash

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,90}\.xsbackup", re.ASCII)


class Announced(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is about to be sent: its bytes, and their SHA-256 in hexadecimal."""

    size: int
    sha256: str


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """How many parts of a file are held, on disk, and whether it is whole."""

    held: int
    whole: bool


class KeptFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that is kept; `at` is when it was announced, in unix seconds."""

    name: str
    size: int
    sha256: str
    held: int
    whole: bool
    at: int


class KeptFiles(msgspec.Struct, frozen=True, kw_only=True):
    """All that is kept of the caller, the oldest first, and for how many bytes there is room in all."""

    most: int
    files: list[KeptFile]


def file_name(text: str) -> str:
    """The name of a file that may be kept (xs1 22.2)."""
    if not _NAME.fullmatch(text):
        raise ProtocolError("a name of letters, digits, '.', '_' and '-' that ends in .xsbackup", text)
    return text


def check(told: Announced) -> Announced:
    """An announcement that says how many bytes there are, and their hash."""
    hex_hash(told.sha256)
    if not 0 < told.size <= limits.INTEGER:
        raise ProtocolError("a size in bytes", told.size)
    return told


def parts_of(size: int) -> int:
    """How many parts a file has."""
    return -(-size // limits.BACKUP_PART)


def part_length(size: int, number: int) -> int:
    """The bytes of one part; 0 beyond the last."""
    return max(0, min(limits.BACKUP_PART, size - number * limits.BACKUP_PART))


def part_hash(part: bytes) -> str:
    """By which a part is known on its way."""
    return hashlib.sha256(part).hexdigest()


def file_path(name: str) -> str:
    """Where a file is announced and deleted."""
    return f"/xs/1/backup/{name}"


def part_path(name: str, number: int, digest: str = "") -> str:
    """Where a part is fetched; with its hash, where it is put."""
    return f"/xs/1/backup/{name}/{number}/{digest}".rstrip("/")
