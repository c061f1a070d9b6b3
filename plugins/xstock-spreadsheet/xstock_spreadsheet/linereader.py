"""One row of a table to draft lines of stock: one, or one for each place of a pivot."""

import contextlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from xstock_node.domain.units import PACKS
from xstock_spreadsheet import words
from xstock_spreadsheet.codes import code_of, proved_by, split_glued
from xstock_spreadsheet.contents import listed
from xstock_spreadsheet.dates import DateOrder, Expiry, NotADate, expiry, last_of_month
from xstock_spreadsheet.drafts import CODE_DAMAGED, NEEDS_CONFIRMATION, Draft, Gathered, where
from xstock_spreadsheet.figures import NotAFigure, Order, figure
from xstock_spreadsheet.glued import Split
from xstock_spreadsheet.grid import Cell, Row, same
from xstock_spreadsheet.header import content_unit
from xstock_spreadsheet.layout import Layout, Place
from xstock_spreadsheet.quantities import DASHES, Amount, BadQuantity, Content, Measure, amount, content, measure

Columns = Mapping[str, int]
_NO_TEXT = frozenset({"-", "–", "—", "--", "---", "/", ".", "n/a", "N/A"})
_DITTO = frozenset({'"', "''", "″", "”", "„", '-"-', "-//-", "--//--", "〃", "- // -", "— // —", "-''-"})
_FORM_UNIT = re.compile(r'"\s*([^"]*?[^\W\d_][^"]*?)\s*"')
_PERCENT = re.compile(r'(?:[^"\\%]|"[^"]*"|\\.)*%|Percent$')
_BIN_FIGURE = re.compile(r":(\d{1,9})$")
_KITS = frozenset({"kit", "set"})
_CONTENTS = PACKS | _KITS


class Rejected(Exception):
    """The row cannot become stock, for a closed reason; `at` is the column that it is about, -1 for the whole row."""

    def __init__(self, reason: str, at: int = -1) -> None:
        self.reason, self.at = reason, at
        super().__init__(reason)


@dataclass(slots=True)
class Orders:
    """What each column's values said of figures and dates."""

    figures: dict[int, Order] = field(default_factory=dict)
    dates: dict[int, DateOrder] = field(default_factory=dict)
    by_default: dict[int, str] = field(default_factory=dict)  # decided by this language alone, which nobody said


@dataclass(slots=True)
class Context:
    """What holds for a row from above it: sheet, heading, place, and the row before for ditto marks."""

    sheet: str | None
    category: str | None = None
    location: str | None = None
    status: str | None = None
    before: Row | None = None


class LineReader:
    """Reads the rows of one layout; questions about units, dates and figures are gathered by kind."""

    def __init__(self, layout: Layout, orders: Orders, gathered: Gathered) -> None:
        self.layout = layout
        self.orders = orders
        self.gathered = gathered
        self.unknown_units: dict[str, list[int]] = {}
        self.two_ways: dict[int, list[int]] = {}
        self.by_default: dict[int, tuple[list[int], str, str]] = {}  # lines, the first text, and as what it was read
        self.split: Split = split_glued
        self.split_unit: Callable[[str], tuple[str, str | None]] | None = None
        self.unreckoned: dict[int, list[int]] = {}
        self.below_zero: dict[int, list[int]] = {}
        self.struck: list[int] = []
        self._measures: dict[str, Measure | None] = {}

    def read(self, row: Row, context: Context) -> list[Draft]:
        """The draft lines of `row`; raises Rejected."""
        places = self.layout.places
        if not places:
            return [self._line(row, context, self._counted_in(row), self.layout.columns, context.location)]
        drafts = []
        for place in places:
            cell = row.cell(place.quantity)
            if cell.blank or cell.text in DASHES:
                continue
            columns = self.layout.columns | place.others
            try:
                drafts.append(self._line(row, context, place.quantity, columns, _within(context.location, place)))
            except Rejected as wrong:
                if wrong.reason == "no_item":
                    raise
                self.gathered.reject(row.line, wrong.reason, context.sheet, f"{place.label}: {cell.text}"[:160])
        return drafts

    def _counted_in(self, row: Row) -> int:
        """The column of the row's count; of several, one for each unit, the one that is filled."""
        first = self.layout.columns["quantity"]
        filled = [at for at in self.layout.quantity_columns() if not row.cell(at).blank]
        if len(filled) > 1:
            self.gathered.ask(f"counts in several units; the first is read ({where(None, row.line)})")
        return filled[0] if filled else first

    def _line(self, row: Row, context: Context, at: int, columns: Columns, place: str | None) -> Draft:
        code, name, damaged = self._item(row, columns, context)
        if name is None and code is None and damaged is None:
            raise Rejected("no_item")
        counted = self._amount(row, at)
        if self.split_unit and name:
            name, ending = self.split_unit(name)
            counted = counted if counted.unit or not ending else replace(counted, unit=self._unit(ending))
        draft = Draft(row.line, context.sheet, code, name, counted.figure, None, damaged_code=damaged)
        if damaged is not None:
            draft.flags.add(CODE_DAMAGED)
        multiple = self._measure(draft, row, counted, at, columns, context)
        self._date(draft, row, columns)
        self._figures(draft, row, columns, multiple)
        self._movement(draft, row, multiple)
        self._texts(draft, row, columns, context, place)
        if any(row.line in lines[-1:] for lines in self.unreckoned.values()):
            draft.flags.add(NEEDS_CONFIRMATION)
        if any(cell.struck for at, cell in enumerate(row.cells) if at not in self.layout.notes):
            self.struck += [row.line] if row.line not in self.struck[-1:] else []
            draft.flags.add(NEEDS_CONFIRMATION)
        self._split_bin(draft, context)
        skip = {*self.layout.numbering}
        draft.typed = (*(same(cell.text) for n, cell in enumerate(row.cells) if n not in skip), draft.location or "")
        return draft

    def _text(self, row: Row, columns: Columns, name: str, context: Context) -> str | None:
        at = columns.get(name)
        return self._text_at(row, at, context) if at is not None else None

    def _text_at(self, row: Row, at: int, context: Context) -> str | None:
        """The text of a cell, or of the one above where it says "the same"; an error or bare formula is unknown."""
        cell = row.cell(at)
        if cell.text in _DITTO and context.before is not None:
            cell = context.before.cell(at)
        if cell.error or cell.uncalculated:
            if row.line not in self.unreckoned.setdefault(at, []):
                self.unreckoned[at].append(row.line)
            return None
        return cell.text if cell.text and cell.text not in _NO_TEXT else None

    def _item(self, row: Row, columns: Columns, context: Context) -> tuple[str | None, str | None, str | None]:
        """(code, name, the code as it stands where it is damaged)."""
        at = columns.get("item_code")
        code, hurt = code_of(row.cell(at)) if at is not None else (None, False)
        name = self._text(row, columns, "item_name", context)
        if at is not None and row.cell(at).text in _DITTO and context.before is not None:
            code, hurt = code_of(context.before.cell(at))
        if hurt and at is not None:
            others = (cell.text for n, cell in enumerate(row.cells) if n != at and n not in self.layout.private)
            code = proved_by(row.cell(at).text, others)
            hurt = code is None
        if name and code is None and not hurt:
            code, name = self.split(name)
        elif name and code and name.startswith((f"{code} - ", f"{code} – ", f"[{code}] ")):
            name = split_glued(name)[1]
        return code, name, (row.cell(at).text if hurt and at is not None else None)

    def _amount(self, row: Row, at: int) -> Amount:
        cell = row.cell(at)
        if cell.uncalculated:
            raise Rejected("formula_without_value", at)
        if cell.error or cell.day is not None or cell.blank:
            raise Rejected("bad_quantity", at)
        if cell.number is not None and _PERCENT.match(cell.form):
            raise Rejected("bad_quantity", at)
        if cell.number is not None:
            shown = _FORM_UNIT.search(cell.form) if '"' in cell.form else None
            return Amount(cell.number * self.layout.scale_of(at), self._unit(shown[1]) if shown else None)
        if cell.text[0] == "=":
            raise Rejected("formula_without_value", at)
        try:
            return self._figured(cell.text, at, row.line)
        except BadQuantity as wrong:
            if wrong.ambiguous:
                self.two_ways.setdefault(at, []).append(row.line)
            raise Rejected("bad_quantity", at) from None

    def _figured(self, text: str, at: int, line: int) -> Amount:
        """The count in `text`; noted where it can be read two ways and only a default decided."""
        found = amount(text, self.orders.figures.get(at, Order()))
        if at in self.orders.by_default:
            try:
                amount(text, Order())
            except BadQuantity as doubt:
                if doubt.ambiguous:
                    self._by_default(at, line, text, f"{found.figure:f}")
        return found if found.unit else replace(found, figure=found.figure * self.layout.scale_of(at))

    def _by_default(self, at: int, line: int, text: str, read: str) -> None:
        self.by_default.setdefault(at, ([], text, read))[0].append(line)

    def _unit(self, text: str) -> Measure | None:
        if text not in self._measures:
            self._measures[text] = measure(text)
        return self._measures[text]

    def _measure(self, draft: Draft, row: Row, counted: Amount, at: int, columns: Columns, context: Context) -> Decimal:
        """Set the unit, pack and quantity of `draft`; by how much the line's unit multiplies its other figures."""
        typed = self._text(row, columns, "unit", context)
        stated = self._unit(typed) if typed else None
        if stated is None and (own := self.layout.unit_of(at)):
            stated = Measure(own)
        if typed and stated is None and not counted.unit:
            self.unknown_units.setdefault(typed, []).append(row.line)
            draft.flags.add(NEEDS_CONFIRMATION)
        unit = counted.unit or stated
        if counted.unit and stated and counted.unit.word != stated.word:
            draft.flags.add(NEEDS_CONFIRMATION)
            self.gathered.ask(
                f"the quantity says {counted.unit.word} and the unit {stated.word} ({where(context.sheet, row.line)})"
            )
        if counted.bare_cross and (unit is None or unit.word not in _CONTENTS):
            self.gathered.ask(f"what {row.cell(at).text} counts ({where(context.sheet, row.line)})")
            raise Rejected("bad_quantity", at)
        if unit:
            draft.unit = unit.word
            draft.quantity = counted.figure * unit.multiple if unit.multiple != 1 else counted.figure
        self._pack(draft, row, counted, unit, columns, context)
        return stated.multiple if stated else Decimal(1)

    def _pack(
        self,
        draft: Draft,
        row: Row,
        counted: Amount,
        unit: Measure | None,
        columns: Columns,
        context: Context,
    ) -> None:
        if draft.unit == "t":
            draft.base_unit = "kg"
            return
        held: Content | None = None
        raw = ""
        if counted.factor is not None:
            held, raw = Content(counted.factor, counted.base, counted.bare_cross), counted.text
            draft.flags.add(NEEDS_CONFIRMATION)
        elif unit and unit.factor is not None:
            held = Content(unit.factor, unit.base, unit.confirm)
            raw = self._text(row, columns, "unit", context) or "" if unit.confirm else ""
        elif draft.unit in _CONTENTS and (at := columns.get("pack_factor")) is not None:
            held, raw = self._content(row, at), row.cell(at).text
        if held is None or held.factor <= 0 or draft.unit not in _CONTENTS | {"bottle", "canister"}:
            return
        draft.pack_factor, draft.base_unit = held.factor, held.base or "pcs"
        if held.confirm:
            draft.flags.add(NEEDS_CONFIRMATION)
            pieces = "pieces" if draft.base_unit == "pcs" else draft.base_unit
            self.gathered.ask(f"{raw} as {held.factor:f} {pieces} per {draft.unit} ({where(context.sheet, row.line)})")

    def _content(self, row: Row, at: int) -> Content | None:
        cell = row.cell(at)
        unit = content_unit(self.layout.head.titles[at])
        if cell.number is not None:
            return Content(cell.number, unit)
        return content(cell.text, self.orders.figures.get(at, Order()), unit) if cell.text else None

    def _date(self, draft: Draft, row: Row, columns: Columns) -> None:
        at = columns.get("expiry")
        if at is None or (row.cell(at).blank and not row.cell(at).error):
            return
        found = self._expiry(row.cell(at), at, row.line)
        if found and found.day:
            draft.expiry = found.day.isoformat()
            draft.expiry_precision = "month" if found.month_only else None

    def _expiry(self, cell: Cell, at: int, line: int) -> Expiry | None:
        if cell.uncalculated:
            raise Rejected("formula_without_value", at)
        if cell.error:
            raise Rejected("bad_date", at)
        if cell.day is not None:
            if cell.day.year < 1950 or cell.day.year > 2150:
                if cell.day.year == 9999:
                    return None
                raise Rejected("bad_date", at)
            monthly = "y" in cell.form.lower() and "d" not in cell.form.lower()
            return last_of_month(cell.day) if monthly else Expiry(cell.day)
        if cell.text[0] == "=":
            raise Rejected("formula_without_value", at)
        try:
            found = expiry(cell.text, self.orders.dates.get(at, DateOrder()))
        except NotADate as wrong:
            if wrong.ambiguous:
                self.two_ways.setdefault(at, []).append(line)
            raise Rejected("bad_date", at) from None
        if at in self.orders.by_default and found and found.day:
            try:
                expiry(cell.text, DateOrder())
            except NotADate:
                self._by_default(at, line, cell.text, found.day.isoformat())
        return found

    def _figures(self, draft: Draft, row: Row, columns: Columns, multiple: Decimal) -> None:
        for name in ("reserved", "damaged", "incoming", "available"):
            at = columns.get(name)
            if at is None or at == columns.get("quantity"):
                continue
            value = self._side_figure(row.cell(at), at, row.line, multiple, strict=name in ("reserved", "damaged"))
            setattr(draft, name, value)
            if value is not None and value < 0 and name in ("reserved", "damaged"):
                self.below_zero.setdefault(at, []).append(row.line)
                draft.flags.add(NEEDS_CONFIRMATION)
        draft.counts_free = "reserved" in columns or "damaged" in columns

    def _movement(self, draft: Draft, row: Row, multiple: Decimal) -> None:
        """The day of a line of a stock card, and by how much it moved the balance; unknown where a cell is unclear."""
        layout = self.layout
        if not layout.is_card:
            return
        if layout.day is not None and not row.cell(layout.day).blank:
            with contextlib.suppress(Rejected):
                found = self._expiry(row.cell(layout.day), layout.day, row.line)
                draft.day = found.day.isoformat() if found and found.day else None
        if layout.came_in and layout.went_out:
            with contextlib.suppress(Rejected):
                draft.moved = self._sum(row, layout.came_in, multiple) - self._sum(row, layout.went_out, multiple)

    def _sum(self, row: Row, columns: list[int], multiple: Decimal) -> Decimal:
        figures = (self._side_figure(row.cell(at), at, row.line, multiple, strict=True) for at in columns)
        return sum((figure for figure in figures if figure is not None), Decimal(0))

    def _side_figure(self, cell: Cell, at: int, line: int, multiple: Decimal, strict: bool) -> Decimal | None:
        """The figure of a cell beside the quantity, in the unit of the line unless it states its own."""
        if cell.number is not None:
            return cell.number * self.layout.scale_of(at) * multiple
        if not cell.error and not cell.uncalculated and (cell.blank or cell.text in DASHES):
            return None
        try:
            if not cell.text or cell.error or cell.uncalculated:
                raise BadQuantity(cell.text)
            found = self._figured(cell.text, at, line)
            return found.figure * (found.unit.multiple if found.unit else multiple)
        except BadQuantity as wrong:
            if not strict:
                return None
            if wrong.ambiguous:
                self.two_ways.setdefault(at, []).append(line)
            raise Rejected("formula_without_value" if cell.uncalculated else "bad_quantity", at) from None

    def _texts(self, draft: Draft, row: Row, columns: Columns, context: Context, place: str | None) -> None:
        parts = [part for at in self.layout.locations if (part := self._text_at(row, at, context))]
        draft.location = "/".join(parts) or place
        if parts and self.layout.places and place:
            draft.location = "/".join([*parts, place])
        elif parts and self.layout.within and place:
            draft.location = "/".join([place, *parts])
        for name in ("owner", "donor", "status", "storage"):
            setattr(draft, name, self._text(row, columns, name, context))
        draft.category = self._text(row, columns, "category", context) or context.category
        draft.status = draft.status or context.status or self._noted_status(row)
        remarks = [row.cell(at).text for at in self.layout.remarks]
        draft.doubted = any(words.holds(text, "doubts") and not words.is_phrase(text, "statuses") for text in remarks)
        if draft.doubted:
            draft.flags.add(NEEDS_CONFIRMATION)
        if draft.unit in _KITS and (contents := self._text(row, columns, "components", context)):
            draft.components += listed(contents)
        lot = columns.get("lot")
        if lot is not None and row.cell(lot).day is not None:
            draft.flags.add(NEEDS_CONFIRMATION)
            self.gathered.ask(f"a lot has become a date ({where(context.sheet, row.line)})")
        else:
            draft.lot = self._text(row, columns, "lot", context)
        if serials := self._text(row, columns, "serials", context):
            draft.serials = tuple(part.strip() for part in serials.replace(";", ",").split(",") if part.strip())

    def _split_bin(self, draft: Draft, context: Context) -> None:
        """A bin such as A/2/1:1000 states a part of the stock: whether the quantity repeats the whole is asked."""
        stated = _BIN_FIGURE.search(draft.location or "") if self.layout.locations else None
        if stated and draft.quantity != Decimal(stated[1]):
            draft.flags.add(NEEDS_CONFIRMATION)
            self.gathered.ask(
                f"the place {draft.location} states {stated[1]} and the quantity {draft.quantity:f}: "
                f"which holds ({where(context.sheet, draft.line)})"
            )

    def _noted_status(self, row: Row) -> str | None:
        texts = (row.cell(at).text for at in self.layout.notes)
        return next((text for text in texts if text and words.is_phrase(text, "statuses")), None)


def _within(location: str | None, place: Place) -> str:
    return f"{location}/{place.label}" if location else place.label


def component_figure(cell: Cell, order: Order) -> Decimal | None:
    """The figure of a component's quantity cell, None where it is no plain figure."""
    if cell.number is not None:
        return cell.number
    try:
        return figure(cell.text, order) if cell.text else None
    except NotAFigure:
        return None


def fresh(context: Context, **changes: str | None) -> Context:
    """`context` with `changes`."""
    return replace(context, **changes)  # type: ignore[arg-type]
