"""Fields at the head of a paper: from facts to text, unknown where nobody knows, empty where a pen will write."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from xstock_node.domain.consignments import Sum, gross_kg, net_kg, total, values, volume_m3
from xstock_node.domain.documents.facts import OperationFacts, Party
from xstock_node.domain.documents.sheets import printable
from xstock_node.domain.documents.words import Many, Words
from xstock_node.domain.units import exact


def figure(value: Decimal | int | None, words: Words) -> Many:
    """A figure in plain digits with a point, the same in every language; unknown is said."""
    if value is None:
        return words.say("word", "unknown")
    return (f"{exact(Decimal(value)):f}",)


def summed(value: Sum, words: Words, currency: str = "") -> Many:
    """A sum, of money where `currency` is given; the parts that it does not hold are said beside it."""
    known = cash(value.known, currency) if currency else f"{exact(value.known):f}"
    if not value.unknown:
        return (known,)
    if not value.known:
        return words.say("word", "unknown")
    return tuple(f"{known} + {len(value.unknown)} × {word}" for word in words.say("word", "unknown"))


def cash(value: Decimal, currency: str) -> str:
    """Money with two decimals or as many as it has."""
    whole, _, part = f"{exact(value):f}".partition(".")
    return f"{whole}.{part:0<2} {printable(currency)}"


def moment(at: datetime | None) -> Many:
    """A time as its own clock shows it, with UTC beside it where that differs."""
    if at is None:
        return ()
    utc = at.astimezone(UTC)
    if not at.utcoffset():
        return (f"{utc:%Y-%m-%d %H:%M} UTC",)
    beside = f"{utc:%H:%M}" if utc.date() == at.date() else f"{utc:%Y-%m-%d %H:%M}"
    return (f"{at:%Y-%m-%d %H:%M} ({beside} UTC)",)


def party(one: Party | None, words: Words) -> Many:
    """Legal name per language, then in one more line what is the same in all."""
    if one is None:
        return ()
    same = [printable(part) for part in (one.address, one.country, one.registration, one.contact) if part]
    names = tuple(printable(name) for name in words.legal_name(one.names))
    return (*dict.fromkeys(names), ", ".join(same))


def text(*parts: str | None) -> Many:
    """People's own words, the same in every language."""
    joined = ", ".join(printable(part) for part in parts if part)
    return (joined,) if joined else ()


Reader = Callable[[OperationFacts, Words], Many]


def _consignment(read: Callable[[OperationFacts], str | None]) -> Reader:
    return lambda facts, _: text(read(facts)) if facts.consignment else ()


def _sum(read: Callable[[OperationFacts], Sum]) -> Reader:
    return lambda facts, words: summed(read(facts), words) if facts.consignment else ()


def _value(facts: OperationFacts, words: Words) -> Many:
    if facts.consignment is not None and values(facts.consignment.units):
        sums = values(facts.consignment.units)
    else:
        sums = _line_values(facts)
    parts = [summed(one, words, currency) for currency, one in sums.items()]
    if not parts:
        return words.say("word", "unknown")
    most = max(map(len, parts))
    return tuple("; ".join(part[place % len(part)] for part in parts) for place in range(most))


def _line_values(facts: OperationFacts) -> dict[str, Sum]:
    sums: dict[str, Sum] = {}
    unknown = tuple(line.item for line in facts.lines if line.unit_value is None or line.dispatched is None)
    for line in facts.lines:
        if line.unit_value is not None and line.dispatched is not None and line.currency is not None:
            before = sums.get(line.currency, Sum(Decimal(0), unknown))
            sums[line.currency] = Sum(before.known + line.unit_value * line.dispatched, unknown)
    return sums


def _slot(facts: OperationFacts, _: Words) -> Many:
    green = facts.green_light
    if green is None or green.slot_from is None:
        return ()
    return (" - ".join(one for side in (green.slot_from, green.slot_until) for one in moment(side)),)


def _green(read: Callable[[OperationFacts], str | None]) -> Reader:
    return lambda facts, _: text(read(facts)) if facts.green_light else ()


def _light(facts: OperationFacts, _: Words) -> Many:
    return text(facts.green_light.number) if facts.green_light else text(facts.no_clearance)


def _leg(facts: OperationFacts, end: str) -> Many:
    legs = facts.consignment.legs if facts.consignment else ()
    if not legs:
        return ()
    return moment(legs[0].departure if end == "departure" else legs[-1].arrival)


def _range(facts: OperationFacts, _: Words) -> Many:
    units = facts.consignment.units if facts.consignment else ()
    ranges = {unit.temperature for unit in units if unit.temperature is not None}
    return text(*(f"{exact(low):f} … {exact(high):f}" for low, high in sorted(ranges)))


def _legal_basis(facts: OperationFacts, _: Words) -> Many:
    return text(facts.stretches[-1].source.text) if facts.stretches else ()


def _joined(parts: tuple[str, ...]) -> str:
    return ", ".join(parts)


# each label of a document's `fields`; an empty answer is a line for the pen
READERS: Final[dict[str, Reader]] = {
    "operation": lambda f, _: text(f.operation),
    "event": lambda f, _: text(f.event),
    "agreement": lambda f, _: text(f.agreement),
    "terms": lambda f, w: _terms(f, w),
    "severity": lambda f, _: text(f.severity),
    "people": lambda f, w: figure(f.people, w),
    "supplier": lambda f, w: party(f.supplier, w),
    "requester": lambda f, w: party(f.requester, w),
    "carrier": lambda f, w: party(f.carrier, w),
    "consignee": lambda f, w: text(f.green_light.consignee) if f.green_light else party(f.requester, w),
    "notify_party": lambda f, _: text(f.notify_party),
    "needed_by": lambda f, _: moment(f.needed_by),
    "answer_by": lambda f, _: moment(f.answer_by),
    "hold_until": lambda f, _: moment(f.hold_until),
    "delivery_term": lambda f, _: text(f.delivery_term),
    "cost": lambda f, _: text(f.cost),
    "insurer": lambda f, _: text(f.insurer),
    "instructions": lambda f, _: text(f.instructions),
    "remarks": lambda f, _: text(f.remarks),
    "reason": lambda f, _: text(f.reason),
    "consignment": _consignment(lambda f: f.consignment.id if f.consignment else None),
    "handling": lambda f, w: w.say("handling", f.consignment.handling) if f.consignment else (),
    "origin": _consignment(lambda f: f.consignment.origin if f.consignment else None),
    "destination": _consignment(lambda f: f.consignment.destination if f.consignment else None),
    "seals": _consignment(lambda f: _joined(f.consignment.seals) if f.consignment else None),
    "route": lambda f, _: text(" - ".join(f.countries)),
    "crossings": lambda f, _: text(_joined(f.crossings)),
    "vehicle": lambda f, _: text(f.vehicle.plates) if f.vehicle else (),
    "capacity": lambda f, _: text(f.vehicle.type, f.vehicle.capacity) if f.vehicle else (),
    "driver": lambda _f, _w: (),
    "departure": lambda f, _: _leg(f, "departure"),
    "arrival": lambda f, _: _leg(f, "arrival"),
    "slot": _slot,
    "green_light": _light,
    "valid_until": lambda f, _: moment(f.green_light.valid_until) if f.green_light else (),
    "entry_point": _green(lambda f: f.green_light.entry_point if f.green_light else None),
    "import_numbers": _green(lambda f: _joined(f.green_light.import_numbers) if f.green_light else None),
    "export_numbers": _green(lambda f: _joined(f.green_light.export_numbers) if f.green_light else None),
    "transit_numbers": _green(lambda f: _joined(f.green_light.transit_numbers) if f.green_light else None),
    "humanitarian_code": lambda f, _: text(f.humanitarian_code),
    "loan_due": lambda f, _: text(f.loan_due.isoformat() if f.loan_due else None),
    "customs_deadline": lambda f, _: text(f.customs_deadline.isoformat() if f.customs_deadline else None),
    "legal_basis": _legal_basis,
    "papers": lambda f, w: _papers(f, w),
    "range": _range,
    "packages": _sum(lambda f: total(f.consignment.units if f.consignment else (), lambda unit: unit.packages)),
    "gross_kg": _sum(lambda f: gross_kg(f.consignment.units if f.consignment else ())),
    "net_kg": _sum(lambda f: net_kg(f.consignment.units if f.consignment else ())),
    "volume": _sum(lambda f: volume_m3(f.consignment.units if f.consignment else ())),
    "value": _value,
}


def _terms(facts: OperationFacts, words: Words) -> Many:
    if facts.terms is not None:
        return words.say("terms", facts.terms)
    spoken = [words.say("terms", one) for one in facts.terms_open]
    return tuple(", ".join(one) for one in zip(*spoken, strict=True)) if spoken else words.say("word", "unknown")


def _papers(facts: OperationFacts, words: Words) -> Many:
    titles = [words.say("title", paper.code) for paper in facts.filed]
    return tuple("; ".join(one) for one in zip(*titles, strict=True)) if titles else ()
