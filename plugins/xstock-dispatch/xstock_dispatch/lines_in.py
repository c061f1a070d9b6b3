"""A resource, or a mission without any, as a line."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from xstock_dispatch import codes, marks
from xstock_dispatch.emsi import Mission, Stock
from xstock_dispatch.places import read_moment, read_position
from xstock_dispatch.times import read_time
from xstock_dispatch.told import Broken, Told
from xstock_node.plugins.interchange import Coded, MessageKind, Resource, Schedule

_DIGITS: Final = 40
_ANSWERS: Final = {"AVAILB": "accept", "UNAV": "decline"}
_OWN: Final = ("about", "answer", "condition", "expiry", "lot", "resource", "said", "terms")


def read_line(stock: Stock, kind: MessageKind, ours: bool, mission: Mission | None, told: Told) -> Resource:
    """A line. Of our own messages (`ours`) marks say what EMSI has no element for; of others nothing is taken for one.

    What is asked for without a place is wanted where its mission is.
    """
    if stock.contacts:
        told.skip("person", "CONTACTS")
    schedule = [read_moment(place, kind, told) for place in stock.rgeo]
    if not ours and kind == "request" and mission and not any(one.moment == "requested-arrival" for one in schedule):
        schedule += _wanted(mission, kind, told)
    fields = _marked(stock) if ours else _foreign(stock, kind, told)
    return Resource(
        id=stock.id, owner=stock.org_id, quantity=_quantity(stock.quantity), schedule=tuple(schedule), **fields
    )


def read_mission(mission: Mission, kind: MessageKind, told: Told) -> Resource:
    """A line of which nothing is known but the mission: its quantity is unknown."""
    return Resource(
        id=mission.id,
        name=mission.name,
        owner=mission.org_id,
        codes=(Coded(codes.MISSION, mission.type),),
        schedule=tuple(_wanted(mission, kind, told)),
    )


def _wanted(mission: Mission, kind: MessageKind, told: Told) -> Iterator[Schedule]:
    at = read_time(mission.start_time, "MISSION.START_TIME", told)
    place = None if mission.position is None else read_position(mission.position, told)
    if at or place:
        yield Schedule(moment="requested-arrival" if kind == "request" else "reported", at=at, place=place)


def _quantity(said: Decimal | None) -> Decimal | None:
    if said is None:
        return None
    if not said.is_finite() or said < 0 or abs(said.adjusted()) > _DIGITS or len(said.as_tuple().digits) > _DIGITS:
        raise Broken("wrong-value", "a QUANTITY of 0 or more", str(said)[:60], "correct it")
    return said


def _marked(stock: Stock) -> dict[str, Any]:
    found, coded = dict[str, str](), list[Coded]()
    for said in stock.rtype.characteristics:
        if (mark := marks.split(said)) is None:
            continue
        if mark[0] == "code":
            coded.append(Coded(*marks.read_code(mark[1])))
        else:
            found.setdefault(*mark)
    unit, um = found.get("unit", ""), stock.um
    if um and codes.UM_OF.get(unit) != um:
        unit = codes.UNITS.get(um, ("",))[0]
    item = found.get("item", "")
    return {
        **{name: found.get(name, "") for name in _OWN},
        "name": "" if "unnamed" in found else stock.name,
        "item": item if codes.CLASS_OF.get(item, codes.ANY_CLASS) in stock.rtype.rclass else "",
        "codes": tuple(coded),
        "unit": unit,
        "reason": stock.freetext,
    }


def _foreign(stock: Stock, kind: MessageKind, told: Told) -> dict[str, Any]:
    answer = _ANSWERS.get(stock.status.strip(), "") if kind == "offer" else ""
    coded = [
        *(Coded(codes.RCLASS, one.strip()) for one in stock.rtype.rclass),
        *(Coded(codes.CAPABILITY, one) for one in stock.rtype.capability),
        *(Coded(codes.CHARACTERISTIC, one[:1000]) for one in stock.rtype.characteristics),
    ]
    unit = _unit(stock, coded, told)
    if stock.nationality:
        coded.append(Coded(codes.NATIONALITY, stock.nationality))
    if stock.freetext and not answer:
        coded.append(Coded(codes.FREETEXT, stock.freetext[:1000]))
    return {
        "name": stock.name,
        "item": _item(stock, told),
        "codes": tuple(coded),
        "unit": unit,
        "answer": answer,
        "reason": stock.freetext[:1000] if answer else "",
    }


def _unit(stock: Stock, coded: list[Coded], told: Told) -> str:
    um = stock.um.strip()
    if not um:
        return ""
    if um not in codes.UNITS:
        told.flag("unknown-unit", um)
        coded.append(Coded(codes.UM, um))
        return ""
    return codes.UNITS[um][0]


def _item(stock: Stock, told: Told) -> str:
    """The item of the first class that has any: presumed, and flagged, where it might be another too."""
    found = ""
    for raw in map(str.strip, stock.rtype.rclass):
        if (known := codes.known_class(raw)) != raw:
            told.flag("unknown-code", f"{raw} = {known}" if known else raw)
        if known in codes.ITEMS and not found:
            items = codes.ITEMS[known]
            found = items[0]
            if known != raw or len(items) > 1:
                told.flag("item-presumed", f"{raw} = {found}")
    return found
