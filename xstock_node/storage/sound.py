"""What a case holds stands under its own SHA-256, so that a bit that flipped on disk is noticed at reading.

A damaged part is never shown, counted or sent: whoever reads it is told. The other side of the case has it still.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256

from xstock_node.storage.errors import DamagedPart
from xstock_node.storage.values import StoredMessage

Part = tuple[str, str, object]
"""A case, a hash, and what stands under it."""


def is_sound_message(raw: object, hash_: object) -> bool:
    """Whether the text of a signed message (all before its last empty line) hashes to what it was stored under."""
    if not isinstance(raw, bytes):
        return False
    text, blank, _ = raw.rpartition(b"\n\n")
    return bool(blank) and sha256(text + b"\n").hexdigest() == hash_


def is_sound_part(data: object, hash_: object) -> bool:
    """Whether a side line or an attachment hashes to what it was stored under."""
    return isinstance(data, bytes) and sha256(data).hexdigest() == hash_


def sound_message(found: StoredMessage) -> StoredMessage:
    """A message as it was stored; raises `DamagedPart`."""
    if not is_sound_message(found.raw, found.link.hash):
        raise DamagedPart(found.case, _words(found))
    return found


def sound_part(case: str, hash_: str, data: object) -> bytes:
    """A side line or an attachment as it was stored; raises `DamagedPart`."""
    if not isinstance(data, bytes) or not is_sound_part(data, hash_):
        raise DamagedPart(case, f"what hashes to {hash_}")
    return data


def damaged(messages: Iterable[StoredMessage], parts: Iterable[Part]) -> Iterator[DamagedPart]:
    """All that is damaged among what is stored."""
    for found in messages:
        if not is_sound_message(found.raw, found.link.hash):
            yield DamagedPart(found.case, _words(found))
    for case, hash_, data in parts:
        if not is_sound_part(data, hash_):
            yield DamagedPart(case, f"what hashes to {hash_}")


def _words(found: StoredMessage) -> str:
    return f"message {found.link.start} {found.link.n} of {found.writer}"
