"""The bucket walk's bounds, on both sides (xs1 11.12)."""

import asyncio
from pathlib import Path

import pytest

from xstock_node.protocol import limits
from xstock_node.protocol.errors import Quota, Unreachable
from xstock_node.protocol.gossip import BucketRequest, BucketResponse
from xstock_node.services.answering import NodeAnswers
from xstock_node.services.walking import Walking
from xstock_node.testing import SimNet, make_offer, run_simulated

A, B, C = "a.example.org", "b.example.org", "c.example.org"
WALK, ONE = BucketRequest(network="see"), BucketRequest(network="see", bucket=7)


class Line:
    """A peer that counts what it is asked and answers, or does not."""

    def __init__(self, name: str, error: Exception | None = None) -> None:
        self.name, self.error, self.asked = name, error, 0

    async def buckets(self, request: BucketRequest) -> BucketResponse:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return BucketResponse()


class Nothing:
    """Replicas of a node that holds nothing yet."""

    def __init__(self) -> None:
        self.raw: dict[object, bytes] = {}

    def shared_with(self, name: str) -> list[object]:
        return []


async def _learn(name: str, notes: object) -> None:
    raise AssertionError("nothing to learn")


def _walking(clock: list[float]) -> Walking:
    return Walking("see", Nothing(), _learn, _learn, lambda: clock[0])  # type: ignore[arg-type]


def test_a_second_walk_within_ten_minutes_is_refused_and_says_when_to_come_back() -> None:
    clock = [100.0]
    walking = _walking(clock)
    walking.buckets(A, WALK)
    clock[0] += 200
    with pytest.raises(Quota) as refused:
        walking.buckets(A, WALK)
    assert refused.value.retry_after == limits.WALK_SECONDS - 200
    walking.buckets(B, WALK)
    clock[0] += limits.WALK_SECONDS - 200
    walking.buckets(A, WALK)


def test_a_walk_may_ask_for_every_bucket_once_and_no_more() -> None:
    clock = [0.0]
    walking = _walking(clock)
    walking.buckets(A, WALK)
    for _ in range(limits.BUCKETS):
        walking.buckets(A, ONE)
    with pytest.raises(Quota):
        walking.buckets(A, ONE)


def test_the_rest_of_a_walk_that_began_before_a_start_is_answered_within_the_same_bound() -> None:
    clock = [0.0]
    walking = _walking(clock)
    for _ in range(limits.BUCKETS):
        walking.buckets(A, ONE)
    for request in (ONE, WALK):
        with pytest.raises(Quota):
            walking.buckets(A, request)


def test_a_caller_that_is_sent_away_waits_as_long_as_it_was_told_and_its_round_goes_on() -> None:
    clock, peer = [0.0], Line(B, Quota("less", retry_after=50))
    walking = _walking(clock)

    async def story() -> None:
        await walking.walk(peer)  # type: ignore[arg-type]
        clock[0] += 50
        await walking.walk(peer)  # type: ignore[arg-type]
        assert peer.asked == 1
        clock[0] += 2
        peer.error = None
        await walking.walk(peer)  # type: ignore[arg-type]
        assert peer.asked == 2

    asyncio.run(story())


def test_a_caller_whose_answer_got_lost_does_not_come_too_early() -> None:
    clock, peer = [0.0], Line(B, Unreachable("an answer"))
    walking = _walking(clock)

    async def story() -> None:
        with pytest.raises(Unreachable):
            await walking.walk(peer)  # type: ignore[arg-type]
        clock[0] += limits.WALK_SECONDS
        await walking.walk(peer)  # type: ignore[arg-type]
        assert peer.asked == 1
        clock[0] += limits.SMALL_BODY_SECONDS
        with pytest.raises(Unreachable):
            await walking.walk(peer)  # type: ignore[arg-type]
        assert peer.asked == 2

    asyncio.run(story())


def test_who_asks_too_often_is_not_charged_for_it(tmp_path: Path) -> None:
    async def main() -> None:
        net = SimNet(tmp_path)
        await net.start(A, [B])
        await net.start(B, [A])
        await net.publish(A, [make_offer(1, net.clocks[A].now())])
        await net.settle()
        answers = NodeAnswers(net.nodes[A])
        assert (await answers.buckets(B, WALK)).logs
        for _ in range(40):
            with pytest.raises(Quota):
                await answers.buckets(B, WALK)
        assert (await net.nodes[A].peering.state(B)).refusals == 0
        net.nodes[A].peering.check(B)
        await net.stop_all()

    run_simulated(main())
