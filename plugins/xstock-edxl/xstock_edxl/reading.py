"""An element of an EDXL-RM message as a neutral message."""

from typing import NamedTuple, cast

import msgspec

from xstock_edxl import marks
from xstock_edxl.kinds import KIND_OF, KINDS, ROLE_OF, STAGES, TYPES
from xstock_edxl.lines_in import read_line
from xstock_edxl.places import read_place
from xstock_edxl.rules import check
from xstock_edxl.tags import MSG, Element, content, each, local, one, space, text, words
from xstock_edxl.times import read_time
from xstock_edxl.told import MANY, Broken, Told
from xstock_node.plugins.interchange import Contact, MessageKind, Resource, ResourceMessage, Status


class Envelope(NamedTuple):
    """What a distribution says of the message in it; a message without one is taken for real."""

    sender: str = ""
    status: Status = "Actual"
    language: str = ""
    recipients: tuple[str, ...] = ()
    marks: tuple[tuple[str, str], ...] = ()


def is_message(element: Element) -> bool:
    """Whether this is a message of EDXL-RM 1.0 of one of the sixteen types."""
    return space(element) == MSG and local(element) in TYPES


def read_message(message: Element, envelope: Envelope, told: Told) -> ResourceMessage:
    """The message; raises `Broken` where it breaks the standard."""
    entries = list(each(message, "ResourceInformation"))
    if len(entries) > MANY:
        raise Broken("too-much", f"at most {MANY} lines", str(len(entries)), "split it")
    check(message)
    said = dict(envelope.marks)
    lines = tuple(read_line(line, told) for line in entries)
    incidents = list(each(message, "IncidentInformation"))
    recall = one(message, "MessageRecall")
    if marks.KIND not in said:
        for funding in each(message, "Funding"):
            told.skip("funding", words(funding))
    return _bounded(
        ResourceMessage(
            id=text(message, "MessageID"),
            kind=_kind(message, said.get(marks.KIND, ""), lines, told),
            sent=read_time(text(message, "SentDateTime"), "SentDateTime", told),
            status=envelope.status,
            sender=envelope.sender,
            recipients=envelope.recipients,
            originating="" if marks.ORIGINATING in said else text(message, "OriginatingMessageID"),
            preceding=text(message, "PrecedingMessageID") or said.get(marks.PRECEDING, ""),
            recalls=text(recall, "RecallMessageID"),
            replaces=text(recall, "RecallType").strip() == "Update",
            incidents=tuple(found for part in incidents if (found := text(part, "IncidentID"))),
            incident="\n".join(found for part in incidents if (found := text(part, "IncidentDescription"))),
            language=envelope.language,
            note=text(message, "MessageDescription"),
            contacts=tuple(_contact(contact, told) for contact in each(message, "ContactInformation")),
            lines=lines,
        )
    )


def _kind(message: Element, marked: str, lines: tuple[Resource, ...], told: Told) -> MessageKind:
    """The kind: as we marked it, else by the type; of a status report by the furthest stage that it speaks of."""
    type_, recall = local(message), one(message, "MessageRecall")
    if marked in KINDS and (
        recall is not None if marked == "recall" else KINDS[cast(MessageKind, marked)].type == type_
    ):
        return marked
    if marked:
        told.flag("kind-of-another-type", marked)
    if recall is not None and text(recall, "RecallType").strip() == "Cancel":
        return "recall"
    if type_ in KIND_OF:
        return KIND_OF[type_]
    moments = {schedule.moment for line in lines for schedule in line.schedule}
    stages = [kind for moment, kind in STAGES if moment in moments]
    if not stages:
        told.flag("report-without-stage")
    return stages[0] if stages else "information"


def _contact(contact: Element, told: Told) -> Contact:
    said = text(contact, "ContactRole").strip()
    if said and said not in ROLE_OF:
        told.flag("unknown-code", said)
    for name in ("Radio", "AdditionalContactInformation"):
        if one(contact, name) is not None:
            told.skip("person", name)
    fields = {"description": content(one(contact, "ContactDescription")), "role": ROLE_OF.get(said, "")}
    return Contact(**fields, place=read_place(one(contact, "ContactLocation"), told))  # type: ignore[arg-type]


def _bounded(message: ResourceMessage) -> ResourceMessage:
    """The same message, if it keeps to the bounds and words of neutral messages."""
    try:
        return msgspec.convert(msgspec.to_builtins(message), ResourceMessage)
    except msgspec.ValidationError as error:
        raise Broken("too-much", "a message within our bounds", str(error), "shorten or split it") from None
