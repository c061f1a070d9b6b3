"""Telling passages: each becomes one signed `border` step, at once, or in threat mode late and coarse.

The step and the passage's end are stored in one transaction, so that a crash between tells nothing twice.
"""

from typing import Final

import msgspec

from xstock_node.domain.corridor_watch import coarse, told_at
from xstock_node.services import operating
from xstock_node.services.approving import Draft
from xstock_node.services.casework import Sent
from xstock_node.services.convoys import WORDS, threats
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.passing import PASSAGES, Passage
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import Act

EVERY: Final = 5.0
KEPT: Final = 90 * 86_400
NODE: Final = Actor("node", "itself")


async def tell_due(office: Office) -> list[str]:
    """Tell every passage that may be told now; the ids of those that were told."""
    now = office.node.clock.now()
    waiting = await office.node.engine.read(lambda tx: [p for p in PASSAGES.list(tx) if p.state == "waiting"])
    told = [one.id for one in sorted(waiting, key=lambda p: (p.at, p.id)) if await _tell(office, one, now)]
    if now % 3600 < EVERY:
        await office.node.engine.write(lambda tx: _forget(tx, now), durable=True)
    return told


def _forget(tx: Transaction, now: int) -> None:
    PASSAGES.drop_older(tx, now - KEPT)
    WORDS.drop_older(tx, now - 4 * KEPT)


def told_of(passage: Passage, delay: int) -> tuple[str, int]:
    """Place and time as they are told: in threat mode, or where the place was not kept, country and full hour."""
    if delay or not passage.place:
        return passage.country, coarse(passage.at)
    return passage.place, passage.at


async def _tell(office: Office, passage: Passage, now: int) -> bool:
    """Tell one passage, if it is due; whether it was told."""
    try:
        row, found = await operating.held(office, passage.case)
    except Refusal as error:
        await _keep(office, passage, f"{error.expected}; came {error.came}", now)
        return False
    over = await office.node.engine.read(lambda tx: threats(office, tx, passage.case))
    delay = max((one.delay for one in over), default=0)
    if max(passage.not_before, told_at(passage.at, delay) if delay else 0) > now:
        return False
    place, at = told_of(passage, delay)
    fields = {"consignment": passage.consignment, "event": passage.event, "place": place, "at": at}
    try:
        operating.check(office, found, Draft(row.id, "border", fields))
    except Refusal as error:
        await _keep(office, passage, f"{error.expected}; came {error.came}", now)
        return False

    def beside(tx: Transaction, sent: Sent) -> list[bytes]:
        held = PASSAGES.get(tx, passage.id)
        if held is None or held.state != "waiting":
            raise Refusal("told", "a passage that waits", passage.id, "nothing is to be done")
        done = msgspec.structs.replace(held, state="told", hash=sent.link.hash)
        PASSAGES.put(tx, done.id, done, now)
        act = Act(now, str(NODE), "op.border", f"{row.id} {sent.link.hash}", passage.event)
        tx.acts.add(act)
        return [act.text()]

    try:
        await office.node.correspondence.of(row.network).casework.send(
            row.id, {"step": "border", **fields}, beside=beside
        )
    except Refusal as error:
        office.node.trace.warning("passage-not-told", passage=passage.id, why=str(error))
        return False
    office.changes.tell(row.id)
    return True


async def _keep(office: Office, passage: Passage, why: str, now: int) -> None:
    """It cannot be told any more: kept here, with the reason."""

    def work(tx: Transaction) -> None:
        held = PASSAGES.get(tx, passage.id)
        if held is not None and held.state == "waiting":
            PASSAGES.put(tx, held.id, msgspec.structs.replace(held, state="kept", why=why[:300]), now)

    await office.node.engine.write(work, durable=True)
    office.node.trace.warning("passage-kept", passage=passage.id, why=why[:300])
