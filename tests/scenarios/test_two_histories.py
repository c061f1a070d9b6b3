"""A member signs two histories of one epoch, one for each half of a parted federation."""

import asyncio
from pathlib import Path

from tests.scenarios.test_liars import LIAR, LINES, OTHERS, framed, head_of, signed
from xstock_node.protocol.gossip import GossipRequest
from xstock_node.protocol.names import LogName
from xstock_node.protocol.peer import Peer
from xstock_node.services.answering import NodeAnswers
from xstock_node.testing import SimNet, run_simulated

NAMES = [f"n{number}.example.org" for number in range(8)]
HALVES = (NAMES[:4], NAMES[4:])
LOG = LogName(LIAR, "see.pub")
ROUNDS = 3


# xs1 19.2, 19.4
def test_after_healing_every_node_knows_of_both_histories_within_three_rounds(tmp_path: Path) -> None:
    async def main() -> None:
        net = SimNet(tmp_path)
        for name in NAMES:
            await net.start(name, [*(other for other in NAMES if other != name), LIAR], undialled=[LIAR])
        await net.settle()
        part(net)
        for half, lines in zip(HALVES, (LINES, OTHERS), strict=True):
            head = head_of(lines)
            told = GossipRequest(network="see", notes=(signed(head),), frames=framed(head, lines))
            await NodeAnswers(net.nodes[half[0]]).gossip(LIAR, told, 0.0)
        await until(lambda: all(LOG in net.nodes[name].replicas.heads for name in NAMES))
        held = [{net.nodes[name].replicas.heads[LOG].root for name in half} for half in HALVES]
        assert [len(roots) for roots in held] == [1, 1] and held[0] != held[1]
        assert not any(net.nodes[name].replicas.frozen for name in NAMES)
        net.is_cut = lambda a, b: False  # type: ignore[method-assign]
        rounds = {name: Counted(net, name) for name in NAMES}
        await until(lambda: all(LOG in net.nodes[name].replicas.frozen for name in NAMES))
        assert max(counted.until_known for counted in rounds.values()) <= ROUNDS
        await net.stop_all()

    run_simulated(main())


class Counted:
    """The rounds that one node has ended with peers that answer, up to the one after which it knew of the fork."""

    def __init__(self, net: SimNet, name: str) -> None:
        self._gossip, self._by_peer = net.nodes[name].gossip, dict.fromkeys(NAMES, 0)
        self._node, self._round = net.nodes[name], self._gossip.round
        self._gossip.round = self.round  # type: ignore[method-assign]

    async def round(self, peer: Peer, now: int, wait: float = 0.0, fresh: bool = False) -> bool:
        """See `Gossip.round`."""
        quiet = await self._round(peer, now, wait, fresh)
        if LOG not in self._node.replicas.frozen:
            self._by_peer[peer.name] += 1
        return quiet

    @property
    def until_known(self) -> int:
        """Rounds with the peer that was asked most often, the one in which it learned of it among them."""
        return max(self._by_peer.values()) + 1


def part(net: SimNet) -> None:
    """No line between the halves."""
    first = set(HALVES[0])
    net.is_cut = lambda a, b: (a in first) != (b in first)  # type: ignore[method-assign]


async def until(true: object, seconds: float = 3600.0) -> None:
    began = asyncio.get_running_loop().time()
    while not true():  # type: ignore[operator]
        assert asyncio.get_running_loop().time() - began < seconds, "never came true"
        await asyncio.sleep(0.1)
