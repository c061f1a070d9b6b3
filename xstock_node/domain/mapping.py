"""From a line of a foreign list to an item of the catalogue: what a person confirmed, and nothing else.

- A mapping belongs to (source, local code or else folded name, unit).
- A code that gets another name keeps its mapping; a changed unit voids it.
- Only confirmed mappings lead to offers.
"""

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

from xstock_node.domain.folding import fold
from xstock_node.domain.items import BaseUnit
from xstock_node.domain.reasons import Reason
from xstock_node.domain.stock import StockLine
from xstock_node.domain.units import UnitError, convert, exact, factor

_NO_UNIT: Final = ""


class MappingKey(msgspec.Struct, frozen=True, order=True):
    """What a mapping is bound to. `unit` is the line's word, empty where the list has none."""

    source: str
    local: str
    unit: str

    @classmethod
    def of(cls, source: str, line: StockLine) -> "MappingKey":
        """The key of a line of `source`; a line with neither code nor name gets an empty `local`, which maps never."""
        return cls(source, line.item_code or fold(line.item_name or ""), line.unit or _NO_UNIT)


def keys_of(source: str, lines: Iterable[StockLine], local: str, unit: str | None) -> set[MappingKey]:
    """The keys of those lines that a person means by `local` (a code, else a name in any spelling) and `unit`."""
    name = fold(local)
    return {
        MappingKey.of(source, line)
        for line in lines
        if (line.unit or _NO_UNIT) == (unit or _NO_UNIT)
        and (line.item_code == local if line.item_code else bool(name) and fold(line.item_name or "") == name)
    }


class MappingState(StrEnum):
    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    REJECTED = "rejected"


class Mapping(msgspec.Struct, frozen=True, kw_only=True):
    """One decision: one `key.unit` holds `factor` x `base_unit` of item `code`.

    `by` is the person or rule that decided, `at` unix seconds.
    """

    key: MappingKey
    code: str
    base_unit: BaseUnit
    factor: Decimal
    state: MappingState
    by: str
    at: int


class MappingTable:
    """The decisions about one or many sources, at most one for each key (the last wins)."""

    def __init__(self, mappings: Iterable[Mapping] = ()) -> None:
        self._by_key: dict[MappingKey, Mapping] = {}
        self._units: dict[tuple[str, str], list[Mapping]] = {}
        for mapping in mappings:
            self._by_key[mapping.key] = mapping
        for mapping in self._by_key.values():
            self._units.setdefault((mapping.key.source, mapping.key.local), []).append(mapping)

    def __len__(self) -> int:
        return len(self._by_key)

    def find(self, source: str, line: StockLine) -> Mapping | None:
        """The decision for this line, whatever its state; None where nobody decided, or its unit is another."""
        key = MappingKey.of(source, line)
        return self._by_key.get(key) if key.local else None

    def void(self, source: str, line: StockLine) -> Reason | None:
        """Why a line that was confirmed before is so no longer: its unit changed. None where that is not so."""
        key = MappingKey.of(source, line)
        if key in self._by_key:
            return None
        for other in self._units.get((key.source, key.local), ()):
            if other.state is MappingState.CONFIRMED:
                return Reason("unit_changed", {"before": other.key.unit or "-", "now": key.unit or "-"})
        return None


def objection(mapping: Mapping | None) -> Reason | None:
    """Why this mapping leads to no offer, or None for a confirmed one."""
    if mapping is None:
        return Reason("unmapped")
    if mapping.state is MappingState.PROPOSED:
        return Reason("mapping_proposed", {"code": mapping.code})
    return Reason("mapping_rejected") if mapping.state is MappingState.REJECTED else None


def base_quantity(line: StockLine, mapping: Mapping, part: Decimal | None = None) -> Decimal:
    """`part` of the line (all of `quantity` where None), given in the line's unit, in `mapping.base_unit`s.

    A content that the line itself states beats the factor that was confirmed for lines that state none.
    Raises UnitError when the stated content is of another measure than the mapping's.
    """
    quantity = line.quantity if part is None else part
    if line.pack_factor is None:
        return exact(quantity * mapping.factor)
    if line.base_unit is None:
        return exact(quantity * line.pack_factor)
    return convert(quantity * line.pack_factor, line.base_unit, mapping.base_unit)


def default_factor(line: StockLine, base_unit: BaseUnit) -> Decimal | None:
    """What to propose as factor: the line's own pack content or the unit's; None when a person has to say it."""
    content = line.pack_factor
    if content is not None and line.base_unit is not None:
        try:
            return convert(content, line.base_unit, base_unit)
        except UnitError:
            return None
    return content if content is not None else factor(line.unit or _NO_UNIT, base_unit)
