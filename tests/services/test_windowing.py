"""Own logs as sliding windows: when `min` rises, what is said again, and what is not (xs1 6.9, 14.11, 15.1)."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from random import Random

import msgspec

from xstock_node.protocol import limits
from xstock_node.protocol.frames import is_hash_line
from xstock_node.protocol.keys import to_base64
from xstock_node.protocol.names import LogName
from xstock_node.protocol.records import Audience, Known, Notice, Offer, Still, Withdraw, encode, interpret
from xstock_node.services.node import Node
from xstock_node.services.ownlog import OwnLog
from xstock_node.services.windowing import EVERY, RENEWED, Windowing, rise, slide
from xstock_node.storage.values import LogState
from xstock_node.testing import SimNet, make_offer, run_simulated

A = "a.example.org"
DAY = 86_400
SALT = to_base64(b"\x07" * 12)


def alone(folder: Path, story: Callable[[SimNet, Node], Awaitable[None]]) -> None:
    """A node that is told stories by nobody, and keeps its house only when a test says so."""

    async def main() -> None:
        net = SimNet(folder)
        node = await net.start(A, [])
        node.home.windowing.slide = _not  # type: ignore[method-assign]
        await story(net, node)
        await net.stop_all()

    run_simulated(main())


async def _not(log: OwnLog) -> bool:
    return False


async def append(log: OwnLog, *found: Known) -> None:
    lines = [encode(record) for record in found]
    await log.append(lambda tx: lines)


def gone(offer: Offer, now: int) -> Withdraw:
    return Withdraw(id=offer.id, ts=now, exp=max(offer.exp, now), n=SALT)


async def churn(log: OwnLog, count: int, now: int, first: int = 10_000) -> None:
    """So many records that offer nothing any more."""
    for at in range(0, count, 500):
        pairs = [make_offer(first + n // 2, now) for n in range(at, min(at + 500, count))]
        await append(log, *(offer if n % 2 == 0 else gone(offer, now) for n, offer in enumerate(pairs)))


async def risen(node: Node, log: OwnLog) -> int:
    """Where `min` is to stand now."""
    return await node.engine.read(lambda tx: rise(tx, log.log, node.clock.now()))


async def slid(node: Node, log: OwnLog) -> LogState:
    await log.append(lambda tx: slide(tx, log.log, node.clock.now(), Random(1)))
    state = await node.engine.read(lambda tx: tx.logs.state(log.log))
    assert state is not None and log.head is not None and log.head.minimum == state.minimum
    return state


async def lines_of(node: Node, log: LogName) -> Sequence[bytes]:
    return await node.engine.read(lambda tx: tx.logs.lines(log, 0, 1 << 20))


def test_nothing_moves_up_to_1024_records_nor_up_to_four_times_what_is_live(tmp_path: Path) -> None:
    async def story(net: SimNet, node: Node) -> None:
        now = node.clock.now()
        await churn(node.own, limits.WINDOW, now)
        assert await risen(node, node.own) == 0
        await append(node.own, make_offer(1, now))
        assert await risen(node, node.own) == 512
        await append(node.own, *(make_offer(n, now) for n in range(300)))
        assert await risen(node, node.own) == 512  # 1,324 records, 301 live
        await append(node.own, *(make_offer(n, now) for n in range(300, 400)))
        assert await risen(node, node.own) == 0  # 1,424 records, 400 live

    alone(tmp_path, story)


def test_what_is_live_is_said_again_as_old_and_as_long_as_it_was(tmp_path: Path) -> None:
    async def story(net: SimNet, node: Node) -> None:
        log, began = node.own, node.clock.now()
        kept, ended, expired = (make_offer(n, began, exp=began + days * DAY) for n, days in ((1, 30), (2, 30), (3, 1)))
        await append(log, kept, ended, expired, gone(ended, began))
        await asyncio.sleep(2 * DAY)
        told = node.clock.now()
        still = Still(id=make_offer(9, told).id, ts=told, exp=told + 40 * DAY, n=SALT, src=kept.src)
        await append(log, make_offer(5, told, src="other", exp=told + 5 * DAY), still)
        await node.engine.write(lambda tx: tx.offers.end(log.log, [expired.id]), durable=True)
        await churn(log, 1_100, told)
        await asyncio.sleep(DAY)
        state = await slid(node, log)
        now = node.clock.now()
        assert state.minimum == 512 and state.frontier.size == 1_108
        again = [interpret(line) for line in (await lines_of(node, log.log))[1_106:]]
        assert all(isinstance(one, Offer) for one in again)
        first = next(one for one in again if isinstance(one, Offer) and one.id == kept.id)
        assert first == msgspec.structs.replace(kept, ts=now, asof=told, exp=told + 40 * DAY, n=first.n)
        assert first.n != kept.n
        live = await node.engine.read(lambda tx: tx.offers.of_log(log.log))
        assert {one.index for one in live} == {1_106, 1_107}
        assert {one.exp for one in live} == {told + 40 * DAY, told + 5 * DAY}

    alone(tmp_path, story)


def test_contents_below_min_are_given_up_and_the_tree_stays(tmp_path: Path) -> None:
    async def story(net: SimNet, node: Node) -> None:
        log = node.own
        await append(log, make_offer(1, node.clock.now()))
        await churn(log, 1_200, node.clock.now())
        before = log.head
        state = await slid(node, log)
        lines = await lines_of(node, log.log)
        assert [is_hash_line(line) for line in lines] == [n < state.minimum for n in range(len(lines))]
        assert before is not None
        root = await node.engine.read(lambda tx: tx.logs.range_root(log.log, 0, before.size))
        assert root == before.root
        assert await node.engine.read(lambda tx: tx.logs.erased(log.log)) == set()

    alone(tmp_path, story)


def test_little_is_renewed_at_once_and_min_stops_at_what_is_not_yet_renewed(tmp_path: Path) -> None:
    async def story(net: SimNet, node: Node) -> None:
        log, now = node.own, node.clock.now()
        await append(log, *(make_offer(n, now) for n in range(600)))
        await churn(log, 2_000, now)
        minimums = []
        while await risen(node, log):
            state = await slid(node, log)
            minimums.append(state.minimum)
            assert state.frontier.size <= 2_600 + RENEWED * len(minimums)
        assert minimums == [256, 512, 1_792]
        assert await node.engine.read(lambda tx: tx.offers.count(log.log, now)) == 600
        assert state.frontier.size - state.minimum <= limits.WINDOW_LIVE * 600

    alone(tmp_path, story)


def test_an_audience_log_keeps_its_audiences_and_states_the_ruling_one_again(tmp_path: Path) -> None:
    async def story(net: SimNet, node: Node) -> None:
        now = node.clock.now()
        log = node.home.add_log("sava")
        first, ruling = (
            Audience(id=make_offer(n, now).id, ts=now, exp=now + 300 * DAY, n=SALT, names=(name,))
            for n, name in ((800, "b.example.org"), (801, "c.example.org"))
        )
        notice = Notice(id=make_offer(802, now).id, ts=now, exp=now + 9 * DAY, n=SALT, text="Closed", lang="en")
        await append(log, first, notice, ruling, make_offer(1, now))
        await churn(log, 1_200, now)
        state = await slid(node, log)
        lines = await lines_of(node, log.log)
        assert [interpret(lines[n]) for n in (0, 2)] == [first, ruling] and is_hash_line(lines[1])
        said = [interpret(line) for line in lines[1_204:]]
        assert [type(one) for one in said] == [Offer, Notice, Audience]
        assert isinstance(said[2], Audience) and said[2].names == ruling.names and said[2].exp == ruling.exp
        assert isinstance(said[1], Notice) and (said[1].text, said[1].exp) == ("Closed", notice.exp)
        assert state.audience == lines[-1].decode()

    alone(tmp_path, story)


def test_governors_logs_stand_still_and_every_log_is_looked_at_now_and_then(tmp_path: Path) -> None:
    async def story(net: SimNet, node: Node) -> None:
        now = [0.0]
        windowing = Windowing(node.engine, node.clock.now, lambda: now[0], Random(1))
        net_log = node.home.add_log("net")
        await churn(net_log, 1_500, node.clock.now())
        await churn(node.own, 1_500, node.clock.now())
        assert not await windowing.slide(net_log)
        assert await windowing.slide(node.own)
        await churn(node.own, 1_500, node.clock.now(), first=20_000)
        assert not await windowing.slide(node.own)
        now[0] += EVERY
        node.own.halt.why = "two nodes sign"
        assert not await windowing.slide(node.own)
        node.own.halt.why = ""
        assert await windowing.slide(node.own)

    alone(tmp_path, story)
