"""What this node answers its peers, whatever carries the request."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from xstock_node import __version__
from xstock_node.protocol import frames, heads, limits, merkle
from xstock_node.protocol.errors import Full, Gap, NotFound, NotLeader, ProtocolError
from xstock_node.protocol.gossip import BucketRequest, BucketResponse, GossipRequest, GossipResponse, PullRequest
from xstock_node.protocol.keys import to_base64
from xstock_node.protocol.names import AUDIT, LogId, LogName, number, parse_log_id
from xstock_node.services.errors import Refusal
from xstock_node.services.network import Network
from xstock_node.services.node import Node
from xstock_node.services.serving import serve_pull
from xstock_node.services.site import Small
from xstock_node.storage.errors import DamagedRecord, StandsBy, StorageError


class NodeAnswers:
    """See `Answering`. Small paths that services of their own answer are the node's `desks`."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._small: dict[str, Small] = {
            "head": self._head,
            "proof": self._proof,
            "identity": self._identity,
            "charter": self._charter,
            **node.desks(),
        }

    def identity(self) -> bytes:
        """This node's identity note."""
        return self._node.identity.raw

    def well_known(self) -> bytes:
        """Name, networks, version, base URL and the limits that a peer should know (xs1 10.1)."""
        body: dict[str, Any] = {
            "name": self._node.identity.name,
            "networks": list(self._node.networks),
            "versions": ["xs1"],
            "software": f"xstock-node {__version__}",
            "url": self._node.identity.url(),
            "limits": {"record": limits.RECORD, "gossip": limits.GOSSIP_BODY, "stream": limits.STREAM_BODY},
        }
        return msgspec.json.encode(body)

    async def gossip(self, caller: str, request: GossipRequest, wait: float) -> GossipResponse:
        """One round of a peer."""
        with _stored(self._node):
            return await self._network(request.network).gossip.answer(caller, request, wait, self._node.clock.now())

    async def pull(self, caller: str, request: PullRequest) -> bytes:
        """Framed records or roots of the logs that a peer asks for."""
        for wanted in request.ranges:
            self._readable(caller, parse_log_id(wanted.log).name)
        with _stored(self._node):
            return await self._node.engine.read(lambda tx: serve_pull(tx, request))

    async def push(self, caller: str, body: bytes) -> int:
        """A head note, an empty line or none, and the frames of what was wanted (xs1 10.8)."""
        note, _, rest = body.partition(b"\n@ ")
        note += b"" if note.endswith(b"\n") else b"\n"
        head = heads.parse(note)[0]
        found = list(frames.parse(b"@ " + rest))
        if not found or any(frame.log != head.log for frame in found):
            raise ProtocolError("frames of the pushed head's log", f"{len(found)} frames")
        network = self._network(head.log.name.network)
        self._member(network, caller)
        if head.log.name in network.logs:
            raise NotFound("a log of another node", str(head.log))
        with _stored(self._node):
            return await network.replicas.pushed(caller, note, found)

    async def buckets(self, caller: str, request: BucketRequest) -> BucketResponse:
        """What a peer compares when digests differ."""
        return await self._network(request.network).gossip.buckets(caller, request)

    async def small(self, name: str, caller: str, args: dict[str, str], body: bytes) -> bytes:
        """Any other path."""
        desk = self._small.get(name)
        if desk is None:
            raise NotFound("a path that this node answers", name)
        with _stored(self._node):
            return await desk(caller, args, body)

    async def _head(self, caller: str, args: dict[str, str], body: bytes) -> bytes:
        """The newest head note of a log in this epoch."""
        log = _log(args)
        network = self._network(log.name.network)
        if not network.membership.sees(caller, log.name):
            raise NotFound(f"a head of {log}")
        state = await self._node.engine.read(lambda tx: tx.logs.state(log.name))
        if state is None or not state.head or state.epoch != log.epoch:
            raise NotFound(f"a head of {log}")
        return state.head

    async def _proof(self, caller: str, args: dict[str, str], body: bytes) -> bytes:
        """The inclusion path of a record, one base64 hash a line (xs1 10.9)."""
        log, index, size = _log(args), number(args["index"]), number(args.get("size", ""))
        self._readable(caller, log.name)
        state = await self._node.engine.read(lambda tx: tx.logs.state(log.name))
        if state is None or state.epoch != log.epoch or not 0 <= index < size <= state.frontier.size:
            raise NotFound(f"record {index} of {log} in a tree of {size}")
        path = await self._node.engine.read(
            lambda tx: merkle.inclusion_path(index, size, lambda a, b: tx.logs.range_root(log.name, a, b))
        )
        return "".join(f"{to_base64(h)}\n" for h in path).encode()

    async def _identity(self, caller: str, args: dict[str, str], body: bytes) -> bytes:
        """Any identity held here, those of applicants to a governor included."""
        shared = [n for n in self._node.networks.values() if n.membership.standing(caller)]
        found = self._node.directory.get(args["name"])
        if found is not None and any(n.membership.standing(found.name) for n in shared):
            return found.raw
        networks = [network.name for network in shared]
        applied = await self._node.engine.read(lambda tx: [a for n in networks for a in tx.governance.applications(n)])
        for application in applied:
            if application.name == args["name"]:
                return application.identity
        raise NotFound("an identity held here", args["name"])

    async def _charter(self, caller: str, args: dict[str, str], body: bytes) -> bytes:
        """One version of a charter, or the latest (xs1 10.3)."""
        charters = self._network(args["network"]).membership.charters
        wanted = args["version"]
        for charter in reversed(charters):
            if wanted == "latest" or str(charter.version) == wanted:
                return charter.raw
        raise NotFound(f"version {wanted} of a charter held here", args["network"])

    def _network(self, name: str) -> Network:
        found = self._node.networks.get(name)
        if found is None:
            raise NotFound("a network of this node", name)
        return found

    def _member(self, network: Network, caller: str) -> None:
        if network.membership.standing(caller) is None:
            raise NotFound("a network of this node", network.name)

    def _readable(self, caller: str, log: LogName) -> None:
        """Raise as if it were absent, unless the caller may read the records of a log (xs1 15.2, 18.1)."""
        network = self._network(log.network)
        if log.label == AUDIT or not network.membership.sees(caller, log):
            raise NotFound("a log held here", str(log))


def _log(args: dict[str, str]) -> LogId:
    return parse_log_id(f"{args['node']}/xs1/{args['log']}/{args['epoch']}")


@contextmanager
def _stored(node: Node) -> Iterator[None]:
    """What storage raises becomes an answer that a peer understands."""
    try:
        yield
    except DamagedRecord as error:
        node.damage.suspect(error.log, error.index)
        raise Gap(error.expected, error.came, "ask another node; it is healed here") from None
    except StandsBy as error:
        raise NotLeader(error.expected, error.came, error.do) from None
    except (StorageError, Refusal) as error:  # a node that signs nothing more takes nothing either
        raise Full(error.expected, error.came, "come back later") from None
