"""Consignments: what travels together from one place to another, in numbered units, under seals, leg by leg.

Weights and volumes are sums that name what they do not know. Vehicle and driver are not here: they are side lines,
erasable, and no part of what is signed.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

import msgspec

from xstock_node.domain.fields import need
from xstock_node.domain.items import BaseUnit
from xstock_node.domain.reasons import Reason
from xstock_node.domain.sscc import read_sscc


class HandlingClass(StrEnum):
    """What must not share a consignment, even in one truck; GENERAL is all the rest."""

    ANIMAL_FOOD = "animal_food"
    MEDICINES = "medicines"
    DANGEROUS = "dangerous"
    GENERAL = "general"


class Mode(StrEnum):
    """Modes of transport: codes of UN/ECE Recommendation 19."""

    UNSPECIFIED = "0"
    MARITIME = "1"
    RAIL = "2"
    ROAD = "3"
    AIR = "4"
    MAIL = "5"
    MULTIMODAL = "6"
    FIXED = "7"
    INLAND_WATER = "8"


class DangerousGoods(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The particulars of ADR 5.4.1.1.1: UN number (four digits), proper shipping name, class, packing group.

    `tunnel` is the restriction code in the form "(D/E)".
    """

    un_number: str
    name: str
    hazard_class: str
    packing_group: str | None = None
    tunnel: str | None = None

    def __post_init__(self) -> None:
        number = self.un_number
        need(len(number) == 4 and number.isascii() and number.isdigit(), "a UN number of four digits", number, "ADR A")
        groups = (None, "I", "II", "III")
        need(self.packing_group in groups, "packing group I, II or III", self.packing_group, "ADR 2.1.1.3")


class Content(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """So much of one item and lot inside a unit.

    `quantity` counts `unit`s (UNECE Rec 20). `expiry` is a date of the precision "day" or "month" (its last day).
    `value` is for all of it in `currency` (ISO 4217), None where nobody knows. `hs` is the customs heading, `origin`
    the country where it was made.
    """

    item: str
    quantity: Decimal
    unit: BaseUnit
    lot: str | None = None
    serials: tuple[str, ...] = ()
    expiry: date | None = None
    expiry_precision: str = "day"
    value: Decimal | None = None
    currency: str | None = None
    hs: str | None = None
    origin: str | None = None
    dangerous: DangerousGoods | None = None

    def __post_init__(self) -> None:
        need(_positive(self.quantity), "a quantity above zero", self.quantity, f"count {self.item}")
        value_fits = self.value is None or (self.value.is_finite() and self.value >= 0 and self.currency is not None)
        need(value_fits, "a value with its currency", f"{self.value} {self.currency}", "add the ISO 4217 code")


class HandlingUnit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One pallet, box or bundle with its own SSCC and what is on it; without one: goods that nobody packed in units.

    `packages` of kind `package` (UNECE Rec 21) are inside or on it. Weight and volume are None where nobody knows
    them. `temperature` is (lowest, highest) in degrees C.
    """

    sscc: str
    contents: tuple[Content, ...]
    handling: HandlingClass = HandlingClass.GENERAL
    packages: int | None = None
    package: str | None = None
    net_kg: Decimal | None = None
    gross_kg: Decimal | None = None
    m3: Decimal | None = None
    temperature: tuple[Decimal, Decimal] | None = None

    def __post_init__(self) -> None:
        need(
            not self.sscc or read_sscc(self.sscc) == self.sscc,
            "18 digits without spaces",
            self.sscc,
            "write the bare number",
        )
        need(bool(self.contents), "something on the unit", "nothing", f"say what {self.sscc} holds")
        for name in ("net_kg", "gross_kg", "m3"):
            figure = getattr(self, name)
            do = "leave out what is not known"
            need(figure is None or _positive(figure), f"{name} above zero", figure, do)
        named = any(content.dangerous is not None for content in self.contents)
        fits = (self.handling is HandlingClass.DANGEROUS) == named
        need(fits, "UN number and class of dangerous goods, and of them alone", self.handling, "see ADR 5.4.1")

    def sent(self, item: str) -> Decimal:
        """How much of an item is on it, all lots together."""
        return sum((content.quantity for content in self.contents if content.item == item), Decimal(0))


class Leg(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One stretch with one carrier; places are names or UN/LOCODEs, times are aware; None is not known yet."""

    mode: Mode
    origin: str
    destination: str
    carrier: str | None = None
    departure: datetime | None = None
    arrival: datetime | None = None


class EventKind(StrEnum):
    """What happens on the way; none of it moves the operation's state by itself."""

    DEPARTED = "departed"
    AT_BORDER = "at_border"
    CUSTOMS_ENTRY = "customs_entry"
    CUSTOMS_HOLD = "customs_hold"
    CUSTOMS_RELEASE = "customs_release"
    REFUSED = "refused"
    DELAYED = "delayed"
    DIVERTED = "diverted"
    INCIDENT = "incident"
    CHECKPOINT = "checkpoint"
    ARRIVED = "arrived"


class Event(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One event on the way; `said_by` is a side or function, `reference` an authority's number."""

    kind: EventKind
    at: datetime
    place: str | None = None
    said_by: str | None = None
    reference: str | None = None
    reason: str | None = None


class Consignment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What goes from one origin to one destination in one handling class."""

    id: str
    origin: str
    destination: str
    handling: HandlingClass
    units: tuple[HandlingUnit, ...]
    seals: tuple[str, ...] = ()
    legs: tuple[Leg, ...] = ()
    events: tuple[Event, ...] = ()


class UnitReceipt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What was counted of one item of a unit on arrival, in its own measure; `reasons` are for what is not good."""

    sscc: str
    item: str
    good: Decimal
    damaged: Decimal = Decimal(0)
    short: Decimal = Decimal(0)
    over: Decimal = Decimal(0)
    reasons: tuple[str, ...] = ()
    note: str | None = None


class Sum(NamedTuple):
    """A sum and the SSCCs that it does not hold, because their figure is not known."""

    known: Decimal
    unknown: tuple[str, ...]

    @property
    def figure(self) -> Decimal | None:
        """The sum where every part is known, else None."""
        return None if self.unknown else self.known


def total(units: Iterable[HandlingUnit], figure: Callable[[HandlingUnit], Decimal | int | None]) -> Sum:
    """The sum of one figure over `units`, with those named that do not know theirs."""
    known, unknown = Decimal(0), []
    for unit in units:
        found = figure(unit)
        if found is None:
            unknown.append(unit.sscc)
        else:
            known += found
    return Sum(known, tuple(unknown))


def gross_kg(units: Iterable[HandlingUnit]) -> Sum:
    """Gross weight in kilograms."""
    return total(units, lambda unit: unit.gross_kg)


def net_kg(units: Iterable[HandlingUnit]) -> Sum:
    """Net weight in kilograms."""
    return total(units, lambda unit: unit.net_kg)


def volume_m3(units: Iterable[HandlingUnit]) -> Sum:
    """Volume in cubic metres."""
    return total(units, lambda unit: unit.m3)


def values(units: Iterable[HandlingUnit]) -> dict[str, Sum]:
    """The value per currency; a unit that holds something without value is named under every currency."""
    units = tuple(units)
    contents = [content for unit in units for content in unit.contents]
    unknown = tuple(unit.sscc for unit in units if any(content.value is None for content in unit.contents))
    sums = {}
    for currency in sorted({content.currency for content in contents if content.currency is not None}):
        own = [c.value for c in contents if c.value is not None and c.currency == currency]
        sums[currency] = Sum(sum(own, Decimal(0)), unknown)
    return sums


def by_handling(units: Iterable[HandlingUnit]) -> dict[HandlingClass, tuple[HandlingUnit, ...]]:
    """The units of each class that travels apart, in the order of the classes."""
    units = tuple(units)
    parts = {kind: tuple(unit for unit in units if unit.handling is kind) for kind in HandlingClass}
    return {kind: part for kind, part in parts.items() if part}


def faults(consignment: Consignment) -> list[Reason]:
    """Why a consignment may not leave as it is; empty where nothing objects."""
    found = []
    if not consignment.units:
        found.append(Reason("no_units", {"consignment": consignment.id}))
    seen: set[str] = set()
    for unit in consignment.units:
        if unit.handling is not consignment.handling:
            what = {"sscc": unit.sscc, "handling": unit.handling, "wanted": consignment.handling}
            found.append(Reason("mixed_handling", what))
        if unit.sscc in seen:
            found.append(Reason("unit_twice", {"sscc": unit.sscc}))
        seen.add(unit.sscc)
    return found + _faults_of_legs(consignment)


def _faults_of_legs(consignment: Consignment) -> list[Reason]:
    found: list[Reason] = []
    here, clock = consignment.origin, None
    for number, leg in enumerate(consignment.legs, 1):
        if leg.origin != here:
            found.append(Reason("leg_broken", {"leg": str(number), "origin": leg.origin, "here": here}))
        for moment in (leg.departure, leg.arrival):
            if moment is not None and clock is not None and moment < clock:
                found.append(Reason("leg_backwards", {"leg": str(number)}))
            clock = moment or clock
        here = leg.destination
    if consignment.legs and here != consignment.destination:
        found.append(Reason("leg_short", {"here": here, "destination": consignment.destination}))
    return found


def faults_of_receipt(unit: HandlingUnit, receipt: UnitReceipt) -> list[Reason]:
    """Why a count does not fit its unit: good + damaged + short - over is what was sent; a difference has a reason."""
    figures = (receipt.good, receipt.damaged, receipt.short, receipt.over)
    if receipt.sscc != unit.sscc:
        return [Reason("other_unit", {"sscc": receipt.sscc, "wanted": unit.sscc})]
    found = []
    if not all(figure.is_finite() and figure >= 0 for figure in figures):
        return [Reason("count_impossible", {"sscc": unit.sscc})]
    counted, sent = receipt.good + receipt.damaged + receipt.short - receipt.over, unit.sent(receipt.item)
    if counted != sent:
        what = {"sscc": unit.sscc, "item": receipt.item, "counted": f"{counted:f}", "sent": f"{sent:f}"}
        found.append(Reason("count_unbalanced", what))
    if any(figures[1:]) and not receipt.reasons:
        found.append(Reason("count_without_reason", {"sscc": unit.sscc}))
    return found


def _positive(figure: Decimal) -> bool:
    return figure.is_finite() and figure > 0
