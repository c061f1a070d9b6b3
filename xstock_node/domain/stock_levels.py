"""The stock of each item against its minimum: what is free, what is promised of it, what may be shared.

Every line whose item is known counts, also what may not be lent but serves the own people; what is damaged, reserved,
expired or of another measure does not.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

import msgspec

from xstock_node.domain.catalogue import Catalogue
from xstock_node.domain.items import Item
from xstock_node.domain.share_lines import Judged, judge
from xstock_node.domain.share_rules import ProposedOffer, SharedLine, ShareRules, place_of
from xstock_node.domain.sharing import Minimums, local_minimum


class StockLevel(msgspec.Struct, frozen=True, kw_only=True):
    """One item in its unit; `minimum` is the sum of the levels of all places, zero where none is set."""

    code: str
    unit: str
    on_hand: Decimal
    minimum: Decimal
    committed: Decimal
    shareable: Decimal


def stock_levels(
    lines: Iterable[SharedLine],
    offers: Iterable[ProposedOffer],
    rules: ShareRules,
    catalogue: Catalogue,
    minimums: Minimums,
    commitments: Mapping[str, Decimal],
    today: date,
) -> list[StockLevel]:
    """The levels by catalogue code; arguments as those of `propose`, and the offers that it gave."""
    free: dict[str, list[Judged]] = {}
    for one in (judge(shared, rules, catalogue, today) for shared in lines):
        if one.item is not None and (one.why is None or one.at_home):
            free.setdefault(one.item.code, []).append(one)
    shareable: dict[str, Decimal] = {}
    for offer in offers:
        shareable[offer.code] = shareable.get(offer.code, Decimal(0)) + offer.quantity
    stated = {code for (_, code), level in minimums.items() if level > 0}
    promised = {code for code, quantity in commitments.items() if quantity > 0}
    items = filter(None, map(catalogue.get, sorted(free.keys() | stated | promised)))
    return [_level(item, free.get(item.code, []), minimums, commitments, shareable) for item in items]


def _level(
    item: Item,
    there: list[Judged],
    minimums: Minimums,
    commitments: Mapping[str, Decimal],
    shareable: Mapping[str, Decimal],
) -> StockLevel:
    return StockLevel(
        code=item.code,
        unit=item.unit.value,
        on_hand=sum((one.quantity for one in there), Decimal(0)),
        minimum=_minimum(item, there, minimums),
        committed=commitments.get(item.code, Decimal(0)),
        shareable=shareable.get(item.code, Decimal(0)),
    )


def _minimum(item: Item, there: list[Judged], minimums: Minimums) -> Decimal:
    """The levels of every place, also of those where nothing is left."""
    by_place: dict[str | None, list[Judged]] = {}
    for one in there:
        by_place.setdefault(place_of(one.shared.line.location), []).append(one)
    for place, code in minimums:
        if code == item.code:
            by_place.setdefault(place or None, [])
    return sum((local_minimum(place, lots, item, minimums) for place, lots in by_place.items()), Decimal(0))
