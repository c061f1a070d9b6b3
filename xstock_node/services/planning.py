"""Planning: own requests and everyone's offers become one proposed plan, which is kept for those who look later.

It proposes and decides nothing: nobody is asked and nothing is held by it. Each plan is an act with its hashes.
"""

import asyncio
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from xstock_node.domain.allocation import make_plan
from xstock_node.domain.fairness import ClassOrder, FairRule
from xstock_node.domain.loading import VehicleType, parse_vehicles
from xstock_node.domain.plan_basis import basis_of
from xstock_node.domain.plan_facts import Answered, Asking, Basis, Hint, Known
from xstock_node.domain.reasons import Reason
from xstock_node.domain.search import OfferQuery, Order
from xstock_node.protocol.names import LogName
from xstock_node.protocol.records import Offer, interpret
from xstock_node.protocol.recordtypes import Time
from xstock_node.services import dossier
from xstock_node.services.branches import no_request, visible
from xstock_node.services.documents import library
from xstock_node.services.errors import Refusal
from xstock_node.services.network import Network
from xstock_node.services.office import Actor, Office
from xstock_node.services.plan_keeping import keep
from xstock_node.services.plan_views import PlanView, file_of, view_of
from xstock_node.services.request_views import REQUESTS, Request
from xstock_node.services.routing import best_profiles
from xstock_node.services.settling import (
    AgreementView,
    ReceptionFilter,
    ReceptionView,
    list_agreements,
    show_receptions,
)
from xstock_node.services.typed import figure_of
from xstock_node.storage.interfaces import Transaction

VEHICLES = Path(__file__).parent.parent / "domain" / "data" / "vehicles.toml"
MOST_HINTS: Final = 200
UNKNOWN_ROAD: Final = "48"


class PlanRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Own requests to plan together, all of one network.

    `plain`: without the solver. `accept_by` (unix seconds): when acceptances reach the suppliers, now where it is 0.
    `unknown_road`: hours that a road is reckoned with of which nobody wrote any. `file`: with what replays the plan.
    """

    requests: Annotated[list[str], Meta(min_length=1, max_length=20)]
    plain: bool = False
    accept_by: Time = 0
    unknown_road: str = UNKNOWN_ROAD
    file: bool = False


class _Seen(msgspec.Struct, frozen=True):
    """What one look into storage gives."""

    askings: list[Asking]
    elsewhere: list[Answered]
    hints: list[Hint]
    said: list[Reason]


@cache
def vehicles() -> tuple[VehicleType, ...]:
    """The types of vehicle that plans reckon with."""
    return parse_vehicles(VEHICLES.read_bytes())


async def plan(office: Office, actor: Actor, request: PlanRequest) -> PlanView:
    """A proposed plan for own requests, kept with its inputs; raises Refusal where one cannot be planned."""
    basis = await _basis(office, actor, request)
    solver = not request.plain
    try:
        made = await asyncio.to_thread(make_plan, basis.inputs, solver)
    except (ValueError, ArithmeticError) as error:
        raise Refusal("bad-plan", "requests and offers that fit together", str(error), "correct the request") from None
    file = file_of(basis, solver, made)
    await keep(office, actor, file, made)
    return view_of(basis, made, file if request.file else None)


async def _basis(office: Office, actor: Actor, request: PlanRequest) -> Basis:
    held = await office.node.engine.read(lambda tx: _requests(office, tx, actor, request.requests))
    return await basis_for(office, actor, held, request.accept_by, request.unknown_road)


async def basis_for(
    office: Office, actor: Actor, held: Sequence[Request], accept_by: Time = 0, unknown_road: str = UNKNOWN_ROAD
) -> Basis:
    """What a plan of these requests, of one network, stands on; they need not be kept anywhere."""
    now = office.node.clock.now()
    network = office.node.network(held[0].network)
    seen = await office.node.engine.read(lambda tx: _look(office, tx, network, held, now))
    rule, rule_from = _rule(
        office, await list_agreements(office, actor), {hint.node for hint in seen.hints} | _asked(held)
    )
    receptions = await show_receptions(office, actor, ReceptionFilter())
    best = best_profiles(receptions)
    known = Known(
        own=office.node.identity.name,
        network=network.name,
        exercise=network.shared.is_exercise,
        now=now,
        accept_by=max(now, accept_by),
        catalogue=await office.catalogue(),
        profiles={country: view.profile for country, view in best.items()},
        facts=library.customs_facts(),
        vehicles=vehicles(),
        assumed=figure_of(unknown_road, "hours of an unknown road"),
        rule=rule,
        rule_from=rule_from,
    )
    basis = basis_of(seen.askings, seen.hints, seen.elsewhere, known)
    said = [*basis.said, *seen.said, *_over(basis, best.values())]
    return msgspec.structs.replace(basis, said=tuple(said))


def _over(basis: Basis, receptions: Iterable[ReceptionView]) -> Iterable[Reason]:
    """The profiles that are no longer valid and whose roads are in the plan nevertheless."""
    countries = {country for lane in basis.inputs.lanes for country in lane.countries}
    for view in receptions:
        if view.profile.country in countries and not view.holds:
            day = view.profile.valid_until.isoformat()
            yield Reason("profile_over", {"country": view.profile.country, "day": day})


def _requests(office: Office, tx: Transaction, actor: Actor, ids: Sequence[str]) -> list[Request]:
    """The requests of these ids, each once, as far as the actor sees them; all of one network, open, with lines."""
    sees, found = visible(tx, actor, office.node.clock.now()), []
    for id_ in dict.fromkeys(ids):
        one = REQUESTS.get(tx, id_)
        if one is None or not sees(id_):
            raise no_request(id_)
        if one.ended:
            raise Refusal("ended", "an open request", f"{id_} is {one.ended}", "plan those that are open")
        if not one.body.lines:
            raise Refusal("no-lines", "a request with lines", f"{id_} only announces a need", "ask for goods first")
        found.append(one)
    networks = sorted({one.network for one in found})
    if len(networks) > 1:
        raise Refusal("other-network", "requests of one network", ", ".join(networks), "plan them one by one", 2)
    return found


def _look(office: Office, tx: Transaction, network: Network, held: Sequence[Request], now: int) -> _Seen:
    ids = {one.id for one in held}
    askings = [Asking(one.id, one.body, tuple(_answers(tx, one))) for one in held]
    others = [one for one in REQUESTS.list(tx) if one.network == network.name and one.id not in ids]
    elsewhere = [answer for one in others for answer in _answers(tx, one)]
    hints, said = [], []
    for item in dict.fromkeys(line.item for one in held for line in one.body.lines):
        found, more = _hints(office, tx, network, item, now)
        hints += found
        said += [Reason("most_hints", {"item": item, "count": str(MOST_HINTS)})] if more else []
    return _Seen(askings, elsewhere, hints, said)


def _answers(tx: Transaction, request: Request) -> Iterable[Answered]:
    for supplier, case in request.cases.items():
        row = tx.cases.get(case)
        if row is not None:
            yield Answered(case, supplier, dossier.read(tx, row).operation())


def _hints(office: Office, tx: Transaction, network: Network, item: str, now: int) -> tuple[list[Hint], bool]:
    """The live stock offers of an item by other members of a network, and whether there are more of them."""
    own = office.node.identity.name
    query = OfferQuery(
        log=network.shared.log,
        also=_audiences(network),
        item=item,
        valid_after=now,
        order=Order.LARGEST,
        limit=MOST_HINTS + 1,
    )
    found = []
    stored_offers = tx.offers.search(query)
    for stored in stored_offers[:MOST_HINTS]:
        said = interpret(stored.line)
        if not isinstance(said, Offer) or said.item != item or stored.log.node == own:
            continue
        standing = network.membership.standing(stored.log.node)
        if network.membership.is_member(stored.log.node) and (standing is None or standing.tier != "observer"):
            found.append(Hint(stored.log.node, said, stored.asof))
    return found, len(stored_offers) > MOST_HINTS


def _audiences(network: Network) -> tuple[str, ...]:
    """The names of the network's logs for some readers only, real or of the exercise as it is itself."""
    exercise = network.shared.is_exercise
    logs: list[LogName] = [log for log in network.replicas.heads if not log.is_for_all]
    return tuple(sorted({log.log for log in logs if log.is_exercise == exercise}))


def _asked(held: Iterable[Request]) -> set[str]:
    return {name for one in held for name in one.cases}


def _rule(office: Office, agreements: Iterable[AgreementView], suppliers: set[str]) -> tuple[FairRule, Reason]:
    """The fairness rule of the agreements in force that this node and a supplier signed, where they say one."""
    own = office.node.identity.name
    found = [a for a in agreements if a.in_force and own in a.signed and suppliers & {*a.signed}]
    rules = {
        FairRule(order=ClassOrder(a.agreement.fairness.class_order.value), floor=Decimal(a.agreement.fairness.floor))
        for a in found
    }
    named = {"agreements": ", ".join(sorted(a.agreement.id for a in found))}
    if not rules:
        return FairRule(), Reason("rule_default")
    if len(rules) > 1:
        return FairRule(), Reason("rules_differ", named)
    return rules.pop(), Reason("rule_agreed", named)
