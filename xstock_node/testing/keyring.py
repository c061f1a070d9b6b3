"""The keys of one node of a simulated world, through its rotations."""

import msgspec

from xstock_node.protocol import heads, identity
from xstock_node.protocol.identity import Identity
from xstock_node.protocol.keys import Signer, to_base64
from xstock_node.testing.nodes import make_identity, make_signer


class Keyring:
    """`first` is what everybody pinned; `newest` what the node itself uses."""

    def __init__(self, name: str, relays: tuple[str, ...]) -> None:
        self.newest: tuple[Identity, Signer] = make_identity(name, relays=relays)
        self.first = self.newest[0]
        self.was_stolen = False

    def signed(self, head: bytes) -> bool:
        """Whether the newest key signed a head: others give nothing back that an older, stolen one signed."""
        return any(line.key_id == self.newest[1].key_id for line in heads.parse(head)[1].signatures)

    def rotate(self, now: int) -> None:
        """New keys; epochs later than `now` by older keys are void (xs1 12.6)."""
        held, name = self.newest[0], self.first.name
        signer = make_signer(name, f"signing {held.version + 1}")
        statement = msgspec.structs.replace(held.statement, keys=(to_base64(signer.public),), epoch=now)
        raw = identity.sign(name, held.version + 1, statement, make_signer(name, "root"), (signer,))
        self.newest = identity.parse(raw), signer
        self.was_stolen = True
