"""The load of a dispatch as other systems exchange it, and lines of a message told apart by their ids."""

from collections.abc import Iterable, Sequence

import msgspec

from xstock_node.domain import steps
from xstock_node.domain.messages import HandlingUnit, Packed, Resource, Shipment
from xstock_node.domain.units import from_sent_pair


def shipment_of(stage: steps.Stage | None, dispatch: steps.Dispatch, lines: Sequence[Resource]) -> Shipment | None:
    """What was announced and what left, None where neither says anything; vehicles and drivers are never told.

    `lines` are those of the message.
    """
    units = stage.units if stage is not None else ()
    crossings = (dispatch.crossing,) if dispatch.crossing else stage.crossings if stage is not None else ()
    found = Shipment(
        units=tuple(_unit(unit, lines) for unit in units),
        seals=(dispatch.seal,) if dispatch.seal else (),
        carrier=dispatch.carrier,
        mode=dispatch.mode,
        crossings=tuple(one for one in crossings if one),
    )
    return found if found != Shipment() else None


def _unit(unit: steps.HandlingUnit, lines: Sequence[Resource]) -> HandlingUnit:
    packed = ((_line(one, lines), one.quantity) for one in unit.lines)
    return HandlingUnit(
        id=unit.sscc,
        kg=from_sent_pair(unit.kg) if unit.kg is not None else None,
        m3=from_sent_pair(unit.m3) if unit.m3 is not None else None,
        serials=unit.serials,
        contents=tuple(Packed(line=line, quantity=quantity) for line, quantity in packed if line),
    )


def _line(packed: steps.Line, lines: Sequence[Resource]) -> str:
    """The line of the message of which something is packed: of its lot, else of its item; empty for what is in none."""
    same = [line for line in lines if (line.item, line.unit) == (packed.item, packed.unit)]
    of_lot = [line for line in same if line.lot == packed.lot]
    return next((line.id for line in of_lot or same), "")


def told_apart(lines: Iterable[Resource]) -> tuple[Resource, ...]:
    """Lines of which no two have one id: the first keeps it, the next has `.2` after it, and so on.

    Both sides count the lines of a signed step in its order, so that both give the same ids.
    """
    every = tuple(lines)
    taken, seen = {line.id for line in every}, set[str]()
    found = []
    for line in every:
        id_, number = line.id, 1
        while id_ in seen or (number > 1 and id_ in taken):
            number += 1
            id_ = f"{line.id}.{number}"
        seen.add(id_)
        found.append(line if id_ == line.id else msgspec.structs.replace(line, id=id_))
    return tuple(found)
