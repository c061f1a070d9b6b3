"""Forgetting what is older than its kind is kept, a few times a day.

What is evidence stays: records of logs (their contents give way by the window of each log, their hashes stay), cases
with their messages and receipts, the list of acts, agreements, identities.
"""

from collections.abc import Mapping
from typing import Final

from xstock_node.domain.retention import KINDS
from xstock_node.services.office import Office
from xstock_node.storage.interfaces import Transaction

DAY: Final = 86_400
EVERY: Final = 86_400.0 / 4  # seconds between two looks


def forget_older(tx: Transaction, days: Mapping[str, int], now: int) -> dict[str, int]:
    """Drop what is older than its kind is kept (0 days: for ever); how many objects of each kind went."""
    gone = {}
    for kind in KINDS:
        kept = days.get(kind.name, kind.days)
        count = sum(tx.objects.drop_older(name, now - kept * DAY) for name in kind.objects) if kept else 0
        if count:
            gone[kind.name] = count
    return gone


async def retain(office: Office) -> None:
    """Forget what is due, and say in the log what went."""
    now, days = office.node.clock.now(), office.settings.keep_days
    gone = await office.node.engine.write(lambda tx: forget_older(tx, days, now), durable=True)
    if gone:
        office.node.trace.info("forgotten", **gone)
