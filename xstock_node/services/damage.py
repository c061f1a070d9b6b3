"""The book of what is damaged on disk: which records of which segments of which logs, until it is healed."""

from typing import NamedTuple

from xstock_node.protocol import limits
from xstock_node.protocol.names import LogName


class Damage(NamedTuple):
    """What is wrong in one segment of a log: records, by index; none where its root is wrong, or nobody knows which."""

    log: LogName
    segment: int
    records: tuple[int, ...]


class DamageBook:
    """The damage that is known. `healed` counts what was put right since the start; `in_cases` names the messages, side
    lines and attachments that are left.
    """

    def __init__(self) -> None:
        self.known: dict[tuple[LogName, int], Damage] = {}
        self.healed = 0
        self.in_cases: list[str] = []

    @property
    def records(self) -> list[tuple[LogName, int]]:
        """The damaged records, by log and index."""
        return sorted((damage.log, index) for damage in self.known.values() for index in damage.records)

    def suspect(self, log: LogName, index: int) -> None:
        """A record was found damaged while it was read."""
        key = (log, index // limits.SEGMENT)
        before = self.known[key].records if key in self.known else ()
        self.known[key] = Damage(*key, tuple(sorted({*before, index})))

    def put(self, damage: Damage) -> bool:
        """Note what a look found; whether it is new."""
        key = (damage.log, damage.segment)
        is_new = self.known.get(key) != damage
        self.known[key] = damage
        return is_new

    def done(self, log: LogName, segment: int) -> None:
        """A segment is as it was written."""
        self.known.pop((log, segment), None)
