"""Places: LocationType of EDXL-RM, with addresses in xAL 3 and points in GML, as neutral places."""

import re
from collections.abc import Iterator
from typing import Final
from xml.etree import ElementTree

from xstock_edxl.tags import GML, RM, XAL, Element, add, content, each, local, one, space, text, words
from xstock_edxl.told import Broken, Told
from xstock_node.plugins.interchange import Place, Point

_LOCODE: Final = "UN/LOCODE"
_COUNTRY: Final = re.compile(r"[A-Za-z]{2}")
_WGS84: Final = re.compile(r".*(WGS ?84|4326|CRS84)", re.IGNORECASE)
_NAME, _CODE, _LIST = (f"{{{XAL}}}{name}" for name in ("NameElement", "NameCode", "NameCodeType"))


def write_place(parent: Element, namespace: str, name: str, place: Place) -> None:
    """A new child that says the place."""
    location = add(parent, namespace, name)
    if place.description:
        add(location, RM, "LocationDescription", place.description)
    if place.country or place.code or place.address:
        _write_address(add(location, RM, "Address"), place)
    if place.point is not None:
        latitude, longitude = place.point
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
            raise Broken("wrong-value", "degrees of latitude and longitude", f"{latitude} {longitude}", "correct it")
        add(add(add(location, RM, "TargetArea"), GML, "Point"), GML, "pos", f"{latitude!r} {longitude!r}")


def _write_address(address: Element, place: Place) -> None:
    if place.address:
        lines = add(address, XAL, "FreeTextAddress")
        for line in place.address:
            add(lines, XAL, "AddressLine", line)
    if place.country:
        ElementTree.SubElement(add(address, XAL, "Country"), _NAME, {_CODE: place.country, _LIST: "ISO 3166-1"})
    if place.code:
        ElementTree.SubElement(add(address, XAL, "Locality"), _NAME, {_CODE: place.code, _LIST: _LOCODE})


def read_place(location: Element | None, told: Told) -> Place | None:
    """The place, None where none is said; address elements become lines in their order."""
    if location is None:
        return None
    address = one(location, "Address")
    country, code, lines = "", "", list[str]()
    for part in address if address is not None else ():
        found = _coded(part)
        if local(part) == "Country" and _COUNTRY.fullmatch(found[0]):
            country = found[0].upper()
        elif found[1] == _LOCODE:
            code, lines = found[0], lines + [said for said in (words(part),) if said]
        else:
            lines += _lines(part)
    point, area = _point(one(location, "TargetArea"), told)
    description = text(location, "LocationDescription") or area
    return Place(description=description, country=country, code=code, point=point, address=tuple(lines))


def _coded(part: Element) -> tuple[str, str]:
    """The code of a part of an address and what list it is of."""
    for name in each(part, "NameElement", XAL):
        if code := name.get(_CODE, ""):
            return code, name.get(_LIST, "")
    return "", ""


def _lines(part: Element) -> Iterator[str]:
    if local(part) == "FreeTextAddress":
        yield from (content(line) for line in each(part, "AddressLine", XAL))
        return
    names = [words(name) or name.get(_CODE, "") for name in part.iter() if len(name) == 0]
    if said := " ".join(name for name in names if name):
        yield said


def _point(area: Element | None, told: Told) -> tuple[Point | None, str]:
    """The point of an area; of another shape, or of another system of coordinates, its words and a flag."""
    if area is None:
        return None, ""
    shape = next(iter(area), None)
    if shape is not None and local(shape) == "Point" and space(shape) == GML:
        position = one(shape, "pos", GML)
        system = (position.get("srsName") if position is not None else None) or shape.get("srsName") or "WGS84"
        try:
            latitude, longitude = map(float, content(position).split())
            if _WGS84.match(system) and -90 <= latitude <= 90 and -180 <= longitude <= 180:
                return Point(latitude, longitude), ""
        except ValueError:
            pass
    said = f"{local(shape)} {words(shape)}" if shape is not None else ""
    told.flag("area-as-words", said)
    return None, said[:1000]
