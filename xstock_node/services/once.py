"""Once: what is asked under a key is done once, also where the node died between the deed and its answer.

The mark is stored in the transaction of the deed. Who asks again with the key is told what was done.
"""

import hashlib
import re
from typing import NamedTuple

import msgspec

from xstock_node.services.errors import Refusal
from xstock_node.services.shelf import Shelf
from xstock_node.storage.interfaces import Transaction

DAY = 86_400
KEY = r"[A-Za-z0-9_-]{8,64}"


class Once(NamedTuple):
    """The key of one request, its person's own, and the hash of what was asked under it."""

    key: str
    asked: str

    @classmethod
    def of(cls, key: str, route: str, body: bytes) -> "Once":
        """The key under which `body` is asked of a route; raises Refusal `bad-key`."""
        if re.fullmatch(KEY, key, re.ASCII) is None:
            raise Refusal("bad-key", "a key of 8 to 64 letters, digits, - or _", key[:80], "make a new one", 2)
        return cls(key, hashlib.sha256(route.encode() + b"\0" + body).hexdigest())


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What was done under a key: about which case or request, and the hash of the signed step or the waiting step."""

    asked: str
    at: int
    about: str
    step: str = ""
    hash: str = ""
    waiting: str = ""


DONE: Shelf[Done] = Shelf("done-once", Done)


def done(tx: Transaction, who: str, once: Once | None, now: int) -> Done | None:
    """What was done under the key within a day; None where nothing was, or no key came. Raises Refusal `key-used`."""
    held = DONE.get(tx, f"{who} {once.key}") if once else None
    if once is None or held is None or held.at + DAY <= now:
        return None
    if held.asked != once.asked:
        raise used()
    return held


def mark(tx: Transaction, who: str, once: Once | None, now: int, **what: str) -> None:
    """Keep what is being done, in its transaction: the fields of `Done`."""
    if once is not None:
        DONE.put(tx, f"{who} {once.key}", Done(asked=once.asked, at=now, **what), now)


def used() -> Refusal:
    """A key that was used for something else."""
    return Refusal(
        "key-used", "one request for one key", "another one", "see what was done before; else make a new key"
    )
