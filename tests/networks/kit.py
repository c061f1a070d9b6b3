"""Federations with charters in memory: governors, members, and what they state, in a few lines."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

from xstock_node.plugins.host import PluginHost
from xstock_node.protocol import charter, identity, notes
from xstock_node.protocol.charter import Charter, Governor, Needed, Terms
from xstock_node.protocol.identity import Identity, Statement
from xstock_node.protocol.keys import Signer, to_base64
from xstock_node.protocol.peer import Peer
from xstock_node.services.governing import RevokeRequest, VouchRequest, revoke, vouch
from xstock_node.services.node import Node
from xstock_node.services.office import OPERATOR, Office, OfficeSettings
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.testing import SimClock, SimNet
from xstock_node.testing.nodes import make_sealing, make_signer
from xstock_node.testing.simnet import SimPeer
from xstock_node.trace import Trace

YEAR = 365 * 86_400
START = 1_790_000_000


def make_member(
    name: str,
    networks: Sequence[str] = ("see",),
    version: int = 1,
    key: str = "signing",
    epoch: int = 0,
    root: str = "root",
) -> tuple[Identity, Signer]:
    """An identity of a test node; `key` and `root` name its keys."""
    signing, above = make_signer(name, key), make_signer(name, root)
    statement = Statement(
        expires=START + 2 * YEAR,
        keys=(to_base64(signing.public),),
        urls=(f"https://{name}",),
        seal=(to_base64(make_sealing(name).public),),
        networks=tuple(networks),
        epoch=epoch,
    )
    return identity.parse(identity.sign(name, version, statement, above, (signing,))), signing


def make_charter(network: str, governors: Sequence[str], version: int = 1, before: Charter | None = None) -> Charter:
    """A charter signed by all its governors, and by those of the one before."""
    listed = tuple(Governor(g, to_base64(make_signer(g, "root").public)) for g in governors)
    half = len(listed) // 2 + 1
    terms = Terms(issued=START, expires=START + YEAR, governors=listed, need=Needed(charter=half, vouch=2, revoke=half))
    text = charter.text(network, version, before.hash() if before else "", terms)
    signers = {*governors, *(g.name for g in before.terms.governors)} if before else set(governors)
    return charter.parse(notes.sign(text, *(make_signer(name, "root") for name in sorted(signers))))


class ChartedNet(SimNet):
    """Nodes that know their networks by charter alone: nobody is pinned, whoever is a member is dialled."""

    async def enter(
        self, member: tuple[Identity, Signer], charters: Sequence[Charter], known: Sequence[Identity], folder: str = ""
    ) -> Node:
        """Start a node that took these charters and was given these identities."""
        own, signer = member
        clock = self.clocks.setdefault(own.name, SimClock())
        engine = SqliteEngine(self.folder / f"{folder or own.name}.db", threads=False)
        home = charters[0].network
        also = [f"{c.network}.{c.network if c.network.startswith('x-') else 'pub'}" for c in charters[1:]]
        node = Node(
            own,
            signer,
            f"{home}.pub",
            engine,
            [],
            clock,
            Random(self.random.random()),
            Trace(own.name),
            also=also,
            sealing=[make_sealing(own.name)],
        )
        self.nodes[own.name] = node
        held = {
            s.network for c in charters for s in await engine.read(lambda tx, n=c.network: tx.governance.charters(n))
        }  # type: ignore[misc]
        for found in charters:
            if found.network not in held:
                await node.networks[found.network].membership.put_charter(found)
        await node.start({}, self._dial(own.name))
        for network in node.networks.values():
            await network.learning.learn(own.name, [one.raw.decode() for one in known])
            await network.keep_house()
        return node

    def _dial(self, caller: str) -> "object":
        def dial(found: Identity) -> Peer | None:
            return SimPeer(self, caller, found.name)

        return dial

    def office(self, name: str) -> Office:
        """The office of a node."""
        return Office(self.nodes[name], OfficeSettings(), PluginHost(()), Path(self.folder))

    async def vouch(self, governor: str, member: Identity, network: str = "", tier: str = "member") -> None:
        """One governor stands for a name."""
        from xstock_node.protocol.membership import root_hash

        request = VouchRequest(name=member.name, network=network, tier=tier, root=root_hash(member.root))  # type: ignore[arg-type]
        await vouch(self.office(governor), OPERATOR, request)

    async def revoke(self, governor: str, name: str, network: str = "") -> None:
        """One governor speaks against a name."""
        await revoke(self.office(governor), OPERATOR, RevokeRequest(name=name, why="test", network=network))
