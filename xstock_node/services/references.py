"""Reference numbers that others gave later, each beside the request or operation that it belongs to.

The event that a request names is its first reference, and signed with it; these are this node's own notes.
"""

from collections.abc import Iterable

import msgspec

from xstock_node.services.shelf import Shelf
from xstock_node.storage.interfaces import Transaction

MOST = 8


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one request or operation, in the order in which they were noted."""

    numbers: tuple[str, ...]


NOTED: Shelf[Noted] = Shelf("reference", Noted)


def together(tx: Transaction, event: str, keys: Iterable[str]) -> tuple[str, ...]:
    """The event of a request, where it has one, and what was noted under these ids, each once."""
    noted = [number for key in keys if (held := NOTED.get(tx, key)) for number in held.numbers]
    return tuple(dict.fromkeys([*([event] if event else []), *noted]))
