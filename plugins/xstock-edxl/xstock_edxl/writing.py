"""One neutral message as the element of an EDXL-RM message of some type, and what its envelope has to add."""

from typing import NamedTuple

from xstock_edxl import marks
from xstock_edxl.kinds import KINDS, ROLES, TYPES, MessageType
from xstock_edxl.lines_out import write_line
from xstock_edxl.places import write_place
from xstock_edxl.rules import check
from xstock_edxl.tags import MSG, RM, Element, add
from xstock_edxl.times import write_time
from xstock_edxl.told import Broken
from xstock_node.plugins.interchange import Contact, ResourceMessage


class Written(NamedTuple):
    """A message as an element that passed all rules, and the marks that stand in its envelope, as (URN, value)."""

    element: Element
    type: str
    marks: tuple[tuple[str, str], ...]


def write_message(message: ResourceMessage, recalled: str | None) -> Written:
    """The message in the type of its kind; a recall in the type of the message that it takes back (`recalled`, None
    where not known), or in RequestInformation where its own content does not fit that type.

    Raises `Broken` for what cannot be said.
    """
    _sensible(message)
    if message.kind == "recall" and recalled is not None:
        try:
            return _written(message, recalled)
        except Broken:
            pass
    return _written(message, KINDS[message.kind].type)


def _sensible(message: ResourceMessage) -> None:
    """What no schema says of a message of its kind."""
    if (message.kind == "recall" or message.replaces) and not message.recalls:
        raise Broken("missing", f"the message that {message.kind} {message.id} recalls", "none", "fill `recalls`")
    kind = KINDS[message.kind]
    said = [one for line in message.lines for one in line.schedule if one.moment == kind.moment]
    if kind.moment and not (said and (not kind.place or any(one.place for one in said))):
        what = f"the moment {kind.moment}{' with a place' if kind.place else ''} on a line of a {message.kind}"
        raise Broken("missing", what, "none", "add it to `schedule`, without a time where that is unknown")


def _written(message: ResourceMessage, name: str) -> Written:
    of = TYPES[name]
    root = Element(f"{{{MSG}}}{name}")
    add(root, MSG, "MessageID", message.id)
    add(root, MSG, "SentDateTime", write_time(message.sent, "sent"))
    add(root, MSG, "MessageContentType", name)
    if message.note:
        add(root, MSG, "MessageDescription", message.note)
    add(root, MSG, "OriginatingMessageID", message.originating or message.id)
    if message.preceding and of.has("PrecedingMessageID"):
        add(root, MSG, "PrecedingMessageID", message.preceding)
    _write_incidents(root, message)
    if message.recalls:
        recall = add(root, MSG, "MessageRecall")
        add(recall, RM, "RecallMessageID", message.recalls)
        add(recall, RM, "RecallType", "Update" if message.replaces else "Cancel")
    if "Funding" in of.must:
        terms = dict.fromkeys(line.terms for line in message.lines if line.terms)
        add(add(root, MSG, "Funding"), RM, "FundingInfo", ", ".join(terms) or marks.UNSAID)
    for contact in message.contacts:
        _write_contact(root, contact)
    for line in message.lines:
        write_line(root, of, line)
    check(root)
    return Written(root, name, tuple(_marks(message, of)))


def _marks(message: ResourceMessage, of: MessageType) -> list[tuple[str, str]]:
    found = [(marks.KIND, str(message.kind))]
    if not message.originating:
        found.append((marks.ORIGINATING, marks.UNSAID))
    if message.preceding and not of.has("PrecedingMessageID"):
        found.append((marks.PRECEDING, message.preceding))
    return found


def _write_incidents(root: Element, message: ResourceMessage) -> None:
    """Each reference to the event; what it is in words stands with the first."""
    for at, incident in enumerate(message.incidents or (("",) if message.incident else ())):
        information = add(root, MSG, "IncidentInformation")
        if incident:
            add(information, RM, "IncidentID", incident)
        if at == 0 and message.incident:
            add(information, RM, "IncidentDescription", message.incident)


def _write_contact(root: Element, contact: Contact) -> None:
    information = add(root, MSG, "ContactInformation")
    if contact.description:
        add(information, RM, "ContactDescription", contact.description)
    if contact.role:
        add(information, RM, "ContactRole", ROLES[contact.role])
    if contact.place is not None:
        write_place(information, RM, "ContactLocation", contact.place)
