"""The contents of kits: component lines under a kit's line, told by their indent, a mark, or an opening line."""

from typing import TYPE_CHECKING, Final

from xstock_node.domain.folding import fold
from xstock_node.domain.stock import Component
from xstock_spreadsheet import words
from xstock_spreadsheet.contents import LIST_MARK, listed
from xstock_spreadsheet.drafts import Draft
from xstock_spreadsheet.figures import Order
from xstock_spreadsheet.grid import Row
from xstock_spreadsheet.linereader import LineReader, component_figure
from xstock_spreadsheet.quantities import measure

if TYPE_CHECKING:
    from xstock_spreadsheet.rowkinds import Judged

_KITS: Final = frozenset({"kit", "set"})
_HOLDERS: Final = frozenset({"pack", "box", "carton"})  # they hold a list of things where lines below are marked


def _is_kit(draft: Draft) -> bool:
    """A kit by its unit or, where it is counted in pieces, by a word of its name."""
    known = words.units()
    return draft.unit in _KITS or (
        draft.unit in (None, "pcs")
        and any(known.get(word, ("",))[0] in _KITS for word in fold(draft.item_name or "").split() if len(word) > 2)
    )


class Kits:
    """Follows the rows of a table and knows whether the one at hand is part of the kit above."""

    def __init__(self) -> None:
        self._indent = 0
        self._kit: Draft | None = None
        self._opened = False
        self._fresh = False
        self._marked = False
        self._own: tuple[str, ...] = ()  # number and code of the last item's line

    def open(self, judged: "Judged", last: Draft | None) -> None:
        """A line such as «съдържа:» was met: the lines below are contents of `last`."""
        self._kit, self._opened, self._marked = last, last is not None, False

    def close(self, blank: bool) -> None:
        """A blank row, heading or sum ends the contents."""
        self._kit, self._opened, self._fresh = None, False, False

    def after(self, judged: "Judged", read: bool) -> None:
        """An item's own line was read: its indent is what contents are measured against."""
        self._indent = self._indent_of(judged.row, judged)
        self._kit, self._opened, self._fresh = None, False, read
        self._own = self._numbers(judged)

    def takes(self, judged: "Judged", last: Draft | None, reader: LineReader) -> bool:
        """True when the row is a component of `last`, to which it is then added."""
        name_at = judged.layout.columns.get("item_name")
        name = judged.row.cell(name_at).text if name_at is not None else ""
        marked = LIST_MARK.match(name) is not None
        kit = self._above(last, marked)
        if kit is None or not name or judged.layout.places:
            return False
        deeper = self._indent_of(judged.row, judged) > self._indent or self._below(judged)
        if not name or not (self._opened or deeper or marked):
            return False
        if self._opened and self._ends(judged, deeper or marked):
            return False
        kit.components.append(self._component(judged, LIST_MARK.sub("", name), reader))
        self._kit, self._marked = kit, self._marked or deeper or marked
        return True

    def takes_text(self, judged: "Judged", last: Draft | None, below: bool) -> bool:
        """True when a line of text alone, indented or marked, is a component of `last`: «  soap 5 pcs».

        `below` says that stock follows further below.
        """
        marked = LIST_MARK.match(judged.text) is not None
        kit = self._above(last, marked)
        deeper = self._indent_of(judged.row, judged) > self._indent
        if kit is None or not judged.text or judged.layout.places or not (marked or deeper):
            return False
        parts = listed(judged.text)
        if not below and all(part.quantity is None for part in parts):
            return False  # a text at the list's end may be a person's name
        kit.components += parts
        self._kit, self._marked = kit, True
        return True

    def _above(self, last: Draft | None, marked: bool) -> Draft | None:
        """The kit that is open, or the line just read where it can be one."""
        if self._kit is not None or not self._fresh or last is None:
            return self._kit
        return last if _is_kit(last) or (marked and last.unit in _HOLDERS) else None

    def _below(self, judged: "Judged") -> bool:
        """True when the line's number or code is the kit's with a further part: 1.2 under 1, K7-3 under K7."""
        return any(
            own and len(text) > len(own) and text.startswith(own) and text[len(own)] in ".-/"
            for own, text in zip(self._own, self._numbers(judged), strict=False)
        )

    def _numbers(self, judged: "Judged") -> tuple[str, ...]:
        columns = [*judged.layout.numbering, judged.layout.columns.get("item_code", -1)]
        return tuple(judged.row.cell(at).text.rstrip(".)") if at >= 0 else "" for at in columns)

    def _ends(self, judged: "Judged", sure: bool) -> bool:
        """After an opening line without indents, a line with its own number, place or expiry is the next item."""
        if sure or self._marked:
            return not sure
        layout, row = judged.layout, judged.row
        own = [*layout.numbering, *layout.locations]
        own += [layout.columns[field] for field in ("item_code", "expiry", "lot") if field in layout.columns]
        return any(row.cell(at).text for at in own)

    def _component(self, judged: "Judged", name: str, reader: LineReader) -> Component:
        layout, row = judged.layout, judged.row
        at = layout.columns["quantity"]
        unit_at, code_at = layout.columns.get("unit"), layout.columns.get("item_code")
        unit = measure(row.cell(unit_at).text) if unit_at is not None else None
        code = row.cell(code_at).text if code_at is not None else ""
        count = component_figure(row.cell(at), reader.orders.figures.get(at, Order()))
        return Component(name, count, unit.word if unit else None, code or None)

    def _indent_of(self, row: Row, judged: "Judged") -> int:
        at = judged.layout.columns.get("item_name")
        return row.cell(at).indent if at is not None else 0
