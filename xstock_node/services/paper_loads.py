"""The goods of papers: staged units, counts, the green light, and the way, as the signed steps tell them."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Final, cast

from xstock_node.domain import consignments, steps
from xstock_node.domain.clearing import ConsignmentStatus
from xstock_node.domain.consignments import (
    Consignment,
    Content,
    Event,
    EventKind,
    HandlingClass,
    HandlingUnit,
    Leg,
    Mode,
    UnitReceipt,
)
from xstock_node.domain.documents.choosing import Choice, class_of, goods_of
from xstock_node.domain.documents.facts import Crewed, GreenLight, Told
from xstock_node.domain.fields import FieldError
from xstock_node.domain.items import BaseUnit, Kind
from xstock_node.domain.reasons import Reason
from xstock_node.domain.stock import StockLine
from xstock_node.domain.units import UnitError, from_decimal_pair
from xstock_node.services.paper_sources import Sources, at, destination_country, lines_on, said_by_supplier

NUMBER: Final = 12
EVENTS: Final = {
    "at-border": EventKind.AT_BORDER, "entry": EventKind.CUSTOMS_ENTRY, "hold": EventKind.CUSTOMS_HOLD,
    "release": EventKind.CUSTOMS_RELEASE, "delayed": EventKind.DELAYED, "diverted": EventKind.DIVERTED,
    "incident": EventKind.INCIDENT, "checkpoint": EventKind.CHECKPOINT, "departed": EventKind.DEPARTED,
    "refused": EventKind.REFUSED, "received": EventKind.ARRIVED,
}  # fmt: skip


def consignment_of(sources: Sources, id_: str, choice: Choice) -> tuple[Consignment, tuple[Reason, ...]]:
    """A consignment and what is wrong with it; a unit that no paper can show is left out and named."""
    status = sources.operation.consignments.get(id_)
    units, wrong = [], []
    for unit in status.stage.units if status and status.stage else ():
        try:
            units.append(_unit(sources, unit))
        except (FieldError, UnitError) as error:
            wrong.append(Reason("unit_unreadable", {"sscc": unit.sscc, "why": str(error)}))
    lines = lines_on(sources, id_)
    items = [sources.items[line.item] for line in lines if line.item in sources.items]
    found = Consignment(
        id=id_,
        origin=_origin(sources),
        destination=destination(sources),
        handling=goods_of(items, choice).handling[0],
        units=tuple(units) or _loose(sources, lines),
        seals=_seals(sources, id_, status),
        legs=(_leg(sources, id_),),
        events=tuple(_events(sources, id_)),
    )
    faults = [] if found.handling is HandlingClass.DANGEROUS or not units else consignments.faults(found)
    return found, (*wrong, *faults)


def all_units(sources: Sources, choice: Choice) -> tuple[HandlingUnit, ...]:
    """What left the supplier, of all consignments."""
    gone = [id_ for id_, one in sources.operation.consignments.items() if one.dispatched]
    return tuple(unit for id_ in gone for unit in consignment_of(sources, id_, choice)[0].units)


def _loose(sources: Sources, lines: list[steps.Line]) -> tuple[HandlingUnit, ...]:
    """Goods that no unit was numbered for: listed all the same, their packages, weight and volume unknown."""
    contents = tuple(_content(sources, line, ()) for line in lines)
    return (HandlingUnit(sscc="", contents=contents),) if contents else ()


def receipts_of(sources: Sources, id_: str) -> tuple[UnitReceipt, ...]:
    """What was counted, per handling unit where the count names one."""
    return tuple(
        UnitReceipt(
            sscc=count.sscc,
            item=count.item,
            good=from_decimal_pair(count.good),
            damaged=from_decimal_pair(count.damaged),
            short=from_decimal_pair(count.short),
            over=from_decimal_pair(count.over),
            reasons=(count.reason,) if count.reason else (),
        )
        for event in sources.events(id_)
        if event.verb == "received" and isinstance(event.body, steps.Receipt)
        for count in event.body.counts
    )


def green_light_of(sources: Sources, id_: str) -> GreenLight | None:
    """The green light of a consignment, once both sides signed it and while it stands."""
    clearance = sources.operation.clearance(id_)
    if clearance is None or clearance.void:
        return None
    light, export = clearance.light, clearance.export
    signed = [e.hash for e in sources.events(id_) if e.verb == "green-light" and e.body == light]
    permits = (*light.permits, *export.permits)
    return GreenLight(
        number=signed[-1][:NUMBER],
        entry_point=light.entry or light.crossing,
        consignee=light.consignee,
        valid_until=at(light.valid_until),
        import_numbers=tuple(one.number for one in light.permits if one.number),
        export_numbers=tuple(one.number for one in export.permits if one.number),
        told=tuple(
            Told(authority=one.authority, what=one.permission, at=sent, number=one.number or None)
            for one in permits
            if (sent := at(one.sent_at)) is not None
        ),
    )


def crews_of(sources: Sources, id_: str) -> tuple[Crewed, ...]:
    """Who comes with the goods of a consignment, or of the operation: what the line says, else what was said last."""
    said: dict[str, steps.Crew] = {}
    for line in said_by_supplier(sources):
        if line.crew is not None:
            said.setdefault(line.item, line.crew)
    found = []
    for line in lines_on(sources, id_):
        item = sources.items.get(line.item)
        crew = line.crew or said.get(line.item)
        if crew is None and (item is None or item.kind is not Kind.TEAM):
            continue
        known = crew or steps.Crew()
        found.append(
            Crewed(
                item=line.item,
                quantity=line.quantity,
                unit=measure(line.unit),
                module=known.module or None,
                crew=known.persons,
                self_sufficiency_days=known.self_sufficiency_days,
            )
        )
    return tuple(found)


def measure(code: str) -> BaseUnit:
    """The unit of a line; a code that the catalogue does not use is printed as it is."""
    return BaseUnit(code) if code in BaseUnit.__members__.values() else cast(BaseUnit, code)


def destination(sources: Sources) -> str:
    """The place of delivery and its country, as far as they were said."""
    accepted, asked = sources.last(steps.Accept), sources.last(steps.Ask)
    place = (accepted.place if accepted else "") or (asked.place if asked else "")
    return ", ".join(part for part in (place, destination_country(sources)) if part)


def _origin(sources: Sources) -> str:
    promise = sources.last(steps.Promise)
    return ", ".join(part for part in (promise.origin if promise else "", sources.supplier.country) if part)


def _unit(sources: Sources, unit: steps.HandlingUnit) -> HandlingUnit:
    alone = len(unit.lines) == 1
    contents = tuple(_content(sources, line, unit.serials if alone else ()) for line in unit.lines)
    classes = {class_of(sources.items[line.item]) for line in unit.lines if line.item in sources.items}
    plain = classes - {HandlingClass.DANGEROUS}  # nobody said the UN number: a pen writes it
    return HandlingUnit(
        sscc=unit.sscc,
        contents=contents,
        handling=next((one for one in HandlingClass if one in plain), HandlingClass.GENERAL),
        gross_kg=None if unit.kg is None else from_decimal_pair(unit.kg),
        m3=None if unit.m3 is None else from_decimal_pair(unit.m3),
    )


def _content(sources: Sources, line: steps.Line, serials: tuple[str, ...]) -> Content:
    item = sources.items.get(line.item)
    expiry, precision = _expiry(sources, line)
    value = from_decimal_pair(line.value) * line.quantity if line.currency else None
    return Content(
        item=line.item,
        quantity=line.quantity,
        unit=measure(line.unit),
        lot=line.lot or None,
        serials=serials or _serials(sources, line),
        expiry=expiry,
        expiry_precision=precision,
        value=value,
        currency=line.currency or None,
        hs=item.hs if item else None,
    )


def _expiry(sources: Sources, line: steps.Line) -> tuple[date | None, str]:
    """The day that the step says, else the one that all own stock of this lot has."""
    said, precision = line.expiry, "month" if len(line.expiry) == 7 else "day"
    if not said:
        held = {(s.expiry, s.expiry_precision) for s in _lot(sources, line) if s.expiry}
        if len(held) == 1:
            only, own = held.pop()
            said, precision = only or "", own or "day"
    return _day(said), precision


def _day(text: str) -> date | None:
    """A day, or the last one of a month; None for anything else that somebody wrote."""
    try:
        if len(text) != 7:
            return date.fromisoformat(text)
        first = date.fromisoformat(f"{text}-01")
        following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
        return date.fromordinal(following.toordinal() - 1)
    except ValueError:
        return None


def _serials(sources: Sources, line: steps.Line) -> tuple[str, ...]:
    """The serials of the own stock of this lot, where all of it goes; which of them would else be a guess."""
    held = [serial for s in _lot(sources, line) for serial in s.serials]
    return tuple(held) if len(held) == line.quantity else ()


def _lot(sources: Sources, line: steps.Line) -> list[StockLine]:
    return [s for s in sources.stock if line.lot and s.lot == line.lot and s.item_code == line.item]


def _seals(sources: Sources, id_: str, status: ConsignmentStatus | None) -> tuple[str, ...]:
    sent = [e.body.seal for e in sources.events(id_) if isinstance(e.body, steps.Dispatch)]
    export = [status.clearance.export.seal] if status and status.clearance else []
    return tuple(dict.fromkeys(seal for seal in (*export, *sent) if seal))


def _leg(sources: Sources, id_: str) -> Leg:
    events = sources.events(id_)
    left = [(e.time, e.body) for e in events if isinstance(e.body, steps.Dispatch)]
    gone, body = left[-1] if left else (0, steps.Dispatch())
    moved = [e.body.at or e.time for e in events if e.verb == "departed" and isinstance(e.body, steps.Movement)]
    return Leg(
        mode=Mode(body.mode) if body.mode in Mode.__members__.values() else Mode.UNSPECIFIED,
        origin=_origin(sources),
        destination=destination(sources),
        carrier=body.carrier or None,
        departure=at(moved[-1] if moved else gone),
        arrival=at(body.arrival),
    )


def _events(sources: Sources, id_: str) -> Iterable[Event]:
    for event in sources.events(id_):
        body = event.body
        named = body.event if isinstance(body, steps.Movement) and event.verb == "border" else event.verb
        happened = at(getattr(body, "at", 0) or event.time)
        if named in EVENTS and happened is not None:
            place = body.place if isinstance(body, steps.Movement) else ""
            said = body.reason or body.note or None
            yield Event(kind=EVENTS[named], at=happened, place=place or None, said_by=event.side, reason=said)


def gross_of_one(found: Consignment | None, item: str) -> Decimal | None:
    """The gross weight of one of an item, where every unit that holds it holds nothing else and was weighed; kg."""
    units = [u for u in (found.units if found else ()) if any(c.item == item for c in u.contents)]
    mixed = any(c.item != item for u in units for c in u.contents)
    weights = [u.gross_kg for u in units if u.gross_kg is not None]
    count = sum((u.sent(item) for u in units), Decimal(0))
    if mixed or not count or len(weights) != len(units):
        return None
    return (sum(weights, Decimal(0)) / count).quantize(Decimal("0.001"))
