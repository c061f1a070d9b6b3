"""Sealed mail that waits at a relay is told in the first answer, not when the request has waited its time."""

import asyncio
from pathlib import Path

from xstock_node.protocol.gossip import GossipRequest
from xstock_node.services.answering import NodeAnswers
from xstock_node.testing import SimNet, run_simulated

RELAY, OTHER = "relay.example.org", "other.example.org"
WAIT = 20.0


def test_waiting_mail_is_told_at_once_and_once(tmp_path: Path) -> None:
    async def main() -> None:
        net = SimNet(tmp_path)
        await net.start(RELAY, [OTHER], undialled=[OTHER])
        answers, loop, mail = NodeAnswers(net.nodes[RELAY]), asyncio.get_running_loop(), {OTHER: 2}
        net.nodes[RELAY].gossip.mail = lambda name: mail.get(name, 0)
        cursor, took, told = "", [], []
        for waiting in (2, 2, 3, 0, 1):
            mail[OTHER] = waiting
            began = loop.time()
            drained = net.nodes[RELAY].replicas.digest(OTHER)
            answer = await answers.gossip(OTHER, GossipRequest(network="see", cursor=cursor, all=drained), WAIT)
            cursor = answer.cursor
            took.append(round(loop.time() - began))
            told.append(answer.mail)
        assert took == [0, WAIT, 0, WAIT, 0] and told == [2, 2, 3, 0, 1]
        await net.stop_all()

    run_simulated(main())
