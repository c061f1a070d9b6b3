"""The names and keys of the vectors. A seed is 32 times one byte."""

import hashlib
from typing import Any

from xstock_node.protocol import heads, identity, keys, merkle
from xstock_node.protocol.heads import Base, Head
from xstock_node.protocol.identity import Statement
from xstock_node.protocol.keys import Signer
from xstock_node.protocol.names import LogId
from xstock_node.protocol.sealing import SealingKey

NOW = 1_790_000_000
DAY = 86_400
BG, HR, RS, AT = "redcross.bg", "redcross.hr", "redcross.rs", "redcross.at"
SEEDS = {BG: 0x01, HR: 0x02, RS: 0x03, AT: 0x04}
SIGNER = {name: Signer(name, bytes([seed]) * 32) for name, seed in SEEDS.items()}
ROOT = {name: Signer(name, bytes([0x10 + seed]) * 32) for name, seed in SEEDS.items()}
SECOND = {name: Signer(name, bytes([0x20 + seed]) * 32) for name, seed in SEEDS.items()}
SEALING = {name: SealingKey.from_seed(bytes([0x30 + seed]) * 32) for name, seed in SEEDS.items()}


def known(*names: str) -> dict[str, list[str]]:
    """The signing keys that a reader holds, by node name."""
    return {name: [keys.to_base64(SIGNER[name].public)] for name in names}


def statement(name: str, *signers: Signer, **more: Any) -> Statement:
    """What an identity states."""
    listed = signers or (SIGNER[name],)
    fields: dict[str, Any] = {"expires": NOW + 365 * DAY, "keys": tuple(keys.to_base64(s.public) for s in listed)}
    fields |= {"country": name[-2:].upper(), "networks": ("see",)}
    return Statement(**(fields | more))


def identity_of(name: str, version: int = 1, *signers: Signer, **more: Any) -> bytes:
    """An identity note under the name's root key."""
    return identity.sign(name, version, statement(name, *signers, **more), ROOT[name], signers or (SIGNER[name],))


def salt(number: int) -> str:
    """Twelve bytes of salt."""
    return keys.to_base64(hashlib.sha256(b"salt %d" % number).digest()[:12])


def leaves(lines: list[bytes]) -> list[bytes]:
    """The leaf hashes of lines."""
    return [merkle.leaf_hash(line) for line in lines]


def head(lines: list[bytes], name: str = BG, time: int = NOW, **more: Any) -> Head:
    """The head of a log of these lines."""
    fields: dict[str, Any] = {"log": LogId(name, "see.pub", NOW - 1000), "minimum": 0, "base": None}
    return Head(size=len(lines), root=merkle.tree_root(leaves(lines)), time=time, **(fields | more))


def signed(found: Head) -> bytes:
    """The note of a head, signed by its origin."""
    return heads.sign(found, SIGNER[found.log.node])


def base_text(base: Base | None) -> Any:
    """A base as a derived value."""
    return None if base is None else {"epoch": base.epoch, "size": base.size, "root": keys.to_base64(base.root)}
