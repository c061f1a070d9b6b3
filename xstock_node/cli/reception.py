"""`xstock reception`: what countries want from goods that arrive."""

from pathlib import Path

import click

from xstock_node.cli.agreement import settled_file, write_note
from xstock_node.cli.output import emit, pairs, table, verb, words
from xstock_node.cli.session import open_session
from xstock_node.domain.terms import Terms
from xstock_node.services.routing import RouteRequest, RouteView
from xstock_node.services.settling import ReceptionFilter, ReceptionView


@click.group("reception")
def reception() -> None:
    """Reception profiles: edit, show, routes."""


@reception.command("edit")
@click.argument("file", type=click.Path(path_type=Path))
@verb
async def edit(as_json: bool, home: Path | None, file: Path) -> None:
    """Sign the own profile of FILE (TOML or JSON) and keep it, or keep another node's signed note."""
    async with open_session(home) as session:
        emit(await session.call("reception.edit", settled_file(file)), as_json, lambda one: _all([one]))


@reception.command("show")
@click.option("--country", default="", help="Only this one (ISO 3166-1 alpha-2).")
@click.option("--out", type=click.Path(path_type=Path), help="Also write the own signed note here, for other nodes.")
@verb
async def show(as_json: bool, home: Path | None, country: str, out: Path | None) -> None:
    """The reception profiles held here, own and other nodes'."""
    async with open_session(home) as session:
        found = await session.call("reception.show", ReceptionFilter(country=country))
    own = [one.note for one in found if one.own]
    if own:
        write_note(out, own[0])
    emit(found, as_json, _all)


@reception.command("routes")
@click.argument("start", metavar="FROM")
@click.argument("end", metavar="TO")
@click.option("--terms", type=click.Choice([str(one) for one in Terms]), default="loan", help="They select the papers.")
@click.option("--truck", default="", help="Gross tonnes of the lorry; none is too large where left out.")
@verb
async def routes(as_json: bool, home: Path | None, start: str, end: str, terms: str, truck: str) -> None:
    """Roads FROM one place of the profiles TO another, with hours and the papers wanted at each crossing."""
    async with open_session(home) as session:
        asked = RouteRequest(start=start, end=end, terms=Terms(terms), truck=truck)
        emit(await session.call("reception.routes", asked), as_json, _roads)


def _roads(found: list[RouteView]) -> str:
    return "\n\n".join(_road(one) for one in found) or words("reception.no-road", "no road leads there")


def _road(one: RouteView) -> str:
    unknown = words("value.unknown", "unknown")
    least = words("reception.least", "unknown, at least {hours}", hours=one.at_least)
    rows: list[tuple[str, object]] = [
        ("way", " - ".join(one.stops)),
        ("hours", one.hours or least),
        ("km", one.km),
        ("not known", ", ".join(one.unknown)),
        ("papers", None if one.papers is None else ", ".join(one.papers)),
        *(("mind", word) for word in one.mind),
    ]
    borders = [
        (b.code, b.country, b.hours or unknown, ", ".join(b.open) if b.open else unknown, b.regime or unknown,
         unknown if b.papers is None else "; ".join(b.papers))
        for b in one.borders
    ]  # fmt: skip
    titles = ("crossing", "into", "hours", "open", "regime", "papers wanted")
    return pairs(rows) + ("\n" + table(titles, borders) if borders else "")


def _all(found: list[ReceptionView]) -> str:
    return "\n\n".join(_one(one) for one in found) or words("reception.none", "none")


def _one(found: ReceptionView) -> str:
    held = found.profile
    rows: list[tuple[str, object]] = [
        ("country", held.country),
        ("signed by", f"{found.origin}, {held.signed_by}, {held.signed_on}"),
        ("valid until", held.valid_until),
        ("entry points", ", ".join(point.code for point in held.entry_points)),
        ("languages", ", ".join(held.languages)),
        ("consignee", held.consignee),
        ("largest truck t", held.largest_truck_t),
        ("source", held.source),
        *(("mind", notice) for notice in found.notices),
    ]
    if not found.holds:
        rows.append(("mind", words("reception.over", "this profile is no longer valid")))
    return pairs(rows)
