"""Writing: internal shipments whose reference holds the keys of their movements.

| movement | what happens in Tryton |
|---|---|
| reserve | a shipment from the storage location to `reserve_to`, waiting, then assigned by `assign_try` |
| release | that shipment is cancelled |
| issue | that shipment is done: the goods stand in `reserve_to`, still owned |
| receive | a shipment from `reserve_to` back to the storage location, assigned and done |

Every step is one transaction of the server and moves a shipment on by its state, so that a movement whose answer was
lost is finished by the next call with its key and never made twice. `assign_force` is never called.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine
from decimal import Decimal
from itertools import groupby
from typing import Any, Final, TypeVar

from xstock_node.plugins import Context, Declined, Moved, Movement, MovementLine, OutcomeUnknown, Unavailable
from xstock_tryton.places import Place, Shape, lent, shape
from xstock_tryton.reference import begun_as, kind_of, token
from xstock_tryton.session import Sessions
from xstock_tryton.settings import TrytonSettings
from xstock_tryton.source import ITEM, unit_of

SHIPMENT: Final = "stock.shipment.internal"
MODEL: Final = f"model.{SHIPMENT}"
KEY: Final = re.compile(r"[a-z0-9-]{1,40}")
LINE_KEY: Final = re.compile(r"([1-9][0-9]{0,9})-(0|[1-9][0-9]{0,9})-([1-9][0-9]{0,9})")
MOST: Final = 200
"""Shipments of one movement: one for each location of its lines."""
AHEAD: Final = {"reserve": {"assigned", "done"}, "issue": {"done"}, "receive": {"done"}, "release": {"cancelled"}}
"""The states in which a movement has been made."""
HELD: Final = ("request", "draft", "waiting", "assigned")
"""The states in which goods have not moved: what is further is never cancelled."""
Shipment = dict[str, Any]
Made = TypeVar("Made")


class TrytonWriter:
    """The inventory writer `tryton`."""

    name = "tryton"
    settings = TrytonSettings

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._turn = asyncio.Lock()
        self._wrote = False

    async def reserve(self, context: Context, movement: Movement) -> Moved:
        """Assign the goods. Raises `Declined` where not all of them are free; then nothing stays assigned."""
        return await self._alone(self._reserve(context, movement))

    async def release(self, context: Context, movement: Movement) -> Moved:
        """Cancel the shipment of a reservation, however far it came but not out."""
        return await self._alone(self._release(context, movement))

    async def issue(self, context: Context, movement: Movement) -> Moved:
        """Finish the shipment of a reservation, or of a new one where there is none."""
        return await self._alone(self._issue(context, movement))

    async def receive(self, context: Context, movement: Movement) -> Moved:
        """Bring lent goods back to where the lines say. Raises `Declined` where not so many were lent."""
        return await self._alone(self._receive(context, movement))

    async def lookup(self, context: Context, key: str) -> Moved | None:
        """The movement with this key, or None where it was not made, or not to its end."""
        return await self._alone(self._lookup(context, key))

    async def _alone(self, work: Coroutine[Any, Any, Made]) -> Made:
        """One movement at a time: two with one key never both find nothing. What stops after a first write is looked
        up by the host, even where the server was only gone.
        """
        async with self._turn:
            self._wrote = False
            try:
                return await work
            except OutcomeUnknown:
                raise
            except Unavailable as error:
                if self._wrote:
                    raise OutcomeUnknown(str(error), error.retry_after) from None
                raise

    async def _reserve(self, context: Context, movement: Movement) -> Moved:
        return _moved(movement, await self._begun(context, movement, _outwards))

    async def _release(self, context: Context, movement: Movement) -> Moved:
        found = await self._of(context, movement, *HELD, "cancelled")
        left = [shipment for shipment in found if shipment["state"] != "cancelled"]
        if left:
            await self._button(context, "cancel", left)
        return _moved(movement, await self._find(context, movement.key))

    async def _issue(self, context: Context, movement: Movement) -> Moved:
        if movement.of:
            found = await self._of(context, movement, "assigned")
        else:
            found = await self._begun(context, movement, _outwards)
        return _moved(movement, await self._finish(context, found))

    async def _receive(self, context: Context, movement: Movement) -> Moved:
        found = await self._begun(context, movement, _inwards)
        return _moved(movement, await self._finish(context, found))

    async def _lookup(self, context: Context, key: str) -> Moved | None:
        found = await self._find(context, key) if KEY.fullmatch(key) else []
        kind = kind_of(found[0]["reference"], key) if found else None
        if kind is None or not all(shipment["state"] in AHEAD[kind] for shipment in found):
            return None
        return _answer(key, found)

    async def _begun(self, context: Context, movement: Movement, way: Callable[..., Shipment]) -> list[Shipment]:
        """The assigned shipments that begin with this movement: found, or made; brought on from where they stand."""
        if not KEY.fullmatch(movement.key):
            raise Declined(f"expected a key of a-z, 0-9 and -; came {movement.key[:50]!r}")
        found = await self._find(context, movement.key)
        if not found:
            await self._create(context, movement, way)
            found = await self._find(context, movement.key)
        elif begun_as(found[0]["reference"]) != movement.kind:
            raise Declined(f"expected a new key; Tryton holds {movement.key} as {found[0]['reference']}")
        if _all(found, "draft", "request"):
            found = await self._button(context, "wait", found)
        if _all(found, "waiting"):
            found = await self._button(context, "assign_try", found)
        if not _all(found, "assigned", "done") or await self._elsewhere(context, found):
            await self._give_back(context, found)
            raise Declined("expected that all of it is free in Tryton; not all is, or it was cancelled there")
        return found

    async def _create(self, context: Context, movement: Movement, way: Callable[..., Shipment]) -> None:
        """One transaction for all shipments of the movement; draft, so that nothing is held by them yet."""
        here = await lent(self._sessions, context)
        table = await shape(self._sessions, context)
        session = await self._sessions.get(context)
        if session.finish is None:
            raise Declined(
                f"expected a Tryton that was tried: 6.0, 7.0 or 8.2; came {session.version}; it is only read"
            )
        lines = [_parsed(line) for line in movement.lines]
        if not lines:
            raise Declined("expected lines; came none")
        units = await self._units(context, lines)
        drafts = []
        for location, group in groupby(sorted(lines, key=lambda line: line[2]), key=lambda line: line[2]):
            base = {"reference": token(movement.kind, movement.key), "company": session.context["company"]}
            moves = [_move(line, table, units, base["company"]) for line in group]
            drafts.append(base | way(location, here, moves))
        if len(drafts) > MOST:
            raise Declined(f"expected lines of at most {MOST} locations; came {len(drafts)}")
        await self._write(context, "create", drafts)

    async def _units(self, context: Context, lines: list["Parsed"]) -> dict[int, int]:
        """The unit of each item; refused where it is no more the one that the line was read with."""
        products = sorted({line[0] for line in lines})
        asked = [products, [*ITEM, "default_uom"]]
        rows = {r["id"]: r for r in await self._sessions.call(context, "model.product.product.read", *asked)}
        for product, _, _, line in lines:
            if line.unit is not None and line.unit != unit_of(rows[product]):
                raise Declined(f"expected {line.unit} as the unit of {line.key}; Tryton has {unit_of(rows[product])}")
        return {product: row["default_uom"] for product, row in rows.items()}

    async def _elsewhere(self, context: Context, shipments: list[Shipment]) -> bool:
        """Whether Tryton picked from another location than asked: it also looks into those below."""
        asked = {f"{SHIPMENT},{shipment['id']}": shipment["from_location"] for shipment in shipments}
        return any(move["from_location"] != asked[move["shipment"]] for move in await self._moves(context, shipments))

    async def _moves(self, context: Context, shipments: list[Shipment]) -> list[dict[str, Any]]:
        table = await shape(self._sessions, context)
        fields = ["shipment", "product", "from_location", "quantity", *(["lot"] if table.lots else [])]
        domain = [["shipment", "in", [f"{SHIPMENT},{shipment['id']}" for shipment in shipments]]]
        return list(await self._sessions.call(context, "model.stock.move.search_read", domain, 0, None, None, fields))

    async def _of(self, context: Context, movement: Movement, *states: str) -> list[Shipment]:
        """The shipments of the reservation that a movement ends, in one of these states, its key behind theirs."""
        if not KEY.fullmatch(movement.key) or not KEY.fullmatch(movement.of):
            raise Declined("expected keys of a-z, 0-9 and -")
        found = await self._find(context, movement.of)
        if not found:
            raise Declined(f"expected a reservation {movement.of} in Tryton; there is none")
        unmarked = [shipment for shipment in found if not kind_of(shipment["reference"], movement.key)]
        if not unmarked:
            return found
        if not _all(unmarked, *states):
            raise Declined(f"expected {movement.of} to be {' or '.join(states)} in Tryton; it is {_states(unmarked)}")
        if movement.lines and _asked(movement.lines) != _held(await self._moves(context, found)):
            raise Declined(f"expected the lines of the whole reservation {movement.of}; came others; reserve anew")
        written = {"reference": f"{unmarked[0]['reference']} {token(movement.kind, movement.key)}"}
        await self._write(context, "write", [shipment["id"] for shipment in unmarked], written)
        return await self._find(context, movement.key)

    async def _finish(self, context: Context, found: list[Shipment]) -> list[Shipment]:
        if _all(found, "done"):
            return found
        finish = (await self._sessions.get(context)).finish
        if finish is None or not _all(found, "assigned"):
            raise Declined(f"expected assigned goods in Tryton; they are {_states(found)}")
        return await self._button(context, finish, found)

    async def _give_back(self, context: Context, found: list[Shipment]) -> None:
        """Nothing of a declined movement stays assigned."""
        left = [shipment for shipment in found if shipment["state"] in HELD]
        if left:
            await self._button(context, "cancel", left)

    async def _button(self, context: Context, button: str, shipments: list[Shipment]) -> list[Shipment]:
        """Press a button on shipments, all in one transaction, and read how they stand now."""
        ids = [shipment["id"] for shipment in shipments]
        await self._write(context, button, ids)
        return await self._read(context, [["id", "in", ids]])

    async def _write(self, context: Context, method: str, *given: Any) -> None:
        await self._sessions.call(context, f"{MODEL}.{method}", *given, writes=True)
        self._wrote = True

    async def _find(self, context: Context, key: str) -> list[Shipment]:
        """The shipments in whose reference a key stands."""
        found = await self._read(context, [["reference", "ilike", f"%:{key}%"]])
        return [shipment for shipment in found if kind_of(shipment["reference"], key)]

    async def _read(self, context: Context, domain: list[Any]) -> list[Shipment]:
        fields = ["reference", "state", "number", "from_location"]
        order = [["id", "ASC"]]
        found = await self._sessions.call(context, f"{MODEL}.search_read", domain, 0, None, order, fields)
        return list(found)


def _moved(movement: Movement, found: list[Shipment]) -> Moved:
    if not found or not all(shipment["state"] in AHEAD[movement.kind] for shipment in found):
        raise Unavailable(f"expected {movement.kind} to be made in Tryton; it is {_states(found)}")
    return _answer(movement.key, found)


Parsed = tuple[int, int, int, MovementLine]


def _parsed(line: MovementLine) -> Parsed:
    """Item, lot (0: none) and location of a line's key."""
    found = LINE_KEY.fullmatch(line.key)
    if found is None:
        raise Declined(f"expected the key of a Tryton line; came {line.key[:50]!r}")
    quantity = line.quantity
    if not quantity.is_finite() or quantity <= 0 or Decimal(repr(float(quantity))) != quantity:
        raise Declined(f"expected a quantity above 0 that Tryton can hold; came {quantity}")
    product, lot, location = (int(part) for part in found.groups())
    return product, lot, location, line


def _move(line: Parsed, table: Shape, units: dict[int, int], company: int) -> dict[str, Any]:
    product, lot, _, asked = line
    found = {"product": product, table.unit: units[product], "quantity": float(asked.quantity), "company": company}
    return found | ({"lot": lot} if lot and table.lots else {})


def _asked(lines: tuple[MovementLine, ...]) -> dict[tuple[int, int], Decimal]:
    """How much of each item and lot lines ask for."""
    found: dict[tuple[int, int], Decimal] = {}
    for product, lot, _, line in map(_parsed, lines):
        found[product, lot] = found.get((product, lot), Decimal(0)) + line.quantity
    return found


def _held(moves: list[dict[str, Any]]) -> dict[tuple[int, int], Decimal]:
    """How much of each item and lot moves take."""
    found: dict[tuple[int, int], Decimal] = {}
    for move in moves:
        what = (move["product"], move.get("lot") or 0)
        found[what] = found.get(what, Decimal(0)) + Decimal(move["quantity"])
    return found


def _outwards(location: int, lent: Place, moves: list[dict[str, Any]]) -> Shipment:
    return _way(location, lent.id, moves)


def _inwards(location: int, lent: Place, moves: list[dict[str, Any]]) -> Shipment:
    return _way(lent.id, location, moves)


def _way(start: int, end: int, moves: list[dict[str, Any]]) -> Shipment:
    where = {"from_location": start, "to_location": end}
    return where | {"moves": [["create", [move | where for move in moves]]]}


def _all(shipments: list[Shipment], *states: str) -> bool:
    return all(shipment["state"] in states for shipment in shipments)


def _states(shipments: list[Shipment]) -> str:
    return ", ".join(sorted({str(shipment["state"]) for shipment in shipments})) or "not there"


def _answer(key: str, found: list[Shipment]) -> Moved:
    reference = ", ".join(str(shipment["number"] or shipment["id"]) for shipment in found)
    return Moved(key=key, reference=reference[:200], state=_states(found))
