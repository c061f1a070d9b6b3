"""What a newer list of the same source changes, and whether it changes so much that a person has to look first.

- A line is the same line where item (code, else folded name), unit, place, lot and expiry are the same.
- A code under another name is a rename: what was confirmed for the code stays. A changed unit is another line.
- Lines alike are told apart by their order, as a source that keeps them apart lists them.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final, Literal, NamedTuple

import msgspec

from xstock_node.domain.folding import fold
from xstock_node.domain.stock import StockLine

GUARDED_LINES: Final = 5  # shorter lists may change as they like, but for being emptied
MOST_LOST: Final = Decimal("0.3")
MOST_MOVED: Final = Decimal("0.5")
TENFOLD: Final = 10
"""A line that held so many or more and is so many times as large now may have slipped by a digit."""
Op = Literal["add", "update", "rename", "remove"]


class StockChange(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename={"was": "from", "now": "to"}):
    """One line's change: what the item is, and of lot, place and expiry what parts it from other lines of the item.

    `item_name` stands where the line has no code. `was` and `now` (written as `from` and `to`) count the line's unit;
    `keeps_mapping` says of a rename that the confirmed item stays.
    """

    op: Op
    item_code: str | None = None
    item_name: str | None = None
    lot: str | None = None
    location: str | None = None
    expiry: str | None = None
    was: Decimal | None = None
    now: Decimal | None = None
    keeps_mapping: bool | None = None


class LineKey(NamedTuple):
    """What makes a line the same line in the next list; `number` counts lines alike from 1."""

    item: str
    unit: str
    location: str
    lot: str
    expiry: str
    number: int


class MassChange(NamedTuple):
    """Why a snapshot is held: `lost` of `lines` lines are gone, the figures' sum moved from `had` to `has`, or figures
    of single lines are tenfold (`grown`: names of what).

    The sum is over whatever units the list has: it measures how much moved and is no quantity.
    """

    lost: int
    lines: int
    had: Decimal
    has: Decimal
    grown: tuple[str, ...] = ()

    @property
    def vanished(self) -> bool:
        """Too many lines are gone."""
        return self.lost > MOST_LOST * self.lines

    @property
    def moved(self) -> bool:
        """The sum is another by too much."""
        return bool(self.had) and abs(self.has - self.had) > MOST_MOVED * abs(self.had)


def keyed(lines: Iterable[StockLine]) -> dict[LineKey, StockLine]:
    """The lines by what makes them the same from list to list."""
    found: dict[LineKey, StockLine] = {}
    seen: dict[LineKey, int] = {}
    for line in lines:
        item = line.item_code or fold(line.item_name or "")
        key = LineKey(item, line.unit or "", line.location or "", line.lot or "", line.expiry or "", 1)
        seen[key] = seen.get(key, 0) + 1
        found[key._replace(number=seen[key])] = line
    return found


def compare(before: Sequence[StockLine], after: Sequence[StockLine]) -> list[StockChange]:
    """What `after` changes: its lines in their order, then the lines that are gone."""
    old, new = keyed(before), keyed(after)
    told = _told_apart(old | new)
    found: list[StockChange] = []
    for key, line in new.items():
        was = old.get(key)
        if was is None:
            found.append(_said(told[key], "add", now=line.quantity))
            continue
        if line.item_code and fold(line.item_name or "") != fold(was.item_name or ""):
            found.append(_said(told[key], "rename", keeps_mapping=True))
        if line.quantity != was.quantity:
            found.append(_said(told[key], "update", was=was.quantity, now=line.quantity))
    gone = (key for key in old if key not in new)
    return found + [_said(told[key], "remove", was=old[key].quantity) for key in gone]


def mass_change(before: Sequence[StockLine], after: Sequence[StockLine]) -> MassChange | None:
    """Why `after` has to wait for a person, or None: over 30 % of the lines gone, the sum moved by over 50 %, a line
    tenfold, empty.
    """
    old, new = keyed(before), keyed(after)
    had = sum((line.quantity for line in before), Decimal(0))
    has = sum((line.quantity for line in after), Decimal(0))
    same = ((line, old[key].quantity) for key, line in new.items() if key in old)
    grown = [line for line, was in same if was >= TENFOLD and line.quantity >= was * TENFOLD]
    named = tuple(line.item_code or line.item_name or "" for line in grown)
    found = MassChange(len(old.keys() - new.keys()), len(old), had, has, named)
    if before and not after:
        return found
    return found if len(old) >= GUARDED_LINES and (found.vanished or found.moved or found.grown) else None


def _told_apart(lines: dict[LineKey, StockLine]) -> dict[LineKey, StockChange]:
    """For each line its item, and as much of lot, place and expiry as parts it from the item's other lines."""
    of_item: dict[tuple[str, str], list[LineKey]] = {}
    for key in lines:
        of_item.setdefault((key.item, key.unit), []).append(key)
    told: dict[LineKey, StockChange] = {}
    for keys in of_item.values():
        fields: list[str] = []
        for name in ("lot", "location", "expiry"):
            if _kinds(keys, [*fields, name]) > _kinds(keys, fields):
                fields.append(name)
        for key in keys:
            line = lines[key]
            item = StockChange(op="add", item_code=line.item_code, item_name=None if line.item_code else line.item_name)
            told[key] = msgspec.structs.replace(item, **{name: getattr(line, name) for name in fields})
    return told


def _kinds(keys: list[LineKey], fields: list[str]) -> int:
    return len({tuple(getattr(key, name) for name in fields) for key in keys})


def _said(item: StockChange, op: Op, **figures: Decimal | bool) -> StockChange:
    return msgspec.structs.replace(item, op=op, **figures)
