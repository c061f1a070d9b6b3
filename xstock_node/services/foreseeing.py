"""What a list would change, said before it is taken: lines new, other, gone, renamed, and why a person has to look."""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from xstock_node.domain.folding import fold
from xstock_node.domain.mapping import MappingKey
from xstock_node.domain.stock import StockLine
from xstock_node.domain.stock_changes import MassChange, StockChange, compare, keyed, mass_change
from xstock_node.plugins.adapters import FileReading
from xstock_node.services.list_guards import level_rows, many_rejected, mark_of, oldest_good
from xstock_node.services.minimums import Levels, levels_of, mass_change_of_levels, own_levels
from xstock_node.services.office import Actor, Office
from xstock_node.services.profiles import PROFILES, Profile
from xstock_node.services.stocktake import ImportRequest, own_name, read_foreign
from xstock_node.services.told import check, check_headers
from xstock_node.services.typed import plain
from xstock_node.storage.interfaces import Transaction

MOST_CHANGES: Final = 1000
NAMED: Final = 5
FEW: Final = 3  # lines that make no sense: fewer stand out by themselves
Why = Literal["lines-gone", "total-moved", "tenfold", "emptied", "older-than-last", "old", "many-rejected"]


class HeldList(msgspec.Struct, frozen=True, kw_only=True):
    """Why a list waits for a person's yes: a closed word, how it was and is (figures or days as text), and which items.

    Of lines that are gone or rejected `now` of `was` are.
    """

    why: Why
    was: str = ""
    now: str = ""
    items: list[str] = []


class Foreseen(msgspec.Struct, frozen=True, kw_only=True):
    """What a list would do to the lines of its source (or to its levels).

    `stands` lines are there now, `lines` would be; `changes` are the first 1,000. `held` is why a person has to say
    yes; `to_match` lines would wait for a match. `seen` marks the list and what it was compared with: a yes holds for
    these alone.
    """

    stands: int
    lines: int
    same: int
    added: int
    changed: int
    removed: int
    renamed: int
    to_match: int
    last_as_of: str
    held: list[HeldList]
    changes: list[StockChange]
    seen: str


class ReadResult(msgspec.Struct, frozen=True, kw_only=True):
    """All that a file says, and what would become of it; null where it is refused."""

    reading: FileReading
    foreseen: Foreseen | None


async def read_list(office: Office, actor: Actor, request: ImportRequest) -> ReadResult:
    """What a file says and what taking it would change; nothing is changed."""
    plain(request.source, "source")
    check(request.columns, request.language)
    if request.kind == "stock":
        await own_name(office, request.source)
    profile = await office.node.engine.read(lambda tx: PROFILES.get(tx, request.source)) or Profile()
    reading = await read_foreign(office, request, profile)
    if reading.error is not None:
        return ReadResult(reading=reading, foreseen=None)
    check_headers(request.columns, reading)
    oldest = oldest_good(office)
    look = _levels if request.kind == "minimums" else _stock
    foreseen = await office.node.engine.read(lambda tx: look(tx, request.source, reading, oldest))
    return ReadResult(reading=reading, foreseen=foreseen)


def _stock(tx: Transaction, source: str, reading: FileReading, oldest: str) -> Foreseen:
    before = {ref: line for found, ref, line in tx.stock.lines() if found == source}
    old, new = list(before.values()), reading.rows
    changes = compare(old, new)
    counts = {op: sum(1 for one in changes if one.op == op) for op in ("add", "update", "rename", "remove")}
    last = next((one.as_of for one in tx.stock.sources() if one.name == source), "")
    mapped = {mapping.key for mapping in tx.stock.mappings()}
    return Foreseen(
        stands=len(old),
        lines=len(new),
        same=_same(old, new),
        added=counts["add"],
        changed=counts["update"],
        removed=counts["remove"],
        renamed=counts["rename"],
        to_match=sum(1 for line in new if MappingKey.of(source, line) not in mapped),
        last_as_of=last,
        held=[*_why(mass_change(old, new), old, new), *_doubts(reading, last, oldest)],
        changes=changes[:MOST_CHANGES] if old else [],
        seen=mark_of(before, new),
    )


def _levels(tx: Transaction, source: str, reading: FileReading, oldest: str) -> Foreseen:
    before, after = own_levels(tx, source), levels_of(reading.rows)
    same = after.keys() & before.keys()
    changed = [key for key in same if after[key] != before[key]]
    changes = _level_changes(before, after)
    found = mass_change_of_levels(before, after)
    return Foreseen(
        stands=len(before),
        lines=len(after),
        same=len(same) - len(changed),
        added=len(after) - len(same),
        changed=len(changed),
        removed=len(before) - len(same),
        renamed=0,
        to_match=0,
        last_as_of="",
        held=[*_why(found, [], reading.rows), *_doubts(reading, "", oldest)],
        changes=changes[:MOST_CHANGES] if before else [],
        seen=mark_of(level_rows(before), reading.rows),
    )


def _level_changes(before: Levels, after: Levels) -> list[StockChange]:
    found = []
    for place, item in sorted(before.keys() | after.keys()):
        was, now = before.get((place, item)), after.get((place, item))
        if was != now:
            op: Literal["add", "remove", "update"] = "add" if was is None else "remove" if now is None else "update"
            found.append(StockChange(op=op, item_name=item, location=place or None, was=was, now=now))
    return found


def _why(found: MassChange | None, before: Sequence[StockLine], after: Sequence[StockLine]) -> list[HeldList]:
    """Why a list that changes much is held, in closed words."""
    if found is None:
        return []
    if not after:
        return [HeldList(why="emptied", was=str(found.lines), now="0")]
    held = [HeldList(why="lines-gone", was=str(found.lines), now=str(found.lost))] if found.vanished else []
    held += [HeldList(why="total-moved", was=f"{found.had:f}", now=f"{found.has:f}")] if found.moved else []
    grown = list(dict.fromkeys(found.grown))
    return held + ([HeldList(why="tenfold", now=str(len(found.grown)), items=grown[:NAMED])] if grown else [])


def _doubts(reading: FileReading, last: str, oldest: str) -> list[HeldList]:
    """What a list says of itself that makes it doubtful: its day, and lines that make no sense."""
    held = []
    if reading.as_of and reading.as_of < last:
        held.append(HeldList(why="older-than-last", was=last, now=reading.as_of))
    elif reading.as_of and reading.as_of < oldest:
        held.append(HeldList(why="old", was=oldest, now=reading.as_of))
    if many_rejected(reading) and len(reading.rejected) >= FEW:
        lines = len(reading.rejected) + len(reading.rows)
        held.append(HeldList(why="many-rejected", was=str(lines), now=str(len(reading.rejected))))
    return held


def _same(before: Sequence[StockLine], after: Sequence[StockLine]) -> int:
    """How many lines stay as they are."""
    old = keyed(before)
    pairs = ((line, old[key]) for key, line in keyed(after).items() if key in old)
    return sum(1 for line, was in pairs if line.quantity == was.quantity and _called(line) == _called(was))


def _called(line: StockLine) -> str:
    return fold(line.item_name or "") if line.item_code else ""
