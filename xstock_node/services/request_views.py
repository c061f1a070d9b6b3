"""A request as kept and as shown: what of its lines was promised, offered or held possible, from its cases."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

import msgspec

from xstock_node.domain import steps
from xstock_node.domain.operation import Operation
from xstock_node.domain.operations import BINDING, ENDED, State
from xstock_node.domain.sums import ZERO, Key
from xstock_node.protocol.recordtypes import NodeName
from xstock_node.services import branches, dossier, operation_views
from xstock_node.services.asked_lines import LineConditions, conditions_of
from xstock_node.services.branches import no_request
from xstock_node.services.dossier import Dossier
from xstock_node.services.office import Office
from xstock_node.services.operation_views import OperationRow
from xstock_node.services.references import together
from xstock_node.services.shelf import Shelf
from xstock_node.services.times import iso
from xstock_node.services.typed import decimal_text
from xstock_node.storage.interfaces import Transaction

RequestState = Literal["waiting", "open", "partly-covered", "covered", "closed", "cancelled"]


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request as kept: what was asked, of whom, and the case with each; what it `waits` for in `op pending`."""

    id: str
    network: str
    at: int
    by: str
    body: steps.Ask
    to: tuple[NodeName, ...]
    cases: dict[str, str] = {}
    ended: Literal["", "closed", "cancelled"] = ""
    notify: bool = False
    waits: str = ""


REQUESTS: Shelf[Request] = Shelf("request", Request)


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """A line and its three columns, never one total: promised, offered (held until answered), possible; decimals."""

    item: str
    unit: str
    asked: str
    promised: str
    offered: str
    possible: str
    received: str
    missing: str
    conditions: LineConditions


class RequestView(msgspec.Struct, frozen=True, kw_only=True):
    """A request with what became of it. `unsent` names nodes whose case is not written yet.

    `waits` is the id in `op pending` of a request that needs a second person before anybody is asked; `references` are
    the event and the numbers that others gave to the request later.
    """

    id: str
    network: str
    exercise: bool
    state: RequestState
    at: str
    by: str
    site: str
    event: str
    place: str
    needed_by: str
    lines: list[Coverage]
    operations: list[OperationRow]
    unsent: list[str]
    waits: str = ""
    references: list[str] = []


def coverage(request: Request, operations: Iterable[Operation]) -> list[Coverage]:
    """Each asked line and its columns. Hints never count, and nothing counts twice."""
    promised: dict[Key, Decimal] = {}
    offered: dict[Key, Decimal] = {}
    possible: dict[Key, Decimal] = {}
    received: dict[Key, Decimal] = {}
    for operation in operations:
        for key, counters in operation.counters.items():
            if operation.decided in BINDING or operation.decided is State.CLOSED:
                _add(promised, key, counters.accepted - counters.released)
                _add(received, key, counters.received)
            elif operation.decided is State.OFFERED:
                _add(offered, key, counters.offered)
        if operation.decided is State.INDICATED:
            for line in operation.lines("indicate"):
                _add(possible, (line.item, line.unit), line.quantity)
    found = []
    for line in request.body.lines:
        key = line.item, line.unit
        sums = {name: column.get(key, ZERO) for name, column in (("p", promised), ("o", offered), ("m", possible))}
        found.append(
            Coverage(
                item=line.item,
                unit=line.unit,
                asked=decimal_text(line.quantity),
                promised=decimal_text(sums["p"]),
                offered=decimal_text(sums["o"]),
                possible=decimal_text(sums["m"]),
                received=decimal_text(received.get(key, ZERO)),
                missing=decimal_text(max(line.quantity - sums["p"], ZERO)),
                conditions=conditions_of(line),
            )
        )
    return found


def state_of(request: Request, lines: Iterable[Coverage], operations: Iterable[Operation]) -> RequestState:
    """A request's state, derived from its operations."""
    every = [*operations]
    if request.ended:
        return request.ended
    if request.waits:
        return "waiting"
    if every and len(every) == len(request.to) and all(o.decided in ENDED for o in every):
        return "closed" if any(o.decided is State.CLOSED for o in every) else "open"
    found = [(Decimal(line.promised), Decimal(line.missing)) for line in lines]
    if found and all(missing == 0 for _, missing in found):
        return "covered"
    return "partly-covered" if any(promised for promised, _ in found) else "open"


def view(office: Office, tx: Transaction, request: Request) -> RequestView:
    own = office.node.identity.name
    rows = [row for row in (tx.cases.get(case) for case in request.cases.values()) if row is not None]
    dossiers: list[Dossier] = [dossier.read(tx, row) for row in rows]
    operations = [found.operation() for found in dossiers]
    lines = coverage(request, operations)
    return RequestView(
        id=request.id,
        network=request.network,
        exercise=office.node.networks[request.network].shared.is_exercise,
        state=state_of(request, lines, operations),
        at=iso(request.at),
        by=request.by,
        site=branches.site_of(tx, request.id),
        event=request.body.event,
        place=request.body.place,
        needed_by=iso(request.body.needed_by) if request.body.needed_by else "",
        lines=lines,
        operations=[operation_views.row(found, own) for found in dossiers],
        unsent=[name for name in request.to if name not in request.cases],
        waits=request.waits,
        references=[*together(tx, request.body.event, [request.id, *request.cases.values()])],
    )


def request_of(tx: Transaction, id_: str) -> Request:
    found = REQUESTS.get(tx, id_)
    if found is None:
        raise no_request(id_)
    return found


def _add(total: dict[Key, Decimal], key: Key, quantity: Decimal) -> None:
    total[key] = total.get(key, ZERO) + quantity
