"""`xstock network application, sponsor, refuse, leave`: towns that applied by the public form."""

from pathlib import Path
from typing import Final

import click
import msgspec

from xstock_node.cli.output import emit, pairs, verb, words
from xstock_node.cli.session import open_session
from xstock_node.domain.towns import TOWN_TIERS, TownTier
from xstock_node.services.towns import RefuseTown, SponsorTown, TownRef, TownView

ID = click.argument("id_", metavar="ID")


@click.command("application")
@ID
@verb
async def application(as_json: bool, home: Path | None, id_: str) -> None:
    """Application ID of a town, and what became of it."""
    async with open_session(home) as session:
        emit(await session.call("network.application", TownRef(id=id_)), as_json, _town)


@click.command("sponsor")
@ID
@click.option("--tier", type=click.Choice(TOWN_TIERS), default="town", show_default=True, help="What it may see.")
@click.option("--days", default=365, show_default=True, help="For how long, at most 400.")
@click.option("--digits", default="", help="The 24 digits of the town's node, as its people read them out.")
@verb
async def sponsor(as_json: bool, home: Path | None, id_: str, tier: TownTier, days: int, digits: str) -> None:
    """Sponsor town ID: by a vouch for its node, or with a key to its page where it has none."""
    request = msgspec.convert({"id": id_, "tier": tier, "days": days, "digits": digits}, SponsorTown)
    async with open_session(home) as session:
        emit(await session.call("network.sponsor", request), as_json, _town)


@click.command("refuse")
@ID
@click.option("--reason", required=True, help="Why; for the people of this node, no person's name.")
@verb
async def refuse(as_json: bool, home: Path | None, id_: str, reason: str) -> None:
    """Refuse application ID of a town; the address in it is forgotten."""
    async with open_session(home) as session:
        emit(await session.call("network.refuse", RefuseTown(id=id_, reason=reason)), as_json, _town)


@click.command("leave")
@ID
@verb
async def leave(as_json: bool, home: Path | None, id_: str) -> None:
    """Town ID leaves at its own wish: its key, or its vouch, ends."""
    async with open_session(home) as session:
        emit(await session.call("network.leave", TownRef(id=id_)), as_json, _town)


VERBS: Final = (application, sponsor, refuse, leave)


def _town(town: TownView) -> str:
    rows = [(name, ", ".join(v) if isinstance(v, list) else v) for name, v in msgspec.structs.asdict(town).items()]
    lines = [pairs((name, value) for name, value in rows if value != "")]
    if town.key:
        hint = "the key is shown this once: hand it to the town by telephone or on paper"
        lines.append(words("sponsor.key", hint))
    return "\n".join(lines)
