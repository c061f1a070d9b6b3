"""Writing back: movements that operations mean for an inventory system, each once, from a list that survives a crash.

A movement is planned in the transaction that first sees its step, with the lines it takes; its key is stored before
the call and travels into the system's reference field. What became of a call whose answer did not come is looked up by
that key, never repeated blindly. What the system declines stays in the list for a person; the operation goes on.
"""

import asyncio
import hashlib
from collections.abc import Iterable
from decimal import Decimal
from typing import Final, Literal, NamedTuple

import msgspec

from xstock_node.domain.mapping import MappingState, MappingTable
from xstock_node.domain.movements import Need, Planned, planned
from xstock_node.domain.stock import StockLine
from xstock_node.domain.sums import ZERO
from xstock_node.plugins.calls import Defect
from xstock_node.plugins.errors import AdapterError, Declined, OutcomeUnknown
from xstock_node.plugins.host import Adapter
from xstock_node.plugins.inventory import Movement, MovementLine
from xstock_node.services import dossier
from xstock_node.services.errors import Refusal
from xstock_node.services.findings import Finding
from xstock_node.services.office import Actor, Office
from xstock_node.services.shelf import Shelf
from xstock_node.services.typed import clean
from xstock_node.storage.interfaces import Transaction

EVERY: Final = 15.0
FIRST_WAIT, LONGEST_WAIT = 15, 900
NODE: Final = Actor("node", "itself")
KIND: Final = "inventory-writer"


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """So much of a line of a system, and what it is: `factor` units (Rec 20) of item `code` in one unit of the line."""

    line: MovementLine
    code: str
    unit: str
    factor: Decimal


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """One movement on its way. `state`: `waiting`, `unknown` (called, no answer yet), `done`, `declined`, `not needed`.

    `order` is its place among those of its case; `of` the id of the reservation that it ends; times unix seconds.
    """

    id: str
    case: str
    source: str
    kind: Literal["reserve", "release", "issue", "receive"]
    order: int
    at: int
    lines: tuple[Taken, ...] = ()
    of: str = ""
    state: str = "waiting"
    reference: str = ""
    error: str = ""
    tries: int = 0
    next_at: int = 0


MOVEMENTS: Shelf[Written] = Shelf("movement", Written)


class Since(msgspec.Struct, frozen=True, kw_only=True):
    """From when on a source is written to: steps before are left alone. `kinds` are those opted into at that time."""

    at: int


SINCE: Shelf[Since] = Shelf("writer", Since)


class MovementId(msgspec.Struct, frozen=True, kw_only=True):
    """One movement, by its id."""

    id: str


class Writer(NamedTuple):
    """A system that is written to, and the kinds of movements that the operator opted into."""

    adapter: Adapter
    kinds: frozenset[str]


class WritingBack:
    """Plans and carries out movements as operations move on."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin."""
        self._task = asyncio.ensure_future(self._run())

    async def stop(self) -> None:
        """End; what is under way is looked up after the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        position = self._office.changes.last
        while True:
            try:
                await look(self._office)
            except Exception as error:  # looked at again at the next turn
                self._office.node.trace.error("not-written", why=f"{type(error).__name__}: {error}")
            try:
                async with asyncio.timeout(EVERY):
                    await self._office.changes.after(position)
            except TimeoutError:
                pass
            position = self._office.changes.last


async def look(office: Office) -> int:
    """Plan what new steps mean, and carry out what is due; how many movements ended."""
    writers = writers_of(office)
    if not writers:
        return 0
    if await office.node.engine.read(lambda tx: _new(office, tx, writers)):
        await office.node.engine.write(lambda tx: _plan(office, tx, writers), durable=True)
    ended = 0
    now = office.node.clock.now()
    for group in _by_case(await office.node.engine.read(MOVEMENTS.list)):
        for one in group:
            if one.state not in ("waiting", "unknown"):
                continue
            if one.next_at > now or one.source not in writers or not await _carry_out(office, writers[one.source], one):
                break
            ended += 1
    return ended


def writers_of(office: Office) -> dict[str, Writer]:
    """The systems that are written to, by the name of their source."""
    found = {}
    for one in office.host.of_kind(KIND):
        try:
            settings = one.plugin.settings_of(one.name)
        except (OSError, ValueError):
            continue  # its source says what is wrong with them
        if settings is not None and settings.host.write:
            found[one.name] = Writer(one, frozenset(settings.host.write))
    return found


def standing(tx: Transaction, source: str) -> dict[str, Decimal]:
    """What own reservations hold in a system now, by the key of its lines: its word `reserved` counts them too."""
    known = [one for one in MOVEMENTS.list(tx) if one.source == source and one.state in ("done", "unknown")]
    ended = {one.of for one in known if one.kind in ("release", "issue")}
    found: dict[str, Decimal] = {}
    for one in known:
        if one.kind == "reserve" and one.id not in ended:
            for taken in one.lines:
                found[taken.line.key] = found.get(taken.line.key, ZERO) + taken.line.quantity
    return found


async def list_movements(office: Office, actor: Actor, request: None = None) -> list[Written]:
    """Movements written to inventory systems, by case and order."""
    return [one for group in _by_case(await office.node.engine.read(MOVEMENTS.list)) for one in group]


async def retry(office: Office, actor: Actor, request: MovementId) -> Written:
    """Try a movement again that the system declined."""
    now = office.node.clock.now()

    def work(tx: Transaction) -> Written:
        one = MOVEMENTS.get(tx, request.id)
        if one is None:
            raise Refusal("no-movement", "a movement", request.id, "see `xstock stock movements`", 2)
        if one.state in ("done", "not needed"):
            raise Refusal("done", "a movement that was declined or waits", f"{request.id} is {one.state}", "", 1)
        state = "unknown" if one.tries else "waiting"
        again = msgspec.structs.replace(one, state=state, next_at=0, error="")
        MOVEMENTS.put(tx, one.id, again, now)
        office.record(tx, actor, "stock.retry", one.id, f"{one.kind} of {one.case}")
        return again

    again = await office.node.engine.write(work, durable=True)
    office.changes.tell(again.case)
    return again


async def movement_findings(office: Office) -> list[Finding]:
    """What `doctor` says of movements that did not get through."""
    found = []
    for one in await office.node.engine.read(MOVEMENTS.list):
        if one.state == "declined" or (one.error and one.state in ("waiting", "unknown")):
            words = f"{one.kind} of {one.case} in {one.source}: {one.error}"
            do = f"do it in {one.source} by hand, or mend it and `xstock stock retry {one.id}`"
            state: Literal["error", "warning"] = "error" if one.state == "declined" else "warning"
            found.append(Finding(check=f"movement {one.id}", state=state, found=words, do=do))
    return found


def _by_case(found: Iterable[Written]) -> list[list[Written]]:
    groups: dict[str, list[Written]] = {}
    for one in sorted(found, key=lambda one: (one.at, one.order)):
        groups.setdefault(one.case, []).append(one)
    return list(groups.values())


def _new(office: Office, tx: Transaction, writers: dict[str, Writer]) -> bool:
    if any(SINCE.get(tx, name) is None for name in writers):
        return True
    return any(
        MOVEMENTS.get(tx, _id(case, one)) is None for case, found in _cases(office, tx, writers) for one in found
    )


def _cases(office: Office, tx: Transaction, writers: dict[str, Writer]) -> list[tuple[str, list[Planned]]]:
    """Own real cases as supplier whose movements all came after a source was opted into."""
    own, found = office.node.identity.name, []
    since = min((held.at for name in writers if (held := SINCE.get(tx, name)) is not None), default=None)
    for network in office.node.networks.values():
        if network.shared.is_exercise or since is None:
            continue
        for row in tx.cases.all(network.name):
            if row.supplier == own:
                steps = planned(dossier.read(tx, row).events())
                if steps and steps[0].time >= since:
                    found.append((row.id, steps))
    return found


def _id(case: str, one: Planned) -> str:
    digest = hashlib.sha256(f"{case} {one.hash} {one.kind}".encode()).hexdigest()
    return f"xs-{one.kind[:3]}-{digest[:24]}"


def _plan(office: Office, tx: Transaction, writers: dict[str, Writer]) -> None:
    now = office.node.clock.now()
    for name in writers:
        if SINCE.get(tx, name) is None:
            SINCE.put(tx, name, Since(at=now), now)
    for case, found in _cases(office, tx, writers):
        reserved = ""
        for order, one in enumerate(found):
            id_ = _id(case, one)
            if MOVEMENTS.get(tx, id_) is None:
                MOVEMENTS.put(tx, id_, _written(tx, case, order, one, reserved, writers), now)
            if one.kind == "reserve":
                reserved = id_


def _written(
    tx: Transaction, case: str, order: int, one: Planned, reserved: str, writers: dict[str, Writer]
) -> Written:
    """A movement with the lines that it takes; one that cannot be made says why, or that it is not needed."""
    made = Written(id=_id(case, one), case=case, source="", kind=one.kind, order=order, at=one.time)  # type: ignore[arg-type]
    before = MOVEMENTS.get(tx, reserved) if one.of else None
    if one.of and (before is None or before.state in ("declined", "not needed")):
        if one.kind == "release":
            return msgspec.structs.replace(made, state="not needed")
        before = None
    if before is not None:
        made = msgspec.structs.replace(made, source=before.source, lines=before.lines, of=before.id)
        wrong = one.kind == "issue" and not _same_lots(before.lines, one.needs)
        why = "other lots leave than were reserved: release the reservation and issue them by hand" if wrong else ""
        return _wanted(made, writers, why)
    why = ""
    if one.kind == "receive":
        name, lines, why = came_back(tx, case, one.needs)
        return _wanted(msgspec.structs.replace(made, source=name or next(iter(writers)), lines=lines), writers, why)
    for name in writers:
        lines, why = choose(tx, name, one.needs)
        if lines:
            return _wanted(msgspec.structs.replace(made, source=name, lines=lines), writers, "")
    return _wanted(msgspec.structs.replace(made, source=next(iter(writers))), writers, why)


def _wanted(made: Written, writers: dict[str, Writer], why: str) -> Written:
    """The movement as it is stored: not needed where its kind was not opted into, declined where there is a reason."""
    writer = writers.get(made.source)
    if writer is not None and made.kind not in writer.kinds:
        return msgspec.structs.replace(made, state="not needed")
    return msgspec.structs.replace(made, state="declined", error=why) if why else made


def _same_lots(lines: tuple[Taken, ...], needs: tuple[Need, ...]) -> bool:
    """Whether what leaves is of the lots that were reserved, where the step names lots."""
    named = {need.lot for need in needs if need.lot}
    return not named or named == {taken.line.lot or "" for taken in lines}


def came_back(tx: Transaction, case: str, needs: Iterable[Need]) -> tuple[str, tuple[Taken, ...], str]:
    """The source and the lines from which goods of a case were issued, for what came back; or why there are none."""
    issued = [one for one in MOVEMENTS.list(tx) if one.case == case and one.kind == "issue" and one.source]
    pool = [taken for one in issued for taken in one.lines]
    found: list[Taken] = []
    for need in needs:
        left = need.quantity
        for taken in pool:
            if (taken.code, taken.unit) == (need.item, need.unit) and left > ZERO:
                part = min(taken.line.quantity, left / taken.factor)
                line = msgspec.structs.replace(taken.line, quantity=part)
                found.append(msgspec.structs.replace(taken, line=line))
                left -= part * taken.factor
        if left > ZERO:
            return "", (), f"expected {need.quantity} {need.unit} of {need.item} to have been issued; {left} were not"
    return (issued[0].source if issued else ""), tuple(found), ""


def choose(tx: Transaction, source: str, needs: Iterable[Need]) -> tuple[tuple[Taken, ...], str]:
    """The lines of a source that a movement takes: the named lot, else what expires first; or why there are none."""
    table = MappingTable(tx.stock.mappings())
    held = [(line, table.find(source, line)) for name, _, line in tx.stock.lines() if name == source and line.key]
    taken: dict[str, Decimal] = {}
    found: list[Taken] = []
    for need in needs:
        left = need.quantity
        fitting = [
            (line, mapping.factor)
            for line, mapping in held
            if mapping is not None
            and mapping.state is MappingState.CONFIRMED
            and (mapping.code, mapping.base_unit.value) == (need.item, need.unit)
            and need.lot in ("", line.lot)
        ]
        for line, factor in sorted(fitting, key=lambda pair: (pair[0].expiry or "9999", pair[0].key or "")):
            assert line.key is not None
            part = min(_free(line) - taken.get(line.key, ZERO), left / factor)
            if part > ZERO:
                taken[line.key] = taken.get(line.key, ZERO) + part
                found.append(Taken(line=_taking(line, part), code=need.item, unit=need.unit, factor=factor))
                left -= part * factor
        if left > ZERO:
            lot = f" of lot {need.lot}" if need.lot else ""
            return (), f"expected {need.quantity} {need.unit} of {need.item}{lot} in {source}; {left} are missing"
    return tuple(found), ""


def _free(line: StockLine) -> Decimal:
    return max(ZERO, line.quantity - (line.reserved or ZERO) - (line.damaged or ZERO))


def _taking(line: StockLine, quantity: Decimal) -> MovementLine:
    return MovementLine(
        key=line.key or "",
        quantity=quantity,
        unit=line.unit,
        item_code=line.item_code,
        location=line.location,
        lot=line.lot,
    )


async def _carry_out(office: Office, writer: Writer, one: Written) -> bool:
    """One try; whether the movement ended."""
    plugin, name, now = writer.adapter.plugin, writer.adapter.name, office.node.clock.now()
    movement = Movement(
        key=one.id,
        kind=one.kind,
        lines=tuple(taken.line for taken in one.lines),
        of=one.of,
        note=f"X-Stock {one.case}, {office.node.identity.name}",
        at=one.at,
    )
    try:
        moved = await plugin.call(KIND, name, "lookup", one.id) if one.state == "unknown" else None
        if moved is None:
            called = msgspec.structs.replace(one, state="unknown", tries=one.tries + 1)
            await _keep(office, called)
            moved = await plugin.call(KIND, name, one.kind, movement)
    except Declined as error:
        await _ended(
            office, msgspec.structs.replace(one, state="declined", tries=one.tries + 1, error=clean(str(error))[:500])
        )
        return True
    except (AdapterError, Defect) as error:
        sure = isinstance(error, AdapterError) and not isinstance(error, OutcomeUnknown) and one.state == "waiting"
        wait = min(FIRST_WAIT * 2 ** min(one.tries, 10), LONGEST_WAIT)
        state = "waiting" if sure else "unknown"
        text = clean(str(error))[:500]
        await _keep(
            office,
            msgspec.structs.replace(one, state=state, tries=one.tries + 1, next_at=now + wait, error=text),
        )
        return False
    done = msgspec.structs.replace(
        one, state="done", reference=clean(moved.reference)[:200], error="", tries=one.tries + 1
    )
    await _ended(office, done)
    return True


async def _keep(office: Office, one: Written) -> None:
    await office.node.engine.write(lambda tx: MOVEMENTS.put(tx, one.id, one, office.node.clock.now()), durable=True)


async def _ended(office: Office, one: Written) -> None:
    def work(tx: Transaction) -> None:
        MOVEMENTS.put(tx, one.id, one, office.node.clock.now())
        office.record(tx, NODE, f"stock.{one.kind}", one.case, f"{one.source} {one.reference or one.error}")

    await office.node.engine.write(work, durable=True)
    office.node.trace.info("movement", kind=one.kind, case=one.case, source=one.source, state=one.state, why=one.error)
