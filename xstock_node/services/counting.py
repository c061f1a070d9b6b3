"""Counting what arrives: one person counts, a second one confirms it; until then the count is provisional."""

from typing import Any

import msgspec

from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor
from xstock_node.services.shelf import Shelf
from xstock_node.storage.interfaces import Transaction


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """Who counted; under the hash of the signed step."""

    by: str


COUNTS: Shelf[Count] = Shelf("count", Count)


def provisional(verb: str) -> dict[str, Any]:
    """What the node adds to a count."""
    return {"provisional": True} if verb == "received" else {}


def kept(tx: Transaction, actor: Actor, verb: str, hash_: str, now: int) -> None:
    """Keep who counted, with the step itself; who corrects a count has counted it last."""
    if verb in ("received", "correct"):
        COUNTS.put(tx, hash_, Count(by=actor.name), now)


def check(tx: Transaction, actor: Actor, verb: str, of: str) -> None:
    """Raise Refusal where a count is to be confirmed by who made it."""
    made = COUNTS.get(tx, of) if verb == "counted" else None
    if made is not None and made.by == actor.name:
        raise Refusal("second-person", "another person than who counted", actor.name, "let a second person count")
