"""What each step says: the fields of every verb, as types. The JSON Schemas of `protocol/schemas` come from here.

Quantities are `(integer, power of ten)` pairs of a UNECE Rec 20 unit, times unix seconds, days `YYYY-MM-DD`. All
fields are optional on the wire (xs1 16.20): what a step must hold to be sent is a guard (`domain/guards.py`), so that
an older node never refuses a newer one's message for what it leaves out.
"""

from decimal import Decimal
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from xstock_node.domain.units import from_sent_pair
from xstock_node.protocol import limits
from xstock_node.protocol.recordtypes import Hash, Pair, ShortText, Time, Word

Terms = Literal["loan", "donation", "replacement", "cost-recovery"]
NOTHING: Final[Pair] = (0, 0)
MANY = 200
# What is left out is empty: a field that says nothing and one that says "" are the same.
MaybeWord = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._:-]{0,64}(?!\n)$")]
MaybeCountry = Annotated[str, Meta(pattern=r"^([A-Z]{2})?(?!\n)$")]
MaybeDay = Annotated[str, Meta(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?(?!\n)$")]
MaybeHash = Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?(?!\n)$")]
Currency = Annotated[str, Meta(pattern=r"^([A-Z]{3})?(?!\n)$")]
Unlocode = Annotated[str, Meta(pattern=r"^([A-Z]{2}[A-Z2-9]{3})?(?!\n)$")]
Sscc = Annotated[str, Meta(pattern=r"^[0-9]{18}(?!\n)$")]
Consignment = Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{0,16}(?!\n)$")]


class Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whatever stands inside a step."""


class Reckoning(Part, frozen=True, kw_only=True, omit_defaults=True):
    """How an asked quantity came about: whom it is for, for how many days, by which version of the ratios.

    `gross` is what the ratios come to and `own` what the requester uses of its own stock, both in the line's unit;
    `why` says why more is asked than `gross` less `own`.
    """

    people: Annotated[int, Meta(ge=0)] = 0
    households: Annotated[int, Meta(ge=0)] = 0
    climate: MaybeWord = ""
    days: Annotated[int, Meta(ge=0)] = 0
    ratios: ShortText = ""
    gross: Pair = NOTHING
    own: Pair = NOTHING
    why: ShortText = ""


class Crew(Part, frozen=True, kw_only=True, omit_defaults=True):
    """Who comes with one team or piece of equipment: module type, persons, days without help; left out where unknown.

    Numbers alone: the names of people are side lines (xs1 16.25).
    """

    module: ShortText = ""
    persons: Annotated[int, Meta(ge=1, le=limits.CREW)] | None = None
    self_sufficiency_days: Annotated[int, Meta(ge=1, le=limits.CREW)] | None = None


class Line(Part, frozen=True, kw_only=True, omit_defaults=True):
    """So much of an item. `expiry` is a day or a month, `subs` that substitutes are welcome, `need` words of a need.

    `by` and `severity` are the line's own, where they differ from those of the request. `crew` is said of teams and
    of equipment that comes with people.
    """

    item: Word
    unit: Word
    qty: Pair
    name: ShortText = ""
    need: ShortText = ""
    lot: ShortText = ""
    expiry: ShortText = ""
    by: Time = 0
    severity: Annotated[int, Meta(ge=0, le=3)] = 0
    subs: bool = False
    reckoned: Reckoning | None = None
    value: Pair = NOTHING
    currency: Currency = ""
    crew: Crew | None = None

    @property
    def quantity(self) -> Decimal:
        """The quantity."""
        return from_sent_pair(self.qty)


class Count(Part, frozen=True, kw_only=True, omit_defaults=True):
    """What was counted of an item: good, damaged, short against the papers, over them; `unit` by Rec 20."""

    item: Word
    unit: Word
    good: Pair = NOTHING
    damaged: Pair = NOTHING
    short: Pair = NOTHING
    over: Pair = NOTHING
    sscc: str = ""
    reason: ShortText = ""


class HandlingUnit(Part, frozen=True, kw_only=True, omit_defaults=True):
    """A pallet, box or machine under one SSCC; weight in kg and volume in m3 are left out where unknown."""

    sscc: Sscc
    lines: Annotated[tuple[Line, ...], Meta(max_length=MANY)] = ()
    kg: Pair | None = None
    m3: Pair | None = None
    serials: Annotated[tuple[ShortText, ...], Meta(max_length=MANY)] = ()


Lines = Annotated[tuple[Line, ...], Meta(max_length=MANY)]
Counts = Annotated[tuple[Count, ...], Meta(max_length=MANY)]


class Attached(Part, frozen=True, kw_only=True, omit_defaults=True):
    """What is said of an attachment that stands in `blobs` (xs1 16.22): what it is for, its media type, its bytes."""

    sha256: Hash
    kind: MaybeWord = ""
    media: ShortText = ""
    size: Annotated[int, Meta(ge=0)] = 0


class Body(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Every step: a remark, a reason code, whose answer is awaited until when, who it was by function, what is added.

    `attached` describes attachments that the step names in `blobs`.
    """

    note: ShortText = ""
    reason: MaybeWord = ""
    answer_by: Time = 0
    function: ShortText = ""
    attached: Annotated[tuple[Attached, ...], Meta(max_length=limits.BLOBS)] = ()


class Ask(Body, frozen=True, kw_only=True, omit_defaults=True):
    """notify, request: for which event (GLIDE, CAP identifier, UCPM number), where, what, on which terms."""

    request: str = ""
    event: ShortText = ""
    area: ShortText = ""
    people: Annotated[int, Meta(ge=0)] = 0
    severity: Annotated[int, Meta(ge=0, le=3)] = 0
    place: ShortText = ""
    country: MaybeCountry = ""
    needed_by: Time = 0
    terms: Annotated[tuple[Terms, ...], Meta(max_length=4)] = ()
    agreement: ShortText = ""
    lines: Lines = ()


class Promise(Body, frozen=True, kw_only=True, omit_defaults=True):
    """standby, indicate, offer, amended: what, until when it is held, from where, when ready, on which terms."""

    lines: Lines = ()
    hold_until: Time = 0
    ready_at: Time = 0
    terms: Annotated[tuple[Terms, ...], Meta(max_length=4)] = ()
    origin: ShortText = ""
    transport: Literal["", "supplier", "requester"] = ""
    cost: Pair = NOTHING
    currency: Currency = ""
    conditions: ShortText = ""
    owner: ShortText = ""


class Accept(Body, frozen=True, kw_only=True, omit_defaults=True):
    """accept, confirm: the terms chosen, where to, until when a loan runs; `lines` where less than offered is taken."""

    terms: Literal["", "loan", "donation", "replacement", "cost-recovery"] = ""
    lines: Lines = ()
    place: ShortText = ""
    country: MaybeCountry = ""
    consignee: ShortText = ""
    due: MaybeDay = ""


class Amend(Body, frozen=True, kw_only=True, omit_defaults=True):
    """amend: other lines, place, time or priority."""

    lines: Lines = ()
    place: ShortText = ""
    needed_by: Time = 0
    severity: Annotated[int, Meta(ge=0, le=3)] = 0


class Stage(Body, frozen=True, kw_only=True, omit_defaults=True):
    """stage: a consignment announced: its units, road, day and vehicle (the hash of the vehicle's side line)."""

    consignment: Consignment = ""
    units: Annotated[tuple[HandlingUnit, ...], Meta(max_length=MANY)] = ()
    crossings: Annotated[tuple[ShortText, ...], Meta(max_length=8)] = ()
    countries: Annotated[tuple[MaybeCountry, ...], Meta(max_length=12)] = ()
    day: MaybeDay = ""
    vehicle: MaybeHash = ""


class Permit(Part, frozen=True, kw_only=True, omit_defaults=True):
    """A number given by an authority, or what was sent to it and when; `permission` is what it permits, by its name."""

    authority: ShortText
    number: ShortText = ""
    sent_at: Time = 0
    permission: ShortText = ""


class GreenLight(Body, frozen=True, kw_only=True, omit_defaults=True):
    """green-light, clear: a consignment may travel: with this vehicle, over this crossing, on this day, until then.

    green-light names the import side (entry point by UN/LOCODE, consignee, delivery slot), clear the export side
    (numbers, seal). `free` is the reason why no clearance is needed.
    """

    consignment: Consignment = ""
    entry: Unlocode = ""
    crossing: ShortText = ""
    day: MaybeDay = ""
    vehicle: MaybeHash = ""
    consignee: ShortText = ""
    slot: ShortText = ""
    permits: Annotated[tuple[Permit, ...], Meta(max_length=20)] = ()
    seal: ShortText = ""
    valid_until: Time = 0
    free: ShortText = ""


class Dispatch(Body, frozen=True, kw_only=True, omit_defaults=True):
    """dispatch: a consignment leaves: lines, vehicle, seal, crossing, day; `free` why it needs no green light."""

    consignment: Consignment = ""
    lines: Lines = ()
    crossing: ShortText = ""
    day: MaybeDay = ""
    vehicle: MaybeHash = ""
    seal: ShortText = ""
    carrier: ShortText = ""
    mode: MaybeWord = ""
    arrival: Time = 0
    free: ShortText = ""


class Movement(Body, frozen=True, kw_only=True, omit_defaults=True):
    """departed, border, refused, lost, returned, damaged: what happened to a consignment, where, when, to how much.

    `event` of border: at-border, entry, hold, release, delayed, diverted, incident, checkpoint. `leg` of lost: out,
    loan or back.
    """

    consignment: Consignment = ""
    event: MaybeWord = ""
    place: ShortText = ""
    at: Time = 0
    lines: Lines = ()
    leg: Literal["", "out", "loan", "back"] = ""


class Receipt(Body, frozen=True, kw_only=True, omit_defaults=True):
    """received, return-received: what was counted, per handling unit; provisional until a second person agrees."""

    consignment: Consignment = ""
    counts: Counts = ()
    seal: ShortText = ""
    at: Time = 0
    provisional: bool = False


class About(Body, frozen=True, kw_only=True, omit_defaults=True):
    """counted, resolve, resolved, disputed, not-agreed, recall-agreed, ask, told: about another message, by its hash.

    `of` is the message's hash, `verb` the step that is asked for or answered, `digits` the 24 digits read out,
    `outcome` what was agreed.
    """

    of: MaybeHash = ""
    verb: MaybeWord = ""
    digits: Annotated[str, Meta(pattern=r"^[0-9 ]{0,29}(?!\n)$")] = ""
    outcome: MaybeWord = ""
    counts: Counts = ()


class Loan(Body, frozen=True, kw_only=True, omit_defaults=True):
    """on-loan, extend, extended, convert, converted, recall: which goods, until which day."""

    lines: Lines = ()
    due: MaybeDay = ""
    customs_due: MaybeDay = ""
    regime: ShortText = ""


class Close(Body, frozen=True, kw_only=True, omit_defaults=True):
    """short-close, short-closed, close-proposed, close: what is written off, and that the papers are filed."""

    written_off: Lines = ()
    filed: bool = False


class Correct(Body, frozen=True, kw_only=True, omit_defaults=True):
    """correct: an own earlier fact, by its hash, as it ought to have been said."""

    of: MaybeHash = ""
    counts: Counts = ()
    lines: Lines = ()
    place: ShortText = ""
    at: Time = 0


_VERBS: Final[dict[type[Body], str]] = {
    Ask: "notify request",
    Promise: "standby indicate offer amended",
    Accept: "accept confirm",
    Amend: "amend",
    Stage: "stage",
    GreenLight: "green-light clear",
    Dispatch: "dispatch",
    Movement: "departed border refused lost returned damaged end-use instruct",
    Receipt: "received return-received",
    About: "counted resolve resolved disputed not-agreed recall-agreed ask told",
    Loan: "on-loan extend extended convert converted recall",
    Close: "short-close short-closed close-proposed close",
    Correct: "correct",
    Body: "decline withdraw expire lapse reject rejected cancel cancelled cancel-own",
}
BODIES: Final[dict[str, type[Body]]] = {verb: kind for kind, verbs in _VERBS.items() for verb in verbs.split()}


def body_of(verb: str, fields: dict[str, object]) -> Body:
    """The typed body of a step; raises msgspec.ValidationError. Fields that its type does not know are left out."""
    return msgspec.convert(fields, BODIES.get(verb, Body))
