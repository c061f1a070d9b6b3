"""Names of elements, and the few ways in which a tree is read and built here."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final
from xml.etree import ElementTree

Element = ElementTree.Element

DE: Final = "urn:oasis:names:tc:emergency:EDXL:DE:1.0"
MSG: Final = "urn:oasis:names:tc:emergency:EDXL:RM:1.0:msg"
RM: Final = "urn:oasis:names:tc:emergency:EDXL:RM:1.0"
XAL: Final = "urn:oasis:names:tc:ciq:xal:3"
GML: Final = "http://www.opengis.net/gml"
PREFIXES: Final = {"de": DE, "rmsg": MSG, "rm": RM, "xal": XAL, "gml": GML}
for _prefix, _space in PREFIXES.items():
    ElementTree.register_namespace(_prefix, _space)


def local(element: Element) -> str:
    """The name without its namespace."""
    return element.tag.rpartition("}")[2]


def space(element: Element) -> str:
    """The namespace, empty where there is none."""
    return element.tag[1:].partition("}")[0] if element.tag.startswith("{") else ""


def each(parent: Element | None, name: str, *spaces: str) -> Iterator[Element]:
    """The children of this name; of the namespaces of EDXL-RM where no other is said."""
    tags = _tags(name, spaces or (MSG, RM))
    for child in parent if parent is not None else ():
        if child.tag in tags:
            yield child


@lru_cache(maxsize=500)
def _tags(name: str, spaces: tuple[str, ...]) -> frozenset[str]:
    return frozenset(f"{{{space_}}}{name}" for space_ in spaces)


def one(parent: Element | None, name: str, *spaces: str) -> Element | None:
    """The first such child."""
    return next(each(parent, name, *spaces), None)


def text(parent: Element | None, name: str, *spaces: str) -> str:
    """The text of the first such child, as it stands; empty where there is none."""
    return content(one(parent, name, *spaces))


def content(element: Element | None) -> str:
    """The text of an element, as it stands."""
    return "" if element is None else "".join(element.itertext())


def words(element: Element) -> str:
    """All text inside, with single spaces: for what is kept for people."""
    return " ".join(" ".join(element.itertext()).split())


def add(parent: Element, namespace: str, name: str, said: str | None = None) -> Element:
    """A new last child."""
    child = ElementTree.SubElement(parent, f"{{{namespace}}}{name}")
    child.text = said
    return child


def listed(parent: Element, name: str, urn: str, values: list[str], namespace: str = MSG) -> None:
    """A new child of the type ValueListType of EDXL-RM."""
    entry = add(parent, namespace, name)
    add(entry, RM, "ValueListURN", urn)
    for value in values:
        add(entry, RM, "Value", value)
