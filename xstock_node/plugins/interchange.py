"""The interface to other systems' messages: formats that read and write them, and feeds of public warnings.

A format (CAP, EDXL-RM, EMSI ...) reads bytes into the neutral values of `domain.alerts` and `domain.messages`, and
writes those as bytes. Since API level 4.
"""

from typing import Annotated, Protocol

import msgspec
from msgspec import Meta

from xstock_node.domain.alerts import (
    Alert,
    Area,
    Block,
    Coded,
    Few,
    Id,
    Many,
    Name,
    Point,
    Prose,
    Reference,
    Status,
)
from xstock_node.domain.messages import (
    Answer,
    Condition,
    Contact,
    HandlingUnit,
    MessageKind,
    Moment,
    Packed,
    Place,
    Resource,
    ResourceMessage,
    Schedule,
    Shipment,
)
from xstock_node.plugins.context import Context
from xstock_node.plugins.inbox import Document
from xstock_node.protocol import limits

__all__ = [
    "Alert",
    "AlertSource",
    "Answer",
    "Area",
    "Block",
    "Coded",
    "Condition",
    "Contact",
    "Document",
    "Few",
    "HandlingUnit",
    "Id",
    "Many",
    "MessageFormat",
    "MessageKind",
    "Moment",
    "Name",
    "Packed",
    "Place",
    "Point",
    "Prose",
    "Reading",
    "Reference",
    "Resource",
    "ResourceMessage",
    "Schedule",
    "Shipment",
    "Skipped",
    "Status",
    "Writing",
    "limits",
]


class Skipped(msgspec.Struct, frozen=True, kw_only=True):
    """Something in a document that says nothing to us, with a closed word and what came: told, never dropped."""

    reason: Id
    text: Name = ""


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a document says. With `error` (a closed word) all of it is refused; `error_text` says why and what to do.

    `flags` are words on what was read all the same, such as `unknown-code: X`.
    """

    alerts: Annotated[tuple[Alert, ...], Many] = ()
    messages: Annotated[tuple[ResourceMessage, ...], Many] = ()
    skipped: Annotated[tuple[Skipped, ...], Many] = ()
    flags: Annotated[tuple[Name, ...], Many] = ()
    error: Id = ""
    error_text: Name = ""


class Writing(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be written: alerts, or the messages of one operation in their order."""

    alerts: Annotated[tuple[Alert, ...], Many] = ()
    messages: Annotated[tuple[ResourceMessage, ...], Many] = ()


class MessageFormat(Protocol):
    """Reads and writes one standard. It is on without settings and touches nothing but its bytes. Since API level 4."""

    name: str
    title: str

    async def read(self, context: Context, document: Document) -> Reading | None:
        """What a document says; None for one of another format."""
        ...

    async def write(self, context: Context, writing: Writing) -> tuple[Document, ...]:
        """The documents; of what the standard has no message for, none."""
        ...


class Carried(msgspec.Struct, frozen=True, kw_only=True):
    """What another system said of a message: it took it, or it did not, for this `reason`; the same again is no use."""

    taken: bool
    reason: Annotated[str, Meta(max_length=1000)] = ""


class MessageCarrier(Protocol):
    """Hands our messages to one other system. Since API level 6; on where its file of settings exists."""

    name: str
    title: str

    @property
    def settings(self) -> type[msgspec.Struct]:
        """The type of its settings; whose requests are answered is `senders` in the table `[host]`."""
        ...

    async def carry(self, context: Context, document: Document) -> Carried:
        """Hand over one document; raises `Unavailable` where it may be tried again, at the same id."""
        ...


class AlertSource(Protocol):
    """A feed of public warnings, read every few minutes. Since API level 4; on where its file of settings exists."""

    name: str
    title: str

    @property
    def settings(self) -> type[msgspec.Struct]:
        """The type of its settings."""
        ...

    async def poll(self, context: Context) -> Reading:
        """What the feed says now, or nothing where it did not change; raises `Unavailable` with `retry_after`."""
        ...
