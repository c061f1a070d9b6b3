"""An alert as CAP 1.2: valid by the schema, and by the rules that the schema does not know."""

import re
from typing import Final
from xml.etree import ElementTree

from xstock_cap import countries, rules
from xstock_cap.shapes import write_circle, write_polygon
from xstock_cap.times import write_time
from xstock_cap.words import write_references, write_words
from xstock_node.plugins import Declined
from xstock_node.plugins.interchange import Alert, Area, Block, Coded, Document
from xstock_node.plugins.markup import Element

NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
MEDIA: Final = "application/cap+xml"


def document(alert: Alert) -> Document:
    """The alert as a file. Raises `Declined` with the rules that it breaks."""
    raw: bytes = ElementTree.tostring(element(alert), encoding="utf-8", xml_declaration=True)
    name = re.sub(r"[^A-Za-z0-9._-]", "_", alert.identifier)[:100]
    return Document(name=f"{name}-{alert.sent}.xml", content=raw + b"\n", media=MEDIA)


def element(alert: Alert) -> Element:
    """The element `alert`. Raises `Declined` with the rules that it breaks."""
    if wrong := list(rules.broken(alert)):
        raise Declined(f"expected of {alert.identifier[:60]!r}: {'; '.join(wrong[:5])}; mend it and write it again")
    root = ElementTree.Element("alert", xmlns=NAMESPACE)
    for name, text in (
        ("identifier", alert.identifier),
        ("sender", alert.sender),
        ("sent", write_time(alert.sent)),
        ("status", alert.status),
        ("msgType", alert.kind),
        ("source", alert.source),
        ("scope", alert.scope),
        ("restriction", alert.restriction),
        ("addresses", write_words(alert.addresses)),
        *(("code", one) for one in _codes(alert)),
        ("note", alert.note),
        ("references", write_references(alert.references)),
        ("incidents", write_words(alert.incidents)),
    ):
        _add(root, name, text)
    for block in alert.blocks:
        root.append(_info(block))
    return root


def _codes(alert: Alert) -> tuple[str, ...]:
    """Its codes, and what CAP has no element for: thread, and countries where its areas do not tell them."""
    thread = (f"{rules.THREAD}{alert.thread}",) if alert.thread else ()
    told = countries.told(alert) == alert.countries
    return (*alert.codes, *thread, *(() if told else (f"{rules.COUNTRY}{one}" for one in alert.countries)))


def _info(block: Block) -> Element:
    info = ElementTree.Element("info")
    for name, text in (
        ("language", block.language),
        *(("category", one) for one in block.categories),
        ("event", block.event),
        *(("responseType", one) for one in block.responses),
        ("urgency", block.urgency),
        ("severity", block.severity),
        ("certainty", block.certainty),
        ("audience", block.audience),
    ):
        _add(info, name, text)
    _pairs(info, "eventCode", block.codes)
    for name, at in (("effective", block.effective), ("onset", block.onset), ("expires", block.expires)):
        _add(info, name, write_time(at) if at else "")
    for name, text in (
        ("senderName", block.sender_name),
        ("headline", block.headline),
        ("description", block.description),
        ("instruction", block.instruction),
        ("web", block.web),
        ("contact", block.contact),
    ):
        _add(info, name, text)
    _pairs(info, "parameter", _parameters(block))
    for area in block.areas:
        info.append(_area(area))
    return info


def _parameters(block: Block) -> tuple[Coded, ...]:
    """The sender's parameters, never what we could not read (R14); the level where none of them says it."""
    kept = tuple(one for one in block.parameters if not rules.own(one))
    said = next((rules.awareness(one.value) for one in kept if one.scheme == rules.AWARENESS), "")
    level = block.level and block.level != said
    return (*kept, Coded(scheme=rules.LEVEL, value=block.level)) if level else kept


def _area(area: Area) -> Element:
    found = ElementTree.Element("area")
    _add(found, "areaDesc", area.description)
    for points in area.polygons:
        _add(found, "polygon", write_polygon(points))
    for circle in area.circles:
        _add(found, "circle", write_circle(circle))
    _pairs(found, "geocode", area.codes)
    return found


def _pairs(parent: Element, name: str, pairs: tuple[Coded, ...]) -> None:
    for one in pairs:
        pair = ElementTree.SubElement(parent, name)
        ElementTree.SubElement(pair, "valueName").text = one.scheme
        ElementTree.SubElement(pair, "value").text = one.value


def _add(parent: Element, name: str, text: str) -> None:
    if text:
        ElementTree.SubElement(parent, name).text = text
