"""Introduction: who rotated its keys brings the newer identity to peers that do not know the new key yet (xs1 12.8).

The path is open, because the caller cannot sign with a key that the answerer knows; the note proves itself. Whatever it
says, the answer is the same, so that nobody learns who is known here.
"""

from xstock_node.protocol import identity
from xstock_node.protocol.errors import ProtocolError
from xstock_node.services.site import Site, Small

READ = b'{"state":"read"}'


def desks(node: Site) -> dict[str, Small]:
    """The path on which a newer identity is taken (xs1 10.13)."""

    async def answer(caller: str, args: dict[str, str], body: bytes) -> bytes:
        try:
            found = identity.parse(body)
        except ProtocolError:
            return READ
        held = node.directory.get(found.name)
        if held is None or found.name != args["name"] or found.root != held.root or found.version <= held.version:
            return READ
        for network in list(node.networks.values()):
            if network.membership.standing(found.name) is not None:
                await network.learning.learn(found.name, [found.raw.decode()])
        return READ

    return {"introduce": answer}
