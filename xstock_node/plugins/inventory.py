"""The interface to inventory systems: reading stock, and writing movements back.

The inventory system is the truth about stock, the node about offers and commitments. Reading is the rule; each kind
of movement is written back only where the operator opted into it.
"""

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Literal, Protocol

import msgspec

from xstock_node.domain.stock import StockLine
from xstock_node.plugins.adapters import RejectedLine
from xstock_node.plugins.context import Context

MovementKind = Literal["reserve", "release", "issue", "receive"]
MOVEMENTS: tuple[MovementKind, ...] = ("reserve", "release", "issue", "receive")


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a system can do through its adapter. `system` names it with its version, such as "Tryton 7.0"."""

    system: str
    changes: bool = False
    movements: tuple[MovementKind, ...] = ()


class SourceLine(msgspec.Struct, frozen=True, kw_only=True):
    """A stock line under a key of the system, 1 to 200 characters, the same from snapshot to snapshot."""

    key: str
    line: StockLine


class Gone(msgspec.Struct, frozen=True, kw_only=True, tag="gone"):
    """A line of the last snapshot that is there no more."""

    key: str


class SnapshotEnd(msgspec.Struct, frozen=True, kw_only=True, tag="end"):
    """The end of a snapshot or of changes; without it all that came before is thrown away.

    `as_of` (unix seconds) is when the stock was so, `count` how many lines came, `cursor` where changes go on.
    `complete` is False where the system holds more than it could tell.
    """

    as_of: int
    count: int
    complete: bool = True
    cursor: str = ""


class StockList(Protocol):
    """A list without a system behind it: `editable` says that people type its lines in. Since API level 1."""

    name: str
    title: str
    editable: bool


class InventorySource(Protocol):
    """A system that holds stock. Since API level 3; the adapter is on where its file of settings exists."""

    name: str
    title: str

    @property
    def settings(self) -> type[msgspec.Struct]:
        """The type of its settings."""
        ...

    async def describe(self, context: Context) -> Capabilities:
        """Ask the system what it is: one cheap call that shows that address, account and rights are right."""
        ...

    def snapshot(self, context: Context) -> AsyncIterator[SourceLine | RejectedLine | SnapshotEnd]:
        """All stock: lines in any order, each key once, rejected ones among them, then one `SnapshotEnd`."""
        ...

    def changes(self, context: Context, cursor: str) -> AsyncIterator[SourceLine | Gone | RejectedLine | SnapshotEnd]:
        """What changed since `cursor`, then one `SnapshotEnd` with the next; raises `CursorExpired`.

        Called only where `Capabilities.changes` says so.
        """
        ...


class MovementLine(msgspec.Struct, frozen=True, kw_only=True):
    """So much of one stock line: `key` as its source gave it, and what the line said then."""

    key: str
    quantity: Decimal
    unit: str | None = None
    item_code: str | None = None
    location: str | None = None
    lot: str | None = None


class Movement(msgspec.Struct, frozen=True, kw_only=True):
    """One movement to write. `key` is at most 40 characters of a-z, 0-9, `-`: it goes into the system's own reference
    field, so that the movement is found again by it. `of` is the key of the reservation that a release or issue ends.
    `at` is unix seconds, `note` a line for people.
    """

    key: str
    kind: MovementKind
    lines: tuple[MovementLine, ...]
    of: str = ""
    note: str = ""
    at: int = 0


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """A movement as the system holds it: `reference` is its own number or id, `state` its own word."""

    key: str
    reference: str
    state: str = ""


class InventoryWriter(Protocol):
    """Writes movements into a system; registered beside the source of the same name. Since API level 3.

    Each method is called once for a key; after `OutcomeUnknown` the host calls `lookup` and repeats only what is not
    there. A movement that is there already is answered as if it had just been made. Raises `Declined` where the system
    says no, such as to more than is on hand.
    """

    name: str

    @property
    def settings(self) -> type[msgspec.Struct]:
        """The type of its settings; the source's, as both read the same file."""
        ...

    async def reserve(self, context: Context, movement: Movement) -> Moved:
        """Keep the goods for us: they are still there, and nobody else gets them."""
        ...

    async def release(self, context: Context, movement: Movement) -> Moved:
        """End the reservation `movement.of` without goods having left."""
        ...

    async def issue(self, context: Context, movement: Movement) -> Moved:
        """The goods of the reservation `movement.of` (or of the lines, where it is empty) left."""
        ...

    async def receive(self, context: Context, movement: Movement) -> Moved:
        """Goods came, such as a loan that returned."""
        ...

    async def lookup(self, context: Context, key: str) -> Moved | None:
        """The movement with this key, or None where the system has none."""
        ...
