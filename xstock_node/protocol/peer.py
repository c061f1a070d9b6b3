"""`Peer`: what a node may ask of another. Transport makes one from an URL, the simulator from memory."""

from typing import Protocol

from xstock_node.protocol.gossip import GossipRequest, GossipResponse, PullRequest
from xstock_node.protocol.names import LogId


class Peer(Protocol):
    """One known peer. Every method may raise a `ProtocolError`; bytes it returns are within limits, unchecked."""

    name: str

    async def gossip(self, request: GossipRequest, wait: float = 0.0) -> GossipResponse:
        """One round; with `wait` > 0 the peer may hold the answer that many seconds until it has news."""
        ...

    async def pull(self, request: PullRequest) -> bytes:
        """Framed records or roots, at most `limits.GZIP_BYTES` after inflating; the peer may answer a prefix."""
        ...

    async def push(self, frames: bytes) -> int:
        """Hand over framed records that the peer wanted; how many it took."""
        ...

    async def identity(self) -> bytes:
        """The peer's own identity note."""
        ...


class Answering(Protocol):
    """The other side: what a node answers. `caller` is a peer whose request signature holds."""

    def identity(self) -> bytes:
        """This node's identity note."""
        ...

    def well_known(self) -> bytes:
        """The JSON of /.well-known/xstock."""
        ...

    async def gossip(self, caller: str, request: GossipRequest, wait: float) -> GossipResponse: ...
    async def pull(self, caller: str, request: PullRequest) -> bytes: ...
    async def push(self, caller: str, body: bytes) -> int: ...
    async def head(self, caller: str, log: LogId) -> bytes: ...
    async def proof(self, caller: str, log: LogId, index: int, size: int) -> bytes: ...
