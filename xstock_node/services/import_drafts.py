"""Lists on their way in: a file that somebody gave, kept in the node while people look at it, until it is taken.

Nothing of the stock changes before a draft is taken. A draft survives reload and restart, everybody who may change the
stock sees it, and it is dropped after a week.
"""

import secrets
from pathlib import PurePosixPath
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from xstock_node.domain.stock import StockLine
from xstock_node.plugins.adapters import FileReading, RejectedLine
from xstock_node.protocol import limits
from xstock_node.services.errors import Refusal
from xstock_node.services.foreseeing import Foreseen, ReadResult, read_list
from xstock_node.services.office import Actor, Office
from xstock_node.services.shelf import Shelf
from xstock_node.services.stocktake import DEFAULT_SOURCE, ImportRequest, import_file
from xstock_node.services.times import iso
from xstock_node.services.told import LANGUAGE
from xstock_node.services.typed import clean
from xstock_node.storage.interfaces import Transaction

ROWS: Final = 20
MOST_TOLD: Final = 1000  # lines of each kind that a draft tells of; the counts are whole
LETTERS: Final = 200
COLUMNS: Final = 100
NAME: Final = 120
_MENDABLE: Final = frozenset({"no_rows", "no_header"})
"""Refusals of a reader that another word about columns or language may mend."""
Kind = Literal["stock", "minimums"]
Mark = Annotated[str, Meta(max_length=40)]


class FoundColumn(msgspec.Struct, frozen=True):
    """A header as written, and what it was read as; empty where it became nothing."""

    header: str
    field: str


class ReadLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line as it is understood; figures as decimals. `minds` are the closed words of what is doubtful about it."""

    line: int
    sheet: str
    code: str
    name: str
    quantity: str
    unit: str
    location: str
    lot: str
    expiry: str
    reserved: str
    minds: list[str]


class ReadList(msgspec.Struct, frozen=True, kw_only=True):
    """What a file says: its columns, the first twenty lines, those to look at, those left out, and all counts.

    `doubtful` and `left_out` are the first 1,000, `skipped` are titles, totals and signatures.
    """

    error: str = ""
    error_text: str = ""
    as_of: str = ""
    encoding: str = ""
    columns: list[FoundColumn] = []
    lines: int = 0
    rows: list[ReadLine] = []
    doubtful: list[ReadLine] = []
    doubtful_count: int = 0
    left_out: list[RejectedLine] = []
    left_out_count: int = 0
    skipped: list[int] = []
    skipped_count: int = 0
    to_settle: list[str] = []


class ImportDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A list on its way in. `at` and `until` (unix seconds): when it was given, and until when it is kept.

    `columns` are what people said of them; `read` is what the file says, `foreseen` what it would change (null where
    nothing can be read).
    """

    id: str
    file: str
    size: int
    by: str
    at: int
    kind: Kind
    source: str
    language: str
    columns: dict[str, str]
    read: ReadList
    foreseen: Foreseen | None


class DraftView(msgspec.Struct, frozen=True, kw_only=True):
    """A list on its way in, for people: times are ISO."""

    id: str
    file: str
    size: int
    by: str
    at: str
    until: str
    kind: Kind
    source: str
    language: str
    columns: dict[str, str]
    read: ReadList
    foreseen: Foreseen | None


class DraftRow(msgspec.Struct, frozen=True, kw_only=True):
    """A list on its way in, in a list of them; times are ISO."""

    id: str
    file: str
    kind: Kind
    source: str
    lines: int
    by: str
    at: str
    until: str


class NewDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A file, and what is said of it beforehand."""

    file: str
    content: bytes
    kind: Kind = "stock"
    source: str = DEFAULT_SOURCE
    language: Annotated[str, Meta(pattern=LANGUAGE)] = ""


class DraftId(msgspec.Struct, frozen=True, kw_only=True):
    """One list on its way in."""

    id: Mark


class ChangeDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a list: kind, source, language, and what its columns hold (header as written to field)."""

    id: Mark
    kind: Kind
    source: str
    language: Annotated[str, Meta(pattern=LANGUAGE)] = ""
    columns: Annotated[dict[str, str], Meta(max_length=COLUMNS)] = {}


class TakeDraft(msgspec.Struct, frozen=True, kw_only=True):
    """Take a list as it was shown (`seen`); `accept_changes` is a person's yes to what holds it."""

    id: Mark
    seen: Mark
    accept_changes: bool = False


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What taking a list did."""

    source: str
    kind: Kind
    stored: int
    added: int
    changed: int
    removed: int
    to_match: int


class _Content(msgspec.Struct, frozen=True):
    content: bytes


DRAFTS: Shelf[ImportDraft] = Shelf("import-draft", ImportDraft)
_CONTENTS: Shelf[_Content] = Shelf("import-content", _Content)


async def add(office: Office, actor: Actor, request: NewDraft) -> DraftView:
    """Keep a file and read it; raises Refusal for what no list is, and where too many wait already."""
    if len(request.content) > limits.IMPORT_FILE:
        expected = f"a file of at most {limits.IMPORT_FILE // limits.MIB} MiB"
        raise Refusal("too_large", expected, f"{len(request.content)} bytes", "split the list", 2)
    await office.node.engine.read(lambda tx: _room(tx, actor, len(request.content), now=office.node.clock.now()))
    draft = ImportDraft(
        id=secrets.token_hex(8),
        file=file_name(request.file),
        size=len(request.content),
        by=actor.name,
        at=office.node.clock.now(),
        kind=request.kind,
        source=request.source,
        language=request.language,
        columns={},
        read=ReadList(),
        foreseen=None,
    )
    draft = await _read(office, actor, draft, request.content)
    if draft.read.error and not (draft.read.error in _MENDABLE and (draft.read.columns or draft.read.to_settle)):
        raise refused(draft.read)

    def store(tx: Transaction) -> None:
        _room(tx, actor, draft.size, draft.at)
        _clear(tx, draft.at)
        DRAFTS.put(tx, draft.id, draft, draft.at)
        _CONTENTS.put(tx, draft.id, _Content(request.content), draft.at)
        office.record(tx, actor, "import.add", draft.id, f"{draft.file}: {draft.read.lines} lines")

    await office.node.engine.write(store, durable=True)
    return _view(draft)


async def list_drafts(office: Office, actor: Actor, request: None = None) -> list[DraftRow]:
    """Lists on their way in, the newest first."""
    now = office.node.clock.now()
    found = await office.node.engine.read(DRAFTS.list)
    return [_row(one) for one in sorted(found, key=lambda one: (-one.at, one.id)) if not _is_over(one, now)]


async def show(office: Office, actor: Actor, request: DraftId) -> DraftView:
    """One list on its way in, as it was read last."""
    return _view(await office.node.engine.read(lambda tx: _held(tx, request.id, office.node.clock.now())))


async def change(office: Office, actor: Actor, request: ChangeDraft) -> DraftView:
    """Say something else of a list: it is read again with that, and compared with the stock of now."""
    held = await office.node.engine.read(lambda tx: _held(tx, request.id, office.node.clock.now()))
    said = msgspec.structs.replace(
        held, kind=request.kind, source=request.source, language=request.language, columns=request.columns
    )
    return _view(await _again(office, actor, said))


async def take(office: Office, actor: Actor, request: TakeDraft) -> Taken:
    """Take a list in as it was shown; the draft is gone then. Raises Refusal `held` where a person's yes is missing."""
    now = office.node.clock.now()
    held = await office.node.engine.read(lambda tx: _held(tx, request.id, now))
    if held.foreseen is None:
        raise refused(held.read)
    if held.foreseen.held and not request.accept_changes:
        came = ", ".join(one.why for one in held.foreseen.held)
        raise Refusal("held", "a person's yes to what is unusual about this list", came, "look at it, and say yes", 1)
    content = await office.node.engine.read(lambda tx: _content(tx, held.id))
    wanted = ImportRequest(
        file=held.file,
        content=content,
        kind=held.kind,
        source=held.source,
        columns=held.columns,
        language=held.language,
        accept_changes=request.accept_changes,
        seen=request.seen,
    )
    try:
        done = await import_file(office, actor, wanted)
    except Refusal as refusal:
        if refusal.code == "other-list":
            await _again(office, actor, held)  # so that the person sees what there is now
        raise
    await office.node.engine.write(lambda tx: _drop(tx, held.id), durable=True)
    office.changes.tell("")
    return Taken(**{name: getattr(done, name) for name in Taken.__struct_fields__})


async def drop(office: Office, actor: Actor, request: DraftId) -> DraftRow:
    """Put a list away that is not to be taken."""

    def work(tx: Transaction) -> ImportDraft:
        held = _held(tx, request.id, office.node.clock.now())
        _drop(tx, held.id)
        office.record(tx, actor, "import.drop", held.id, held.file)
        return held

    return _row(await office.node.engine.write(work, durable=True))


def file_name(name: str) -> str:
    """A file's name without the folders and the signs that a browser or an attacker put into it."""
    bare = PurePosixPath(clean(name).replace("\\", "/")).name or "list"
    if len(bare) <= NAME:
        return bare
    stem, dot, suffix = bare.rpartition(".")
    return f"{stem[: NAME - 12]}.{suffix[:10]}" if dot else bare[:NAME]


def refused(read: ReadList) -> Refusal:
    """Why a file cannot be taken, in the words of its reader ("expected ...; came ...; what to do")."""
    expected, _, rest = read.error_text.partition("; came ")
    came, _, do = rest.partition("; ")
    return Refusal(read.error or "no_rows", expected.removeprefix("expected ") or "a stock list", came, do, 2)


async def _again(office: Office, actor: Actor, draft: ImportDraft) -> ImportDraft:
    content = await office.node.engine.read(lambda tx: _content(tx, draft.id))
    read = await _read(office, actor, draft, content)

    def store(tx: Transaction) -> None:
        _held(tx, draft.id, office.node.clock.now())
        DRAFTS.put(tx, draft.id, read, read.at)

    await office.node.engine.write(store, durable=True)
    return read


async def _read(office: Office, actor: Actor, draft: ImportDraft, content: bytes) -> ImportDraft:
    request = ImportRequest(
        file=draft.file,
        content=content,
        kind=draft.kind,
        source=draft.source,
        columns=draft.columns,
        language=draft.language,
    )
    found: ReadResult = await read_list(office, actor, request)
    return msgspec.structs.replace(draft, read=_told(found.reading), foreseen=found.foreseen)


def _told(reading: FileReading) -> ReadList:
    doubtful = [row for row in reading.rows if row.flags]
    columns = [*reading.columns.items(), *((header, "") for header in reading.other_columns)]
    return ReadList(
        error=reading.error or "",
        error_text=_cut(reading.error_text, 1000),
        as_of=_cut(reading.as_of),
        encoding=_cut(reading.encoding),
        columns=[FoundColumn(header, field) for header, field in columns if len(header) <= LETTERS][:COLUMNS],
        lines=len(reading.rows),
        rows=[_line(row) for row in reading.rows[:ROWS]],
        doubtful=[_line(row) for row in doubtful[:MOST_TOLD]],
        doubtful_count=len(doubtful),
        left_out=[_left(one) for one in reading.rejected[:MOST_TOLD]],
        left_out_count=len(reading.rejected),
        skipped=reading.skipped_lines[:MOST_TOLD],
        skipped_count=len(reading.skipped_lines),
        to_settle=[_cut(one, 500) for one in reading.must_ask[:100]],
    )


def _line(row: StockLine) -> ReadLine:
    return ReadLine(
        line=row.line or 0,
        sheet=_cut(row.sheet),
        code=_cut(row.item_code),
        name=_cut(row.item_name),
        quantity=f"{row.quantity:f}",
        unit=_cut(row.unit),
        location=_cut(row.location),
        lot=_cut(row.lot),
        expiry=_cut(row.expiry),
        reserved="" if row.reserved is None else f"{row.reserved:f}",
        minds=list(row.flags[:10]),
    )


def _left(one: RejectedLine) -> RejectedLine:
    sheet, text = _cut(one.sheet), _cut(one.text)
    return RejectedLine(line=one.line, reason=_cut(one.reason), sheet=sheet or None, text=text or None)


def _cut(text: str | None, most: int = LETTERS) -> str:
    return clean(text or "")[:most]


def _room(tx: Transaction, actor: Actor, size: int, now: int) -> None:
    waiting = [one for one in DRAFTS.list(tx) if not _is_over(one, now)]
    do = "take or drop one of them first: they are on the import page"
    if sum(one.by == actor.name for one in waiting) >= limits.IMPORT_DRAFTS:
        expected, came = f"at most {limits.IMPORT_DRAFTS} lists of a person on their way in", "one more"
        raise Refusal("too-many-lists", expected, came, do)
    if sum(one.size for one in waiting) + size > limits.IMPORT_DRAFTS_BYTES:
        expected = f"at most {limits.IMPORT_DRAFTS_BYTES // limits.MIB} MiB of lists on their way in"
        raise Refusal("too-many-lists", expected, "more", do)


def _is_over(draft: ImportDraft, now: int) -> bool:
    return now >= draft.at + limits.IMPORT_DRAFT_SECONDS


def _clear(tx: Transaction, now: int) -> None:
    """Drop what nobody took within a week."""
    for one in DRAFTS.list(tx):
        if _is_over(one, now):
            _drop(tx, one.id)


def _drop(tx: Transaction, id_: str) -> None:
    DRAFTS.drop(tx, id_)
    _CONTENTS.drop(tx, id_)


def _held(tx: Transaction, id_: str, now: int) -> ImportDraft:
    held = DRAFTS.get(tx, id_)
    if held is None or _is_over(held, now):
        do = "give the file again: it was taken or dropped, or a week is over"
        raise Refusal("no-list", "the id of a list on its way in", clean(id_)[:40], do, 2)
    return held


def _content(tx: Transaction, id_: str) -> bytes:
    found = _CONTENTS.get(tx, id_)
    if found is None:
        raise Refusal("no-list", "the file of a list on its way in", "it is gone", "give the file again", 2)
    return found.content


def _view(draft: ImportDraft) -> DraftView:
    said = {name: getattr(draft, name) for name in ImportDraft.__struct_fields__}
    return DraftView(**said | {"at": iso(draft.at), "until": iso(draft.at + limits.IMPORT_DRAFT_SECONDS)})


def _row(draft: ImportDraft) -> DraftRow:
    return DraftRow(
        id=draft.id,
        file=draft.file,
        kind=draft.kind,
        source=draft.source,
        lines=draft.read.lines,
        by=draft.by,
        at=iso(draft.at),
        until=iso(draft.at + limits.IMPORT_DRAFT_SECONDS),
    )
