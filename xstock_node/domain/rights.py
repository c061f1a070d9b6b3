"""Rights as a table: what each role may do. A grant names a role and where it holds; nothing is allowed by default.

Rights of routes are named in `api/routes.py`, rights of steps in `domain/operations.py`.
"""

from collections.abc import Collection, Iterable
from enum import StrEnum
from typing import Final

import msgspec


class Role(StrEnum):
    """A role inside a node."""

    VIEWER = "viewer"
    LOGISTICS = "logistics"
    PHARMACIST = "pharmacist"
    WAREHOUSE = "warehouse"
    STOCK_OWNER = "stock-owner"
    NIGHT_DEPUTY = "night-deputy"
    DUTY_OFFICER = "duty-officer"
    APPROVER = "approver"
    TRANSPORT_CUSTOMS = "transport-customs"
    AUDITOR = "auditor"
    EXERCISE_CONTROLLER = "exercise-controller"
    NODE_ADMIN = "node-admin"


_SEE: Final = frozenset({"see", "stock.see"})
RIGHTS: Final[dict[Role, frozenset[str]]] = {
    Role.VIEWER: _SEE,
    Role.LOGISTICS: _SEE | {"stock", "answer", "pick"},
    Role.PHARMACIST: _SEE | {"stock", "pharmacist"},
    Role.WAREHOUSE: _SEE | {"pick", "receive", "dispatch"},
    Role.STOCK_OWNER: _SEE | {"release", "answer"},
    Role.NIGHT_DEPUTY: _SEE | {"ask", "answer", "move"},
    Role.DUTY_OFFICER: _SEE | {"ask", "answer", "move", "receive", "close"},
    Role.APPROVER: _SEE | {"approve"},
    Role.TRANSPORT_CUSTOMS: _SEE | {"clear", "move", "pick", "dispatch"},
    Role.AUDITOR: _SEE | {"audit"},
    Role.EXERCISE_CONTROLLER: _SEE | {"exercise"},
    Role.NODE_ADMIN: frozenset({"see", "operate", "people", "govern"}),
}
ALL: Final = frozenset(right for rights in RIGHTS.values() for right in rights)
OPEN: Final = "open"
"""The right of what anybody may ask, without a token; no role has it, and no token is scoped to it."""
CONFIRMED_BY_A_SECOND: Final = frozenset({Role.STOCK_OWNER, Role.APPROVER, Role.DUTY_OFFICER, Role.AUDITOR})
"""Roles that take effect after a second person of the approvers agrees, or after a day with notice to all of them."""
DAY: Final = 86_400
GLASS: Final = "break-glass"
GLASS_SECONDS: Final = 3600


class Grant(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A role and where it holds: the whole organisation, or named sites. `effective` and `until` unix seconds, `by` who
    gave it; `until` 0: without an end.
    """

    role: Role
    sites: tuple[str, ...] = ()
    at: int = 0
    effective: int = 0
    by: str = ""
    agreed_by: str = ""
    until: int = 0

    def holds(self, now: int) -> bool:
        """Whether it has taken effect and is not over."""
        return self.effective <= now and not self.is_over(now)

    def is_over(self, now: int) -> bool:
        """Whether it has ended."""
        return 0 < self.until <= now


def rights_of(grants: Iterable[Grant], now: int, site: str = "") -> frozenset[str]:
    """What a person with these grants may do now, at a site or in the whole organisation."""
    found: set[str] = set()
    for grant in grants:
        if grant.holds(now) and (not grant.sites or (site and site in grant.sites)):
            found |= RIGHTS[grant.role]
    return frozenset(found)


def in_hours(grants: Iterable[Grant], has_duty: bool) -> tuple[Grant, ...]:
    """The grants as they hold now: a night deputy decides in the hours of the roster alone, and sees at any time."""
    return tuple(
        msgspec.structs.replace(g, role=Role.VIEWER) if g.role is Role.NIGHT_DEPUTY and not has_duty else g
        for g in grants
    )


def sites_of(grants: Iterable[Grant], right: str, now: int) -> frozenset[str] | None:
    """The sites at which a right holds; None where it holds everywhere."""
    held = [g for g in grants if g.holds(now) and right in RIGHTS[g.role]]
    if any(not grant.sites for grant in held):
        return None
    return frozenset(site for grant in held for site in grant.sites)


def glass(by: str, now: int, held: Iterable[Grant]) -> tuple[Grant, ...]:
    """What breaking the glass gives for an hour, at once and without a second person: to see, and to decide.

    It reaches as far as what the person holds already: who belongs to branches decides there alone, and who holds
    nothing gets nothing.
    """
    holding = [grant for grant in held if grant.holds(now)]
    whole = any(not grant.sites for grant in holding)
    sites = () if whole else tuple(sorted({site for grant in holding for site in grant.sites}))
    until = now + GLASS_SECONDS
    return tuple(
        Grant(role=role, sites=sites, at=now, effective=now, by=by, agreed_by=GLASS, until=until)
        for role in (Role.VIEWER, Role.DUTY_OFFICER)
        if holding
    )


def grant(role: Role, by: str, now: int, sites: Collection[str] = (), agreed_by: str = "") -> Grant:
    """A new grant: at once, or for the roles that decide after a second person agrees, at the latest a day from now."""
    waits = role in CONFIRMED_BY_A_SECOND and not agreed_by
    effective = now + DAY if waits else now
    return Grant(role=role, sites=tuple(sorted(sites)), at=now, effective=effective, by=by, agreed_by=agreed_by)
