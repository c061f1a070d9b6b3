"""Stocktake: lines of own stock in, from files or by hand; minimum levels; nothing silently lost."""

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
from xstock_node.domain.stock_changes import MOST_LOST, MOST_MOVED, StockChange, compare, mass_change
from xstock_node.plugins.adapters import FileReading, ReadHints
from xstock_node.plugins.isolation import read_file
from xstock_node.services.errors import Refusal
from xstock_node.services.minimums import replace_levels
from xstock_node.services.office import Actor, Office
from xstock_node.services.profiles import PROFILES, Profile, learnt
from xstock_node.services.sources import FILE, systems
from xstock_node.services.stock_lines import line_ref
from xstock_node.services.typed import UNSAFE, clean, plain
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import Source

DEFAULT_SOURCE = "stock"
LANGUAGE = r"^([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*)?(?!\n)$"
SHOWN_CHANGES = 200
SHOWN_QUESTIONS = 5
FRESH = 35 * 86_400  # seconds, as of monthly reports
MOST_REJECTED = 20  # one in so many lines of a list that nobody looks at: 5 %


class ImportRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A file's name and content; `kind` says what its rows are; mappings are remembered per `source`.

    `language` (BCP 47) is that of the list, which tells the order of days and months and of thousands and decimals.
    `accept_changes` is a person's word that a file which changes the stock by much is right. `unattended` says that no
    person sees what the reading says: a list with many rejected lines, or with any question, is then held.
    """

    file: str
    content: bytes
    kind: Literal["stock", "minimums"] = "stock"
    source: str = DEFAULT_SOURCE
    columns: dict[str, str] = {}
    language: Annotated[str, Meta(pattern=LANGUAGE)] = ""
    accept_changes: bool = False
    unattended: bool = False


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
        language=request.language or profile.language or office.settings.languages[0],
    )
    with tempfile.TemporaryDirectory(prefix="xstock-") as folder:
        path = Path(folder) / f"upload{Path(name).suffix}"
        path.write_bytes(request.content)
        reading = await read_file(office.host, path, hints)
    return msgspec.structs.replace(reading, file=name, rows=[cleaned(row) for row in reading.rows])


async def import_file(office: Office, actor: Actor, request: ImportRequest) -> ImportResult:
    """Take a file as the new snapshot of its source; a refused file changes nothing."""
    plain(request.source, "source")
    if request.kind == "stock":
        await _own_name(office, request.source)
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
    if request.unattended and not request.accept_changes:
        _hold_unattended(request.source, reading)
        await _hold_stale(office, request.source, reading)
    if request.kind == "minimums":
        return await _import_minimums(office, actor, request, reading)
    refs = _with_refs(request.source, reading.rows)
    now = office.node.clock.now()
    source = Source(request.source, FILE, reading.as_of or "", now, len(refs), len(reading.rejected))

    def store(tx: Transaction) -> ImportResult:
        _not_taken(tx, request.source)
        before = {ref: line for found, ref, line in tx.stock.lines() if found == request.source}
        if not request.accept_changes:
            guard(request.source, before, dict(refs))
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


async def _own_name(office: Office, source: str) -> None:
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


def _hold_unattended(source: str, reading: FileReading) -> None:
    """Hold a list that nobody looks at where more than a few of its lines are rejected, or where it asks anything.

    A reader's questions are sentences: those that bear on figures cannot be told from the others.
    """
    lost, lines = len(reading.rejected), len(reading.rejected) + len(reading.rows)
    if lost * MOST_REJECTED > lines:
        came = f"{lost} of {lines} lines of {source} that make no sense"
        do = "nothing was changed; mend them in the list, or take it as it is with `xstock stock import`"
        raise Refusal("many-rejected", "at most 5 % of the lines rejected", came, do)
    if reading.must_ask:
        more = (
            f"; and {len(reading.must_ask) - SHOWN_QUESTIONS} more" if len(reading.must_ask) > SHOWN_QUESTIONS else ""
        )
        came = "; ".join(reading.must_ask[:SHOWN_QUESTIONS]) + more
        do = (
            "nothing was changed, as any question may bear on figures; look at the list with `xstock stock preview`, "
            "then take it with `xstock stock import`; what is said there with --column or --language is not asked again"
        )
        raise Refusal("must-settle", f"a list of {source} that leaves nothing to settle", came, do)


async def _hold_stale(office: Office, source: str, reading: FileReading) -> None:
    """Hold a list that nobody looks at where it says of itself that it is older than the last one, or than a month."""
    if not reading.as_of:
        return
    sources = await office.node.engine.read(lambda tx: tx.stock.sources())
    last = next((one.as_of for one in sources if one.name == source), "")
    oldest = datetime.fromtimestamp(office.node.clock.now() - FRESH, UTC).date().isoformat()
    if reading.as_of < max(last, oldest):
        expected = f"a list of {source} of {last} or later" if last > oldest else f"a list of {source} since {oldest}"
        do = "nothing was changed; if it is right take it with `xstock stock import`"
        raise Refusal("stale-list", expected, f"one of {reading.as_of}", do)


async def _import_minimums(office: Office, actor: Actor, request: ImportRequest, reading: FileReading) -> ImportResult:
    done = await replace_levels(
        office, actor, request.source, request.file, reading.rows, accept_changes=request.accept_changes
    )
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


def guard(source: str, before: dict[str, StockLine], after: dict[str, StockLine]) -> None:
    """Hold a snapshot that changes so much that it may be a wrong or a cut file."""
    found = mass_change(list(before.values()), list(after.values()))
    if found is None:
        return
    why = [f"{found.lost} of {found.lines} lines of {source} gone"] if found.vanished else []
    why += [f"a total of {found.has} instead of {found.had}"] if found.moved else []
    why += [f"{len(found.grown)} lines of {source} tenfold, such as {found.grown[0]}"] if found.grown else []
    expected = (
        f"at most {MOST_LOST:.0%} of the lines gone, the total moved by at most {MOST_MOVED:.0%}, no line tenfold"
    )
    do = "nothing was changed; look at the file, and if it is right take it with `--accept-changes`"
    raise Refusal("mass-change", expected, ", ".join(why), do)


def cleaned(line: StockLine) -> StockLine:
    """A line as read, its texts without characters that no record may carry."""
    texts = {name: value for name, value in msgspec.structs.asdict(line).items() if isinstance(value, str)}
    changed = {name: clean(value) for name, value in texts.items() if UNSAFE.search(value)}
    return msgspec.structs.replace(line, **changed) if changed else line
