"""Undoing an import: what it replaced is kept, and comes back until something of it was published.

Of each source the last import can be undone. What a person matched since, about lines of that source, goes with it.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

import msgspec

from xstock_node.domain.mapping import Mapping, MappingKey
from xstock_node.domain.stock import StockLine
from xstock_node.services.errors import Refusal
from xstock_node.services.list_guards import level_rows, mark_of
from xstock_node.services.minimums import LISTED, Key, Levels, Listed, own_keys
from xstock_node.services.office import Actor, Office
from xstock_node.services.profiles import PROFILES, Profile
from xstock_node.services.shelf import Shelf
from xstock_node.services.times import iso
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import Source

STOCK: Final = "stock"
MINIMUMS: Final = "minimums"
Lines = list[tuple[str, StockLine]]


class Undoable(msgspec.Struct, frozen=True, kw_only=True):
    """An import that can be undone: of which source, which file, when (unix seconds) and by whom; `before` lines or
    levels come back.
    """

    source: str
    kind: str
    file: str
    at: int
    by: str
    lines: int
    before: int


class UndoableView(msgspec.Struct, frozen=True, kw_only=True):
    """An import that can be undone; `at` ISO, `lines` go and `before` come back."""

    source: str
    kind: str
    file: str
    at: str
    by: str
    lines: int
    before: int


class UndoRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The source whose last import is undone, and whether it was one of `stock` or of `minimums`."""

    source: str = "stock"
    kind: str = STOCK


class UndoResult(msgspec.Struct, frozen=True, kw_only=True):
    """What came back: `lines` stand now where there were `removed`; `mappings` that were made since are gone."""

    source: str
    kind: str
    lines: int
    removed: int
    mappings: int


class _Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What an import replaced. `after` marks what it put there. `listed` is None where the source named no levels."""

    after: str
    had: Source | None = None
    lines: Lines = []
    mappings: list[Mapping] = []
    profile: Profile | None = None
    levels: list[tuple[str, str, Decimal]] = []
    listed: Listed | None = None


UNDOABLE: Shelf[Undoable] = Shelf("undoable", Undoable)
SNAPSHOTS: Shelf[_Snapshot] = Shelf("undo-snapshot", _Snapshot)


def remember_stock(tx: Transaction, actor: Actor, source: str, file: str, after: Lines, now: int) -> None:
    """Keep what a list is about to replace; before it is stored."""
    before = _lines(tx, source)
    snapshot = _Snapshot(
        after=mark_of(source, sorted(after)),
        had=next((one for one in tx.stock.sources() if one.name == source), None),
        lines=before,
        mappings=_mappings(tx, source),
        profile=PROFILES.get(tx, source),
    )
    _keep(tx, actor, snapshot, source, STOCK, file, len(after), len(before), now)


def remember_levels(tx: Transaction, actor: Actor, source: str, file: str, after: Levels, now: int) -> None:
    """Keep the levels that a list is about to replace; before they are stored."""
    held = tx.stock.minimums()
    before = [(*key, held[key]) for key in own_keys(tx, source, held) if key in held]
    snapshot = _Snapshot(after=_level_mark(source, after), levels=before, listed=LISTED.get(tx, source))
    _keep(tx, actor, snapshot, source, MINIMUMS, file, len(after), len(before), now)


def published(tx: Transaction, codes: Iterable[str]) -> None:
    """Offers of these items were signed or ended: no import that they may come from can be undone any more."""
    said = set(codes)
    for one in UNDOABLE.list(tx):
        if one.kind == MINIMUMS or said & _codes(tx, one):
            _forget(tx, one.source, one.kind)


async def list_undoable(office: Office, actor: Actor, request: None = None) -> list[UndoableView]:
    """The imports that can be undone, the newest first."""
    found = await office.node.engine.read(UNDOABLE.list)
    said = [{name: getattr(one, name) for name in one.__struct_fields__} for one in sorted(found, key=lambda o: -o.at)]
    return [UndoableView(**one | {"at": iso(one["at"])}) for one in said]


async def undo(office: Office, actor: Actor, request: UndoRequest) -> UndoResult:
    """Bring back what the last import of a source replaced; refused once something of it was published."""

    def work(tx: Transaction) -> UndoResult:
        one, snapshot = _held(tx, request)
        done = _levels_back(tx, one, snapshot) if one.kind == MINIMUMS else _stock_back(tx, one, snapshot, now)
        _forget(tx, one.source, one.kind)
        office.record(tx, actor, "stock.undo", one.source, f"{one.file}: {done.removed} go, {done.lines} come back")
        return done

    now = office.node.clock.now()
    result = await office.node.engine.write(work, durable=True)
    office.changes.tell("")
    return result


def _stock_back(tx: Transaction, one: Undoable, snapshot: _Snapshot, now: int) -> UndoResult:
    present = _lines(tx, one.source)
    if mark_of(one.source, sorted(present)) != snapshot.after:
        raise _changed_since(one)
    if snapshot.had is None:
        tx.stock.drop_source(one.source)
    else:
        tx.stock.replace(snapshot.had, snapshot.lines)
    kept = {mapping.key: mapping for mapping in snapshot.mappings}
    made = [mapping for mapping in _mappings(tx, one.source) if kept.get(mapping.key) != mapping]
    for mapping in made:
        tx.stock.drop_mapping(mapping.key)
    for mapping in snapshot.mappings:
        tx.stock.put_mapping(mapping)
    if snapshot.profile is None:
        PROFILES.drop(tx, one.source)
    else:
        PROFILES.put(tx, one.source, snapshot.profile, now)
    return UndoResult(
        source=one.source, kind=STOCK, lines=len(snapshot.lines), removed=len(present), mappings=len(made)
    )


def _levels_back(tx: Transaction, one: Undoable, snapshot: _Snapshot) -> UndoResult:
    held = tx.stock.minimums()
    own = own_keys(tx, one.source, held)
    present = {key: held[key] for key in own if key in held}
    if _level_mark(one.source, present) != snapshot.after:
        raise _changed_since(one)
    back: Levels = {(place, item): level for place, item, level in snapshot.levels}
    tx.stock.replace_minimums({key: level for key, level in held.items() if key not in present} | back)
    if snapshot.listed is None:
        LISTED.drop(tx, one.source)
    else:
        LISTED.put(tx, one.source, snapshot.listed, one.at)
    return UndoResult(source=one.source, kind=MINIMUMS, lines=len(back), removed=len(present), mappings=0)


def _held(tx: Transaction, request: UndoRequest) -> tuple[Undoable, _Snapshot]:
    key = _key(request.source, request.kind)
    one, snapshot = UNDOABLE.get(tx, key), SNAPSHOTS.get(tx, key)
    if one is None or snapshot is None:
        can = ", ".join(f"{o.source} ({o.kind})" for o in UNDOABLE.list(tx)) or "none"
        expected = f"a source whose last import can be undone: {can}"
        do = "once something was published nothing is undone; import the right list instead"
        raise Refusal("no-undo", expected, f"{request.source} ({request.kind})"[:120], do)
    return one, snapshot


def _changed_since(one: Undoable) -> Refusal:
    do = "import the right list instead: `xstock stock import`"
    return Refusal("no-undo", f"the lines of {one.source} as {one.file} brought them", "they were changed since", do)


def _keep(
    tx: Transaction,
    actor: Actor,
    snapshot: _Snapshot,
    source: str,
    kind: str,
    file: str,
    lines: int,
    before: int,
    now: int,
) -> None:
    one = Undoable(source=source, kind=kind, file=file, at=now, by=actor.name, lines=lines, before=before)
    UNDOABLE.put(tx, _key(source, kind), one, now)
    SNAPSHOTS.put(tx, _key(source, kind), snapshot, now)


def _forget(tx: Transaction, source: str, kind: str) -> None:
    UNDOABLE.drop(tx, _key(source, kind))
    SNAPSHOTS.drop(tx, _key(source, kind))


def _codes(tx: Transaction, one: Undoable) -> set[str]:
    """The items that the lines before or after an import are mapped to, by what is confirmed now or was then."""
    snapshot = SNAPSHOTS.get(tx, _key(one.source, one.kind))
    mapped = [*_mappings(tx, one.source), *(snapshot.mappings if snapshot else [])]
    lines = [line for _, line in [*_lines(tx, one.source), *(snapshot.lines if snapshot else [])]]
    keys = {MappingKey.of(one.source, line) for line in lines}
    return {mapping.code for mapping in mapped if mapping.key in keys}


def _lines(tx: Transaction, source: str) -> Lines:
    return [(ref, line) for found, ref, line in tx.stock.lines() if found == source]


def _mappings(tx: Transaction, source: str) -> list[Mapping]:
    return [mapping for mapping in tx.stock.mappings() if mapping.key.source == source]


def _level_mark(source: str, levels: dict[Key, Decimal]) -> str:
    return mark_of(source, level_rows(levels))


def _key(source: str, kind: str) -> str:
    return f"{kind} {source}"
