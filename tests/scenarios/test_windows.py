"""A log whose window moved: cold nodes, old replicas, relays that hide, older copies (xs1 6.9, 8.4, 8.5)."""

import asyncio
from collections.abc import Sequence

from tests.scenarios.conftest import Federation, World
from xstock_node.protocol import frames, limits
from xstock_node.protocol.frames import hash_line, is_hash_line, leaf_of
from xstock_node.protocol.gossip import PullRequest
from xstock_node.protocol.keys import to_base64
from xstock_node.protocol.peer import Peer
from xstock_node.protocol.records import Offer, Withdraw, encode, interpret
from xstock_node.services.node import Node
from xstock_node.services.ownlog import OwnLog
from xstock_node.services.windowing import EVERY
from xstock_node.testing import make_offer

A, B, C = "a.example.org", "b.example.org", "c.example.org"
SALT = to_base64(b"\x07" * 12)


async def append(node: Node, lines: Sequence[bytes]) -> None:
    node.signed(await node.own.append(lambda tx: lines))


async def churn(node: Node, count: int, first: int = 10_000) -> None:
    """Offers that end at once."""
    now = node.clock.now()
    offers = [make_offer(first + n // 2, now) for n in range(count)]
    ends = [Withdraw(id=o.id, ts=now, exp=o.exp, n=SALT) for o in offers]
    await append(node, [encode(end if n % 2 else o) for n, (o, end) in enumerate(zip(offers, ends, strict=True))])


async def slide(world: World, name: str) -> int:
    """Let the node's own house-keeping move its window; where `min` stands then."""
    node = world.nodes[name]
    node.home.windowing._next.clear()
    before = node.own.head.minimum if node.own.head else 0
    await world.until(lambda: node.own.head is not None and node.own.head.minimum > before)
    assert node.own.head is not None
    return node.own.head.minimum


async def indexed(node: Node, of: Node) -> list[int]:
    """Where the offers stand that a node knows of another's log."""
    return sorted(stored.index for stored in await node.engine.read(lambda tx: tx.offers.of_log(of.log)))


async def contents(node: Node, of: Node) -> list[bytes]:
    return await node.engine.read(lambda tx: tx.logs.lines(of.log, 0, 1 << 20))


def bare(lines: Sequence[bytes]) -> int:
    """How many lines from the beginning are hashes alone."""
    return next((n for n, line in enumerate(lines) if not is_hash_line(line)), len(lines))


def test_a_cold_node_starts_from_min_and_an_old_replica_extends_over_it(federation: Federation) -> None:
    async def story(world: World) -> None:
        await world.start(A, [B, C])
        await world.start(B, [A, C])
        origin = world.nodes[A]
        await world.publish(A, *(make_offer(n, origin.clock.now()) for n in range(3)))
        ended = make_offer(1, origin.clock.now())
        await world.settle()
        assert len(await world.live(B)) == 3
        await world.stop(B)
        end = Withdraw(id=ended.id, ts=origin.clock.now(), exp=ended.exp, n=SALT)
        await append(origin, [encode(end)])
        await churn(origin, 1_300)
        minimum = await slide(world, A)
        assert minimum >= 512 and bare(await contents(origin, origin)) == minimum
        await world.start(C, [A, B])
        await world.start(B, [A, C])
        await world.settle()
        for name in (B, C):
            node = world.nodes[name]
            assert bare(await contents(node, origin)) == minimum
            assert await world.live(name) == await world.live(A)
            assert set(await world.live(name)) == {make_offer(n, 0).id for n in (0, 2)}
            assert (await node.peering.state(A)).refusals == 0

    federation.tell(story)


def test_what_a_replica_holds_below_min_is_offered_no_more_and_given_up(in_memory: Federation) -> None:
    async def story(world: World) -> None:
        await world.start_all(A, B, C)
        origin = world.nodes[A]
        await world.publish(A, *(make_offer(n, origin.clock.now()) for n in range(2)))
        await churn(origin, 1_200)
        await world.settle()
        minimum = await slide(world, A)
        await world.settle()
        for name in (B, C):
            lines = await contents(world.nodes[name], origin)
            assert bare(lines) == minimum and len(lines) == 1_204
            again = [interpret(line) for line in lines[1_202:]]
            assert {one.id for one in again if isinstance(one, Offer)} == set(await world.live(name))
            assert await indexed(world.nodes[name], origin) == [1_202, 1_203]

    in_memory.tell(story)


def test_a_window_that_moves_again_and_again_costs_each_offer_once_a_window(in_memory: Federation) -> None:
    async def story(world: World) -> None:
        await world.start_all(A, B)
        origin = world.nodes[A]
        now = origin.clock.now()
        await world.publish(A, *(make_offer(n, now) for n in range(20)))
        for turn in range(6):
            await churn(origin, 600, first=20_000 + 1_000 * turn)
            await asyncio.sleep(2 * EVERY)
        head = origin.own.head
        assert head is not None and head.minimum >= 2_048
        assert head.size - head.minimum <= limits.WINDOW + 600
        assert head.size <= 20 + 6 * 600 + 6 * 20
        await world.settle()
        assert len(await world.live(B)) == 20 == len(await world.live(A))

    in_memory.tell(story)


class Hiding:
    """A relay that gives what was offered below `min` and hides that it ended."""

    def __init__(self, peer: Peer, whole: Sequence[bytes]) -> None:
        self._peer, self._whole, self.name, self.hid = peer, whole, peer.name, 0

    def __getattr__(self, name: str) -> object:
        return getattr(self._peer, name)

    async def pull(self, request: PullRequest) -> bytes:
        parts = []
        for frame in frames.parse(await self._peer.pull(request)):
            lines = frame.lines
            if not frame.roots and self._whole:
                lines = [self._line(frame.start + n, line) for n, line in enumerate(lines)]
            parts.append(frames.encode(frame.log, frame.start, lines, len(lines), roots=frame.roots))
        return b"".join(parts)

    def _line(self, index: int, line: bytes) -> bytes:
        known = self._whole[index] if index < len(self._whole) else line
        if isinstance(interpret(known), Withdraw) and is_hash_line(line):
            self.hid += 1
            return hash_line(leaf_of(known))
        return known if leaf_of(known) == leaf_of(line) else line


def test_a_relay_that_hides_an_end_below_min_shows_nothing_that_ended(in_memory: Federation) -> None:
    async def story(world: World) -> None:
        await world.start(A, [B, C])
        origin = world.nodes[A]
        await world.publish(A, make_offer(1, origin.clock.now()))
        await churn(origin, 1_200)
        whole = await contents(origin, origin)
        minimum = await slide(world, A)
        relays: list[Hiding] = []

        def wrap(caller: str, name: str, peer: Peer) -> Peer:
            relays.append(Hiding(peer, whole if caller == B else ()))
            return relays[-1]  # type: ignore[return-value]

        world.net.wrap = wrap  # type: ignore[attr-defined]
        await world.start(B, [A, C])
        await world.settle()
        assert sum(relay.hid for relay in relays) >= 200
        assert await world.live(B) == await world.live(A)
        assert await indexed(world.nodes[B], origin) == await indexed(origin, origin) == [1_201]
        assert minimum <= 1_201

    in_memory.tell(story)


def test_an_older_copy_that_goes_on_below_min_gives_others_back_what_they_gave_up(in_memory: Federation) -> None:
    async def story(world: World) -> None:
        await world.start_all(A, B)
        origin = world.nodes[A]
        await world.publish(A, *(make_offer(n, origin.clock.now()) for n in range(2)))
        await churn(origin, 1_200)
        await world.settle()
        await world.stop(A)
        await world.copy(A, to="kept")
        await world.start(A, [B])
        minimum = await slide(world, A)
        await world.settle()
        assert bare(await contents(world.nodes[B], origin)) == minimum
        await world.stop(A)
        world.cut(A)
        older = await world.start(A, [B], folder="kept")
        older.home.windowing.slide = stays  # type: ignore[method-assign]
        world.heal()
        await asyncio.sleep(1_800)
        await world.settle()
        assert older.own.halted == "" and older.own.head is not None and older.own.head.minimum == 0
        assert await contents(world.nodes[B], older) == await contents(older, older)
        assert bare(await contents(older, older)) == 0
        assert await world.live(B) == await world.live(A) and len(await world.live(A)) == 2

    in_memory.tell(story)


async def stays(log: OwnLog) -> bool:
    """A window that does not move."""
    return False
