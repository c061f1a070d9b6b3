"""Asking above a threshold: a request waits for a second person before anybody is asked, or it lapses."""

from typing import Any

import msgspec

from xstock_node.services import approving
from xstock_node.services.approving import ASK, PENDING, Draft, Pending
from xstock_node.services.branches import pending_of
from xstock_node.services.network import Network
from xstock_node.services.office import Actor, Office
from xstock_node.services.once import mark
from xstock_node.services.request_views import REQUESTS, Request
from xstock_node.services.thresholds import needs_of
from xstock_node.storage.interfaces import Transaction


async def written(office: Office, actor: Actor, network: Network, request: Request) -> Pending | None:
    """What a new request has to wait for, signed by its writer; None where nobody else has to approve it."""
    casework = office.node.correspondence.of(network.name).casework
    stock, _ = await office.node.engine.read(casework.stock)
    needs = needs_of("request", request.body.lines, stock, office.settings.second_person)
    if request.notify or not needs:
        return None
    fields: dict[str, Any] = {"to": list(request.to), **msgspec.to_builtins(request.body)}
    return approving.begin(office, actor, Draft(request.id, ASK, fields), needs, network.shared.is_exercise)


async def approve(office: Office, actor: Actor, id_: str) -> tuple[Pending, Request | None]:
    """Sign a request that waits; the last signature frees it, and it is returned to be sent."""
    now = office.node.clock.now()

    def work(tx: Transaction) -> tuple[Pending, Request | None]:
        pending = approving.sign(office, tx, actor, pending_of(tx, id_, now), None)
        mark(tx, actor.name, actor.once, now, about=pending.case, step=ASK)
        if pending.missing:
            PENDING.put(tx, pending.id, pending, now)
            return pending, None
        PENDING.drop(tx, pending.id)
        return pending, _put(tx, pending, now, "")

    return await office.node.engine.write(work, durable=True)


def dropped(tx: Transaction, pending: Pending, now: int) -> None:
    """A request that was refused, or that nobody signed in time, has ended: nobody was asked."""
    if pending.verb == ASK:
        _put(tx, pending, now, "cancelled")


async def lapse(office: Office, actor: Actor) -> None:
    """Drop what nobody signed within a week, with an act of each."""
    now = office.node.clock.now()

    def work(tx: Transaction) -> None:
        for pending in approving.lapsed(tx, now):
            PENDING.drop(tx, pending.id)
            dropped(tx, pending, now)
            office.record(tx, actor, "approve.lapse", pending.case, f"{pending.verb} {pending.id}")

    if await office.node.engine.read(lambda tx: approving.lapsed(tx, now)):
        await office.node.engine.write(work, durable=True)


def _put(tx: Transaction, pending: Pending, now: int, ended: Any) -> Request | None:
    found = REQUESTS.get(tx, pending.case)
    if found is None:
        return None
    freed = msgspec.structs.replace(found, waits="", ended=ended or found.ended)
    REQUESTS.put(tx, freed.id, freed, now)
    return freed
