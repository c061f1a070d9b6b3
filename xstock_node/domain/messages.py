"""The messages of one loan or gift as other systems exchange them, in one neutral form.

Quantities are decimals of a UNECE Rec 20 unit, None where unknown; times unix seconds, 0 where unknown; foreign ids
are kept word for word.
"""

from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from xstock_node.domain.alerts import Coded, Few, Id, Many, Name, Point, Prose, Status


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
