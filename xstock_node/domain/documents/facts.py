"""What papers are made from: one operation as both sides have signed it, nothing of a screen or a database.

Figures are `Decimal` in the line's unit; None is not known and never 0. Times are aware: their offset is shown beside
UTC. People are functions, never names: a name is written with a pen.
"""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

import msgspec

from xstock_node.domain.agreements import DeliveryTerm
from xstock_node.domain.consignments import Consignment, HandlingUnit, UnitReceipt
from xstock_node.domain.corridors import Stretch
from xstock_node.domain.items import BaseUnit
from xstock_node.domain.terms import Terms


class Filing(StrEnum):
    """Where a paper stands: made but not signed by anyone, issued, signed and brought back, kept in the file."""

    DRAFT = "draft"
    ISSUED = "issued"
    SIGNED = "signed"
    FILED = "filed"


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """An organisation: legal name per language (BCP 47), and what else a border asks of it."""

    names: dict[str, str]
    country: str
    address: str | None = None
    registration: str | None = None
    contact: str | None = None


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One item of the operation with its counters; weight (kg, gross) and value are for one unit."""

    item: str
    names: dict[str, str]
    unit: BaseUnit
    requested: Decimal | None = None
    offered: Decimal | None = None
    accepted: Decimal | None = None
    dispatched: Decimal | None = None
    good: Decimal | None = None
    damaged: Decimal | None = None
    short: Decimal | None = None
    over: Decimal | None = None
    returned: Decimal | None = None
    written_off: Decimal | None = None
    unit_kg: Decimal | None = None
    unit_value: Decimal | None = None
    currency: str | None = None
    hs: str | None = None


class Vehicle(msgspec.Struct, frozen=True, kw_only=True):
    """The vehicle of a side line: registration plates, type in words, what it carries."""

    plates: str
    type: str | None = None
    capacity: str | None = None


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What was sent to an authority, when, and the number it gave."""

    authority: str
    what: str
    at: datetime
    number: str | None = None


class GreenLight(msgspec.Struct, frozen=True, kw_only=True):
    """The receiver's permission to leave, with the sender's export side; another vehicle, crossing or day voids it."""

    number: str
    entry_point: str
    consignee: str
    valid_until: datetime | None = None
    slot_from: datetime | None = None
    slot_until: datetime | None = None
    import_numbers: tuple[str, ...] = ()
    export_numbers: tuple[str, ...] = ()
    transit_numbers: tuple[str, ...] = ()
    told: tuple[Told, ...] = ()


class SignedStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step of either chain: who signed it by function, and its hash in hexadecimal digits."""

    verb: str
    side: str
    function: str
    at: datetime
    hash: str


class FiledPaper(msgspec.Struct, frozen=True, kw_only=True):
    """A paper of this operation that exists already: its code, hash and filing status."""

    code: str
    hash: str
    filing: Filing


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """A temperature in degrees C."""

    at: datetime
    place: str
    celsius: Decimal
    said_by: str | None = None


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """What one place is given: planned, or as it went."""

    place: str
    item: str
    quantity: Decimal
    people: int | None = None


class Crewed(msgspec.Struct, frozen=True, kw_only=True):
    """Teams, or equipment with people, of one kind: numbers for one of them, None where not known; never names."""

    item: str
    quantity: Decimal
    unit: BaseUnit
    module: str | None = None
    crew: int | None = None
    self_sufficiency_days: int | None = None


class OperationFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One operation, or one consignment of it, as papers tell it.

    `root` is the hash under which all signed steps stand; `made` fixes the day of the paper, so that the same facts
    give the same bytes. `terms_open` are those that may still be chosen while `terms` is None. `countries` and
    `crossings` are the route in order, `stretches` its regimes. `units` are all that left, for a paper about the whole
    operation. `reason` is why (refusal, cancellation, recall, loss), `remarks` anything else, both in the words of who
    wrote them.
    """

    operation: str
    exercise: bool
    made: datetime
    root: str
    terms: Terms | None
    supplier: Party
    requester: Party
    lines: tuple[Line, ...]
    filing: Filing = Filing.DRAFT
    terms_open: tuple[Terms, ...] = ()
    carrier: Party | None = None
    consignment: Consignment | None = None
    units: tuple[HandlingUnit, ...] = ()
    vehicle: Vehicle | None = None
    receipts: tuple[UnitReceipt, ...] = ()
    event: str | None = None
    agreement: str | None = None
    severity: str | None = None
    people: int | None = None
    needed_by: datetime | None = None
    hold_until: datetime | None = None
    answer_by: datetime | None = None
    cost: str | None = None
    delivery_term: DeliveryTerm | None = None
    insurer: str | None = None
    notify_party: str | None = None
    countries: tuple[str, ...] = ()
    crossings: tuple[str, ...] = ()
    stretches: tuple[Stretch, ...] = ()
    green_light: GreenLight | None = None
    no_clearance: str | None = None
    loan_due: date | None = None
    customs_deadline: date | None = None
    humanitarian_code: str | None = None
    instructions: str | None = None
    reason: str | None = None
    remarks: str | None = None
    crews: tuple[Crewed, ...] = ()
    readings: tuple[Reading, ...] = ()
    shares: tuple[Share, ...] = ()
    steps: tuple[SignedStep, ...] = ()
    filed: tuple[FiledPaper, ...] = ()

    def line(self, item: str) -> Line | None:
        """The line of an item code, or None."""
        return next((line for line in self.lines if line.item == item), None)
