"""Audience logs in memory: their readers have everything, others find nothing, and what is erased is gone."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from xstock_node.domain.search import OfferQuery
from xstock_node.protocol import frames, paths, records
from xstock_node.protocol.errors import NotFound
from xstock_node.protocol.gossip import BucketRequest, GossipRequest, PullRequest, Range
from xstock_node.protocol.heads import Head
from xstock_node.protocol.names import LogName
from xstock_node.protocol.peer import head_path, proof_path
from xstock_node.protocol.records import Audience, Erase, Known, Offer
from xstock_node.services.answering import NodeAnswers
from xstock_node.services.node import COMPACT_SECONDS
from xstock_node.testing import SimNet, disk, make_offer, run_simulated
from xstock_node.testing.nodes import DAY

BG, HR, RS = "redcross.bg", "redcross.hr", "redcross.rs"
SAVA, PUB = LogName(BG, "see.sava"), LogName(BG, "see.pub")
Story = Callable[[SimNet], Awaitable[None]]


def audience(number: int, now: int, *names: str) -> Audience:
    return Audience(id="a" * 15 + "bcdefg"[number], ts=now, exp=now + DAY, n="A" * 16, names=names)


async def append(net: SimNet, *found: Known) -> Head:
    """Append to Bulgaria's log for the Sava."""
    network = net.nodes[BG].home
    log = network.add_log("sava")
    head = await log.append(lambda tx: [records.encode(record) for record in found])
    state = await net.nodes[BG].engine.read(lambda tx: tx.logs.state(log.log))
    assert state is not None
    network.membership.rules(log.log, state.audience)
    network.signed(log)
    return head


def tell(folder: Path, story: Story, names: Sequence[str] = (BG, HR, RS)) -> None:
    async def main() -> None:
        net = SimNet(folder)
        for name in names:
            await net.start(name, [n for n in names if n != name])
        try:
            await story(net)
        finally:
            await net.stop_all()

    run_simulated(main())


async def offers(net: SimNet, name: str) -> list[str]:
    """Ids of the live offers that a node finds in both logs."""
    now = net.clocks[name].now()
    query = OfferQuery(log="see.pub", also=("see.sava",), valid_after=now, limit=100)
    found = await net.nodes[name].engine.read(lambda tx: tx.offers.search(query))
    return sorted(o.id for s in found if isinstance(o := records.interpret(s.line), Offer))


def copies(folder: Path, name: str, *needles: bytes) -> list[str]:
    """The files of a node's database, its log ahead among them, in which a needle still stands."""
    return [p.name for p in folder.glob(f"{name}.db*") if any(needle in p.read_bytes() for needle in needles)]


# xs1 9.6, 15.2, 15.3
def test_readers_have_it_and_others_find_nothing_on_any_path(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        now = net.clocks[BG].now()
        secret = make_offer(1, now)
        head = await append(net, audience(0, now, HR), secret)
        await asyncio.sleep(600)
        assert await offers(net, HR) == [secret.id] and await offers(net, RS) == []
        assert SAVA in net.nodes[HR].replicas.heads and SAVA not in net.nodes[RS].replicas.heads
        for holder in (BG, HR):
            node, answers = net.nodes[holder], NodeAnswers(net.nodes[holder])
            hidden: list[tuple[str, str]] = [("GET", head_path(head.log)), ("GET", proof_path(head.log, 0, 2))]
            for method, target in hidden:
                path, args = paths.find(method, target)
                with pytest.raises(NotFound) as forbidden:
                    await answers.small(path.name, RS, args, b"")
                other = target.replace("see.sava", "see.tisa")
                path, args = paths.find(method, other)
                with pytest.raises(NotFound) as absent:
                    await answers.small(path.name, RS, args, b"")
                assert forbidden.value.sentence().replace("sava", "tisa") == absent.value.sentence()
            for wanted in (
                Range(log=str(head.log), start=0, count=2),
                Range(log=str(head.log), start=0, count=1, roots=True),
            ):
                with pytest.raises(NotFound):
                    await answers.pull(RS, PullRequest((wanted,)))
            page = await answers.gossip(RS, GossipRequest(network="see"), 0)
            assert page.notes and not any("sava" in note for note in page.notes)
            assert page.all == node.replicas.digest(RS) != node.replicas.digest(HR if holder == BG else BG)
            lines = await answers.buckets(RS, BucketRequest(network="see"))
            assert lines.logs and not any("sava" in line for line in lines.logs)
        assert net.nodes[BG].replicas.digest(HR) == net.nodes[HR].replicas.digest(BG)
        assert net.nodes[BG].replicas.digest(RS) == net.nodes[RS].replicas.digest(BG)

    tell(tmp_path, story)


def test_who_is_taken_off_the_list_gets_nothing_new(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        now = net.clocks[BG].now()
        await append(net, audience(0, now, HR, RS), make_offer(1, now))
        await asyncio.sleep(600)
        assert len(await offers(net, RS)) == 1
        await append(net, audience(1, now, HR), make_offer(2, now))
        await asyncio.sleep(600)
        assert len(await offers(net, HR)) == 2 and len(await offers(net, RS)) == 1

    tell(tmp_path, story)


def test_the_coarse_twin_of_an_exact_offer_is_not_counted_beside_it(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        now = net.clocks[BG].now()
        coarse = make_offer(1, now, qty=(10, 0), band=(20, 0))
        await net.publish(BG, [coarse])
        exact = make_offer(2, now, qty=(17, 0), of=coarse.id)
        await append(net, audience(0, now, HR), exact)
        await asyncio.sleep(600)
        assert await offers(net, HR) == [exact.id] and await offers(net, RS) == [coarse.id]

    tell(tmp_path, story)


def test_what_is_erased_is_gone_everywhere_and_root_and_signature_still_hold(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        now = net.clocks[BG].now()
        gone, kept = make_offer(1, now, name="Canary tent 7f3a9"), make_offer(2, now)
        await net.publish(BG, [gone, kept])
        await net.settle()
        await net.publish(BG, [Erase(id="e" * 16, ts=now, exp=now + DAY, n="A" * 16, idx=(0,))])
        await net.settle()
        for name, node in net.nodes.items():
            assert await offers(net, name) == [kept.id]
            lines = await node.engine.read(lambda tx: tx.logs.lines(PUB, 0, 3))
            assert frames.is_hash_line(lines[0])
            head = node.replicas.heads[PUB]
            assert await node.engine.read(lambda tx: tx.logs.range_root(PUB, 0, 3)) == head.root
        await asyncio.sleep(COMPACT_SECONDS)
        for name in net.nodes:
            assert copies(tmp_path, name, b"Canary tent", b"7f3a9", b"canary") == []

    tell(tmp_path, story)


def test_copies_of_what_is_erased_again_soon_wait_for_their_turn(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        now = net.clocks[BG].now()
        await net.publish(BG, [make_offer(1, now, name="Canary one"), make_offer(2, now, name="Canary two")])
        await net.settle()
        for number, patience in ((0, 30), (1, 30), (1, COMPACT_SECONDS)):
            if patience == 30:
                erase = Erase(id="ef"[number] * 16, ts=now, exp=now + DAY, n="A" * 16, idx=(number,))
                await net.publish(BG, [erase])
            await asyncio.sleep(patience)
            done = number == 0 or patience == COMPACT_SECONDS
            assert (copies(tmp_path, HR, [b"Canary one", b"Canary two"][number]) == []) == done

    tell(tmp_path, story)


def test_of_a_log_that_is_left_no_copy_stays(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        now = net.clocks[BG].now()
        await append(net, audience(0, now, HR, RS), make_offer(1, now, name="Canary tent 7f3a9"))
        await asyncio.sleep(600)
        assert copies(tmp_path, RS, b"7f3a9")
        await net.nodes[RS].replicas.leave(SAVA)
        await asyncio.sleep(COMPACT_SECONDS)
        assert copies(tmp_path, RS, b"Canary tent", b"7f3a9", b"canary") == [] != copies(tmp_path, HR, b"7f3a9")

    tell(tmp_path, story)


# xs1 7.8, 15.6
def test_what_was_erased_after_it_came_back_is_no_hole_in_what_is_still_kept_aside(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        now = net.clocks[BG].now()
        lost = [make_offer(1, now, name="Canary tent 7f3a9"), make_offer(2, now)]
        await net.publish(BG, lost[:1])
        await net.settle()
        net.cut(HR)
        await net.publish(BG, lost[1:])
        await asyncio.sleep(60)
        await net.stop(RS)
        await net.stop(BG)
        disk.remove(tmp_path / f"{BG}.db")
        await net.start(BG, [HR, RS])
        await net.publish(BG, [make_offer(3, now)])
        net.heal()
        await asyncio.sleep(600)
        lines = await net.nodes[BG].engine.read(lambda tx: tx.logs.lines(PUB, 0, 9))
        assert lines[1:] == [records.encode(lost[0])]
        await net.publish(BG, [Erase(id="e" * 16, ts=now, exp=now + DAY, n="A" * 16, idx=(1,))])
        await net.start(RS, [BG, HR])
        await asyncio.sleep(3600)
        for name in net.nodes:
            assert await offers(net, name) == sorted(make_offer(n, now).id for n in (2, 3))
            assert copies(tmp_path, name, b"Canary tent", b"7f3a9", b"canary") == []

    tell(tmp_path, story)


def test_a_newcomer_takes_erased_records_as_hashes_from_any_peer(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        await net.stop(RS)
        now = net.clocks[BG].now()
        await net.publish(BG, [make_offer(1, now), make_offer(2, now)])
        await net.publish(BG, [Erase(id="e" * 16, ts=now, exp=now + DAY, n="A" * 16, idx=(0,))])
        await net.settle()
        await net.stop(BG)
        await net.start(RS, [BG, HR])
        await net.settle()
        assert len(await offers(net, RS)) == 1

    tell(tmp_path, story)
