"""`xstock reception`: what countries want from goods that arrive."""

from pathlib import Path

import click

from xstock_node.cli.agreement import settled_file, write_note
from xstock_node.cli.output import emit, pairs, verb, words
from xstock_node.cli.session import open_session
from xstock_node.services.settling import ReceptionFilter, ReceptionView


@click.group("reception")
def reception() -> None:
    """Reception profiles: edit, show."""


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
