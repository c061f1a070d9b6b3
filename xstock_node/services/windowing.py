"""Own logs as sliding windows: what is still true is said again, and `min` rises above what is not (xs1 6.9).

- nothing is promised longer than a person released it: a renewed offer ends when it ended before;
- an audience log's audience records stay, and the ruling one is stated again before `min` passes it (xs1 15.1);
- `net` logs are kept whole (xs1 14.11), audit logs hand out no records;
- a log renews little at once, so that it keeps within the growth that its readers allow (xs1 21.2).
"""

from collections.abc import Callable, Sequence
from random import Random

import msgspec

from xstock_node.protocol import limits, records
from xstock_node.protocol.names import AUDIT, GOVERNANCE, LogName
from xstock_node.protocol.records import Audience, Notice, Offer, interpret
from xstock_node.services.fresh import fresh
from xstock_node.services.indexing import forget
from xstock_node.services.ownlog import OwnLog
from xstock_node.storage.interfaces import Engine, Transaction
from xstock_node.storage.values import StoredOffer

DAY = 86_400
EVERY = 600.0  # seconds between two looks at a log
RENEWED = limits.SEGMENT  # offers at once
READ_AT_ONCE = 4096


class Windowing:
    """Slides the own logs of one network. `now` gives unix seconds, `steady` seconds of a clock that nobody sets."""

    def __init__(self, engine: Engine, now: Callable[[], int], steady: Callable[[], float], random: Random) -> None:
        self._engine, self._now, self._steady, self._random = engine, now, steady, random
        self._next: dict[LogName, float] = {}

    async def slide(self, log: OwnLog) -> bool:
        """Let one log's window rise where it is due; whether a new head was signed."""
        head, at = log.head, self._steady()
        if head is None or log.halted or log.log.label in (GOVERNANCE, AUDIT):
            return False
        if head.size - head.minimum <= limits.WINDOW or at < self._next.get(log.log, at):
            return False
        self._next[log.log] = at + EVERY
        if not await self._engine.read(lambda tx: rise(tx, log.log, self._now())):
            return False
        await log.append(lambda tx: slide(tx, log.log, self._now(), self._random))
        return log.head is not None and log.head.minimum > head.minimum


def rise(tx: Transaction, log: LogName, now: int) -> int:
    """Where `min` is to stand, a multiple of 256; 0 while it stays where it is.

    Due when more than four times the live offers stand above it, and more than 1,024 records; then half of that is
    left, so that each offer is renewed once in as many records as there are offers.
    """
    state, live = tx.logs.state(log), _live(tx, log, now)
    if state is None:
        return 0
    size = state.frontier.size
    if size - state.minimum <= max(limits.WINDOW_LIVE * len(live), limits.WINDOW):
        return 0
    wanted = size - max(limits.WINDOW_LIVE * len(live), limits.WINDOW) // 2
    older = [stored.index for stored in live if stored.index < wanted]
    if len(older) > RENEWED:
        wanted = older[RENEWED]
    wanted -= wanted % limits.SEGMENT
    return wanted if wanted > state.minimum else 0


def slide(tx: Transaction, log: LogName, now: int, random: Random) -> list[bytes]:
    """Raise `min` and give up the contents below it; the lines that say again what is still true there."""
    wanted, state = rise(tx, log, now), tx.logs.state(log)
    if not wanted or state is None:
        return []
    lines = [_renewed(stored, now, random) for stored in _live(tx, log, now) if stored.index < wanted]
    passed = list(_between(tx, log, state.minimum, wanted))
    lines += [_again(found, now, random) for found in passed if isinstance(found, Notice) and found.exp > now]
    if any(isinstance(found, Audience) for found in passed) and state.audience:
        ruling = interpret(state.audience.encode())
        lines += [_again(ruling, now, random)] if isinstance(ruling, Audience) else []
    tx.logs.put(state._replace(minimum=wanted))
    forget(tx, log, state.minimum, wanted)
    return lines


def _live(tx: Transaction, log: LogName, now: int) -> list[StoredOffer]:
    """The live offers, the oldest record first."""
    return sorted((s for s in tx.offers.of_log(log) if s.exp > now), key=lambda stored: stored.index)


def _between(tx: Transaction, log: LogName, start: int, end: int) -> Sequence[object]:
    """The records there that are no offers but may still hold."""
    found: list[object] = []
    for at in range(start, end, READ_AT_ONCE):
        for line in tx.logs.lines(log, at, min(READ_AT_ONCE, end - at)):
            if b'"notice"' in line or b'"audience"' in line:
                found.append(interpret(line))
    return found


def _renewed(stored: StoredOffer, now: int, random: Random) -> bytes:
    """The same offer, as old and as long as records after it said (xs1 4.8)."""
    offer = interpret(stored.line)
    assert isinstance(offer, Offer)
    ts = now - now % DAY if offer.band is not None else now  # xs1 15.5
    ts = max(ts, offer.ts)
    exp = min(stored.exp, ts + limits.LEASE_MAX)
    return records.encode(msgspec.structs.replace(offer, ts=ts, exp=exp, asof=stored.asof, n=fresh(random)[1]))


def _again(found: Notice | Audience, now: int, random: Random) -> bytes:
    exp = found.exp if found.exp > now else now + DAY  # an audience that its owner did not state again still rules
    return records.encode(msgspec.structs.replace(found, ts=max(now, found.ts), exp=exp, n=fresh(random)[1]))
