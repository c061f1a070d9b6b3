"""What a valid but odd log may not do: stop others, break their search, or reach beyond itself."""

from pathlib import Path
from typing import Any

import pytest

from xstock_node.domain.search import OfferQuery
from xstock_node.plugins.host import PluginHost
from xstock_node.protocol import frames, gossip, identity, limits, records
from xstock_node.protocol.errors import ProtocolError, Quota
from xstock_node.protocol.gossip import GossipRequest, PullRequest, Range
from xstock_node.protocol.heads import Head
from xstock_node.protocol.names import LogName
from xstock_node.services import ownlog
from xstock_node.services.indexing import index_lines
from xstock_node.services.office import OPERATOR, Office, OfficeSettings
from xstock_node.services.receiving import consider
from xstock_node.services.searching import SearchRequest, search
from xstock_node.services.serving import serve_pull
from xstock_node.testing import SimNet, make_offer, run_simulated
from xstock_node.testing.nodes import make_signer

A, B, C = "a.example.org", "b.example.org", "c.example.org"
LOG = "see.pub"


def in_a_net(folder: Path, story: Any) -> None:
    """Two nodes that know each other."""

    async def main() -> None:
        net = SimNet(folder)
        await net.start(A, [B])
        await net.start(B, [A])
        await story(net)
        await net.stop_all()

    run_simulated(main())


async def append(net: SimNet, name: str, *lines: bytes) -> None:
    """Put raw lines into a node's own log, whatever they are."""
    node = net.nodes[name]
    node.signed(await node.own.append(lambda tx: lines))


def test_a_line_that_breaks_every_rule_stops_nothing_and_is_counted(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        good = records.encode(make_offer(1, net.clocks[A].now()))
        await append(
            net, A, b'{"t":"zzz","bad":"\x01"}', b"\xff\xfe", b"@ not a frame", b"", b"{" + b"a" * 9000 + b"}", good
        )
        await net.settle()
        log = LogName(A, LOG)
        state = await net.nodes[B].engine.read(lambda tx: tx.logs.state(log))
        assert state.frontier.size == 6 and state.defects >= 4
        assert await net.nodes[B].engine.read(lambda tx: tx.offers.count(log, 0)) == 1
        assert (await net.nodes[B].peering.state(A)).refusals == 0

    in_a_net(tmp_path, story)


def test_a_record_from_the_far_future_is_a_defect_and_search_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An origin without the check that keeps such a record out of its own log.
    monkeypatch.setattr(ownlog, "index_lines", lambda *given: index_lines(*given)._replace(late=0))

    async def story(net: SimNet) -> None:
        now = net.clocks[A].now()
        far = 250_000_000_000
        odd = [
            records.encode(make_offer(1, far, exp=far + 10)),
            records.encode(make_offer(2, now, asof=far)),
            records.encode(make_offer(3, now, qty=(2**53 - 1, 9))),
            records.encode(make_offer(4, now, qty=(1, -9))),
            records.encode(make_offer(5, now, "Tent {0} %s \u00a0")),
        ]
        await append(net, A, *odd)
        await net.settle()
        office = Office(net.nodes[B], OfficeSettings(), PluginHost([]), tmp_path)
        hits = (await search(office, OPERATOR, SearchRequest(text="tent", expired=True))).hits
        assert len(hits) == 4 and {hit.age for hit in hits} >= {0}
        assert all(hit.valid_until < "2100" for hit in hits)

    in_a_net(tmp_path, story)


def test_a_pull_never_reaches_into_another_log(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        await append(net, A, b'{"t":"mine","n":1}')
        await append(net, B, b'{"t":"theirs","n":1}')
        await net.settle()
        node = net.nodes[A]
        head = node.own.head
        assert head is not None
        for start in (1, 1 << 40, (1 << 40) * 2, (1 << 52)):
            for roots in (False, True):
                wanted = PullRequest((Range(log=str(head.log), start=start, count=1 << 20, roots=roots),))
                body = await node.engine.read(lambda tx, wanted=wanted: serve_pull(tx, wanted))
                assert all(not frame.lines for frame in frames.parse(body)), (start, roots)

    in_a_net(tmp_path, story)


def test_a_first_head_of_absurd_size_is_not_taken_up(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        now = net.clocks[B].now()
        head = Head(LogName(C, LOG).epoch(now), 2**53 - 256, bytes(32), now, 0)
        try:
            await net.nodes[B].engine.write(lambda tx: consider(tx, head, b"note", now), durable=False)
        except Quota as error:
            assert "records" in error.expected
        else:
            raise AssertionError("it was taken up")

    in_a_net(tmp_path, story)


def test_a_node_that_nobody_can_dial_hands_out_a_log_larger_than_one_push(tmp_path: Path) -> None:
    async def main() -> None:
        net = SimNet(tmp_path)
        await net.start(A, [B], undialled=[B])
        await net.start(B, [A])
        now = net.clocks[B].now()
        long = "x" * 180
        await net.publish(B, [make_offer(n, now, f"{long} {n}") for n in range(15_000)])
        await net.settle()
        state = await net.nodes[A].engine.read(lambda tx: tx.logs.state(LogName(B, LOG)))
        assert state.frontier.size == 15_000
        assert await net.nodes[A].engine.read(lambda tx: tx.offers.count(LogName(B, LOG), now)) == 15_000
        assert (await net.nodes[A].peering.state(B)).refusals == 0
        await net.stop_all()

    run_simulated(main())


def test_pages_of_large_notes_stay_within_the_body_s_limit(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        node = net.nodes[A]
        for number in range(60):
            raw = big_identity(f"n{number}.example.org")
            node.home.membership._pinned[f"n{number}.example.org"] = "0" * 64
            await node.engine.write(
                lambda tx, n=number, raw=raw: tx.journal.put(f"identity n{n}.example.org", raw), durable=True
            )
        await node.home.membership.refresh()
        cursor, seen, pages = "", 0, 0
        while True:
            answer = await node.gossip.answer(B, GossipRequest(network="see", cursor=cursor), 0, net.clocks[A].now())
            size = len(gossip.msgspec.json.encode(answer))
            assert size <= limits.GOSSIP_BODY and len(answer.notes) <= limits.GOSSIP_NOTES
            seen, pages, cursor = seen + len(answer.notes), pages + 1, answer.cursor
            if not answer.more:
                break
        assert seen >= 60 and pages > 1

    in_a_net(tmp_path, story)


def big_identity(name: str) -> bytes:
    """An identity note of nearly eight kilobytes."""
    signing = make_signer(name)
    statement = identity.Statement(
        expires=2_000_000_000,
        keys=(identity.keys.to_base64(signing.public),),
        organisation={f"x-{n}": "y" * 270 for n in range(26)},
    )
    raw = identity.sign(name, 1, statement, make_signer(name, "root"), (signing,))
    assert 7000 < len(raw) <= limits.IDENTITY_NOTE
    return raw


def test_an_answer_that_was_lost_is_given_again(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        await net.publish(A, [make_offer(1, net.clocks[A].now())])
        await net.settle()
        node, now = net.nodes[A], net.clocks[A].now()
        node.home.membership._pinned[C] = "0" * 64
        await node.home.membership.refresh()
        first = await node.gossip.answer(C, GossipRequest(network="see"), 0, now)
        before = await node.gossip.answer(C, GossipRequest(network="see", cursor=first.cursor), 0, now)
        assert before.notes == ()
        await net.publish(A, [make_offer(2, now)])
        told = GossipRequest(network="see", cursor=before.cursor)
        lost = await node.gossip.answer(C, told, 0, now)
        again = await node.gossip.answer(C, told, 0, now)
        assert lost.notes and set(lost.notes) == set(again.notes)

    in_a_net(tmp_path, story)


def test_a_cursor_beyond_the_journal_is_taken_as_unknown(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        node, now = net.nodes[A], net.clocks[A].now()
        first = await node.gossip.answer(B, GossipRequest(network="see"), 0, now)
        journal = first.cursor.partition(".")[0]
        beyond = GossipRequest(network="see", cursor=gossip.cursor(journal, 10**9))
        answer = await node.gossip.answer(B, beyond, 0, now)
        assert answer.notes and answer.cursor != beyond.cursor

    in_a_net(tmp_path, story)


def test_a_filter_alone_walks_only_its_own_log(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        await net.publish(A, [make_offer(1, net.clocks[A].now())])
        await net.settle()
        query = OfferQuery(log="see.other", valid_after=0)
        assert await net.nodes[B].engine.read(lambda tx: tx.offers.search(query)) == []

    in_a_net(tmp_path, story)


def test_every_error_of_the_family_says_what_was_expected() -> None:
    for kind in ProtocolError.__subclasses__():
        error = kind("this", "that", "do so")
        assert str(error) == "expected this; came that; do so" and kind.code and kind.status >= 200
