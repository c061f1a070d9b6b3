"""The sheets of one file: which are read, which are left out and asked about, and what their names mean."""

import re
from decimal import Decimal

from xstock_node.domain.folding import fold
from xstock_node.plugins.adapters import ReadHints
from xstock_spreadsheet import words
from xstock_spreadsheet.beside import parted
from xstock_spreadsheet.drafts import Draft, Gathered
from xstock_spreadsheet.errors import FileRefused
from xstock_spreadsheet.grid import Grid, same
from xstock_spreadsheet.table import Found, find_table, read_table
from xstock_spreadsheet.titles import is_period


def read_grids(grids: list[Grid], hints: ReadHints, gathered: Gathered, file: str) -> list[Draft]:
    """The drafts of every sheet that lists stock; raises FileRefused when none does."""
    _without_far_cells(grids, gathered)
    filled = [grid for grid in grids if any(not row.blank for row in grid.rows)]
    if not filled:
        raise FileRefused("empty_file", "a header and lines of stock", "no filled cell", "save the list again")
    filled = [part for grid in filled for part in parted(grid, hints.columns)]
    tables = _choose(filled, hints, gathered)
    if not tables:
        raise FileRefused(
            "no_header", "a row of headers with an item and a quantity",
            "none that is known" + (" in a sheet that is shown" if any(grid.hidden for grid in filled) else ""),
            "name the columns in the first row, or confirm them",
        )  # fmt: skip
    tables = _latest(tables, gathered)
    several = len({found.grid.name for found in tables}) > 1
    by_sheet: list[list[Draft]] = []
    skipped: set[tuple[str | None, int]] = set()
    for found in tables:
        name = found.grid.name
        place = name if several and name and not is_plain(name) else None
        if found.guessed:
            _ask_of_guess(found, gathered)
        before = len(gathered.skipped)
        by_sheet.append(read_table(found, hints, gathered, place))
        gathered.skipped += found.grid.stray_lines
        lines = [line for line in gathered.skipped[before:] if (name, line) not in skipped]
        gathered.skipped[before:] = lines  # tables side by side have their titles in common
        skipped.update((name, line) for line in lines)
    _drop_sums(by_sheet, tables, gathered)
    return [draft for drafts in by_sheet for draft in drafts]


def _latest(tables: list[Found], gathered: Gathered) -> list[Found]:
    """Sheets named after months are the same stock at several times: the last sheet is read, the others asked about."""
    periods = [found for found in tables if is_period(found.grid.name)]
    if len(periods) < 2 or len(periods) != len(tables):
        return tables
    older = ", ".join(found.grid.name or "" for found in tables[:-1])
    gathered.ask(f"sheets named after dates: {tables[-1].grid.name} is read as the latest, {older} left out: confirm")
    return tables[-1:]


def _drop_sums(by_sheet: list[list[Draft]], tables: list[Found], gathered: Gathered) -> None:
    """A sheet whose figures are, item by item, the sums of all other sheets is a summary whatever its name."""
    if len(by_sheet) < 3:
        return
    totals = [_by_item(drafts) for drafts in by_sheet]
    for at, own in enumerate(totals):
        others: dict[object, Decimal] = {}
        for total in (*totals[:at], *totals[at + 1 :]):
            for item, quantity in total.items():
                others[item] = others.get(item, Decimal(0)) + quantity
        if own and own == others:
            gathered.ask(f"sheet {tables[at].grid.name} holds the sums of the others and was left out: confirm")
            by_sheet[at] = []
            return


def _by_item(drafts: list[Draft]) -> dict[object, Decimal]:
    found: dict[object, Decimal] = {}
    for draft in drafts:
        item = (same(draft.item_code), same(draft.item_name), draft.unit)
        found[item] = found.get(item, Decimal(0)) + draft.quantity
    return found


def _choose(grids: list[Grid], hints: ReadHints, gathered: Gathered) -> list[Found]:
    shown = [grid for grid in grids if not grid.hidden]
    for grid in grids:
        if grid.hidden:
            gathered.ask(f"sheet {grid.name} is hidden and was left out: is it stock?")
    tables = [found for grid in shown if (found := find_table(grid, hints))]
    if any(not found.guessed for found in tables):
        tables = [found for found in tables if not found.guessed]
    read = {id(found.grid) for found in tables}
    if len(shown) > 1:
        for grid in shown:
            if (
                id(grid) not in read
                and tables
                and len(grid.rows) > 1
                and _has_figures(grid)
                and not is_summary(grid.name)
            ):
                gathered.ask(f"sheet {grid.name} has no headers that are known and was left out: is it stock?")
    if len(tables) < 2:
        return tables
    sums = [found for found in tables if is_summary(found.grid.name)]
    if len(sums) == len(tables):
        return tables
    for found in sums:
        gathered.ask(f"sheet {found.grid.name} sums up the others and was left out: confirm")
    return [found for found in tables if found not in sums]


def _has_figures(grid: Grid) -> bool:
    return any(cell.number is not None for row in grid.rows for cell in row.cells)


def is_summary(name: str | None) -> bool:
    """True when a sheet's name says that it sums up other sheets."""
    if not name:
        return False
    parts = fold(name).split()
    return words.begins(name, "summaries") is not None or any(part in words.phrases("summaries") for part in parts)


def is_plain(name: str) -> bool:
    """True for a name that a program gave, such as Sheet1 or «Лист 2»: it is no place."""
    return fold(re.sub(r"[\s\d()]+$", "", name)) in words.phrases("plain_sheets")


def _without_far_cells(grids: list[Grid], gathered: Gathered) -> None:
    for grid in grids:
        if grid.far_cells and not grid.hidden:
            gathered.ask(f"sheet {grid.name}: {grid.far_cells} cells far from the list were left out")


def _ask_of_guess(found: Found, gathered: Gathered) -> None:
    head = found.layout.head
    named = ", ".join(f"{at + 1} = {m.field}" for at, m in enumerate(head.matches) if m)
    place = f"sheet {found.grid.name}" if found.grid.name else "the file"
    gathered.ask(f"{place} has no headers; its columns were guessed from their contents ({named}): confirm")
