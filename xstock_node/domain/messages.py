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


class Packed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """So much of a line of the message, in the line's unit, that is inside of a handling unit."""

    line: Id
    quantity: Decimal | None = None


class HandlingUnit(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A pallet, box or machine: `id` is its SSCC (18 digits), `kg` its gross weight, `m3` its volume."""

    id: Id
    kg: Decimal | None = None
    m3: Decimal | None = None
    serials: Annotated[tuple[Name, ...], Many] = ()
    contents: Annotated[tuple[Packed, ...], Many] = ()


class Shipment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How goods travel: in which units, under which seals, with whom; `mode` is a code of UNECE Recommendation 19.

    No vehicle, plate or driver is ever told to another system.
    """

    units: Annotated[tuple[HandlingUnit, ...], Many] = ()
    seals: Annotated[tuple[Id, ...], Few] = ()
    carrier: Name = ""
    mode: Id = ""
    crossings: Annotated[tuple[Name, ...], Few] = ()


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
    shipment: Shipment | None = None
