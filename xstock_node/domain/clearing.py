"""Consignments of an operation and their clearance: staged, green light, countersigned, on the way, refused.

A green light names a vehicle, a crossing and a day. It stands once the supplier has countersigned it, and a change of
any of the three voids it.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeVar

from xstock_node.domain.border import Refused, consignment_of, refused_loads
from xstock_node.domain.steps import Dispatch, GreenLight, Stage
from xstock_node.domain.sums import ZERO, Sums, added, total

if TYPE_CHECKING:
    from xstock_node.domain.operation import Event

T = TypeVar("T")
Stand = Literal["staged", "asked", "cleared", "dispatched", "at-border", "turned-back"]


class Clearance(NamedTuple):
    """Both sides of a green light; `void` says why it no longer stands, empty while it does."""

    light: GreenLight
    export: GreenLight
    void: str = ""

    def covers(self, dispatch: Dispatch, now: int) -> str:
        """Empty where a vehicle may leave under it, else why not."""
        if self.void:
            return self.void
        if missing := open_fields(self.light):
            return f"it leaves open: {', '.join(missing)}"
        if now > self.light.valid_until:
            return "its validity has ended"
        return _differs(self.light, dispatch.vehicle, dispatch.crossing, dispatch.day)


def open_fields(light: GreenLight) -> list[str]:
    """What a green light has to name and does not."""
    said = {"consignment": light.consignment, "vehicle": light.vehicle, "crossing": light.crossing, "day": light.day}
    return [name for name, value in said.items() if not value]


class ConsignmentStatus(NamedTuple):
    """Where a consignment stands; `light` is the newest green light, countersigned or not.

    It is at the border while any of its goods wait there, even if the rest went on. `dispatched` counts how often it
    left, `sent` how much, what was taken on from a border again among it; `load` is what became of what was refused,
    None where nothing was; `relit`: cleared since it left last.
    """

    id: str
    stand: Stand
    stage: Stage | None
    light: GreenLight | None
    clearance: Clearance | None
    dispatched: int
    sent: Sums
    load: Refused | None
    relit: bool


def consignments_of(events: Sequence["Event"]) -> dict[str, ConsignmentStatus]:
    """The consignments that the steps of an operation name, by their id."""
    ids = sorted({e.body.consignment for e in events if isinstance(e.body, Stage | GreenLight | Dispatch)})
    loads = refused_loads(events)
    return {id_: _status(id_, [e for e in events if consignment_of(e) == id_], loads.get(id_)) for id_ in ids}


def _status(id_: str, events: Sequence["Event"], load: Refused | None) -> ConsignmentStatus:
    stage = _newest(e.body for e in events if isinstance(e.body, Stage))
    lights = [(e.n, e.body) for e in events if e.verb == "green-light" and isinstance(e.body, GreenLight)]
    light = lights[-1][1] if lights else None
    clearance = None
    if light is not None:
        signed = [e for e in events if e.verb == "clear" and e.seen >= lights[-1][0]]
        export = _newest(e.body for e in signed if isinstance(e.body, GreenLight))
        # What was staged otherwise once voids it for good, whatever is staged after that.
        later = [e.body for e in events if isinstance(e.body, Stage) and e.seen >= lights[-1][0]]
        why = next((found for one in (stage, *later) if (found := void(light, one))), "")
        clearance = Clearance(light, export, why) if export is not None else None
    dispatched = sum(e.verb == "dispatch" for e in events)
    sent = added(total(e.body.lines) for e in events if isinstance(e.body, Dispatch))
    stand: Stand = "dispatched" if dispatched else _before_leaving(light, clearance)
    if dispatched and load is not None:
        stand = "at-border" if load.waiting else "turned-back" if _all_turned(sent, load) else "dispatched"
    left = max((e.n for e in events if e.verb == "dispatch"), default=0)
    relit = any(e.verb == "clear" and e.n > left for e in events)
    return ConsignmentStatus(id_, stand, stage, light, clearance, dispatched, sent, load, relit)


def _all_turned(sent: Sums, load: Refused) -> bool:
    """Whether nothing of the load went on: all that left was turned back."""
    back = added([load.turned, load.reloaded])
    return bool(load.turned) and all(back.get(key, ZERO) >= quantity for key, quantity in sent.items())


def _before_leaving(light: GreenLight | None, clearance: Clearance | None) -> Stand:
    if clearance is not None and not clearance.void:
        return "cleared"
    return "asked" if light else "staged"


def void(light: GreenLight, stage: Stage | None) -> str:
    """Why a green light does not fit what is staged; empty where it does, or nothing is."""
    if stage is None:
        return ""
    crossing = light.crossing if not stage.crossings or light.crossing in stage.crossings else stage.crossings[0]
    return _differs(light, stage.vehicle, crossing, stage.day)


def _differs(light: GreenLight, vehicle: str, crossing: str, day: str) -> str:
    """What is another than the green light says; a vehicle, crossing or day that it leaves open is never another."""
    for what, granted, came in (
        ("vehicle", light.vehicle, vehicle),
        ("crossing", light.crossing, crossing),
        ("day", light.day, day),
    ):
        if granted and came != granted:
            return f"the green light is for another {what}"
    return ""


def _newest(bodies: Iterable[T]) -> T | None:
    return next(reversed([*bodies]), None)
