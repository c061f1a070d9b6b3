"""Locations: which are read, and where lent goods stand. And what this server's tables are called."""

from typing import Any, NamedTuple

from xstock_node.plugins import Context, Unauthorised
from xstock_tryton.session import Sessions
from xstock_tryton.settings import TrytonSettings
from xstock_tryton.wire import clean

MOST = 1000
"""Locations that are read; a server with more is narrowed by `locations`."""


class Shape(NamedTuple):
    """What stands in this server: whether lots are kept, which dates they have, and what a move calls its unit."""

    lots: bool
    expiry: tuple[str, ...]
    unit: str


class Place(NamedTuple):
    """A storage location and the name to show."""

    id: int
    name: str


async def shape(sessions: Sessions, context: Context) -> Shape:
    """Asked of the server, as modules can be missing: `stock_lot`, `stock_lot_sled`."""
    move = await sessions.call(context, "model.stock.move.fields_get", ["lot", "unit", "uom"])
    lots, dates = "lot" in move, ()
    if lots:
        wanted = ["expiration_date", "shelf_life_expiration_date"]
        dates = tuple(sorted(await sessions.call(context, "model.stock.lot.fields_get", wanted)))
    return Shape(lots, dates, "unit" if "unit" in move else "uom")


async def places(sessions: Sessions, context: Context) -> list[Place]:
    """The storage locations that are read, in the order of their ids, without those for lent goods."""
    settings: TrytonSettings = context.settings
    if settings.locations:
        tops = [(await named(sessions, context, name)).id for name in settings.locations]
    else:
        asked = [[["type", "=", "warehouse"]], 0, None, None, ["storage_location"]]
        found = await sessions.call(context, "model.stock.location.search_read", *asked)
        tops = [row["storage_location"] for row in found]
    if not tops:
        raise Unauthorised("expected a warehouse that the user may see; there is none; name locations in the settings")
    domain: list[Any] = [["parent", "child_of", tops], ["type", "=", "storage"]]
    if settings.reserve_to:
        lent = await named(sessions, context, settings.reserve_to)
        domain.append(["parent", "not child_of", [lent.id]])
    asked = [domain, 0, MOST + 1, [["id", "ASC"]], ["rec_name"]]
    rows = await sessions.call(context, "model.stock.location.search_read", *asked)
    if len(rows) > MOST:
        raise Unauthorised(f"expected at most {MOST} storage locations; there are more; name some in locations")
    return [Place(row["id"], clean(row["rec_name"])) for row in rows]


async def named(sessions: Sessions, context: Context, name: str) -> Place:
    """The one location with this code, else with this name. Raises `Unauthorised`: a person has to mend the setting."""
    for field in ("code", "name"):
        asked = [[[field, "=", name]], 0, 2, None, ["rec_name", "type"]]
        found = await sessions.call(context, "model.stock.location.search_read", *asked)
        if len(found) == 1:
            return Place(found[0]["id"], clean(found[0]["rec_name"]))
        if found:
            raise Unauthorised(f"expected one location with {field} {name}; there are more; use its code")
    raise Unauthorised(f"expected a location {name}; Tryton shows this user none; check locations and reserve_to")


async def lent(sessions: Sessions, context: Context) -> Place:
    """Where lent goods stand: a location outside every warehouse, so that goods arrive there in one step."""
    place = await named(sessions, context, context.settings.reserve_to)
    all_of = [[["type", "=", "warehouse"]], 0, None, None]
    warehouses = await sessions.call(context, "model.stock.location.search", *all_of)
    fits = [["id", "=", place.id], ["type", "in", ["storage", "lost_found"]], ["parent", "not child_of", warehouses]]
    if not await sessions.call(context, "model.stock.location.search", fits, 0, None, None):
        raise Unauthorised(f"expected reserve_to to be a storage location outside every warehouse; {place.name} is not")
    return place
