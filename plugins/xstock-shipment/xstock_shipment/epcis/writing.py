"""Messages of an operation as events of EPCIS 2.0: goods reserved, picked, departed, on the way, received, come home.

An event says in fields of the standard what they can say, and in our extension the rest and nothing else. What was
counted damaged is an event of its own, what is short is a persistent disposition: nobody observed it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from xstock_node.plugins.interchange import Resource, ResourceMessage, Schedule
from xstock_shipment.epcis import uris
from xstock_shipment.epcis.packing import packings, unit_uris
from xstock_shipment.epcis.quantities import write_number
from xstock_shipment.epcis.reading import (
    ADVICE,
    LOT,
    ORDER,
    PRECEDING,
    RECEIPTS,
    Parties,
    recall_by_standard,
    said_by_standard,
)
from xstock_shipment.epcis.shapes import (
    At,
    Destination,
    Dispositions,
    ErrorDeclaration,
    Event,
    Fields,
    Quantity,
    Said,
    Source,
    Transaction,
)
from xstock_shipment.epcis.times import write_time
from xstock_shipment.epcis.words import DAMAGED, MISMATCH, NOT_SO, PIECE, STEPS, WRONG, uom

DAMAGED_PART = "damaged"


def write_message(message: ResourceMessage, known: Mapping[str, ResourceMessage]) -> tuple[Event, ...]:
    """The events of a message, after those that it declares wrong; none for what is no event.

    `known` are the messages of the operation by their id. Raises `Broken` for what no event can say.
    """
    if message.kind == "recall":
        recalled = known.get(message.recalls)
        return _recalled(message, recalled, known) if recalled is not None and recalled.kind in STEPS else ()
    if message.kind not in STEPS:
        return ()
    own, wrong = _events(message, known), _replaced(message, known)
    if wrong is None:
        return own
    before = _events(wrong, known)
    since = write_time(message.sent)
    ids = tuple(event.event_id for event in own)
    declared = ErrorDeclaration(declaration_time=since, reason=WRONG, corrective_event_ids=ids)
    return (*(msgspec.structs.replace(event, error_declaration=declared) for event in before), *own)


def _replaced(message: ResourceMessage, known: Mapping[str, ResourceMessage]) -> ResourceMessage | None:
    """The message in whose place another stands, where it is known and an event."""
    wrong = known.get(message.recalls) if message.replaces else None
    return wrong if wrong is not None and wrong.kind in STEPS else None


def _recalled(
    message: ResourceMessage, recalled: ResourceMessage, known: Mapping[str, ResourceMessage]
) -> tuple[Event, ...]:
    """The events of a message that is taken back for good; the first also says what else its recall says."""
    events = _events(recalled, known)
    declared = ErrorDeclaration(declaration_time=write_time(message.sent), reason=NOT_SO)
    base = recall_by_standard(events[0], declared, _parties(message))
    said = Said(message=_differences(message, base, ("lines",)), lines=tuple(map(_every, message.lines)))
    return (
        msgspec.structs.replace(events[0], error_declaration=msgspec.structs.replace(declared, said=said)),
        *(msgspec.structs.replace(event, error_declaration=declared) for event in events[1:]),
    )


def _events(message: ResourceMessage, known: Mapping[str, ResourceMessage]) -> tuple[Event, ...]:
    """The events of a message: what was seen, what of it was damaged, what was packed into each unit."""
    damaged = _Listed.of(line for line in message.lines if _is_damaged(message, line))
    main = _Listed.of(line for line in message.lines if _is_seen(message, line) and not _is_damaged(message, line))
    unseen = [line for line in message.lines if not _is_seen(message, line)]
    event = _event(message, main, "")
    parts = (_event(message, damaged, DAMAGED_PART),) if damaged.lines else ()
    wrong = _replaced(message, known)
    base = said_by_standard(event, parts, _parties(message), wrong.id if wrong else "")
    seen = iter(base.lines)
    bases = [*(next(seen) for _ in main.lines), *(Resource(id="") for _ in unseen), *seen]
    pairs = list(zip([*main.lines, *unseen, *damaged.lines], bases, strict=True))
    said = _differences(message, base, ("lines",))
    own = _with_lines(message, (event, *parts), said, pairs, len(main.lines) + len(unseen))
    return (*own, *packings(message, event))


class _Listed(NamedTuple):
    """Lines as an event lists them: classes, then single things, none of which is listed twice."""

    classes: tuple[Resource, ...]
    single: tuple[Resource, ...]

    @classmethod
    def of(cls, lines: Iterable[Resource]) -> "_Listed":
        classes, single = list[Resource](), dict[str, Resource]()
        for line in lines:
            if (epc := _epc(line)) and epc not in single:
                single[epc] = line
            else:
                classes.append(line)
        return cls(tuple(classes), tuple(single.values()))

    @property
    def lines(self) -> tuple[Resource, ...]:
        return self.classes + self.single


def _parties(message: ResourceMessage) -> Parties:
    return Parties(message.sender, message.recipients[0] if message.recipients else "")


def _with_lines(
    message: ResourceMessage,
    events: tuple[Event, ...],
    said: Fields,
    pairs: Sequence[tuple[Resource, Resource]],
    first: int,
) -> tuple[Event, ...]:
    """The events with what is said of lines alone: once where it is the same of all, else of each."""
    places = {id(line): number for number, line in enumerate(message.lines, 1)}
    found = [_differences(line, base) for line, base in pairs]
    some = found[0].items() if found else ()
    common = {key: value for key, value in some if all(_same(one, key, value) for one in found)}
    lines = []
    for number, (one, (line, _)) in enumerate(zip(found, pairs, strict=True), 1):
        own = {key: value for key, value in one.items() if key not in common}
        lines.append(own if places[id(line)] == number else {**own, "n": places[id(line)]})
    every = (Said(message=said, line=common, lines=tuple(lines[:first])), Said(lines=tuple(lines[first:])))
    return tuple(msgspec.structs.replace(event, said=one) for event, one in zip(events, every, strict=False))


def _same(fields: Fields, key: str, value: Any) -> bool:
    return key in fields and bool(fields[key] == value)


def _event(message: ResourceMessage, listed: _Listed, part: str) -> Event:
    step, main = STEPS[message.kind], uris.event_id(message.id)
    schedule, things = _moment(message), [*([] if part else unit_uris(message)), *map(_epc, listed.single)]
    counted = [line for line in message.lines if line.condition in ("short", "over")] if not part else []
    return Event(
        type="ObjectEvent",
        event_id=uris.event_id(message.id, part),
        event_time=write_time(schedule.at or message.sent),
        event_time_zone_offset="+00:00",
        action="OBSERVE",
        biz_step=step.step,
        disposition=DAMAGED if part else step.disposition,
        persistent_disposition=Dispositions(set=(MISMATCH,)) if counted else None,
        epc_list=tuple(things) if things or not listed.classes else None,
        quantity_list=tuple(map(_quantity, listed.classes)) or None,
        read_point=At(id=uris.write_place(schedule.place)) if schedule.place else None,
        biz_transaction_list=tuple(_transactions(message)),
        source_list=_sources(message),
        destination_list=_destinations(message),
        part=main if part else "",
    )


def _epc(line: Resource) -> str:
    """The URI of a line that is one single thing, as it came from others; empty for a quantity."""
    one = line.codes[0] if line.codes and not line.item else None
    if one is None or one.scheme != uris.EPC or line.quantity != 1 or line.unit != PIECE:
        return ""
    return "" if uris.read_sscc(one.value) else uris.refer(one.value)


def _quantity(line: Resource) -> Quantity:
    return Quantity(epc_class=uris.class_of(line), quantity=write_number(line.quantity), uom=uom(line.unit))


def _transactions(message: ResourceMessage) -> Iterable[Transaction]:
    if message.originating:
        yield Transaction(type=ORDER, biz_transaction=uris.refer(message.originating))
    if message.preceding:
        kind = ADVICE if message.kind in RECEIPTS else PRECEDING
        yield Transaction(type=kind, biz_transaction=uris.refer(message.preceding))
    if consignment := next((line.resource for line in message.lines if line.resource), ""):
        yield Transaction(type=LOT, biz_transaction=uris.refer(consignment))


def _sides(message: ResourceMessage) -> tuple[str, str]:
    """Who gives the goods and who gets them, where both are known."""
    if not message.sender or not message.recipients or STEPS[message.kind].moment in (None, "current"):
        return "", ""
    sides = (uris.refer(message.sender), uris.refer(message.recipients[0]))
    return (sides[1], sides[0]) if message.kind in RECEIPTS else sides


def _sources(message: ResourceMessage) -> tuple[Source, ...]:
    gives, _ = _sides(message)
    return (Source(type="possessing_party", source=gives),) if gives else ()


def _destinations(message: ResourceMessage) -> tuple[Destination, ...]:
    _, gets = _sides(message)
    return (Destination(type="possessing_party", destination=gets),) if gets else ()


def _moment(message: ResourceMessage) -> Schedule:
    moment = STEPS[message.kind].moment
    every = (one for line in message.lines for one in line.schedule if one.moment == moment)
    return next(every, Schedule(moment="current"))


def _is_damaged(message: ResourceMessage, line: Resource) -> bool:
    return message.kind in RECEIPTS and line.condition == "damaged"


def _is_seen(message: ResourceMessage, line: Resource) -> bool:
    return message.kind not in RECEIPTS or line.condition != "short"


def _differences(said: msgspec.Struct, base: msgspec.Struct, but: tuple[str, ...] = ()) -> Fields:
    """The fields of a value that the other one does not have so."""
    return {
        field: msgspec.to_builtins(getattr(said, field))
        for field in said.__struct_fields__
        if field not in but and getattr(said, field) != getattr(base, field)
    }


def _every(line: Resource) -> Fields:
    found: Fields = msgspec.to_builtins(line)
    return found
