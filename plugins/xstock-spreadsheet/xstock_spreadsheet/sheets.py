"""The sheets of one file: which are read, which are left out and asked about, and what their names mean."""

import re

from xstock_node.domain.folding import fold
from xstock_node.plugins.adapters import ReadHints
from xstock_spreadsheet import words
from xstock_spreadsheet.drafts import Draft, Gathered
from xstock_spreadsheet.errors import FileRefused
from xstock_spreadsheet.grid import Grid
from xstock_spreadsheet.table import Found, find_table, read_table


def read_grids(grids: list[Grid], hints: ReadHints, gathered: Gathered, file: str) -> list[Draft]:
    """The drafts of every sheet that lists stock; raises FileRefused when none does."""
    _without_far_cells(grids, gathered)
    filled = [grid for grid in grids if any(not row.blank for row in grid.rows)]
    if not filled:
        raise FileRefused("empty_file", "a header and lines of stock", "no filled cell", "save the list again")
    tables = _choose(filled, hints, gathered)
    if not tables:
        raise FileRefused(
            "no_header", "a row of headers with an item and a quantity", "none that is known",
            "name the columns in the first row, or confirm them",
        )  # fmt: skip
    several = len(tables) > 1
    drafts: list[Draft] = []
    for found in tables:
        name = found.grid.name
        place = name if several and name and not is_plain(name) else None
        if found.guessed:
            _ask_of_guess(found, gathered)
        drafts += read_table(found, hints, gathered, place)
        gathered.skipped += found.grid.stray_lines
    return drafts


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
