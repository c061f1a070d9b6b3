"""Which engine keeps what a node holds: SQLite, or one that a distribution registers in the group of entry points.

An engine of another distribution is a function from an `Opening` to an `Engine`. It is found before any plugin is
loaded, and nothing of it is imported unless it is chosen.
"""

from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

from xstock_node.storage.interfaces import Engine

GROUP = "xstock_node.storage"
SQLITE = "sqlite"


class Opening(NamedTuple):
    """What an engine is opened with: the data folder, the node's name, how a server is reached (a secret)."""

    home: Path
    node: str
    connection: str


@runtime_checkable
class Shared(Protocol):
    """What an engine has beside `Engine` whose database several processes of one node share.

    One of them leads and writes; the others stand by: a write of theirs that would change anything raises `StandsBy`.
    """

    @property
    def leads(self) -> bool:
        """Whether this process may write now."""
        ...

    async def try_to_lead(self) -> bool:
        """Lead from now on, unless another process does."""
        ...

    async def until_lost(self) -> None:
        """Return once this process, which led, leads no more; what it held in memory may be behind the database."""
        ...


def installed() -> dict[str, EntryPoint]:
    """The engines beside SQLite, by name."""
    return {found.name: found for found in entry_points(group=GROUP)}


def open_engine(name: str, opening: Opening) -> Engine:
    """The engine of this name, a `KeyError` where none is installed."""
    engine: Engine = installed()[name].load()(opening)
    return engine
