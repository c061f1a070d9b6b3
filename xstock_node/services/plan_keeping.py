"""Plans that were proposed: kept with their inputs under their hash, and shown beside what was accepted instead.

That a plan was made, when and by whom, is an act; its inputs are kept for the last plans of each request.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

import msgspec

from xstock_node.domain.allocation_types import Plan
from xstock_node.domain.operations import BINDING, State
from xstock_node.domain.sums import ZERO
from xstock_node.services import dossier
from xstock_node.services.branches import no_request, visible
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.plan_views import PlanFile, PlanView, view_of
from xstock_node.services.request_views import REQUESTS
from xstock_node.services.shelf import Shelf
from xstock_node.services.times import iso
from xstock_node.services.typed import decimal_text
from xstock_node.storage.interfaces import Transaction

MOST: Final = 20
"""So many plans are kept of a request, the last ones."""


class KeptPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan as proposed: when, to whom, and what it was made from; `answer` is the plan itself."""

    at: int
    by: str
    file: PlanFile
    answer: Plan


class PlansOf(msgspec.Struct, frozen=True, kw_only=True):
    """The hashes of the plans that are kept of a request, the last one at the end."""

    hashes: tuple[str, ...] = ()


class PlanOf(msgspec.Struct, frozen=True, kw_only=True):
    """The last plan of a request, or of those kept the one of a hash."""

    id: str
    hash: str = ""


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan proposed to take from a supplier, and what was accepted of it since; decimals."""

    request: str
    supplier: str
    item: str
    unit: str
    proposed: str
    accepted: str


class KeptView(msgspec.Struct, frozen=True, kw_only=True):
    """A plan as it was proposed, when and to whom; `chosen` is what people decided since; `kept` are all hashes."""

    at: str
    by: str
    plan: PlanView
    chosen: list[Chosen]
    kept: list[str]


PLANS: Shelf[KeptPlan] = Shelf("plan", KeptPlan)
PLANS_OF: Shelf[PlansOf] = Shelf("plans-of", PlansOf)


async def keep(office: Office, actor: Actor, file: PlanFile, answer: Plan) -> None:
    """Keep a plan under its hash and write the act; what is beyond the last plans of a request goes."""
    now, requests = office.node.clock.now(), file.basis.requests
    kept = KeptPlan(at=now, by=actor.name, file=file, answer=answer)

    def work(tx: Transaction) -> None:
        PLANS.put(tx, file.hash, kept, now)
        for id_ in requests:
            held = (PLANS_OF.get(tx, id_) or PlansOf()).hashes
            hashes = (*(one for one in held if one != file.hash), file.hash)
            PLANS_OF.put(tx, id_, PlansOf(hashes=hashes[-MOST:]), now)
            for old in hashes[:-MOST]:
                _drop(tx, old)
            figures = f"{file.hash} by {answer.solver} from inputs {answer.inputs_hash}"
            office.record(tx, actor, "request.plan", id_, figures)

    await office.node.engine.write(work, durable=True)


async def show_plan(office: Office, actor: Actor, request: PlanOf) -> KeptView:
    """A plan that was kept, beside what was accepted since; who does not see all of its requests does not see it."""

    def work(tx: Transaction) -> tuple[KeptPlan, list[Chosen], tuple[str, ...]]:
        sees = visible(tx, actor, office.node.clock.now())
        if REQUESTS.get(tx, request.id) is None or not sees(request.id):
            raise no_request(request.id)
        hashes = (PLANS_OF.get(tx, request.id) or PlansOf()).hashes
        wanted = request.hash or (hashes[-1] if hashes else "")
        kept = PLANS.get(tx, wanted) if wanted in hashes else None
        if kept is None or not all(sees(id_) for id_ in kept.file.basis.requests):
            raise Refusal("no-plan", "a plan of this request", wanted or "none", "make one with `xstock request plan`")
        return kept, _chosen(tx, kept), hashes

    kept, chosen, hashes = await office.node.engine.read(work)
    plan = view_of(kept.file.basis, kept.answer)
    return KeptView(at=iso(kept.at), by=kept.by, plan=plan, chosen=chosen, kept=list(hashes))


def _drop(tx: Transaction, hash_: str) -> None:
    """Forget a plan that none of its requests counts among its last ones."""
    held = PLANS.get(tx, hash_)
    if held and not any(hash_ in (PLANS_OF.get(tx, id_) or PlansOf()).hashes for id_ in held.file.basis.requests):
        PLANS.drop(tx, hash_)


def _chosen(tx: Transaction, kept: KeptPlan) -> list[Chosen]:
    """Proposed and accepted quantities side by side, also where one of them is nothing."""
    basis = kept.file.basis
    suppliers = {one.offer: one.supplier for one in basis.inputs.offers}
    units = {one.offer: one.unit for one in basis.offers}
    of_line = {one.line: one.request for one in basis.lines}
    sums: dict[tuple[str, str, str, str], list[Decimal]] = {}
    for flow in kept.answer.flows:
        key = of_line[flow.line], suppliers[flow.offer], flow.item, units[flow.offer]
        sums.setdefault(key, [ZERO, ZERO])[0] += flow.quantity
    for id_ in basis.requests:
        for supplier, item, unit, quantity in _accepted(tx, id_, kept.at):
            sums.setdefault((id_, supplier, item, unit), [ZERO, ZERO])[1] += quantity
    return [
        Chosen(
            request=id_,
            supplier=supplier,
            item=item,
            unit=unit,
            proposed=decimal_text(proposed),
            accepted=decimal_text(accepted),
        )
        for (id_, supplier, item, unit), (proposed, accepted) in sorted(sums.items())
    ]


def _accepted(tx: Transaction, id_: str, since: int) -> Iterable[tuple[str, str, str, Decimal]]:
    """What binds suppliers by an acceptance of ours that was signed since a time: supplier, item, unit, quantity."""
    request = REQUESTS.get(tx, id_)
    for supplier, case in request.cases.items() if request else ():
        row = tx.cases.get(case)
        operation = dossier.read(tx, row).operation() if row else None
        if operation is None or not (operation.decided in BINDING or operation.decided is State.CLOSED):
            continue
        if max((e.time for e in operation.events if e.verb == "accept"), default=0) < since:
            continue
        for (item, unit), counters in operation.counters.items():
            if counters.accepted - counters.released > 0:
                yield supplier, item, unit, counters.accepted - counters.released
