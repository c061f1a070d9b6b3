"""What this node answers its peers, whatever carries the request."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from xstock_node import __version__
from xstock_node.protocol import frames, heads, limits, merkle
from xstock_node.protocol.errors import Full, NotFound, ProtocolError
from xstock_node.protocol.gossip import GossipRequest, GossipResponse, PullRequest
from xstock_node.protocol.keys import to_base64
from xstock_node.protocol.names import LogId
from xstock_node.services.node import Node
from xstock_node.services.serving import serve_pull
from xstock_node.storage.errors import StorageError


class NodeAnswers:
    """See `Answering`."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def identity(self) -> bytes:
        """This node's identity note."""
        return self._node.identity.raw

    def well_known(self) -> bytes:
        """Name, network, version, base URL and the limits that a peer should know."""
        body: dict[str, Any] = {
            "name": self._node.identity.name,
            "networks": [self._node.log.network],
            "versions": ["xs1"],
            "software": f"xstock-node {__version__}",
            "url": self._node.identity.url(),
            "limits": {"record": limits.RECORD, "gossip": limits.GOSSIP_BODY, "stream": limits.STREAM_BODY},
        }
        return msgspec.json.encode(body)

    async def gossip(self, caller: str, request: GossipRequest, wait: float) -> GossipResponse:
        """One round of a peer."""
        with _stored():
            return await self._node.gossip.answer(caller, request, wait, self._node.clock.now())

    async def pull(self, caller: str, request: PullRequest) -> bytes:
        """Framed records or roots of the logs that a peer asks for."""
        with _stored():
            return await self._node.engine.read(lambda tx: serve_pull(tx, request))

    async def push(self, caller: str, body: bytes) -> int:
        """A head note, an empty line's newline, and the frames of what was wanted."""
        note, _, rest = body.partition(b"\n@ ")
        head = heads.parse(note)[0]
        found = list(frames.parse(b"@ " + rest))
        if not found or any(frame.log != head.log for frame in found):
            raise ProtocolError("frames of the pushed head's log", f"{len(found)} frames")
        if head.log.name == self._node.log:
            raise NotFound("a log of another node", str(head.log))
        with _stored():
            return await self._node.replicas.pushed(caller, note, found)

    async def head(self, caller: str, log: LogId) -> bytes:
        """The newest head note of a log in this epoch."""
        state = await self._node.engine.read(lambda tx: tx.logs.state(log.name))
        if state is None or not state.head or state.epoch != log.epoch:
            raise NotFound(f"a head of {log}")
        return state.head

    async def proof(self, caller: str, log: LogId, index: int, size: int) -> bytes:
        """The inclusion path of a record, one base64 hash a line."""
        state = await self._node.engine.read(lambda tx: tx.logs.state(log.name))
        if state is None or state.epoch != log.epoch or not 0 <= index < size <= state.frontier.size:
            raise NotFound(f"record {index} of {log} in a tree of {size}")
        path = await self._node.engine.read(
            lambda tx: merkle.inclusion_path(index, size, lambda a, b: tx.logs.range_root(log.name, a, b))
        )
        return "".join(f"{to_base64(h)}\n" for h in path).encode()


@contextmanager
def _stored() -> Iterator[None]:
    """What storage raises becomes an answer that a peer understands."""
    try:
        yield
    except StorageError as error:
        raise Full(error.expected, error.came, "come back later") from None
