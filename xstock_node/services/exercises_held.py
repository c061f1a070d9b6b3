"""The exercises of a node as they are kept."""

import msgspec

from xstock_node.services.shelf import Shelf
from xstock_node.storage.interfaces import Transaction


class Exercise(msgspec.Struct, frozen=True, kw_only=True):
    """An exercise as kept: in which network, who began and ended it when (unix seconds, 0: it runs), its own offers."""

    name: str
    network: str
    began: int
    by: str
    offers: tuple[str, ...] = ()
    ended: int = 0
    ended_by: str = ""

    @property
    def runs(self) -> bool:
        """Whether nobody has ended it."""
        return not self.ended


EXERCISES: Shelf[Exercise] = Shelf("exercise", Exercise)


def running(tx: Transaction) -> list[Exercise]:
    """The exercises that run at this node."""
    return [one for one in EXERCISES.list(tx) if one.runs]
