"""Reception profiles: what a country wants from goods that arrive, written and signed before the flood.

A profile is the word of the receiving side, with its source; it expires, and after 90 days it is shown as stale.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from enum import StrEnum

import msgspec

from xstock_node.domain.consignments import HandlingClass
from xstock_node.domain.fields import need, read_file
from xstock_node.domain.reasons import Reason
from xstock_node.domain.terms import Regime, Terms, stale


class Inspection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A service that inspects at a crossing (veterinary, sanitary, phytosanitary, medicines) and its local hours."""

    service: str
    hours: tuple[str, ...]


class EntryPoint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A place where goods may enter: UN/LOCODE or the crossing's id; the largest truck in tonnes gross.

    `neighbour` is the country on the other side (ISO 3166-1), `queue_hours` and `clearance_hours` those of entering
    here with complete papers; None is not known.
    """

    code: str
    name: str | None = None
    hours: tuple[str, ...] = ()
    largest_truck_t: Decimal | None = None
    inspections: tuple[Inspection, ...] = ()
    neighbour: str | None = None
    queue_hours: Decimal | None = None
    clearance_hours: Decimal | None = None

    def __post_init__(self) -> None:
        for hours in (self.queue_hours, self.clearance_hours):
            need(hours is None or 0 <= hours <= 10_000, "hours of 0 or more", hours, f"correct entry point {self.code}")


class Edge(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A road of the own country between two places or entry points, both ways; None is not known."""

    a: str
    b: str
    km: int | None = None
    hours: Decimal | None = None

    def __post_init__(self) -> None:
        need(self.hours is None or 0 <= self.hours <= 10_000, "hours of 0 or more", self.hours, f"{self.a} to {self.b}")
        need(self.km is None or 0 <= self.km <= 100_000, "kilometres of 0 or more", self.km, f"{self.a} to {self.b}")


class Rule(StrEnum):
    """Whether restricted goods are refused, or need a permission first."""

    FORBIDDEN = "forbidden"
    PERMISSION = "permission"


class Restriction(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What may not simply come in: a class, or items by code, or a kind in words (`used_clothing`).

    `terms` narrows it to some terms. A permission names who issues it (`authority`, a function) and its lead time.
    """

    rule: Rule
    handling: HandlingClass | None = None
    items: tuple[str, ...] = ()
    kind: str | None = None
    terms: tuple[Terms, ...] = ()
    permission: str | None = None
    authority: str | None = None
    lead_hours: int | None = None

    def __post_init__(self) -> None:
        named = self.handling is not None or bool(self.items) or self.kind is not None
        need(named, "a class, items or a kind of goods", "none of them", "say what is restricted")
        told = self.rule is Rule.FORBIDDEN or self.permission is not None
        need(told, "the name of the permission", "none", "say which permission is needed")

    def meets(
        self, handling: Iterable[HandlingClass], items: Iterable[str], kinds: Iterable[str], terms: Terms
    ) -> bool:
        """Whether goods of these classes, codes and kinds on these terms fall under it."""
        if self.terms and terms not in self.terms:
            return False
        return self.handling in set(handling) or bool(set(self.items) & set(items)) or self.kind in set(kinds)


class Simplification(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An emergency decision that eases the border for a while."""

    decision: str
    eases: str
    valid_until: date


class ReceptionProfile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What one country wants.

    `languages` are of papers, `labels` of labels on goods (BCP 47). `papers` are what it wants beyond the general
    rules, per way of arriving (`Corridor.arrival`). `consignee`, `notify_party`, `signed_by` are functions, never
    persons. `unloading_hours` and `curfew` are local times "06-22". `shelf_life_days` are minima on arrival per class.
    `edges` are the roads of the own country, by which routes are found. None is not known.
    """

    country: str
    signed_on: date
    signed_by: str
    valid_until: date
    source: str
    consignee: str
    entry_points: tuple[EntryPoint, ...]
    languages: tuple[str, ...]
    labels: tuple[str, ...] = ()
    notify_party: str | None = None
    may_be_consignee: tuple[str, ...] = ()
    regimes: tuple[Regime, ...] = ()
    papers: dict[str, tuple[str, ...]] = {}
    restrictions: tuple[Restriction, ...] = ()
    clearance_lead_hours: int | None = None
    unloading_hours: tuple[str, ...] = ()
    night_unloading: bool | None = None
    curfew: str | None = None
    forklift: bool | None = None
    handling_equipment: tuple[str, ...] = ()
    largest_truck_t: Decimal | None = None
    shelf_life_days: dict[HandlingClass, int] = {}
    wood_packaging: str | None = None
    humanitarian_code: str | None = None
    simplification: Simplification | None = None
    edges: tuple[Edge, ...] = ()

    def __post_init__(self) -> None:
        where = f"correct the reception profile of {self.country}"
        country = len(self.country) == 2 and self.country.isascii() and self.country.isupper()
        need(country, "a country code of ISO 3166-1", self.country, where)
        need(self.signed_on <= self.valid_until, f"an end from {self.signed_on} on", self.valid_until, where)
        need(bool(self.languages), "the languages of the papers", "none", where)
        need(bool(self.entry_points), "one entry point or more", "none", where)

    def entry_point(self, code: str) -> EntryPoint | None:
        """The entry point of this code, or None."""
        return next((point for point in self.entry_points if point.code == code), None)


def read_profile(data: bytes) -> ReceptionProfile:
    """A reception profile from its file; raises FieldError that names the field."""
    return read_file(data, ReceptionProfile)


class Goods(msgspec.Struct, frozen=True, kw_only=True):
    """What arrives, as far as a border asks: classes, item codes, kinds in words, permissions that are there."""

    handling: tuple[HandlingClass, ...] = (HandlingClass.GENERAL,)
    items: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()


def objections(
    profile: ReceptionProfile,
    goods: Goods,
    terms: Terms,
    today: date,
    *,
    entry: str | None = None,
    truck_t: Decimal | None = None,
    regime: Regime | None = None,
) -> list[Reason]:
    """Why goods may not arrive as planned; empty where nothing objects. `truck_t` is the truck's gross weight."""
    found = []
    country = {"country": profile.country}
    if today > profile.valid_until:
        found.append(Reason("profile_over", country | {"day": profile.valid_until.isoformat()}))
    if regime is not None and profile.regimes and regime not in profile.regimes:
        found.append(Reason("regime_not_accepted", country | {"regime": regime}))
    point = profile.entry_point(entry) if entry is not None else None
    if entry is not None and point is None:
        found.append(Reason("entry_not_open", country | {"entry": entry}))
    limits = [(profile.country, profile.largest_truck_t), (entry, point.largest_truck_t if point else None)]
    for where, limit in limits:
        if truck_t is not None and limit is not None and truck_t > limit:
            params = {"where": str(where), "truck": f"{truck_t:f}", "limit": f"{limit:f}"}
            found.append(Reason("truck_above_limit", params))
    for one in profile.restrictions:
        if one.meets(goods.handling, goods.items, goods.kinds, terms):
            found += _restricted(profile.country, one, goods)
    return found


def notices(profile: ReceptionProfile, today: date) -> list[Reason]:
    """What does not forbid but has to be shown: a stale profile, a simplification and whether it still holds."""
    found = []
    country = {"country": profile.country}
    if stale(profile.signed_on, today):
        found.append(
            Reason("profile_stale", country | {"day": profile.signed_on.isoformat(), "source": profile.source})
        )
    eased = profile.simplification
    if eased is not None:
        code = "simplified" if today <= eased.valid_until else "simplification_over"
        found.append(Reason(code, country | {"decision": eased.decision, "day": eased.valid_until.isoformat()}))
    return found


def _restricted(country: str, one: Restriction, goods: Goods) -> list[Reason]:
    what = one.handling or one.kind or ", ".join(sorted(set(one.items) & set(goods.items)))
    if one.rule is Rule.FORBIDDEN:
        return [Reason("goods_forbidden", {"country": country, "goods": what})]
    if one.permission in goods.permissions:
        return []
    lead = str(one.lead_hours) if one.lead_hours is not None else "?"
    params = {"country": country, "goods": what, "permission": str(one.permission), "lead": lead}
    return [Reason("permission_missing", params | {"authority": one.authority or "?"})]
