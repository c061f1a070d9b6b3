"""Accounting for acts: every act of a person has its hash in the audit log; `log verify` finds one that was changed.

A step of an operation is hashed in the transaction that signs it; every other act within an hour, many at once, so
that the heads which peers compare do not change with each act.
"""

from xstock_node.protocol import merkle
from xstock_node.protocol.frames import hash_line
from xstock_node.protocol.names import AUDIT, LogName
from xstock_node.services.office import Office
from xstock_node.services.shelf import Shelf
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import Act

_HASHED: Shelf[int] = Shelf("acts-hashed", int)
MOST = 500
WAITS = 3600
READ = 4096


async def hash_acts(office: Office) -> int:
    """Put the hashes of acts that have waited an hour, and of those since, into the home network's audit log."""
    count = 0

    def work(tx: Transaction) -> list[bytes]:
        nonlocal count
        position = _HASHED.get(tx, "home") or 0
        found = tx.acts.since(position, MOST)
        if found:
            _HASHED.put(tx, "home", found[-1][0], office.node.clock.now())
        count = len(found)
        return [act.text() for _, act in found if not _is_step(act)]

    first = await office.node.engine.read(lambda tx: tx.acts.since(_HASHED.get(tx, "home") or 0, 1))
    if first and first[0][1].at + WAITS <= office.node.clock.now():
        await office.node.correspondence.of().audit.keep(work)
    return count


def unaccounted(office: Office, tx: Transaction) -> list[Act]:
    """Acts that should have a hash in an audit log and have none: changed or added since, beside the node."""
    known: set[bytes] = set()
    for network in office.node.networks:
        log = LogName(office.node.identity.name, f"{network}.{AUDIT}")
        state = tx.logs.state(log)
        for start in range(0, state.frontier.size if state else 0, READ):
            known.update(tx.logs.lines(log, start, READ))
    position = _HASHED.get(tx, "home") or 0
    acts = [act for number, act in tx.acts.since(0, 10**9) if number <= position or _is_step(act)]
    return [act for act in acts if hash_line(merkle.leaf_hash(act.text())) not in known]


def _is_step(act: Act) -> bool:
    """Whether an act was hashed together with the message that it signed."""
    return act.verb.startswith("op.") and " " in act.subject
