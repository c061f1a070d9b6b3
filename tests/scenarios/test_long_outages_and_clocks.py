"""Fourteen days apart, and clocks that are years off: what was said arrives, and nothing false is believed."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from xstock_node.plugins.host import PluginHost
from xstock_node.protocol import limits
from xstock_node.protocol.names import LogName
from xstock_node.services import correspondence, delivering, node
from xstock_node.services.office import OPERATOR, Office, OfficeSettings
from xstock_node.services.searching import Hit, SearchRequest, search
from xstock_node.testing import SimNet, make_offer, run_simulated
from xstock_node.testing.clock import START
from xstock_node.testing.nodes import DAY

pytestmark = pytest.mark.heavy

A, B, C, D = "redcross.at", "redcross.bg", "redcross.hr", "redcross.rs"
NAMES = (A, B, C, D)
YEAR = 365 * DAY


@pytest.fixture(autouse=True)
def idle_loops_cost_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks into an empty outbox and keeps house every five seconds of a fortnight."""
    monkeypatch.setattr(node, "SAVE_SECONDS", 600.0)
    monkeypatch.setattr(delivering, "LOOK_EVERY", 3600.0)
    monkeypatch.setattr(correspondence, "SETTLE_EVERY", 3600.0)


Story = Callable[[SimNet], Awaitable[None]]


def tell(folder: Path, story: Story, offsets: dict[str, int] | None = None, names: tuple[str, ...] = NAMES) -> None:
    """Nodes that know each other; `offsets` are seconds by which somebody's clock is wrong."""

    async def main() -> None:
        net = SimNet(folder)
        for name in names:
            await net.start(name, [n for n in names if n != name])
            net.clocks[name].offset = (offsets or {}).get(name, 0)
        try:
            await story(net)
        finally:
            await net.stop_all()

    run_simulated(main())


async def shown(net: SimNet, folder: Path, name: str) -> list[Hit]:
    """What a node's people find, what is expired with it."""
    office = Office(net.nodes[name], OfficeSettings(), PluginHost([]), folder)
    return (await search(office, OPERATOR, SearchRequest(text="tent", limit=100, expired=True))).hits


# xs1 7.7
def test_halves_that_were_apart_for_fourteen_days_agree_again(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        west, days = {A, B}, 14
        await net.settle()
        net.is_cut = lambda a, b: (a in west) != (b in west)  # type: ignore[method-assign]
        for day in range(days):
            await net.publish(A, [make_offer(day, net.clocks[A].now())])
            await net.publish(D, [make_offer(100 + day, net.clocks[D].now())])
            await asyncio.sleep(DAY)
        before = await shown(net, tmp_path, B)
        assert {hit.node for hit in before} == {A} and not any(hit.stale for hit in before)
        assert {hit.node for hit in await shown(net, tmp_path, D)} == {D}
        net.is_cut = lambda a, b: False  # type: ignore[method-assign]
        took = await net.settle(2 * limits.BACK_OFF_MAX)
        assert took <= 2 * limits.BACK_OFF_MAX
        for name in net.nodes:
            hits = await shown(net, tmp_path, name)
            assert len(hits) == 2 * days and not any(hit.stale or hit.expired for hit in hits)
            assert not net.nodes[name].own.halted and not net.nodes[name].replicas.frozen

    tell(tmp_path, story, names=(A, B, D))


def test_the_offers_of_who_is_cut_off_grow_stale_and_then_expire(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        await net.publish(D, [make_offer(1, START)])
        await net.settle()
        net.cut(D)
        await asyncio.sleep(14 * DAY)
        assert [(hit.stale, hit.expired) for hit in await shown(net, tmp_path, A)] == [(True, False)]
        await asyncio.sleep(17 * DAY)
        assert [(hit.stale, hit.expired) for hit in await shown(net, tmp_path, A)] == [(True, True)]

    tell(tmp_path, story, names=(A, D))


@pytest.mark.parametrize("off", [5 * YEAR, 20 * YEAR], ids=["5 years", "20 years"])
def test_a_clock_years_ahead_is_held_by_the_others_and_harms_none(tmp_path: Path, off: int) -> None:
    async def story(net: SimNet) -> None:
        await asyncio.sleep(120)
        await net.publish(D, [make_offer(1, net.clocks[D].now())])
        await net.publish(A, [make_offer(2, net.clocks[A].now())])
        await asyncio.sleep(limits.STALE_AFTER + 600)
        for name in (A, B, C):
            held = net.nodes[name].replicas.heads.get(LogName(D, "see.pub"))
            assert held is None or held.time <= net.clocks[name].now() + limits.AHEAD
            assert {hit.node for hit in await shown(net, tmp_path, name)} == {A}
            assert (await net.nodes[name].peering.state(D)).refusals == 0, "a wrong clock is no lie"
        late = await shown(net, tmp_path, D)
        assert [hit.node for hit in late if not hit.own and not hit.expired] == []
        net.clocks[D].offset = 0
        await net.publish(D, [make_offer(3, net.clocks[D].now())])

    tell(tmp_path, story, {D: off})


def test_a_clock_years_behind_is_heard_where_it_matters_and_shows_as_stale(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        net.clocks[D].offset = -5 * YEAR
        await net.publish(A, [make_offer(2, net.clocks[A].now())])
        await asyncio.sleep(limits.STALE_AFTER + 600)
        assert LogName(A, "see.pub") in net.nodes[D].replicas.heads
        for name in (A, B, C):
            assert not net.nodes[name].own.halted
            assert {hit.node for hit in await shown(net, tmp_path, name)} == {A}
        net.clocks[D].offset = 0
        await net.publish(D, [make_offer(3, net.clocks[D].now())])
        await net.settle()
        assert {hit.node for hit in await shown(net, tmp_path, B)} == {A, D}

    tell(tmp_path, story)


@pytest.mark.parametrize("jump", [-500, -61, 61, 300])
def test_a_jump_of_the_clock_stops_neither_timers_nor_news(tmp_path: Path, jump: int) -> None:
    """Timers run by a clock that nobody sets: news goes on at the pace it had."""

    async def story(net: SimNet) -> None:
        await net.settle()
        net.clocks[B].offset += jump
        await net.publish(A, [make_offer(1, net.clocks[A].now())])
        await net.publish(B, [make_offer(2, net.clocks[B].now())])
        await asyncio.sleep(60)
        assert net.nodes[B].replicas.heads[LogName(A, "see.pub")].size == 1
        assert net.nodes[A].replicas.heads[LogName(B, "see.pub")].size == 1
        assert all(not node.own.halted and not node.replicas.frozen for node in net.nodes.values())

    tell(tmp_path, story, names=(A, B))


@pytest.mark.parametrize("jump", [-YEAR, -DAY, -700])
def test_a_clock_that_jumped_far_and_was_set_right_leaves_nothing_behind(tmp_path: Path, jump: int) -> None:
    async def story(net: SimNet) -> None:
        await net.settle()
        net.clocks[B].offset += jump
        await net.publish(A, [make_offer(1, net.clocks[A].now())])
        await asyncio.sleep(3600)
        net.clocks[B].offset = 0
        await net.publish(B, [make_offer(2, net.clocks[B].now())])
        await asyncio.sleep(3600)
        assert all(not node.own.halted and not node.replicas.frozen for node in net.nodes.values())
        assert net.nodes[B].replicas.heads[LogName(A, "see.pub")].size == 1
        assert net.nodes[A].replicas.heads[LogName(B, "see.pub")].size == 1

    tell(tmp_path, story, names=(A, B))
