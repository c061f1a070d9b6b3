"""One neutral message as an EMSI message."""

from typing import Final

import msgspec

from xstock_dispatch import codes, marks
from xstock_dispatch.emsi import (
    Emsi,
    Event,
    ExternalInfo,
    Head,
    Link,
    Mission,
    Mode,
    Origin,
    OtherEvent,
    ResourceType,
    Stock,
    Type,
)
from xstock_dispatch.kinds import KINDS, Kind
from xstock_dispatch.places import write_moment
from xstock_dispatch.times import write_time
from xstock_dispatch.told import Broken
from xstock_node.plugins.interchange import Resource, ResourceMessage, Status

MODES: Final[dict[Status, Mode]] = {"Actual": "ACTUAL", "Exercise": "EXERCS", "System": "SYSTEM", "Test": "TEST"}
_SUPPORT: Final = "FSTT/TA"
"""MISSION.TYPE: the profile has no type for goods; technical support is the nearest."""


def write_message(message: ResourceMessage) -> Emsi:
    """The message, whose kind EMSI has to have (`KINDS`); raises `Broken` for what cannot be said."""
    known = KINDS[message.kind]
    if message.status not in MODES:
        raise Broken("wrong-value", "a message that is no draft", message.status, "send no drafts")
    if (message.kind == "recall" or message.replaces) and not message.recalls:
        raise Broken("missing", f"the message that {message.kind} {message.id} recalls", "none", "fill `recalls`")
    if known.moment and not any(
        one.moment == known.moment and one.place for line in message.lines for one in line.schedule
    ):
        raise Broken("missing", f"the moment {known.moment} with a place", "none", "add it to `schedule`")
    return Emsi(
        context=_head(message, known),
        event=_event(message),
        mission=(_mission(message, known),) if known.mission else (),
        resource=tuple(_line(one, known) for one in message.lines),
    )


def _type(message: ResourceMessage, known: Kind) -> Type:
    if message.recalls:
        return "UPDATE" if message.replaces else "CANCEL"
    return known.type


def _head(message: ResourceMessage, known: Kind) -> Head:
    links = [Link(id=message.recalls, link_role="SPRSDS")] if message.recalls else []
    links += [Link(id=message.preceding, link_role="ADDSTO")] if message.preceding else []
    infos = [_info("kind", message.kind)]
    infos += [_info("originating", message.originating)] if message.originating else []
    infos += [_info("contact", msgspec.json.encode(one).decode()) for one in message.contacts]
    infos += [] if message.incidents else [_info("no-incident", "")]
    return Head(
        id=message.id,
        mode=MODES[message.status],
        msgtype=_type(message, known),
        creation=write_time(message.sent, "sent") if message.sent else "",
        link=tuple(links),
        freetext=message.note,
        origin=Origin(org_id=message.sender, name=next((one.description for one in message.contacts), "")),
        external_info=tuple(infos),
    )


def _info(name: str, value: str) -> ExternalInfo:
    return ExternalInfo(freetext=value, uri=marks.OURS + name, type="OTHER")


def _event(message: ResourceMessage) -> Event:
    first, *others = message.incidents or (_chain(message),)
    reference = (OtherEvent(org_id=message.sender, other_event_id=tuple(others)),) if others else ()
    return Event(id=first, name=message.incident, reference=reference)


def _chain(message: ResourceMessage) -> str:
    """One id for all messages of an operation."""
    return message.originating or message.id


def _mission(message: ResourceMessage, known: Kind) -> Mission:
    return Mission(
        type=_SUPPORT,
        id=_chain(message),
        org_id=message.sender,
        name=message.kind,
        status=known.mission,
        resource_id=tuple(one.id for one in message.lines),
    )


def _line(line: Resource, known: Kind) -> Stock:
    status = "UNAV" if line.answer == "decline" and known.resource == "AVAILB" else known.resource
    name = line.name.strip() or line.item or next((one.value for one in line.codes if one.value.strip()), "")
    return Stock(
        rtype=ResourceType(rclass=_classes(line), characteristics=tuple(_characteristics(line))),
        id=line.id,
        org_id=line.owner,
        name=line.name if line.name.strip() else name or marks.UNSAID,
        freetext=line.reason,
        rgeo=tuple(write_moment(one) for one in line.schedule),
        quantity=line.quantity,
        um=codes.UM_OF.get(line.unit, ""),
        status=status,
    )


def _classes(line: Resource) -> tuple[str, ...]:
    """The class of the item, and those classes among its codes that we know; of others the nearest above them."""
    item = [codes.CLASS_OF.get(line.item, codes.ANY_CLASS)] if line.item else []
    given = (codes.known_class(one.value) for one in line.codes if one.scheme == codes.RCLASS)
    return tuple(dict.fromkeys(one for one in (*item, *given) if one)) or (codes.ANY_CLASS,)


def _characteristics(line: Resource) -> list[str]:
    fields = {
        "item": line.item,
        "unit": "" if codes.UNITS.get(codes.UM_OF.get(line.unit, ""), ("",))[0] == line.unit else line.unit,
        **{
            name: getattr(line, name)
            for name in ("about", "answer", "condition", "expiry", "lot", "resource", "said", "terms")
        },
    }
    found = [marks.line_mark(name, value) for name, value in fields.items() if value]
    found += [] if line.name.strip() else [marks.line_mark("unnamed", "")]
    return found + [
        marks.code_mark(one.scheme, one.value) for one in line.codes if codes.is_ours_to_say(one.scheme, one.value)
    ]


def without_unknown(message: ResourceMessage) -> ResourceMessage:
    """The message without codes that are never written, and without its shipment, for which EMSI has no field."""
    lines = (
        msgspec.structs.replace(
            line, codes=tuple(one for one in line.codes if codes.is_ours_to_say(one.scheme, one.value))
        )
        for line in message.lines
    )
    return msgspec.structs.replace(message, lines=tuple(lines), shipment=None)
