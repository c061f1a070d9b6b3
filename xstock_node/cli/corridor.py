"""`xstock corridor`: corridors that are watched, and their threat mode."""

from pathlib import Path

import click
import msgspec

from xstock_node.cli.output import emit, table, verb, words
from xstock_node.cli.session import open_session
from xstock_node.cli.step_fields import moment
from xstock_node.domain.corridor_watch import DELAY
from xstock_node.services.corridor_desk import AlertHours, CorridorName, CorridorRequest, CorridorView
from xstock_node.services.errors import Refusal


@click.group("corridor")
def corridor() -> None:
    """Corridors that are watched: list, set, alert, and threat mode: threaten, calm."""


@corridor.command("list")
@verb
async def list_(as_json: bool, home: Path | None) -> None:
    """The corridors, their hours, and which are in threat mode."""
    async with open_session(home) as session:
        emit(await session.call("corridor.list"), as_json, _corridors)


@corridor.command("set")
@click.argument("name")
@click.option("--country", "countries", multiple=True, help="A country that it passes; may be given several times.")
@click.option("--crossing", "crossings", multiple=True, help="A crossing, as stagings name it; several times.")
@click.option("--zone", default="UTC", help="The time zone of its hours, such as Europe/Kyiv.")
@click.option("--delay", default=DELAY, help="Minutes by which passages are told late in threat mode.")
@click.option("--curfew", multiple=True, help="Hours in which nothing moves, such as 00:00-05:00; several times.")
@verb
async def set_(
    as_json: bool,
    home: Path | None,
    name: str,
    countries: tuple[str, ...],
    crossings: tuple[str, ...],
    zone: str,
    delay: int,
    curfew: tuple[str, ...],
) -> None:
    """Watch the corridor NAME, or change it while it is calm."""
    said = {
        "name": name,
        "countries": countries,
        "crossings": crossings,
        "zone": zone,
        "delay_minutes": delay,
        "curfew": curfew,
    }
    try:
        wanted = msgspec.convert(said, CorridorRequest)
    except msgspec.ValidationError as error:
        raise Refusal("bad-corridor", "a name, countries, hours and a delay", str(error), "see --help", 2) from None
    async with open_session(home) as session:
        emit([await session.call("corridor.set", wanted)], as_json, _corridors)


@corridor.command("remove")
@click.argument("name")
@verb
async def remove(as_json: bool, home: Path | None, name: str) -> None:
    """Watch the corridor NAME no more; not while it is in threat mode."""
    async with open_session(home) as session:
        emit(await session.call("corridor.remove", CorridorName(name=name)), as_json, _corridors)


@corridor.command("threaten")
@click.argument("name")
@verb
async def threaten(as_json: bool, home: Path | None, name: str) -> None:
    """Begin threat mode on NAME: passages are told late and coarse, and no plates are declared."""
    async with open_session(home) as session:
        emit([await session.call("corridor.threaten", CorridorName(name=name))], as_json, _corridors)


@corridor.command("calm")
@click.argument("name")
@verb
async def calm(as_json: bool, home: Path | None, name: str) -> None:
    """End threat mode on NAME: one person asks for it, a second one ends it."""
    async with open_session(home) as session:
        emit([await session.call("corridor.calm", CorridorName(name=name))], as_json, _corridors)


@corridor.command("alert")
@click.argument("name")
@click.option("--from", "begins", required=True, help="When the air alert began, ISO with offset.")
@click.option("--until", "ends", required=True, help="When it ends or is thought to end, ISO with offset.")
@verb
async def alert(as_json: bool, home: Path | None, name: str, begins: str, ends: str) -> None:
    """Note an air alert on NAME: no convoy grows late meanwhile."""
    wanted = AlertHours(name=name, begins=moment(begins), ends=moment(ends))
    async with open_session(home) as session:
        emit([await session.call("corridor.alert", wanted)], as_json, _corridors)


def _corridors(found: list[CorridorView]) -> str:
    rows = [
        (
            one.name,
            _mode(one),
            " ".join(one.countries),
            ", ".join(one.crossings),
            f"{', '.join(one.curfew)} {one.zone}".strip(),
            one.delay_minutes,
            ", ".join(one.alerts),
        )
        for one in found
    ]
    titles = ("corridor", "mode", "countries", "crossings", "curfew", "delay", "air alerts")
    return table(titles, rows) if rows else words("corridor.none", "no corridor is watched: `xstock corridor set`")


def _mode(one: CorridorView) -> str:
    if not one.threat:
        return words("corridor.calm", "calm")
    mode = words("corridor.threat", "THREAT since {since}", since=one.threat_since)
    if one.calm_asked_by:
        mode += words("corridor.asked", "; {who} asked for calm, a second person ends it", who=one.calm_asked_by)
    return mode
