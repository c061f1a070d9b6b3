"""The format `cap`: CAP 1.2 read and written, CAP 1.1 read. The namespace says which it is (R13)."""

from typing import Final

from xstock_cap.notes import Notes, Refused
from xstock_cap.reading import read_alert
from xstock_cap.writing import NAMESPACE, document
from xstock_node.plugins import Context
from xstock_node.plugins.interchange import Alert, Document, Reading, Writing
from xstock_node.plugins.markup import BadMarkup, Element, parse_xml

FAMILY: Final = "urn:oasis:names:tc:emergency:cap:"
OLD: Final = f"{FAMILY}1.1"
EARLIEST: Final = "http://www.incident.com/cap/1.0"


class Cap:
    """The message format `cap`."""

    name = "cap"
    title = "Common Alerting Protocol 1.2"

    async def read(self, context: Context, document: Document) -> Reading | None:
        """The alert of a document, None for one that is no CAP; with `error` for CAP that cannot be taken in."""
        return read(document.content)

    async def write(self, context: Context, writing: Writing) -> tuple[Document, ...]:
        """One document for each alert; raises `Declined` where one breaks a rule. CAP has no messages of loans."""
        return tuple(map(document, writing.alerts))


def read(raw: bytes) -> Reading | None:
    """What a document says, None for one that is no CAP."""
    try:
        root = parse_xml(raw)
    except BadMarkup as error:
        meant = FAMILY.encode() in raw or FAMILY.encode("utf-16-le") in raw or FAMILY.encode("utf-16-be") in raw
        return Reading(error=error.word, error_text=str(error)) if meant else None
    if not is_cap(root):
        return None
    notes = Notes()
    try:
        alert = alert_of(root, notes)
    except Refused as error:
        return Reading(error=error.word, error_text=str(error), flags=notes.flags, skipped=notes.skipped)
    return Reading(alerts=(alert,), flags=notes.flags, skipped=notes.skipped)


def is_cap(root: Element) -> bool:
    """Whether an element is an alert of CAP, of whatever version."""
    space, name = _parted(root.tag)
    return name == "alert" and (space.startswith(FAMILY) or space == EARLIEST)


def alert_of(root: Element, notes: Notes, country: str = "") -> Alert:
    """The alert of a CAP element; its tags lose their namespace. Raises `Refused`."""
    space = _parted(root.tag)[0]
    if space not in (NAMESPACE, OLD):
        raise Refused("unknown-version", f"expected CAP 1.2 or 1.1; came {space[:100]}; ask its sender for CAP 1.2")
    if space == OLD:
        notes.flag("older-version: CAP 1.1")
    for one in root.iter():
        one.tag = one.tag.removeprefix(f"{{{space}}}")
    return read_alert(root, notes, country)


def _parted(tag: str) -> tuple[str, str]:
    space, _, name = tag.removeprefix("{").rpartition("}")
    return space, name
