"""Labels of handling units: what is printed beside the barcode, in the languages of the paper."""

import msgspec

from xstock_node.domain.documents.facts import OperationFacts
from xstock_node.domain.documents.sheets import Entry, Many
from xstock_node.domain.documents.tables import Packed, Row, cell
from xstock_node.domain.documents.values import READERS
from xstock_node.domain.documents.words import Words
from xstock_node.domain.sscc import barcode_content, shown


class Label(msgspec.Struct, frozen=True, kw_only=True):
    """One label, `place` of `count`. `content` is what its symbols hold after the FNC1, `shown` is for the eye."""

    title: Many
    banner: Many
    content: str
    shown: str
    item: Many
    entries: tuple[Entry, ...]
    place: int
    count: int


_HEAD = ("operation", "consignment", "origin", "destination")
_CONTENT = ("quantity", "un_number", "lot", "expiry")
_WHOLE = ("packages", "gross", "m3")


def labels(facts: OperationFacts, words: Words) -> tuple[Label, ...]:
    """A label for each handling unit of the consignment, in its order; none without a consignment."""
    units = [unit for unit in facts.consignment.units if unit.sscc] if facts.consignment else []
    head = tuple(Entry(words.say("label", name), READERS[name](facts, words)) for name in _HEAD)
    made = []
    for place, unit in enumerate(units, 1):
        rows = [Row(Packed(unit, content, n == 0), n + 1, facts, words) for n, content in enumerate(unit.contents)]
        own = [Entry(words.say("label", name), _cell(name, rows)) for name in (*_CONTENT, *_WHOLE)]
        made.append(
            Label(
                title=words.say("title", "label"),
                banner=words.say("word", "exercise") if facts.exercise else (),
                content=barcode_content(unit.sscc),
                shown=shown(unit.sscc),
                item=_items(rows),
                entries=(*head, *(entry for entry in own if entry.value)),
                place=place,
                count=len(units),
            )
        )
    return tuple(made)


def _items(rows: list[Row]) -> Many:
    """The item in every language; of a mixed unit each item with its quantity, in the first language."""
    if len(rows) == 1:
        return cell("item", rows[0])
    return tuple(f"{cell('quantity', row)[0]} {cell('unit', row)[0]} {cell('item', row)[0]}" for row in rows)


def _cell(name: str, rows: list[Row]) -> Many:
    if name in _CONTENT and len(rows) > 1:
        return ()
    found = cell(name, rows[0])
    if name != "quantity":
        return found
    return tuple(f"{found[0]} {unit}" for unit in cell("unit", rows[0]))
