"""Sealing: while a simulation runs, everything that a program takes for chance comes from its seed.

HPKE draws its chance inside a library, so that a stand-in takes its place: nobody looks into a relay here.
What is sealed: `secrets`, `os.urandom`, `uuid` and the module functions of `random`. The order of sets and the ids of
objects cannot be sealed; a test compares histories of two processes with different hash seeds instead.
"""

import hashlib
import os
import random
import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache as cache
from random import Random
from typing import Any

from xstock_node.protocol import heads, keys, messages
from xstock_node.protocol import sealing as protocol_sealing

REMEMBERED = 50_000


@contextmanager
def sealed(seed: int | str) -> Iterator[None]:
    """Chance from `seed` alone, until the block ends."""
    draw = Random(f"sealed {seed}")
    state = random.getstate()
    replaced: list[tuple[Any, str, Any]] = [
        (secrets, "token_bytes", lambda count=32: draw.randbytes(count or 32)),
        (secrets, "token_hex", lambda count=32: draw.randbytes(count or 32).hex()),
        (secrets, "randbits", draw.getrandbits),
        (secrets, "randbelow", draw.randrange),
        (os, "urandom", draw.randbytes),
        (protocol_sealing, "_SUITES", dict.fromkeys(protocol_sealing._SUITES, _Open(draw))),
        (uuid, "uuid4", lambda: uuid.UUID(int=draw.getrandbits(128), version=4)),
    ]
    before = [(where, name, getattr(where, name)) for where, name, _ in replaced]
    for where, name, value in replaced:
        setattr(where, name, value)
    random.seed(f"global {seed}")
    try:
        yield
    finally:
        for where, name, value in before:
            setattr(where, name, value)
        random.setstate(state)


class _Open:
    """In the place of HPKE: bound to its parties, different at each use, and secret from nobody."""

    def __init__(self, draw: Random) -> None:
        self._draw = draw

    def encrypt(self, plain: bytes, public: object, info: bytes) -> bytes:
        """A nonce, a check of the parties, and the text."""
        return self._draw.randbytes(16) + hashlib.sha256(info + plain).digest() + plain

    def decrypt(self, sealed: bytes, private: object, info: bytes) -> bytes:
        """The text; `ValueError` where it was sealed by another or for another."""
        plain = sealed[48:]
        if hashlib.sha256(info + plain).digest() != sealed[16:48]:
            raise ValueError("other parties")
        return plain


@contextmanager
def shared() -> Iterator[None]:
    """All nodes of a world read the same notes: what is pure and dear is worked out once for all of them."""
    parse, verify, message = heads.parse, keys.verify, messages.parse
    heads.parse = cache(maxsize=REMEMBERED)(parse)
    keys.verify = cache(maxsize=REMEMBERED)(verify)
    messages.parse = cache(maxsize=REMEMBERED)(message)
    try:
        yield
    finally:
        heads.parse, keys.verify, messages.parse = parse, verify, message
