"""From stored lines to what they change here: offers, the ruling audience, governors' statements, erased content.

The later index of an id wins (xs1 4.7).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from xstock_node.domain.search import offer_key, plain_key
from xstock_node.protocol import limits
from xstock_node.protocol.frames import is_hash_line, leaf_of
from xstock_node.protocol.names import GOVERNANCE, LogName
from xstock_node.protocol.plain_offers import read_plain
from xstock_node.protocol.records import (
    Audience,
    Defect,
    Erase,
    Foreign,
    Interpreted,
    Known,
    Offer,
    Revoke,
    Still,
    Vouch,
    Withdraw,
    interpret,
)
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import Indexed, StoredStatement


class Found(NamedTuple):
    """What lines held beside offers: how many defects, the last audience record, or empty, and how many of the
    defects are records that say they were written after the head that covers them.
    """

    defects: int
    audience: str
    late: int


def index_lines(tx: Transaction, log: LogName, start: int, lines: Sequence[bytes], signed: int, heard: int) -> Found:
    """Interpret stored lines from index `start` on and bring the indexes up to date.

    `signed` is the time of the head that covers them: a record that says it was written later is a defect, so that
    no lease ends more than 90 days after its head. `heard` is the reader's own time.
    """
    desk = _Desk(tx, log, heard)
    latest = signed + limits.AHEAD
    for number, line in enumerate(lines, start):
        plain = read_plain(line)
        if plain is not None and plain.ts <= latest:
            desk.pending[plain.id] = Indexed.of_plain(number, plain, plain_key(plain))
            continue
        if is_hash_line(line):
            continue
        found = interpret(line)
        if isinstance(found, Offer) and found.ts <= latest:
            desk.pending[found.id] = Indexed.of(number, found, offer_key(found))
        elif isinstance(found, Defect):
            desk.defects += 1
        elif not isinstance(found, Foreign) and found.ts > latest:
            desk.late += 1
        else:
            desk.take(number, line, found)
    tx.offers.put(log, list(desk.pending.values()))
    if desk.erased:
        tx.logs.erase_aside(log, desk.erased)
    return Found(desk.defects + desk.late, desk.audience, desk.late)


def rebuild(tx: Transaction, log: LogName, size: int, signed: int, heard: int, minimum: int) -> Found:
    """Index a log anew from its stored records, but for damaged ones; what stands below `minimum` offers nothing (xs1
    6.9).
    """
    tx.offers.clear(log)
    tx.governance.cut_statements(log, size)
    defects, audience, late = 0, "", 0
    for start in range(0, size, 4096):
        held = tx.logs.stored(log, start, min(4096, size - start))
        for first, lines in _runs(held):
            found = index_lines(tx, log, first, lines, signed, heard)
            defects, audience, late = defects + found.defects, found.audience or audience, late + found.late
    _end_below(tx, log, minimum)
    return Found(defects, audience, late)


def _runs(held: Mapping[int, bytes]) -> Iterator[tuple[int, list[bytes]]]:
    """Lines that stand next to each other, each run with its first index."""
    first, lines = 0, list[bytes]()
    for index, line in held.items():
        if lines and index != first + len(lines):
            yield first, lines
            lines = []
        first = first if lines else index
        lines.append(line)
    if lines:
        yield first, lines


class _Desk:
    """Takes the records that are no offers; offers wait in `pending` until somebody needs them stored."""

    def __init__(self, tx: Transaction, log: LogName, heard: int) -> None:
        self.pending: dict[str, Indexed] = {}
        self.defects = self.late = 0
        self.audience = ""
        self.erased: set[bytes] = set()
        self._tx, self._log, self._heard = tx, log, heard

    def take(self, number: int, line: bytes, found: Interpreted) -> None:
        """One record that is no offer."""
        if isinstance(found, Withdraw):
            self.pending.pop(found.id, None)
            self._tx.offers.end(self._log, [found.id])
        elif isinstance(found, Still):
            self._flush()
            self._tx.offers.refresh(self._log, found.src, found.ts, found.exp)
        elif isinstance(found, Audience) and not self._log.is_for_all:
            self.audience = line.decode()
        elif isinstance(found, Vouch | Revoke) and self._log.label == GOVERNANCE:
            self._tx.governance.put_statement(StoredStatement(self._log, number, self._heard, line))
        elif isinstance(found, Erase) and self._log.label != GOVERNANCE:
            self._flush()
            self.erased |= erase(self._tx, self._log, [index for index in found.idx if index < number])

    def _flush(self) -> None:
        self._tx.offers.put(self._log, list(self.pending.values()))
        self.pending.clear()


def erase(tx: Transaction, log: LogName, indexes: Sequence[int]) -> set[bytes]:
    """Replace records by their hashes and take what they said out of the index (xs1 15.6); their leaf hashes.

    What is kept aside may hold the same records at other indexes.
    """
    leaves: set[bytes] = set()
    for index in indexes:
        held = tx.logs.lines(log, index, 1)
        leaves.update(map(leaf_of, held))
        found: Known | Interpreted = interpret(held[0]) if held else Defect("absent")
        if isinstance(found, Offer):
            indexed = tx.offers.get(log, found.id)
            if indexed is not None and indexed.index == index:
                tx.offers.end(log, [found.id])
        tx.logs.erase(log, index)
    tx.logs.close_holes(log, indexes)
    return leaves


def forget(tx: Transaction, log: LogName, start: int, end: int) -> None:
    """Give up what stands below a `min` that rose from `start` to `end`: its contents, and what they offered (xs1 6.9).

    An audience log keeps its audience records (xs1 15.1), a governor's log everything (xs1 14.11).
    """
    if log.label == GOVERNANCE:
        return
    _end_below(tx, log, end)
    tx.logs.give_up(log, start, end, _never if log.is_for_all else _is_audience)
    tx.logs.close_holes(log, [index for index in tx.logs.holes(log) if index < end])


def _end_below(tx: Transaction, log: LogName, minimum: int) -> None:
    if minimum:
        below = (interpret(stored.line) for stored in tx.offers.of_log(log) if stored.index < minimum)
        tx.offers.end(log, [found.id for found in below if isinstance(found, Offer)])


def _never(line: bytes) -> bool:
    return False


def _is_audience(line: bytes) -> bool:
    return b'"audience"' in line and isinstance(interpret(line), Audience)
