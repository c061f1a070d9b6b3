"""Movements on their way into inventory systems, as they are kept, and what they hold of a system's lines."""

from decimal import Decimal
from typing import Literal

import msgspec

from xstock_node.domain.movements import Need
from xstock_node.domain.sums import ZERO
from xstock_node.plugins.inventory import MovementLine
from xstock_node.services.shelf import Shelf
from xstock_node.storage.interfaces import Transaction


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """So much of a line of a system, and what it is: `factor` units (Rec 20) of item `code` in one unit of the line."""

    line: MovementLine
    code: str
    unit: str
    factor: Decimal


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """One movement on its way. `state`: `waiting`, `unknown` (called, no answer yet), `done`, `declined`, `not needed`.

    `order` is its place among those of its case, `began` when the case's first movement was due, `at` the time of its
    step; `of` the id of the reservation that it ends; `source` and `lines` are chosen right before the first call.
    `attempt` counts the times that a person had it made anew, under another key, after the system had declined it.
    """

    id: str
    case: str
    kind: Literal["reserve", "release", "issue", "receive"]
    order: int
    began: int
    at: int
    needs: tuple[Need, ...] = ()
    source: str = ""
    lines: tuple[Taken, ...] = ()
    of: str = ""
    state: str = "waiting"
    reference: str = ""
    error: str = ""
    tries: int = 0
    attempt: int = 0
    next_at: int = 0
    ended_at: int = 0

    @property
    def key(self) -> str:
        """What goes into the system's reference field: what was declined under one key is made under the next."""
        return f"{self.id}-{self.attempt}" if self.attempt else self.id


MOVEMENTS: Shelf[Written] = Shelf("movement", Written)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """When the last reading of a system began (unix seconds): what was issued later it does not show yet."""

    at: int


ASKED: Shelf[Asked] = Shelf("asked", Asked)


def standing(tx: Transaction, source: str, before: int) -> dict[str, Decimal]:
    """What own reservations held in a system at a time, by the key of its lines: its word `reserved` counts them too.

    Only what is known to have been made by then, and not to have ended.
    """
    known = [one for one in MOVEMENTS.list(tx) if one.source == source and one.state == "done"]
    made = [one for one in known if 0 < one.ended_at <= before]
    ended = {one.of for one in known if one.kind in ("release", "issue")}
    found: dict[str, Decimal] = {}
    for one in made:
        if one.kind == "reserve" and one.id not in ended:
            for taken in one.lines:
                found[taken.line.key] = found.get(taken.line.key, ZERO) + taken.line.quantity
    return found


def spoken_for(tx: Transaction, source: str) -> dict[str, Decimal]:
    """What own movements take of each line beside what its last reading says: reserved for us, or gone since.

    A reservation holds until its release or issue is known to have been made.
    """
    asked = ASKED.get(tx, source)
    since = asked.at if asked else 0
    known = [one for one in MOVEMENTS.list(tx) if one.source == source and one.state in ("done", "unknown", "waiting")]
    ended = {one.of for one in known if one.kind in ("release", "issue") and one.state == "done"}
    found: dict[str, Decimal] = {}
    for one in known:
        held = one.kind == "reserve" and one.id not in ended
        gone = one.kind == "issue" and (one.ended_at >= since if one.state == "done" else not one.of)
        for taken in one.lines if held or gone else ():
            found[taken.line.key] = found.get(taken.line.key, ZERO) + taken.line.quantity
    return found
