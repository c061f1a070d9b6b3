"""What a warning must keep to before it is written: CAP 1.2 (clauses 3.2 and 3.3), and rules R7 to R10 of the design.

The schema alone lets through an update of nothing, an open polygon, an identifier that nobody can refer to.
"""

import re
import tomllib
from collections.abc import Iterator
from typing import Final

import msgspec

from xstock_cap.countries import DATA
from xstock_cap.shapes import LEAST_POINTS, on_earth
from xstock_cap.times import LATEST
from xstock_node.plugins.interchange import Alert, Area, Block, Coded, Reference

_LISTS: Final = tomllib.loads((DATA / "cap.toml").read_text("utf-8"))
CATEGORIES: Final = frozenset(_LISTS["category"])
RESPONSES: Final = frozenset(_LISTS["responseType"])
OLDER: Final[dict[str, str]] = _LISTS["older"]
ELEMENTS: Final = {name: frozenset(found) for name, found in _LISTS["elements"].items()}
ON_EARLIER: Final = frozenset({"Update", "Cancel", "Ack", "Error"})
LANGUAGE: Final = re.compile(r"(?:[A-Za-z]{2,8}|[xXiI](?=-))(?:-[A-Za-z0-9]{1,8})*")
"""A tag of BCP 47 by its form, as `xs:language` has it."""
UNREFERABLE: Final = re.compile(r"[\s,<&]")
"""What identifier and sender may not have (clause 3.2.1), since `references` could not name them."""
LEVELS: Final = frozenset({"green", "yellow", "orange", "red"})

LEVEL: Final = "xstock-level"
"""Parameter of a block: its level, where no awareness level of MeteoAlarm says the same."""
AWARENESS: Final = "awareness_level"
UNREAD: Final = "xstock-unread:"
"""Before the name of an element in a parameter: what came there and says nothing to us. Never written (R14)."""
THREAD: Final = "xstock-thread:"
COUNTRY: Final = "xstock-country:"
"""Codes of an alert: what CAP has no element for."""

_WEB: Final = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*:(?:[^\s<>\"{}|\\^`\[\]%#]|%[0-9A-Fa-f]{2})+(?:#(?:[^\s<>\"{}|\\^`\[\]%#]|%[0-9A-Fa-f]{2})*)?"
)
_UNWRITABLE: Final = re.compile(r"[^\t\n\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


def awareness(text: str) -> str:
    """The colour of an awareness level such as `2; yellow; Moderate`, empty where there is none."""
    parts = [part.strip().lower() for part in text.split(";")]
    return parts[1] if len(parts) > 1 and parts[1] in LEVELS else ""


def broken(alert: Alert) -> Iterator[str]:
    """The rules that an alert breaks, each with what came."""
    try:
        msgspec.convert(msgspec.to_builtins(alert), Alert)
    except msgspec.ValidationError as error:
        yield f"the form of an alert: {error}"
        return
    if found := next((text for text in _texts(alert) if _UNWRITABLE.search(text)), None):
        yield f"only characters of XML 1.0: {found[:60]!r}"
    yield from _header(alert)
    for block in alert.blocks:
        yield from _block(block)


def _header(alert: Alert) -> Iterator[str]:
    for name, text in (("identifier", alert.identifier), ("sender", alert.sender)):
        if not text or UNREFERABLE.search(text):
            yield f"R9: {name} without space, comma, < and &: {text[:60]!r}"
    if not 0 < alert.sent <= LATEST:
        yield f"R10: the time it was sent: {alert.sent}"
    if alert.kind in ON_EARLIER and not alert.references:
        yield f"R7: references in {alert.kind}"
    if any(not _referable(one) for one in alert.references):
        yield "R7, R9: references of a sender, an identifier and a time"
    if alert.scope == "Restricted" and not alert.restriction:
        yield "R8: restriction of what is Restricted"
    if alert.scope == "Private" and not alert.addresses:
        yield "R8: addresses of what is Private"
    if any(not one or '"' in one for one in (*alert.addresses, *alert.incidents)):
        yield "3.2.1: addresses and incidents without quotes in them"


def _block(block: Block) -> Iterator[str]:
    if not block.event:
        yield "3.2.2: an event"
    if not block.categories:
        yield "3.2.2: a category"
    if wrong := [one for one in block.categories if one not in CATEGORIES]:
        yield f"R14: categories of CAP: {wrong[0][:60]!r}"
    if wrong := [one for one in block.responses if one not in RESPONSES]:
        yield f"R14: response types of CAP: {wrong[0][:60]!r}"
    if block.language and not LANGUAGE.fullmatch(block.language):
        yield f"3.2.2: a language of BCP 47: {block.language[:60]!r}"
    if any(not 0 <= at <= LATEST for at in (block.effective, block.onset, block.expires)):
        yield "R10: times between 1970 and 9999"
    if block.web and not _WEB.fullmatch(block.web):
        yield f"3.2.2: web as a full address: {block.web[:60]!r}"
    for area in block.areas:
        yield from _area(area)


def _area(area: Area) -> Iterator[str]:
    if not area.description:
        yield "3.2.4: an area in words"
    for points in area.polygons:
        if len(points) < LEAST_POINTS or points[0] != points[-1]:
            yield "R9: a closed polygon of four points or more"
        elif not all(map(on_earth, points)):
            yield "R9: polygons of latitude and longitude"
    if any(not on_earth(centre) or not 0 <= radius < 1e9 for centre, radius in area.circles):
        yield "R9: circles of latitude, longitude and a radius in km"


def _referable(one: Reference) -> bool:
    return bool(
        one.sender and one.identifier and not UNREFERABLE.search(one.sender + one.identifier) and 0 < one.sent <= LATEST
    )


def _texts(value: object) -> Iterator[str]:
    """Every text in a value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from _texts(getattr(value, name))
    elif isinstance(value, tuple):
        for one in value:
            yield from _texts(one)


def own(parameter: Coded) -> bool:
    """Whether a parameter is one of ours about what we read or write, and not the sender's."""
    return parameter.scheme == LEVEL or parameter.scheme.startswith(UNREAD)
