"""Messages of other systems as kept here: by an id that comes from theirs, so that a replay is nothing new."""

import base64
import hashlib
from collections.abc import Iterable
from typing import Literal

import msgspec

from xstock_node.domain.message_chain import in_order
from xstock_node.domain.messages import ResourceMessage
from xstock_node.services.shelf import Shelf
from xstock_node.storage.interfaces import Transaction

MessageState = Literal["taken", "waiting", "refused"]
"""`waiting`: what it refers to has not come. `refused`: it says what cannot be done, for the `reason`."""


class HeldMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it came. `sha256` is that of the document's bytes, `at` when it came (unix seconds).

    `chain` is the foreign id of the first message of its chain; `draft` the draft request that it opened.
    """

    id: str
    format: str
    sha256: str
    at: int
    chain: str
    message: ResourceMessage
    state: MessageState = "taken"
    reason: str = ""
    draft: str = ""


MESSAGES: Shelf[HeldMessage] = Shelf("message", HeldMessage)


def message_id(format_: str, sender: str, foreign_id: str) -> str:
    """The id here of a message of another system."""
    digest = hashlib.sha256("\x1f".join((format_, sender, foreign_id)).encode()).digest()
    return base64.b32encode(digest[:10]).decode().lower()


def by_foreign_id(tx: Transaction, format_: str, foreign_id: str) -> list[HeldMessage]:
    """The messages with this id, of whatever sender."""
    return [one for one in MESSAGES.list(tx) if one.format == format_ and one.message.id == foreign_id]


def chain(tx: Transaction, format_: str, first: str) -> list[HeldMessage]:
    """The messages of a chain, in its order."""
    found = {one.message.id: one for one in MESSAGES.list(tx) if one.format == format_ and one.chain == first}
    return [found[message.id] for message in in_order(one.message for one in found.values())]


def first_of(known: Iterable[HeldMessage], message: ResourceMessage) -> str:
    """The id of the first message of a chain: its own word, else that of what it refers to, else itself."""
    if message.originating:
        return message.originating
    named = {message.preceding, message.recalls} - {""}
    return next((one.chain for one in known if one.message.id in named), message.preceding or message.id)
