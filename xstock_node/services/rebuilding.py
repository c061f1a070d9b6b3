"""Everything that follows from the signed logs, made anew from them: segment roots, the index of offers, statements.

What comes out is compared with what stood there, so that a rehearsal can tell whether a copy would serve.
"""

from functools import partial

import msgspec

from xstock_node.protocol import limits, merkle
from xstock_node.protocol.frames import leaves_of
from xstock_node.protocol.names import LogName
from xstock_node.services.indexing import rebuild
from xstock_node.storage.interfaces import Engine, Transaction
from xstock_node.storage.values import LogState, StoredOffer


class Rebuilt(msgspec.Struct, frozen=True, kw_only=True):
    """One log made anew: its records, live offers before and after, and how many of those differ."""

    log: str
    records: int
    offers_before: int
    offers: int
    changed: int


async def rebuild_all(engine: Engine, now: int) -> list[Rebuilt]:
    """Make all logs anew, one transaction each."""
    states = await engine.read(lambda tx: tx.logs.states())
    found = []
    for state in (state for state in states if state.frontier.size):
        found.append(await engine.write(partial(rebuild_log, state=state, now=now), durable=True))
    await engine.checkpoint()
    return found


def rebuild_log(tx: Transaction, state: LogState, now: int) -> Rebuilt:
    """Make one log anew in a transaction. Offers that ended by `now` are not compared: housekeeping drops them."""
    before = _offers(tx, state.log, now)
    roots = _segment_roots(tx, state)
    tx.logs.replace_segments(state.log, roots)
    found = rebuild(tx, state.log, state.frontier.size, state.head_time or now, now, state.minimum)
    tx.logs.put(state._replace(defects=found.defects, audience=found.audience))
    after = _offers(tx, state.log, now)
    changed = len(before.keys() ^ after.keys()) + sum(before[key] != after[key] for key in before.keys() & after.keys())
    return Rebuilt(
        log=str(state.log),
        records=state.frontier.size,
        offers_before=len(before),
        offers=len(after),
        changed=changed,
    )


def _segment_roots(tx: Transaction, state: LogState) -> list[bytes]:
    """The roots that the records give; of a segment with a damaged record the one that stands there."""
    width, roots = limits.SEGMENT, list[bytes]()
    for number in range(state.frontier.size // width):
        held = tx.logs.stored(state.log, number * width, width)
        kept = tx.logs.segment_roots(state.log, number, 1)
        whole = len(held) == width
        roots.append(merkle.tree_root(leaves_of(held.values())) if whole else (kept or [b""])[0])
    return roots


def _offers(tx: Transaction, log: LogName, now: int) -> dict[int, StoredOffer]:
    return {offer.index: offer for offer in tx.offers.of_log(log) if offer.exp > now}
