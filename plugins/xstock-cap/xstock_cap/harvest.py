"""What one poll brings in: warnings up to the size that the node takes, and the notes on them."""

from collections.abc import Callable

import msgspec

from xstock_cap import bounds
from xstock_cap.notes import Notes, Refused
from xstock_node.plugins.interchange import Alert, Reading


class Harvest:
    """Collects the warnings of a poll, each once."""

    def __init__(self) -> None:
        self.notes = Notes()
        self._alerts: dict[tuple[str, str, int], Alert] = {}
        self._size = 0

    @property
    def full(self) -> bool:
        """Whether the rest waits for the next poll."""
        return self._size > bounds.FULL

    def add(self, read: Callable[[Notes], Alert], about: str) -> None:
        """Take in the warning that `read` gives; one that it refuses is skipped, and told under `about`."""
        notes = Notes()
        notes.points = self.notes.points
        try:
            alert = read(notes)
        except Refused as error:
            self.notes.skip(error.word, f"{about}: {error}")
            return
        self.notes.points = notes.points
        self.notes.take(notes, alert.identifier[:200])
        size = len(msgspec.msgpack.encode(alert))
        if self._size + size > bounds.SIZE or len(self._alerts) >= bounds.MANY:
            self.notes.skip("over-limit", f"{about}: more than fits one reading")
            return
        self._size += size
        self._alerts.setdefault((alert.sender, alert.identifier, alert.sent), alert)

    def reading(self) -> Reading:
        """All of it."""
        return Reading(alerts=tuple(self._alerts.values()), flags=self.notes.flags, skipped=self.notes.skipped)
