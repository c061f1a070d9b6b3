"""Syncing: stock lines from inventory systems, read on a schedule, staged, looked at, and swapped whole.

A snapshot whose end is missing, that counts wrong or names a line twice is thrown away; one with many rejected lines,
or that moves the stock by much, is held for a person. Whatever goes wrong, the last snapshot stays.
"""

import asyncio
import base64
import hashlib
import time
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from xstock_node.domain.mapping import MappingKey
from xstock_node.domain.soundness import fault
from xstock_node.domain.stock import StockLine
from xstock_node.domain.sums import ZERO
from xstock_node.plugins.adapters import RejectedLine
from xstock_node.plugins.calls import Defect
from xstock_node.plugins.errors import AdapterError, CursorExpired
from xstock_node.plugins.host import Adapter
from xstock_node.plugins.inventory import Gone, SnapshotEnd, SourceLine
from xstock_node.services.errors import Refusal
from xstock_node.services.list_guards import guard
from xstock_node.services.office import Actor, Office
from xstock_node.services.sources import SOURCES, SYSTEM, SourceState, systems
from xstock_node.services.stocktake import alike, cleaned
from xstock_node.services.typed import clean
from xstock_node.services.written import ASKED, Asked, standing
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import Source

EVERY: Final = 15.0
RETRY_SECONDS: Final = 300
MINUTES: Final = 60
MOST_REJECTED: Final = 20
"""One in so many lines may be rejected: 5 %."""
EXAMPLES: Final = 5
SHOWN: Final = 200
KEY: Final = 200
NODE: Final = Actor("node", "itself")


class SyncRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A system to read now; `accept_changes` is a person's word that a large change is right: of what had the
    mark `seen`, where that is said.
    """

    source: str
    accept_changes: bool = False
    seen: Annotated[str, Meta(max_length=64)] = ""


class SyncResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a reading did. `state` is `taken`, or `held`: then `why` says what a person has to look at.

    `rejected` has at most 200 of the `rejections` lines that could not become stock.
    """

    source: str
    system: str
    state: str
    stored: int
    added: int
    changed: int
    removed: int
    to_match: int
    rejections: int
    rejected: list[RejectedLine]
    why: str = ""


class Nonsense(Defect):
    """What came is of its type and makes no sense all the same."""


@dataclass
class Staged:
    """What a system said, before anything of it counts."""

    lines: dict[str, StockLine] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    rejected: list[RejectedLine] = field(default_factory=list)
    rejections: int = 0
    came: int = 0
    unsound: int = 0
    end: SnapshotEnd | None = None
    whole: bool = True

    def take(self, source: str, value: Any) -> None:
        """One value of the stream; `Nonsense` for what breaks its rules."""
        if self.end is not None:
            raise Nonsense("expected nothing after the end of a snapshot; came more; tell its author")
        if isinstance(value, SnapshotEnd):
            self.end = value
            return
        self.came += not isinstance(value, RejectedLine)
        if isinstance(value, RejectedLine):
            self.refuse(value)
        elif isinstance(value, Gone):
            self.gone.add(system_ref(source, value.key))
        elif isinstance(value, SourceLine):
            if wrong := fault(value.line):
                self.came -= 1
                self.refuse(
                    RejectedLine(line=0, reason=wrong, text=f"{value.key[:60]} {value.line.item_name or ''}"[:200])
                )
                self.unsound += 1
                return
            ref = system_ref(source, value.key)
            if ref in self.lines:
                raise Nonsense(f"expected each key once; came {value.key[:60]!r} twice; tell its author")
            self.lines[ref] = msgspec.structs.replace(cleaned(value.line), key=clean(value.key))

    def refuse(self, line: RejectedLine) -> None:
        """Count a line that cannot become stock, and keep the first of them to show."""
        self.rejections += 1
        if len(self.rejected) < SHOWN:
            self.rejected.append(line)

    def judge(self) -> SnapshotEnd:
        """The end, if the snapshot may count; `Nonsense` otherwise."""
        if self.end is None:
            raise Nonsense("expected a SnapshotEnd; the snapshot broke off; it was thrown away")
        if self.end.count != self.came + self.unsound:
            raise Nonsense(
                f"expected {self.end.count} lines by its own count; came {self.came + self.unsound}; it was thrown away"
            )
        return self.end


def system_ref(source: str, key: str) -> str:
    """A short stable name of a line of a system."""
    if not 0 < len(key) <= KEY:
        raise Nonsense(f"expected a key of 1 to {KEY} characters; came {len(key)}; tell its author")
    digest = hashlib.sha256(f"{source}\x1f{key}".encode()).digest()
    return base64.b32encode(digest[:10]).decode().lower()


class Syncing:
    """Reads each system that is on when it is due."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin."""
        self._task = asyncio.ensure_future(self._run())

    async def stop(self) -> None:
        """End; a reading that is under way counts for nothing."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look(self) -> list[str]:
        """Read all that are due, side by side; which were read."""
        now = self._office.node.clock.now()
        states = {state.name: state for state in await self._office.node.engine.read(SOURCES.list)}
        due = [name for name in systems(self._office) if name not in states or states[name].next_at <= now]
        await asyncio.gather(*map(self._read, due))
        return due

    async def _read(self, name: str) -> None:
        try:
            await sync(self._office, NODE, SyncRequest(source=name))
        except Refusal as error:
            self._office.node.trace.warning("not-synced", source=name, why=f"{error.came}; {error.do}")
        except Exception as error:
            self._office.node.trace.error("not-synced", source=name, why=f"{type(error).__name__}: {error}")

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except Exception as error:  # looked at again at the next turn
                self._office.node.trace.error("not-synced", why=f"{type(error).__name__}: {error}")
            await asyncio.sleep(EVERY)


async def sync(office: Office, actor: Actor, request: SyncRequest) -> SyncResult:
    """Read one system now and take what it says, unless a person has to look first."""
    adapter = next((a for a in office.host.of_kind("inventory-source") if a.name == request.source), None)
    if adapter is None or request.source not in systems(office):
        known = ", ".join(systems(office)) or "none that is on"
        do = f"write plugins/{request.source}.toml, or see `xstock plugin list`"
        raise Refusal("no-source", f"a system that is switched on ({known})", request.source, do, 2)
    before = await office.node.engine.read(lambda tx: SOURCES.get(tx, request.source))
    state = before or SourceState(name=request.source)
    began, asked = time.monotonic(), office.node.clock.now()
    try:
        capabilities = await adapter.plugin.call(adapter.kind, adapter.name, "describe")
        staged = await staged_of(adapter, capabilities.changes, state.cursor)
    except (AdapterError, Defect) as error:
        await _note(office, adapter, state, began, error=clean(str(error))[:500])
        raise Refusal("not-read", f"stock from {request.source}", clean(str(error)), "the last reading stays") from None
    state = msgspec.structs.replace(state, system=clean(capabilities.system)[:100])
    return await _take(office, actor, request, adapter, state, staged, began, asked)


async def staged_of(adapter: Adapter, changes: bool = False, cursor: str = "") -> Staged:
    """All lines, or the changes since a cursor where the system tells them; `Defect` for what may not count."""
    if changes and cursor:
        try:
            return await _gather(adapter, "changes", cursor, Staged(whole=False))
        except CursorExpired:
            pass  # all of it, then
    return await _gather(adapter, "snapshot", None, Staged())


async def _gather(adapter: Adapter, method: str, argument: Any, staged: Staged) -> Staged:
    values = adapter.plugin.stream(adapter.kind, adapter.name, method, argument)
    try:
        async with aclosing(values):
            async for value in values:
                staged.take(adapter.name, value)
        staged.judge()
    except Nonsense as error:
        await adapter.plugin.blame(adapter.kind, adapter.name, error)
        raise
    return staged


async def _take(
    office: Office,
    actor: Actor,
    request: SyncRequest,
    adapter: Adapter,
    state: SourceState,
    staged: Staged,
    began: float,
    asked: int,
) -> SyncResult:
    now, name = office.node.clock.now(), request.source
    end = staged.judge()
    as_of = min(end.as_of, now) if end.as_of > 0 else now
    held, mark, read = "", "", staged.lines

    def store(tx: Transaction) -> SyncResult:
        nonlocal held, mark
        before = {ref: line for found, ref, line in tx.stock.lines() if found == name}
        known = next((source for source in tx.stock.sources() if source.name == name), None)
        if known is not None and known.reader != SYSTEM:
            expected, do = f"a source of its own for {name}", "import that list under another --source, then sync again"
            raise Refusal("source-taken", expected, f"a {known.reader} of that name", do)
        staged.lines = _less_own(staged.lines, standing(tx, name, asked))
        after = dict(staged.lines) if staged.whole else _changed(before, staged)
        held = "" if request.accept_changes else _objection(name, before, after, staged, end)
        mark = _mark(staged, read) if held or request.seen else ""
        if request.accept_changes and request.seen not in ("", mark):
            held = "the system says something else by now than what was looked at"
        if not held:
            source = Source(name, SYSTEM, _day(as_of), now, len(after), staged.rejections)
            lines = [(ref, _dated(line, as_of)) for ref, line in after.items()]
            tx.stock.replace(source, lines)
            ASKED.put(tx, name, Asked(at=asked), now)
            office.record(tx, actor, "stock.sync", name, f"{len(after)} lines")
        mapped = {mapping.key for mapping in tx.stock.mappings()}
        return SyncResult(
            source=name,
            system=state.system,
            state="held" if held else "taken",
            stored=0 if held else len(after),
            added=len(after.keys() - before.keys()),
            changed=sum(1 for ref in after.keys() & before.keys() if not _same(after[ref], before[ref])),
            removed=len(before.keys() - after.keys()),
            to_match=sum(1 for line in after.values() if MappingKey.of(name, line) not in mapped),
            rejections=staged.rejections,
            rejected=staged.rejected,
            why=held,
        )

    result = await office.node.engine.write(store, durable=True)
    cursor = state.cursor if held else clean(end.cursor)[:500]
    examples = tuple(_example(one) for one in staged.rejected[:EXAMPLES]) if held else ()
    noted = msgspec.structs.replace(state, cursor=cursor, mark=mark if held else "", examples=examples)
    await _note(office, adapter, noted, began, held=held)
    return result


def _mark(staged: Staged, read: dict[str, StockLine]) -> str:
    """What tells one reading from another: its lines and how many were rejected, whenever it was read."""
    lines = sorted((ref, msgspec.json.encode(line)) for ref, line in read.items())
    whole = msgspec.json.encode([staged.rejections, lines, sorted(staged.gone)])
    return hashlib.sha256(whole).hexdigest()[:32]


def _example(one: RejectedLine) -> str:
    return clean(f"{one.line}: {one.text or one.reason}")[:200]


def _changed(before: dict[str, StockLine], staged: Staged) -> dict[str, StockLine]:
    return {ref: line for ref, line in before.items() if ref not in staged.gone} | staged.lines


def _less_own(lines: dict[str, StockLine], own: dict[str, Decimal]) -> dict[str, StockLine]:
    """The lines without what is reserved for own promises, which are counted beside the stock."""
    return {
        ref: msgspec.structs.replace(line, reserved=max(ZERO, line.reserved - own[line.key]))
        if line.key in own and line.reserved is not None
        else line
        for ref, line in lines.items()
    }


def _objection(
    name: str, before: dict[str, StockLine], after: dict[str, StockLine], staged: Staged, end: SnapshotEnd
) -> str:
    """Why a person has to look at a snapshot before it counts."""
    if not end.complete:
        return "the system holds more than it could tell"
    if staged.rejections * MOST_REJECTED > len(staged.lines) + staged.rejections:
        return f"{staged.rejections} of {len(staged.lines) + staged.rejections} lines make no sense (more than 5 %)"
    try:
        guard(name, before, after)
    except Refusal as error:
        return f"{error.came} (expected {error.expected})"
    return ""


def _dated(line: StockLine, as_of: int) -> StockLine:
    """The line with the moment at which the system held so much."""
    return msgspec.structs.replace(line, counted_at=line.counted_at or as_of)


def _same(one: StockLine, other: StockLine) -> bool:
    return alike(msgspec.structs.replace(one, counted_at=None), msgspec.structs.replace(other, counted_at=None))


async def _note(
    office: Office, adapter: Adapter, state: SourceState, began: float, held: str = "", error: str = ""
) -> None:
    """Remember how a reading went, and when the next is due."""
    now = office.node.clock.now()
    try:
        settings = adapter.plugin.settings_of(adapter.name)
    except (OSError, ValueError):
        settings = None
    every = (settings.host.every_minutes or MINUTES) * 60 if settings else RETRY_SECONDS
    record = adapter.plugin.record(adapter.kind, adapter.name)
    wait = min(every, max(RETRY_SECONDS, record.next_at - now)) if error else every
    noted = msgspec.structs.replace(
        state,
        tried_at=now,
        next_at=now + wait,
        held=held,
        error=error,
        seconds=round(time.monotonic() - began, 3),
        monthly=settings.host.monthly if settings else state.monthly,
    )
    await office.node.engine.write(lambda tx: SOURCES.put(tx, adapter.name, noted, now), durable=True)


def _day(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()
