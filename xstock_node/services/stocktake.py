"""Stocktake: lines of own stock in, from files or by hand; minimum levels; nothing silently lost."""

import base64
import hashlib
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal

import msgspec

from xstock_node.domain.ageing import HAND
from xstock_node.domain.folding import fold
from xstock_node.domain.mapping import MappingKey
from xstock_node.domain.steps import Currency
from xstock_node.domain.stock import StockLine, Unit
from xstock_node.domain.stock_changes import MOST_LOST, MOST_MOVED, StockChange, compare, mass_change
from xstock_node.plugins.adapters import FileReading, ReadHints
from xstock_node.plugins.calls import Defect
from xstock_node.plugins.isolation import read_file, write_file
from xstock_node.protocol import limits
from xstock_node.services import branches
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Actor, Office
from xstock_node.services.profiles import PROFILES, Profile, learnt
from xstock_node.services.sources import FILE, systems
from xstock_node.services.typed import UNSAFE, clean, figure_of, plain, whole_of
from xstock_node.storage.interfaces import Transaction
from xstock_node.storage.values import Source

DEFAULT_SOURCE = "stock"
SHOWN_CHANGES = 200
SHOWN_QUESTIONS = 5
MOST_REJECTED = 20  # one in so many lines of a list that nobody looks at: 5 %
TEXTS = (
    ("code", "item_code"),
    ("name", "item_name"),
    ("location", "location"),
    ("lot", "lot"),
    ("module", "module"),
)


class ImportRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A file's name and content; `kind` says what its rows are; mappings are remembered per `source`.

    `accept_changes` is a person's word that a file which changes the stock by much is right. `unattended` says that no
    person sees what the reading says: a list with many rejected lines, or with any question, is then held.
    """

    file: str
    content: bytes
    kind: Literal["stock", "minimums"] = "stock"
    source: str = DEFAULT_SOURCE
    columns: dict[str, str] = {}
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


class LineView(msgspec.Struct, frozen=True, kw_only=True):
    """One line of own stock, where it came from, and what it is mapped to (empty: to nothing yet)."""

    source: str
    ref: str
    code: str
    line: StockLine


class LineRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A line kept by hand; with `ref` the line that it changes. Quantities are decimal strings, `value` is that of one.

    Teams, and equipment with people: `module` type, `crew` persons and `self_sufficiency_days` of one, whole numbers.
    """

    name: str = ""
    quantity: str = ""
    unit: str = ""
    ref: str = ""
    code: str = ""
    location: str = ""
    lot: str = ""
    expiry: str = ""
    reserved: str = ""
    damaged: str = ""
    module: str = ""
    value: str = ""
    currency: Currency = ""
    crew: str = ""
    self_sufficiency_days: str = ""


class RefRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One line, by its ref."""

    ref: str


def line_ref(source: str, line: StockLine) -> str:
    """A short stable name of a line: the same item, unit, place, lot and expiry keep it from file to file."""
    key = MappingKey.of(source, line)
    parts = [*(key.source, key.local, key.unit), line.location or "", line.lot or "", line.expiry or ""]
    digest = hashlib.sha256("\x1f".join(parts).encode()).digest()
    return base64.b32encode(digest[:5]).decode().lower()


async def read_foreign(office: Office, request: ImportRequest, profile: Profile) -> FileReading:
    """Read uploaded bytes in the child process, with what is known of the lists of their source."""
    name = Path(request.file).name
    today = datetime.fromtimestamp(office.node.clock.now(), UTC).date().isoformat()
    hints = ReadHints(
        today=today,
        columns=profile.columns | request.columns,
        language=office.settings.languages[0],
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
        PROFILES.put(tx, request.source, learnt(profile, request.columns), now)
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
            "then take it with `xstock stock import`; columns named there with --column are not asked about again"
        )
        raise Refusal("must-settle", f"a list of {source} that leaves nothing to settle", came, do)


async def list_lines(office: Office, actor: Actor, request: None = None) -> list[LineView]:
    """All lines of own stock."""
    rows, mappings = await office.node.engine.read(lambda tx: (tx.stock.lines(), tx.stock.mappings()))
    here = branches.sites(actor, "stock.see", office.node.clock.now())
    codes = {m.key: m.code for m in mappings if m.state == "confirmed"}
    return [
        LineView(source=source, ref=ref, code=codes.get(MappingKey.of(source, line), ""), line=line)
        for source, ref, line in rows
        if here is None or (line.location or "") in here
    ]


class ExportRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The own stock as a file of this suffix (such as .xlsx), all of it or that of one source."""

    suffix: str
    source: str = ""


class ExportResult(msgspec.Struct, frozen=True, kw_only=True):
    """The file's content, and how many lines it has."""

    lines: int
    content: bytes


async def export_lines(office: Office, actor: Actor, request: ExportRequest) -> ExportResult:
    """The own stock as a list that reads back as it is."""
    lines = [v.line for v in await list_lines(office, actor) if request.source in ("", v.source)]
    try:
        content = await write_file(office.host, request.suffix.lower(), lines)
    except Defect as error:
        raise Refusal("not-written", f"a file of {len(lines)} lines", str(error), "choose .csv or .xlsx", 2) from None
    return ExportResult(lines=len(lines), content=content)


async def add_line(office: Office, actor: Actor, request: LineRequest) -> LineView:
    """Add a line to the list kept by hand."""
    source = _editable(office)
    if not request.name and not request.code:
        raise Refusal("no-name", "a name or a code of the goods", "neither", "name them", 2)
    place = branches.site_for(actor, "stock", request.location, office.node.clock.now())
    now = office.node.clock.now()
    line = _changed(None, msgspec.structs.replace(request, location=place), now)

    def store(tx: Transaction) -> str:
        ref = _new_ref(tx, source, line)
        _put(tx, source, ref, line, now)
        office.record(tx, actor, "stock.add", ref, f"{line.quantity} {line.unit or ''} {line.item_name or ''}")
        return ref

    ref = await office.node.engine.write(store, durable=True)
    return LineView(source=source, ref=ref, code="", line=line)


async def set_line(office: Office, actor: Actor, request: LineRequest) -> LineView:
    """Change quantities, place, lot or expiry of a line kept by hand; its ref stays."""
    source = _editable(office)

    def store(tx: Transaction) -> StockLine:
        now = office.node.clock.now()
        line = _changed(_own_line(tx, source, request.ref), request, now)
        _put(tx, source, request.ref, line, now)
        office.record(tx, actor, "stock.set", request.ref, f"{line.quantity}")
        return line

    line = await office.node.engine.write(store, durable=True)
    return LineView(source=source, ref=request.ref, code="", line=line)


async def remove_line(office: Office, actor: Actor, request: RefRequest) -> RefRequest:
    """Remove a line kept by hand."""
    source = _editable(office)

    def store(tx: Transaction) -> None:
        _own_line(tx, source, request.ref)
        tx.stock.remove_line(source, request.ref)
        office.record(tx, actor, "stock.remove", request.ref)

    await office.node.engine.write(store, durable=True)
    return request


async def _import_minimums(office: Office, actor: Actor, request: ImportRequest, reading: FileReading) -> ImportResult:
    levels: dict[tuple[str, str], Decimal] = {}
    for row in reading.rows:
        key = (row.location or "", row.item_code or fold(row.item_name or ""))
        levels[key] = levels.get(key, Decimal(0)) + row.quantity

    def store(tx: Transaction) -> ImportResult:
        before = tx.stock.minimums()
        tx.stock.replace_minimums(levels)
        office.record(tx, actor, "stock.minimums", request.source, f"{request.file}: {len(levels)} levels")
        same = levels.keys() & before.keys()
        return ImportResult(
            source=request.source,
            kind=request.kind,
            stored=len(levels),
            added=len(levels.keys() - before.keys()),
            changed=sum(levels[key] != before[key] for key in same),
            removed=len(before.keys() - levels.keys()),
            to_match=0,
            reading=reading,
        )

    return await office.node.engine.write(store, durable=True)


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


def _editable(office: Office) -> str:
    if name := office.host.editable():
        return name
    raise Refusal("not-editable", "a source that people keep by hand", "none is loaded", "see `xstock doctor`")


def _new_ref(tx: Transaction, source: str, line: StockLine) -> str:
    """The ref of a new line. One that lies elsewhere by now keeps its ref, and the new one gets a number behind it."""
    known = {ref: held.location for _, ref, held in tx.stock.lines()}
    ref = plain_ref = line_ref(source, line)
    number = 1
    while ref in known:
        if known[ref] == line.location:
            raise Refusal("line-exists", "a new line", f"{ref} is there already", f"use `xstock stock set {ref}`")
        number += 1
        ref = f"{plain_ref}-{number}"
    return ref


def _own_line(tx: Transaction, source: str, ref: str) -> StockLine:
    for found, name, line in tx.stock.lines():
        if name == ref and found == source:
            return line
        if name == ref:
            raise Refusal("not-editable", "a line kept by hand", f"{ref} comes from {found}", "import a newer file")
    raise branches.no_line(ref)


def _put(tx: Transaction, source: str, ref: str, line: StockLine, now: int) -> None:
    """Put a line kept by hand; its list counts as of now, each line as of when its quantity was said."""
    kept = {name: found for where, name, found in tx.stock.lines() if where == source} | {ref: line}
    tx.stock.replace(Source(source, HAND, "", now, len(kept), 0), list(kept.items()))


def guard(source: str, before: dict[str, StockLine], after: dict[str, StockLine]) -> None:
    """Hold a snapshot that changes so much that it may be a wrong or a cut file."""
    found = mass_change(list(before.values()), list(after.values()))
    if found is None:
        return
    why = [f"{found.lost} of {found.lines} lines of {source} gone"] if found.vanished else []
    why += [f"a total of {found.has} instead of {found.had}"] if found.moved else []
    expected = f"at most {MOST_LOST:.0%} of the lines gone and the total moved by at most {MOST_MOVED:.0%}"
    do = "nothing was changed; look at the file, and if it is right take it with `--accept-changes`"
    raise Refusal("mass-change", expected, ", ".join(why), do)


def cleaned(line: StockLine) -> StockLine:
    """A line as read, its texts without characters that no record may carry."""
    texts = {name: value for name, value in msgspec.structs.asdict(line).items() if isinstance(value, str)}
    changed = {name: clean(value) for name, value in texts.items() if UNSAFE.search(value)}
    return msgspec.structs.replace(line, **changed) if changed else line


def _changed(line: StockLine | None, request: LineRequest, now: int) -> StockLine:
    if line is None and not request.quantity:
        raise Refusal("no-quantity", "a quantity", "none", "give --quantity", 2)
    fields: dict[str, object] = {}
    if request.quantity:
        fields |= {"quantity": figure_of(request.quantity, "quantity"), "counted_at": now}
    if request.unit:
        if request.unit not in set(Unit):
            raise Refusal("bad-unit", f"one of {' '.join(Unit)}", request.unit, "choose one", 2)
        fields["unit"] = request.unit
    for name, field in TEXTS:
        if value := getattr(request, name):
            fields[field] = plain(value, name)
    if bool(request.value) != bool(request.currency):
        raise Refusal("no-currency", "a value with its currency", request.value or request.currency, "give both", 2)
    if request.value:
        fields |= {"value": figure_of(request.value, "value"), "currency": request.currency}
    for name in ("crew", "self_sufficiency_days"):
        if value := getattr(request, name):
            fields[name] = whole_of(value, name, limits.CREW)
    if request.expiry:
        fields["expiry"] = _day(request.expiry)
    for name, value in (("reserved", request.reserved), ("damaged", request.damaged)):
        if value:
            fields[name] = figure_of(value, name)
    if line is not None:
        return msgspec.structs.replace(line, **fields)
    empty = {"item_code": None, "item_name": None, "unit": "pcs", "location": None, "lot": None, "expiry": None}
    return StockLine(**(empty | fields))  # type: ignore[arg-type]


def _day(text: str) -> str:
    try:
        return datetime.strptime(text, "%Y-%m-%d").date().isoformat()
    except ValueError:
        raise Refusal("bad-date", "an ISO date such as 2027-06-30", text, "write it so", 2) from None
