"""Minimum levels: how much of an item has to stay at a place, by lists each of which replaces its last."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import NamedTuple

import msgspec

from xstock_node.domain.folding import fold
from xstock_node.domain.stock import StockLine
from xstock_node.domain.stock_changes import GUARDED_LINES, MOST_LOST, MOST_MOVED, MassChange
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.shelf import Shelf
from xstock_node.storage.interfaces import Transaction

Key = tuple[str, str]
"""A place, and a code or a folded name."""
Levels = dict[Key, Decimal]


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """The levels that the last list of a source named: what its next list takes the place of."""

    keys: list[Key]


LISTED: Shelf[Listed] = Shelf("minimums", Listed)


class Replaced(NamedTuple):
    """How many levels a list has, and how many of them are new, other than before, or gone."""

    stored: int
    added: int
    changed: int
    removed: int


def levels_of(rows: Iterable[StockLine]) -> Levels:
    """The levels that a list says; those of one item at one place add up."""
    levels: Levels = {}
    for row in rows:
        key = (row.location or "", row.item_code or fold(row.item_name or ""))
        levels[key] = levels.get(key, Decimal(0)) + row.quantity
    return levels


def own_levels(tx: Transaction, source: str) -> Levels:
    """The levels that stand by the last list of a source."""
    held = tx.stock.minimums()
    return {key: held[key] for key in own_keys(tx, source, held) if key in held}


async def replace_levels(
    office: Office,
    actor: Actor,
    source: str,
    file: str,
    levels: Levels,
    accept_changes: bool,
    first: Callable[[Transaction], None],
) -> Replaced:
    """Put a list's levels in the place of those of the last list of its source; those of other sources stay.

    `first` is done before anything else, in the same transaction.
    """

    def store(tx: Transaction) -> Replaced:
        first(tx)
        held, before = tx.stock.minimums(), own_levels(tx, source)
        if not accept_changes:
            _guard(source, before, levels)
        now = office.node.clock.now()
        tx.stock.replace_minimums({key: level for key, level in held.items() if key not in before} | levels)
        LISTED.put(tx, source, Listed(keys=[*levels]), now)
        office.record(tx, actor, "stock.minimums", source, f"{file}: {len(levels)} levels")
        same = levels.keys() & before.keys()
        changed = sum(levels[key] != before[key] for key in same)
        return Replaced(len(levels), len(levels) - len(same), changed, len(before) - len(same))

    return await office.node.engine.write(store, durable=True)


def own_keys(tx: Transaction, source: str, held: Levels) -> list[Key]:
    """The levels that a source's list replaces: its own, else what stood there before levels had sources."""
    own = LISTED.get(tx, source)
    if own is not None:
        return own.keys
    return [] if LISTED.list(tx) else [*held]


def mass_change_of_levels(before: Levels, after: Levels) -> MassChange | None:
    """Why a list of levels has to wait for a person, or None."""
    lost = len(before.keys() - after.keys())
    had, has = sum(before.values(), Decimal(0)), sum(after.values(), Decimal(0))
    found = MassChange(lost, len(before), had, has)
    if not before or (after and (len(before) < GUARDED_LINES or not (found.vanished or found.moved))):
        return None
    return found


def _guard(source: str, before: Levels, after: Levels) -> None:
    """Hold a list that may be a wrong or a cut one: what the levels keep back would be let out."""
    found = mass_change_of_levels(before, after)
    if found is None:
        return
    expected = f"at most {MOST_LOST:.0%} of the levels gone and their total moved by at most {MOST_MOVED:.0%}"
    came = f"{found.lost} of {found.lines} levels of {source} gone, a total of {found.has} instead of {found.had}"
    do = "nothing was changed; look at the file, and if it is right take it with `--accept-changes`"
    raise Refusal("mass-change", expected, came, do)
