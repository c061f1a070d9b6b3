"""What a process that stands by answers peers: all that only reads; the rest is for the process that leads."""

from xstock_node.protocol.errors import NotLeader
from xstock_node.protocol.gossip import GossipRequest, GossipResponse
from xstock_node.protocol.paths import PATHS
from xstock_node.services.answering import NodeAnswers
from xstock_node.storage.errors import StandsBy

READING = frozenset(path.name for path in PATHS if path.method == "GET" and not path.name.startswith("backup."))
"""Back-ups of others lie in the folder of the process that took them: another one would say that there are none."""


class ReadingAnswers(NodeAnswers):
    """See `Answering`: pull, buckets, heads, proofs, identities, charters, mail that waits."""

    async def gossip(self, caller: str, request: GossipRequest, wait: float) -> GossipResponse:
        raise _not_here()

    async def push(self, caller: str, body: bytes) -> int:
        raise _not_here()

    async def small(self, name: str, caller: str, args: dict[str, str], body: bytes) -> bytes:
        if name not in READING:
            raise _not_here()
        return await super().small(name, caller, args, body)


def _not_here() -> NotLeader:
    told = StandsBy()
    return NotLeader(told.expected, told.came, told.do)
