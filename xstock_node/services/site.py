"""What the services of a node need of it: identity, key, storage, clocks, chance, and its networks."""

from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Protocol

from xstock_node.protocol.identity import Identity
from xstock_node.protocol.keys import Signer
from xstock_node.services.clock import Clock
from xstock_node.services.directory import Directory
from xstock_node.services.network import Network
from xstock_node.services.outside import Outside
from xstock_node.storage.interfaces import Engine
from xstock_node.trace import Trace

Small = Callable[[str, dict[str, str], bytes], Awaitable[bytes]]


class Site(Protocol):
    """A node, as its own services see it."""

    identity: Identity
    signer: Signer
    engine: Engine
    clock: Clock
    random: Random
    trace: Trace
    directory: Directory
    outside: Outside

    @property
    def networks(self) -> Mapping[str, Network]:
        """The networks by name."""
        ...

    @property
    def start_number(self) -> int:
        """The number of this start; 0 while nothing was signed."""
        ...

    def network(self, name: str) -> Network:
        """A network by its name; empty for the home network."""
        ...
