"""Stocktake: lines of own stock in, from files or by hand; minimum levels; nothing silently lost."""

import re
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from xstock_node.domain.ageing import HAND
from xstock_node.domain.mapping import MappingKey
from xstock_node.domain.stock import StockLine
from xstock_node.domain.stock_changes import StockChange, compare
from xstock_node.plugins.adapters import FileReading, ReadHints
from xstock_node.plugins.isolation import read_file
from xstock_node.services import undoing
from xstock_node.services.errors import Refusal
from xstock_node.services.list_guards import expect_seen, guard, hold_stale, hold_unattended, level_rows
from xstock_node.services.minimums import levels_of, own_levels, replace_levels
from xstock_node.services.office import Actor, Office
from xstock_node.services.profiles import PROFILES, Profile, learnt
from xstock_node.services.sources import FILE, systems
from xstock_node.services.stock_lines import line_ref
from xstock_node.services.told import LANGUAGE, check, check_headers
from xstock_node.services.typed import UNSAFE, clean, plain
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import Source

DEFAULT_SOURCE = "stock"
SHOWN_CHANGES = 200
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,10}")


class ImportRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A file's name and content; `kind` says what its rows are; mappings are remembered per `source`.

    `language` (BCP 47) is that of the list, which tells the order of days and months and of thousands and decimals.
    `accept_changes` is a person's word that a file which changes the stock by much is right. `unattended` says that no
    person sees what the reading says: a list with many rejected lines, or with any question, is then held. `seen` is
    the mark of what a person looked at: something else is refused.
    """

    file: str
    content: bytes
    kind: Literal["stock", "minimums"] = "stock"
    source: str = DEFAULT_SOURCE
    columns: dict[str, str] = {}
    language: Annotated[str, Meta(pattern=LANGUAGE)] = ""
    accept_changes: bool = False
    unattended: bool = False
    seen: str = ""


class ImportResult(msgspec.Struct, frozen=True, kw_only=True):
    """What an import did; `reading` is all that the file said, rejected and skipped lines included.

    `changes` are the first changes of a list that replaces an older one, at most SHOWN_CHANGES.
    """

    source: str
    kind: str
    stored: int
    added: int
    changed: int
    removed: int
    to_match: int
    reading: FileReading
    changes: list[StockChange] = []


async def read_foreign(office: Office, request: ImportRequest, profile: Profile) -> FileReading:
    """Read uploaded bytes in the child process, with what is known of the lists of their source."""
    name = Path(request.file).name
    today = datetime.fromtimestamp(office.node.clock.now(), UTC).date().isoformat()
    hints = ReadHints(
        today=today,
        columns=profile.columns | request.columns,
        language=office.settings.languages[0],
        levels=request.kind == "minimums",
        said_language=request.language or profile.language,
    )
    with tempfile.TemporaryDirectory(prefix="xstock-") as folder:
        suffix = Path(name).suffix
        path = Path(folder) / f"upload{suffix if _SUFFIX.fullmatch(suffix) else ''}"
        path.write_bytes(request.content)
        reading = await read_file(office.host, path, hints)
    return msgspec.structs.replace(reading, file=name, rows=[cleaned(row) for row in reading.rows])


async def import_file(office: Office, actor: Actor, request: ImportRequest) -> ImportResult:
    """Take a file as the new snapshot of its source; a refused file changes nothing."""
    plain(request.source, "source")
    check(request.columns, request.language)
    if request.kind == "stock":
        await own_name(office, request.source)
    profile = await office.node.engine.read(lambda tx: PROFILES.get(tx, request.source)) or Profile()
    reading = await read_foreign(office, request, profile)
    if reading.error is not None:
        return ImportResult(
            source=request.source,
            kind=request.kind,
            stored=0,
            added=0,
            changed=0,
            removed=0,
            to_match=0,
            reading=reading,
        )
    check_headers(request.columns, reading)
    if request.unattended and not request.accept_changes:
        hold_unattended(request.source, reading)
        await hold_stale(office, request.source, reading)
    if request.kind == "minimums":
        return await _import_minimums(office, actor, request, reading)
    refs = _with_refs(request.source, reading.rows)
    now = office.node.clock.now()
    source = Source(request.source, FILE, reading.as_of or "", now, len(refs), len(reading.rejected))

    def store(tx: Transaction) -> ImportResult:
        _not_taken(tx, request.source)
        before = {ref: line for found, ref, line in tx.stock.lines() if found == request.source}
        expect_seen(request.seen, before, reading.rows)
        if not request.accept_changes:
            guard(request.source, before, dict(refs))
        undoing.remember_stock(tx, actor, request.source, request.file, refs, now)
        tx.stock.replace(source, refs)
        PROFILES.put(tx, request.source, learnt(profile, request.columns, request.language), now)
        mapped = {mapping.key for mapping in tx.stock.mappings()}
        office.record(tx, actor, "stock.import", request.source, f"{request.file}: {len(refs)} lines")
        after = dict(refs)
        return ImportResult(
            source=request.source,
            kind=request.kind,
            stored=len(refs),
            added=len(after.keys() - before.keys()),
            changed=sum(1 for ref in after.keys() & before.keys() if not alike(after[ref], before[ref])),
            removed=len(before.keys() - after.keys()),
            to_match=sum(1 for _, line in refs if MappingKey.of(request.source, line) not in mapped),
            reading=reading,
            changes=compare(list(before.values()), reading.rows)[:SHOWN_CHANGES] if before else [],
        )

    return await office.node.engine.write(store, durable=True)


async def own_name(office: Office, source: str) -> None:
    """Refuse a list under the name of the list kept by hand or of a system, whose lines it would replace."""
    if source == office.host.editable():
        raise _name_taken(source, "the list kept by hand")
    if source in systems(office):
        raise _name_taken(source, "a system")
    await office.node.engine.read(lambda tx: _not_taken(tx, source))


def _not_taken(tx: Transaction, source: str) -> None:
    found = next((one for one in tx.stock.sources() if one.name == source), None)
    if found is not None and found.reader != FILE:
        raise _name_taken(source, "the list kept by hand" if found.reader == HAND else "a system")


def _name_taken(source: str, by: str) -> Refusal:
    expected, came = "a source whose lines come from files", f"{source}, which is the name of {by}"
    return Refusal("name-taken", expected, came, "choose another --source for this list")


async def _import_minimums(office: Office, actor: Actor, request: ImportRequest, reading: FileReading) -> ImportResult:
    levels, now = levels_of(reading.rows), office.node.clock.now()

    def first(tx: Transaction) -> None:
        expect_seen(request.seen, level_rows(own_levels(tx, request.source)), reading.rows)
        undoing.remember_levels(tx, actor, request.source, request.file, levels, now)

    accept = request.accept_changes
    done = await replace_levels(office, actor, request.source, request.file, levels, accept, first)
    return ImportResult(source=request.source, kind=request.kind, **done._asdict(), to_match=0, reading=reading)


def _with_refs(source: str, lines: Sequence[StockLine]) -> list[tuple[str, StockLine]]:
    """Refs for all lines; lines that a reader kept apart although they are alike get a number behind theirs."""
    seen: dict[str, int] = {}
    found = []
    for line in lines:
        ref = line_ref(source, line)
        seen[ref] = seen.get(ref, 0) + 1
        found.append((ref if seen[ref] == 1 else f"{ref}-{seen[ref]}", line))
    return found


def alike(one: StockLine, other: StockLine) -> bool:
    """Whether two readings of a line say the same, wherever in the file it stood."""
    return msgspec.structs.replace(one, line=None, merged_lines=()) == msgspec.structs.replace(
        other, line=None, merged_lines=()
    )


def cleaned(line: StockLine) -> StockLine:
    """A line as read, its texts without characters that no record may carry."""
    texts = {name: value for name, value in msgspec.structs.asdict(line).items() if isinstance(value, str)}
    changed = {name: clean(value) for name, value in texts.items() if UNSAFE.search(value)}
    return msgspec.structs.replace(line, **changed) if changed else line
