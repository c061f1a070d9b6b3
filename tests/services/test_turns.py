"""Turns at fetching a log, in virtual time."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from xstock_node.protocol.gossip import PullRequest
from xstock_node.protocol.names import LogName
from xstock_node.protocol.peer import Peer
from xstock_node.services.turns import BETWEEN, LONGEST, UNHEARD, Turns
from xstock_node.testing import run_simulated

LOG = LogName("origin.example.org", "see.pub")
NOTHING = PullRequest(())


class Slow:
    """A peer that answers each pull after so many seconds."""

    name = "slow.example.org"

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    async def pull(self, request: PullRequest) -> bytes:
        await asyncio.sleep(self._seconds)
        return b""


async def fetch(turns: Turns, peer: Any, answers: int) -> None:
    async with turns.take(LOG) as watched:
        peers: Sequence[Peer] = watched([peer])
        for _ in range(answers):
            await peers[0].pull(NOTHING)


def waited(first: Callable[[Turns], Any], log: LogName = LOG) -> float:
    """The virtual seconds that a second fetch waits while a first one is under way."""

    async def story() -> float:
        turns, loop = Turns(), asyncio.get_running_loop()
        other = asyncio.ensure_future(first(turns))
        await asyncio.sleep(0.1)
        began = loop.time()
        async with turns.take(log):
            took = loop.time() - began
        await other
        return took

    return run_simulated(story())


def test_a_second_fetch_waits_for_one_that_is_answered() -> None:
    assert 19 < waited(lambda turns: fetch(turns, Slow(1.0), 20)) < 20


def test_a_second_fetch_waits_two_seconds_for_one_that_hears_nothing() -> None:
    assert waited(lambda turns: fetch(turns, Slow(100.0), 1)) == UNHEARD


def test_a_second_fetch_waits_no_more_once_the_answers_end() -> None:
    async def dries_up(turns: Turns) -> None:
        async with turns.take(LOG) as watched:
            await watched([Slow(1.0)])[0].pull(NOTHING)  # type: ignore[list-item]
            await watched([Slow(500.0)])[0].pull(NOTHING)  # type: ignore[list-item]

    assert abs(waited(dries_up) - (BETWEEN + 1.0 - 0.1)) < 0.01


def test_no_fetch_is_waited_for_longer_than_a_minute_however_it_drips() -> None:
    assert waited(lambda turns: fetch(turns, Slow(1.5), 100)) == LONGEST


def test_another_log_has_its_own_turn() -> None:
    assert waited(lambda turns: fetch(turns, Slow(1.0), 20), LogName("other.example.org", "see.pub")) == 0.0


def test_a_watched_peer_is_the_peer_in_all_else() -> None:
    async def story() -> str:
        async with Turns().take(LOG) as watched:
            return watched([Slow(1.0)])[0].name  # type: ignore[list-item]

    assert run_simulated(story()) == Slow.name
