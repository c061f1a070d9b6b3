"""Notes of names that nobody stands for yet: kept in memory until somebody may, bounded, oldest out first.

A newcomer's identity and heads may arrive before the vouches that make it a member.
"""

from collections import OrderedDict

from xstock_node.protocol import limits


class WaitingRoom:
    """Notes by their text, with whoever brought them. Strangers' notes leave no row in storage."""

    def __init__(self) -> None:
        self._notes: OrderedDict[str, str] = OrderedDict()
        self._bytes = 0

    def put(self, caller: str, note: str) -> None:
        """Keep a note; the oldest make room."""
        if note in self._notes:
            return
        self._notes[note] = caller
        self._bytes += len(note)
        while len(self._notes) > limits.UNKNOWN_NOTES or self._bytes > limits.MIB:
            gone, _ = self._notes.popitem(last=False)
            self._bytes -= len(gone)

    def take_all(self) -> dict[str, list[str]]:
        """Everything that waits, by caller; the room is empty afterwards."""
        found: dict[str, list[str]] = {}
        for note, caller in self._notes.items():
            found.setdefault(caller, []).append(note)
        self._notes.clear()
        self._bytes = 0
        return found

    def __len__(self) -> int:
        return len(self._notes)
