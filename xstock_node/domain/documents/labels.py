"""Labels of handling units: what is printed beside the barcode, in the languages of the paper."""

import msgspec

from xstock_node.domain.documents.facts import OperationFacts
from xstock_node.domain.documents.sheets import Entry, Many
from xstock_node.domain.documents.tables import Row, cell
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
_UNIT = ("quantity", "un_number", "lot", "expiry", "packages", "gross", "m3")


def labels(facts: OperationFacts, words: Words) -> tuple[Label, ...]:
    """A label for each handling unit of the consignment, in its order; none without a consignment."""
    units = facts.consignment.units if facts.consignment else ()
    head = tuple(Entry(words.say("label", name), READERS[name](facts, words)) for name in _HEAD)
    made = []
    for place, unit in enumerate(units, 1):
        row = Row(unit, place, facts, words)
        own = tuple(Entry(words.say("label", name), _cell(name, row)) for name in _UNIT)
        made.append(
            Label(
                title=words.say("title", "label"),
                banner=words.say("word", "exercise") if facts.exercise else (),
                content=barcode_content(unit.sscc),
                shown=shown(unit.sscc),
                item=cell("item", row),
                entries=(*head, *(entry for entry in own if entry.value)),
                place=place,
                count=len(units),
            )
        )
    return tuple(made)


def _cell(name: str, row: Row) -> Many:
    found = cell(name, row)
    if name != "quantity":
        return found
    return tuple(f"{found[0]} {unit}" for unit in cell("unit", row))
