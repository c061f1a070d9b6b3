"""`xstock peer`: the nodes that this one knows, and a round with them at once."""

from pathlib import Path

import click
import msgspec

from xstock_node.cli.output import emit, pairs, table, verb, words
from xstock_node.cli.session import open_session
from xstock_node.services.overview import PeerName, PeerView


@click.group("peer")
def peer() -> None:
    """The nodes that this one knows."""


@peer.command("list")
@verb
async def list_(as_json: bool, home: Path | None) -> None:
    """Pinned peers and when they were last heard."""
    async with open_session(home) as session:
        emit(await session.call("peer.list", PeerName()), as_json, _peers)


@peer.command("show")
@click.argument("name")
@verb
async def show(as_json: bool, home: Path | None, name: str) -> None:
    """All that is known of peer NAME."""
    async with open_session(home) as session:
        found = (await session.call("peer.list", PeerName(name=name)))[0]
    emit(found, as_json, lambda p: pairs(msgspec.structs.asdict(p).items()))


@peer.command("sync")
@click.argument("name", required=False, default="")
@verb
async def sync(as_json: bool, home: Path | None, name: str) -> None:
    """One round with peer NAME, or with all, now; the node has to run. Ends with 1 when one is silent."""
    async with open_session(home) as session:
        result = await session.call("peer.sync", PeerName(name=name))
    lines = [words("peer.answered", "{name}: answered", name=name) for name in result.answered]
    lines += [words("peer.silent", "{name}: {why}", name=name, why=why) for name, why in result.silent.items()]
    nobody = words("peer.nobody", "no peer is dialled: does the node run?")
    emit(result, as_json, lambda _: "\n".join(lines) or nobody)
    if result.silent:
        raise click.exceptions.Exit(1)


def _peers(views: list[PeerView]) -> str:
    rows = [
        (v.name, v.organisation, v.country, v.offers, v.records, v.last_in or words("value.never", "never"), _mark(v))
        for v in views
    ]
    return table(("name", "organisation", "in", "offers", "records", "called us", ""), rows)


def _mark(view: PeerView) -> str:
    return words("mark.stale", "stale") if view.stale else ""
