"""`Peer`: what a node may ask of another; `Answering`: what it answers. Transport makes a `Peer` from an URL, the
simulator from memory."""

from typing import Protocol

from xstock_node.protocol import limits
from xstock_node.protocol.gossip import BucketRequest, BucketResponse, GossipRequest, GossipResponse, PullRequest
from xstock_node.protocol.names import LogId


class Peer(Protocol):
    """One known peer. Every method may raise a `ProtocolError`; bytes it returns are within limits, unchecked."""

    name: str

    async def gossip(self, request: GossipRequest, wait: float = 0.0) -> GossipResponse:
        """One round; with `wait` > 0 the peer may hold the answer that many seconds until it has news (xs1 10.6)."""
        ...

    async def pull(self, request: PullRequest) -> bytes:
        """Framed records or roots, at most `limits.GZIP_BYTES` after inflating; the peer may answer a prefix."""
        ...

    async def push(self, frames: bytes) -> int:
        """Hand over framed records that the peer wanted; how many it took."""
        ...

    async def buckets(self, request: BucketRequest) -> BucketResponse:
        """Digests of buckets, or the lines of one."""
        ...

    async def identity(self) -> bytes:
        """The peer's own identity note."""
        ...

    async def ask(self, method: str, path: str, body: bytes = b"", most: int = limits.SMALL_BODY) -> bytes:
        """Any other path of `paths.PATHS`: the body of a good answer, at most `most` bytes."""
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
    async def buckets(self, caller: str, request: BucketRequest) -> BucketResponse: ...
    async def small(self, name: str, caller: str, args: dict[str, str], body: bytes) -> bytes:
        """Any other path by its name in `paths.PATHS`; `args` are the parts of the path and the query."""
        ...


def head_path(log: LogId) -> str:
    """The path of a log's newest head."""
    return f"/xs/1/log/{log.node}/{log.log}/{log.epoch}/head"


def proof_path(log: LogId, index: int, size: int) -> str:
    """The path of a record's inclusion path."""
    return f"/xs/1/log/{log.node}/{log.log}/{log.epoch}/proof/{index}?size={size}"
