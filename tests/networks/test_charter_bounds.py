"""A charter lowers how many live records a member may have, and every member keeps to it (xs1 21.2, 21.5)."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from tests.networks.kit import START, ChartedNet, make_charter, make_member
from xstock_node.protocol import charter, limits, notes
from xstock_node.protocol.charter import Charter
from xstock_node.protocol.errors import Quota
from xstock_node.protocol.heads import Head
from xstock_node.protocol.keys import to_base64
from xstock_node.protocol.names import LogName
from xstock_node.protocol.records import Withdraw, encode
from xstock_node.services.receiving import consider
from xstock_node.testing import make_offer, run_simulated
from xstock_node.testing.nodes import make_signer

A, B, C = "a.example.org", "b.example.org", "c.example.org"
NAMES = (A, B, C)
LOG = LogName(A, "see.pub")


def with_records(records: int, version: int = 1, before: Charter | None = None) -> Charter:
    """A charter of the three governors that allows so many live records."""
    plain = make_charter("see", NAMES, version, before)
    terms = msgspec.structs.replace(plain.terms, records=records)
    text = charter.text("see", version, plain.previous, terms)
    return charter.parse(notes.sign(text, *(make_signer(name, "root") for name in NAMES)))


async def governed(folder: Path, *charters: Charter) -> ChartedNet:
    net = ChartedNet(folder)
    members = {name: make_member(name) for name in NAMES}
    known = [found for found, _ in members.values()]
    for member in members.values():
        await net.enter(member, charters[:1], known)
    return net


def offers(first: int, count: int, now: int) -> list[bytes]:
    return [encode(make_offer(n, now)) for n in range(first, first + count)]


def ends(first: int, count: int, now: int) -> list[bytes]:
    salt = to_base64(b"\x05" * 12)
    ids = [make_offer(n, now).id for n in range(first, first + count)]
    return [encode(Withdraw(id=i, ts=now, exp=now + limits.LEASE_MAX, n=salt)) for i in ids]


async def append(net: ChartedNet, lines: Sequence[bytes]) -> None:
    node = net.nodes[A]
    node.signed(await node.own.append(lambda tx: lines))


async def held(net: ChartedNet, name: str) -> tuple[int, int]:
    """Size and live offers of the first node's log at another."""
    node = net.nodes[name]
    state = await node.engine.read(lambda tx: tx.logs.state(LOG))
    live = await node.engine.read(lambda tx: tx.offers.count(LOG, node.clock.now()))
    return (state.head_size if state else 0), live


def test_more_live_offers_than_the_charter_allows_are_delayed_and_nothing_is_dropped(tmp_path: Path) -> None:
    async def story() -> None:
        net = await governed(tmp_path, with_records(20))
        now = net.clocks[A].now()
        await append(net, offers(0, 20, now))
        await net.settle()
        assert await held(net, B) == (20, 20)
        await append(net, offers(20, 5, now))
        await asyncio.sleep(600)
        assert await held(net, B) == (20, 20) and await held(net, C) == (20, 20)
        await append(net, ends(0, 6, now))
        await asyncio.sleep(1200)
        assert await held(net, B) == (31, 19) and await held(net, C) == (31, 19)
        assert (await net.nodes[B].peering.state(A)).refusals == 0
        await net.stop_all()

    run_simulated(story())


def test_who_has_more_when_a_charter_lowers_it_may_still_withdraw(tmp_path: Path) -> None:
    async def story() -> None:
        first = with_records(100)
        second = with_records(10, 2, first)
        net = await governed(tmp_path, first)
        now = net.clocks[A].now()
        await append(net, offers(0, 40, now))
        await net.settle()
        for name in NAMES:
            await net.nodes[name].home.membership.learn_charter(second.raw)
        await append(net, ends(0, 3, now))
        await asyncio.sleep(600)
        assert await held(net, B) == (43, 37)
        await append(net, offers(50, 1, now))
        await asyncio.sleep(600)
        assert await held(net, B) == (43, 37)
        await net.stop_all()

    run_simulated(story())


def test_the_records_above_min_are_bounded_by_the_charter_too(tmp_path: Path) -> None:
    async def story() -> None:
        net = await governed(tmp_path, with_records(2_000))
        node = net.nodes[B]
        most = limits.records_a_log(2_000)
        assert most == 10_000 and limits.records_a_log(1) == 5_120
        assert limits.records_a_log(limits.LIVE_RECORDS) == limits.RECORDS_A_LOG
        assert node.home.membership.live_records == 2_000
        head = Head(LogName("d.example.org", "see.pub").epoch(START), most + 1, bytes(32), START, 0)
        with pytest.raises(Quota):
            await node.engine.write(lambda tx: consider(tx, head, b"note", START, live=2_000), durable=False)
        plan = await node.engine.write(lambda tx: consider(tx, head, b"note", START), durable=False)
        assert not plan.taken
        await net.stop_all()

    run_simulated(story())
