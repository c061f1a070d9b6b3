"""`xstock log`: the signed logs held here."""

from pathlib import Path

import click

from xstock_node.cli.output import emit, table, verb, words
from xstock_node.cli.session import open_session
from xstock_node.services.acting import TailRequest
from xstock_node.services.disclosing import EraseRequest
from xstock_node.services.errors import Refusal


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


@log.command("tail")
@click.option("--count", type=click.IntRange(1, 500), default=100, help="How many of the newest.")
@click.option("--text", default="", help="Only those whose actor, verb or subject contains this.")
@verb
async def tail(as_json: bool, home: Path | None, count: int, text: str) -> None:
    """The newest acts of people and programs: who did what, when, over which road."""
    async with open_session(home) as session:
        found = await session.call("log.tail", TailRequest(count=count, text=text))
    rows = [(act.at, act.actor, act.verb, act.subject, act.detail) for act in found]
    emit(found, as_json, lambda _: table(("time", "who", "what", "about", "more"), rows))


@log.command("erase")
@click.option("--offer", default="", help="Erase every record of this own offer.")
@click.option("--index", "indexes", multiple=True, type=int, help="Erase the record at this index; may be repeated.")
@click.option("--label", default="", help="Label of the own log; the shared one by default.")
@click.option("--yes", is_flag=True, help="Do it; without this only what would be erased is told.")
@verb
async def erase(as_json: bool, home: Path | None, offer: str, indexes: tuple[int, ...], label: str, yes: bool) -> None:
    """Erase records of an own log, here now and at every member within the charter's days; the hashes stay."""
    if not yes:
        raise Refusal("not-sure", "--yes", f"offer {offer or '-'}, indexes {list(indexes)}", "it cannot be undone", 2)
    async with open_session(home) as session:
        request = EraseRequest(label=label, indexes=list(indexes), offer=offer)
        erased = await session.call("log.erase", request)
    emit(erased, as_json, lambda e: words("log.erased", "{log}: {count} erased", log=e.log, count=len(e.indexes)))
