"""One block of an alert (`info`, clause 3.2.2) with its areas (3.2.4)."""

from typing import Any, Literal, get_args

from xstock_cap import bounds, rules
from xstock_cap.fields import Fields
from xstock_cap.notes import Notes
from xstock_cap.shapes import Misshapen, read_circle, read_polygon
from xstock_cap.words import WHITE
from xstock_node.plugins.interchange import Area, Block, Coded, Point
from xstock_node.plugins.markup import Element

Urgency = Literal["Immediate", "Expected", "Future", "Past", "Unknown"]
Severity = Literal["Extreme", "Severe", "Moderate", "Minor", "Unknown"]
Certainty = Literal["Observed", "Likely", "Possible", "Unlikely", "Unknown"]


def read_block(element: Element, notes: Notes) -> Block:
    """What one `info` says; what is not clear is noted, and kept raw. Raises `Refused` for more than the node takes."""
    fields = Fields(element, notes)
    parameters = fields.coded("parameter")
    event, categories = fields.prose("event"), fields.choices("category", rules.CATEGORIES)
    for name, found in (("event", event), ("category", categories)):
        if not found:
            notes.flag(f"missing: {name}")
    block: dict[str, Any] = {
        "event": event,
        "language": _language(fields),
        "categories": categories,
        "responses": fields.choices("responseType", rules.RESPONSES),
        "urgency": fields.choice("urgency", get_args(Urgency)),
        "severity": fields.choice("severity", get_args(Severity)),
        "certainty": fields.choice("certainty", get_args(Certainty)),
        "level": _level(parameters, notes),
        "codes": fields.coded("eventCode"),
        "effective": fields.time("effective"),
        "onset": fields.time("onset"),
        "expires": fields.time("expires"),
        "sender_name": fields.prose("senderName"),
        "description": fields.prose("description", bounds.PROSE),
        "instruction": fields.prose("instruction", bounds.PROSE),
        "web": _web(fields),
        "areas": tuple(_area(one, notes) for one in fields.elements("area")),
    }
    block |= {name: fields.prose(name) for name in ("audience", "headline", "contact")}
    _remark(fields, notes)
    kept = (one for one in parameters if one.scheme != rules.LEVEL)
    return Block(**block, parameters=(*kept, *fields.unread))


def _language(fields: Fields) -> str:
    """A tag of BCP 47, empty where none is said: the default `en-US` of the schema would be a guess."""
    text = fields.text("language")
    if text and not rules.LANGUAGE.fullmatch(text):
        fields.notes.flag(f"unknown-code: language {text}")
        fields.keep("language", text)
        return ""
    return text


def _level(parameters: tuple[Coded, ...], notes: Notes) -> str:
    """The colour that the sender gives: our own word first, or the awareness level of MeteoAlarm."""
    for one in parameters:
        if one.scheme == rules.LEVEL and one.value in rules.LEVELS:
            return one.value
    for one in parameters:
        if one.scheme == rules.AWARENESS:
            found = rules.awareness(one.value)
            if not found:
                notes.flag(f"unknown-code: {rules.AWARENESS} {one.value}")
            return found
    return ""


def _web(fields: Fields) -> str:
    text = fields.text("web")
    if len(text) > bounds.NAME:
        fields.notes.flag(f"shortened: web had {len(text)} characters and is left out")
        return ""
    return text


def _area(element: Element, notes: Notes) -> Area:
    fields = Fields(element, notes)
    description = fields.prose("areaDesc")
    if not description:
        notes.flag("missing: areaDesc")
    circles = []
    for text in fields.texts("circle"):
        try:
            circles.append(read_circle(text))
        except Misshapen as error:
            notes.skip(str(error), f"circle {text}")
    for name in fields.names:
        if name not in rules.ELEMENTS["area"]:
            notes.skip("unread-element", " ".join((name, *fields.texts(name)[:3])))
    codes, polygons = fields.coded("geocode"), _polygons(fields, notes)
    return Area(description=description, codes=codes, polygons=polygons, circles=tuple(circles))


def _polygons(fields: Fields, notes: Notes) -> tuple[tuple[Point, ...], ...]:
    found = []
    for text in fields.texts("polygon"):
        if notes.points > bounds.ALL_POINTS:
            notes.skip("too-many-points", f"polygon {text[:100]}")
            continue
        try:
            points, was_open = read_polygon(text)
        except Misshapen as error:
            notes.skip(str(error), f"polygon {text[:200]}")
            continue
        if was_open:
            notes.flag("rule-R9: a polygon was open; it is closed here")
        notes.points += len(points)
        found.append(points)
    return tuple(found)


def _remark(fields: Fields, notes: Notes) -> None:
    for one in fields.elements("resource"):
        notes.skip("resource", " ".join((part.text or "").strip(WHITE) for part in one))
    for name in fields.names:
        if name not in rules.ELEMENTS["info"]:
            notes.skip("unknown-element", name)
