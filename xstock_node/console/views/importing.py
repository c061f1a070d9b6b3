"""Import: a list is given, looked at as it is understood, corrected, compared with what stands, and taken."""

from decimal import Decimal
from typing import Final

import msgspec

from xstock_node.console.form import Form, converted
from xstock_node.console.page import Column, Go, Page, Press, Table
from xstock_node.console.visit import Visit
from xstock_node.console.vocabulary import mark
from xstock_node.domain.stock_changes import StockChange
from xstock_node.plugins.adapters import COLUMN_FIELDS, RejectedLine
from xstock_node.protocol import limits
from xstock_node.services.errors import Refusal
from xstock_node.services.import_drafts import (
    ChangeImport,
    ImportDraftRow,
    ImportDraftView,
    ImportId,
    NewImport,
    TakeImport,
)
from xstock_node.services.import_reading import ReadLine
from xstock_node.services.undoing import UndoableView, UndoRequest

IGNORE: Final = "ignore"
CELLS: Final = {
    "negative": "quantity",
    "over_reserved": "reserved",
    "available_differs": "reserved",
    "code_damaged": "code",
}
"""Which cell a doubt is about; the name where it is about the line."""
FIELDS: Final = (
    "item_code", "item_name", "quantity", "unit", "location", "lot", "expiry", "reserved", "damaged", "available",
    "incoming", "pack_factor", "category", "owner", "donor", "status", "storage", "serials", "components", IGNORE,
)  # fmt: skip
assert set(FIELDS) == COLUMN_FIELDS


class ImportQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which list on its way in is looked at; none: the list of them."""

    id: str = ""


class ListLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line as it is understood; `line` is its number, with its sheet where there are several.

    `marks` are the closed words of what is doubtful, by the cell that they are about.
    """

    line: str
    code: str
    name: str
    quantity: str
    unit: str
    location: str
    lot: str
    expiry: str
    reserved: str
    marks: dict[str, list[str]]


class LeftLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line that is left out, and why: the `cell` that is to blame under its `column`, empty where it is the line.

    `marks` says the reason beside the cell.
    """

    line: str
    column: str
    cell: str
    reason: str
    text: str
    marks: dict[str, list[str]]


class ChangeLine(msgspec.Struct, frozen=True, kw_only=True):
    """What changes of a line: figures as decimals, empty where there is none."""

    op: str
    item: str
    location: str
    lot: str
    expiry: str
    was: str
    now: str


class ColumnChoice(msgspec.Struct, frozen=True, kw_only=True):
    """A column: its header, what it holds (empty: not known), and whether a person said so."""

    header: str
    field: str
    said: bool


class ImportView(msgspec.Struct, frozen=True, kw_only=True):
    """Lists on their way in, imports that can be undone, and the one list that is looked at (null where none is)."""

    drafts: list[ImportDraftRow]
    undoable: list[UndoableView]
    draft: ImportDraftView | None
    columns: list[ColumnChoice]
    rows: list[ListLine]
    doubtful: list[ListLine]
    left_out: list[LeftLine]
    changes: list[ChangeLine]
    fields: list[str]


async def _view(visit: Visit, asked: ImportQuery) -> ImportView:
    draft: ImportDraftView | None = await visit.ask("import.show", ImportId(id=asked.id)) if asked.id else None
    read, foreseen = (draft.read, draft.foreseen) if draft else (None, None)
    return ImportView(
        drafts=await visit.ask("import.list"),
        undoable=await visit.ask("stock.undoable"),
        draft=draft,
        columns=_columns(draft) if draft else [],
        rows=[_line(one) for one in read.rows] if read else [],
        doubtful=[_line(one) for one in read.doubtful] if read else [],
        left_out=[_left(one) for one in read.left_out] if read else [],
        changes=[_change(one) for one in foreseen.changes] if foreseen else [],
        fields=list(FIELDS),
    )


def _columns(draft: ImportDraftView) -> list[ColumnChoice]:
    said = draft.columns
    return [
        ColumnChoice(header=one.header, field=said.get(one.header) or one.field, said=one.header in said)
        for one in draft.read.columns
    ]


def _line(one: ReadLine) -> ListLine:
    marks: dict[str, list[str]] = {}
    for mind in one.minds:
        marks.setdefault(CELLS.get(mind, "name"), []).append(mind)
    said = {name: getattr(one, name) for name in ListLine.__struct_fields__ if name not in ("line", "marks")}
    return ListLine(**said, line=_place(one.line, one.sheet), marks=marks)


def _left(one: RejectedLine) -> LeftLine:
    return LeftLine(
        line=_place(one.line, one.sheet or ""),
        column=one.column or "",
        cell=one.cell or "",
        reason=one.reason,
        text=one.text or "",
        marks={"cell": [one.reason]},
    )


def _place(line: int, sheet: str) -> str:
    return f"{sheet}: {line}" if sheet else str(line)


def _change(one: StockChange) -> ChangeLine:
    return ChangeLine(
        op=one.op,
        item=" ".join(filter(None, (one.item_code, one.item_name))),
        location=one.location or "",
        lot=one.lot or "",
        expiry=one.expiry or "",
        was=_figure(one.was),
        now=_figure(one.now),
    )


def _figure(value: Decimal | None) -> str:
    return "" if value is None else f"{value:f}"


async def _add(visit: Visit, form: Form) -> Go:
    name, content = form.files.get("file", ("", b""))
    if not name:
        raise Refusal("bad-field", "a file", "none was chosen", "choose the list, or drop it on the field", 2)
    said = {name: form.text(name) for name in ("kind", "source", "language") if form.has(name)}
    made = await visit.do("import.add", converted({"file": name, "content": content, **said}, NewImport), form)
    return Go(f"/import?id={made.id}", "import.add")


async def _change_said(visit: Visit, form: Form) -> Go:
    """Read again with what is said now; only what differs from the guess is said."""
    draft: ImportDraftView = await visit.ask("import.show", ImportId(id=form.text("id")))
    guessed = {one.header: one.field for one in draft.read.columns}
    columns = {header: field for header, field in draft.columns.items() if header not in guessed}
    for _, parts in form.rows("column"):
        header, field = parts.get("header", ""), parts.get("field", "")
        known = guessed.get(header)
        if known is None or (field == known and header not in draft.columns):
            continue
        if field or known or header in draft.columns:
            columns[header] = field or IGNORE
    wanted = {
        "id": draft.id,
        "kind": form.text("kind") or draft.kind,
        "source": form.text("source") or draft.source,
        "language": form.text("language"),
        "columns": columns,
    }
    await visit.do("import.change", converted(wanted, ChangeImport), form)
    return Go(f"/import?id={draft.id}", "import.change")


async def _take(visit: Visit, form: Form) -> Go:
    done = await visit.do("import.take", form.as_request(TakeImport), form)
    if done.kind == "minimums":
        return Go("/stock", "import.levels")
    return Go(f"/import/match?{_query(done.source)}", "import.take")


async def _drop(visit: Visit, form: Form) -> Go:
    await visit.do("import.drop", ImportId(id=form.text("id")), form)
    return Go("/import", "import.drop")


async def undo(visit: Visit, form: Form) -> Go:
    """Bring back what an import replaced, and say so on the import page."""
    await visit.do("stock.undo", form.as_request(UndoRequest), form)
    return Go("/import", "stock.undo")


def _query(source: str) -> str:
    from urllib.parse import urlencode

    return urlencode({"source": source})


UNDOABLE: Final = Table(
    mark("Imports that can be undone"),
    (
        Column("file", mark("File")),
        Column("source", mark("Source")),
        Column("kind", mark("Kind"), "said-list-kind"),
        Column("at", mark("Taken"), "when"),
        Column("by", mark("By whom")),
        Column("lines", mark("Lines that go"), "number"),
        Column("before", mark("Lines that come back"), "number"),
    ),
    lambda view: view.undoable,
    mark("Nothing can be undone: of each import something was published, or none was made."),
    (Press("undo", mark("Undo"), ("source", "kind"), "stock", mark("Sure")),),
)
_LINE: Final = (
    Column("line", mark("Line")),
    Column("name", mark("In our words"), "marked"),
    Column("code", mark("Own code"), "marked"),
    Column("quantity", mark("How many"), "marked-number"),
    Column("unit", mark("Unit"), "said-line-unit"),
    Column("location", mark("Store"), "marked"),
    Column("lot", mark("Lot"), "marked"),
    Column("expiry", mark("Expiry"), "marked-day"),
    Column("reserved", mark("Reserved"), "marked-number"),
)
IMPORT = Page(
    "import",
    "/import",
    mark("Import"),
    "stock",
    _view,
    asks=ImportQuery,
    acts={"add": _add, "change": _change_said, "take": _take, "drop": _drop, "undo": undo},
    files=limits.IMPORT_FILE,
    tables={
        "drafts": Table(
            mark("Lists on their way in"),
            (
                Column("file", mark("File"), href="/import?id={id}"),
                Column("kind", mark("Kind"), "said-list-kind"),
                Column("source", mark("Source")),
                Column("lines", mark("Lines"), "number"),
                Column("by", mark("By whom")),
                Column("at", mark("Given"), "when"),
                Column("until", mark("Kept until"), "due"),
            ),
            lambda view: view.drafts,
            mark("No list waits."),
            (Press("drop", mark("Put away"), ("id",), "stock", mark("Sure")),),
        ),
        "rows": Table(mark("The first lines as they are understood"), _LINE, lambda view: view.rows),
        "doubtful": Table(mark("Lines to look at"), _LINE, lambda view: view.doubtful, mark("No line is doubtful.")),
        "left_out": Table(
            mark("Lines that are left out"),
            (
                Column("line", mark("Line")),
                Column("column", mark("Column")),
                Column("cell", mark("Cell, and why"), "marked"),
                Column("text", mark("The line")),
            ),
            lambda view: view.left_out,
            mark("No line is left out."),
        ),
        "changes": Table(
            mark("What changes"),
            (
                Column("op", mark("Change"), "change"),
                Column("item", mark("Line")),
                Column("location", mark("Store")),
                Column("lot", mark("Lot")),
                Column("expiry", mark("Expiry"), "day"),
                Column("was", mark("Stands now"), "number"),
                Column("now", mark("Would stand"), "number"),
            ),
            lambda view: view.changes,
            mark("Nothing stands yet of this source: every line is new."),
        ),
        "undoable": UNDOABLE,
    },
    group="stock",
)
