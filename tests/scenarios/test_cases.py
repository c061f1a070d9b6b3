"""Cases between nodes in memory: the supplier decides, receipts, relays, repeats, a restore, witnesses."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from xstock_node.domain.operations import State
from xstock_node.protocol import heads, messages
from xstock_node.protocol.errors import Fork, Gap, NotFound, ProtocolError, WrongStep
from xstock_node.protocol.messages import Link
from xstock_node.protocol.names import LogName
from xstock_node.services.answering import NodeAnswers
from xstock_node.services.casework import Casework, pack
from xstock_node.services.errors import Refusal
from xstock_node.services.promises import over_promised
from xstock_node.testing import SimNet, make_offer, run_simulated
from xstock_node.testing.nodes import make_signer

BG, HR, RS = "redcross.bg", "redcross.hr", "redcross.rs"
ITEM = "HSHETENTF16C"
Story = Callable[[SimNet], Awaitable[None]]


def lines(quantity: int) -> list[dict[str, Any]]:
    return [{"item": ITEM, "qty": [quantity, 0], "unit": "H87"}]


def tell(folder: Path, story: Story, relays: dict[str, tuple[str, ...]] | None = None) -> None:
    """Three nodes that know each other; Croatia offers 100 tents."""

    async def main() -> None:
        net = SimNet(folder)
        net.relays = relays or {}
        for name in (BG, HR, RS):
            await net.start(name, [n for n in (BG, HR, RS) if n != name])
        await net.publish(HR, [make_offer(90, net.clocks[HR].now())])
        await net.settle()
        try:
            await story(net)
        finally:
            await net.stop_all()

    run_simulated(main())


def cases(net: SimNet, name: str) -> Casework:
    return net.nodes[name].correspondence.of().casework


async def until(true: Callable[[], Awaitable[bool]], seconds: float = 120.0) -> float:
    began = asyncio.get_running_loop().time()
    while not await true():
        assert asyncio.get_running_loop().time() - began < seconds, "never came true"
        await asyncio.sleep(0.5)
    return asyncio.get_running_loop().time() - began


async def arrives(net: SimNet, name: str, case: str, count: int, seconds: float = 120.0) -> float:
    """Wait until a node holds so many messages of a case."""

    async def there() -> bool:
        held = await net.nodes[name].engine.read(lambda tx: tx.cases.messages(case))
        return len([m for m in held if not m.void]) >= count

    return await until(there, seconds)


async def state(net: SimNet, name: str, case: str) -> State | None:
    return (await cases(net, name).read(case)).state()


async def agree_on(net: SimNet, quantity: int, requester: str = BG) -> str:
    """Request, offer, accept, confirm."""
    sent = await cases(net, requester).open(HR, {"step": "request", "lines": lines(quantity)})
    await arrives(net, HR, sent.case, 1)
    await cases(net, HR).send(sent.case, {"step": "offer", "lines": lines(quantity)})
    await arrives(net, requester, sent.case, 2)
    await cases(net, requester).send(sent.case, {"step": "accept"})
    await arrives(net, HR, sent.case, 3)
    await cases(net, HR).send(sent.case, {"step": "confirm"})
    await arrives(net, requester, sent.case, 4)
    return sent.case


def test_both_sides_fold_the_same_state_and_hold_each_other_s_receipts(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        case = await agree_on(net, 40)
        assert await state(net, BG, case) is await state(net, HR, case) is State.CONFIRMED

        async def receipted() -> bool:
            held = [await net.nodes[n].engine.read(lambda tx: tx.cases.messages(case)) for n in (BG, HR)]
            return all(m.receipt for side in held for m in side)

        await until(receipted)
        assert await net.nodes[BG].engine.read(lambda tx: tx.cases.outbox()) == []

    tell(tmp_path, story)


# xs1 16.11
def test_the_supplier_never_promises_more_than_it_offers(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        await agree_on(net, 60)
        second = await cases(net, RS).open(HR, {"step": "request", "lines": lines(60)})
        await arrives(net, HR, second.case, 1)
        with pytest.raises(Refusal) as refused:
            await cases(net, HR).send(second.case, {"step": "offer", "lines": lines(60)})
        assert refused.value.code == "not-available"
        await cases(net, HR).send(second.case, {"step": "offer", "lines": lines(40)})
        node = net.nodes[HR]
        assert await node.engine.read(lambda tx: over_promised(tx, node.home, node.clock.now())) == []

    tell(tmp_path, story)


# xs1 16.12
def test_stock_of_a_cancelled_confirmation_is_free_when_its_receipt_is_held(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        case = await agree_on(net, 100)
        net.cut(BG)
        await cases(net, HR).send(case, {"step": "cancel-own"})
        second = await cases(net, RS).open(HR, {"step": "request", "lines": lines(100)})
        await arrives(net, HR, second.case, 1)
        with pytest.raises(Refusal, match="at most 0"):
            await cases(net, HR).send(second.case, {"step": "offer", "lines": lines(100)})
        net.heal()
        await arrives(net, BG, case, 5, seconds=3600)

        async def receipted() -> bool:
            held = await net.nodes[HR].engine.read(lambda tx: tx.cases.messages(case))
            return all(m.receipt for m in held if m.writer == HR)

        await until(receipted)
        await cases(net, HR).send(second.case, {"step": "offer", "lines": lines(100)})

    tell(tmp_path, story)


def test_a_proposal_that_crossed_the_supplier_s_decision_is_void(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        sent = await cases(net, BG).open(HR, {"step": "request", "lines": lines(10)})
        await arrives(net, HR, sent.case, 1)
        await cases(net, HR).send(sent.case, {"step": "offer", "lines": lines(10)})
        await arrives(net, BG, sent.case, 2)
        net.cut(BG)
        await cases(net, BG).send(sent.case, {"step": "accept"})
        await cases(net, HR).send(sent.case, {"step": "withdraw"})
        net.heal()
        await arrives(net, HR, sent.case, 4, seconds=3600)
        await arrives(net, BG, sent.case, 4, seconds=3600)
        assert await state(net, BG, sent.case) is await state(net, HR, sent.case) is State.WITHDRAWN
        with pytest.raises(Refusal) as refused:
            await cases(net, HR).send(sent.case, {"step": "confirm"})
        assert refused.value.code == "step"

    tell(tmp_path, story)


async def say(net: SimNet, writer: str, case: str, n: int, previous: str, body: bytes, **how: Any) -> bytes:
    """Sign a message by hand and post it to Croatia's inbox; the receipt."""
    node, start = net.nodes[writer], how.get("start", net.nodes[writer].start_number)
    seen = how.get("seen", messages.NOTHING)
    text = messages.write(
        "see", writer, how.get("to", HR), case, Link(start, n, ""), previous, seen, node.clock.now(), body
    )
    raw = messages.sign(text, make_signer(how.get("key", writer)))
    answers = NodeAnswers(net.nodes[HR])
    return await answers.small("inbox", how.get("caller", writer), {}, pack(raw, how.get("side", ())))


REQUEST = b'{"step":"request","lines":[]}'
CASE = "a" * 16


@pytest.mark.parametrize(
    ("body", "how", "error"),
    [
        (b'{"step":"confirm"}', {}, NotFound),
        (REQUEST, {"n": 2, "previous": "0" * 64}, NotFound),
        (REQUEST, {"caller": RS}, ProtocolError),
        (REQUEST, {"key": RS}, ProtocolError),
        (REQUEST, {"to": RS}, ProtocolError),
        (REQUEST, {"case": "x" + "a" * 15}, WrongStep),
        (REQUEST, {"side": (b'{"kind":"name","text":"Ana","n":"AAAAAAAAAAAAAAAA"}',)}, ProtocolError),
        (b'{"step":"dance"}', {}, NotFound),
        (b'["request"]', {}, ProtocolError),
    ],
)
# xs1 16.16
def test_a_message_out_of_order_or_by_the_wrong_party_is_refused(
    tmp_path: Path, body: bytes, how: dict[str, Any], error: type[ProtocolError]
) -> None:
    async def story(net: SimNet) -> None:
        case, n, previous = how.pop("case", CASE), how.pop("n", 1), how.pop("previous", "")
        with pytest.raises(error):
            await say(net, BG, case, n, previous, body, **how)
        assert await net.nodes[HR].engine.read(lambda tx: tx.cases.get(case)) is None

    tell(tmp_path, story)


# xs1 16.5, 17.7
def test_the_same_message_again_gets_the_same_receipt_and_another_text_is_a_fork(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        first = await say(net, BG, CASE, 1, "", REQUEST)
        assert await say(net, BG, CASE, 1, "", REQUEST) == first
        with pytest.raises(Fork):
            await say(net, BG, CASE, 1, "", b'{"step":"notify"}')
        assert len(await net.nodes[HR].engine.read(lambda tx: tx.cases.forks(CASE))) == 1
        of = messages.parse_receipt(first).of
        with pytest.raises(Gap) as gap:
            await say(net, BG, CASE, 3, of.hash, b'{"step":"cancel"}')
        assert gap.value.held == 1
        with pytest.raises(WrongStep):
            await say(net, BG, CASE, 2, of.hash, b'{"step":"accept"}')
        with pytest.raises(WrongStep):
            await say(net, BG, CASE, 2, of.hash, b'{"step":"confirm"}')

    tell(tmp_path, story)


# xs1 17.3
def test_a_message_to_a_node_that_is_off_comes_by_a_relay_that_cannot_read_it(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        await net.stop(HR)
        side = b'{"kind":"phone","text":"+385 1 234","n":"AAAAAAAAAAAAAAAA"}'
        sent = await cases(net, BG).open(HR, {"step": "request", "lines": lines(5)}, [side])

        async def at_the_relay() -> bool:
            return bool(await net.nodes[RS].engine.read(lambda tx: tx.mail.list(HR)))

        await until(at_the_relay)
        kept = (await net.nodes[RS].engine.read(lambda tx: tx.mail.list(HR)))[0]
        blob = (await net.nodes[RS].engine.read(lambda tx: tx.mail.get(HR, kept.hash))).data
        assert sent.raw[:60] not in blob and b"+385" not in blob and kept.sender == BG
        net.cut(BG)
        await net.start(HR, [BG, RS])
        took = await arrives(net, HR, sent.case, 1)
        assert took <= 60, "two rounds"
        assert await net.nodes[HR].engine.read(lambda tx: list(tx.cases.side_lines(sent.case).values())) == [side]
        await net.nodes[HR].correspondence.of().delivering.unseal(BG, blob)
        held = await net.nodes[HR].engine.read(lambda tx: tx.cases.messages(sent.case))
        assert len(held) == 1, "the same by two roads changes nothing"

    tell(tmp_path, story, relays={HR: (RS,), BG: (RS,)})


# xs1 17.6
def test_a_receipt_comes_back_by_the_sender_s_relay(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        net.is_cut = lambda a, b: {a, b} == {BG, HR}  # type: ignore[method-assign]
        sent = await cases(net, BG).open(HR, {"step": "request", "lines": lines(5)})
        await arrives(net, HR, sent.case, 1, seconds=600)

        async def receipted() -> bool:
            held = await net.nodes[BG].engine.read(lambda tx: tx.cases.messages(sent.case))
            return bool(held[0].receipt)

        await until(receipted, seconds=600)

    tell(tmp_path, story, relays={HR: (RS,), BG: (RS,)})


# xs1 16.14
def test_a_restored_supplier_promises_nothing_before_the_cases_were_compared(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        await net.stop(HR)
        shutil.copy(tmp_path / f"{HR}.db", tmp_path / "older.db")
        await net.start(HR, [BG, RS])
        case = await agree_on(net, 100)
        second = await cases(net, RS).open(HR, {"step": "request", "lines": lines(100)})
        await arrives(net, HR, second.case, 1)
        await net.stop(HR)
        await net.start(HR, [BG, RS], folder="older")
        assert "newer heads" in net.nodes[HR].home.was_restored
        await arrives(net, HR, case, 4, seconds=600)
        assert await state(net, HR, case) is State.CONFIRMED
        await arrives(net, HR, second.case, 1, seconds=600)
        with pytest.raises(Refusal) as refused:
            await cases(net, HR).send(second.case, {"step": "offer", "lines": lines(100)})
        assert refused.value.code in ("not-available", "doubtful-start")

    tell(tmp_path, story)


# xs1 16.14
def test_a_message_that_comes_while_a_node_begins_does_not_make_it_look_restored(tmp_path: Path) -> None:
    """Its receipt is a line of the own audit log, whose head then is newer than the one the folder began with."""

    async def story(net: SimNet) -> None:
        case = await agree_on(net, 5)
        home = net.nodes[HR].home
        net.cut(BG, HR)
        await cases(net, BG).send(case, {"step": "told"})
        held = await net.nodes[BG].engine.read(lambda tx: tx.cases.messages(case))
        new = next(m for m in held if b'"step":"told"' in m.raw)
        audit = home.logs[LogName(HR, "see.audit")]
        before, peers = audit.head, dict(home.gossip.peers)

        async def meanwhile(peer: Any, now: int, fresh: bool) -> bool:
            await cases(net, HR).take(BG, pack(new.raw))
            return fresh

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(home.gossip, "round", meanwhile)
            await home.ask_before_opening(peers)
        assert audit.head != before and home.was_restored == ""

    tell(tmp_path, story)


def test_while_a_member_does_not_answer_a_restored_supplier_waits(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        await net.stop(HR)
        shutil.copy(tmp_path / f"{HR}.db", tmp_path / "older.db")
        await net.start(HR, [BG, RS])
        await agree_on(net, 100)
        await net.stop(HR)
        net.is_cut = lambda a, b: {a, b} == {BG, HR}  # type: ignore[method-assign]
        await net.start(HR, [BG, RS], folder="older")
        second = await cases(net, RS).open(HR, {"step": "request", "lines": lines(100)})
        await arrives(net, HR, second.case, 1, seconds=600)
        with pytest.raises(Refusal) as refused:
            await cases(net, HR).send(second.case, {"step": "offer", "lines": lines(100)})
        assert (refused.value.code, BG in refused.value.came) == ("doubtful-start", True)

    tell(tmp_path, story)


# xs1 18.2
def test_peers_witness_the_audit_head_within_a_minute(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        await agree_on(net, 10)
        log = LogName(HR, "see.audit")

        async def witnessed() -> bool:
            found = await net.nodes[HR].engine.read(lambda tx: tx.witnesses.cosignatures(log))
            return {c.witness for c in found} == {BG, RS}

        assert await until(witnessed) <= 60
        held = await net.nodes[BG].engine.read(lambda tx: tx.witnesses.held(log))
        assert heads.parse(held)[0].size >= 3
        answers = NodeAnswers(net.nodes[HR])
        from xstock_node.protocol.gossip import PullRequest, Range

        head = heads.parse(held)[0]
        with pytest.raises(NotFound):
            await answers.pull(BG, PullRequest((Range(log=str(head.log), start=0, count=1),)))

    tell(tmp_path, story)


# xs1 16.20
def test_a_step_whose_fields_have_other_types_is_neither_signed_nor_taken(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        bad = {"step": "request", "lines": lines(3), "people": "many"}
        with pytest.raises(Refusal) as refused:
            await cases(net, BG).open(HR, bad)
        assert refused.value.code == "bad-step"
        case = await agree_on(net, 3)
        found = await cases(net, BG).read(case)
        seen = found.last(HR)
        text = messages.write(
            "see",
            BG,
            HR,
            case,
            Link(net.nodes[BG].start_number, found.last(BG).n + 1, ""),
            found.last(BG).hash,
            seen,
            net.clocks[BG].now(),
            b'{"step":"received","counts":"all"}',
        )
        raw = messages.sign(text, make_signer(BG))
        with pytest.raises(ProtocolError, match=r"steps\.json"):
            await cases(net, HR).take(BG, pack(raw))

    tell(tmp_path, story)
