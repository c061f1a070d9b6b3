"""What nodes acknowledged to their people, and what became of it: the measure for "nothing is lost".

A record is *owed* from the moment in which `append` returned until the last copy of it is gone from every disk of the
world, which only the loss of disks can do.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from xstock_node.protocol.frames import hash_line, is_hash_line, leaf_of
from xstock_node.protocol.names import LogName
from xstock_node.protocol.records import Offer, Still, Withdraw, interpret

said = lru_cache(maxsize=200_000)(interpret)


@dataclass
class Entry:
    """One record line; `owed` is False where nobody was told that it is stored, or where its last copy was lost."""

    line: bytes
    owed: bool
    subject: str
    ts: int


@dataclass
class Ledger:
    """Entries by log, in the order in which they were appended."""

    entries: dict[LogName, list[Entry]] = field(default_factory=dict)
    lost: int = 0

    def add(self, log: LogName, lines: Iterable[bytes], owed: bool) -> None:
        """Records that were appended, or tried."""
        book = self.entries.setdefault(log, [])
        for line in lines:
            found = said(line)
            subject, ts = (found.id, found.ts) if isinstance(found, Offer | Withdraw) else ("", 0)
            book.append(Entry(line, owed, subject, ts))

    def owed(self, log: LogName) -> list[Entry]:
        """What must be there."""
        return [entry for entry in self.entries.get(log, ()) if entry.owed]

    def lose(self, log: LogName, lines: Collection[bytes]) -> None:
        """The last copies are gone."""
        for entry in self.entries.get(log, ()):
            if entry.owed and entry.line in lines:
                entry.owed = False
                self.lost += 1

    def given_up(self, log: LogName, below: Sequence[bytes], time: int) -> set[bytes]:
        """Records of which the log keeps the hash alone because they had ended when its window rose over them.

        `below` are the lines that stand below `min`, `time` is the time of the head that says so (xs1 6.9).
        """
        hashes = {line for line in below if is_hash_line(line)}
        ended = (entry.line for entry in self.owed(log) if getattr(said(entry.line), "exp", time) <= time)
        return {line for line in ended if hash_line(leaf_of(line)) in hashes} if hashes else set()

    def missing(self, log: LogName, held: Sequence[bytes]) -> list[Entry]:
        """What is owed and neither held nor replaced by something newer about the same offer."""
        present = set(held)
        absent = [entry for entry in self.owed(log) if entry.line not in present]
        if not absent:
            return []
        newest: dict[str, int] = {}
        for line in held:
            found = said(line)
            if isinstance(found, Offer | Withdraw):
                newest[found.id] = max(found.ts, newest.get(found.id, 0))
        return [entry for entry in absent if not entry.subject or newest.get(entry.subject, -1) < entry.ts]

    def stale(self, log: LogName, held: Sequence[bytes]) -> list[Entry]:
        """The newest owed record of each offer where the log ends with an older one."""
        last: dict[str, tuple[int, bytes]] = {}
        for line in held:
            found = said(line)
            if isinstance(found, Offer | Withdraw):
                last[found.id] = (found.ts, line)
        newest: dict[str, Entry] = {}
        for entry in self.owed(log):
            if entry.subject and entry.ts >= newest.get(entry.subject, entry).ts:
                newest[entry.subject] = entry
        return [entry for subject, entry in newest.items() if last.get(subject, (-1, b""))[0] < entry.ts]


def folded(lines: Sequence[bytes]) -> dict[str, tuple[Offer, int]]:
    """The offers that a log leaves standing, each with the end of its lease: the later index of an id wins."""
    live: dict[str, tuple[Offer, int]] = {}
    for line in lines:
        found = said(line)
        if isinstance(found, Offer):
            live[found.id] = (found, found.exp)
        elif isinstance(found, Withdraw):
            live.pop(found.id, None)
        elif isinstance(found, Still):
            for subject, (offer, until) in live.items():
                if offer.src == found.src:
                    live[subject] = (offer, max(until, found.exp))
    return live
