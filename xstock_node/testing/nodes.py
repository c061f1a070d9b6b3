"""Identities and records for tests, made from names alone so that every run is the same."""

import hashlib
from functools import cache

from xstock_node.protocol import identity
from xstock_node.protocol.identity import Identity, Statement
from xstock_node.protocol.keys import Signer, to_base64
from xstock_node.protocol.names import record_id
from xstock_node.protocol.records import Offer
from xstock_node.protocol.sealing import SealingKey

DAY = 86_400


def make_signer(name: str, kind: str = "signing") -> Signer:
    """The key of a test node; `kind` tells root and signing keys apart."""
    return Signer(name, hashlib.sha256(f"{kind} {name}".encode()).digest())


def make_sealing(name: str) -> SealingKey:
    """The key that opens sealed mail for a test node."""
    return SealingKey.from_seed(hashlib.sha256(f"sealing {name}".encode()).digest())


@cache
def make_identity(
    name: str, url: str = "", country: str = "XX", network: str = "see", relays: tuple[str, ...] = ()
) -> tuple[Identity, Signer]:
    """A test node's identity and its signing key."""
    signing = make_signer(name)
    statement = Statement(
        expires=2_000_000_000,
        keys=(to_base64(signing.public),),
        urls=(url,) if url else (),
        country=country,
        networks=(network,),
        seal=(to_base64(make_sealing(name).public),),
        relays=relays,
        organisation={"en": f"Society of {name}"},
    )
    return identity.parse(identity.sign(name, 1, statement, make_signer(name, "root"), (signing,))), signing


def make_offer(number: int, now: int, name: str = "Family tent 16 m2", **changes: object) -> Offer:
    """The number-th test offer, an item of the catalogue, valid for 30 days from `now`."""
    digest = hashlib.sha256(f"offer {number}".encode()).digest()
    fields: dict[str, object] = {
        "id": record_id(digest[:10]),
        "ts": now,
        "exp": now + 30 * DAY,
        "n": to_base64(digest[10:22]),
        "item": "HSHETENTF16C",
        "scheme": "ifrc",
        "name": name,
        "lang": "en",
        "cat": "shelter",
        "qty": (10 + number, 0),
        "unit": "H87",
        "terms": ("loan",),
        "ready": 24,
        "cc": "AT",
        "place": "Wien",
        "at": (48_200_000, 16_400_000),
        "asof": now,
        "src": "stock",
    }
    return Offer(**(fields | changes))  # type: ignore[arg-type]
