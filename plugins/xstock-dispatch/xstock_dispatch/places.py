"""Places and moments as positions of EMSI."""

from decimal import Decimal
from typing import Final, cast

from xstock_dispatch.emsi import Coordinates, Position, ResourcePlace
from xstock_dispatch.kinds import MOMENTS
from xstock_dispatch.marks import OURS
from xstock_dispatch.times import read_time, write_time
from xstock_dispatch.told import Broken, Told
from xstock_node.plugins.interchange import MessageKind, Moment, Place, Point, Schedule

_WGS84: Final = "EPSG-4326"
_PLACE: Final = OURS + "place="


def write_position(place: Place) -> Position:
    """The position of a place; country and UN/LOCODE go into LOC_ID, for which the profile has no list."""
    point = () if place.point is None else (_coordinates(place.point),)
    return Position(
        loc_id=f"{_PLACE}{place.country}:{place.code}" if place.country or place.code else "",
        name=place.description,
        type="POINT" if point else "",
        coordsys=_WGS84 if point else "",
        coord=point,
        address=place.address,
    )


def _coordinates(point: Point) -> Coordinates:
    latitude, longitude = (Decimal(repr(float(one))) for one in point)
    return Coordinates(lat=latitude, long=longitude)


def read_position(position: Position, told: Told) -> Place:
    """The place; of an area or another reference system than WGS 84 the words alone, with a flag."""
    point = None
    if position.coord:
        if len(position.coord) > 1 or position.coordsys.strip() not in ("", _WGS84):
            told.flag("area-as-words", position.name)
        else:
            point = _point(position.coord[0])
    country = code = ""
    if position.loc_id.startswith(_PLACE):
        country, _, code = position.loc_id.removeprefix(_PLACE).partition(":")
    return Place(description=position.name, country=country, code=code, point=point, address=position.address)


def _point(coordinates: Coordinates) -> Point:
    point = Point(float(coordinates.lat), float(coordinates.long))
    if not (abs(point.latitude) <= 90 and abs(point.longitude) <= 180):
        raise Broken(
            "wrong-value", "degrees of WGS 84 in COORD", f"{point.latitude}, {point.longitude}", "correct them"
        )
    return point


def write_moment(schedule: Schedule) -> ResourcePlace:
    """One moment of a line."""
    return ResourcePlace(
        datime=write_time(schedule.at, "schedule") if schedule.at else "",
        type=MOMENTS[schedule.moment],
        id=OURS + schedule.moment,
        position=() if schedule.place is None else (write_position(schedule.place),),
    )


def read_moment(place: ResourcePlace, kind: MessageKind, told: Told) -> Schedule:
    """A moment: as we marked it, else what this kind of place means in this kind of message."""
    marked = place.id.removeprefix(OURS)
    ours = place.id.startswith(OURS) and MOMENTS.get(cast(Moment, marked)) == place.type
    position = place.position[0] if place.position else None
    if len(place.position) > 1:
        told.flag("area-as-words", place.freetext)
    return Schedule(
        moment=cast(Moment, marked) if ours else _moment(place.type.strip(), kind, told),
        at=read_time(place.datime, "RGEO.DATIME", told),
        place=None if position is None else read_position(position, told),
    )


def _moment(type_: str, kind: MessageKind, told: Told) -> Moment:
    if type_ not in MOMENTS.values():
        told.flag("unknown-code", type_)
    if type_ == "TGT":
        return "requested-arrival" if kind == "request" else "estimated-arrival"
    if type_ == "CUR":
        return "actual-arrival" if kind == "receipt" else "current"
    return "reported"
