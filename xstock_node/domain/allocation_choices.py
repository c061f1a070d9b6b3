"""Which offer may go to which line, on which lane and under which terms, and why each other one may not.

One order for everyone: what is worth more comes first. A whole line covered in time is worth 9, 3 or 1 by severity
1, 2 or 3 and beyond; a part of it its share; what comes late loses by the hour, and what never comes all of it, so
that the latest delivery is still better than none. An hour of one vehicle costs a hundred-thousandth of a point:
effort decides only between plans that deliver the same.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property, lru_cache
from itertools import groupby
from typing import Final

import msgspec

from xstock_node.domain.allocation_types import Inputs, Lane, NeedOf, OfferOf
from xstock_node.domain.fairness import Claim, FairSplit, fair_split
from xstock_node.domain.reasons import Reason
from xstock_node.domain.units import exact

WORTH: Final = {1: Decimal(9), 2: Decimal(3)}
LIGHT: Final = Decimal(1)
LATEST: Final = Decimal(240)
NEVER: Final = Decimal(250)
EFFORT: Final = Decimal("0.00001")
_NONE: Final = Decimal(0)


class Pot(msgspec.Struct, frozen=True, gc=False, cache_hash=True):
    """A fair part: what requesters of one severity may have of an item, as such or (`instead`) as a substitute."""

    item: str
    instead: bool
    requester: str
    severity: int


class Trip(msgspec.Struct, frozen=True, order=True, gc=False, cache_hash=True):
    """Vehicles that leave together: goods that are ready at another hour are another trip."""

    depot: str
    site: str
    vehicle: str
    depart: Decimal


class Choice(msgspec.Struct, frozen=True, gc=False):
    """One way for one offer to one line; `worth` is that of one multiple, `counts` its quantity in the line's item."""

    offer: OfferOf
    need: NeedOf
    lane: Lane
    trip: Trip
    pot: Pot
    terms: str
    arrive: Decimal
    late: Decimal
    counts: Decimal
    worth: Decimal


class Asked(msgspec.Struct, frozen=True, gc=False):
    """An item that a line takes: one unit of it is worth `factor` of the line's own item."""

    need: NeedOf
    item: str
    factor: Decimal
    pot: Pot


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """An offer of what a line asks for that may not go there."""

    offer: OfferOf
    why: Reason


def usable_lots(offer: OfferOf) -> int:
    """How many whole multiples may leave, the keep-back aside."""
    return max(0, int((offer.quantity - offer.keep_back) // offer.multiple))


def asked_items(need: NeedOf) -> Iterable[Asked]:
    """The line's own item first, then its substitutes."""
    factors = {need.item: Decimal(1)} | {other.item: other.factor for other in need.substitutes}
    for item, factor in factors.items():
        yield Asked(need, item, factor, Pot(item, item != need.item, need.requester, need.severity))


def worth_of(need: NeedOf, counts: Decimal, late: Decimal) -> Decimal:
    """What `counts` units of a line are worth when they come `late` hours late."""
    return WORTH.get(need.severity, LIGHT) * counts / need.quantity * (1 - late / NEVER)


def hold_over(offer: OfferOf, inputs: Inputs) -> bool:
    """Whether the acceptance comes after the end of the hold."""
    return offer.hold_until is not None and offer.hold_until < inputs.accept_by


def spoiled(offer: OfferOf, need: NeedOf, arrive: Decimal, inputs: Inputs) -> bool:
    """Whether the goods expire before the earliest expiry that is accepted, or before the day they arrive."""
    if offer.expiry is None:
        return need.earliest_expiry is not None
    return offer.expiry < max(need.earliest_expiry or "", _day(inputs.day, int(arrive // 24)))


@lru_cache(1_000)
def _day(first: str, later: int) -> str:
    return (date.fromisoformat(first) + timedelta(days=later)).isoformat()


@lru_cache(1_000)
def _terms(wanted: tuple[str, ...], given: tuple[str, ...]) -> str | None:
    """The first of the wanted terms that are given."""
    return next((one for one in wanted if one in given), None)


@lru_cache(100)
def _other_terms(terms: tuple[str, ...]) -> Reason:
    return Reason("terms_refused", {"terms": ", ".join(sorted(terms))})


class Choices:
    """All choices in their order, the refusals by line, and the fair parts. The order of the inputs plays no part."""

    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs
        self.lots = {offer.offer: usable_lots(offer) for offer in inputs.offers}
        self._gross = {vehicle.code: vehicle.gross_t for vehicle in inputs.vehicles}
        self._free = {(fleet.depot, fleet.vehicle): fleet.count for fleet in inputs.fleets}
        self._lanes: dict[tuple[str, str], list[tuple[Lane, Reason | None]]] = {}
        for lane in inputs.lanes:
            self._lanes.setdefault((lane.depot, lane.site), []).append((lane, self._closed(lane)))
        self._timed: dict[tuple[str, str, str, Decimal], tuple[Trip, Decimal]] = {}
        self.refusals: dict[str, list[Refusal]] = {}
        self.all: list[Choice] = []
        offers: dict[str, list[OfferOf]] = {}
        for offer in inputs.offers:
            offers.setdefault(offer.item, []).append(offer)
        kept = {offer.offer: self._kept(offer) for offer in inputs.offers}
        for need in inputs.needs:
            for asked in asked_items(need):
                for offer in offers.get(asked.item, ()):
                    self._judge(offer, asked, kept[offer.offer])
        self.all.sort(key=_order)

    def _judge(self, offer: OfferOf, asked: Asked, why: Reason | None) -> None:
        served = False
        if why is None:
            terms = _terms(asked.need.terms, offer.terms)
            served, why = self._by_lanes(offer, asked, terms) if terms else (False, _other_terms(offer.terms))
        if why is not None and not served:
            self.refusals.setdefault(asked.need.line, []).append(Refusal(offer, why))

    def _kept(self, offer: OfferOf) -> Reason | None:
        """Why an offer may go nowhere."""
        if hold_over(offer, self.inputs):
            return Reason("hold_over", {"until": str(offer.hold_until), "accepted": str(self.inputs.accept_by)})
        if not self.lots[offer.offer]:
            return Reason("nothing_to_give", {"multiple": str(offer.multiple), "kept": str(offer.keep_back)})
        return None

    def _closed(self, lane: Lane) -> Reason | None:
        """Why nothing may go on a lane."""
        gross = self._gross[lane.vehicle]
        if lane.largest_truck is not None and gross > lane.largest_truck:
            return Reason("lane_too_small", {"truck": str(gross), "limit": str(lane.largest_truck)})
        if self._free.get((lane.depot, lane.vehicle), 0) == 0:
            return Reason("no_vehicle", {"depot": lane.depot, "vehicle": lane.vehicle})
        return None

    def _by_lanes(self, offer: OfferOf, asked: Asked, terms: str) -> tuple[bool, Reason | None]:
        """Adds a choice for every lane that serves; whether one does, and why the last of the others does not."""
        need = asked.need
        lanes = self._lanes.get((offer.depot, need.site))
        if not lanes:
            return False, Reason("no_lane", {"depot": offer.depot, "site": need.site})
        before, last = len(self.all), None
        for lane, closed in lanes:
            trip, arrive = self._times(offer, lane)
            late = max(_NONE, arrive - need.needed_by)
            why = closed or self._late_refusal(offer, need, arrive, late)
            if why is None:
                counts = offer.multiple * asked.factor
                worth = worth_of(need, counts, late)
                self.all.append(Choice(offer, need, lane, trip, asked.pot, terms, arrive, late, counts, worth))
            last = why
        return len(self.all) > before, last

    def _times(self, offer: OfferOf, lane: Lane) -> tuple[Trip, Decimal]:
        """Departure after acceptance, clearance and readiness; arrival."""
        key = lane.depot, lane.site, lane.vehicle, offer.ready
        found = self._timed.get(key)
        if found is None:
            depart = max(offer.ready, self.inputs.accept_by + lane.lead)
            trip = Trip(lane.depot, lane.site, lane.vehicle, depart)
            found = self._timed[key] = trip, depart + lane.hours
        return found

    def _late_refusal(self, offer: OfferOf, need: NeedOf, arrive: Decimal, late: Decimal) -> Reason | None:
        if spoiled(offer, need, arrive, self.inputs):
            wanted = need.earliest_expiry or "the day of arrival"
            return Reason("expires", {"expiry": offer.expiry or "unknown", "wanted": wanted})
        if late > LATEST:
            return Reason("far_too_late", {"late": str(exact(late))})
        return None

    @cached_property
    def splits(self) -> dict[tuple[str, bool], FairSplit]:
        """The fair split of every item, as such (False) and, of what its own askers leave, as a substitute (True)."""
        found = {(item, False): self._split(item, False, self._claims(item), None) for item in self._items(False)}
        for item in self._items(True):
            own = found.get((item, False))
            found[item, True] = self._split(item, True, self._instead(item, found), own.left_over if own else None)
        return found

    def _items(self, instead: bool) -> list[str]:
        asked = {need.item for need in self.inputs.needs}
        others = {other.item for need in self.inputs.needs for other in need.substitutes}
        return sorted(others if instead else asked)

    def _split(self, item: str, instead: bool, claims: Iterable[Claim], left: Decimal | None) -> FairSplit:
        reach: dict[tuple[str, int], dict[str, Decimal]] = {}
        multiples = {Decimal(1)} if item not in self._offered else set()
        for offer, pot in self._offered.get(item, ()):
            multiples.add(offer.multiple)
            if pot.instead is instead:
                given = self.lots[offer.offer] * offer.multiple
                reach.setdefault((pot.requester, pot.severity), {})[offer.offer] = given
        everything = {name: given for part in reach.values() for name, given in part.items()}
        available = sum(everything.values(), _NONE)
        bounded = [
            Claim(
                requester=claim.requester,
                asked=claim.asked,
                severity=claim.severity,
                by_ratio=claim.by_ratio,
                own_usable=claim.own_usable,
                justified=claim.justified,
                most=sum(reach.get((claim.requester, claim.severity), {}).values(), _NONE),
            )
            for claim in claims
        ]
        pool = available if left is None else min(left, available)
        return fair_split(bounded, pool, min(multiples), self.inputs.rule)

    @cached_property
    def _offered(self) -> dict[str, list[tuple[OfferOf, Pot]]]:
        found: dict[str, dict[tuple[str, Pot], OfferOf]] = {}
        for choice in self.all:
            found.setdefault(choice.offer.item, {})[choice.offer.offer, choice.pot] = choice.offer
        return {item: [(offer, pot) for (_, pot), offer in pairs.items()] for item, pairs in found.items()}

    def _claims(self, item: str) -> Iterable[Claim]:
        """One claim of each requester and severity: the sum of its lines."""
        for (requester, severity), lines in _grouped(need for need in self.inputs.needs if need.item == item):
            known = [need.by_ratio for need in lines if need.by_ratio is not None]
            yield Claim(
                requester=requester,
                asked=sum((need.quantity for need in lines), _NONE),
                severity=severity,
                by_ratio=sum(known, _NONE) if len(known) == len(lines) else None,
                own_usable=sum((need.own_usable for need in lines), _NONE),
                justified=all(need.justified for need in lines),
            )

    def _instead(self, item: str, found: dict[tuple[str, bool], FairSplit]) -> Iterable[Claim]:
        """Claims on a substitute: what the fair part of the item itself leaves open."""
        takers = [need for need in self.inputs.needs if any(other.item == item for other in need.substitutes)]
        for (requester, severity), lines in _grouped(takers):
            asked = _NONE
            for need in lines:
                factor = next(other.factor for other in need.substitutes if other.item == item)
                own = next(
                    one for one in found[need.item, False].shares
                    if (one.requester, one.severity) == (requester, severity)
                )  # fmt: skip
                part = own.quantity * need.quantity / own.asked if own.asked else _NONE
                asked += (need.quantity - part) / factor
            yield Claim(requester=requester, asked=max(_NONE, asked), severity=severity)

    @cached_property
    def pots(self) -> dict[Pot, Decimal]:
        """The fair part of every requester, in units of the item that is given."""
        return {
            Pot(item, instead, share.requester, share.severity): share.quantity
            for (item, instead), split in self.splits.items()
            for share in split.shares
        }


def _grouped(needs: Iterable[NeedOf]) -> Iterable[tuple[tuple[str, int], list[NeedOf]]]:
    def key(need: NeedOf) -> tuple[str, int]:
        return need.requester, need.severity

    return [(who, list(lines)) for who, lines in groupby(sorted(needs, key=key), key=key)]


def _order(choice: Choice) -> tuple[object, ...]:
    """Gravest line first, then punctual before late, the thing itself before a substitute, near before far."""
    need, offer = choice.need, choice.offer
    return (
        need.severity, need.needed_by, need.line, choice.late, choice.pot.instead, choice.lane.hours,
        offer.expiry or "9999-12-31", offer.offer, choice.lane.vehicle,
    )  # fmt: skip
