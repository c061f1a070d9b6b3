"""Share rules 1 to 5: may anything of this one line be lent, and how much of it is there."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Final

import msgspec

from xstock_node.domain.catalogue import Catalogue
from xstock_node.domain.folding import fold
from xstock_node.domain.items import Item, Storage
from xstock_node.domain.mapping import base_quantity, objection
from xstock_node.domain.reasons import Reason
from xstock_node.domain.share_rules import SharedLine, ShareRules
from xstock_node.domain.stock import StockLine
from xstock_node.domain.units import MAX_INTEGER, UnitError, convert, exact

CONTROLLED: Final = "controlled"
BLOOD: Final = "blood"
_CLASSES: Final = {
    "cold": "cold_chain", "cold chain": "cold_chain", "2 8": "cold_chain", "2 8c": "cold_chain",
    "2 8 c": "cold_chain", "2 c 8 c": "cold_chain", "2c 8c": "cold_chain", "fridge": "cold_chain",
    "refrigerated": "cold_chain", "refrigerator": "cold_chain", "hladni lanac": "cold_chain",
    "ladni lanac": "cold_chain", "hladen sinzir": "cold_chain", "ladilnik": "cold_chain",
    "hladilnik": "cold_chain", "frizider": "cold_chain", "hladnjak": "cold_chain", "hladilna veriga": "cold_chain",
    "studena veriga": "cold_chain", "hladilna": "cold_chain", "kuhlkette": "cold_chain", "kuhlschrank": "cold_chain",
    "kuhl": "cold_chain", "lant frigorific": "cold_chain", "frozen": "frozen",
    "controlled": CONTROLLED, "narcotic": CONTROLLED, "narcotics": CONTROLLED, "psychotropic": CONTROLLED,
    "btm": CONTROLLED, "suchtgift": CONTROLLED, "narkotik": CONTROLLED, "narkotici": CONTROLLED,
    "opojne droge": CONTROLLED, "opijat": CONTROLLED, "opijati": CONTROLLED, "narkoticno": CONTROLLED,
    "kontrolirano": CONTROLLED, "kontrolisano": CONTROLLED, "upojvasti vestestva": CONTROLLED,
}  # fmt: skip
_USELESS: Final = frozenset({"expired", "expiry_unknown", "expiry_unreadable"})


class Judged(msgspec.Struct, frozen=True):
    """What rules 1 to 5 say of a line: usable when `why` is None.

    `quantity` is what is free, in the item's unit. `at_home`: it may not be lent but serves the own people.
    """

    shared: SharedLine
    item: Item | None
    quantity: Decimal
    rule: int = 0
    why: Reason | None = None
    at_home: bool = False


def judge(shared: SharedLine, rules: ShareRules, catalogue: Catalogue, today: date) -> Judged:
    """Apply rules 1 to 5 to one line, in this order; the first that objects is the one that is told."""
    item, why = _understood(shared, catalogue)
    if item is None:
        return Judged(shared, None, Decimal(0), 1, why)
    line = shared.line
    spoiled = _expiry(line, item, rules, catalogue, today)
    missing = _free(line)
    objections = (
        (2, shared.withheld or _place_and_owner(line, rules)),
        (3, missing or _status(line, rules)),
        (4, _excluded_class(line, item, rules, catalogue)),
        (5, spoiled),
    )
    try:
        quantity = Decimal(0) if missing else _in_item_units(shared, item)
    except UnitError:
        return Judged(shared, None, Decimal(0), 1, _other_measure(shared, item))
    for rule, objected in objections:
        if objected is not None:
            useless = spoiled is not None and spoiled.code in _USELESS
            at_home = objections[1][1] is None and not useless
            return Judged(shared, item, quantity, rule, objected, at_home)
    return Judged(shared, item, quantity)


def _understood(shared: SharedLine, catalogue: Catalogue) -> tuple[Item | None, Reason | None]:
    """Rule 1: a person confirmed what the line is, and the catalogue has it."""
    mapping = shared.mapping
    if mapping is None:
        return None, shared.void or Reason("unmapped")
    why = objection(mapping)
    if why is not None:
        return None, why
    item = catalogue.get(mapping.code)
    return item, None if item else Reason("unknown_code", {"code": mapping.code})


def _in_item_units(shared: SharedLine, item: Item) -> Decimal:
    assert shared.mapping is not None
    free = base_quantity(shared.line, shared.mapping, part=free_part(shared.line))
    return convert(free, shared.mapping.base_unit, item.unit)


def _other_measure(shared: SharedLine, item: Item) -> Reason:
    return Reason("other_measure", {"unit": shared.line.unit or "-", "base_unit": item.unit})


def _place_and_owner(line: StockLine, rules: ShareRules) -> Reason | None:
    """Rule 2."""
    if rules.locations is not None:
        if not line.location:
            return Reason("location_unknown")
        if not rules.shares_place(line.location):
            return Reason("location_not_shared", {"location": line.location})
    if rules.owners is not None:
        if not line.owner:
            return Reason("owner_unknown")
        if not rules.shares_owner(line.owner):
            return Reason("owner_not_shared", {"owner": line.owner})
    return None


def free_part(line: StockLine) -> Decimal:
    """On hand less reserved and damaged, in the line's unit; never more than the list itself calls available."""
    free = line.quantity - (line.reserved or 0) - (line.damaged or 0)
    return free if line.available is None else min(free, line.available)


def _free(line: StockLine) -> Reason | None:
    """Rule 3, the figures."""
    figures = (line.quantity, line.reserved, line.damaged, line.available)
    if not all(figure is None or (figure.is_finite() and abs(figure) <= MAX_INTEGER) for figure in figures):
        return Reason("quantity_unknown")
    if line.quantity < 0 or "negative" in line.flags:
        return Reason("negative_balance", {"quantity": str(exact(line.quantity))})
    if line.quantity == 0:
        return Reason("nothing_on_hand")
    if free_part(line) <= 0:
        return Reason("all_reserved", {"quantity": str(exact(line.quantity))})
    return None


def _status(line: StockLine, rules: ShareRules) -> Reason | None:
    """Rule 3, the words."""
    if "needs_confirmation" in line.flags:
        return Reason("needs_confirmation")
    if line.status and rules.blocks_status(line.status):
        return Reason("status_blocked", {"status": line.status})
    return None


def storage_class(text: str) -> str:
    """The class that a list's own words for storage mean ("2-8C" is `cold_chain`); unknown words, folded."""
    key = fold(text)
    return _CLASSES.get(key, "_".join(key.split()))


def _excluded_class(line: StockLine, item: Item, rules: ShareRules, catalogue: Catalogue) -> Reason | None:
    """Rule 4; a kit is of the classes of everything in it."""
    items = [item, *_contents(line, catalogue)]
    classes = [str(one.storage) for one in items] + ([storage_class(line.storage)] if line.storage else [])
    if CONTROLLED in classes or any(one.controlled for one in items):
        return Reason("controlled")
    banned = next((one.excluded for one in items if one.excluded), None)
    if BLOOD in (banned, *classes):
        return Reason("blood")
    if banned:
        return Reason("class_excluded", {"excluded": banned})
    for storage in classes:
        if rules.excludes(storage):
            cold = storage == Storage.COLD_CHAIN
            return Reason("cold_chain") if cold else Reason("storage_excluded", {"storage": storage})
    return None


def _contents(line: StockLine, catalogue: Catalogue) -> list[Item]:
    """The items of a kit's contents, as far as code or exact name tell."""
    found = []
    for part in line.components:
        codes = [part.item_code] if part.item_code else catalogue.codes_named(part.item_name)
        found += [item for code in codes if (item := catalogue.get(code)) is not None]
    return found


def _expiry(line: StockLine, item: Item, rules: ShareRules, catalogue: Catalogue, today: date) -> Reason | None:
    """Rule 5; the last day of an expiry still counts, and nothing that can expire goes without a date."""
    contents = _contents(line, catalogue)
    if line.expiry is None:
        return Reason("expiry_unknown") if any(one.expirable for one in (item, *contents)) else None
    try:
        expiry = date.fromisoformat(line.expiry)
    except ValueError:
        return Reason("expiry_unreadable", {"expiry": line.expiry})
    if expiry < today:
        return Reason("expired", {"expiry": line.expiry})
    arrival = today + timedelta(days=rules.transit_days)
    wanted = max(rules.wanted_days(one) for one in (item, *contents))
    left = (expiry - arrival).days
    if left >= wanted:
        return None
    figures = {"days": str(left), "arrival": arrival.isoformat(), "wanted": str(wanted), "expiry": line.expiry}
    return Reason("short_dated", figures)
