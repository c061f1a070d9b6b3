"""Where the readers of workbooks put the cells of one sheet; a cell far from all others costs nothing there."""

from typing import Final

from xstock_spreadsheet.grid import EMPTY, Cell, Grid, Row
from xstock_spreadsheet.limits import GAP_ROWS, MAX_CELLS, MAX_COLUMNS, MAX_ROWS
from xstock_spreadsheet.package import too_large

_MAX_MERGES: Final = 20_000


class Canvas:
    """The filled cells of one sheet, by line (from 1) and column (from 0); `room` is how many may still come."""

    def __init__(self, name: str, room: int = MAX_CELLS) -> None:
        self.name, self.cells = name, 0
        self._room, self._last = room, 0
        self._rows: dict[int, dict[int, Cell]] = {}
        self._far: dict[int, int] = {}
        self._merges: list[tuple[int, int, int, int]] = []

    def put(self, line: int, column: int, cell: Cell) -> None:
        """Keep one filled cell; blank ones are never put."""
        self.cells += 1
        if self.cells > self._room:
            raise too_large(f"more than {MAX_CELLS} cells")
        if column >= MAX_COLUMNS or line > MAX_ROWS or (self._last and line - self._last > GAP_ROWS):
            self.put_far(line, 1)
            return
        self._last = max(self._last, line)
        self._rows.setdefault(line, {})[column] = cell

    def put_far(self, line: int, count: int) -> None:
        """Count cells of a line that are too far from the list to be read."""
        if line in self._far or len(self._far) < MAX_ROWS:
            self._far[line] = self._far.get(line, 0) + count

    def merge(self, first_line: int, first_column: int, last_line: int, last_column: int) -> None:
        """Note that these cells are one."""
        if len(self._merges) < _MAX_MERGES:
            self._merges.append((first_line, first_column, last_line, last_column))

    def grid(self, hidden: bool) -> Grid:
        """The rows gathered, blank ones between them too."""
        lines = sorted(self._rows)
        first = 1 if lines and lines[0] <= GAP_ROWS else (lines[0] if lines else 1)
        rows = [Row(line, _cells(self._rows.get(line))) for line in range(first, (lines[-1] if lines else 0) + 1)]
        stray = sorted(line for line, count in self._far.items() if count == 1 and line not in self._rows)
        far = sum(self._far.values()) - len(stray)
        return Grid(self.name, rows, hidden, self._merges, far, stray)


def _cells(found: dict[int, Cell] | None) -> list[Cell]:
    if not found:
        return []
    cells = [EMPTY] * (max(found) + 1)
    for at, cell in found.items():
        cells[at] = cell
    return cells
