"""Who stole a signing key dates an acceptance back: new identity and witnesses leave it without force."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.test_cases import BG, HR, RS, arrives, cases, lines, state, tell, until
from xstock_node.domain.operations import State
from xstock_node.protocol import heads, identity, keys, merkle, messages, witness
from xstock_node.protocol.errors import BadSignature, Fork, Gap, ProtocolError
from xstock_node.protocol.identity import Statement
from xstock_node.protocol.messages import Link
from xstock_node.protocol.names import LogName
from xstock_node.protocol.witness import WitnessRequest
from xstock_node.services.answering import NodeAnswers
from xstock_node.services.casework import pack
from xstock_node.testing import SimNet
from xstock_node.testing.nodes import DAY, make_signer

OLD, NEW = make_signer(BG), make_signer(BG, "after the theft")
AUDIT = LogName(BG, "see.audit")
Story = Callable[[SimNet], Awaitable[None]]


async def offered(net: SimNet) -> str:
    """A case that waits for Bulgaria's acceptance."""
    sent = await cases(net, BG).open(HR, {"step": "request", "lines": lines(40)})
    await arrives(net, HR, sent.case, 1)
    await cases(net, HR).send(sent.case, {"step": "offer", "lines": lines(40)})
    await arrives(net, BG, sent.case, 2)
    return sent.case


async def forged(net: SimNet, case: str) -> bytes:
    """The thief's acceptance, of last month, in its place in the chain."""
    found = await cases(net, HR).read(case)
    own, seen = found.last(BG), found.last(HR)
    start, then = own.start, net.clocks[BG].now() - 30 * DAY
    body = b'{"step":"accept"}'
    link = Link(start, own.n + 1, "")
    return messages.sign(messages.write("see", BG, HR, case, link, own.hash, seen, then, body), OLD)


def renew(net: SimNet) -> None:
    """Bulgaria's new identity, without the stolen key, reaches everybody."""
    statement = Statement(expires=2_000_000_000, keys=(keys.to_base64(NEW.public),), networks=("see",))
    raw = identity.sign(BG, 2, statement, make_signer(BG, "root"), (NEW,))
    for name in (HR, RS):
        net.nodes[name].directory.renew(raw)


# xs1 12.6
def test_an_acceptance_dated_back_binds_nobody_once_the_key_is_known_to_be_stolen(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        case = await offered(net)
        raw = await forged(net, case)
        renew(net)
        casework, delivering = cases(net, HR), net.nodes[HR].correspondence.of().delivering
        for road in (casework.take(BG, pack(raw)), casework.take(BG, pack(raw), in_exchange=True)):
            with pytest.raises(BadSignature):
                await road
        with pytest.raises(ProtocolError):
            await NodeAnswers(net.nodes[HR]).small("inbox", BG, {}, pack(raw))
        delivering.open = lambda sender, blob: blob  # type: ignore[method-assign]
        with pytest.raises(BadSignature):
            await delivering.unseal(BG, pack(raw))
        assert await state(net, HR, case) is State.OFFERED
        held = await net.nodes[HR].engine.read(lambda tx: tx.cases.messages(case))
        assert len(held) == 2

    tell(tmp_path, story)


def test_before_that_it_counts_from_when_its_receipt_was_written_not_from_its_date(tmp_path: Path) -> None:
    """What HR keeps of it is its own time: the date that the writer chose proves nothing."""

    async def story(net: SimNet) -> None:
        case = await offered(net)
        before = net.clocks[HR].now()
        receipt = messages.parse_receipt(await cases(net, HR).take(BG, pack(await forged(net, case))))
        assert before <= receipt.time <= net.clocks[HR].now()
        held = await net.nodes[HR].engine.read(lambda tx: tx.cases.messages(case))
        assert held[-1].at >= before

    tell(tmp_path, story)


async def witnessed(net: SimNet) -> tuple[heads.Head, list[bytes]]:
    """Bulgaria's audit head as Croatia and Serbia saw it, and its leaves."""
    await net.nodes[BG].correspondence.of().audit.show()

    async def seen() -> bool:
        found = await net.nodes[BG].engine.read(lambda tx: tx.witnesses.cosignatures(AUDIT))
        return {c.witness for c in found} == {HR, RS}

    await until(seen)
    head = heads.parse(await net.nodes[HR].engine.read(lambda tx: tx.witnesses.held(AUDIT)))[0]
    return head, await net.nodes[BG].engine.read(lambda tx: tx.logs.leaves(AUDIT, 0, head.size))


def test_no_tree_that_others_witnessed_has_a_leaf_of_it(tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        case = await offered(net)
        head, leaves = await witnessed(net)
        leaf = merkle.leaf_hash(await forged(net, case))
        assert leaf not in leaves
        for index in range(head.size):
            path = merkle.inclusion_path(index, head.size, lambda a, b: merkle.tree_root(leaves[a:b]))
            merkle.verify_inclusion(leaves[index], index, head.size, path, head.root)
            with pytest.raises(ProtocolError):
                merkle.verify_inclusion(leaf, index, head.size, path, head.root)

    tell(tmp_path, story)


def test_no_witness_signs_a_tree_in_which_it_was_put_afterwards(tmp_path: Path) -> None:
    """The thief rewrites the audit log with the leaf in last month's place: each way to ask for a witness fails."""

    async def story(net: SimNet) -> None:
        case = await offered(net)
        head, leaves = await witnessed(net)
        false = [merkle.leaf_hash(await forged(net, case)), *leaves[1:], *leaves[:1]]

        def path(old: int, tree: list[bytes]) -> tuple[bytes, ...]:
            return tuple(merkle.consistency_path(old, len(tree), lambda a, b: merkle.tree_root(tree[a:b])))

        same = head._replace(root=merkle.tree_root(false[: head.size]), time=head.time + 1)
        grown = head._replace(size=len(false), root=merkle.tree_root(false), time=head.time + 1)
        honest = [*leaves, leaves[0]]
        tries: list[tuple[Any, WitnessRequest]] = [
            (Fork, WitnessRequest(head.size, (), heads.sign(same, OLD))),
            (ProtocolError, WitnessRequest(head.size, path(head.size, false), heads.sign(grown, OLD))),
            (Gap, WitnessRequest(0, (), heads.sign(grown, OLD))),
        ]
        answers = NodeAnswers(net.nodes[RS])
        for error, request in tries:
            with pytest.raises(error):
                await answers.small("witness", BG, {}, witness.write_request(request))
        true = head._replace(size=len(honest), root=merkle.tree_root(honest), time=head.time + 1)
        asked = WitnessRequest(head.size, path(head.size, honest), heads.sign(true, OLD))
        assert await answers.small("witness", BG, {}, witness.write_request(asked))

    tell(tmp_path, story)
