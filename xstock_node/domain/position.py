"""Where a society stands with each item: what it has, what its own people need, what it asks for, what it may lend.

- usable: free and in working order; of what can expire only what has a date that has not passed.
- own use is the smaller of gross need and usable: the own people come first, from what may not be lent before the
  rest. What is asked of others is gross need less own use.
- lendable is the usable part that share rules 1 to 5 allow; keep-back is a share of it, rounded up.
- offerable is the rest in whole multiples, and nothing while the society itself asks for the item. It is the upper
  bound of what `sharing.propose` makes of the same lines, which looks at places, minimums and promises too.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import ROUND_CEILING, Decimal
from typing import Final

import msgspec

from xstock_node.domain.catalogue import Catalogue
from xstock_node.domain.items import BaseUnit, Item
from xstock_node.domain.mapping import base_quantity
from xstock_node.domain.reasons import Reason
from xstock_node.domain.share_lines import Judged, judge
from xstock_node.domain.share_rules import SharedLine, ShareRules
from xstock_node.domain.units import UnitError, convert, exact

_NOTHING: Final = Decimal(0)


class Position(msgspec.Struct, frozen=True, kw_only=True):
    """One item, all figures in `unit` (Rec 20); `net_need` is what is asked of others."""

    item: str
    unit: BaseUnit
    on_hand: Decimal
    usable: Decimal
    gross_need: Decimal
    own_use: Decimal
    net_need: Decimal
    lendable: Decimal
    keep_back: Decimal
    offerable: Decimal


class LineStand(msgspec.Struct, frozen=True):
    """Whether a line is part of the offer; `why` not, where it is not. `item` is None where nobody said what it is."""

    ref: str
    item: str | None
    why: Reason | None

    @property
    def offered(self) -> bool:
        """Whether something of the item, and so of this line, may be offered."""
        return self.why is None


class Standing(msgspec.Struct, frozen=True):
    """Positions by item code, lines by ref. `unknown` are codes that are needed but that the catalogue has not."""

    positions: tuple[Position, ...]
    lines: tuple[LineStand, ...]
    unknown: tuple[str, ...]

    def of(self, item: str) -> Position | None:
        """The position of an item; None where the society neither has nor needs it."""
        return next((one for one in self.positions if one.item == item), None)


def stand(
    lines: Iterable[SharedLine],
    gross_needs: Mapping[str, Decimal],
    rules: ShareRules,
    catalogue: Catalogue,
    today: date,
) -> Standing:
    """The position of every item that is there or needed; `gross_needs`: catalogue code to a quantity in its unit.

    `rules.own_need` is not looked at: the gross needs stand in its place. Raises ValueError for a negative need.
    """
    if any(not need.is_finite() or need < 0 for need in gross_needs.values()):
        raise ValueError("expected needs of at least 0; one is below; correct the list of needs")
    by_item: dict[str, list[Judged]] = {}
    stands: list[LineStand] = []
    for one in (judge(shared, rules, catalogue, today) for shared in lines):
        if one.item is None:
            stands.append(LineStand(one.shared.ref, None, one.why))
        else:
            by_item.setdefault(one.item.code, []).append(one)
    positions = []
    for code in sorted(by_item.keys() | gross_needs.keys()):
        item = catalogue.get(code)
        if item is not None:
            there = by_item.get(code, [])
            position = _position(item, there, gross_needs.get(code, _NOTHING), rules)
            positions.append(position)
            stands += [LineStand(one.shared.ref, code, one.why or _why(position, item, rules)) for one in there]
    unknown = tuple(sorted(code for code in gross_needs if code not in catalogue))
    return Standing(tuple(positions), tuple(sorted(stands, key=lambda stand: stand.ref)), unknown)


def _position(item: Item, there: list[Judged], gross: Decimal, rules: ShareRules) -> Position:
    usable = _total(one.quantity for one in there if one.why is None or one.at_home)
    lendable = _total(one.quantity for one in there if one.why is None)
    own_use = min(gross, usable)
    net = gross - own_use
    rule = rules.kept_back(item)
    kept = min(lendable, max(rule.absolute, _whole_up(lendable * rule.percent / 100)))
    left = lendable - max(_NOTHING, own_use - (usable - lendable)) - kept
    whole = left // item.multiple * item.multiple if left > 0 and net == 0 else _NOTHING
    return Position(
        item=item.code,
        unit=item.unit,
        on_hand=_total(_on_hand(one, item) for one in there),
        usable=exact(usable),
        gross_need=exact(gross),
        own_use=exact(own_use),
        net_need=exact(net),
        lendable=exact(lendable),
        keep_back=exact(kept),
        offerable=exact(whole),
    )


def _why(position: Position, item: Item, rules: ShareRules) -> Reason | None:
    """Why a line that may be lent is not offered: the own people, the keep-back, or less than a whole lot."""
    if position.offerable > 0:
        return None
    of = {"usable": str(position.usable), "unit": str(item.unit)}
    if position.gross_need > 0:
        return Reason("own_need", of | {"kept": str(position.own_use)})
    if position.keep_back == position.lendable:
        rule = rules.kept_back(item)
        if rule.absolute >= position.lendable:
            return Reason("kept_absolute", of | {"kept": str(position.keep_back), "minimum": str(rule.absolute)})
        return Reason("kept_percent", of | {"kept": str(position.keep_back), "percent": str(rule.percent)})
    odd = position.lendable - position.keep_back
    return Reason("rounded", of | {"kept": str(exact(odd)), "step": str(item.multiple)})


def _on_hand(one: Judged, item: Item) -> Decimal:
    """What the list shows, broken and reserved included; nothing for a balance below zero or beyond all measure."""
    mapping = one.shared.mapping
    quantity = one.shared.line.quantity
    if mapping is None or not quantity.is_finite() or quantity <= 0:
        return _NOTHING
    try:
        return convert(base_quantity(one.shared.line, mapping), mapping.base_unit, item.unit)
    except UnitError:
        return _NOTHING


def _total(figures: Iterable[Decimal]) -> Decimal:
    return exact(sum(figures, _NOTHING))


def _whole_up(figure: Decimal) -> Decimal:
    return figure.to_integral_value(ROUND_CEILING)
