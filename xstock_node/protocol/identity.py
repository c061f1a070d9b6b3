"""Identities: a stable name with a root key kept off line; signing keys stand under it.

The note is signed by the root key and, as proof of possession, by every signing key it lists.
"""

from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from xstock_node.protocol import keys, limits, notes, sealing
from xstock_node.protocol.decode import decode
from xstock_node.protocol.errors import BadSignature, Fork, ProtocolError, Rollback
from xstock_node.protocol.names import node_name, number
from xstock_node.protocol.recordtypes import Hash, NodeName, Time

FIRST_LINE = "xs1/identity"
Url = Annotated[str, Meta(max_length=200, pattern=r"^https?://[!-~]+(?!\n)$")]
Key = Annotated[str, Meta(min_length=44, max_length=44)]
SealKey = Annotated[str, Meta(pattern=r"^([A-Za-z0-9+/=]{44}|[A-Za-z0-9+/=]{1624})(?!\n)$")]


class Statement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an identity states: keys in base64, `expires` unix seconds, texts per language tag.

    `seal` are sealing keys, `relays` the nodes that keep sealed mail for this one. `epoch` fixes the newest valid
    epoch after a theft or a runaway clock: heads of later epochs by keys that are no longer listed are void.
    `objects` are hashes of root keys that governors vouched for and that the owner does not want.
    """

    expires: int
    keys: Annotated[tuple[Key, ...], Meta(min_length=1, max_length=8)]
    urls: Annotated[tuple[Url, ...], Meta(max_length=4)] = ()
    seal: Annotated[tuple[SealKey, ...], Meta(max_length=4)] = ()
    relays: Annotated[tuple[NodeName, ...], Meta(max_length=2)] = ()
    epoch: Time = 0
    objects: Annotated[tuple[Hash, ...], Meta(max_length=4)] = ()
    organisation: dict[str, Annotated[str, Meta(max_length=limits.FREE_TEXT)]] = {}
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}(?!\n)$")] = "XX"
    languages: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()


class Identity(NamedTuple):
    """A verified identity: `raw` is the note as received."""

    name: str
    version: int
    root: bytes
    statement: Statement
    raw: bytes

    def signing_keys(self) -> tuple[bytes, ...]:
        """The public keys that may sign heads and requests."""
        return tuple(keys.from_base64(k, 32) for k in self.statement.keys)

    def key_by_id(self, key_id: bytes) -> bytes | None:
        """The signing key with this key id."""
        return next((k for k in self.signing_keys() if keys.key_id(self.name, k) == key_id), None)

    def sealing_keys(self) -> tuple[bytes, ...]:
        """The public keys to which blobs for this node are sealed."""
        return tuple(keys.from_base64(k) for k in self.statement.seal)

    def url(self) -> str:
        """The base URL that requests to this node are signed for; empty where it cannot be dialled."""
        return self.statement.urls[0].rstrip("/") if self.statement.urls else ""

    def digits(self) -> str:
        """The 24 digits of the root key."""
        return keys.digits(self.name, self.root)

    def title(self) -> str:
        """The organisation's name in its own first language, else the node's name."""
        names = self.statement.organisation
        for language in (*self.statement.languages, "en"):
            if language in names:
                return names[language]
        return next(iter(names.values()), self.name)


def sign(name: str, version: int, statement: Statement, root: keys.Signer, signing: tuple[keys.Signer, ...]) -> bytes:
    """The identity note, signed by the root key and each signing key."""
    body = msgspec.json.encode(statement).decode()
    text = f"{FIRST_LINE}\n{name}\nversion {version}\nroot {keys.to_base64(root.public)}\n{body}\n"
    return notes.sign(text, root, *signing)


def parse(raw: bytes) -> Identity:
    """A verified identity; all its signatures must hold and no key may be weak (xs1 12.1, 12.2)."""
    note = notes.parse(raw, limits.IDENTITY_NOTE)
    lines = note.text[:-1].split("\n")
    if len(lines) != 5 or lines[0] != FIRST_LINE:
        raise ProtocolError("five lines: xs1/identity, name, version, root, statement", f"{len(lines)} lines")
    name = node_name(lines[1])
    if not lines[2].startswith("version ") or not lines[3].startswith("root "):
        raise ProtocolError("lines 'version <n>' and 'root <key>'", f"{lines[2]} / {lines[3]}")
    root = keys.check_public(keys.from_base64(lines[3][5:], 32))
    statement = decode(lines[4].encode(), Statement, limits.IDENTITY_NOTE)
    identity = Identity(name, number(lines[2][8:]), root, statement, raw)
    note.verify(name, root)
    for key in identity.signing_keys():
        if key == root:
            raise BadSignature("signing keys apart from the root key", "the root key among them")
        note.verify(name, keys.check_public(key))
    for seal in identity.sealing_keys():
        sealing.check_public(seal)
    return identity


def check_successor(held: Identity, new: Identity) -> None:
    """Raise unless `new` may replace `held`: same name and root, newer version, one text a version (xs1 12.3, 12.4)."""
    if (new.name, new.root) != (held.name, held.root):
        raise BadSignature(f"the root key pinned for {held.name}", f"root {keys.to_base64(new.root)}")
    if new.version < held.version:
        raise Rollback(f"version {held.version} or newer", new.version)
    if new.version == held.version and new.raw != held.raw:
        raise Fork("one text a version", f"two of version {new.version}", "keep the first and ask its owner")
