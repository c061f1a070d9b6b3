"""How a route of a plugin hands a message of another system over to the node."""

from typing import Annotated, Literal, Protocol

import msgspec
from msgspec import Meta

from xstock_node.protocol import limits


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A message as bytes: a file's name, its media type, its content."""

    name: Annotated[str, Meta(max_length=300)]
    content: Annotated[bytes, Meta(max_length=limits.MESSAGE)]
    media: Annotated[str, Meta(max_length=300)] = ""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one message of a document: `id` here, the sender's own id, and its state with the reason.

    `known`: it was here before. `refused`: it says what cannot be done, and the `reason` why.
    """

    id: str
    foreign_id: str
    kind: str
    state: Literal["taken", "waiting", "refused"]
    reason: str = ""
    known: bool = False


class Inbox(Protocol):
    """The node's inbox. A plugin needs the power `messages` for it. Since API level 4."""

    async def take(self, document: Document) -> tuple[Receipt, ...]:
        """Each message of a document, on disk when this returns. `Declined` for a document that no format takes."""
        ...
