"""Where a table begins: the row or two rows of headers, and which column holds which field."""

from dataclasses import dataclass, field
from typing import Final

from xstock_node.domain.folding import fold
from xstock_spreadsheet.grid import Grid, Row
from xstock_spreadsheet.header import Match, match_header
from xstock_spreadsheet.limits import HEADER_WITHIN

QUANTITIES: Final = ("quantity_on_hand", "quantity", "number_or_quantity", "available", "quantity_total")
ITEMS: Final = frozenset({"item_code", "item_name", "item_any", "barcode"})
_STRONG: Final = frozenset({"quantity_on_hand", "quantity", "available"})
_LIST: Final = frozenset({"unit", "lot", "expiry", "location", "number"})


@dataclass(slots=True)
class Head:
    """A table's head: its rows, the header of each column as written, and its match."""

    first: int  # index in the grid's rows
    last: int
    titles: list[str]
    matches: list[Match | None]
    groups: list[str] = field(default_factory=list)  # the upper header over each column, where there are two
    score: float = 0.0


def find_head(grid: Grid, told: dict[str, str], start: int = 0) -> Head | None:
    """The best head within the first rows from `start`, or None. `told` maps headers a human confirmed to fields."""
    best: Head | None = None
    seen = 0
    for at in range(start, len(grid.rows)):
        if grid.rows[at].blank:
            continue
        seen += 1
        if seen > HEADER_WITHIN:
            break
        for head in (_single(grid, at, told), _double(grid, at, told)):
            if head and (best is None or head.score > best.score + 0.5):
                best = head
        if best is not None and at > best.last + 30:
            break
    return best


def find_again(grid: Grid, row: Row, told: dict[str, str]) -> Head | None:
    """The head that `row` is by itself, or None; for a second table below the first."""
    return _single(grid, grid.rows.index(row), told)


def _single(grid: Grid, at: int, told: dict[str, str]) -> Head | None:
    row = grid.rows[at]
    titles = [cell.text for cell in row.cells]
    matches = [_match(title, told) for title in titles]
    return _judged(Head(at, at, titles, matches), row)


def _double(grid: Grid, at: int, told: dict[str, str]) -> Head | None:
    """Two header rows read as one: the upper text stands over all columns that it spans."""
    if at + 1 >= len(grid.rows) or grid.rows[at + 1].line != grid.rows[at].line + 1:
        return None
    upper, lower = grid.rows[at], grid.rows[at + 1]
    if sum(1 for cell in upper.cells if cell.text) < 2:
        return None  # a title
    if lower.blank or any(cell.number is not None or cell.day for cell in lower.cells):
        return None
    tops = _spread(grid, upper, lower)
    width = max(len(tops), len(lower.cells))
    titles, matches, groups = [], [], []
    for column in range(width):
        top = tops[column] if column < len(tops) else ""
        bottom = lower.cell(column).text
        alone = upper.cell(column).text
        shared = bool(top) and (tops.count(top) > 1)
        title, match = _joined(top, bottom, shared, told)
        titles.append(title)
        matches.append(match)
        groups.append(top if shared and bottom else "")
        if alone and not bottom and not shared:
            matches[-1] = _match(alone, told)
    head = _judged(Head(at, at + 1, titles, matches, groups), lower)
    if head is None or not any(cell.text for cell in lower.cells) or (not any(groups) and not _plain_two(upper, lower)):
        return None
    below = [cell.text for cell in lower.cells if cell.text]
    plain = len(below) > 1 and all((match := _match(text, told)) and match.exact for text in below)
    if plain and _single(grid, at, told):
        head.score += 1.0  # a row of nothing but headers
    return head


def _plain_two(upper: Row, lower: Row) -> bool:
    """Two text lines of one header («Мерна» / «единица»): the lower one has no figures and names nothing twice."""
    return not any(any(ch.isdigit() for ch in cell.text) for cell in lower.cells) and len(upper.cells) >= len(
        lower.cells
    )


def _joined(top: str, bottom: str, shared: bool, told: dict[str, str]) -> tuple[str, Match | None]:
    if not bottom:
        return top, _match(top, told)
    if not top:
        return bottom, _match(bottom, told)
    title = f"{top} {bottom}"
    below = _match(bottom, told)
    if title in told:
        return title, _match(title, told)
    if below and (below.field not in ("quantity_total",) or not shared):
        return title, below
    above = _match(top, told)
    if shared and above and above.field in QUANTITIES and below:
        return title, Match("quantity", True, above.unit)
    if shared:
        return bottom, None
    return title, _match(title, told)


def _spread(grid: Grid, upper: Row, lower: Row) -> list[str]:
    """The upper header over each column: by merged cells, else to the right over blanks that have text below."""
    tops = [cell.text for cell in upper.cells]
    tops += [""] * (len(lower.cells) - len(tops))
    if grid.merges:
        for first_row, first, _, last in grid.merges:
            if first_row == upper.line and first < len(tops):
                for column in range(first, min(last + 1, len(tops))):
                    tops[column] = tops[first]
        return tops
    for column in range(1, len(tops)):
        if not tops[column] and lower.cell(column).text and lower.cell(column - 1).text:
            tops[column] = tops[column - 1]
    return tops


def _match(title: str, told: dict[str, str]) -> Match | None:
    if not title:
        return None
    if title in told:
        return Match(told[title], True)
    return match_header(title)


def _judged(head: Head, row: Row) -> Head | None:
    """`head` with its score, or None where it cannot be a head: no item, nothing counted, or figures in it."""
    found = [match for match in head.matches if match]
    exact = {match.field for match in found if match.exact}
    fields = {match.field for match in found}
    filled = sum(1 for title in head.titles if title)
    if filled < 2 or not fields & ITEMS:
        return None
    numbers = sum(1 for cell in row.cells if cell.number is not None)
    counted = fields & set(QUANTITIES)
    unknown = filled - len(found)
    if not counted and not (unknown + numbers >= 1 and (exact & ITEMS)):
        return None
    if not exact & (ITEMS | set(QUANTITIES)):
        return None
    score = 2.0 * len(exact) + 0.7 * len(fields - exact) + (1.5 if fields & _STRONG else 0.0)
    score += 0.5 * len(exact & _LIST) - 0.3 * unknown - (2.0 * numbers if not unknown else 0.3 * numbers)
    if len(exact) < 2 and not (len(exact) == 1 and filled <= 3 + unknown):
        return None
    head.score = score
    return head if score >= 2.0 else None


def repeats(head: Head, row: Row) -> bool:
    """True when `row` says the headers again."""
    cells = [fold(cell.text) for cell in row.cells if cell.text]
    if len(cells) < 2:
        return False
    own = {fold(title) for title in head.titles if title}
    return sum(1 for cell in cells if cell in own) * 10 >= len(cells) * 8
