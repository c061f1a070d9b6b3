"""Convoys: consignments that are announced or under way, when they are late, and which sightings are one passage."""

from collections.abc import Iterable, Sequence
from typing import Final, Literal, NamedTuple

from xstock_node.domain.corridor_watch import HOUR, Corridor, closed_seconds
from xstock_node.domain.operation import Event, Operation
from xstock_node.domain.operations import ENDED
from xstock_node.domain.steps import Accept, Ask, Dispatch, Movement, Receipt, Stage

GRACE: Final = HOUR
"""Seconds after the arrival that was announced, or after the last word, before a convoy is late."""
SAME: Final = 600
"""Seconds between two sightings of one convoy at one checkpoint that are still one passage: a truck passes several
cameras of a crossing within minutes, and does not pass the same crossing the same way twice in ten."""
EVENTS: Final = ("checkpoint", "at-border", "entry", "hold", "release", "delayed")
"""What a sighting may say: the words of `border` that need nobody's judgement."""


class Convoy(NamedTuple):
    """One consignment on its way, or announced. Times are unix seconds, 0 where unknown.

    `arrival` is as announced, `heard` the last word of it by either side; `vehicle` the hash of a side line.
    """

    consignment: str
    stand: Literal["announced", "under-way"]
    countries: tuple[str, ...] = ()
    crossings: tuple[str, ...] = ()
    left: int = 0
    arrival: int = 0
    heard: int = 0
    vehicle: str = ""
    passed: tuple[Movement, ...] = ()

    def late_since(self, corridors: Sequence[Corridor], now: int) -> int:
        """Since when it is late, by the later of its arrival and the last word; 0 where it is not.

        Closed hours of its corridors do not count; in threat mode the word itself comes later by the delay and up to
        an hour, and is waited for.
        """
        if self.stand != "under-way" or not self.arrival:
            return 0
        due = max(self.arrival, self.heard)
        waits = max((one.delay + HOUR for one in corridors if one.threat), default=0)
        over = now - due - closed_seconds(corridors, due, now) - GRACE - waits
        return due if over > 0 else 0


def convoys_of(operation: Operation, at: Iterable[str] = ()) -> list[Convoy]:
    """The convoys of an operation that are not there yet, by consignment; `at` are countries of its parties."""
    if operation.decided in ENDED:
        return []
    found = [_convoy(operation, id_, at) for id_ in operation.consignments]
    return [one for one in found if one is not None]


def road_of(operation: Operation, at: Iterable[str] = ()) -> tuple[frozenset[str], frozenset[str]]:
    """The countries and crossings of an operation, of all its consignments, also of those that arrived."""
    bodies = [event.body for event in operation.events]
    countries = {one.country for one in bodies if isinstance(one, Ask | Accept)}
    countries |= {country for one in bodies if isinstance(one, Stage) for country in one.countries}
    crossings = {crossing for one in bodies if isinstance(one, Stage) for crossing in one.crossings}
    crossings |= {one.crossing for one in bodies if isinstance(one, Dispatch)}
    return frozenset({*countries, *at} - {""}), frozenset(crossings - {""})


def same_passage(first: int, second: int) -> bool:
    """Whether two sightings of one convoy, event and checkpoint are one passage."""
    return abs(first - second) <= SAME


def _convoy(operation: Operation, id_: str, at: Iterable[str]) -> Convoy | None:
    status = operation.consignments[id_]
    own = [e for e in operation.events if getattr(e.body, "consignment", None) == id_]
    sent = [e for e in own if isinstance(e.body, Dispatch)]
    left = sent[-1].time if sent else 0
    alone = sum(one.dispatched > 0 for one in operation.consignments.values()) == 1
    if status.stand == "turned-back" or _arrived(operation.events, (id_, "") if alone else (id_,), left):
        return None
    stage, dispatch = status.stage, sent[-1].body if sent else None
    asked = [e.body.country for e in operation.events if isinstance(e.body, Ask | Accept)]
    countries = [*(stage.countries if stage else ()), *asked, *at]
    crossings = [*(stage.crossings if stage else ())]
    arrival, vehicle = 0, stage.vehicle if stage else ""
    if isinstance(dispatch, Dispatch):
        crossings.append(dispatch.crossing)
        arrival, vehicle = dispatch.arrival, dispatch.vehicle or vehicle
    moves = [e for e in own if isinstance(e.body, Movement) and e.verb in ("border", "departed")]
    return Convoy(
        consignment=id_,
        stand="under-way" if sent else "announced",
        countries=tuple(sorted({one for one in countries if one})),
        crossings=tuple(dict.fromkeys(one for one in crossings if one)),
        left=left,
        arrival=arrival,
        heard=max((min(e.body.at or e.time, e.time) for e in moves if isinstance(e.body, Movement)), default=0),
        vehicle=vehicle,
        passed=tuple(e.body for e in moves if isinstance(e.body, Movement) and e.verb == "border"),
    )


def _arrived(events: Iterable[Event], named: tuple[str, ...], left: int) -> bool:
    """Whether goods of it were received after it left; a receipt that names nothing is of the only one that left."""
    return any(
        e.verb == "received" and isinstance(e.body, Receipt) and e.body.consignment in named and e.time >= left > 0
        for e in events
    )
