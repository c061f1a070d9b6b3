"""Stock as its owner's list shows it: one line an item, place, lot and expiry.

Quantities are `Decimal` with a unit and never floats. An unknown figure is None, never 0.
"""

from decimal import Decimal
from enum import StrEnum

import msgspec


class Unit(StrEnum):
    """The closed words for units in previews and stock lines."""

    PCS = "pcs"
    BOX = "box"
    CARTON = "carton"
    PACK = "pack"
    BOTTLE = "bottle"
    KIT = "kit"
    SET = "set"
    PAIR = "pair"
    BALE = "bale"
    PALLET = "pallet"
    ROLL = "roll"
    CANISTER = "canister"
    VIAL = "vial"
    AMPOULE = "ampoule"
    KG = "kg"
    TONNE = "t"
    METRE = "m"
    LITRE = "l"


class Component(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing inside a kit; it is part of the kit's line and no stock of its own."""

    item_name: str
    quantity: Decimal | None = None
    unit: str | None = None
    item_code: str | None = None


class StockLine(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of stock.

    `quantity` counts `unit`s on hand; `base_quantity` = quantity x `pack_factor` counts `base_unit`s and is set
    only where the content of a pack is explicit. `expiry` is an ISO date; with `expiry_precision` "month" it is
    the month's last day. `flags` are closed words such as `negative`, `over_reserved`, `code_damaged`,
    `available_differs` (the list's figure is not what its other columns leave; the smaller is kept),
    `needs_confirmation`. `line` is the line or sheet row, from 1, where the line was read. `counted_at` (unix
    seconds): when this very line was counted, None where its source was counted as a whole. A line can be teams or
    equipment with crew: then `module` is its type, `crew` the persons of one and `self_sufficiency_days` how long one
    needs nothing from its host.
    `key` is the line's own in the system that it comes from, None in files.
    `value` is that of one `unit` in `currency` (ISO 4217).
    """

    item_code: str | None
    item_name: str | None
    quantity: Decimal
    unit: str | None
    location: str | None
    lot: str | None
    expiry: str | None
    expiry_precision: str | None = None
    sheet: str | None = None
    line: int | None = None
    reserved: Decimal | None = None
    damaged: Decimal | None = None
    incoming: Decimal | None = None
    available: Decimal | None = None
    pack_factor: Decimal | None = None
    base_quantity: Decimal | None = None
    base_unit: str | None = None
    category: str | None = None
    owner: str | None = None
    donor: str | None = None
    status: str | None = None
    storage: str | None = None
    serials: tuple[str, ...] = ()
    components: tuple[Component, ...] = ()
    merged_lines: tuple[int, ...] = ()
    flags: tuple[str, ...] = ()
    counted_at: int | None = None
    value: Decimal | None = None
    currency: str | None = None
    module: str | None = None
    crew: int | None = None
    self_sufficiency_days: int | None = None
    key: str | None = None
