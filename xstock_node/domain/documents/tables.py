"""Tables of papers: what a row is, and one reader per column."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from xstock_node.domain.consignments import Content, Event, HandlingUnit, Leg, Sum, UnitReceipt
from xstock_node.domain.corridors import Stretch
from xstock_node.domain.documents.facts import (
    Crewed,
    FiledPaper,
    Line,
    OperationFacts,
    Reading,
    Share,
    SignedStep,
    Told,
)
from xstock_node.domain.documents.values import cash, figure, moment, summed, text
from xstock_node.domain.documents.words import Many, Words
from xstock_node.domain.items import BaseUnit

# columns of plain figures, set right; everything else is text
FIGURES: Final = frozenset(
    {
        "requested", "offered", "accepted", "dispatched", "sent", "good", "damaged", "short", "over", "returned",
        "written_off", "outstanding", "quantity", "people", "unit_weight", "total_weight", "unit_value", "total_value",
        "unit_total", "packages", "net", "gross", "m3", "celsius", "number", "crew", "self_sufficiency_days",
    }
)  # fmt: skip
WIDTHS: Final = {
    "item": 8, "sscc": 6, "serials": 6, "hash": 8, "legal_basis": 12, "proper_name": 6, "what": 6, "place": 5,
    "authority": 6, "reference": 5, "reasons": 5, "at": 6, "carrier": 5, "origin": 4, "destination": 4,
    "departure": 5, "arrival": 5, "said_by": 4, "lot": 4, "expiry": 4, "code": 4, "regime": 4, "paper": 6,
    "function": 4, "total_value": 4, "unit_value": 4, "unit_total": 4, "number": 2,
    "packing_group": 5, "tunnel": 4, "crew": 4, "self_sufficiency_days": 4,
}  # fmt: skip
WIDTH: Final = 3


class Row(NamedTuple):
    """One row with what its columns may look up."""

    value: Any
    number: int
    facts: OperationFacts
    words: Words


class Packed(NamedTuple):
    """One content of a unit; what is of the whole unit stands on its `first` row alone."""

    unit: HandlingUnit
    content: Content
    first: bool


Reader = Callable[[Row], Many]


def rows_of(kind: str, facts: OperationFacts, words: Words) -> list[Row]:
    """The rows of a table."""
    return [Row(value, number, facts, words) for number, value in enumerate(_ROWS[kind](facts), 1)]


def cell(column: str, row: Row) -> Many:
    """What one cell shows: the column's reader for that kind of row, else the one for all kinds."""
    kind = type(row.value)
    reader = READERS.get((column, kind)) or READERS.get((column, None))
    assert reader is not None, f"no reader of {column} for {kind.__name__}"
    return reader(row)


def sum_of(column: str, rows: Sequence[Row]) -> Many:
    """The sum below a column; money is summed per currency."""
    words = rows[0].words
    parts = [part for row in rows if (part := SUMMED[column](row.value)) is not None]
    units = sorted({unit for _, unit in parts if unit}) or [""]
    shown = []
    for unit in units:
        known = sum((value for value, own in parts if value is not None and own in (unit, "")), Decimal(0))
        unknown = tuple("" for value, _ in parts if value is None)
        shown.append(summed(Sum(known, unknown), words, unit))
    most = max(map(len, shown))
    return tuple("; ".join(one[place % len(one)] for one in shown) for place in range(most))


def _units(facts: OperationFacts) -> Sequence[HandlingUnit]:
    return facts.consignment.units if facts.consignment else facts.units


_ROWS: Final[dict[str, Callable[[OperationFacts], Sequence[object]]]] = {
    "lines": lambda f: f.lines,
    "units": lambda f: [
        Packed(unit, content, place == 0) for unit in _units(f) for place, content in enumerate(unit.contents)
    ],
    "receipts": lambda f: f.receipts,
    "crews": lambda f: f.crews,
    "legs": lambda f: f.consignment.legs if f.consignment else (),
    "events": lambda f: f.consignment.events if f.consignment else (),
    "stretches": lambda f: f.stretches,
    "told": lambda f: f.green_light.told if f.green_light else (),
    "readings": lambda f: f.readings,
    "shares": lambda f: f.shares,
    "steps": lambda f: f.steps,
    "filed": lambda f: f.filed,
}


def _times(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one * other


def outstanding(line: Line) -> Decimal | None:
    """What a borrower still has: came, good or damaged, less returned and written off; None: one is unknown."""
    good, damaged, returned, written_off = line.good, line.damaged, line.returned, line.written_off
    if good is None or damaged is None or returned is None or written_off is None:
        return None
    return good + damaged - returned - written_off


def _named(row: Row, item: str) -> Many:
    line = row.facts.line(item)
    return tuple(map(_clean, row.words.name(line.names if line else {}, item)))


def _clean(name: str) -> str:
    return "".join(text(name))


def _unit_of(row: Row, item: str) -> Many:
    line = row.facts.line(item)
    return row.words.say("unit", line.unit) if line else row.words.say("word", "unknown")


def _counted(row: Row) -> tuple[Decimal, BaseUnit] | None:
    """How much of what was counted had been sent, and its measure."""
    for unit in _units(row.facts):
        if unit.sscc == row.value.sscc:
            measures = [content.unit for content in unit.contents if content.item == row.value.item]
            return (unit.sent(row.value.item), measures[0]) if measures else None
    return None


def _money(value: Decimal | None, currency: str | None, words: Words) -> Many:
    return figure(None, words) if value is None else (cash(value, currency or "?"),)


def _figure(name: str) -> Reader:
    return lambda row: figure(getattr(row.value, name), row.words)


def _text(name: str) -> Reader:
    return lambda row: text(getattr(row.value, name))


def _unit(name: str) -> Reader:
    return lambda row: figure(getattr(row.value.unit, name), row.words) if row.value.first else ()


def _content(name: str) -> Reader:
    return lambda row: text(getattr(row.value.content, name))


def _adr(name: str) -> Reader:
    return lambda row: text(getattr(row.value.content.dangerous, name) if row.value.content.dangerous else None)


Part = tuple[Decimal | None, str]
SUMMED: Final[dict[str, Callable[[Any], Part | None]]] = {
    "total_weight": lambda line: (_times(line.unit_kg, line.dispatched), ""),
    "total_value": lambda line: (_times(line.unit_value, line.dispatched), line.currency or ""),
    "unit_total": lambda packed: (packed.content.value, packed.content.currency or ""),
    "packages": lambda packed: _once(packed, None if (n := packed.unit.packages) is None else Decimal(n)),
    "net": lambda packed: _once(packed, packed.unit.net_kg),
    "gross": lambda packed: _once(packed, packed.unit.gross_kg),
    "m3": lambda packed: _once(packed, packed.unit.m3),
}


def _once(packed: Packed, value: Decimal | None) -> Part | None:
    return (value, "") if packed.first else None


_COUNTERS = ("requested", "offered", "accepted", "dispatched", "good", "damaged", "short", "over", "returned")
READERS: Final[dict[tuple[str, type | None], Reader]] = {
    ("number", None): lambda row: (str(row.number),),
    ("at", None): lambda row: moment(row.value.at),
    ("place", None): _text("place"),
    ("sscc", None): _text("sscc"),
    ("quantity", None): _figure("quantity"),
    ("hash", None): _text("hash"),
    ("said_by", None): _text("said_by"),
    ("origin", None): _text("origin"),
    ("destination", None): _text("destination"),
    # lines
    **{(name, Line): _figure(name) for name in (*_COUNTERS, "written_off")},
    ("item", Line): lambda row: _named(row, row.value.item),
    ("code", Line): _text("item"),
    ("hs", Line): _text("hs"),
    ("unit", Line): lambda row: row.words.say("unit", row.value.unit),
    ("outstanding", Line): lambda row: figure(outstanding(row.value), row.words),
    ("unit_weight", Line): _figure("unit_kg"),
    ("total_weight", Line): lambda row: figure(_times(row.value.unit_kg, row.value.dispatched), row.words),
    ("unit_value", Line): lambda row: _money(row.value.unit_value, row.value.currency, row.words),
    ("total_value", Line): lambda row: _money(
        _times(row.value.unit_value, row.value.dispatched), row.value.currency, row.words
    ),
    # what is on handling units
    ("sscc", Packed): lambda row: text(row.value.unit.sscc),
    ("item", Packed): lambda row: _named(row, row.value.content.item),
    ("quantity", Packed): lambda row: figure(row.value.content.quantity, row.words),
    ("unit", Packed): lambda row: row.words.say("unit", row.value.content.unit),
    ("lot", Packed): _content("lot"),
    ("serials", Packed): lambda row: text(*row.value.content.serials),
    ("expiry", Packed): lambda row: text(_expiry(row.value.content)),
    ("packages", Packed): _unit("packages"),
    ("net", Packed): _unit("net_kg"),
    ("gross", Packed): _unit("gross_kg"),
    ("m3", Packed): _unit("m3"),
    ("made_in", Packed): _content("origin"),
    ("unit_total", Packed): lambda row: _money(row.value.content.value, row.value.content.currency, row.words),
    ("un_number", Packed): lambda row: text(f"UN {adr.un_number}" if (adr := row.value.content.dangerous) else None),
    ("proper_name", Packed): _adr("name"),
    ("hazard_class", Packed): _adr("hazard_class"),
    ("packing_group", Packed): _adr("packing_group"),
    ("tunnel", Packed): _adr("tunnel"),
    # who comes with it
    ("item", Crewed): lambda row: _named(row, row.value.item),
    ("unit", Crewed): lambda row: row.words.say("unit", row.value.unit),
    ("module", Crewed): lambda row: text(row.value.module) or row.words.say("word", "unknown"),
    ("crew", Crewed): _figure("crew"),
    ("self_sufficiency_days", Crewed): _figure("self_sufficiency_days"),
    # what was counted
    ("item", UnitReceipt): lambda row: _named(row, row.value.item),
    ("sent", UnitReceipt): lambda row: figure(sent[0] if (sent := _counted(row)) else None, row.words),
    ("unit", UnitReceipt): lambda row: row.words.say("unit", sent[1]) if (sent := _counted(row)) else (),
    ("reasons", UnitReceipt): lambda row: text(*row.value.reasons, row.value.note),
    **{(name, UnitReceipt): _figure(name) for name in ("good", "damaged", "short", "over")},
    # on the way
    ("mode", Leg): lambda row: row.words.say("mode", row.value.mode),
    ("carrier", Leg): _text("carrier"),
    ("departure", Leg): lambda row: moment(row.value.departure),
    ("arrival", Leg): lambda row: moment(row.value.arrival),
    ("what", Event): lambda row: row.words.say("event", row.value.kind),
    ("reference", Event): _text("reference"),
    ("reasons", Event): _text("reason"),
    ("country", Stretch): _text("country"),
    ("regime", Stretch): lambda row: row.words.say("regime", row.value.regime),
    ("legal_basis", Stretch): lambda row: text(row.value.source.text),
    ("authority", Told): _text("authority"),
    ("what", Told): _text("what"),
    ("reference", Told): _text("number"),
    ("celsius", Reading): _figure("celsius"),
    ("people", Share): _figure("people"),
    ("item", Share): lambda row: _named(row, row.value.item),
    ("unit", Share): lambda row: _unit_of(row, row.value.item),
    # signed and filed
    ("side", SignedStep): lambda row: row.words.say("label", row.value.side),
    ("function", SignedStep): _text("function"),
    ("step", SignedStep): _text("verb"),
    ("paper", FiledPaper): lambda row: row.words.say("title", row.value.code),
    ("filing", FiledPaper): lambda row: row.words.say("filing", row.value.filing),
}


def _expiry(unit: Content) -> str | None:
    if unit.expiry is None:
        return None
    return unit.expiry.isoformat()[:7] if unit.expiry_precision == "month" else unit.expiry.isoformat()
