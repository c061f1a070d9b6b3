"""A whole federation in memory: real nodes and services over a network that a test can cut, slow or restart.

Everything that crosses the network is turned into bytes and back by the protocol's own decoders.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Protocol

import msgspec

from xstock_node.protocol import limits, paths, records
from xstock_node.protocol.decode import decode
from xstock_node.protocol.errors import ProtocolError, TooLarge, Unreachable
from xstock_node.protocol.gossip import (
    BucketRequest,
    BucketResponse,
    GossipRequest,
    GossipResponse,
    PullRequest,
    PushResponse,
)
from xstock_node.protocol.peer import Peer
from xstock_node.protocol.records import Known
from xstock_node.services.answering import NodeAnswers
from xstock_node.services.node import Node
from xstock_node.storage.errors import StorageError
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.testing import inside
from xstock_node.testing.clock import SimClock
from xstock_node.testing.nodes import make_identity
from xstock_node.trace import Trace

LOG = "see.pub"


class Carrier(Protocol):
    """What brings bytes to a node and its answer back. Raises a `ProtocolError`, as a client over HTTP does."""

    async def carry(self, caller: str, name: str, kind: str, body: bytes, wait: float = 0.0) -> bytes: ...


class SimPeer:
    """What `caller` sees of the node `name` through a carrier."""

    def __init__(self, carrier: Carrier, caller: str, name: str) -> None:
        self._carrier, self._caller, self.name = carrier, caller, name

    async def gossip(self, request: GossipRequest, wait: float = 0.0) -> GossipResponse:
        """See `Peer.gossip`."""
        answer = await self._carrier.carry(self._caller, self.name, "gossip", msgspec.json.encode(request), wait)
        return decode(answer, GossipResponse, limits.GOSSIP_BODY)

    async def pull(self, request: PullRequest) -> bytes:
        """See `Peer.pull`."""
        answer = await self._carrier.carry(self._caller, self.name, "pull", msgspec.json.encode(request))
        if len(answer) > limits.GZIP_BYTES:
            raise TooLarge(f"at most {limits.GZIP_BYTES} bytes", len(answer))
        return answer

    async def push(self, frames: bytes) -> int:
        """See `Peer.push`."""
        answer = await self._carrier.carry(self._caller, self.name, "push", frames)
        return decode(answer, PushResponse, limits.SMALL_BODY).taken

    async def identity(self) -> bytes:
        """See `Peer.identity`."""
        return await self._carrier.carry(self._caller, self.name, "identity", b"")

    async def buckets(self, request: BucketRequest) -> BucketResponse:
        """See `Peer.buckets`."""
        body = await self._carrier.carry(self._caller, self.name, "buckets", msgspec.json.encode(request))
        return decode(body, BucketResponse, limits.STREAM_BODY)

    async def ask(self, method: str, path: str, body: bytes = b"", most: int = limits.SMALL_BODY) -> bytes:
        """See `Peer.ask`."""
        found = await self._carrier.carry(self._caller, self.name, f"{method} {path}", body)
        if len(found) > most:
            raise TooLarge(f"at most {most} bytes", len(found))
        return found


async def serve(node: Node, caller: str, kind: str, body: bytes, wait: float) -> bytes:
    """What a node answers to the bytes of a request, as its server would."""
    return await serve_by(NodeAnswers(node), caller, kind, body, wait)


async def serve_by(answers: NodeAnswers, caller: str, kind: str, body: bytes, wait: float) -> bytes:
    """`serve` by what answers for a node."""
    if kind == "gossip":
        asked = decode(body, GossipRequest, limits.GOSSIP_BODY)
        return msgspec.json.encode(await answers.gossip(caller, asked, wait))
    if kind == "pull":
        return await answers.pull(caller, decode(body, PullRequest, limits.PULL_BODY))
    if kind == "push":
        return msgspec.json.encode(PushResponse(await answers.push(caller, body)))
    if kind == "buckets":
        return msgspec.json.encode(await answers.buckets(caller, decode(body, BucketRequest, limits.SMALL_BODY)))
    if kind == "identity":
        return answers.identity()
    method, _, target = kind.partition(" ")
    path, args = paths.find(method, target)
    return await answers.small(path.name, "" if path.is_open else caller, args, body)


class SimNet:
    """Nodes by name. `folder` holds their databases, `latency` is seconds one way, `log` the shared log of each."""

    def __init__(self, folder: Path, seed: int = 1, latency: float = 0.02, log: str = LOG) -> None:
        self.folder, self.latency, self.log = folder, latency, log
        self.nodes: dict[str, Node] = {}
        self.clocks: dict[str, SimClock] = {}
        self.random = Random(seed)
        self._cuts: set[frozenset[str]] = set()
        self.relays: dict[str, tuple[str, ...]] = {}
        self.wrap: Callable[[str, str, Peer], Peer] = lambda caller, name, peer: peer

    async def start(self, name: str, peers: Sequence[str], folder: str = "", undialled: Sequence[str] = ()) -> Node:
        """Start a node that knows `peers` and dials them, but for those of `undialled`."""
        own, signer = make_identity(name, relays=self.relays.get(name, ()))
        pinned = [make_identity(peer, relays=self.relays.get(peer, ()))[0] for peer in peers]
        clock = self.clocks.setdefault(name, SimClock())
        engine = SqliteEngine(self.folder / f"{folder or name}.db", threads=False)
        random, trace = Random(self.random.random()), Trace(name)
        node = inside.build(own, signer, self.log, engine, pinned, clock, random, trace)
        self.nodes[name] = node
        dialled: dict[str, Peer] = {
            peer: self.wrap(name, peer, SimPeer(self, name, peer)) for peer in peers if peer not in undialled
        }
        await node.start(dialled)
        return node

    async def carry(self, caller: str, name: str, kind: str, body: bytes, wait: float = 0.0) -> bytes:
        """See `Carrier.carry`."""
        node = await self._reach(caller, name)
        try:
            answer = await serve(node, caller, kind, body, wait)
        except StorageError as error:
            raise Unreachable(f"an answer of {name}", str(error)) from None
        await self._reach(caller, name)
        return answer

    async def _reach(self, caller: str, name: str) -> Node:
        await asyncio.sleep(self.latency)
        node = self.nodes.get(name)
        if node is None or self.is_cut(caller, name):
            raise Unreachable(f"an answer of {name}", "the line is down")
        return node

    async def stop(self, name: str) -> None:
        """Stop a node; its database stays."""
        await self.nodes.pop(name).stop()

    async def stop_all(self) -> None:
        """Stop every node."""
        for name in list(self.nodes):
            await self.stop(name)

    def cut(self, *names: str) -> None:
        """Cut every line between `names` and the rest of the world, and among them."""
        self._cuts |= {frozenset((a, b)) for a in names for b in [*self.nodes, *names] if a != b}

    def heal(self) -> None:
        """All lines work again."""
        self._cuts.clear()

    def is_cut(self, a: str, b: str) -> bool:
        """Whether the line between two nodes is down."""
        return frozenset((a, b)) in self._cuts

    async def publish(self, name: str, found: Sequence[Known]) -> None:
        """Append records to a node's own log."""
        await inside.append(self.nodes[name], [records.encode(record) for record in found])

    def agree(self) -> bool:
        """Whether all running nodes hold the same heads."""
        return len({inside.digest(node) for node in self.nodes.values()}) == 1

    async def settle(self, seconds: float = 3600.0) -> float:
        """Let time pass until all agree; the virtual seconds it took. Raises when they never do."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while not self.agree():
            if loop.time() - began > seconds:
                raise ProtocolError(f"agreement within {seconds} s", self.dump())
            await asyncio.sleep(0.1)
        return loop.time() - began

    def dump(self) -> str:
        """What each node holds, for a test that failed."""
        return "; ".join(
            f"{name}: " + ", ".join(f"{h.log} {h.size}" for h in inside.heads(node).values())
            for name, node in self.nodes.items()
        )
