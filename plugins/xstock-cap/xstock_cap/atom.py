"""Warnings as an Atom feed (RFC 4287): each entry links to its CAP document, or holds it as well."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, NamedTuple
from uuid import NAMESPACE_URL, uuid5
from xml.etree import ElementTree

from xstock_cap.writing import MEDIA, element
from xstock_node.plugins.interchange import Alert
from xstock_node.plugins.markup import Element

NAMESPACE: Final = "http://www.w3.org/2005/Atom"
ATOM_MEDIA: Final = "application/atom+xml"
_LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"


class Head(NamedTuple):
    """What a feed says of itself. `url` is where it is, and its id; `updated` unix seconds, for a feed of nothing."""

    url: str
    title: str
    author: str
    updated: int


class Linked(NamedTuple):
    """A warning, and the address of its CAP document."""

    alert: Alert
    link: str


def feed(head: Head, entries: Iterable[Linked], *, holds: bool = False) -> bytes:
    """The feed as UTF-8, the newest warning first; with `holds` each entry has the CAP document inside as well.

    Only what is Public is in it: anybody may read a feed. Raises `Declined` for a warning that breaks rules of CAP.
    """
    public = sorted((one for one in entries if one.alert.scope == "Public"), key=lambda one: -one.alert.sent)
    root = ElementTree.Element("feed", xmlns=NAMESPACE)
    _add(root, "id", head.url)
    _add(root, "title", head.title)
    _add(root, "updated", _time(max((one.alert.sent for one in public), default=head.updated)))
    _add(ElementTree.SubElement(root, "author"), "name", head.author)
    ElementTree.SubElement(root, "link", rel="self", type=ATOM_MEDIA, href=head.url)
    root.extend([_entry(one, holds) for one in public])
    raw: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return raw + b"\n"


def entry_id(alert: Alert) -> str:
    """The id of an alert's entry: the same wherever and whenever the feed is made."""
    return f"urn:uuid:{uuid5(NAMESPACE_URL, f'{alert.sender},{alert.identifier},{alert.sent}')}"


def _entry(one: Linked, holds: bool) -> Element:
    cap, alert = element(one.alert), one.alert
    entry = ElementTree.Element("entry")
    block = alert.blocks[0] if alert.blocks else None
    if block and block.language:
        entry.set(_LANGUAGE, block.language)
    said = (block.headline or block.event) if block else f"{alert.kind} {alert.identifier}"
    _add(entry, "id", entry_id(alert))
    _add(entry, "title", said if alert.status == "Actual" else f"[{alert.status}] {said}")
    _add(entry, "updated", _time(alert.sent))
    _add(ElementTree.SubElement(entry, "author"), "name", (block and block.sender_name) or alert.sender)
    ElementTree.SubElement(entry, "link", rel="alternate", type=MEDIA, href=one.link)
    for category in block.categories if block else ():
        ElementTree.SubElement(entry, "category", term=category)
    _add(entry, "summary", (block and block.description) or said)
    if holds:
        ElementTree.SubElement(entry, "content", type=MEDIA).append(cap)
    return entry


def _time(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def _add(parent: Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = text
