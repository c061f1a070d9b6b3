"""`xstock arrival`: people who arrived, as counts alone."""

from pathlib import Path
from typing import Literal

import click
import msgspec

from xstock_node.cli.output import emit, pairs, table, verb, words
from xstock_node.cli.session import open_session
from xstock_node.cli.step_fields import moment
from xstock_node.domain.arrivals import WAYS
from xstock_node.services.arrivals import ArrivalRef, ArrivalsAsked, ArrivalView, ExportArrivals, NoteArrival

EVENT = click.option("--event", default="", help="Only of this GLIDE number, or number of your own register.")


@click.group("arrival")
def arrival() -> None:
    """Arrival of people, as counts alone: note, list, drop, export."""


@arrival.command("note")
@click.option("--area", required=True, help="Where, as a code that begins with the country, such as BG311.")
@click.option("--people", required=True, type=int, help="How many; nothing is kept of who they are.")
@click.option("--by", type=click.Choice(WAYS), required=True, help="How they came; a ferry is sea.")
@click.option("--at", default="", help="When, an ISO time; now by default.")
@click.option("--event", default="", help="GLIDE number, or a number of your own register.")
@verb
async def note(as_json: bool, home: Path | None, area: str, people: int, by: str, at: str, event: str) -> None:
    """Note how many people arrived in an area."""
    said = {"area": area, "people": people, "by": by, "at": moment(at) if at else 0, "event": event}
    async with open_session(home) as session:
        emit(await session.call("arrival.note", msgspec.convert(said, NoteArrival)), as_json, _view)


@arrival.command("list")
@EVENT
@verb
async def list_(as_json: bool, home: Path | None, event: str) -> None:
    """The notes with their exact counts, for this node's own people."""
    async with open_session(home) as session:
        found = await session.call("arrival.list", ArrivalsAsked(event=event))
    rows = [(one.id, one.at, one.area, one.by, one.people, one.event) for one in found]
    emit(found, as_json, lambda _: table(("note", "at", "area", "by", "people", "event"), rows))


@arrival.command("drop")
@click.argument("id_", metavar="ID")
@verb
async def drop(as_json: bool, home: Path | None, id_: str) -> None:
    """Take back note ID, which was wrong."""
    async with open_session(home) as session:
        emit(await session.call("arrival.drop", ArrivalRef(id=id_)), as_json, _view)


@arrival.command("export")
@EVENT
@click.option("--format", "format_", type=click.Choice(("csv", "json")), default="csv", help="What kind of text.")
@verb
async def export(as_json: bool, home: Path | None, event: str, format_: Literal["csv", "json"]) -> None:
    """The table that may leave the node: by day, area and way, rounded to tens, no figure under ten."""
    async with open_session(home) as session:
        found = await session.call("arrival.export", ExportArrivals(event=event, format=format_))
    emit(found, as_json, lambda made: made.text.rstrip("\n") or words("arrival.none", "no arrivals"))


def _view(one: ArrivalView) -> str:
    return pairs(msgspec.structs.asdict(one).items())
