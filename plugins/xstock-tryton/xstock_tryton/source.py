"""Reading: what is on hand of each item and lot in each storage location, and how much of it is assigned.

For each location the server is asked for all items with stock and for all lots with stock, in pages, with one more
question a page for what is assigned; never once for each item. What an item has beyond its lots is a line without lot.
"""

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from xstock_node.domain.stock import StockLine, Unit
from xstock_node.plugins import (
    Capabilities,
    Context,
    CursorExpired,
    Declined,
    Gone,
    RejectedLine,
    SnapshotEnd,
    SourceLine,
    Unauthorised,
)
from xstock_node.plugins.inventory import MOVEMENTS
from xstock_tryton.places import Place, Shape, lent, places, shape
from xstock_tryton.session import Sessions
from xstock_tryton.settings import TrytonSettings
from xstock_tryton.wire import clean

UNITS = {"u": Unit.PCS, "kg": Unit.KG, "t": Unit.TONNE, "m": Unit.METRE, "l": Unit.LITRE, "L": Unit.LITRE}
"""The node's word for a unit's symbol; another symbol stays as it is."""
ITEM = ["code", "rec_name", "default_uom.symbol", "template.name"]


class Item(NamedTuple):
    """An item as its lines show it."""

    code: str | None
    name: str
    unit: str | None


class Stand(NamedTuple):
    """So much of an item or lot in one location: on hand, and assigned to a shipment that has not left."""

    quantity: Decimal
    reserved: Decimal

    def plus(self, other: "Stand") -> "Stand":
        return Stand(self.quantity + other.quantity, self.reserved + other.reserved)

    def less(self, other: "Stand") -> "Stand":
        return Stand(self.quantity - other.quantity, self.reserved - other.reserved)


NOTHING = Stand(Decimal(0), Decimal(0))


class TrytonSource:
    """The inventory source `tryton`."""

    name = "tryton"
    title = "Tryton"
    settings = TrytonSettings

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def describe(self, context: Context) -> Capabilities:
        """The server's version; writes are offered where `reserve_to` is set and this series was tried."""
        session = await self._sessions.get(context)
        await _readable(self._looked(context))
        writes = bool(context.settings.reserve_to) and session.finish is not None
        if writes:
            await _readable(lent(self._sessions, context))
        return Capabilities(system=f"Tryton {session.version}", movements=MOVEMENTS if writes else ())

    async def _looked(self, context: Context) -> None:
        """One item and one lot, to see that they may be read."""
        found = await shape(self._sessions, context)
        for model in ("product.product", "stock.lot") if found.lots else ("product.product",):
            await self._sessions.call(context, f"model.{model}.search_read", [], 0, 1, None, ["quantity"])
        await self._sessions.call(context, "model.stock.location.search_read", [], 0, 1, None, ["type"])

    async def snapshot(self, context: Context) -> AsyncIterator[SourceLine | RejectedLine | SnapshotEnd]:
        """All stock, location by location."""
        at, count = context.now(), 0
        found = await _readable(shape(self._sessions, context))
        items: dict[int, Item] = {}
        for place in await _readable(places(self._sessions, context)):
            reading = _Reading(self._sessions, context, found, place, items)
            async for line in reading.lines():
                count += 1
                yield line
        yield SnapshotEnd(as_of=at, count=count)

    async def changes(
        self, context: Context, cursor: str
    ) -> AsyncIterator[SourceLine | Gone | RejectedLine | SnapshotEnd]:
        """Tryton tells no changes of quantities."""
        raise CursorExpired("expected a whole snapshot: Tryton tells no changes")
        yield  # makes it a generator


async def _readable(what: Any) -> Any:
    """On a read, what Tryton tells a person is that this user may not see something."""
    try:
        return await what
    except Declined as error:
        raise Unauthorised(f"expected rights to read stock, lots and locations; {error}") from None


class _Reading:
    """One location."""

    def __init__(
        self, sessions: Sessions, context: Context, shape: Shape, place: Place, items: dict[int, Item]
    ) -> None:
        self._sessions, self._context, self._shape, self._place, self._items = sessions, context, shape, place, items

    async def lines(self) -> AsyncIterator[SourceLine]:
        """Its lines, page by page: lots first, then what items have beyond them."""
        in_lots: dict[int, Stand] = {}
        if self._shape.lots:
            async for page in self._pages("stock.lot", ["number", "product", *self._shape.expiry]):
                await self._learn({row["product"] for row, _ in page})
                for row, stand in page:
                    in_lots[row["product"]] = in_lots.get(row["product"], NOTHING).plus(stand)
                    yield self._line(row["product"], row, stand)
        async for page in self._pages("product.product", ITEM):
            self._items.update((row["id"], _item(row)) for row, _ in page)
            for row, stand in page:
                rest = stand.less(in_lots.pop(row["id"], NOTHING))
                if rest.quantity:
                    yield self._line(row["id"], None, rest)
        for product, held in in_lots.items():  # items with nothing over all: what the lots have is missing without one
            if held.quantity:
                yield self._line(product, None, NOTHING.less(held))

    async def _pages(self, model: str, fields: list[str]) -> AsyncIterator[list[tuple[dict[str, Any], Stand]]]:
        """All records with stock here, by id: what changes meanwhile moves no other record between pages."""
        last, size = 0, self._context.settings.page
        here = {"locations": [self._place.id], "with_childs": False, "active_test": False}
        while True:
            domain = [["quantity", "!=", 0], ["id", ">", last]]
            asked = [domain, 0, size, [["id", "ASC"]], [*fields, "quantity"]]
            rows = await self._call(model, "search_read", *asked, extra=here)
            if not rows:
                return
            free = await self._call(
                model, "read", [row["id"] for row in rows], ["quantity"], extra=here | {"stock_assign": True}
            )
            left = {row["id"]: _plain(row["quantity"]) for row in free}
            yield [(row, _stand(row, left)) for row in rows]
            last = rows[-1]["id"]
            if len(rows) < size:
                return

    async def _call(self, model: str, method: str, *given: Any, extra: Any = None) -> Any:
        return await _readable(self._sessions.call(self._context, f"model.{model}.{method}", *given, extra=extra))

    async def _learn(self, products: set[int]) -> None:
        """The items of lots, those that are not known yet."""
        unknown = sorted(products - self._items.keys())
        if unknown:
            rows = await self._call("product.product", "read", unknown, ITEM)
            self._items.update((row["id"], _item(row)) for row in rows)

    def _line(self, product: int, lot: dict[str, Any] | None, stand: Stand) -> SourceLine:
        item = self._items[product]
        expiry = min((day for name in self._shape.expiry if lot and (day := lot[name])), default=None)
        return SourceLine(
            key=f"{product}-{lot['id'] if lot else 0}-{self._place.id}",
            line=StockLine(
                item_code=item.code,
                item_name=item.name,
                quantity=stand.quantity,
                unit=item.unit,
                location=self._place.name,
                lot=clean(lot["number"]) if lot else None,
                expiry=expiry.isoformat() if isinstance(expiry, date) else None,
                expiry_precision="day" if expiry else None,
                reserved=stand.reserved,
                flags=_flags(stand),
            ),
        )


def _plain(quantity: Decimal | int) -> Decimal:
    """100.0 is 100: a float of the server carries a zero that nobody measured."""
    whole = Decimal(quantity).to_integral_value()
    return whole if whole == quantity else Decimal(quantity)


def _stand(row: dict[str, Any], left: dict[int, Decimal]) -> Stand:
    """`left` is what the server says where assigned goods count as gone."""
    on_hand = _plain(row["quantity"])
    return Stand(on_hand, _plain(on_hand - left.get(row["id"], on_hand)))


def _flags(stand: Stand) -> tuple[str, ...]:
    if stand.quantity < 0:
        return ("negative",)
    return ("over_reserved",) if stand.reserved > stand.quantity else ()


def _item(row: dict[str, Any]) -> Item:
    symbol = clean((row.get("default_uom.") or {}).get("symbol") or "") or None
    name = clean((row.get("template.") or {}).get("name") or row["rec_name"])
    return Item(clean(row["code"] or "") or None, name, UNITS.get(symbol, symbol) if symbol else None)


def unit_of(row: dict[str, Any]) -> str | None:
    """The unit of an item that was read with `ITEM`, as its lines name it."""
    return _item(row).unit
