"""A whole federation in memory: real nodes and services over a network that a test can cut, slow or restart.

Everything that crosses the network is turned into bytes and back by the protocol's own decoders.
"""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

import msgspec

from xstock_node.protocol import limits, paths, records
from xstock_node.protocol.decode import decode
from xstock_node.protocol.errors import ProtocolError, Unreachable
from xstock_node.protocol.gossip import BucketRequest, BucketResponse, GossipRequest, GossipResponse, PullRequest
from xstock_node.protocol.peer import Peer
from xstock_node.protocol.records import Known
from xstock_node.services.answering import NodeAnswers
from xstock_node.services.node import Node
from xstock_node.storage.errors import StorageError
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.testing.clock import SimClock
from xstock_node.testing.nodes import make_identity, make_sealing
from xstock_node.trace import Trace

LOG = "see.pub"


class SimPeer:
    """What `caller` sees of the node `name` through the network."""

    def __init__(self, net: "SimNet", caller: str, name: str) -> None:
        self._net, self._caller, self.name = net, caller, name

    async def gossip(self, request: GossipRequest, wait: float = 0.0) -> GossipResponse:
        """See `Peer.gossip`."""
        answers = await self._reach()
        asked = decode(msgspec.json.encode(request), GossipRequest, limits.GOSSIP_BODY)
        try:
            answer = await answers.gossip(self._caller, asked, wait)
        except StorageError as error:
            raise Unreachable(f"an answer of {self.name}", str(error)) from None
        await self._reach()
        return decode(msgspec.json.encode(answer), GossipResponse, limits.GOSSIP_BODY)

    async def pull(self, request: PullRequest) -> bytes:
        """See `Peer.pull`."""
        answers = await self._reach()
        asked = decode(msgspec.json.encode(request), PullRequest, limits.PULL_BODY)
        return await answers.pull(self._caller, asked)

    async def push(self, frames: bytes) -> int:
        """See `Peer.push`."""
        return await (await self._reach()).push(self._caller, frames)

    async def identity(self) -> bytes:
        """See `Peer.identity`."""
        return (await self._reach()).identity()

    async def buckets(self, request: BucketRequest) -> BucketResponse:
        """See `Peer.buckets`."""
        return await (await self._reach()).buckets(self._caller, request)

    async def ask(self, method: str, path: str, body: bytes = b"", most: int = limits.SMALL_BODY) -> bytes:
        """See `Peer.ask`."""
        found, args = paths.find(method, path)
        caller = "" if found.is_open else self._caller
        return await (await self._reach()).small(found.name, caller, args, body)

    async def _reach(self) -> NodeAnswers:
        await asyncio.sleep(self._net.latency)
        node = self._net.nodes.get(self.name)
        if node is None or self._net.is_cut(self._caller, self.name):
            raise Unreachable(f"an answer of {self.name}", "the line is down")
        return NodeAnswers(node)


class SimNet:
    """Nodes by name. `folder` holds their databases, `latency` is seconds one way."""

    def __init__(self, folder: Path, seed: int = 1, latency: float = 0.02) -> None:
        self.folder, self.latency = folder, latency
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
        chance, sealing = Random(self.random.random()), [make_sealing(name)]
        node = Node(own, signer, LOG, engine, pinned, clock, chance, Trace(name), sealing=sealing)
        self.nodes[name] = node
        dialled: dict[str, Peer] = {
            peer: self.wrap(name, peer, SimPeer(self, name, peer)) for peer in peers if peer not in undialled
        }
        await node.start(dialled)
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
        lines = [records.encode(record) for record in found]
        node = self.nodes[name]
        node.signed(await node.own.append(lambda tx: lines))

    def agree(self) -> bool:
        """Whether all running nodes hold the same heads."""
        return len({node.replicas.digest() for node in self.nodes.values()}) == 1

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
            f"{name}: " + ", ".join(f"{h.log} {h.size}" for h in node.replicas.heads.values())
            for name, node in self.nodes.items()
        )
