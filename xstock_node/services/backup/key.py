"""The back-up key: 256 random bits as a text that fits on paper. Who has it and a back-up has the node's secrets."""

import base64
import hashlib
from typing import NamedTuple

from xstock_node.services.errors import Refusal

PREFIX = "XSB1"
GROUP = 4
CHECK = 4  # letters of the check group


class BackupKey(NamedTuple):
    """The secret of all back-ups of one node."""

    secret: bytes

    def text(self) -> str:
        """As written on paper: groups of four letters and digits (RFC 4648 base32), the last one a check."""
        letters = base64.b32encode(self.secret).decode().rstrip("=")
        letters += _check(letters)
        groups = [letters[at : at + GROUP] for at in range(0, len(letters), GROUP)]
        return "-".join([PREFIX, *groups])

    def name(self) -> str:
        """What tells this key from others and gives nothing of it away: sixteen hexadecimal digits."""
        return hashlib.sha256(b"xstock back-up key\0" + self.secret).hexdigest()[:16]


def parse_key(text: str) -> BackupKey:
    """Read a key as it was written on paper; small letters, spaces and missing hyphens do no harm."""
    letters = "".join(text.upper().split()).replace("-", "")
    if not letters.startswith(PREFIX):
        raise _bad(f"a key that begins with {PREFIX}")
    letters, check = letters[len(PREFIX) : -CHECK], letters[-CHECK:]
    try:
        secret = base64.b32decode(letters + "=" * (-len(letters) % 8))
    except ValueError:
        raise _bad("letters A to Z and digits 2 to 7") from None
    if len(secret) != 32 or check != _check(letters):
        raise _bad("14 groups of four, of which the last fits the others")
    return BackupKey(secret)


def _check(letters: str) -> str:
    return base64.b32encode(hashlib.sha256(letters.encode()).digest()).decode()[:CHECK]


def _bad(expected: str) -> Refusal:
    return Refusal("bad-backup-key", expected, "something else", "read it again from paper, group by group", 2)
