"""The corridors that people watch: set and listed, air alerts noted, threat mode begun by one and ended by two."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

import msgspec

from xstock_node.domain.corridor_watch import DELAY, Corridor, Country, Hours, Name, Place, is_closed
from xstock_node.protocol.recordtypes import Time
from xstock_node.services.convoys import CORRIDORS
from xstock_node.services.errors import Refusal
from xstock_node.services.office import OPERATOR, Actor, Office
from xstock_node.services.passing import forget_places
from xstock_node.services.times import iso
from xstock_node.storage.interfaces import Transaction

DAY = 86_400
Change = Callable[[Transaction, Corridor | None], Corridor]
MOST = 200


class CorridorRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A corridor as it shall be; see `Corridor`."""

    name: Name
    countries: list[Country] = []
    crossings: list[Place] = []
    zone: str = "UTC"
    delay_minutes: int = DELAY
    curfew: list[Hours] = []


class CorridorName(msgspec.Struct, frozen=True, kw_only=True):
    """One corridor."""

    name: str


class AlertHours(msgspec.Struct, frozen=True, kw_only=True):
    """An air alert on a corridor, unix seconds; `ends` may be moved by saying it again with the same beginning."""

    name: str
    begins: Time
    ends: Time


class CorridorView(msgspec.Struct, frozen=True, kw_only=True):
    """A corridor. `closed`: curfew or air alert now; `alerts` of the last week; who asked for calm, where somebody
    did and no second person has granted it. Unknown times are empty.
    """

    name: str
    countries: list[str]
    crossings: list[str]
    zone: str
    delay_minutes: int
    curfew: list[str]
    alerts: list[str]
    closed: bool
    threat: bool
    threat_since: str
    calm_asked_by: str


async def list_corridors(office: Office, actor: Actor, request: None = None) -> list[CorridorView]:
    """The corridors of this node."""
    now = office.node.clock.now()
    return [_view(one, now) for one in await office.node.engine.read(CORRIDORS.list)]


async def set_corridor(office: Office, actor: Actor, request: CorridorRequest) -> CorridorView:
    """Watch a corridor, or change one while it is calm."""
    try:
        ZoneInfo(request.zone)
        wanted = msgspec.convert(msgspec.to_builtins(request), Corridor)
    except (msgspec.ValidationError, ValueError, OSError, KeyError) as error:
        expected = "countries, crossings, hours such as 00:00-05:00, a zone such as Europe/Kyiv, a delay of an hour"
        raise Refusal("bad-corridor", expected, str(error), "see `xstock corridor set --help`", 2) from None
    if not wanted.countries and not wanted.crossings:
        raise Refusal("bad-corridor", "a crossing or countries", "neither", "give --crossing or --country", 2)

    def change(tx: Transaction, held: Corridor | None) -> Corridor:
        if held is None and len(CORRIDORS.list(tx)) >= MOST:
            raise Refusal("too-many", f"at most {MOST} corridors", str(MOST + 1), "remove one")
        if held is not None and held.threat:
            raise Refusal("threat", "a corridor that is calm", f"{held.name} in threat mode", "end it first, by two")
        return msgspec.structs.replace(wanted, alerts=held.alerts if held else ())

    return await _changed(office, actor, request.name, "corridor.set", change)


async def remove_corridor(office: Office, actor: Actor, request: CorridorName) -> list[CorridorView]:
    """Watch a corridor no more; not while it is in threat mode."""

    def work(tx: Transaction) -> None:
        if _known(tx, request.name).threat:
            raise Refusal("threat", "a corridor that is calm", f"{request.name} in threat mode", "end it first, by two")
        CORRIDORS.drop(tx, request.name)
        office.record(tx, actor, "corridor.remove", request.name)

    await office.node.engine.write(work, durable=True)
    return await list_corridors(office, actor)


async def threaten(office: Office, actor: Actor, request: CorridorName) -> CorridorView:
    """Begin threat mode: passages are told late and coarse from now on. One person is enough."""

    def change(tx: Transaction, held: Corridor | None) -> Corridor:
        now = office.node.clock.now()
        one = held or _known(tx, request.name)
        begun = msgspec.structs.replace(one, threat_since=one.threat_since or now, calm_by="", calm_at=0)
        CORRIDORS.put(tx, begun.name, begun, now)
        forget_places(office, tx, begun)
        return begun

    return await _changed(office, actor, request.name, "corridor.threaten", change)


async def calm(office: Office, actor: Actor, request: CorridorName) -> CorridorView:
    """Ask for the end of threat mode, or grant it as a second person within a day. Raises Refusal `second-person`."""
    now = office.node.clock.now()
    who = actor.name if actor.grants is not None else OPERATOR.name  # one operator, by whichever road

    def change(tx: Transaction, held: Corridor | None) -> Corridor:
        one = held or _known(tx, request.name)
        if not one.threat:
            raise Refusal("calm", "a corridor in threat mode", f"{one.name} is calm", "nothing is to be done")
        if not one.calm_by or now - one.calm_at > DAY:
            return msgspec.structs.replace(one, calm_by=who, calm_at=now)
        if one.calm_by == who:
            came = f"{who}, who asked for it"
            raise Refusal("second-person", "another person than who asked", came, "ask a second person")
        return msgspec.structs.replace(one, threat_since=0, calm_by="", calm_at=0)

    return await _changed(office, actor, request.name, "corridor.calm", change)


async def note_alert(office: Office, actor: Actor, request: AlertHours) -> CorridorView:
    """Note an air alert: no convoy of the corridor grows late meanwhile."""
    now = office.node.clock.now()
    if not 0 < request.ends - request.begins <= 7 * DAY or abs(request.begins - now) > 7 * DAY:
        came = f"{iso(request.begins)} to {iso(request.ends)}"
        raise Refusal("bad-time", "an end after the beginning, within a week of now", came, "write both times", 2)

    def change(tx: Transaction, held: Corridor | None) -> Corridor:
        one = held or _known(tx, request.name)
        alerts = [span for span in one.alerts if span[0] != request.begins and span[1] > now - 7 * DAY]
        return msgspec.structs.replace(one, alerts=(*alerts, (request.begins, request.ends))[-200:])

    return await _changed(office, actor, request.name, "corridor.alert", change)


async def _changed(office: Office, actor: Actor, name: str, verb: str, change: Change) -> CorridorView:
    now = office.node.clock.now()

    def work(tx: Transaction) -> Corridor:
        one = change(tx, CORRIDORS.get(tx, name))
        CORRIDORS.put(tx, name, one, now)
        office.record(tx, actor, verb, name, "threat" if one.threat else "calm")
        return one

    found = await office.node.engine.write(work, durable=True)
    office.changes.tell("")
    return _view(found, now)


def _known(tx: Transaction, name: str) -> Corridor:
    held = CORRIDORS.get(tx, name)
    if held is None:
        raise Refusal("no-corridor", "a corridor of this node", name, "see `xstock corridor list`")
    return held


def _view(one: Corridor, now: int) -> CorridorView:
    return CorridorView(
        name=one.name,
        countries=list(one.countries),
        crossings=list(one.crossings),
        zone=one.zone,
        delay_minutes=one.delay_minutes,
        curfew=list(one.curfew),
        alerts=[f"{iso(begins)}/{iso(ends)}" for begins, ends in one.alerts if ends > now - 7 * DAY],
        closed=is_closed([one], now),
        threat=one.threat,
        threat_since=iso(one.threat_since) if one.threat else "",
        calm_asked_by=one.calm_by if one.threat and now - one.calm_at <= DAY else "",
    )
