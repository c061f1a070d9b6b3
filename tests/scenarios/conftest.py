"""One small world for every story, on two roads: in memory with virtual time, and over real HTTP on loopback.

A story is a coroutine function of a `World`; `federation.tell(story)` runs it and stops everything afterwards.
"""

import asyncio
import shutil
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from random import Random

import pytest

from xstock_node import trace
from xstock_node.domain.search import OfferQuery
from xstock_node.protocol import heads, limits, records
from xstock_node.protocol.errors import Unreachable
from xstock_node.protocol.gossip import BucketRequest, BucketResponse, GossipRequest, GossipResponse, PullRequest
from xstock_node.protocol.heads import Head
from xstock_node.protocol.keys import Signer
from xstock_node.protocol.names import LogId
from xstock_node.protocol.peer import Peer
from xstock_node.protocol.records import Known, Offer
from xstock_node.services.answering import NodeAnswers
from xstock_node.services.clock import SystemClock
from xstock_node.services.node import Node
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.testing import SimNet, make_identity, run_simulated
from xstock_node.testing.simnet import LOG
from xstock_node.trace import Trace
from xstock_node.transport.client import HttpPeer, open_session
from xstock_node.transport.server import PeerServer

Story = Callable[["World"], Awaitable[None]]
Wrap = Callable[[str, str, Peer], Peer]


class History:
    """Every head that any node signs. In one epoch a size has one root, an epoch one base, nothing goes back."""

    def __init__(self) -> None:
        self.signed: list[Head] = []

    def check(self) -> None:
        roots: dict[tuple[LogId, int], bytes] = {}
        last: dict[LogId, Head] = {}
        for head in self.signed:
            assert roots.setdefault((head.log, head.size), head.root) == head.root, f"two histories: {head.log}"
            heads.check_successor(last.get(head.log, head), head)
            last[head.log] = head


class World:
    """What a story may do. Names are node names; a node knows and dials the `peers` it is started with."""

    nodes: dict[str, Node]
    patience: float

    async def start(
        self, name: str, peers: Sequence[str], folder: str = "", undialled: Sequence[str] = (), beside: bool = False
    ) -> Node:
        raise NotImplementedError

    async def stop(self, name: str) -> None:
        raise NotImplementedError

    def cut(self, *names: str) -> None:
        raise NotImplementedError

    def heal(self) -> None:
        raise NotImplementedError

    def database(self, name: str) -> Path:
        raise NotImplementedError

    async def start_all(self, *names: str) -> None:
        await asyncio.gather(*(self.start(name, [n for n in names if n != name]) for name in names))

    async def publish(self, name: str, *found: Known) -> None:
        lines = [records.encode(record) for record in found]
        node = self.nodes[name]
        head = await node.own.append(lambda tx: lines)
        node.signed(head)
        await self.until(lambda: node.log in node.replicas.heads and node.replicas.heads[node.log].size >= head.size)

    async def live(self, name: str) -> dict[str, int]:
        """The live offers that a node finds: quantity by id."""
        node = self.nodes[name]
        query = OfferQuery(log=LOG, valid_after=node.clock.now(), limit=100_000)
        found = await node.engine.read(lambda tx: tx.offers.search(query))
        offers = [records.interpret(stored.line) for stored in found]
        return {offer.id: offer.qty[0] for offer in offers if isinstance(offer, Offer)}

    async def settle(self) -> None:
        """Wait until all running nodes hold the same."""
        await self.until(lambda: len({node.replicas.digest() for node in self.nodes.values()}) == 1)

    async def until(self, true: Callable[[], bool]) -> None:
        try:
            async with asyncio.timeout(self.patience):
                while not true():  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"not within {self.patience} s: {self.dump()}") from None

    def dump(self) -> str:
        return "; ".join(
            f"{name} ({node.own.halted}): " + ", ".join(f"{h.log} {h.size}" for h in node.replicas.heads.values())
            for name, node in self.nodes.items()
        )

    async def empty(self, name: str) -> None:
        """Lose the data folder of a stopped node."""
        for path in self.database(name).parent.glob(f"{self.database(name).name}*"):
            path.unlink()

    async def copy(self, name: str, to: str) -> None:
        """Copy the data folder of a stopped node."""
        shutil.copy(self.database(name), self.database(to))

    async def stop_all(self) -> None:
        for name in list(self.nodes):
            await self.stop(name)

    async def one_history(self) -> None:
        """No (log, epoch, index) names two records on different nodes."""
        seen: dict[tuple[LogId, int], bytes] = {}
        for node in self.nodes.values():
            for state in await node.engine.read(lambda tx: tx.logs.states()):
                log = state.log.epoch(state.epoch)
                leaves = await node.engine.read(lambda tx, s=state: tx.logs.leaves(s.log, 0, s.frontier.size))
                for index, leaf in enumerate(leaves):
                    assert seen.setdefault((log, index), leaf) == leaf, f"{log} {index}"


class MemoryWorld(World):
    """SimNet, in virtual time."""

    patience = 3600.0

    def __init__(self, folder: Path) -> None:
        self.net = SimNet(folder)
        self.nodes = self.net.nodes
        self._beside: list[Node] = []

    async def start(
        self, name: str, peers: Sequence[str], folder: str = "", undialled: Sequence[str] = (), beside: bool = False
    ) -> Node:
        first = self.nodes.get(name)
        node = await self.net.start(name, peers, folder, undialled)
        if beside and first is not None:
            self.nodes[name] = first
            self._beside.append(node)
        return node

    async def stop(self, name: str) -> None:
        await self.net.stop(name)

    async def stop_all(self) -> None:
        await super().stop_all()
        for node in self._beside:
            await node.stop()

    def cut(self, *names: str) -> None:
        self.net.cut(*names)

    def heal(self) -> None:
        self.net.heal()

    def database(self, name: str) -> Path:
        return self.net.folder / f"{name}.db"


class HttpWorld(World):
    """Real servers and clients on loopback, in real time."""

    patience = 20.0

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.nodes: dict[str, Node] = {}
        self._ports: dict[str, int] = {}
        self._open: dict[str, tuple[PeerServer, object]] = {}
        self._beside: list[tuple[Node, object]] = []
        self._cuts: set[frozenset[str]] = set()

    async def start(
        self, name: str, peers: Sequence[str], folder: str = "", undialled: Sequence[str] = (), beside: bool = False
    ) -> Node:
        own, signer = make_identity(name, self._url(name))
        pinned = [make_identity(peer, self._url(peer))[0] for peer in peers]
        engine, clock = SqliteEngine(self._folder / f"{folder or name}.db", threads=True), SystemClock()
        node = Node(own, signer, LOG, engine, pinned, clock, Random(len(self.nodes)), Trace(name))
        session = open_session(allow_private=True)
        if beside:
            self._beside.append((node, session))
        else:
            server = PeerServer(
                NodeAnswers(node), own.url(), node.directory.find_key, clock.now, clock.steady, node.peering.refuse
            )
            await server.start("127.0.0.1", self._ports[name])
            self.nodes[name], self._open[name] = node, (server, session)
        await node.start(
            {
                peer.name: CutPeer(self, name, HttpPeer(session, peer.name, peer.url(), signer, clock.now, True))
                for peer in pinned
                if peer.name not in undialled
            }
        )
        return node

    async def stop(self, name: str) -> None:
        server, session = self._open.pop(name)
        await server.stop()
        await self.nodes.pop(name).stop()
        await session.close()  # type: ignore[attr-defined]

    async def stop_all(self) -> None:
        await super().stop_all()
        for node, session in self._beside:
            await node.stop()
            await session.close()  # type: ignore[attr-defined]

    def cut(self, *names: str) -> None:
        self._cuts |= {frozenset((a, b)) for a in names for b in [*self.nodes, *names] if a != b}

    def heal(self) -> None:
        self._cuts.clear()

    def is_cut(self, a: str, b: str) -> bool:
        return frozenset((a, b)) in self._cuts

    def database(self, name: str) -> Path:
        return self._folder / f"{name}.db"

    def _url(self, name: str) -> str:
        if name not in self._ports:
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self._ports[name] = free.getsockname()[1]
        return f"http://127.0.0.1:{self._ports[name]}"


class CutPeer:
    """A peer over HTTP whose line a story can cut."""

    def __init__(self, world: HttpWorld, caller: str, peer: HttpPeer) -> None:
        self._world, self._caller, self._peer, self.name = world, caller, peer, peer.name

    def _check(self) -> None:
        if self._world.is_cut(self._caller, self.name):
            raise Unreachable(f"an answer of {self.name}", "the line is down")

    async def gossip(self, request: GossipRequest, wait: float = 0.0) -> GossipResponse:
        self._check()
        answer = await self._peer.gossip(request, wait)
        self._check()
        return answer

    async def pull(self, request: PullRequest) -> bytes:
        self._check()
        return await self._peer.pull(request)

    async def push(self, frames: bytes) -> int:
        self._check()
        return await self._peer.push(frames)

    async def identity(self) -> bytes:
        return await self._peer.identity()

    async def buckets(self, request: BucketRequest) -> BucketResponse:
        self._check()
        return await self._peer.buckets(request)

    async def ask(self, method: str, path: str, body: bytes = b"", most: int = limits.SMALL_BODY) -> bytes:
        self._check()
        return await self._peer.ask(method, path, body, most)


class Federation:
    """Runs a story in a new world and checks the history that it leaves."""

    def __init__(self, road: str, folder: Path, history: History) -> None:
        self.road, self._folder, self.history = road, folder, history

    def tell(self, story: Story) -> None:
        async def whole() -> None:
            world = MemoryWorld(self._folder) if self.road == "memory" else HttpWorld(self._folder)
            try:
                await story(world)
                await world.one_history()
            finally:
                await world.stop_all()

        run_simulated(whole()) if self.road == "memory" else asyncio.run(whole())
        self.history.check()


@pytest.fixture(autouse=True)
def fresh_trace() -> Iterator[None]:
    """The trace writes to the standard error of its test."""
    trace._backend.cache_clear()
    yield
    trace._backend.cache_clear()


@pytest.fixture
def history(monkeypatch: pytest.MonkeyPatch) -> History:
    """Listens to every head that is signed."""
    found, sign = History(), heads.sign

    def recording(head: Head, signer: Signer) -> bytes:
        found.signed.append(head)
        return sign(head, signer)

    monkeypatch.setattr("xstock_node.services.ownlog.heads.sign", recording)
    return found


@pytest.fixture(params=["memory", "http"])
def federation(request: pytest.FixtureRequest, tmp_path: Path, history: History) -> Federation:
    """A federation on each road."""
    return Federation(request.param, tmp_path, history)


@pytest.fixture
def in_memory(tmp_path: Path, history: History) -> Federation:
    """A federation in memory, where a story bends the network or the clock."""
    return Federation("memory", tmp_path, history)
