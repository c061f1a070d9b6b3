"""Warnings that wait for who has duty: each once, and once more for each rank that it rises to."""

from typing import Final

from xstock_node.domain import escalation
from xstock_node.domain.escalation import Wait, Waiting
from xstock_node.domain.rights import Role
from xstock_node.services.alerts_held import OPEN_WARNINGS, UNRANKED, HeldWarning, opens
from xstock_node.services.office import Office
from xstock_node.storage.interfaces import Transaction

RANKS: Final = ("green", "yellow", "orange", "red")
"""The words for ranks, as feeds and the public know them."""


def rank_word(rank: int | None) -> str:
    """The word for a rank; empty where it is unknown."""
    return "" if rank is None or rank < 0 else RANKS[rank]


def things(office: Office, tx: Transaction) -> list[Waiting]:
    """Open warnings. Nobody is called for one below the rank of the settings, or for one that may be elsewhere."""
    now = office.node.clock.now()
    found = [row for row in OPEN_WARNINGS.list(tx) if row.is_open(now)]
    taken = {status: opens(office, tx, status) for status in {row.status for row in found}}
    return [_waiting(office, row) for row in found if taken[row.status]]


def _waiting(office: Office, row: HeldWarning) -> Waiting:
    known = row.peak != UNRANKED
    return Waiting(
        id=escalation.id_of("alert", row.id, str(row.peak)),
        kind=Wait.ALERT,
        role=Role.DUTY_OFFICER,
        since=row.rose_at,
        other=row.source,
        state=f"{row.title} ({rank_word(row.peak)})" if known else row.title,
        detail=row.id,
        exercise=row.status == "Exercise",
        calm=row.here != "yes" or (known and row.peak < office.settings.alerts.call),
    )
