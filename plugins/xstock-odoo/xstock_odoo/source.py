"""Reading: the quants of internal locations, their items and lots, in pages.

A quant is so much of an item in a location, of one lot, package and owner. Odoo joins and splits quants as it likes, so
a line is made of all that are alike but for the package, and its key of their item, lot, location and owner.
"""

from collections.abc import AsyncIterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from xstock_node.domain.stock import StockLine, Unit
from xstock_node.plugins import (
    AdapterError,
    Capabilities,
    Context,
    CursorExpired,
    Gone,
    RejectedLine,
    SnapshotEnd,
    SourceLine,
    Unauthorised,
    Unavailable,
)
from xstock_odoo.rpc import Line, clean, connect
from xstock_odoo.settings import OdooSettings

MOST: Final = 200_000
QUANT: Final = ["product_id", "location_id", "lot_id", "owner_id", "quantity", "reserved_quantity"]
ITEM: Final = ["default_code", "name", "uom_id"]
ENGLISH: Final = {"lang": "en_US", "active_test": False}
"""Units are told by name: in the language in which `UNITS` knows them."""
UNITS: Final = {
    "Units": Unit.PCS,
    "Unit": Unit.PCS,
    "kg": Unit.KG,
    "t": Unit.TONNE,
    "m": Unit.METRE,
    "L": Unit.LITRE,
    "Liter": Unit.LITRE,
}
"""The node's word for a unit of Odoo; another name stays as it is."""


class Place(NamedTuple):
    """What makes a line: item, lot, location, owner; 0 where there is none."""

    product: int
    lot: int
    location: int
    owner: int


class Stand(NamedTuple):
    """How much there is, how much of it is reserved, and the names that quants bear."""

    quantity: Decimal
    reserved: Decimal
    location: str
    owner: str | None


class OdooSource:
    """The inventory source `odoo`."""

    name = "odoo"
    title = "Odoo"
    settings = OdooSettings

    async def describe(self, context: Context) -> Capabilities:
        """The server's version, and one quant, to see that it may be read."""
        line = await connect(context)
        await line.call("stock.quant", "search_read", domain=[], fields=QUANT, limit=1, order="id")
        return Capabilities(system=f"Odoo {line.version}".strip())

    async def snapshot(self, context: Context) -> AsyncIterator[SourceLine | RejectedLine | SnapshotEnd]:
        """All stock of the locations; what comes too large for a node ends in a snapshot that is not complete."""
        at, size = context.now(), context.settings.page
        line = await connect(context)
        stands, complete = await _stands(line, context)
        items = await _named(line, "product.product", {place.product for place in stands}, ITEM, size)
        lots = await _lots(line, {place.lot for place in stands if place.lot}, size)
        count = 0
        for place in sorted(stands):
            if stands[place].quantity or stands[place].reserved:
                count += 1
                yield _line(place, stands[place], items, lots)
        yield SnapshotEnd(as_of=at, count=count, complete=complete)

    async def changes(
        self, context: Context, cursor: str
    ) -> AsyncIterator[SourceLine | Gone | RejectedLine | SnapshotEnd]:
        """Quants that are gone leave no trace."""
        raise CursorExpired("expected a whole snapshot: Odoo tells no quants that are gone")
        yield  # makes it a generator


async def _stands(line: Line, context: Context) -> tuple[dict[Place, Stand], bool]:
    domain: list[Any] = [["location_id.usage", "=", "internal"]]
    if context.settings.locations:
        domain.append(["location_id", "child_of", await _tops(line, context.settings.locations)])
    found: dict[Place, Stand] = {}
    async for row in _pages(line, "stock.quant", domain, QUANT, context.settings.page):
        try:
            location, owner = row["location_id"], row["owner_id"]
            place = Place(*(_id(row[name]) for name in ("product_id", "lot_id", "location_id", "owner_id")))
            stand = Stand(
                _figure(row["quantity"]),
                _figure(row["reserved_quantity"]),
                clean(location[1]),
                clean(owner[1]) if owner else None,
            )
        except (ArithmeticError, LookupError, TypeError, ValueError):
            raise Unavailable("expected quants of Odoo; came something else; check the version") from None
        if place in found:
            before = found[place]
            stand = stand._replace(quantity=before.quantity + stand.quantity, reserved=before.reserved + stand.reserved)
        elif len(found) >= MOST:
            return found, False
        found[place] = stand
    return found, True


async def _tops(line: Line, names: tuple[str, ...]) -> list[int]:
    """The locations of the settings. Raises `Unauthorised`: a person has to mend the setting."""
    rows = await line.call(
        "stock.location", "search_read", domain=[["complete_name", "in", list(names)]], fields=["complete_name"]
    )
    missing = sorted(set(names) - {row["complete_name"] for row in rows})
    if missing:
        raise Unauthorised(f"expected locations {', '.join(missing)}; Odoo shows this user none; check locations")
    return [row["id"] for row in rows]


async def _lots(line: Line, wanted: set[int], size: int) -> dict[int, dict[str, Any]]:
    """Lots by id; their model was renamed in 16, and the date comes with the app for expiration dates."""
    if not wanted:
        return {}
    for model in ("stock.lot", "stock.production.lot"):
        try:
            shown = await line.call(model, "fields_get", allfields=["name", "expiration_date"], attributes=["type"])
        except (Unauthorised, Unavailable):
            raise
        except AdapterError:
            continue
        return await _named(line, model, wanted, sorted(shown.keys() & {"name", "expiration_date"}), size)
    raise AdapterError("expected lots of Odoo; there is neither stock.lot nor stock.production.lot")


async def _named(line: Line, model: str, wanted: set[int], fields: list[str], size: int) -> dict[int, dict[str, Any]]:
    """Records by id, so many in one call."""
    found: dict[int, dict[str, Any]] = {}
    ids = sorted(wanted)
    for start in range(0, len(ids), size):
        domain = [["id", "in", ids[start : start + size]]]
        for row in await line.call(model, "search_read", domain=domain, fields=fields, order="id", context=ENGLISH):
            found[row["id"]] = row
    return found


async def _pages(
    line: Line, model: str, domain: list[Any], fields: list[str], size: int
) -> AsyncIterator[dict[str, Any]]:
    """Records by id: what changes meanwhile moves no other record between pages."""
    last = 0
    while True:
        asked = [*domain, ["id", ">", last]]
        rows = await line.call(model, "search_read", domain=asked, fields=fields, limit=size, order="id")
        if not isinstance(rows, list):
            raise Unavailable("expected records of Odoo; came something else; check url")
        for row in rows:
            yield row
        if len(rows) < size:
            return
        if rows[-1]["id"] <= last:
            raise Unavailable("expected records of Odoo by their ids; came others; check the version")
        last = rows[-1]["id"]


def _line(
    place: Place, stand: Stand, items: dict[int, dict[str, Any]], lots: dict[int, dict[str, Any]]
) -> SourceLine | RejectedLine:
    item, lot = items.get(place.product), lots.get(place.lot, {})
    if item is None or (place.lot and not lot):
        return RejectedLine(line=place.product, reason="incomplete_line")
    unit = clean(item["uom_id"][1]) if item.get("uom_id") else None
    expiry = lot.get("expiration_date") or None
    try:
        expiry = _day(expiry)
    except ValueError:
        return RejectedLine(line=place.product, reason="bad_date", text=clean(item.get("name") or ""))
    flags = ("negative",) if stand.quantity < 0 else ("over_reserved",) if stand.reserved > stand.quantity else ()
    return SourceLine(
        key="-".join(str(part) for part in place),
        line=StockLine(
            item_code=clean(item.get("default_code") or "") or None,
            item_name=clean(item.get("name") or "") or None,
            quantity=stand.quantity,
            unit=UNITS.get(unit, unit) if unit else None,
            location=stand.location,
            lot=clean(lot["name"]) if lot else None,
            expiry=expiry,
            expiry_precision="day" if expiry else None,
            reserved=stand.reserved,
            owner=stand.owner,
            flags=flags,
        ),
    )


def _id(pair: Any) -> int:
    """The id of `[id, name]`; Odoo says False for none."""
    return int(pair[0]) if pair else 0


def _figure(value: Any) -> Decimal:
    """A float as it prints."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise TypeError("no figure")
    found = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not found.is_finite():
        raise ValueError("no figure")
    whole = found.to_integral_value()
    return whole if whole == found else found


def _day(value: Any) -> str | None:
    """The day of `2031-05-31 10:00:00`, in UTC as Odoo keeps it."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.date().isoformat()
    if not isinstance(value, str):
        raise ValueError("no date")
    return date.fromisoformat(value[:10]).isoformat()
