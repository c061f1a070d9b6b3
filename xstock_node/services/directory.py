"""Who is known: pinned identities, one a peer, and the keys that may sign for each. Keys come from nowhere else."""

from collections.abc import Iterable, Iterator

from xstock_node.protocol import identity
from xstock_node.protocol.errors import BadSignature
from xstock_node.protocol.heads import Head
from xstock_node.protocol.identity import Identity
from xstock_node.protocol.notes import Note


class Directory:
    """Known identities by node name, this node's own among them."""

    def __init__(self, own: Identity, pinned: Iterable[Identity]) -> None:
        self.own = own
        self._known = {found.name: found for found in pinned}
        self._known[own.name] = own

    def __iter__(self) -> Iterator[Identity]:
        return iter(self._known.values())

    def get(self, name: str) -> Identity | None:
        """The identity of a node, or None where nobody pinned one."""
        return self._known.get(name)

    def find_key(self, name: str, key_id: bytes) -> bytes | None:
        """The public key of (node name, key id)."""
        found = self._known.get(name)
        return None if found is None else found.key_by_id(key_id)

    def keys(self) -> dict[str, tuple[bytes, ...]]:
        """Every signing key that is known, by node name."""
        return {name: found.signing_keys() for name, found in self._known.items()}

    def renew(self, raw: bytes) -> bool:
        """Take a newer identity of a known node; True when it is new. A stranger's is not taken."""
        found = identity.parse(raw)
        held = self._known.get(found.name)
        if held is None or held.raw == raw:
            return False
        identity.check_successor(held, found)
        self._known[found.name] = found
        return True

    def verify_head(self, head: Head, note: Note) -> bool:
        """Whether the origin is known; raises `BadSignature` where it is and none of its keys signed."""
        found = self._known.get(head.log.node)
        if found is None:
            return False
        for line in note.signatures:
            key = found.key_by_id(line.key_id) if line.name == found.name else None
            if key is not None:
                note.verify(found.name, key)
                return True
        raise BadSignature(f"a signature of {found.name}", ", ".join(note.signers()) or "none")
