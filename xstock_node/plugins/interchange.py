"""Messages of other systems, in one neutral form: public warnings, and the messages of one loan or gift.

A format (CAP, EDXL-RM, EMSI ...) is a plugin that reads bytes into these values and writes them as bytes. Foreign ids
are kept word for word; a code that nobody knows is kept as it came and never written. Times are unix seconds, 0 where
unknown; quantities decimals of a UNECE Rec 20 unit, None where unknown. Since API level 4.
"""

from decimal import Decimal
from typing import Annotated, Literal, NamedTuple, Protocol

import msgspec
from msgspec import Meta

from xstock_node.plugins.context import Context
from xstock_node.protocol import limits

Id = Annotated[str, Meta(max_length=300)]
Name = Annotated[str, Meta(max_length=1000)]
Prose = Annotated[str, Meta(max_length=20_000)]
Few = Meta(max_length=limits.MESSAGE_FEW)
Many = Meta(max_length=limits.MESSAGE_MANY)

Status = Literal["Actual", "Exercise", "System", "Test", "Draft"]
"""CAP 1.2 clause 3.2.1 and EDXL-DE: only `Actual` is real; no other ever moves real stock."""


class Coded(msgspec.Struct, frozen=True):
    """A value of a named list: a geocode, an event code, a keyword. `scheme` is the list's name or URN."""

    scheme: Name
    value: Name


class Point(NamedTuple):
    """Degrees of WGS 84."""

    latitude: float
    longitude: float


class Area(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where: in words, by codes (EMMA_ID, ISO 3166 ...), as closed polygons, as circles with a radius in km."""

    description: Name = ""
    codes: Annotated[tuple[Coded, ...], Many] = ()
    polygons: Annotated[tuple[Annotated[tuple[Point, ...], Meta(max_length=limits.POLYGON)], ...], Many] = ()
    circles: Annotated[tuple[tuple[Point, float], ...], Many] = ()


class Reference(msgspec.Struct, frozen=True):
    """An earlier alert, as CAP refers to it: by sender, identifier and time (clause 3.2.1, `references`)."""

    sender: Id
    identifier: Id
    sent: int


class Block(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an alert says in one language of one event (CAP `info`); `language` is BCP 47, empty where not said.

    `level` is the colour that the feed itself gives, which is no CAP severity. What stands empty was not said.
    """

    event: Name
    language: Id = ""
    categories: Annotated[tuple[Id, ...], Few] = ()
    responses: Annotated[tuple[Id, ...], Few] = ()
    urgency: Literal["Immediate", "Expected", "Future", "Past", "Unknown"] = "Unknown"
    severity: Literal["Extreme", "Severe", "Moderate", "Minor", "Unknown"] = "Unknown"
    certainty: Literal["Observed", "Likely", "Possible", "Unlikely", "Unknown"] = "Unknown"
    level: Literal["", "green", "yellow", "orange", "red"] = ""
    audience: Name = ""
    codes: Annotated[tuple[Coded, ...], Many] = ()
    parameters: Annotated[tuple[Coded, ...], Many] = ()
    effective: int = 0
    onset: int = 0
    expires: int = 0
    sender_name: Name = ""
    headline: Name = ""
    description: Prose = ""
    instruction: Prose = ""
    web: Name = ""
    contact: Name = ""
    areas: Annotated[tuple[Area, ...], Many] = ()


class Alert(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="alert"):
    """A public warning, or a word on an earlier one. The fields are those of CAP 1.2.

    `thread` is what alerts have in common that revise each other without referring to each other, such as an event of
    a feed; empty where only `references` tell. `countries` are ISO 3166-1 alpha-2.
    """

    identifier: Id
    sender: Id
    sent: int
    status: Status
    kind: Literal["Alert", "Update", "Cancel", "Ack", "Error"]
    scope: Literal["Public", "Restricted", "Private"] = "Public"
    source: Name = ""
    restriction: Name = ""
    addresses: Annotated[tuple[Id, ...], Few] = ()
    codes: Annotated[tuple[Id, ...], Few] = ()
    note: Prose = ""
    references: Annotated[tuple[Reference, ...], Many] = ()
    incidents: Annotated[tuple[Id, ...], Many] = ()
    thread: Id = ""
    countries: Annotated[tuple[Id, ...], Many] = ()
    blocks: Annotated[tuple[Block, ...], Many] = ()


class Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A place: in words, by country and UN/LOCODE, at a point, by the lines of its address."""

    description: Name = ""
    country: Annotated[str, Meta(max_length=2)] = ""
    code: Id = ""
    point: Point | None = None
    address: Annotated[tuple[Name, ...], Few] = ()


class Contact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whom to ask: a function or an organisation, what it is in this matter, where."""

    description: Name = ""
    role: Literal["", "sender", "requester", "expert", "approver", "responding", "owner"] = ""
    place: Place | None = None


Moment = Literal[
    "requested-arrival",
    "requested-departure",
    "estimated-arrival",
    "estimated-departure",
    "actual-arrival",
    "actual-departure",
    "estimated-return",
    "actual-return-departure",
    "actual-return-arrival",
    "requested-return",
    "committed",
    "current",
    "reported",
    "route",
]


class Schedule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is planned or happened, when and where."""

    moment: Moment
    at: int = 0
    place: Place | None = None


Answer = Literal["", "accept", "provisional", "decline"]
Condition = Literal["good", "damaged", "short", "over"]


class Resource(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of a message. `id` is its own, `about` that of the line of the earlier message which it answers.

    `item` is a code of the catalogue, empty for what it does not know; `codes` are what the sender calls it by.
    `said` is a quantity as it came where it is no number.
    """

    id: Id
    about: Id = ""
    resource: Id = ""
    name: Name = ""
    item: Id = ""
    codes: Annotated[tuple[Coded, ...], Many] = ()
    quantity: Decimal | None = None
    said: Name = ""
    unit: Id = ""
    condition: Literal["", "good", "damaged", "short", "over"] = ""
    lot: Id = ""
    expiry: Id = ""
    answer: Answer = ""
    reason: Name = ""
    terms: Id = ""
    owner: Name = ""
    schedule: Annotated[tuple[Schedule, ...], Few] = ()


MessageKind = Literal[
    "unsolicited-offer",
    "request",
    "offer",
    "acceptance",
    "confirmation",
    "dispatch",
    "passage",
    "receipt",
    "extension-request",
    "extension-answer",
    "return-request",
    "return-answer",
    "return-dispatch",
    "return-receipt",
    "status-request",
    "information-request",
    "information",
    "quote-request",
    "quote",
    "recall",
]
"""What a message does to a loan or gift; in this order in plugins/README.md beside the words of each standard."""


class ResourceMessage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="resource-message"):
    """One message of an operation. State follows `preceding`, never the order of arrival.

    `originating` is the first message of the chain; `recalls` the message that a recall takes back, for good or, with
    `replaces`, for another one. `incidents` are references to the event: GLIDE, CAP identifier, a centre's own number.
    """

    id: Id
    kind: MessageKind
    sent: int
    status: Status = "Actual"
    sender: Id = ""
    recipients: Annotated[tuple[Id, ...], Few] = ()
    originating: Id = ""
    preceding: Id = ""
    recalls: Id = ""
    replaces: bool = False
    incidents: Annotated[tuple[Id, ...], Few] = ()
    incident: Prose = ""
    language: Id = ""
    note: Prose = ""
    contacts: Annotated[tuple[Contact, ...], Few] = ()
    lines: Annotated[tuple[Resource, ...], Many] = ()


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A message as bytes: a file's name, its media type, its content."""

    name: Id
    content: Annotated[bytes, Meta(max_length=limits.MESSAGE)]
    media: Id = ""


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
