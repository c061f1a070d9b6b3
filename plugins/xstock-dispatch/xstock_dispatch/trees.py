"""EMSI values as XML and as plain JSON values, and back, by their types alone."""

from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any, Final, NamedTuple, get_args, get_origin
from xml.etree import ElementTree

import msgspec

from xstock_dispatch.emsi import Emsi
from xstock_dispatch.told import broken

Element = ElementTree.Element
EMSI: Final = "urn:emergency:eda:1.9:emsi"
DE: Final = "urn:oasis:names:tc:emergency:EDXL:DE:2.0"
# Prefixes are known to the whole process: `de` is that of EDXL-DE 1.0, where another plugin runs beside this one.
ElementTree.register_namespace("emsi", EMSI)
ElementTree.register_namespace("de2", DE)
ElementTree.register_namespace("xlink", "http://www.w3.org/1999/xlink")


class _Field(NamedTuple):
    many: bool
    part: type[msgspec.Struct] | None


@cache
def _fields(type_: type[msgspec.Struct]) -> dict[str, _Field]:
    """The elements of a part: whether there may be several, and the part that each is, if it is one."""
    return {field.encode_name: _field(field.type) for field in msgspec.structs.fields(type_)}


def _field(type_: Any) -> _Field:
    if hasattr(type_, "__metadata__"):
        type_ = type_.__origin__
    many = get_origin(type_) is tuple
    inner = [one for one in (get_args(type_) or (type_,)) if isinstance(one, type) and issubclass(one, msgspec.Struct)]
    return _Field(many, inner[0] if inner else None)


def from_xml(root: Element) -> Emsi:
    """The message of an element `emsi`; raises `Broken`."""
    return _valued(_plain(root, Emsi), strict=False)


def from_plain(found: Any) -> Emsi:
    """The message of JSON values; raises `Broken`."""
    return _valued(found, strict=True)


def _valued(found: Any, strict: bool) -> Emsi:
    try:
        return msgspec.convert(found, Emsi, strict=strict)
    except msgspec.ValidationError as error:
        raise broken(error, "values of EMSI within our bounds") from None


def _plain(element: Element, type_: type[msgspec.Struct]) -> dict[str, Any]:
    known, found = _fields(type_), dict[str, Any]()
    for child in element:
        space, _, name = child.tag.rpartition("}")
        field = known.get(name) if space == "{" + EMSI else None
        if field is None:
            continue
        value = _plain(child, field.part) if field.part else _text(child)
        if field.many:
            found.setdefault(name, []).append(value)
        else:
            found.setdefault(name, value)
    return found


def _text(element: Element) -> str:
    return "".join(element.itertext())


def to_xml(message: Emsi) -> Element:
    """The element `emsi`."""
    root = Element(f"{{{EMSI}}}emsi")
    _fill(root, message)
    return root


def _fill(parent: Element, part: msgspec.Struct) -> None:
    for name, value in _said(part):
        for one in value if isinstance(value, tuple) else (value,):
            child = ElementTree.SubElement(parent, f"{{{EMSI}}}{name}")
            if isinstance(one, msgspec.Struct):
                _fill(child, one)
            else:
                child.text = f"{one:f}" if isinstance(one, Decimal) else one


def to_plain(message: msgspec.Struct) -> dict[str, Any]:
    """The same as JSON values; numbers stay decimals."""
    return {name: _value(value) for name, value in _said(message)}


def _value(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_value(one) for one in value]
    return to_plain(value) if isinstance(value, msgspec.Struct) else value


def _said(part: msgspec.Struct) -> Iterator[tuple[str, Any]]:
    """What is there. Fields that have to be are written even where they are empty."""
    for field in msgspec.structs.fields(part):
        value = getattr(part, field.name)
        if field.required or value not in ("", None, ()):
            yield field.encode_name, value
