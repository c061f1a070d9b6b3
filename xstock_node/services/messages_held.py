"""Messages of other systems as kept here: by an id that comes from theirs, so that a replay is nothing new.

What is looked through at each new message is its head; what it says lies apart.
"""

import base64
import hashlib
from collections.abc import Iterable
from typing import Literal

import msgspec

from xstock_node.domain.message_order import in_order
from xstock_node.domain.messages import MessageKind, ResourceMessage
from xstock_node.services.shelf import Shelf
from xstock_node.storage.interfaces import Transaction

MessageState = Literal["taken", "waiting", "refused"]
"""`waiting`: what it refers to has not come. `refused`: it says what cannot be done, for the `reason`."""


class HeldMessage(msgspec.Struct, frozen=True, kw_only=True):
    """The head of a message. `sha256` is that of the document's bytes, `at` when it came (unix seconds).

    `foreign_id`, `sender`, `sent`, `status`, `recalls` and `replaces` are the message's own words; `chain` is the
    foreign id of the first message of its chain, `draft` the draft request that it opened.
    """

    id: str
    format: str
    sha256: str
    at: int
    chain: str
    foreign_id: str
    kind: MessageKind
    sender: str
    sent: int
    status: str
    recalls: str = ""
    replaces: bool = False
    state: MessageState = "taken"
    reason: str = ""
    draft: str = ""


MESSAGES: Shelf[HeldMessage] = Shelf("message", HeldMessage)
SAID: Shelf[ResourceMessage] = Shelf("message-said", ResourceMessage)


def message_id(format_: str, sender: str, foreign_id: str) -> str:
    """The id here of a message of another system."""
    digest = hashlib.sha256("\x1f".join((format_, sender, foreign_id)).encode()).digest()
    return base64.b32encode(digest[:10]).decode().lower()


def by_foreign_id(tx: Transaction, format_: str, foreign_id: str) -> list[HeldMessage]:
    """The messages with this id, of whatever sender."""
    return [one for one in MESSAGES.list(tx) if one.format == format_ and one.foreign_id == foreign_id]


def chain(tx: Transaction, format_: str, first: str) -> tuple[ResourceMessage, ...]:
    """What the messages of a chain say, in its order."""
    ids = [one.id for one in MESSAGES.list(tx) if one.format == format_ and one.chain == first]
    return in_order(said for said in (SAID.get(tx, id_) for id_ in ids) if said is not None)


def first_of(known: Iterable[HeldMessage], message: ResourceMessage) -> str:
    """The id of the first message of a chain: its own word, else that of what it refers to, else itself."""
    if message.originating:
        return message.originating
    named = {message.preceding, message.recalls} - {""}
    return next((one.chain for one in known if one.foreign_id in named), message.preceding or message.id)
