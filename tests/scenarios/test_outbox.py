"""A message to a node that is off is repeated, ever more rarely, and waits in durable storage."""

import asyncio
from pathlib import Path

from xstock_node.storage.values import Outgoing
from xstock_node.testing import SimNet, run_simulated

BG, HR = "redcross.bg", "redcross.hr"
FAR = 2**40


def test_a_message_is_repeated_from_30_s_doubling_to_6_h(tmp_path: Path) -> None:
    """xs1 16.15; nor does it wait for a witness, of whom none can be reached here (xs1 18.5)."""
    waits: dict[int, int] = {}

    async def main() -> None:
        net = SimNet(tmp_path)
        for name, other in ((BG, HR), (HR, BG)):
            await net.start(name, [other])
        await net.settle()
        await net.stop(HR)
        node = net.nodes[BG]
        await node.correspondence.of().casework.open(HR, {"step": "notify"})

        async def waiting() -> Outgoing:
            (found,) = await node.engine.read(lambda tx: tx.cases.outbox(FAR))
            return found

        while (found := await waiting()).tries < 12:
            waits.setdefault(found.tries, found.due - node.clock.now())
            await asyncio.sleep(1.0)
        waits[found.tries] = found.due - node.clock.now()
        await net.stop(BG)
        again = await net.start(BG, [HR])
        assert len(await again.engine.read(lambda tx: tx.cases.outbox(FAR))) == 1, "it outlives a restart"
        await net.stop_all()

    run_simulated(main())
    assert all(0 <= wanted - waits[tries] <= 1 for tries, wanted in ((1, 30), (2, 60), (3, 120), (10, 15_360)))
    assert 0 <= 6 * 3600 - waits[12] <= 1
