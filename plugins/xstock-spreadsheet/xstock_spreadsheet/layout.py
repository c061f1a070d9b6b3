"""Which column of a table holds what, once the head's words and the columns' own values have been weighed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import Final

from xstock_spreadsheet import words
from xstock_spreadsheet.cards import without_documents
from xstock_spreadsheet.columns import QUANTITIES, Head
from xstock_spreadsheet.grid import Row
from xstock_spreadsheet.header import match_header, scale
from xstock_spreadsheet.titles import is_period

FIELDS: Final = (
    "item_code", "item_name", "quantity", "unit", "location", "lot", "expiry", "reserved", "damaged", "incoming",
    "available", "pack_factor", "category", "owner", "donor", "status", "storage", "serials", "components",
)  # fmt: skip
NOTED: Final = ("ignore", "note", "minimum", "day", "came_in", "went_out")
_RENAMED: Final = {"pack": "pack_factor", "contents": "components"}
_PLACE_WORDS: Final = frozenset(
    {"location", "place", "organisation", "owner", "category", "storage", "donor", "item_any", "status"}
)
_FIGURE: Final = re.compile(r"[(\-−–]?\s*\d[\d.,\s\u00a0\u202f'’]*\)?(\s*[^\W\d_]{1,5}\.?)?")
_NOTHING: Final = frozenset(
    {"", "-", "–", "—", "x", "х", "?", "??", "n/a", "na", "няма", "нема", "nema", "нет", "немає"}
)
_NUMBERED: Final = re.compile(r"0\d+|\d{8,}|\+?\d[\d /-]{8,}")
_LOOKED_AT: Final = 300


@dataclass(slots=True)
class Place:
    """One place of a pivot: its label, its quantity's column, and its other columns (reserved, expiry ...)."""

    label: str
    quantity: int
    others: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Layout:
    """Columns by field; `places` is empty but in a pivot; `asked` are doubts about the columns."""

    head: Head
    columns: dict[str, int] = field(default_factory=dict)
    locations: list[int] = field(default_factory=list)
    within: bool = False  # the locations are parts of a place that is told elsewhere (shelf, bin)
    numbering: list[int] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    by_unit: list[int] = field(default_factory=list)  # further counts, each in the unit of its header
    total: int | None = None
    day: int | None = None  # of a movement, as a stock card has it
    came_in: list[int] = field(default_factory=list)
    went_out: list[int] = field(default_factory=list)
    notes: list[int] = field(default_factory=list)
    remarks: list[int] = field(default_factory=list)
    private: list[int] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def unit_of(self, column: int) -> str | None:
        """The unit that the header of `column` states."""
        match = self.head.matches[column] if column < len(self.head.matches) else None
        return match.unit if match else None

    def quantity_columns(self) -> list[int]:
        """Every column that holds a count on hand."""
        return [place.quantity for place in self.places] or [self.columns["quantity"], *self.by_unit]

    def scale_of(self, column: int) -> Decimal:
        """What the figures of `column` have to be multiplied by."""
        return scale(self.head.titles[column]) if column < len(self.head.titles) else Decimal(1)

    @property
    def is_card(self) -> bool:
        """True where the quantity is a balance, and movements or their days stand beside it."""
        if self.places or not (self.day is not None or (self.came_in and self.went_out)):
            return False
        match = match_header(self.head.titles[self.columns["quantity"]])
        return match is not None and match.field == "quantity_on_hand"

    def named(self) -> dict[str, str]:
        """Header as written to field, for the reading's `columns`."""
        titles = self.head.titles
        found = {titles[at]: name for name, at in self.columns.items() if at < len(titles) and titles[at]}
        found |= {titles[at]: "location" for at in self.locations if titles[at]}
        return found | {place.label: "quantity" for place in self.places}


def lay_out(head: Head, rows: Sequence[Row], told: dict[str, str]) -> Layout | None:
    """The layout under `head`, looking at its first `rows`; None where nothing is counted."""
    rows = rows[:_LOOKED_AT]
    layout = Layout(head)
    by_field: dict[str, list[int]] = {}
    for column, match in enumerate(head.matches):
        if match:
            name = _RENAMED.get(match.field, match.field)
            by_field.setdefault(name, []).append(column)
    _persons(head, by_field)
    _obey(head, by_field, told)
    _conditions(by_field, rows)
    _numbering(layout, by_field, rows)
    without_documents(head, by_field, rows)
    _items(layout, by_field)
    _places(layout, by_field, rows)
    if not layout.places and not _quantity(layout, by_field, told) and not _only_figures(layout, rows):
        return None
    _rest(layout, by_field)
    _ask_of_unknown(layout, rows)
    return layout


def _ask_of_unknown(layout: Layout, rows: Sequence[Row]) -> None:
    """A column of texts whose header is no field's word may hold what the list is about: each is asked about."""
    head, placed = layout.head, {place.quantity for place in layout.places}
    for at, title in enumerate(head.titles):
        texts = [text for text in _texts(at, rows) if any(letter.isalpha() for letter in text)]
        if title and head.matches[at] is None and at not in placed | {*layout.columns.values()} and texts:
            layout.asked.append(
                f"column {title}: no field is known for it and nothing of it is read: name its field, or ignore it"
            )


def _persons(head: Head, by_field: dict[str, list[int]]) -> None:
    """ "Ad" is the name of the goods in one list and of a person in the next: beside a surname it is a person's."""
    surnames = [at for at in by_field.get("personal", []) if words.is_phrase(head.titles[at], "surnames")]
    for at in [at for at in by_field.get("item_name", []) if words.is_phrase(head.titles[at], "given_names")]:
        if at - 1 in surnames or at + 1 in surnames:
            by_field["item_name"].remove(at)
            by_field["personal"].append(at)


def _obey(head: Head, by_field: dict[str, list[int]], told: dict[str, str]) -> None:
    """What a human confirmed of a field drops the guesses for the same field."""
    for name in set(told.values()):
        confirmed = [at for at, title in enumerate(head.titles) if told.get(title) == name]
        if confirmed:
            by_field[name] = confirmed
        if confirmed and name == "quantity":
            for other in QUANTITIES:
                if other not in ("quantity", "available"):
                    by_field.pop(other, None)


def _conditions(by_field: dict[str, list[int]], rows: Sequence[Row]) -> None:
    """ "Stanje" is the balance in one list and the condition in the next: beside a count, words are a condition."""
    for column in list(by_field.get("quantity_on_hand", [])):
        texts = _texts(column, rows)
        worded = sum(1 for text in texts if not any(c.isdigit() for c in text)) * 2 > len(texts)
        counted = by_field.get("quantity") or len(by_field["quantity_on_hand"]) > 1
        if texts and worded and counted:
            by_field["quantity_on_hand"].remove(column)
            by_field.setdefault("status", []).append(column)


def _numbering(layout: Layout, by_field: dict[str, list[int]], rows: Sequence[Row]) -> None:
    for column in by_field.pop("number_or_quantity", []):
        others = any(by_field.get(name) for name in ("quantity", "quantity_on_hand"))
        if _counts_up(column, rows) or others:
            layout.numbering.append(column)
        else:
            by_field.setdefault("quantity", []).append(column)
    for column in by_field.pop("number", []):
        if not by_field.get("item_code") and _is_code_column(column, rows):
            by_field["item_code"] = [column]
        else:
            layout.numbering.append(column)


def _texts(column: int, rows: Sequence[Row]) -> list[str]:
    return [text for row in rows if (text := row.cell(column).text)]


def _counts_up(column: int, rows: Sequence[Row]) -> bool:
    texts = [text.rstrip(".)") for text in _texts(column, rows)]
    figures = [int(text) for text in texts if text.isdecimal() and len(text) < 7]
    steps = sum(1 for one, two in pairwise(figures) if two == one + 1)
    return bool(figures) and figures[0] in (0, 1) and steps * 10 >= (len(figures) - 1) * 8


def _is_code_column(column: int, rows: Sequence[Row]) -> bool:
    texts = _texts(column, rows)
    coded = [t for t in texts if re.fullmatch(r"0\d{2,}|\d{5,}|[A-Za-zА-Яа-я]{1,8}[-./]?\d[\w./-]*|[A-Z]{5,}\w*", t)]
    return len(coded) * 2 > len(texts) and not _counts_up(column, rows)


def _items(layout: Layout, by_field: dict[str, list[int]]) -> None:
    for column in by_field.pop("item_any", []):
        for name in ("item_name", "item_code"):
            if not by_field.get(name):
                by_field[name] = [column]
                break
    barcode = by_field.pop("barcode", [])
    if barcode and not by_field.get("item_code"):
        by_field["item_code"] = barcode
    for name in ("item_name", "item_code"):
        if by_field.get(name):
            layout.columns[name] = _best(layout.head, by_field[name])


def _best(head: Head, columns: list[int]) -> int:
    """The first column whose header is exactly the word, else the first."""
    return next((at for at in columns if _exact(head, at)), columns[0])


def _exact(head: Head, column: int) -> bool:
    match = head.matches[column]
    return match is not None and match.exact


def _places(layout: Layout, by_field: dict[str, list[int]], rows: Sequence[Row]) -> None:
    """Find a pivot: blocks under warehouse names, or columns of figures whose headers are no field's words."""
    layout.places = _blocks(layout.head, rows)
    if layout.places:
        for place in layout.places:
            taken = {place.quantity, *place.others.values()}
            for columns in by_field.values():
                columns[:] = [at for at in columns if at not in taken]
        return
    head = layout.head
    exact = [at for name in ("quantity_on_hand", "quantity") for at in by_field.get(name, []) if _exact(head, at)]
    if exact:
        return
    free, counted = [], []
    for at, match in enumerate(head.matches):
        if at in layout.numbering or not head.titles[at] or not _is_counted(at, rows):
            continue
        if match is None or (not match.exact and match.field in _PLACE_WORDS):
            free.append(Place(_remainder(head.titles[at]), at))
        elif not match.exact and match.field in ("quantity", "quantity_on_hand"):
            counted.append(Place(_remainder(head.titles[at]), at))
    total = by_field.get("quantity_total", [])
    if len(free) >= 2 and all(is_period(place.label) for place in free):
        by_field.setdefault("quantity", []).append(free[-1].quantity)
        layout.asked.append(f"columns named after dates: {free[-1].label} is read as the latest: confirm")
        return
    places = free if free else counted
    if len(places) >= 2 and free:
        inside = range(places[0].quantity, (total or [places[-1].quantity])[0])
        known = {place.quantity for place in places}
        places += [Place(head.titles[at], at) for at in inside if at not in known and _is_unfigured(head, at)]
        places.sort(key=lambda place: place.quantity)
    if len(places) >= 2 or (len(places) == 1 and total and free and not counted):
        layout.places = places
        layout.total = total[0] if total else None
        taken = {place.quantity for place in places}
        for columns in by_field.values():
            columns[:] = [at for at in columns if at not in taken]


def _is_unfigured(head: Head, column: int) -> bool:
    """A place of a pivot where nothing is counted: its column has a header of its own and no figure."""
    return bool(head.titles[column]) and head.matches[column] is None


def _blocks(head: Head, rows: Sequence[Row]) -> list[Place]:
    groups: dict[str, Place] = {}
    for at, group in enumerate(head.groups):
        match = head.matches[at]
        upper = match_header(group) if group else None
        if not group or match is None or (upper and upper.exact and upper.field not in _PLACE_WORDS):
            continue
        if match.field in ("quantity", "quantity_on_hand", "number_or_quantity"):
            groups.setdefault(group, Place(group, at)).quantity = at
        elif group in groups:
            groups[group].others.setdefault(_RENAMED.get(match.field, match.field), at)
    return list(groups.values()) if len(groups) > 1 else []


def _is_counted(column: int, rows: Sequence[Row]) -> bool:
    cells = [row.cell(column) for row in rows if not row.cell(column).blank]
    figures = [c for c in cells if c.uncalculated or c.error or c.number is not None or looks_numeric(c.text)]
    if sum(1 for c in cells if _NUMBERED.fullmatch(c.text)) * 2 > len(cells):
        return False  # codes, or numbers of persons and telephones
    empty = sum(1 for cell in cells if cell.text.casefold() in _NOTHING)
    return bool(figures) and (len(figures) + empty) * 10 >= len(cells) * 7


def _remainder(title: str) -> str:
    """What is left of «Количество София» without the words for quantity."""
    left = [w for w in title.split() if not ((m := match_header(w)) and m.exact and m.field in QUANTITIES)]
    return " ".join(left).strip(" -–:,()") or title


def _quantity(layout: Layout, by_field: dict[str, list[int]], told: dict[str, str]) -> bool:
    if "quantity" in told.values() and by_field.get("quantity"):
        layout.columns["quantity"] = by_field["quantity"][0]
        return True
    head = layout.head
    for exact in (True, False):
        for name in QUANTITIES:
            found = [at for at in by_field.get(name, []) if _exact(head, at) is exact]
            if not found:
                continue
            layout.columns["quantity"] = found[0]
            by_field[name] = [at for at in by_field[name] if at != found[0]]
            units = [layout.unit_of(at) for at in found]
            if len(found) > 1 and None not in units and len(set(units)) == len(units):
                layout.by_unit = found[1:]
            elif len(found) > 1:
                titles = " / ".join(head.titles[at] for at in found)
                layout.asked.append(f"several columns could be the quantity on hand ({titles}); the first is read")
            return True
    return False


def _only_figures(layout: Layout, rows: Sequence[Row]) -> bool:
    """The one column of figures that no word names is the quantity where none is named; a person is asked."""
    head = layout.head
    free = [
        at
        for at, match in enumerate(head.matches)
        if match is None and head.titles[at] and at not in layout.numbering and _is_counted(at, rows)
    ]
    numbered = [at for at in layout.numbering if (m := head.matches[at]) and m.field == "number_or_quantity"]
    if not free and len(numbered) == 1:
        layout.numbering.remove(numbered[0])
        free = numbered
    measured = any(match and match.field == "unit" for match in head.matches)
    if len(free) != 1 or not (measured or numbered):
        return False
    layout.columns["quantity"] = free[0]
    layout.asked.append(f"no header names the quantity; {head.titles[free[0]]} is read: confirm")
    return True


def _rest(layout: Layout, by_field: dict[str, list[int]]) -> None:
    head, taken = layout.head, set(layout.columns.values())
    layout.private = by_field.get("personal", [])
    layout.day = next(iter(by_field.get("day", [])), None)
    layout.came_in, layout.went_out = by_field.get("came_in", []), by_field.get("went_out", [])
    layout.remarks = by_field.get("note", [])
    layout.notes = [at for name in NOTED for at in by_field.get(name, []) if at not in taken]
    warehouses = [at for at in by_field.get("location", []) if at not in taken]
    exact = [at for at in warehouses if _exact(head, at)]
    parts = [at for at in by_field.get("place", []) if at not in taken]
    layout.locations = sorted((exact or warehouses[:1]) + parts)
    layout.within = not warehouses
    for name in FIELDS[3:]:
        if name != "location" and name not in layout.columns and (columns := by_field.get(name)):
            columns = [at for at in columns if at not in taken]
            if columns:
                layout.columns[name] = _best(head, columns)


def looks_numeric(text: str) -> bool:
    """True for a text that is a figure, perhaps with a short unit."""
    return len(text) < 60 and bool(_FIGURE.fullmatch(text))
