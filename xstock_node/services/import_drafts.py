"""Lists on their way in: a file that somebody gave, kept in the node while people look at it, until it is taken.

Nothing of the stock changes before a draft is taken. A draft survives reload and restart, everybody who may change the
stock sees it, and it is dropped after a week.
"""

import secrets
from pathlib import PurePosixPath
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from xstock_node.protocol import limits
from xstock_node.services.errors import Refusal
from xstock_node.services.foreseeing import Foreseen, ReadResult, read_list
from xstock_node.services.import_reading import COLUMNS, ReadList, told
from xstock_node.services.office import Actor, Office
from xstock_node.services.shelf import Shelf
from xstock_node.services.stocktake import DEFAULT_SOURCE, ImportRequest, import_file
from xstock_node.services.times import iso
from xstock_node.services.told import LANGUAGE
from xstock_node.services.typed import clean
from xstock_node.storage.interfaces import Transaction

NAME: Final = 120
_MENDABLE: Final = frozenset({"no_rows", "no_header"})
"""Refusals of a reader that another word about columns or language may mend."""
Kind = Literal["stock", "minimums"]
Mark = Annotated[str, Meta(max_length=40)]


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


class ImportDraftView(msgspec.Struct, frozen=True, kw_only=True):
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


class ImportDraftRow(msgspec.Struct, frozen=True, kw_only=True):
    """A list on its way in, in a list of them; times are ISO."""

    id: str
    file: str
    kind: Kind
    source: str
    lines: int
    by: str
    at: str
    until: str


class NewImport(msgspec.Struct, frozen=True, kw_only=True):
    """A file, and what is said of it beforehand."""

    file: str
    content: bytes
    kind: Kind = "stock"
    source: str = DEFAULT_SOURCE
    language: Annotated[str, Meta(pattern=LANGUAGE)] = ""


class ImportId(msgspec.Struct, frozen=True, kw_only=True):
    """One list on its way in."""

    id: Mark


class ChangeImport(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a list: kind, source, language, and what its columns hold (header as written to field)."""

    id: Mark
    kind: Kind
    source: str
    language: Annotated[str, Meta(pattern=LANGUAGE)] = ""
    columns: Annotated[dict[str, str], Meta(max_length=COLUMNS)] = {}


class TakeImport(msgspec.Struct, frozen=True, kw_only=True):
    """Take a list as it was shown (`seen`); `accept_changes` is a person's yes to what holds it."""

    id: Mark
    seen: Mark
    accept_changes: bool = False


class TakenImport(msgspec.Struct, frozen=True, kw_only=True):
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


async def add(office: Office, actor: Actor, request: NewImport) -> ImportDraftView:
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


async def list_drafts(office: Office, actor: Actor, request: None = None) -> list[ImportDraftRow]:
    """Lists on their way in, the newest first."""
    now = office.node.clock.now()
    found = await office.node.engine.read(DRAFTS.list)
    return [_row(one) for one in sorted(found, key=lambda one: (-one.at, one.id)) if not _is_over(one, now)]


async def show(office: Office, actor: Actor, request: ImportId) -> ImportDraftView:
    """One list on its way in, as it was read last."""
    return _view(await office.node.engine.read(lambda tx: _held(tx, request.id, office.node.clock.now())))


async def change(office: Office, actor: Actor, request: ChangeImport) -> ImportDraftView:
    """Say something else of a list: it is read again with that, and compared with the stock of now."""
    held = await office.node.engine.read(lambda tx: _held(tx, request.id, office.node.clock.now()))
    said = msgspec.structs.replace(
        held, kind=request.kind, source=request.source, language=request.language, columns=request.columns
    )
    return _view(await _again(office, actor, said))


async def take(office: Office, actor: Actor, request: TakeImport) -> TakenImport:
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
    return TakenImport(**{name: getattr(done, name) for name in TakenImport.__struct_fields__})


async def drop(office: Office, actor: Actor, request: ImportId) -> ImportDraftRow:
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
    return msgspec.structs.replace(draft, read=told(found.reading), foreseen=found.foreseen)


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


def _view(draft: ImportDraft) -> ImportDraftView:
    said = {name: getattr(draft, name) for name in ImportDraft.__struct_fields__}
    return ImportDraftView(**said | {"at": iso(draft.at), "until": iso(draft.at + limits.IMPORT_DRAFT_SECONDS)})


def _row(draft: ImportDraft) -> ImportDraftRow:
    return ImportDraftRow(
        id=draft.id,
        file=draft.file,
        kind=draft.kind,
        source=draft.source,
        lines=draft.read.lines,
        by=draft.by,
        at=iso(draft.at),
        until=iso(draft.at + limits.IMPORT_DRAFT_SECONDS),
    )
