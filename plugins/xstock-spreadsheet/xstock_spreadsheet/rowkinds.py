"""What each row under a head is: stock, a heading, a sum, a signature, a repeated header, nothing."""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from typing import Final

from xstock_spreadsheet import words
from xstock_spreadsheet.columns import ITEMS, QUANTITIES, Head, find_again, repeats
from xstock_spreadsheet.figures import Order
from xstock_spreadsheet.grid import Grid, Row
from xstock_spreadsheet.header import match_header
from xstock_spreadsheet.layout import NOTED, Layout, lay_out
from xstock_spreadsheet.quantities import BadQuantity, amount, measure

_RULED: Final = re.compile(r"\.{5,}|_{4,}|…{2,}")
_CODE: Final = re.compile(r"[\w./-]*\d[\w./-]*")
_LONG: Final = 90
_PAGE: Final = re.compile(
    r"(?:page|pg|стр(?:аница|аниця)?|сторінка|с|лист|list|str(?:ana|anica|an)?|seite|blatt|pag(?:ina)?|faqja?|σελ(?:ίδα)?|sayfa|бет)"
    r"[\s.:№#]*\d+(?:\s*(?:/|of|от|из|з|od|von|de|din|nga|από)\s*\d+)?",
    re.IGNORECASE,
)


class Kind(Enum):
    """The kinds of rows."""

    ITEM = auto()
    HEADING = auto()
    OPENS_KIT = auto()
    TOTAL = auto()
    SKIPPED = auto()
    PROBLEM = auto()


@dataclass(slots=True)
class Judged:
    """A row with its kind, under the layout that holds for it."""

    row: Row
    kind: Kind
    layout: Layout
    text: str = ""


def judge(grid: Grid, layout: Layout, told: dict[str, str]) -> list[Judged]:
    """Every row below the head, in order, with its kind."""
    found: list[Judged] = []
    signed = False
    raw = [fold_row(grid.rows[at]) for at in range(max(layout.head.first, 0), layout.head.last + 1)]
    for row in grid.rows[layout.head.last + 1 :]:
        if row.problem:
            found.append(Judged(row, Kind.PROBLEM, layout))
            continue
        if row.blank or repeats(layout.head, row) or fold_row(row) in raw or _numbers_columns(row):
            found.append(Judged(row, Kind.SKIPPED, layout))
            continue
        if other := _second_head(grid, row, layout, told):
            layout = other
            found.append(Judged(row, Kind.SKIPPED, layout))
            continue
        kind, text = _kind(row, layout)
        if kind is None:
            signed, kind = True, Kind.SKIPPED
        elif signed and kind in (Kind.HEADING, Kind.OPENS_KIT):
            kind = Kind.SKIPPED
        elif kind is Kind.ITEM:
            if signed and not counts(row, layout):
                kind = Kind.SKIPPED
            else:
                signed = False
        found.append(Judged(row, kind, layout, text))
    _settle_headings(found)
    return found


def _numbers_columns(row: Row) -> bool:
    """True for the row of column numbers that forms have below their header: 1, 2, 3, 4 ..."""
    texts = [cell.text.strip("()") for cell in row.cells if cell.text]
    return len(texts) > 3 and texts == [str(number) for number in range(1, len(texts) + 1)]


def fold_row(row: Row) -> tuple[str, ...]:
    """The texts of a row, for comparing whole rows."""
    return tuple(cell.text.casefold() for cell in row.cells if cell.text)


def _second_head(grid: Grid, row: Row, layout: Layout, told: dict[str, str]) -> Layout | None:
    """A new head below the first: it names at least three fields and holds no figure."""
    if any(cell.number is not None or any(ch.isdigit() for ch in cell.text) for cell in row.cells):
        return None
    texts = [cell.text for cell in row.cells if cell.text]
    exact = {match.field for text in texts if (match := match_header(text)) and match.exact}
    plain = len(exact) == len(texts) > 1 and bool(exact & ITEMS) and not exact.isdisjoint(QUANTITIES)
    if not plain and (len(texts) < 3 or len(exact) < 3 or len(exact) * 3 < len(texts) * 2):
        return None
    head: Head | None = find_again(grid, row, told)
    return lay_out(head, grid.rows[head.last + 1 :], told) if head else None


def _kind(row: Row, layout: Layout) -> tuple[Kind | None, str]:
    """The kind of a row by itself; None for a signature, whose text is never passed on."""
    kept = [at for at in range(len(row.cells)) if row.cells[at].text and at not in layout.private]
    used = [at for at in kept if at not in layout.numbering and at not in layout.notes]
    first = row.cells[used[0]].text if used else (row.cells[kept[0]].text if kept else "")
    code, name = _item(row, layout)
    figured = _has_figure(row, layout)
    stated = sum(
        1 for field in ("unit", "lot", "expiry") if field in layout.columns and row.cell(layout.columns[field]).text
    )
    lead = row.cells[kept[0]].text if kept else ""
    if _is_total(row, layout, name or code or first, stated, code, lead):
        return Kind.TOTAL, first
    if not counts(row, layout) and not _unread_figure(row, layout) and _is_signature(row, (lead, first)):
        return None, ""
    if not figured and not _unread_figure(row, layout):
        mapped = [at for at in used if not _out(at, layout)]
        if words.begins(first, "contains") and not stated:
            return Kind.OPENS_KIT, first
        if len(mapped) <= 1 and not (code and not name and _CODE.fullmatch(code)):
            return _heading(row, layout, mapped, first, kept)
        if not name and not code:
            return Kind.SKIPPED, ""
    return Kind.ITEM, name or code


def _is_signature(row: Row, firsts: tuple[str, str]) -> bool:
    return any(words.begins(text, "signatures") for text in firsts) or any(
        _RULED.search(cell.text) for cell in row.cells
    )


def counts(row: Row, layout: Layout) -> bool:
    """True when a column of quantities holds a count, not merely a date or a name with digits."""
    for column in layout.quantity_columns():
        cell = row.cell(column)
        if cell.number is not None or cell.error or cell.uncalculated:
            return True
        try:
            amount(cell.text, Order())
        except BadQuantity as wrong:
            if wrong.ambiguous:
                return True
        else:
            return True
    return False


def _heading(row: Row, layout: Layout, mapped: list[int], first: str, kept: list[int]) -> tuple[Kind, str]:
    names = [layout.columns[f] for f in ("item_code", "item_name", "category") if f in layout.columns]
    text = row.cell(mapped[0]).text if mapped else first
    if len(text) > _LONG or text[:1] in "*†" or _is_note(text) or _PAGE.fullmatch(text):
        return Kind.SKIPPED, ""
    if not mapped and kept and kept[0] > min([*names, *layout.locations]):
        return Kind.SKIPPED, ""
    return Kind.HEADING, text


def _is_note(text: str) -> bool:
    match = match_header(text.split(":")[0]) if ":" in text else None
    return match is not None and match.exact and match.field in (*NOTED, "personal")


def _out(column: int, layout: Layout) -> bool:
    """True for a column that no field and no place uses."""
    return not (
        column in layout.columns.values() or column in layout.locations
        or any(column == place.quantity or column in place.others.values() for place in layout.places)
    )  # fmt: skip


def _item(row: Row, layout: Layout) -> tuple[str, str]:
    code, name = (layout.columns.get(field) for field in ("item_code", "item_name"))
    return (row.cell(code).text if code is not None else ""), (row.cell(name).text if name is not None else "")


def _has_figure(row: Row, layout: Layout) -> bool:
    """True when a column of quantities holds a figure, an error or an uncalculated formula."""
    for column in layout.quantity_columns():
        cell = row.cell(column)
        if cell.number is not None or cell.error or cell.uncalculated or any(ch.isdigit() for ch in cell.text):
            return True
    return False


def _unread_figure(row: Row, layout: Layout) -> bool:
    """True for an item whose quantity is words or blank but whose unit says that it is an item."""
    unit = layout.columns.get("unit")
    stated = unit is not None and measure(row.cell(unit).text) is not None
    code, name = _item(row, layout)
    return stated and bool(code or name)


def _is_total(row: Row, layout: Layout, name: str, stated: int, code: str, first: str) -> bool:
    whole = any(words.is_phrase(text.rstrip(" :=-"), "totals") for text in (name, first))
    begins = words.begins(name, "totals") or words.begins(first, "totals")
    if whole or (begins and (not stated or name.rstrip().endswith(":"))):
        return bool(whole or not code or words.begins(code, "totals"))
    if not stated and not code and _has_figure(row, layout) and len(name.split()) > 1:
        return words.is_phrase(name.rstrip(" :").rsplit(maxsplit=1)[-1], "total_ends")
    return False


def _settle_headings(rows: list[Judged]) -> None:
    """A heading with no stock below it is a footnote; the names in it may be a person's."""
    below = False
    for judged in reversed(rows):
        if judged.kind is Kind.ITEM:
            below = True
        elif judged.kind in (Kind.HEADING, Kind.OPENS_KIT) and not below:
            judged.kind = Kind.SKIPPED
        elif judged.kind is Kind.TOTAL:
            below = False


def sums_up(figure: Decimal, running: Decimal, whole: Decimal) -> bool:
    """True when a nameless figure is the sum of the lines since the last sum, or of all of them."""
    return bool(figure) and figure in (running, whole)
