"""Messages of other systems as kept here: by an id that comes from theirs, so that a replay is nothing new.

The head of a message lies apart from what it says, and is found by its id, its chain and what it recalls, so that a new
one costs the same however many are held.
"""

import base64
import hashlib
from collections.abc import Iterator
from typing import Literal

import msgspec

from xstock_node.domain.message_order import in_order
from xstock_node.domain.messages import MessageKind, ResourceMessage
from xstock_node.protocol import limits
from xstock_node.services.errors import Refusal
from xstock_node.services.shelf import Shelf
from xstock_node.storage.interfaces import Transaction

MessageState = Literal["taken", "waiting", "refused"]
"""`waiting`: what it refers to has not come. `refused`: it says what cannot be done, for the `reason`."""


class HeldMessage(msgspec.Struct, frozen=True, kw_only=True):
    """The head of a message. `sha256` is that of the document's bytes, `at` when it came (unix seconds).

    `foreign_id`, `sender`, `sent`, `status`, `recalls` and `replaces` are the message's own words; `chain` is the
    foreign id of the first message of its chain, `draft` the draft request that it opened. `settled`: the recall has
    had its effect, or is refused for good.
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
    settled: bool = False


class Ids(msgspec.Struct, frozen=True, kw_only=True):
    """The messages that have something in common."""

    ids: tuple[str, ...] = ()


class Number(msgspec.Struct, frozen=True, kw_only=True):
    """How many messages are kept."""

    number: int = 0


MESSAGES: Shelf[HeldMessage] = Shelf("message", HeldMessage)
SAID: Shelf[ResourceMessage] = Shelf("message-said", ResourceMessage)
_INDEX: Shelf[Ids] = Shelf("message-index", Ids)
_NUMBER: Shelf[Number] = Shelf("message-number", Number)


def message_id(format_: str, sender: str, foreign_id: str) -> str:
    """The id here of a message of another system."""
    digest = hashlib.sha256("\x1f".join((format_, sender, foreign_id)).encode()).digest()
    return base64.b32encode(digest[:10]).decode().lower()


def keep(tx: Transaction, held: HeldMessage, message: ResourceMessage, now: int) -> None:
    """Keep a new message; `too-many` where its chain is full, or the store is full of what is still needed."""
    _make_room(tx, now)
    for key in _keys(held):
        ids = (_INDEX.get(tx, key) or Ids()).ids
        if len(ids) >= limits.MESSAGES_A_CHAIN:
            raise Refusal(
                "too-many", f"at most {limits.MESSAGES_A_CHAIN} messages of a chain", "one more", "begin anew"
            )
        _INDEX.put(tx, key, Ids(ids=(*ids, held.id)), now)
    MESSAGES.put(tx, held.id, held, now)
    SAID.put(tx, held.id, message, now)
    _NUMBER.put(tx, "", Number(number=_number(tx) + 1), now)


def by_foreign_id(tx: Transaction, format_: str, foreign_id: str) -> list[HeldMessage]:
    """The messages with this id, of whatever sender."""
    return _found(tx, _key("id", format_, foreign_id))


def in_chain(tx: Transaction, format_: str, first: str) -> list[HeldMessage]:
    """The heads of a chain's messages, as they came."""
    return _found(tx, _key("chain", format_, first))


def recalls_of(tx: Transaction, format_: str, foreign_id: str) -> list[HeldMessage]:
    """The messages that take this one back."""
    return [one for one in _found(tx, _key("recalls", format_, foreign_id)) if one.kind == "recall"]


def chain(tx: Transaction, format_: str, first: str) -> tuple[ResourceMessage, ...]:
    """What the messages of a chain say, in its order."""
    said = (SAID.get(tx, one.id) for one in in_chain(tx, format_, first))
    return in_order(message for message in said if message is not None)


def first_of(tx: Transaction, format_: str, message: ResourceMessage) -> str:
    """The id of the first message of a chain: its own word, else that of what it refers to, else itself."""
    if message.originating:
        return message.originating
    named = (one for id_ in (message.preceding, message.recalls) if id_ for one in by_foreign_id(tx, format_, id_))
    return next((one.chain for one in named), message.preceding or message.id)


def _make_room(tx: Transaction, now: int) -> None:
    """Where the store is full, the oldest that opened no draft are dropped, some hundreds at a time."""
    if _number(tx) < limits.MESSAGES:
        return
    free = sorted((one for one in MESSAGES.list(tx) if not one.draft), key=lambda one: one.at)[
        : max(limits.MESSAGES // 50, 1)
    ]
    if not free:
        raise Refusal("too-many", f"at most {limits.MESSAGES} messages", "one more", "dismiss drafts that nobody needs")
    for one in free:
        for key in _keys(one):
            ids = tuple(id_ for id_ in (_INDEX.get(tx, key) or Ids()).ids if id_ != one.id)
            if ids:
                _INDEX.put(tx, key, Ids(ids=ids), now)
            else:
                _INDEX.drop(tx, key)
        MESSAGES.drop(tx, one.id)
        SAID.drop(tx, one.id)
    _NUMBER.put(tx, "", Number(number=_number(tx) - len(free)), now)


def _number(tx: Transaction) -> int:
    return (_NUMBER.get(tx, "") or Number()).number


def _found(tx: Transaction, key: str) -> list[HeldMessage]:
    ids = (_INDEX.get(tx, key) or Ids()).ids
    return [held for held in (MESSAGES.get(tx, id_) for id_ in ids) if held is not None]


def _keys(held: HeldMessage) -> Iterator[str]:
    yield _key("id", held.format, held.foreign_id)
    yield _key("chain", held.format, held.chain)
    if held.recalls:
        yield _key("recalls", held.format, held.recalls)


def _key(what: str, format_: str, text: str) -> str:
    return hashlib.sha256("\x1f".join((what, format_, text)).encode()).hexdigest()[:32]
