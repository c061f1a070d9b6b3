"""An EMSI message as a neutral message."""

from typing import Final, cast

import msgspec

from xstock_dispatch.emsi import Emsi, Event, Head, Mission
from xstock_dispatch.envelope import Envelope, status_of
from xstock_dispatch.kinds import KINDS, is_asked, kind_of
from xstock_dispatch.lines_in import read_line, read_mission
from xstock_dispatch.marks import MESSAGE, OURS
from xstock_dispatch.times import read_time
from xstock_dispatch.told import Broken, Told
from xstock_node.plugins.interchange import Contact, MessageKind, Resource, ResourceMessage

_MISSION: Final = frozenset({"ABO", "NST", "CANCLD", "COM", "IPR", "PAU"})
_RESOURCE: Final = frozenset({"AVAILB", "UNAV", "MAINTC", "RESRVD", "VIRTUAL", "IN_USE/MOBILE", "IN_USE/ON_SCENE"})


def read_message(emsi: Emsi, envelope: Envelope | None, told: Told) -> ResourceMessage:
    """The message; raises `Broken` where it breaks the standard."""
    head = emsi.context
    if envelope is None:
        told.flag("no-envelope")
        envelope = Envelope()
    _flag_codes(emsi, told)
    said = _marks(head)
    preceding, recalls, replaces = _links(head, told)
    kind = _kind(emsi, said, replaces, told)
    ours = bool(said.get("kind")) and kind == said["kind"][0]
    missions = () if ours else emsi.mission
    return _bounded(
        ResourceMessage(
            id=head.id,
            kind=kind,
            sent=read_time(head.creation or envelope.sent, "CREATION", told),
            status=status_of(head.mode, envelope),
            sender=(head.origin.org_id if head.origin else "") or envelope.sender,
            recipients=envelope.recipients,
            originating=said.get("originating", ("",))[0],
            preceding=preceding,
            recalls=recalls,
            replaces=replaces,
            incidents=() if "no-incident" in said else _incidents(emsi.event),
            incident="\n".join(one for one in (emsi.event.name, emsi.event.freetext) if one),
            language=envelope.language,
            note="\n".join(one for one in (head.freetext, *(mission.freetext for mission in missions)) if one),
            contacts=_contacts(head, said, ours, told),
            lines=_lines(emsi, kind, ours, told),
        )
    )


def _flag_codes(emsi: Emsi, told: Told) -> None:
    for mission in emsi.mission:
        if mission.status.strip() not in _MISSION:
            told.flag("unknown-code", mission.status)
    for one in emsi.resource:
        if one.status.strip() not in _RESOURCE:
            told.flag("unknown-code", one.status)


def _marks(head: Head) -> dict[str, tuple[str, ...]]:
    found = dict[str, tuple[str, ...]]()
    for info in head.external_info:
        name = info.uri.removeprefix(OURS)
        if info.uri.startswith(OURS) and name in MESSAGE:
            found[name] = (*found.get(name, ()), info.freetext)
    return found


def _links(head: Head, told: Told) -> tuple[str, str, bool]:
    """What a message follows, what it takes back, and whether it stands in the place of that."""
    by_role = {
        role: [one.id for one in head.link if one.link_role.strip() == role] for role in ("SPRSDS", "ADDSTO", "")
    }
    if any(one.link_role.strip() not in by_role for one in head.link) or max(map(len, by_role.values())) > 1:
        told.flag("more-links", ", ".join(one.id for one in head.link))
    replaced, added, plain = (ids[0] if ids else "" for ids in by_role.values())
    if head.msgtype == "CANCEL":
        recalls = replaced or plain or added
        if not recalls:
            raise Broken("missing", "a LINK to the message that CANCEL takes back", "none", "add it")
        return (added if recalls != added or replaced else ""), recalls, False
    if head.msgtype in ("ACK", "ERROR"):
        return added or replaced or plain, "", False
    return added or plain, replaced, bool(replaced)


def _kind(emsi: Emsi, said: dict[str, tuple[str, ...]], replaces: bool, told: Told) -> MessageKind:
    """The kind: as we marked it, where that fits what the message says of itself; else by what it says."""
    marked = said.get("kind", ("",))[0]
    if not marked:
        return kind_of(emsi)
    known = KINDS.get(cast(MessageKind, marked))
    if known is not None and emsi.context.msgtype == ("UPDATE" if replaces else known.type):
        resources = {one.status for one in emsi.resource} <= {known.resource, "UNAV"}
        if resources and {one.status for one in emsi.mission} == {known.mission} - {""}:
            return cast(MessageKind, marked)
    told.flag("kind-of-another-type", marked)
    return kind_of(emsi)


def _incidents(event: Event) -> tuple[str, ...]:
    main = () if event.main_event_id == event.id else (event.main_event_id,)
    others = (id_ for other in event.reference for id_ in other.other_event_id)
    found = tuple(one for one in (event.id, *main, *others) if one.strip())
    if not found and not event.name.strip():
        raise Broken("missing", "an EVENT with an ID", "none", "add it")
    return found


def _contacts(head: Head, said: dict[str, tuple[str, ...]], ours: bool, told: Told) -> tuple[Contact, ...]:
    if ours:
        try:
            return tuple(msgspec.json.decode(one, type=Contact) for one in said.get("contact", ()))
        except msgspec.MsgspecError as error:
            raise Broken("wrong-value", "a contact", str(error), "correct it") from None
    if head.origin is not None and head.origin.user_id.strip():
        told.skip("person", "USER_ID")
    if head.origin is None or not head.origin.name.strip():
        return ()
    return (Contact(description=head.origin.name, role="sender"),)


def _lines(emsi: Emsi, kind: MessageKind, ours: bool, told: Told) -> tuple[Resource, ...]:
    """A line for each resource; where something is asked for, or nothing listed, for each mission without any too."""
    lines = [read_line(one, kind, ours, _mission(emsi, one.id), told) for one in emsi.resource]
    if not ours:
        bare = (mission for mission in emsi.mission if not mission.resource_id)
        if kind == "request":
            asked = (one for one in bare if is_asked(one) and not (lines and len(emsi.mission) == 1))
            lines += [read_mission(one, kind, told) for one in asked]
        elif not lines:
            lines += [read_mission(one, kind, told) for one in bare]
    return tuple(lines)


def _mission(emsi: Emsi, resource: str) -> Mission | None:
    """The mission that names a resource; where there is one alone, that one."""
    if len(emsi.mission) == 1:
        return emsi.mission[0]
    return next((one for one in emsi.mission if resource in one.resource_id), None)


def _bounded(message: ResourceMessage) -> ResourceMessage:
    """The same message, if it keeps to the bounds and words of neutral messages."""
    try:
        return msgspec.convert(msgspec.to_builtins(message), ResourceMessage)
    except msgspec.ValidationError as error:
        raise Broken("too-much", "a message within our bounds", str(error), "shorten or split it") from None
