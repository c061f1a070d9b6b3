"""A node that was away lacks a little of many logs: it asks for all of it at once."""

from pathlib import Path

from xstock_node.protocol.gossip import PullRequest
from xstock_node.protocol.names import LogName
from xstock_node.protocol.peer import Peer
from xstock_node.testing import SimNet, make_offer, run_simulated

HUB, READER = "hub.example.org", "reader.example.org"
OTHERS = [f"n{number}.example.org" for number in range(6)]


class Counting:
    """A peer whose pulls are noted by how many logs they ask about."""

    def __init__(self, peer: Peer, pulls: list[int]) -> None:
        self._peer, self._pulls, self.name = peer, pulls, peer.name

    async def pull(self, request: PullRequest) -> bytes:
        self._pulls.append(len(request.ranges))
        return await self._peer.pull(request)

    def __getattr__(self, name: str) -> object:
        return getattr(self._peer, name)


def test_small_gaps_of_many_logs_are_fetched_with_one_pull(tmp_path: Path) -> None:
    pulls: list[int] = []

    async def everybody(net: SimNet) -> None:
        for name in [*OTHERS, HUB]:
            await net.start(name, [n for n in [*OTHERS, HUB, READER] if n != name], undialled=[READER])

    async def main() -> None:
        net = SimNet(tmp_path)
        net.wrap = lambda caller, name, peer: Counting(peer, pulls) if caller == READER else peer  # type: ignore[return-value]
        await everybody(net)
        await net.start(READER, [HUB, *OTHERS], undialled=OTHERS)
        await net.settle()
        await net.stop_all()
        await everybody(net)
        for number, name in enumerate(OTHERS):
            await net.publish(name, [make_offer(10 * number + n, net.clocks[name].now()) for n in range(3)])
        await net.settle()
        pulls.clear()
        await net.start(READER, [HUB, *OTHERS], undialled=OTHERS)
        await net.settle()
        assert all(net.nodes[READER].replicas.heads[log].size == 3 for log in logs_of(net))
        assert max(pulls) == len(OTHERS) and len(pulls) <= 2
        await net.stop_all()

    run_simulated(main())


def logs_of(net: SimNet) -> list[LogName]:
    return [net.nodes[name].log for name in OTHERS]
