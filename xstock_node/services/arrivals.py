"""Arrivals of people, noted by the people of this node; what leaves the node is a table of rounded cells."""

import csv
import io
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from xstock_node.domain import arrivals
from xstock_node.domain.arrivals import Area, Arrival, ArrivalCell, By, People, Reference
from xstock_node.protocol import limits
from xstock_node.services.errors import Refusal
from xstock_node.services.fresh import fresh
from xstock_node.services.office import Actor, Office
from xstock_node.services.shelf import Shelf
from xstock_node.services.times import iso
from xstock_node.storage.interfaces import Transaction

ARRIVALS: Final[Shelf[Arrival]] = Shelf("arrival", Arrival)
AHEAD: Final = 86_400


class NoteArrival(msgspec.Struct, frozen=True, kw_only=True):
    """People came into an area at a time (unix seconds, 0: now). Counts alone: nothing is said of who they are."""

    area: Area
    people: People
    by: By
    at: Annotated[int, Meta(ge=0, le=limits.LAST_SECOND)] = 0
    event: Reference = ""


class ArrivalRef(msgspec.Struct, frozen=True, kw_only=True):
    """A note of arrivals by its id."""

    id: Annotated[str, Meta(min_length=1, max_length=40)]


class ArrivalsAsked(msgspec.Struct, frozen=True, kw_only=True):
    """Arrivals of one event, or all."""

    event: Reference = ""


class ExportArrivals(ArrivalsAsked, frozen=True, kw_only=True):
    """The table that may leave the node."""

    format: Literal["csv", "json"] = "csv"


class ArrivalView(msgspec.Struct, frozen=True, kw_only=True):
    """One note, as it is known inside this node alone."""

    id: str
    area: str
    people: int
    at: str
    by: By
    event: str


class ArrivalTable(msgspec.Struct, frozen=True, kw_only=True):
    """The table as text, and its cells."""

    format: str
    cells: list[ArrivalCell]
    text: str


async def note_arrival(office: Office, actor: Actor, request: NoteArrival) -> ArrivalView:
    """Keep a count."""
    now = office.node.clock.now()
    at = request.at or now
    if at > now + AHEAD:
        raise Refusal("bad-time", "a time that is not ahead by more than a day", iso(at), "note it when they came", 2)
    fresh_id, _ = fresh(office.node.random)
    row = Arrival(id=fresh_id, area=request.area, people=request.people, at=at, by=request.by, event=request.event)

    def work(tx: Transaction) -> None:
        if len(ARRIVALS.list(tx)) >= limits.ARRIVALS:
            raise Refusal(
                "full", f"at most {limits.ARRIVALS} notes", "more", "drop old ones, with `xstock arrival drop`"
            )
        ARRIVALS.put(tx, row.id, row, now)
        office.record(tx, actor, "arrival.note", row.id, f"{row.area} by {row.by}")

    await office.node.engine.write(work, durable=True)
    return _view(row)


async def list_arrivals(office: Office, actor: Actor, request: ArrivalsAsked) -> list[ArrivalView]:
    """The notes, the newest first."""
    return [_view(one) for one in sorted(await _held(office, request.event), key=lambda one: (-one.at, one.id))]


async def drop_arrival(office: Office, actor: Actor, request: ArrivalRef) -> ArrivalView:
    """Take back a note that was wrong."""

    def work(tx: Transaction) -> ArrivalView:
        row = ARRIVALS.get(tx, request.id)
        if row is None:
            raise Refusal("no-arrival", "the id of a note", request.id, "see `xstock arrival list`", 2)
        ARRIVALS.drop(tx, row.id)
        office.record(tx, actor, "arrival.drop", row.id, f"{row.area} by {row.by}")
        return _view(row)

    return await office.node.engine.write(work, durable=True)


async def export_arrivals(office: Office, actor: Actor, request: ExportArrivals) -> ArrivalTable:
    """The table by area, day and way of travel, rounded to tens, small cells without a figure."""
    cells = list(arrivals.cells(await _held(office, request.event), limits.ARRIVALS))
    text = _csv(cells) if request.format == "csv" else msgspec.json.encode(cells).decode()
    return ArrivalTable(format=request.format, cells=cells, text=text)


async def _held(office: Office, event: str) -> list[Arrival]:
    found = await office.node.engine.read(ARRIVALS.list)
    return [one for one in found if event in ("", one.event)]


def _csv(cells: list[ArrivalCell]) -> str:
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(("day", "area", "by", "people"))
    for one in cells:
        lines.writerow((one.day, one.area, one.by, "<10" if one.people is None else one.people))
    return out.getvalue()


def _view(row: Arrival) -> ArrivalView:
    return ArrivalView(id=row.id, area=row.area, people=row.people, at=iso(row.at), by=row.by, event=row.event)
