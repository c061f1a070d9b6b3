"""Branches: to which site an operation or request belongs, and what a person whose grants name sites sees of it.

What belongs to no site is the whole organisation's. Another branch's object answers exactly as one that is not there.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

import msgspec

from xstock_node.domain.rights import sites_of
from xstock_node.services import approving, people
from xstock_node.services.approving import Pending
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.shelf import Shelf
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import StoredCase


class Reach(StrEnum):
    """What a thing to ask is about, and so where its right has to hold.

    `whole`: the organisation; `common`: what belongs to no branch; `listed`: the handler leaves out what is hidden;
    the others: one object, at whose site the right has to hold.
    """

    WHOLE = "whole"
    COMMON = "common"
    LISTED = "listed"
    CASE = "case"
    REQUEST = "request"
    PENDING = "pending"
    STOCK = "stock"


class Placed(msgspec.Struct, frozen=True, kw_only=True):
    """An operation or request belongs to a site."""

    id: str
    site: str


PLACED: Shelf[Placed] = Shelf("placed", Placed)
_OBJECTS: Final = frozenset({Reach.CASE, Reach.REQUEST, Reach.PENDING, Reach.STOCK})
Visible = Callable[[str], bool]


def put(tx: Transaction, id_: str, site: str, now: int) -> None:
    """An object belongs to a site from now on, or to none."""
    if site:
        PLACED.put(tx, id_, Placed(id=id_, site=site), now)
    else:
        PLACED.drop(tx, id_)


def site_of(tx: Transaction, id_: str) -> str:
    """The site of an operation or request; empty where it is the whole organisation's."""
    found = PLACED.get(tx, id_)
    return found.site if found else ""


def sites(actor: Actor, right: str, now: int) -> frozenset[str] | None:
    """The sites at which an actor holds a right; None where it holds everywhere."""
    return None if actor.grants is None else sites_of(actor.grants, right, now)


def visible(tx: Transaction, actor: Actor, now: int) -> Visible:
    """Whether an actor sees the operation or request of an id."""
    seen = sites(actor, "see", now)
    if seen is None:
        return lambda id_: True
    placed = {one.id: one.site for one in PLACED.list(tx)}
    return lambda id_: placed.get(id_, "") in seen


async def sees(office: Office, actor: Actor, id_: str) -> bool:
    """Whether an actor sees one operation or request."""
    seen = sites(actor, "see", office.node.clock.now())
    return seen is None or await office.node.engine.read(lambda tx: site_of(tx, id_)) in seen


def expect(actor: Actor, reach: Reach, right: str, now: int) -> None:
    """Raise `forbidden` for who holds a right nowhere, or not in the whole organisation where it has to hold there."""
    if not people.somewhere(actor, right, now):
        raise people.forbidden(actor, right, "ask one who may")
    if reach is Reach.WHOLE and sites(actor, right, now) is not None:
        raise people.forbidden(actor, f"{right} in the whole organisation", "ask one who may")


async def admit(office: Office, actor: Actor, reach: Reach, right: str, request: Any) -> Actor:
    """The actor as it may act on what is asked for: with the grants that hold at the site of the object.

    Raises the Refusal of an object that is not there where it is another branch's, and `forbidden` as `expect` does.
    """
    now = office.node.clock.now()
    expect(actor, reach, right, now)
    bound = actor.grants is not None and any(grant.sites for grant in actor.grants)
    if not bound or reach not in _OBJECTS:
        return actor
    site = await office.node.engine.read(lambda tx: _site(tx, reach, request))
    seen = sites(actor, "stock.see" if reach is Reach.STOCK else "see", now)
    if seen is not None and site not in seen:
        raise _absent(reach, request)
    to = getattr(request, "location", None)
    if reach is Reach.STOCK and to:
        site_for(actor, right, to, now)
    here = actor.at(site)
    if not people.may(here, right, now):
        raise people.forbidden(actor, f"{right} there", "ask one who may")
    return here


def site_for(actor: Actor, right: str, wanted: str, now: int) -> str:
    """For which site an actor does something new: what it names, or its own where it has one alone."""
    held = sites(actor, right, now)
    if held is None:
        return wanted
    site = wanted or (next(iter(held)) if len(held) == 1 else "")
    if site not in held:
        raise people.forbidden(
            actor, f"{right} for {site or 'the whole organisation'}", f"name {_or(held)} as the site"
        )
    return site


def row_of(office: Office, tx: Transaction, case: str) -> StoredCase:
    """The row of an operation of this node; raises Refusal `no-case`."""
    row = tx.cases.get(case)
    if row is None or row.network not in office.node.networks:
        raise no_case(case)
    return row


def no_case(case: str) -> Refusal:
    """There is no such operation here."""
    return Refusal("no-case", "an operation of this node", case, "see `xstock op list`")


def no_request(id_: str) -> Refusal:
    """There is no such request here."""
    return Refusal("no-request", "a request of this node", id_, "see `xstock request list`")


def pending_of(tx: Transaction, id_: str, now: int) -> Pending:
    """What waits for people of this node; raises Refusal `no-pending`."""
    found = next((p for p in approving.live(tx, now) if p.id == id_), None)
    if found is None:
        raise no_pending(id_)
    return found


def no_pending(id_: str) -> Refusal:
    """There is no such step that waits."""
    return Refusal("no-pending", "a step that waits", id_, "see `xstock op pending`")


def no_line(ref: str) -> Refusal:
    """There is no such line of stock kept by hand."""
    return Refusal("no-line", "a line kept by hand", ref, "see `xstock stock list`")


def _site(tx: Transaction, reach: Reach, request: Any) -> str:
    if reach is Reach.STOCK:
        return next((line.location or "" for _, ref, line in tx.stock.lines() if ref == request.ref), "")
    if reach is Reach.PENDING:
        found = approving.PENDING.get(tx, request.id)
        return site_of(tx, found.case) if found else ""
    return site_of(tx, request.case if reach is Reach.CASE else request.id)


def _absent(reach: Reach, request: Any) -> Refusal:
    if reach is Reach.CASE:
        return no_case(request.case)
    named = {Reach.REQUEST: no_request, Reach.PENDING: no_pending}
    return no_line(request.ref) if reach is Reach.STOCK else named[reach](request.id)


def _or(names: frozenset[str]) -> str:
    return " or ".join(sorted(names)) or "nothing"
