"""Public warnings as values: the fields of CAP 1.2 (OASIS), with what feeds say beside it.

Foreign ids are kept word for word; a code that nobody knows is kept as it came and never written. Times are unix
seconds, 0 where unknown.
"""

from typing import Annotated, Literal, NamedTuple

import msgspec
from msgspec import Meta

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
