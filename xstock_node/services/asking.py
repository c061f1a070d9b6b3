"""Asking above a threshold: a request waits for a second person before anybody is asked, or it lapses."""

from typing import Any

import msgspec

from xstock_node.services import approving
from xstock_node.services.approving import ASK, PENDING, Draft, Letter, Pending
from xstock_node.services.branches import pending_of
from xstock_node.services.errors import Refusal
from xstock_node.services.network import Network
from xstock_node.services.office import Actor, Office
from xstock_node.services.once import mark
from xstock_node.services.request_views import REQUESTS, Request, request_of
from xstock_node.services.thresholds import needs_of
from xstock_node.storage.interfaces import Transaction


async def written(office: Office, actor: Actor, network: Network, request: Request) -> Pending | None:
    """What a new request has to wait for, signed by its writer; None where nobody else has to approve it."""
    casework = office.node.correspondence.of(network.name).casework
    stock, _ = await office.node.engine.read(casework.stock)
    needs = needs_of("request", request.body.lines, stock, office.settings.second_person)
    if not needs:
        return None
    fields: dict[str, Any] = {"to": list(request.to), **msgspec.to_builtins(request.body)}
    return approving.begin(office, actor, Draft(request.id, ASK, fields), needs, network.shared.is_exercise)


async def approve(office: Office, actor: Actor, id_: str, letter: Letter | None = None) -> Pending:
    """Sign a request that waits; the last signature frees it to be sent.

    An owner's letter is refused, as nothing is released; `doubtful-start` is raised while members have yet to tell
    their cases after a restore: the request may be sent already.
    """
    now = office.node.clock.now()

    def work(tx: Transaction) -> Pending:
        waits = pending_of(tx, id_, now)
        _undoubted(office, request_of(tx, waits.case))
        pending = approving.sign(office, tx, actor, waits, letter)
        mark(tx, actor.name, actor.once, now, about=pending.case, step=ASK)
        if pending.missing:
            PENDING.put(tx, pending.id, pending, now)
        else:
            freed(tx, pending.case, now)
        return pending

    return await office.node.engine.write(work, durable=True)


def freed(tx: Transaction, id_: str, now: int, **more: Any) -> None:
    """A request that waits for nobody any more: approved, found to be sent already, or `ended`."""
    found = REQUESTS.get(tx, id_)
    if found is not None and found.waits:
        PENDING.drop(tx, found.waits)
        REQUESTS.put(tx, id_, msgspec.structs.replace(found, waits="", **more), now)


def dropped(tx: Transaction, pending: Pending, now: int) -> None:
    """A step or request that was refused, or that nobody signed in time; of a request nobody was asked."""
    if pending.verb == ASK:
        freed(tx, pending.case, now, ended="cancelled")
    PENDING.drop(tx, pending.id)


async def lapse(office: Office, actor: Actor) -> None:
    """Drop what nobody signed within a week, with an act of each."""
    now = office.node.clock.now()

    def work(tx: Transaction) -> None:
        for pending in approving.lapsed(tx, now):
            dropped(tx, pending, now)
            office.record(tx, actor, "approve.lapse", pending.case, f"{pending.verb} {pending.id}")

    if await office.node.engine.read(lambda tx: approving.lapsed(tx, now)):
        await office.node.engine.write(work, durable=True)


def in_doubt(office: Office, network: str) -> set[str]:
    """The members of a network that have yet to tell their cases after a restore."""
    return office.node.correspondence.of(network).casework.doubted


def _undoubted(office: Office, request: Request) -> None:
    if doubted := in_doubt(office, request.network):
        do = "wait until they answer: it may have been sent before the restore"
        raise Refusal("doubtful-start", "an answer of every member about its cases", ", ".join(sorted(doubted)), do)
