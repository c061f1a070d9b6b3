"""EMSI as values: the elements of the profile urn:emergency:eda:1.9:emsi in the order of its schema.

What we have no use for is not listed and is passed over. Codes are kept as they came; times are as written. What
stands empty ("", None, no values) is not there.
"""

from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from xstock_node.plugins.interchange import Few, Id, Many, Name, Prose

Mode = Literal["ACTUAL", "EXERCS", "EXCERCS", "SYSTEM", "TEST"]
"""`EXCERCS` stands in the nomenclature, `EXERCS` in the schema."""
Type = Literal["ACK", "ALERT", "CANCEL", "ERROR", "UPDATE"]


class Link(msgspec.Struct, frozen=True, kw_only=True, rename="upper"):
    """An earlier message: ADDSTO adds to it, SPRSDS replaces it."""

    id: Id
    link_role: Id = ""


class Origin(msgspec.Struct, frozen=True, kw_only=True, rename="upper"):
    """Who sent it."""

    org_id: Id = ""
    user_id: Id = ""
    name: Name = ""


class ExternalInfo(msgspec.Struct, frozen=True, kw_only=True, rename="upper"):
    """Something beside the message."""

    freetext: Prose = ""
    uri: Name
    type: Id = ""


class Head(msgspec.Struct, frozen=True, kw_only=True, rename="upper"):
    """CONTEXT."""

    id: Id
    mode: Mode
    msgtype: Type
    creation: Id = ""
    link: Annotated[tuple[Link, ...], Few] = ()
    level: Id = ""
    seclass: Id = ""
    freetext: Prose = ""
    origin: Origin | None = None
    external_info: Annotated[tuple[ExternalInfo, ...], Few] = ()
    urgency: Id = ""


class OtherEvent(msgspec.Struct, frozen=True, kw_only=True, rename="upper"):
    """The same event under the ids of another organisation."""

    org_id: Id
    other_event_id: Annotated[tuple[Id, ...], Few]


class Event(msgspec.Struct, frozen=True, kw_only=True, rename="upper"):
    """EVENT: the incident."""

    id: Id
    name: Prose = ""
    main_event_id: Id = ""
    reference: Annotated[tuple[OtherEvent, ...], Few] = ()
    freetext: Prose = ""


class Coordinates(msgspec.Struct, frozen=True, kw_only=True, rename="upper"):
    """Degrees."""

    lat: Decimal
    long: Decimal
    height: Decimal | None = None


class Position(msgspec.Struct, frozen=True, kw_only=True, rename="upper"):
    """A place."""

    loc_id: Id = ""
    name: Name = ""
    type: Id = ""
    coordsys: Id = ""
    coord: Annotated[tuple[Coordinates, ...], Many] = ()
    address: Annotated[tuple[Name, ...], Few] = ()


class Mission(msgspec.Struct, frozen=True, kw_only=True, rename="upper"):
    """MISSION: what is asked for, or done."""

    type: Id
    freetext: Prose = ""
    id: Id
    org_id: Id = ""
    name: Name
    status: Id
    start_time: Id = ""
    end_time: Id = ""
    resource_id: Annotated[tuple[Id, ...], Many] = ()
    parent_mission_id: Annotated[tuple[Id, ...], Few] = ()
    main_mission_id: Id = ""
    position: Position | None = None
    priority: Id = ""


class ResourceType(msgspec.Struct, frozen=True, kw_only=True, rename="upper"):
    """RTYPE: what it is, by codes."""

    rclass: Annotated[tuple[Id, ...], Few]
    capability: Annotated[tuple[Name, ...], Few] = ()
    characteristics: Annotated[tuple[Prose, ...], Few] = ()


class ResourcePlace(msgspec.Struct, frozen=True, kw_only=True, rename="upper"):
    """RGEO: where it is, was or shall be."""

    datime: Id = ""
    type: Id
    freetext: Name = ""
    id: Id = ""
    position: Annotated[tuple[Position, ...], Few] = ()


class PersonalContact(msgspec.Struct, frozen=True, kw_only=True, rename="upper"):
    """CONTACTS: that there are some; never what they say."""

    type: str = ""


class Stock(msgspec.Struct, frozen=True, kw_only=True, rename="upper"):
    """RESOURCE."""

    rtype: ResourceType
    id: Id
    org_id: Name = ""
    name: Name
    freetext: Prose = ""
    rgeo: Annotated[tuple[ResourcePlace, ...], Few] = ()
    quantity: Decimal | None = None
    um: Id = ""
    status: Id
    nationality: Id = ""
    contacts: Annotated[tuple[PersonalContact, ...], Few] = ()


class Emsi(msgspec.Struct, frozen=True, kw_only=True, rename="upper"):
    """One message."""

    context: Head
    event: Event
    mission: Annotated[tuple[Mission, ...], Many] = ()
    resource: Annotated[tuple[Stock, ...], Many] = ()
