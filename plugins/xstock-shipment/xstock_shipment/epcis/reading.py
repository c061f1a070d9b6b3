"""Events of EPCIS 2.0 as messages. What only our extension says is laid over what the standard's own fields say.

An event that was declared wrong is no message of its own: the one that stands in its place says so, or, where none
does, a recall. The extension may add, and never say otherwise than the fields of the standard.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from xstock_node.plugins.interchange import MessageKind, Resource, ResourceMessage, Schedule, limits
from xstock_shipment.epcis import uris
from xstock_shipment.epcis.packing import agreed, units_of
from xstock_shipment.epcis.quantities import read_number
from xstock_shipment.epcis.shapes import ErrorDeclaration, Event, Fields, Said
from xstock_shipment.epcis.times import read_time
from xstock_shipment.epcis.words import DAMAGED, PIECE, READ, STEPS, bare, kind_of
from xstock_shipment.parts import Broken

PRECEDING: Final = "urn:xstock:epcis:preceding"
ORDER: Final = "po"
ADVICE: Final = "desadv"
LOT: Final = "urn:xstock:epcis:consignment"
RECEIPTS: Final = ("receipt", "return-receipt")


class Parties(NamedTuple):
    """Sender and first recipient, as the document says."""

    sender: str
    recipient: str


class Read(NamedTuple):
    """A message, and what of its event was read all the same."""

    message: ResourceMessage
    flags: tuple[str, ...] = ()


def read_events(events: tuple[Event, ...], parties: Parties) -> Iterator[Read]:
    """The messages of a document, in its order. Raises `Broken` for what cannot be."""
    parts: dict[str, list[Event]] = {}
    for event in events:
        if event.part:
            parts.setdefault(event.part, []).append(event)
    instead = {
        corrective: declared
        for declared in events
        if declared.error_declaration and not declared.part
        for corrective in declared.error_declaration.corrective_event_ids
    }
    held = {event.event_id for event in events if event.event_id and not event.part}
    if lost := sorted(parts.keys() - held):
        raise Broken("missing", f"the event {lost[0]}, of which another is a part", "none")
    for event in events:
        declared = event.error_declaration
        if event.part:
            continue
        if declared is None:
            wrong = instead.get(event.event_id)
            recalled = message_of(wrong) if wrong else ""
            found = read_event(event, tuple(parts.get(event.event_id, ())), parties, recalled)
            yield Read(found, _flags(event))
        elif not held.intersection(declared.corrective_event_ids):
            yield Read(_recall(event, declared, parties))


def read_event(event: Event, parts: tuple[Event, ...], parties: Parties, recalled: str = "") -> ResourceMessage:
    """The message of an event and of its other parts; `recalled` is the message in whose place it stands."""
    packed, parts = tuple(one for one in parts if one.parent_id), tuple(one for one in parts if not one.parent_id)
    base = said_by_standard(event, parts, parties, recalled)
    said = event.said or Said()
    kind = str(said.message.get("kind", base.kind))
    if kind != base.kind and _step(kind) != bare(event.biz_step):
        raise Broken("contradiction", f"a kind of message that is {event.biz_step}", str(kind))
    made = overlaid(base, said, tuple(part.said or Said() for part in parts))
    agreed(made, event, packed)
    if event.said is not None and uris.event_id(made.id) != event.event_id:
        raise Broken("contradiction", f"the event {uris.event_id(made.id)} of the message {made.id}", event.event_id)
    return made


def said_by_standard(event: Event, parts: tuple[Event, ...], parties: Parties, recalled: str = "") -> ResourceMessage:
    """What the fields of the standard say, and nothing of our extension."""
    kind, at = kind_of(bare(event.biz_step), bare(event.disposition)), read_time(event.event_time, "eventTime")
    named = {bare(one.type): uris.referred(one.biz_transaction) for one in reversed(event.biz_transaction_list)}
    sender, recipient = _parties(event, kind, parties)
    id_ = event.event_id or uris.event_id(msgspec.json.encode(event).decode())
    return ResourceMessage(
        id=id_,
        kind=kind,
        sent=read_time(event.record_time, "recordTime") or at,
        sender=sender,
        recipients=(recipient,) if recipient else (),
        originating=named.get(ORDER, id_),
        preceding=named.get(ADVICE, "") if kind in RECEIPTS else named.get(PRECEDING, ""),
        recalls=recalled,
        replaces=bool(recalled),
        lines=tuple(line for one in (event, *parts) for line in lines_of(one, kind, at)),
        shipment=units_of(event),
    )


def message_of(event: Event) -> str:
    """The id of the message of an event."""
    said = event.said.message.get("id") if event.said else None
    return said if isinstance(said, str) else event.event_id


def lines_of(event: Event, kind: MessageKind, at: int) -> list[Resource]:
    """A line for each class and each single thing of an event; what is said of all is the time, place, consignment."""
    lots = [uris.referred(one.biz_transaction) for one in event.biz_transaction_list if one.type == LOT]
    place = uris.read_place(event.read_point.id) if event.read_point else None
    moment = STEPS[kind].moment if kind in STEPS else "current"
    condition = "damaged" if bare(event.disposition) == DAMAGED else "good"
    found = [
        msgspec.structs.replace(
            uris.line_of(one.epc_class), quantity=read_number(one.quantity, one.epc_class), unit=one.uom or PIECE
        )
        for one in event.quantities
    ]
    single = {"quantity": read_number(1, uris.EPC), "unit": PIECE}
    found += [
        msgspec.structs.replace(uris.line_of(one, uris.EPC), **single) for one in event.epcs if not uris.read_sscc(one)
    ]
    if len(found) > limits.MESSAGE_MANY:
        raise Broken("too-much", f"at most {limits.MESSAGE_MANY} lines", str(len(found)))
    return [
        msgspec.structs.replace(
            line,
            id=str(number),
            resource=lots[0] if lots else "",
            condition=condition if kind in RECEIPTS else "",
            schedule=(Schedule(moment=moment, at=at, place=place),) if moment else (),
        )
        for number, line in enumerate(found, 1)
    ]


def overlaid(base: ResourceMessage, said: Said, parts: tuple[Said, ...] = ()) -> ResourceMessage:
    """A message with what the extension says beside it."""
    held = [*said.lines, *(line for part in parts for line in part.lines)]
    own, seen = {**said.message}, list(base.lines)
    if "lines" in own:
        raise Broken("contradiction", "lines in the fields of events", "lines in xstock:message")
    if held:
        first = len(seen) - sum(len(part.lines) for part in parts)
        beyond = len(said.lines) - first
        if beyond < 0 or first < 0:
            raise Broken("wrong-value", f"{first} lines in xstock:message", str(len(said.lines)))
        seen[first:first] = [Resource(id="")] * beyond
    numbered = []
    for place, line in enumerate(seen, 1):
        changes = {**said.line, **(held[place - 1] if held else {})}
        number = changes.pop("n", place)
        numbered.append((number if type(number) is int else place, _changed(line, changes)))
    numbered.sort(key=lambda one: one[0])
    own["lines"] = [msgspec.to_builtins(line) for _, line in numbered]
    return msgspec.convert({**_fields(base), **own}, ResourceMessage)


def _changed(line: Resource, changes: Mapping[str, Any]) -> Resource:
    for field, unsaid in (("item", ("",)), ("quantity", (None,)), ("unit", ("", PIECE))):
        was = getattr(line, field)
        if field in changes and was not in unsaid:
            raise Broken("contradiction", f"{field} {was} of a line, as its event says", str(changes[field]))
    return msgspec.convert({**_fields(line), **changes}, Resource)


def _fields(said: msgspec.Struct) -> Fields:
    found: Fields = msgspec.to_builtins(said)
    found.pop("type", None)
    return found


def _recall(event: Event, declared: ErrorDeclaration, parties: Parties) -> ResourceMessage:
    base = recall_by_standard(event, declared, parties)
    if declared.said is not None:  # which brings its lines whole
        base = msgspec.structs.replace(base, lines=())
    made = overlaid(base, declared.said or Said())
    if made.kind != "recall":
        raise Broken("contradiction", "a recall in errorDeclaration", made.kind)
    return made


def recall_by_standard(event: Event, declared: ErrorDeclaration, parties: Parties) -> ResourceMessage:
    """An event that did not happen, or for which another document brings the right one: its message is recalled."""
    base, recalled = said_by_standard(event, (), parties), message_of(event)
    return msgspec.structs.replace(
        base,
        id=f"{recalled}#error",
        kind="recall",
        sent=read_time(declared.declaration_time, "declarationTime"),
        preceding=recalled,
        recalls=recalled,
        note=declared.reason,
        lines=tuple(msgspec.structs.replace(line, condition="", schedule=()) for line in base.lines),
    )


def _step(kind: str) -> str:
    return next((step.step for name, step in STEPS.items() if name == kind), "")


def _parties(event: Event, kind: MessageKind, parties: Parties) -> Parties:
    """Who tells it whom: as the document says, else who has the goods tells who gets them, and of a receipt back."""
    goes = [uris.referred(one.source) for one in event.source_list if bare(one.type).endswith("_party")]
    comes = [uris.referred(one.destination) for one in event.destination_list if bare(one.type).endswith("_party")]
    if kind in RECEIPTS:
        goes, comes = comes, goes
    return Parties(
        parties.sender or (goes[0] if goes else ""),
        parties.recipient or (comes[0] if comes else ""),
    )


def _flags(event: Event) -> tuple[str, ...]:
    step = bare(event.biz_step)
    if step in READ or not step:
        return () if step else ("no-step: " + (event.event_id or event.type)[:200],)
    return (f"unknown-code: bizStep {step}"[:300],)
