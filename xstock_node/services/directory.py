"""Who is known: identities by node name, and the keys that may sign for each. Keys come from nowhere else.

An identity is known because an operator pinned it, or because the governors of a network stand for its root key.
"""

from collections.abc import Callable, Iterable, Iterator

from xstock_node.protocol import heads, identity, limits
from xstock_node.protocol.errors import BadSignature
from xstock_node.protocol.heads import Head
from xstock_node.protocol.identity import Identity
from xstock_node.protocol.notes import Note


class Directory:
    """Known identities by node name, this node's own among them. `admits` asks the networks about a root key."""

    def __init__(self, own: Identity, pinned: Iterable[Identity]) -> None:
        self.own = own
        self.pinned = frozenset(found.name for found in pinned)
        self.admits: Callable[[Identity], bool] = lambda found: False
        self.conflicts: dict[str, bytes] = {}
        self.listeners: list[Callable[[Identity], None]] = []
        self._known = {found.name: found for found in pinned}
        self._known[own.name] = own

    def __iter__(self) -> Iterator[Identity]:
        return iter(list(self._known.values()))

    def get(self, name: str) -> Identity | None:
        """The identity of a node, or None where nobody stands for one."""
        return self._known.get(name)

    def find_key(self, name: str, key_id: bytes) -> bytes | None:
        """The public key of (node name, key id) (xs1 3.5)."""
        found = self._known.get(name)
        return None if found is None else found.key_by_id(key_id)

    def keys(self) -> dict[str, tuple[bytes, ...]]:
        """Every signing key that is known, by node name."""
        return {name: found.signing_keys() for name, found in self._known.items()}

    def renew(self, raw: bytes, now: int = 0) -> bool:
        """Take a newer identity of a known name, or the first of one whose root key the governors vouched for.

        True when it is new. A stranger's is not taken. Where another root key took over (xs1 14.8) the old one's
        identities are replaced.
        """
        found = identity.parse(raw)
        held = self._known.get(found.name)
        if held is not None and held.raw == raw:
            return False
        if held is None or held.root != found.root:
            if not self.admits(found) or found.name == self.own.name:
                return False
            self._take(found)
            return True
        if found.version == held.version:
            self.conflicts[found.name] = raw
        identity.check_successor(held, found)
        if now > found.statement.expires + limits.EXPIRED_GRACE:  # xs1 12.7
            return False
        self._take(found)
        return True

    def _take(self, found: Identity) -> None:
        self._known[found.name] = found
        for listener in self.listeners:
            listener(found)

    def forget(self, name: str) -> None:
        """Another root key took over: what the old one signed is not taken any more."""
        if name not in self.pinned and name != self.own.name:
            self._known.pop(name, None)

    def lacks(self, names: Iterable[str]) -> list[str]:
        """Which of these names have no identity here."""
        return [name for name in names if name not in self._known]

    def verify(self, name: str, note: Note) -> None:
        """Raise unless one of the keys that `name`'s identity lists signed a note (xs1 12.5)."""
        found = self._known.get(name)
        if found is None:
            raise BadSignature(f"an identity of {name}", "none is known here")
        for line in note.signatures:
            key = found.key_by_id(line.key_id) if line.name == name else None
            if key is not None:
                note.verify(name, key)
                return
        raise BadSignature(f"a signature of {name}", ", ".join(note.signers()) or "none")

    def verify_head(self, head: Head, note: Note) -> bool:
        """Whether the origin is known; raises `BadSignature` where it is and none of its keys signed (xs1 6.2)."""
        if head.log.node not in self._known:
            return False
        self.verify(head.log.node, note)
        return True

    def is_void(self, raw: bytes) -> bool:
        """Whether its origin's newest identity voids a head: of a later epoch than fixed, by another key (xs1 7.9)."""
        head, note = heads.parse(raw)
        known = self._known.get(head.log.node)
        if known is None or not 0 < known.statement.epoch < head.log.epoch:
            return False
        try:
            return not self.verify_head(head, note)
        except BadSignature:
            return True
