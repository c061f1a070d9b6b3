"""What a case holds stands under its own SHA-256: what a flipped bit made of it is found by that, and put right by it.

A message that anybody gives is the right one when it hashes to what is stored here, whoever gives it.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256

from xstock_node.protocol import messages
from xstock_node.protocol.errors import ProtocolError
from xstock_node.storage.values import DamagedMessage, DamagedPart, StoredMessage

Part = tuple[str, str, object]
"""A case, a hash, and what stands under it."""


def is_sound_part(data: object, hash_: object) -> bool:
    """Whether a side line or an attachment hashes to what it was stored under."""
    return isinstance(data, bytes) and sha256(data).hexdigest() == hash_


def is_sound_message(found: StoredMessage) -> bool:
    """Whether a message says of itself what it was stored under: case, writer, place in the chain, hash of its text.

    Its signature, its receipt and whether it is void are not looked at.
    """
    try:
        said = messages.parse(found.raw)
    except ProtocolError:
        return False
    return (said.case, said.sender, said.link) == (found.case, found.writer, found.link)


def damaged_messages(found: Iterable[StoredMessage]) -> Iterator[DamagedMessage]:
    """Those that are not as they were stored."""
    return (DamagedMessage(one) for one in found if not is_sound_message(one))


def damaged_parts(found: Iterable[Part]) -> Iterator[DamagedPart]:
    """Those that are not as they were stored."""
    return (DamagedPart(case, hash_) for case, hash_, data in found if not is_sound_part(data, hash_))


def put_right(damaged: StoredMessage, raw: bytes) -> StoredMessage | None:
    """The message as it was stored, by what somebody gives; None where that is another message."""
    try:
        said = messages.parse(raw)
    except ProtocolError:
        return None
    if said.link.hash != damaged.link.hash:
        return None
    return damaged._replace(case=said.case, writer=said.sender, link=said.link, raw=raw)
