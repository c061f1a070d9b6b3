"""Writing back: movements that operations mean for an inventory system, each once, from a list that survives a crash.

A movement is planned in the transaction that first sees its step; its lines and its key are stored before the call, and
the key travels into the system's reference field. What became of a call whose answer did not come is looked up by that
key, never repeated blindly. What the system declines stays in the list for a person; the operation goes on.
"""

import asyncio
import hashlib
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple

import msgspec

from xstock_node.domain.catalogue import Catalogue
from xstock_node.domain.movements import Need, Planned, planned
from xstock_node.plugins.calls import Defect
from xstock_node.plugins.errors import AdapterError, Declined, OutcomeUnknown
from xstock_node.plugins.host import Adapter
from xstock_node.plugins.inventory import Moved, Movement
from xstock_node.services import dossier
from xstock_node.services.errors import Refusal
from xstock_node.services.looked import Finding
from xstock_node.services.office import Actor, Office
from xstock_node.services.shelf import Shelf
from xstock_node.services.taking import came_back, choose
from xstock_node.services.typed import clean
from xstock_node.services.written import MOVEMENTS, Taken, Written
from xstock_node.storage.interfaces import Transaction

EVERY: Final = 15.0
FIRST_WAIT, LONGEST_WAIT = 15, 900
NODE: Final = Actor("node", "itself")
KIND: Final = "inventory-writer"


class Since(msgspec.Struct, frozen=True, kw_only=True):
    """From when on a source is written to: operations that began before are left alone."""

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
    writers, out = writers_of(office)
    if await office.node.engine.read(lambda tx: _were_in(tx, out)):
        await office.node.engine.write(lambda tx: _opted_out(tx, out), durable=True)
    if not writers:
        return 0
    if await office.node.engine.read(lambda tx: _new(office, tx, writers)):
        await office.node.engine.write(lambda tx: _plan(office, tx, writers), durable=True)
    ended, catalogue = 0, await office.catalogue()
    for group in _by_case(await office.node.engine.read(MOVEMENTS.list)):
        try:
            ended += await _case(office, writers, catalogue, group)
        except Exception as error:  # the other cases go on
            office.node.trace.error("not-written", case=group[0].case, why=f"{type(error).__name__}: {error}")
    return ended


def _were_in(tx: Transaction, names: list[str]) -> bool:
    return any(SINCE.get(tx, name) is not None for name in names)


def _opted_out(tx: Transaction, names: list[str]) -> None:
    for name in names:
        SINCE.drop(tx, name)


async def _case(office: Office, writers: dict[str, Writer], catalogue: Catalogue, group: list[Written]) -> int:
    """Carry out what is due of one case, in order; what comes after a movement that waits waits as well."""
    ended = 0
    for one in group:
        if one.state not in ("waiting", "unknown"):
            continue
        if one.next_at > office.node.clock.now():
            break
        ready = one if one.lines else await _ready(office, writers, catalogue, one)
        if ready.state in ("waiting", "unknown"):
            writer = writers.get(ready.source)
            if writer is None or not await _carry_out(office, writer, ready):
                break
        ended += 1
    return ended


async def _ready(office: Office, writers: dict[str, Writer], catalogue: Catalogue, one: Written) -> Written:
    """The movement with its source and lines, chosen and kept right before the first call."""

    def work(tx: Transaction) -> Written:
        found = _chosen(office, tx, writers, catalogue, one)
        MOVEMENTS.put(tx, found.id, found, office.node.clock.now())
        return found

    return await office.node.engine.write(work, durable=True)


def writers_of(office: Office) -> tuple[dict[str, Writer], list[str]]:
    """The systems that are written to, by the name of their source; and those that are not, or no longer."""
    found: dict[str, Writer] = {}
    left: list[str] = []
    for one in office.host.of_kind(KIND):
        try:
            settings = one.plugin.settings_of(one.name)
        except (OSError, ValueError):
            continue  # neither: its source says what is wrong with the file
        if settings is not None and settings.host.write:
            found[one.name] = Writer(one, frozenset(settings.host.write))
        else:
            left.append(one.name)
    return found, left


async def list_movements(office: Office, actor: Actor, request: None = None) -> list[Written]:
    """Movements written to inventory systems, by case and order."""
    return [one for group in _by_case(await office.node.engine.read(MOVEMENTS.list)) for one in group]


async def retry(office: Office, actor: Actor, request: MovementId) -> Written:
    """Try a movement again that the system declined; it is looked up first, as somebody may have made it since."""
    now = office.node.clock.now()
    held = await office.node.engine.read(lambda tx: MOVEMENTS.get(tx, request.id))
    made = await _made_meanwhile(office, held) if held and held.state == "declined" and held.tries else None
    if held is not None and made is not None:
        await _ended(office, _done(office, held, made))
        office.changes.tell(held.case)
        return await office.node.engine.read(lambda tx: MOVEMENTS.get(tx, request.id) or held)

    def work(tx: Transaction) -> Written:
        one = MOVEMENTS.get(tx, request.id)
        if one is None:
            raise Refusal("no-movement", "a movement", request.id, "see `xstock stock movements`", 2)
        if one.state in ("done", "not needed"):
            raise Refusal("done", "a movement that was declined or waits", f"{request.id} is {one.state}", "", 1)
        if not one.needs and not one.lines:
            raise Refusal("by-hand", "a movement that a system can make", one.error, "mend the system by hand", 1)
        if one.state == "declined":  # the system's last word on that key: made anew, of lines that are chosen anew
            attempt = one.attempt + 1 if one.tries else one.attempt
            anew = {"source": "", "lines": (), "tries": 0, "attempt": attempt}
            again = msgspec.structs.replace(one, state="waiting", next_at=0, error="", **anew)
        else:
            again = msgspec.structs.replace(one, next_at=0, error="")
        MOVEMENTS.put(tx, one.id, again, now)
        office.record(tx, actor, "stock.retry", one.id, f"{one.kind} of {one.case}")
        return again

    again = await office.node.engine.write(work, durable=True)
    office.changes.tell(again.case)
    return again


async def _made_meanwhile(office: Office, one: Written) -> Moved | None:
    writer = writers_of(office)[0].get(one.source)
    if writer is None:
        raise Refusal(
            "not-written-to", f"a system {one.source} that is written to", "none", "see `xstock stock sources`"
        )
    try:
        found: Moved | None = await writer.adapter.plugin.call(KIND, writer.adapter.name, "lookup", one.key)
    except (AdapterError, Defect) as error:
        do = "nothing was changed; try again when it answers"
        raise Refusal("no-answer", f"word from {one.source} about {one.key}", clean(str(error))[:500], do) from None
    return found


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
    """Own real cases as supplier whose movements all came after some system was opted into."""
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
    hand = " by hand" if one.by_hand else ""
    digest = hashlib.sha256(f"{case} {one.hash} {one.kind}{hand}".encode()).hexdigest()
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
                MOVEMENTS.put(tx, id_, _written(id_, case, order, one, found[0].time, reserved), now)
            if one.kind == "reserve":
                reserved = id_


def _written(id_: str, case: str, order: int, one: Planned, began: int, reserved: str) -> Written:
    made = Written(
        id=id_,
        case=case,
        kind=one.kind,  # type: ignore[arg-type]
        order=order,
        began=began,
        at=one.time,
        needs=one.needs,
        of=reserved if one.of else "",
    )
    if not one.by_hand:
        return made
    told = ", ".join(f"{need.quantity} {need.unit} of {need.item}" for need in one.needs)
    why = f"a correction took back {told} that were written already: mend the system by hand"
    return msgspec.structs.replace(made, state="declined", error=why, needs=())


def _chosen(office: Office, tx: Transaction, writers: dict[str, Writer], catalogue: Catalogue, one: Written) -> Written:
    """A movement with its source and lines; one that cannot be made says why, or that it is not needed."""
    before = MOVEMENTS.get(tx, one.of) if one.of else None
    if one.of and (before is None or before.state in ("declined", "not needed")):
        if one.kind == "release":
            return msgspec.structs.replace(one, state="not needed")
        one, before = msgspec.structs.replace(one, of=""), None
    if before is not None:
        one = msgspec.structs.replace(one, source=before.source, lines=before.lines)
        wrong = one.kind == "issue" and not _same_lots(before.lines, one.needs)
        why = "other lots leave than were reserved: release the reservation and issue them by hand" if wrong else ""
        return _wanted(one, writers, why)
    if one.kind == "receive":
        name, lines, why = came_back(tx, one.case, one.needs)
        return _wanted(msgspec.structs.replace(one, source=name or next(iter(writers)), lines=lines), writers, why)
    why = "no system was written to when this operation began"
    for name in writers:
        held = SINCE.get(tx, name)
        if held is None or held.at > one.began:
            continue
        if one.kind not in writers[name].kinds:
            return msgspec.structs.replace(one, source=name, state="not needed")
        lines, why = choose(office, tx, catalogue, name, one.needs)
        if lines:
            return msgspec.structs.replace(one, source=name, lines=lines)
    return msgspec.structs.replace(one, state="declined", error=why)


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


async def _carry_out(office: Office, writer: Writer, one: Written) -> bool:
    """One try; whether the movement ended."""
    plugin, name, now = writer.adapter.plugin, writer.adapter.name, office.node.clock.now()
    before = await office.node.engine.read(lambda tx: MOVEMENTS.get(tx, one.of)) if one.of else None
    movement = Movement(
        key=one.key,
        kind=one.kind,
        lines=tuple(taken.line for taken in one.lines),
        of=before.key if before else one.of,
        note=f"X-Stock {one.case}, {office.node.identity.name}",
        at=one.at,
    )
    try:
        moved = await plugin.call(KIND, name, "lookup", one.key) if one.tries or one.state == "unknown" else None
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
    await _ended(office, _done(office, one, moved))
    return True


def _done(office: Office, one: Written, moved: Moved) -> Written:
    reference, now = clean(moved.reference)[:200], office.node.clock.now()
    return msgspec.structs.replace(
        one, state="done", ended_at=now, reference=reference, error="", tries=one.tries + 1, next_at=0
    )


async def _keep(office: Office, one: Written) -> None:
    await office.node.engine.write(lambda tx: MOVEMENTS.put(tx, one.id, one, office.node.clock.now()), durable=True)


async def _ended(office: Office, one: Written) -> None:
    def work(tx: Transaction) -> None:
        MOVEMENTS.put(tx, one.id, one, office.node.clock.now())
        office.record(tx, NODE, f"stock.{one.kind}", one.case, f"{one.source} {one.reference or one.error}")

    await office.node.engine.write(work, durable=True)
    office.node.trace.info("movement", kind=one.kind, case=one.case, source=one.source, state=one.state, why=one.error)
