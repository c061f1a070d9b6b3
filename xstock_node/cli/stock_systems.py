"""`xstock stock`: the inventory systems that own stock is read from and written back to."""

from pathlib import Path

import click

from xstock_node.cli import stock_views as views
from xstock_node.cli.output import emit, verb
from xstock_node.cli.session import open_session
from xstock_node.cli.stock import stock


@stock.command("sources")
@verb
async def sources(as_json: bool, home: Path | None) -> None:
    """Where own stock comes from, how old it is, and what is wrong with it."""
    async with open_session(home) as session:
        emit(await session.call("stock.sources"), as_json, views.source_table)


@stock.command("sync")
@click.argument("source")
@click.option("--accept-changes", is_flag=True, help="The large change that was held is right.")
@verb
async def sync(as_json: bool, home: Path | None, source: str, accept_changes: bool) -> None:
    """Read the inventory system SOURCE now."""
    from xstock_node.services.syncing import SyncRequest

    async with open_session(home) as session:
        result = await session.call("stock.sync", SyncRequest(source=source, accept_changes=accept_changes))
    emit(result, as_json, views.synced)
    if result.state == "held":
        raise click.exceptions.Exit(1)


@stock.command("movements")
@verb
async def movements(as_json: bool, home: Path | None) -> None:
    """What was written to inventory systems for operations, and what did not get through."""
    async with open_session(home) as session:
        emit(await session.call("stock.movements"), as_json, views.movement_table)


@stock.command("retry")
@click.argument("movement")
@verb
async def retry(as_json: bool, home: Path | None, movement: str) -> None:
    """Try MOVEMENT again, which a system declined."""
    from xstock_node.services.writing_back import MovementId

    async with open_session(home) as session:
        emit(
            await session.call("stock.retry", MovementId(id=movement)), as_json, lambda one: views.movement_table([one])
        )
