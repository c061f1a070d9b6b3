"""Crews: what a step says of teams and of equipment that comes with people, from own stock lines and the catalogue.

Only numbers are said: how many persons, of which module type, for how many days without help. Where own lines say
different things of one item, none of them is said: the person who writes the step says it.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from xstock_node.domain.items import Item, Kind
from xstock_node.domain.mapping import MappingKey
from xstock_node.domain.operations import Side
from xstock_node.domain.steps import Crew, Line
from xstock_node.domain.stock import StockLine
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Office
from xstock_node.storage.interfaces import Transaction

Fields = dict[str, Any]


async def told(office: Office, side: Side, fields: Fields, real: bool = True) -> Fields:
    """The fields of a step of that side, each line of what comes with people saying so; teams leave whole.

    What is no line is left as it is: the step's own check names it.
    """
    catalogue = await office.catalogue()
    held = await office.node.engine.read(_held) if side == "supplier" and real else {}

    def one(line: object) -> object:
        try:
            typed = msgspec.convert(line, Line)
        except msgspec.ValidationError:
            return line
        item = catalogue.get(typed.item)
        if item is None or item.kind is Kind.GOODS:
            return line
        whole(item, typed.quantity)
        crew = typed.crew or (crew_of(item, held.get(item.code, ())) if side == "supplier" else None)
        said = msgspec.to_builtins(crew) if crew else {}
        return {**msgspec.to_builtins(line), "crew": said} if said else line

    def every(found: object) -> object:
        return [one(line) for line in found] if isinstance(found, list | tuple) else found

    def packed(unit: object) -> object:
        return unit | {"lines": every(unit["lines"])} if isinstance(unit, dict) and "lines" in unit else unit

    changed = {"lines": every(fields["lines"])} if "lines" in fields else {}
    if isinstance(units := fields.get("units"), list | tuple):
        changed["units"] = [packed(unit) for unit in units]
    return fields | changed


def whole(item: Item, quantity: Decimal) -> None:
    """A team is asked for, lent and counted whole; raises Refusal `part-of-a-team`."""
    if item.kind is Kind.TEAM and quantity % 1:
        raise Refusal("part-of-a-team", f"whole teams of {item.code}", str(quantity), "ask for 1, 2 or more", 2)


def crew_of(item: Item, lines: Iterable[StockLine]) -> Crew:
    """Who comes with one of an item: what its own lines agree on, else the catalogue's figure, else unknown."""
    own = list(lines)

    def agreed(name: str) -> Any:
        said = {value for line in own if (value := getattr(line, name)) is not None}
        return (said.pop() if len(said) == 1 else None) if said else getattr(item, name)

    days = agreed("self_sufficiency_days")
    return Crew(module=agreed("module") or "", persons=agreed("crew"), self_sufficiency_days=days)


def _held(tx: Transaction) -> dict[str, list[StockLine]]:
    """Own lines by the item that a person confirmed them to be."""
    codes = {m.key: m.code for m in tx.stock.mappings() if m.state == "confirmed"}
    found: dict[str, list[StockLine]] = {}
    for source, _, line in tx.stock.lines():
        if code := codes.get(MappingKey.of(source, line)):
            found.setdefault(code, []).append(line)
    return found
