"""URIs of what has none: messages, items, places, consignments, under `urn:xstock:`, and back.

Each pair is a bijection: what a URI was made of is read from it again.
"""

import re
import uuid
from typing import Final
from urllib.parse import quote, unquote

from xstock_node.domain.sscc import check_digit
from xstock_node.plugins.interchange import Coded, Place, Point, Resource

REFERENCE: Final = "urn:xstock:ref:"
CATALOGUE: Final = "urn:xstock:catalogue:"
NAMED: Final = "urn:xstock:name:"
PLACE: Final = "urn:xstock:place:"
SSCC: Final = "https://id.gs1.org/00/"
CLASS: Final = "epcClass"
EPC: Final = "epc"
_PLAIN: Final = re.compile(
    r"(?:urn:[A-Za-z0-9][A-Za-z0-9-]{1,30}:[A-Za-z0-9]|https?://[A-Za-z0-9.-]*[A-Za-z0-9]/)[A-Za-z0-9._~:/@!$()*+,;=-]*"
)
_MINE: Final = (REFERENCE, CATALOGUE, NAMED, PLACE)
_LOTS: Final = (
    re.compile(r"urn:epc:class:lgtin:[0-9]+\.[0-9]+\.(.+)", re.DOTALL),
    re.compile(r"https?://[^/]+/01/[0-9]{8,14}/10/([^/?]+).*", re.DOTALL),
)
_GEO: Final = re.compile(r"geo:(-?[0-9]{1,3}(?:\.[0-9]+)?),(-?[0-9]{1,3}(?:\.[0-9]+)?)")
_SSCC: Final = re.compile(r"https?://[^/]+/00/([0-9]{18})")
_SSCC_URN: Final = re.compile(r"urn:epc:id:sscc:([0-9]{4,12})\.([0-9])([0-9]{4,12})")
_DIGITS: Final = re.compile(r"[0-9]{18}")


def event_id(message: str, part: str = "") -> str:
    """The id of a message's event, the same from whichever side (RFC 9562, version 5); `part` where it has several."""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, REFERENCE + quote(message, safe='') + '#' + part)}"


def refer(text: str) -> str:
    """A foreign id as a URI: as it is where it is one."""
    if _PLAIN.fullmatch(text) and not text.startswith(_MINE):
        return text
    return REFERENCE + quote(text, safe="")


def referred(uri: str) -> str:
    """What `refer` was given."""
    return unquote(uri.removeprefix(REFERENCE)) if uri.startswith(REFERENCE) else uri


def class_of(line: Resource) -> str:
    """The class of a line: our catalogue's, else that of its sender, else its name."""
    if line.item:
        return CATALOGUE + quote(line.item, safe="")
    own = next((code.value for code in line.codes if code.scheme == CLASS and code.value), "")
    return refer(own) if own else NAMED + quote(line.name, safe="")


def line_of(uri: str, scheme: str = CLASS) -> Resource:
    """What a class, or a thing, says of a line."""
    if uri.startswith(CATALOGUE):
        item = unquote(uri.removeprefix(CATALOGUE))
        return Resource(id="", item=item, name=item)
    if uri.startswith(NAMED):
        return Resource(id="", name=unquote(uri.removeprefix(NAMED)))
    value = referred(uri)
    found = next((match for pattern in _LOTS if (match := pattern.fullmatch(value))), None)
    lot = unquote(found[1]) if found else ""
    return Resource(id="", name=value, codes=(Coded(scheme, value),), lot=lot)


def write_place(place: Place) -> str:
    """A place: by its point, by a URI that is its code, or in words with its country; the rest is said elsewhere."""
    if place.point is not None:
        return f"geo:{place.point.latitude},{place.point.longitude}"
    if place.code:
        return refer(place.code)
    return f"{PLACE}{quote(place.country, safe='')}:{quote(place.description, safe='')}"


def read_place(uri: str) -> Place:
    """What a URI says of a place."""
    if found := _GEO.match(uri):
        latitude, longitude = float(found[1]), float(found[2])
        if abs(latitude) <= 90 and abs(longitude) <= 180:
            return Place(point=Point(latitude, longitude))
    if uri.startswith(PLACE):
        country, _, description = uri.removeprefix(PLACE).partition(":")
        return Place(country=unquote(country), description=unquote(description))
    return Place(code=referred(uri))


def write_sscc(number: str) -> str:
    """A handling unit as a GS1 Digital Link."""
    return SSCC + number


def read_sscc(uri: str) -> str:
    """The 18 digits of a handling unit, empty for anything else (GS1 TDS 7.3 and 14.5.2)."""
    if found := _SSCC.fullmatch(uri):
        return found[1]
    if (found := _SSCC_URN.fullmatch(uri)) and len(found[1] + found[3]) == 16:
        digits = found[2] + found[1] + found[3]
        return digits + check_digit(digits)
    return ""


def is_sscc(text: str) -> bool:
    """Whether a number is one of a handling unit, by its length."""
    return _DIGITS.fullmatch(text) is not None
