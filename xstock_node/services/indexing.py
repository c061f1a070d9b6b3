"""From stored lines to the index of offers: the later index of an id wins."""

from collections.abc import Sequence

from xstock_node.domain.search import offer_key
from xstock_node.protocol import limits
from xstock_node.protocol.frames import is_hash_line
from xstock_node.protocol.names import LogName
from xstock_node.protocol.records import Defect, Offer, Still, Withdraw, interpret
from xstock_node.storage.interfaces import Indexed, Transaction


def index_lines(tx: Transaction, log: LogName, start: int, lines: Sequence[bytes], signed: int) -> int:
    """Interpret lines from index `start` on and bring the index up to date; the number of defects.

    `signed` is the time of the head that covers them: a record that says it was written later is a defect, so that
    no lease ends more than 90 days after its head.
    """
    latest = signed + limits.AHEAD
    pending: dict[str, Indexed] = {}
    defects = 0
    for number, line in enumerate(lines, start):
        if is_hash_line(line):
            continue
        found = interpret(line)
        if isinstance(found, Offer | Withdraw | Still) and found.ts > latest:
            defects += 1
        elif isinstance(found, Offer):
            pending[found.id] = Indexed(number, found, offer_key(found))
        elif isinstance(found, Withdraw):
            pending.pop(found.id, None)
            tx.offers.end(log, [found.id])
        elif isinstance(found, Still):
            tx.offers.put(log, list(pending.values()))
            pending.clear()
            tx.offers.refresh(log, found.src, found.ts, found.exp)
        elif isinstance(found, Defect):
            defects += 1
    tx.offers.put(log, list(pending.values()))
    return defects


def rebuild(tx: Transaction, log: LogName, size: int, signed: int) -> int:
    """Index a log anew from its stored records; the number of defects."""
    tx.offers.clear(log)
    defects = 0
    for start in range(0, size, 4096):
        defects += index_lines(tx, log, start, tx.logs.lines(log, start, min(4096, size - start)), signed)
    return defects
