"""Tables that stand side by side under one row of headers: each becomes a grid of its own."""

from typing import Final

from xstock_node.domain.folding import fold
from xstock_spreadsheet.columns import ITEMS, QUANTITIES, Head, find_head
from xstock_spreadsheet.errors import FileRefused
from xstock_spreadsheet.grid import Grid, Row

_COUNTED: Final = frozenset(QUANTITIES)


def parted(grid: Grid, told: dict[str, str]) -> list[Grid]:
    """The tables of `grid` from left to right, itself where it has one; raises FileRefused where they are unlike."""
    head = find_head(grid, told)
    if head is None or len(head.titles) < 4:
        return [grid]
    starts = [start for start, end in _blocks(head) if _is_table(head, start, end)]
    if len(starts) < 2:
        return [grid]
    fields = [_fields(head, start, end) for start, end in _blocks(head) if start in starts]
    if any(found != fields[0] for found in fields):
        raise FileRefused(
            "tables_beside", "one table, or tables side by side with the same columns",
            f"other columns from {head.titles[starts[1]]} on, the {starts[1] + 1}th column",
            "put the tables below each other, or on sheets of their own",
        )  # fmt: skip
    starts[0] = 0
    return [_part(grid, start, end, start == 0) for start, end in zip(starts, [*starts[1:], None], strict=True)]


def _blocks(head: Head) -> list[tuple[int, int]]:
    """Columns (first, behind the last) between headers that are blank, or from a first header to its return."""
    starts: list[int] = []
    for at, title in enumerate(head.titles):
        after_gap = bool(title) and (at == 0 or not head.titles[at - 1])
        if after_gap or (title and starts and _own(head, at) == _own(head, starts[-1])):
            starts.append(at)
    return list(zip(starts, [*starts[1:], len(head.titles)], strict=True))


def _own(head: Head, at: int) -> str:
    """A column's header without the upper one that stands over several columns."""
    group = head.groups[at] if head.groups else ""
    return fold(head.titles[at].removeprefix(group))


def _fields(head: Head, start: int, end: int) -> set[str]:
    return {match.field for match in head.matches[start:end] if match}


def _is_table(head: Head, start: int, end: int) -> bool:
    exact = {match.field for match in head.matches[start:end] if match and match.exact}
    return not exact.isdisjoint(ITEMS) and not exact.isdisjoint(_COUNTED)


def _part(grid: Grid, start: int, end: int | None, first: bool) -> Grid:
    """The columns of one table; a row that is blank in them only is no row of it, a blank row is one of the first's."""
    rows = [
        Row(row.line, row.cells[start:end], row.problem)
        for row in grid.rows
        if (first and (row.blank or row.problem))
        or (not row.problem and not all(cell.blank for cell in row.cells[start:end]))
    ]
    merges = [
        (top, left - start, bottom, right - start)
        for top, left, bottom, right in grid.merges
        if start <= left and (end is None or right < end)
    ]
    return Grid(grid.name, rows, grid.hidden, merges, grid.far_cells, grid.stray_lines if first else [])
