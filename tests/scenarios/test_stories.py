"""The same stories on both roads: what a society's people rely on."""

from contextlib import suppress
from random import Random

import pytest

from xstock_node.protocol.errors import ProtocolError, Unreachable
from xstock_node.protocol.keys import to_base64
from xstock_node.protocol.records import Offer, Withdraw
from xstock_node.services.errors import Refusal
from xstock_node.testing import make_offer

A, B, C = "redcross.at", "redcross.bg", "redcross.hr"


def offer_of(world, name: str, number: int, quantity: int = 10) -> Offer:  # type: ignore[no-untyped-def]
    return make_offer(number, world.nodes[name].clock.now(), qty=(quantity, 0))


def withdraw_of(offer: Offer) -> Withdraw:
    return Withdraw(id=offer.id, ts=offer.ts + 1, exp=offer.exp, n=to_base64(Random(offer.id).randbytes(12)))


def held(world, name: str, node):  # type: ignore[no-untyped-def]
    return world.nodes[name].replicas.heads[node.log]


async def everywhere(world, expected: dict[str, int]) -> None:  # type: ignore[no-untyped-def]
    await world.settle()
    for name in world.nodes:
        assert await world.live(name) == expected, name


def test_an_offer_published_on_one_node_is_found_on_all(federation) -> None:
    async def story(world) -> None:
        await world.start_all(A, B, C)
        offer = offer_of(world, B, 1)
        await world.publish(B, offer)
        await everywhere(world, {offer.id: 10})

    federation.tell(story)


def test_a_withdrawal_and_a_newer_quantity_arrive(federation) -> None:
    async def story(world) -> None:
        await world.start_all(A, B, C)
        gone, changed = offer_of(world, A, 1), offer_of(world, A, 2)
        await world.publish(A, gone, changed)
        await everywhere(world, {gone.id: 10, changed.id: 10})
        await world.publish(A, withdraw_of(gone), offer_of(world, A, 2, quantity=3))
        await everywhere(world, {changed.id: 3})

    federation.tell(story)


@pytest.mark.parametrize("count", [3, 3000], ids=["few", "several segments"])
def test_a_node_that_was_off_catches_up(federation, count: int) -> None:
    async def story(world) -> None:
        await world.start_all(A, B, C)
        await world.publish(A, offer_of(world, A, 0))
        await world.settle()
        await world.stop(C)
        offers = [offer_of(world, A, n) for n in range(1, count)]
        await world.publish(A, *offers)
        await world.settle()
        await world.start(C, [A, B])
        await world.settle()
        assert len(await world.live(C)) == count
        assert await world.live(C) == await world.live(A)

    federation.tell(story)


# xs1 8.7
def test_a_cold_node_takes_six_thousand_records_by_segments(federation) -> None:
    async def story(world) -> None:
        await world.start(A, [B])
        await world.publish(A, *(offer_of(world, A, n) for n in range(6001)))
        await world.start(B, [A])
        await world.settle()
        assert len(await world.live(B)) == 6001

    federation.tell(story)


# xs1 7.1
def test_a_restart_loses_nothing_and_opens_a_new_epoch(federation) -> None:
    async def story(world) -> None:
        await world.start_all(A, B)
        first, second = offer_of(world, A, 1), offer_of(world, A, 2)
        await world.publish(A, first)
        await world.settle()
        before = world.nodes[A].own.head
        await world.stop(A)
        await world.start(A, [B])
        after = world.nodes[A].own.head
        assert after.log.epoch > before.log.epoch
        assert (after.base.epoch, after.base.size, after.base.root) == (before.log.epoch, before.size, before.root)
        await world.publish(A, second)
        await everywhere(world, {first.id: 10, second.id: 10})

    federation.tell(story)


# xs1 7.8
def test_an_emptied_node_gets_its_records_back_and_goes_on_in_a_new_epoch(federation) -> None:
    async def story(world) -> None:
        await world.start_all(A, B, C)
        old = [offer_of(world, A, n) for n in range(5)]
        await world.publish(A, *old)
        await world.settle()
        epoch = world.nodes[A].own.head.log.epoch
        await world.stop(A)
        await world.empty(A)
        await world.start(A, [B, C])
        assert world.nodes[A].own.head.log.epoch > epoch
        new = offer_of(world, A, 77)
        await world.publish(A, new)
        await everywhere(world, {offer.id: 10 for offer in [*old, new]})
        assert not world.nodes[A].own.halted

    federation.tell(story)


def test_an_emptied_node_that_reached_nobody_gets_its_records_back_later(federation) -> None:
    async def story(world) -> None:
        await world.start_all(A, B, C)
        old = [offer_of(world, A, n) for n in range(5)]
        await world.publish(A, *old)
        await world.settle()
        await world.stop(A)
        await world.empty(A)
        world.cut(A)
        await world.start(A, [B, C])
        assert world.nodes[A].own.head.base is None
        new = offer_of(world, A, 77)
        await world.publish(A, new)
        world.heal()
        expected = {offer.id for offer in [*old, new]}
        await world.until(lambda: world.nodes[A].own.head.size >= 6)
        await everywhere(world, dict.fromkeys(expected, 10))
        for name in (B, C):
            assert await world.nodes[name].engine.read(lambda tx: tx.logs.asides()) == []

    federation.tell(story)


class Mute:
    """A peer that is heard but hands out no records."""

    def __init__(self, peer) -> None:  # type: ignore[no-untyped-def]
        self._peer, self.name = peer, peer.name
        self.gossip, self.push, self.identity = peer.gossip, peer.push, peer.identity

    async def pull(self, request) -> bytes:  # type: ignore[no-untyped-def]
        raise Unreachable(f"records of {self.name}")


def test_records_come_back_although_the_log_went_on_from_another_beginning(in_memory) -> None:
    async def story(world) -> None:
        await world.start_all(A, B, C)
        old, new = [offer_of(world, A, n) for n in range(10)], offer_of(world, A, 77)
        await world.publish(A, *old)
        await world.settle()
        await world.stop(A)
        await world.empty(A)
        world.net.wrap = lambda caller, name, peer: Mute(peer)
        world.cut(A)
        await world.start(A, [B, C])
        await world.publish(A, new)
        world.heal()
        await world.until(lambda: held(world, B, world.nodes[A]).size == 1)
        await world.stop(A)
        world.net.wrap = lambda caller, name, peer: peer
        await world.start(A, [B, C])
        assert world.nodes[A].own.head.base.size == 1
        await world.until(lambda: world.nodes[A].own.head.size == 11)
        await everywhere(world, {offer.id: 10 for offer in [*old, new]})

    in_memory.tell(story)


def test_a_node_that_lost_its_folder_and_restarted_unseen_is_heard_again(federation) -> None:
    async def story(world) -> None:
        await world.start_all(A, B, C)
        old, new = [offer_of(world, A, n) for n in range(10)], offer_of(world, A, 77)
        await world.publish(A, *old)
        await world.settle()
        await world.stop(A)
        await world.empty(A)
        world.cut(A)
        await world.start(A, [B, C])
        await world.publish(A, new)
        await world.stop(A)
        await world.start(A, [B, C])
        world.heal()
        await world.until(lambda: world.nodes[A].own.head.size == 11)
        await everywhere(world, {offer.id: 10 for offer in [*old, new]})
        assert not any(world.nodes[name].replicas.frozen for name in (B, C))

    federation.tell(story)


def test_a_copy_of_an_older_folder_started_instead_makes_no_second_history(federation) -> None:
    async def story(world) -> None:
        await world.start_all(A, B, C)
        first, second, third = (offer_of(world, A, n) for n in range(3))
        await world.publish(A, first)
        await world.settle()
        await world.stop(A)
        await world.copy(A, "copy")
        await world.start(A, [B, C])
        await world.publish(A, second)
        await world.settle()
        await world.stop(A)
        await world.empty(A)
        world.cut(A)
        await world.start(A, [B, C], folder="copy")
        await world.publish(A, third)
        world.heal()
        await world.until(lambda: world.nodes[A].own.head.size >= 3)
        await everywhere(world, {offer.id: 10 for offer in (first, second, third)})

    federation.tell(story)


# xs1 7.5
def test_of_two_nodes_with_one_key_the_older_stops_signing(in_memory) -> None:
    async def story(world) -> None:
        await world.start_all(A, B, C)
        await world.publish(A, offer_of(world, A, 1))
        await world.settle()
        await world.stop(A)
        await world.copy(A, "copy")
        older = await world.start(A, [B, C])
        newer = await world.start(A, [B, C], folder="copy", beside=True)
        assert newer.own.head.log.epoch > older.own.head.log.epoch
        newer.signed(await newer.own.append(lambda tx: [b'{"t":"far","n":1}']))
        await world.until(lambda: all(held(world, n, newer) == newer.own.head for n in (B, C)))
        with suppress(Refusal):  # it may have heard of the other already
            await world.publish(A, offer_of(world, A, 2))
        await world.until(lambda: bool(older.own.halted))
        with pytest.raises(Refusal, match="alone signs"):
            await older.own.append(lambda tx: [b'{"t":"far","n":2}'])
        newer.signed(await newer.own.append(lambda tx: [b'{"t":"far","n":3}']))
        await world.until(lambda: all(held(world, n, newer) == newer.own.head for n in (B, C)))

    in_memory.tell(story)


def test_a_node_that_cannot_be_dialled_receives_and_spreads(federation) -> None:
    async def story(world) -> None:
        await world.start(A, [B, C], undialled=[C])
        await world.start(B, [A, C], undialled=[C])
        await world.start(C, [A, B])
        mine, theirs = offer_of(world, C, 1), offer_of(world, A, 2)
        await world.publish(C, mine)
        await world.publish(A, theirs)
        await everywhere(world, {mine.id: 10, theirs.id: 10})
        many = [offer_of(world, C, n) for n in range(10, 200)]
        await world.publish(C, *many)
        await everywhere(world, {offer.id: 10 for offer in [mine, theirs, *many]})

    federation.tell(story)


# xs1 11.10
def test_news_goes_along_a_line_of_three_nodes(federation) -> None:
    async def story(world) -> None:
        for name, peers in ((A, [B]), (B, [A, C]), (C, [B])):
            await world.start(name, peers)
        # Who is not a peer must still be pinned somewhere: B holds both, A and C hold only what they may verify.
        offer = offer_of(world, B, 1)
        await world.publish(B, offer)
        log = world.nodes[B].log
        heads = [world.nodes[name].replicas.heads for name in (A, C)]
        await world.until(lambda: all(log in held and held[log].size == 1 for held in heads))
        for name in (A, C):
            assert (await world.live(name))[offer.id] == 10

    federation.tell(story)


def test_a_refused_append_leaves_no_trace(in_memory) -> None:
    async def story(world) -> None:
        node = await world.start(A, [])
        before = node.own.head

        def fail(tx) -> list[bytes]:
            raise ProtocolError("something else")

        with pytest.raises(ProtocolError):
            await node.own.append(fail)
        assert (await node.own.heartbeat()).size == before.size

    in_memory.tell(story)
