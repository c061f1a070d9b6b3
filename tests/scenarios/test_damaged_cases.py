"""Messages that decay on disk, between nodes in memory: named, healed by the other side in a minute, never by a lie."""

import asyncio
import itertools
from pathlib import Path

import pytest

from tests.scenarios.test_cases import BG, HR, arrives, cases, lines, tell
from xstock_node.protocol import messages
from xstock_node.services.case_scrubbing import scrub_cases
from xstock_node.services.node import Node
from xstock_node.services.scrubbing import Scrubbing
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import StoredMessage
from xstock_node.testing import SimNet


async def damaged(net: SimNet, name: str) -> tuple[str, list[StoredMessage]]:
    """Three messages of Bulgaria, of which a node has the first two damaged; the case, and what they were."""
    case = (await cases(net, BG).open(HR, {"step": "notify"})).case
    await cases(net, BG).send(case, {"step": "request", "lines": lines(3)})
    await cases(net, BG).send(case, {"step": "told"})
    await arrives(net, HR, case, 3)
    before = await net.nodes[name].engine.read(lambda tx: tx.cases.messages(case))

    def hurt(tx: Transaction) -> None:
        for one in before:
            if one.link.n < 3:
                tx.cases.mend(one, one._replace(raw=one.raw.replace(b"network see", b"network sea")))

    await net.nodes[name].engine.write(hurt, durable=True)
    return case, before


@pytest.mark.parametrize("name", [BG, HR])
def test_the_writer_and_the_other_side_get_damaged_messages_back_within_a_minute(name: str, tmp_path: Path) -> None:
    async def story(net: SimNet) -> None:
        scrubbing = Scrubbing(net.nodes[name])
        case, before = await damaged(net, name)
        await scrubbing.turn()
        assert len(await net.nodes[name].engine.read(lambda tx: tx.cases.damaged())) == 2, "it is not time yet"
        await asyncio.sleep(61)
        await scrubbing.turn()
        assert await net.nodes[name].engine.read(lambda tx: tx.cases.messages(case)) == before
        assert net.nodes[name].damage.in_cases == [] and net.nodes[name].damage.healed == 2

    tell(tmp_path, story)


def test_looking_takes_a_two_hundredth_of_the_time_at_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(net: SimNet) -> None:
        looked: list[float] = []

        async def slowly(node: Node) -> None:
            looked.append(node.clock.steady())
            await asyncio.sleep(3)

        monkeypatch.setattr("xstock_node.services.scrubbing.scrub_cases", slowly)
        scrubbing = Scrubbing(net.nodes[BG])
        for _ in range(30):
            await asyncio.sleep(60)
            await scrubbing.turn()
        assert len(looked) == 3 and all(b - a > 600 for a, b in itertools.pairwise(looked))

    tell(tmp_path, story)


def test_what_does_not_hash_to_it_is_not_taken_and_a_silent_side_leaves_it_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(net: SimNet) -> None:
        case, before = await damaged(net, HR)
        hurt = await net.nodes[HR].engine.read(lambda tx: tx.cases.messages(case))

        async def lies(node: object, of: str) -> list[bytes]:
            assert of == case
            text, _, signature = before[0].raw.rpartition(b"\n\n")
            unsigned = text + b"\n\n" + signature[:-20] + b"A" * 16 + signature[-4:]
            assert messages.parse(unsigned).link == before[0].link, "it differs in its signature alone"
            return [before[2].raw, b"no message", before[0].raw.replace(b"notify", b"accept"), unsigned]

        monkeypatch.setattr("xstock_node.services.case_scrubbing._theirs", lies)
        left = await scrub_cases(net.nodes[HR])
        assert await net.nodes[HR].engine.read(lambda tx: tx.cases.messages(case)) == hurt and len(left) == 2
        monkeypatch.undo()
        net.nodes[HR].networks["see"].gossip.peers.pop(BG)  # type: ignore[attr-defined]
        assert [one.words() for one in await scrub_cases(net.nodes[HR])] == net.nodes[HR].damage.in_cases
        assert all(f"in case {case}" in one for one in net.nodes[HR].damage.in_cases)

    tell(tmp_path, story)
