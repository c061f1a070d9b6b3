"""Keys that are rotated or stolen, root keys that change, and networks that share a member but nothing else."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from shutil import copyfile

import pytest

from tests.networks.kit import ChartedNet, make_charter, make_member
from xstock_node.domain.search import OfferQuery
from xstock_node.protocol import heads, limits, merkle, records
from xstock_node.protocol.errors import NotFound
from xstock_node.protocol.gossip import GossipRequest
from xstock_node.protocol.heads import Head
from xstock_node.protocol.keys import Signer
from xstock_node.protocol.names import LogName
from xstock_node.protocol.records import Offer
from xstock_node.services.answering import NodeAnswers
from xstock_node.testing import make_offer, run_simulated

BG, HR, ME, RO = "bg.example", "hr.example", "me.example", "ro.example"
Story = Callable[[ChartedNet], Awaitable[None]]


def tell(folder: Path, story: Story) -> None:
    """Bulgaria and Croatia govern `see`; Montenegro is its member."""

    async def main() -> None:
        net = ChartedNet(folder)
        see, members = make_charter("see", [BG, HR]), {n: make_member(n) for n in (BG, HR, ME)}
        known = [m[0] for m in members.values()]
        for name in (BG, HR, ME):
            await net.enter(members[name], [see], known)
        for governor in (BG, HR):
            await net.vouch(governor, members[ME][0])
        await until(lambda: all(n.directory.get(ME) is not None for n in net.nodes.values()))
        try:
            await story(net)
        finally:
            await net.stop_all()

    run_simulated(main())


async def until(true: Callable[[], bool], seconds: float = 1200.0) -> None:
    began = asyncio.get_running_loop().time()
    while not true():
        assert asyncio.get_running_loop().time() - began < seconds, "never came true"
        await asyncio.sleep(0.5)


async def found(net: ChartedNet, name: str, log: str = "see.pub") -> list[str]:
    """Ids of live offers that a node finds."""
    query = OfferQuery(log=log, valid_after=net.clocks[name].now(), limit=100)
    stored = await net.nodes[name].engine.read(lambda tx: tx.offers.search(query))
    return sorted(o.id for s in stored if isinstance(o := records.interpret(s.line), Offer))


def size(net: ChartedNet, name: str, log: LogName) -> int:
    held = net.nodes[name].home.replicas.heads.get(log)
    return held.size if held else -1


def test_a_rotated_key_goes_on_in_a_new_head_and_the_old_one_is_refused(tmp_path: Path) -> None:
    async def story(net: ChartedNet) -> None:
        log = LogName(ME, "see.pub")
        await net.publish(ME, [make_offer(1, net.clocks[ME].now())])
        await until(lambda: size(net, BG, log) == 1)
        old = net.nodes[ME].signer
        await net.stop(ME)
        see, again = make_charter("see", [BG, HR]), make_member(ME, version=2, key="second")
        await net.enter(again, [see], [make_member(BG)[0], make_member(HR)[0]])
        await net.publish(ME, [make_offer(2, net.clocks[ME].now())])
        await until(lambda: size(net, BG, log) == size(net, HR, log) == 2)
        node = net.nodes[BG]
        held = node.home.replicas.heads[log]
        forged = heads.sign(held._replace(size=held.size + 1, time=held.time + 1), old)
        refusals = (await node.peering.state(HR)).refusals
        await node.home.learning.learn(HR, [forged.decode()])
        assert (await node.peering.state(HR)).refusals == refusals + 1 and size(net, BG, log) == 2
        assert node.directory.find_key(ME, old.key_id) is None

    tell(tmp_path, story)


async def robbed(net: ChartedNet, log: LogName) -> tuple[Offer, int]:
    """Montenegro's one offer is everywhere when its node stops and its key is stolen: the offer, and when that was."""
    mine = make_offer(1, net.clocks[ME].now())
    await net.publish(ME, [mine])
    await until(lambda: size(net, BG, log) == size(net, HR, log) == 1)
    await net.stop(ME)
    return mine, net.clocks[ME].now()


# xs1 7.9, 12.6
def test_what_a_stolen_key_signed_is_void_once_its_owner_says_so(tmp_path: Path) -> None:
    async def story(net: ChartedNet) -> None:
        log, see = LogName(ME, "see.pub"), make_charter("see", [BG, HR])
        mine, stolen = await robbed(net, log)
        await asyncio.sleep(60)
        thief = await net.enter(make_member(ME), [see], [make_member(BG)[0], make_member(HR)[0]], folder="thief")
        await until(lambda: size(net, "me.example", log) >= 1)
        await net.publish(ME, [make_offer(66, net.clocks[ME].now())])
        await until(lambda: size(net, BG, log) == size(net, HR, log) == 2)
        await net.stop(ME)
        assert thief.own.head is not None and thief.own.head.log.epoch > stolen
        again = make_member(ME, version=2, key="second", epoch=stolen)
        await net.enter(again, [see], [make_member(BG)[0], make_member(HR)[0]])

        async def clean() -> bool:
            return await found(net, BG) == await found(net, HR) == [mine.id]

        for _ in range(600):
            if await clean():
                break
            await asyncio.sleep(1)
        assert await clean()
        await asyncio.sleep(900)
        assert await clean(), "nobody appends again what the thief wrote"

    tell(tmp_path, story)


# xs1 7.9
def test_every_epoch_of_the_thief_is_taken_back_before_the_owner_says_anything_new(tmp_path: Path) -> None:
    async def story(net: ChartedNet) -> None:
        log, see = LogName(ME, "see.pub"), make_charter("see", [BG, HR])
        mine, stolen = await robbed(net, log)
        copyfile(net.folder / f"{ME}.db", net.folder / "thief.db")
        for number in (66, 67):
            await asyncio.sleep(60)
            await net.enter(make_member(ME), [see], [make_member(BG)[0], make_member(HR)[0]], folder="thief")
            await until(lambda: size(net, ME, log) >= 1)
            await net.publish(ME, [make_offer(number, net.clocks[ME].now())])
            await until(lambda n=number: size(net, BG, log) == size(net, HR, log) == n - 64)  # type: ignore[misc]
            await net.stop(ME)
        again = make_member(ME, version=2, key="second", epoch=stolen)[0]
        for name in (BG, HR):
            await net.nodes[name].home.learning.learn(BG if name == HR else HR, [again.raw.decode()])
            assert await found(net, name) == [mine.id]
            assert await net.nodes[name].engine.read(lambda tx: tx.logs.asides(log)) == []

    tell(tmp_path, story)


# xs1 7.9
def test_after_a_theft_who_shows_a_lower_epoch_than_the_thief_opened_replays_nothing(tmp_path: Path) -> None:
    async def story(net: ChartedNet) -> None:
        log, node, now = LogName(ME, "see.pub"), net.nodes[HR], net.clocks[HR].now()
        again, new = make_member(ME, version=2, key="second", epoch=now)
        await until(lambda: log in node.home.replicas.heads)
        await net.stop(ME)

        async def told(epoch: int, signer: Signer) -> int:
            """Bulgaria shows an empty head of that epoch; the epoch that Croatia holds then."""
            head = Head(log.epoch(epoch), 0, merkle.EMPTY_ROOT, max(epoch, net.clocks[HR].now()), 0)
            await node.home.learning.learn(BG, [heads.sign(head, signer).decode()])
            return node.home.replicas.heads[log].log.epoch

        assert await told(now + 500, make_member(ME)[1]) == now + 500
        await asyncio.sleep(limits.REORDERED + 1)
        await node.home.learning.learn(BG, [again.raw.decode()])
        assert await told(now + 10, new) == now + 10
        assert await told(now + 20, new) == now + 20
        assert await told(now + 600, make_member(ME)[1]) == now + 20, "the old key opens nothing any more"

    tell(tmp_path, story)


@pytest.mark.heavy
def test_a_new_root_key_takes_over_after_72_hours_in_view_of_all(tmp_path: Path) -> None:
    async def story(net: ChartedNet) -> None:
        old, new = make_member(ME)[0], make_member(ME, version=1, key="third", root="second root")
        await net.stop(ME)
        await asyncio.sleep(3600)
        for governor in (BG, HR):
            await net.vouch(governor, new[0])
        node = net.nodes[BG]
        await until(lambda: bool(node.home.membership.standings()[ME].next_root))
        standing = node.home.membership.standings()[ME]
        assert standing.root != standing.next_root and standing.next_from - net.clocks[BG].now() > 71 * 3600
        assert node.directory.get(ME) is not None and node.directory.get(ME).root == old.root  # type: ignore[union-attr]
        await asyncio.sleep(limits.ROOT_CHANGE + 120)
        assert net.nodes[HR].home.membership.standings()[ME].root == standing.next_root
        assert node.directory.get(ME) is None, "what the old root signed is not taken any more"
        await net.enter(new, [make_charter("see", [BG, HR])], [make_member(BG)[0], make_member(HR)[0]])
        await net.publish(ME, [make_offer(7, net.clocks[ME].now())])
        await until(lambda: size(net, BG, LogName(ME, "see.pub")) >= 1, 3600)

    tell(tmp_path, story)


def test_two_networks_share_a_member_and_nothing_else(tmp_path: Path) -> None:
    async def story(net: ChartedNet) -> None:
        black, see = make_charter("black-sea", [BG, RO]), make_charter("see", [BG, HR])
        romania = make_member(RO, ["black-sea"])
        await net.stop(BG)
        both = make_member(BG, ["see", "black-sea"], version=2)
        await net.enter(both, [see, black], [romania[0], make_member(HR)[0], make_member(ME)[0]])
        await net.enter(romania, [black], [both[0]])
        await until(lambda: RO in net.nodes[BG].networks["black-sea"].gossip.peers)
        await net.publish(ME, [make_offer(1, net.clocks[ME].now())])
        await net.publish(RO, [make_offer(2, net.clocks[RO].now())])
        log = LogName(RO, "black-sea.pub")
        await until(lambda: log in net.nodes[BG].networks["black-sea"].replicas.heads)
        await until(lambda: size(net, BG, LogName(ME, "see.pub")) == 1)
        await asyncio.sleep(900)
        assert [len(await found(net, n)) for n in (BG, HR, ME, RO)] == [1, 1, 1, 0]
        assert [len(await found(net, n, "black-sea.pub")) for n in (BG, HR, ME, RO)] == [1, 0, 0, 1]
        for name in (HR, ME):
            assert net.nodes[name].directory.get(RO) is None
        answers = NodeAnswers(net.nodes[BG])
        for caller, network in ((RO, "see"), (HR, "black-sea")):
            with pytest.raises(NotFound):
                await answers.gossip(caller, GossipRequest(network=network), 0)
        with pytest.raises(NotFound):
            await answers.small("identity", HR, {"name": RO}, b"")

    tell(tmp_path, story)


def test_observers_read_and_their_offers_are_not_shown(tmp_path: Path) -> None:
    async def story(net: ChartedNet) -> None:
        from xstock_node.services.offer_sums import CountriesAsked, PlacesAsked, countries, places
        from xstock_node.services.office import OPERATOR
        from xstock_node.services.searching import SearchRequest, search

        visitor = make_member(RO)
        for governor in (BG, HR):
            await net.vouch(governor, visitor[0], tier="observer")
        await net.enter(visitor, [make_charter("see", [BG, HR])], [make_member(n)[0] for n in (BG, HR)])
        await net.publish(ME, [make_offer(1, net.clocks[ME].now())])
        await until(lambda: size(net, RO, LogName(ME, "see.pub")) == 1)
        await net.publish(RO, [make_offer(2, net.clocks[RO].now())])
        await until(lambda: size(net, BG, LogName(RO, "see.pub")) == 1)
        hits = (await search(net.office(BG), OPERATOR, SearchRequest(text="tent"))).hits
        assert [hit.node for hit in hits] == [ME]
        for asked in (PlacesAsked(), PlacesAsked(item=hits[0].item)):
            assert [row.node for row in await places(net.office(BG), OPERATOR, asked)] == [ME]
        assert [row.offers for row in await countries(net.office(BG), OPERATOR, CountriesAsked())] == [1]

    tell(tmp_path, story)
