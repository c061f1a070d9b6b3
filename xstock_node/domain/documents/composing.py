"""Composing: a document's definition, an operation's facts and the words of its languages become one sheet."""

import tomllib
from collections.abc import Mapping
from typing import Final

import msgspec

from xstock_node.domain.documents import tables
from xstock_node.domain.documents.facts import OperationFacts
from xstock_node.domain.documents.sheets import Column, Entry, Grid, Sheet, printable
from xstock_node.domain.documents.values import READERS, moment, text
from xstock_node.domain.documents.words import Many, Words
from xstock_node.domain.fields import FieldError, need


class Document(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of paper: the step on which it falls due, fields, tables, declarations, who signs (`side.role`)."""

    code: str
    step: str
    fields: tuple[str, ...]
    signs: tuple[str, ...]
    tables: tuple[str, ...] = ()
    say: tuple[str, ...] = ()


class TableKind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of table: what a row is, its columns, and which of them are summed."""

    code: str
    rows: str
    columns: tuple[str, ...]
    sums: tuple[str, ...] = ()


class Library(msgspec.Struct, frozen=True):
    """Every document and table by code, in the order of the file."""

    documents: Mapping[str, Document]
    tables: Mapping[str, TableKind]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    document: tuple[Document, ...]
    table: tuple[TableKind, ...]


def parse_documents(data: bytes) -> Library:
    """The documents of a TOML file in the form of `data/documents.toml`; raises FieldError that names what is wrong."""
    try:
        file = msgspec.convert(tomllib.loads(data.decode("utf-8")), _File)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as wrong:
        raise FieldError("documents and tables as in documents.toml", wrong, "correct that line") from wrong
    library = Library({one.code: one for one in file.document}, {one.code: one for one in file.table})
    for document in file.document:
        unknown = [name for name in document.fields if name not in READERS]
        unknown += [name for name in document.tables if name not in library.tables]
        need(not unknown, f"fields and tables that exist for {document.code}", ", ".join(unknown), "correct the names")
    return library


def compose(code: str, facts: OperationFacts, words: Words, library: Library) -> Sheet:
    """The sheet of the document `code`; raises FieldError for a code that the library does not know.

    Tables without rows are left out; a document's own table stands on it even so, that the emptiness is seen.
    """
    document = library.documents.get(code)
    if document is None:
        raise FieldError("a document of the library", code, "choose one of " + ", ".join(library.documents))
    entries = tuple(Entry(words.say("label", name), READERS[name](facts, words)) for name in document.fields)
    grids = [_grid(library.tables[name], facts, words) for name in document.tables]
    params = _params(facts, words)
    return Sheet(
        code=code,
        title=words.say("title", code),
        languages=words.languages,
        operation=_only(text(facts.operation)),
        exercise=facts.exercise,
        banner=words.say("word", "exercise") if facts.exercise else (),
        entries=entries,
        grids=tuple(grid for place, grid in enumerate(grids) if grid.rows or place == 0),
        says=tuple(words.fill(key, params) for key in document.say),
        signs=tuple(_signer(name, words) for name in document.signs),
        sign_here=words.say("word", "signature"),
        filing=words.say("filing", facts.filing),
        page=words.say("word", "page"),
        verify=words.say("word", "verify"),
        foot=_only(text(facts.root)),
        made=_only(moment(facts.made)),
    )


def _grid(kind: TableKind, facts: OperationFacts, words: Words) -> Grid:
    rows = tables.rows_of(kind.rows, facts, words)
    columns = tuple(
        Column(words.say("label", name), name in tables.FIGURES, tables.WIDTHS.get(name, tables.WIDTH))
        for name in kind.columns
    )
    cells = tuple(tuple(tables.cell(name, row) for name in kind.columns) for row in rows)
    if not kind.sums or not rows:
        return Grid(columns, cells)
    sums: list[Many] = [tables.sum_of(name, rows) if name in kind.sums else () for name in kind.columns]
    sums[kind.columns.index("item") if "item" in kind.columns else 0] = words.say("word", "total")
    return Grid(columns, cells, tuple(sums))


def _params(facts: OperationFacts, words: Words) -> dict[str, Many]:
    """What declarations may name; a date that is not fixed is a line for the pen."""
    deadline = facts.customs_deadline or facts.loan_due
    return {
        "supplier": tuple(map(printable, words.legal_name(facts.supplier.names))),
        "requester": tuple(map(printable, words.legal_name(facts.requester.names))),
        "customs_deadline": (deadline.isoformat() if deadline else BLANK,),
    }


BLANK: Final = "____________"


def _signer(name: str, words: Words) -> Many:
    side, _, role = name.rpartition(".")
    roles = words.say("role", role)
    if not side:
        return roles
    sides = words.say("label", side)
    return tuple(f"{one}: {other}" for one, other in zip(sides, roles, strict=True))


def _only(texts: Many) -> str:
    return texts[0] if texts else ""
