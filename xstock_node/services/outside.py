"""The outside: open paths of nodes, asked without a signature. Transport makes one; without a line there is none."""

from typing import Protocol

from xstock_node.protocol import limits
from xstock_node.protocol.errors import Unreachable


class Look(Protocol):
    """What an open path answered: its body, the peer's clock, how long it took, days left of its certificate."""

    @property
    def body(self) -> bytes: ...
    @property
    def date(self) -> int | None: ...
    @property
    def seconds(self) -> float: ...
    @property
    def certificate_days(self) -> int | None: ...


class Outside(Protocol):
    """Asks open paths of nodes, known or not."""

    async def ask_openly(self, method: str, url: str, body: bytes = b"", most: int = limits.SMALL_BODY) -> bytes:
        """The body of a good answer, at most `most` bytes."""
        ...

    async def look(self, url: str) -> Look:
        """A GET, with what stands around its answer."""
        ...


class Nowhere:
    """The outside of a node that has no line."""

    async def ask_openly(self, method: str, url: str, body: bytes = b"", most: int = 0) -> bytes:
        """Nobody answers."""
        raise Unreachable("a line to the outside", url)

    async def look(self, url: str) -> Look:
        """Nobody answers."""
        raise Unreachable("a line to the outside", url)
