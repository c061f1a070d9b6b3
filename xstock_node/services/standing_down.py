"""Standing down: where what is promised covers a need, those who were asked and promised nothing are told with thanks.

By `requests.stand_down` the officer is asked (it waits in the queue), or the node tells them itself. What is binding,
and what an acceptance of ours may make binding at any moment, is never touched.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from xstock_node.domain import escalation
from xstock_node.domain.escalation import Wait, Waiting
from xstock_node.domain.operation import Operation
from xstock_node.domain.operations import BINDING, ENDED, State
from xstock_node.domain.rights import Role
from xstock_node.domain.sums import ZERO, Key
from xstock_node.services import dossier
from xstock_node.services.office import Actor, Office
from xstock_node.services.request_views import REQUESTS, Request
from xstock_node.services.requesting import DECIDING, tell_covered
from xstock_node.storage.interfaces import Transaction

AUTO, ASK = "auto", "ask"


class Covered(NamedTuple):
    """A covered request, the cases of those who can be stood down, and since when (unix seconds) it is covered."""

    request: Request
    cases: dict[str, str]
    since: int


def covered(request: Request, operations: Mapping[str, Operation]) -> Covered | None:
    """Whether promises cover every item of a request while others still hold theirs; `operations` by case."""
    held = {case: operations[case] for case in request.cases.values() if case in operations}
    asked: dict[Key, Decimal] = {}
    for line in request.body.lines:
        asked[line.item, line.unit] = asked.get((line.item, line.unit), ZERO) + line.quantity
    promised: dict[Key, Decimal] = {}
    for operation in held.values():
        if operation.decided in BINDING or operation.decided is State.CLOSED:
            for key, c in operation.counters.items():
                promised[key] = promised.get(key, ZERO) + c.accepted - c.released
    if request.ended or not asked or any(promised.get(key, ZERO) < quantity for key, quantity in asked.items()):
        return None
    waiting = {name: case for name, case in request.cases.items() if case in held and _may_be_told(held[case])}
    since = max((e.time for o in held.values() for e in o.events if e.verb == "confirm"), default=0)
    return Covered(request, waiting, since) if waiting else None


def things(tx: Transaction, operations: Mapping[str, Operation]) -> list[Waiting]:
    """The stand-downs that wait for the duty officer; nobody is called for them."""
    found = []
    for request in REQUESTS.list(tx):
        one = covered(request, operations)
        if one is not None:
            found.append(
                Waiting(
                    id=escalation.id_of("stand-down", request.id),
                    kind=Wait.STAND_DOWN,
                    role=Role.DUTY_OFFICER,
                    since=one.since,
                    request=request.id,
                    other=", ".join(one.cases),
                    state="covered",
                    detail=request.id,
                    exercise=any(case.startswith("x") for case in one.cases.values()),
                    calm=True,
                )
            )
    return found


async def stand_down_covered(office: Office, actor: Actor) -> int:
    """Tell everybody who is no longer needed, where the setting lets the node do it; how many were told."""
    if office.settings.stand_down != AUTO:
        return 0

    def work(tx: Transaction) -> list[Covered]:
        found = []
        for request in REQUESTS.list(tx):
            if request.ended:
                continue
            rows = [row for row in (tx.cases.get(case) for case in request.cases.values()) if row is not None]
            one = covered(request, {row.id: dossier.read(tx, row).operation() for row in rows})
            found += [one] if one is not None else []
        return found

    told = 0
    for one in await office.node.engine.read(work):
        told += await tell_covered(office, actor, one.request, tuple(one.cases.values()), "covered")
    return told


def _may_be_told(operation: Operation) -> bool:
    """Open, not binding, and no word of ours on its way that decides it."""
    said = {e.verb for e in operation.proposals}
    return operation.decided not in ENDED | BINDING and not said & DECIDING
