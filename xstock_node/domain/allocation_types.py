"""What a plan is made from and what it is: requests, offers, lanes, vehicles; flows, trips, covered and unmet lines.

All times are hours after 00:00 UTC of `Inputs.day`. Quantities are in the item's unit. None is unknown.
"""

from decimal import Decimal

import msgspec

from xstock_node.domain.fairness import FairRule
from xstock_node.domain.loading import VehicleType
from xstock_node.domain.reasons import Reason


class Substitute(msgspec.Struct, frozen=True, gc=False):
    """The requester also takes `item`; one unit of it replaces `factor` units of what was asked."""

    item: str
    factor: Decimal


class NeedOf(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One line of a request: what is needed at which site until when, severity 1 being the gravest.

    `terms` in the order of preference. `earliest_expiry` (ISO date): what expires sooner is refused. `by_ratio`,
    `own_usable`, `justified`: what the fair part is weighed by, see `fairness.Claim`.
    """

    line: str
    requester: str
    site: str
    item: str
    quantity: Decimal
    severity: int
    needed_by: Decimal
    terms: tuple[str, ...]
    earliest_expiry: str | None = None
    substitutes: tuple[Substitute, ...] = ()
    by_ratio: Decimal | None = None
    own_usable: Decimal = Decimal(0)
    justified: bool = False


class OfferOf(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One offer of one lot: `quantity` of which `keep_back` stays; it leaves in whole multiples from `ready` on.

    `hold_until`: when the supplier's reservation ends, None for an offer without one. `kg`, `m3` of one unit.
    """

    offer: str
    supplier: str
    depot: str
    item: str
    quantity: Decimal
    terms: tuple[str, ...]
    multiple: Decimal = Decimal(1)
    keep_back: Decimal = Decimal(0)
    ready: Decimal = Decimal(0)
    hold_until: Decimal | None = None
    expiry: str | None = None
    kg: Decimal | None = None
    m3: Decimal | None = None


class Lane(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A way from a depot to a site with a type of vehicle.

    `lead`: hours that clearance takes before a vehicle may leave. `largest_truck`: gross tonnes that the smallest of
    its crossings, the depot and the site take, None where no limit is known. `assumed`: nobody has stated the hours;
    they are a planning figure, and every sentence says so.
    """

    depot: str
    site: str
    vehicle: str
    hours: Decimal
    lead: Decimal = Decimal(0)
    largest_truck: Decimal | None = None
    crossings: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    assumed: bool = False


class Fleet(msgspec.Struct, frozen=True, gc=False):
    """How many vehicles of a type may leave a depot, each once; None for as many as are hired."""

    depot: str
    vehicle: str
    count: int | None


class Inputs(msgspec.Struct, frozen=True, kw_only=True):
    """All that a plan follows from. `accept_by`: when the acceptances will have reached the suppliers."""

    day: str
    accept_by: Decimal
    needs: tuple[NeedOf, ...]
    offers: tuple[OfferOf, ...]
    lanes: tuple[Lane, ...]
    vehicles: tuple[VehicleType, ...]
    fleets: tuple[Fleet, ...]
    rule: FairRule = FairRule()


class Flow(msgspec.Struct, frozen=True, kw_only=True):
    """So much of an offer to a line; `counts` is what it is worth in the line's own item."""

    offer: str
    line: str
    item: str
    quantity: Decimal
    counts: Decimal
    terms: str
    vehicle: str
    depart: Decimal
    arrive: Decimal
    late: Decimal
    why: tuple[Reason, ...] = ()


class Trips(msgspec.Struct, frozen=True, kw_only=True):
    """Vehicles that leave a depot for a site at one time: the known load, and the items of unknown weight or size."""

    depot: str
    site: str
    vehicle: str
    depart: Decimal
    count: int
    kg: Decimal
    m3: Decimal
    unknown: tuple[str, ...]


class Covered(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a line; `fair` is the most that the fairness rule lets its requester have of the item itself."""

    line: str
    asked: Decimal
    covered: Decimal
    unmet: Decimal
    fair: Decimal
    why: tuple[Reason, ...]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal; people decide. `value` is what the plan is worth, `bound` what no plan can exceed, `gap` between.

    `bound` and `gap` (0 to 1) are None where no bound is proved, as in a greedy plan. `hash` covers all the rest.
    """

    solver: str
    notes: tuple[Reason, ...]
    flows: tuple[Flow, ...]
    trips: tuple[Trips, ...]
    lines: tuple[Covered, ...]
    value: Decimal
    bound: Decimal | None
    gap: Decimal | None
    inputs_hash: str
    hash: str = ""
