"""`xstock log`: the signed logs held here."""

from pathlib import Path

import click

from xstock_node.cli.output import emit, table, verb, words
from xstock_node.cli.session import open_session


@click.group("log")
def log() -> None:
    """The signed logs held here."""


@log.command("verify")
@verb
async def verify(as_json: bool, home: Path | None) -> None:
    """Hash every stored record again and compare with the signed heads. Ends with 1 when one does not hold."""
    async with open_session(home) as session:
        found = await session.call("log.verify")
    rows = [(v.log, v.records, words("log.holds", "holds") if v.holds else v.why) for v in found]
    emit(found, as_json, lambda _: table(("log", "records", ""), rows))
    if not all(v.holds for v in found):
        raise click.exceptions.Exit(1)
