"""What one member or a thousand strangers may not do: fill the others, freeze time, come back with old words."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from xstock_node.plugins.host import PluginHost
from xstock_node.protocol import frames, heads, identity, keys, limits, merkle, notes, records
from xstock_node.protocol.gossip import GossipRequest, GossipResponse, PullRequest
from xstock_node.protocol.heads import Head
from xstock_node.protocol.names import LogId
from xstock_node.protocol.peer import Peer
from xstock_node.services.answering import NodeAnswers
from xstock_node.services.office import OPERATOR, Office, OfficeSettings
from xstock_node.services.overview import PeerName, PeerView, peers
from xstock_node.services.searching import Hit, SearchRequest, search
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.sqlite.stores import SqliteTransaction
from xstock_node.testing import SimNet, make_offer, run_simulated
from xstock_node.testing.clock import START
from xstock_node.testing.nodes import make_identity, make_signer

A, B, ROGUE = "redcross.at", "redcross.bg", "rogue.example"
EPOCH = START - 100
LINES = [records.encode(make_offer(n, START)) for n in range(60)]
Story = Callable[[SimNet], Awaitable[None]]


def tell(folder: Path, story: Story) -> None:
    """Two nodes that know each other and the rogue, whose key the test has."""

    async def main() -> None:
        net = SimNet(folder)
        await net.start(A, [B, ROGUE], undialled=[ROGUE])
        await net.start(B, [A])
        await net.publish(B, [make_offer(900, START)])
        await net.settle()
        try:
            await story(net)
        finally:
            await net.stop_all()

    run_simulated(main())


def head_of(size: int, time: int = START, epoch: int = EPOCH) -> Head:
    """The rogue's head; of more records than there are it names any root."""
    root = merkle.tree_root([merkle.leaf_hash(line) for line in LINES[:size]]) if size <= len(LINES) else bytes(32)
    return Head(LogId(ROGUE, "see.pub", epoch), size, root, time, 0)


async def say(net: SimNet, head: Head, start: int = 0, lines: Sequence[bytes] = ()) -> GossipResponse:
    """The rogue shows a head, with records beside it."""
    carried = frames.encode(head.log, start, lines, len(lines)).decode() if lines else ""
    told = (heads.sign(head, make_signer(ROGUE)).decode(),)
    return await NodeAnswers(net.nodes[A]).gossip(ROGUE, GossipRequest(network="see", notes=told, frames=carried), 0)


def held(net: SimNet) -> int:
    found = [head.size for log, head in net.nodes[A].replicas.heads.items() if log.node == ROGUE]
    return found[0] if found else -1


def office(net: SimNet, name: str, folder: Path) -> Office:
    return Office(net.nodes[name], OfficeSettings(), PluginHost([]), folder)


async def view(net: SimNet, folder: Path, name: str) -> PeerView:
    return (await peers(office(net, A, folder), OPERATOR, PeerName(name=name)))[0]


async def shown(net: SimNet, folder: Path, node: str) -> list[Hit]:
    """What A's people see of a node's offers."""
    hits = (await search(office(net, A, folder), OPERATOR, SearchRequest(text="tent", limit=100))).hits
    return [hit for hit in hits if hit.node == node]


async def rows(net: SimNet) -> dict[str, int]:
    """How many rows each table of A's database has."""

    def count(tx: Transaction) -> dict[str, int]:
        assert isinstance(tx, SqliteTransaction)
        names = [r[0] for r in tx.connection.execute("select name from sqlite_master where type = 'table'")]
        return {name: tx.connection.execute(f'select count(*) from "{name}"').fetchone()[0] for name in names}

    return await net.nodes[A].engine.read(count)


# xs1 21.2
def test_a_million_records_of_one_member_wait_and_the_others_are_heard(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        await say(net, head_of(10), 0, LINES[:10])
        assert held(net) == 10
        before = await rows(net)
        for size in (1_000_010, limits.GROWTH_BURST + 11, limits.RECORDS_A_LOG):
            answer = await say(net, head_of(size))
            assert answer.want == () and held(net) == 10, "not one record of it is asked for"
        assert await rows(net) == before
        later = make_offer(901, START)
        await net.publish(B, [later])
        await asyncio.sleep(60)
        assert later.id in [hit.id for hit in await shown(net, tmp_path, B)]
        assert (await net.nodes[A].peering.state(B)).refusals == 0
        await asyncio.sleep(limits.STALE_AFTER)
        assert (await view(net, tmp_path, ROGUE)).stale and not (await view(net, tmp_path, B)).stale

    tell(tmp_path, story)


def test_what_a_log_may_grow_is_taken_and_one_more_is_not(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        await say(net, head_of(1), 0, LINES[:1])
        assert (await say(net, head_of(1 + limits.GROWTH_BURST))).want != ()
        assert (await say(net, head_of(2 + limits.GROWTH_BURST))).want == ()

    tell(tmp_path, story)


def test_live_offers_over_the_bound_are_delayed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LIVE_RECORDS", 40)

    async def story(net: SimNet) -> None:
        for end in (30, 50, 60):
            await say(net, head_of(end), max(held(net), 0), LINES[max(held(net), 0) : end])
        assert held(net) == 30, "what would go over the bound waits"
        assert len(await shown(net, tmp_path, B)) == 1

    tell(tmp_path, story)


def test_a_log_that_is_withheld_shows_as_stale_and_not_as_empty(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        await say(net, head_of(3), 0, LINES[:3])
        hits = await shown(net, tmp_path, ROGUE)
        assert len(hits) == 3 and not any(hit.stale for hit in hits)
        await asyncio.sleep(limits.STALE_AFTER + 60)
        hits = await shown(net, tmp_path, ROGUE)
        assert len(hits) == 3 and all(hit.stale for hit in hits)
        assert not any(hit.stale for hit in await shown(net, tmp_path, B)), "who is heard is fresh"
        await say(net, head_of(3, START))
        assert (await view(net, tmp_path, ROGUE)).stale, "the same words again are no sign of life"

    tell(tmp_path, story)


def test_a_head_of_the_future_or_of_the_past_is_not_taken(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        await say(net, head_of(3, START + 50), 0, LINES[:3])
        now = net.clocks[A].now()
        for odd in (
            head_of(4, now + limits.AHEAD + 60),
            head_of(4, now, epoch=now + limits.AHEAD + 60),
            head_of(4, START + 49),
            head_of(4, START + 60, epoch=EPOCH - 1),
        ):
            await say(net, odd, 3, LINES[3:4])
            assert held(net) == 3, odd
        await say(net, head_of(4, START + 60), 3, LINES[3:4])
        assert held(net) == 4, "an honest one goes on"

    tell(tmp_path, story)


def test_a_thousand_strangers_leave_no_row_and_little_memory(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        before, node = await rows(net), net.nodes[A]
        strangers = [f"n{number}.example" for number in range(1_000)]
        for start in range(0, 1_000, 100):
            told = []
            for name in strangers[start : start + 100]:
                head = Head(LogId(name, "see.pub", EPOCH), 1, bytes(32), START, 0)
                told += [make_identity(name)[0].raw.decode(), heads.sign(head, make_signer(name)).decode()]
            answer = await NodeAnswers(node).gossip(ROGUE, GossipRequest(network="see", notes=tuple(told)), 0)
            assert answer.want == ()
        after = await rows(net)
        assert {k: n for k, n in after.items() if n != before[k] and k != "peer"} == {}
        assert after["peer"] - before["peer"] <= 1, "the member that brought them"
        assert len(node.home.learning.room) <= limits.UNKNOWN_NOTES
        assert [node.directory.get(name) for name in strangers] == [None] * 1_000
        assert not await shown(net, tmp_path, "n1.example")

    tell(tmp_path, story)


class Liar:
    """Answers every round with nothing new, every pull with records that were never signed."""

    def __init__(self, name: str, peer: Peer) -> None:
        self.name, self._peer, self.asked = name, peer, 0

    async def gossip(self, request: GossipRequest, wait: float = 0.0) -> GossipResponse:
        self.asked += 1
        await asyncio.sleep(wait or 0.05)
        return GossipResponse(cursor="lie.1", all=request.all)

    async def pull(self, request: PullRequest) -> bytes:
        return frames.encode(LogId(B, "see.pub", EPOCH), 0, LINES[:1], 1)

    async def push(self, body: bytes) -> int:
        return 1

    def __getattr__(self, name: str) -> object:
        return getattr(self._peer, name)


@pytest.mark.parametrize("liars", [4, 7])
def test_of_so_many_dialled_peers_one_honest_is_enough(tmp_path: Path, liars: int) -> None:
    """Liars that say there is nothing new do not keep news away while one peer tells the truth."""

    async def main() -> None:
        net = SimNet(tmp_path)
        lying = [f"liar{n}.example" for n in range(liars)]
        around: dict[str, Liar] = {}

        def wrap(caller: str, name: str, peer: Peer) -> Peer:
            if caller == A and name in lying:
                return around.setdefault(name, Liar(name, peer))  # type: ignore[return-value]
            return peer

        net.wrap = wrap
        for name in lying:
            await net.start(name, [A])
        await net.start(B, [A], undialled=[A])
        await net.start(A, [*lying, B])
        await net.publish(B, [make_offer(7, START)])
        log = LogId(B, "see.pub", EPOCH).name
        began = asyncio.get_running_loop().time()
        while log not in net.nodes[A].replicas.heads or not net.nodes[A].replicas.heads[log].size:
            assert asyncio.get_running_loop().time() - began < 3 * limits.ROUND_MAX
            await asyncio.sleep(1)
        assert sum(liar.asked for liar in around.values()) > 0
        await net.stop_all()

    run_simulated(main())


def test_an_identity_of_a_name_with_another_root_key_replaces_nothing(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        signing, root = make_signer(B, "other"), make_signer(B, "other root")
        statement = identity.Statement(expires=2_000_000_000, keys=(keys.to_base64(signing.public),))
        forged = identity.sign(B, 9, statement, root, (signing,))
        before = net.nodes[A].directory.get(B)
        await NodeAnswers(net.nodes[A]).gossip(ROGUE, GossipRequest(network="see", notes=(forged.decode(),)), 0)
        assert net.nodes[A].directory.get(B) == before
        assert notes.parse(forged, limits.IDENTITY_NOTE).signers()[0].startswith(B)

    tell(tmp_path, story)
