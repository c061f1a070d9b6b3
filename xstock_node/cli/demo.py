"""`xstock demo`: six national nodes as six processes on this machine, found, filled, agreeing, and in an exercise.

It plays the people of each society: it imports the society's own list, confirms the mapping that a person would
confirm, releases the offers, looks over the shoulder of one node at what the others offer, and plays a flood to its
third hour. Then the console of one node is opened.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import click
import msgspec

from xstock_node.cli.demo_story import LOOKED_AT, PERSON, Played, Staged, data_file, hire, open_browser, play, staged
from xstock_node.cli.federation import DemoNode, found_federation, start_all, stop_all, stop_by_signal, until_stopped
from xstock_node.cli.output import emit, say, table, verb, words
from xstock_node.services.cataloguing import CatalogueFile
from xstock_node.services.errors import Refusal
from xstock_node.services.mapping_desk import DecideRequest
from xstock_node.services.offer_views import OfferId, PublishRequest
from xstock_node.services.searching import Hit, SearchRequest
from xstock_node.services.stocktake import ImportRequest

SEARCH_FOR = "šator"
LOOKING_FROM = "BG"
PATIENCE = 40.0


class Found(msgspec.Struct, frozen=True):
    """One hit: whose, which item of the catalogue, in the owner's own words and script, how much."""

    node: str
    item: str
    name: str
    quantity: str


class DemoResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the demo shows. `console` is that of the society which is looked at, `consoles` those of all by country."""

    nodes: int
    offers_total: int
    offers_seen_by_every_node: int
    seconds_to_convergence: float
    search: list[Found]
    verified_offline: str
    folder: str
    console: str
    consoles: dict[str, str]
    story: Played


@click.command("demo")
@click.option("--exit", "leave", is_flag=True, help="End when all is shown, instead of waiting for Ctrl-C.")
@click.option("--folder", type=click.Path(path_type=Path), help="Where the six data folders go; a temporary one else.")
@click.option("--data", default="", help="An exercise file, or own; else that of XSTOCK_SHARED, else our own.")
@click.option("--no-browser", is_flag=True, help="Print the address of the console, and open no browser.")
@verb
async def demo(as_json: bool, home: Path | None, leave: bool, folder: Path | None, data: str, no_browser: bool) -> None:
    """Six countries share stock on this machine, three hours into a flood; needs no configuration."""
    file, now = data_file(data), int(time.time())
    place = folder or Path(tempfile.mkdtemp(prefix="xstock-demo-"))
    say("demo.folder", "EXERCISE: all stock is invented. Data of six nodes goes to {folder}", folder=place)
    stopped = stop_by_signal()
    found = await asyncio.to_thread(staged, place, file, now)
    nodes = found.nodes
    await asyncio.to_thread(found_federation, nodes, now)
    try:
        await until_stopped(stopped, start_all(nodes))
        say("demo.up", "{count} nodes run: {names}", count=len(nodes), names=", ".join(n.country for n in nodes))
        result = await until_stopped(stopped, _play(found, place))
        looked_at = next(node for node in nodes if node.country == LOOKED_AT)
        address = await until_stopped(stopped, hire(looked_at))
        emit(result, as_json, _shown)
        say("demo.next", _next_steps(nodes, looked_at, address))
        if not leave:
            if not no_browser and _somebody_looks():
                await open_browser(address)
            await stopped.wait()
    finally:
        await stop_all(nodes)


def _somebody_looks() -> bool:
    """Whether a person sits at a screen here: a terminal, a display, and no machine that runs tests."""
    display = sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(sys.stderr.isatty() and display and not os.environ.get("CI"))


async def _play(found: Staged, folder: Path) -> DemoResult:
    nodes = found.nodes
    await asyncio.gather(*(_take_stock(node) for node in nodes))
    began = time.monotonic()
    given = await asyncio.gather(*(_publish(node) for node in nodes))
    total = sum(count for count, _ in given)
    seconds, seen = await _watch(nodes, total, began)
    looker = next(node for node in nodes if node.country == LOOKING_FROM)
    hits = [
        h for h in (await looker.session.call("search", SearchRequest(text=SEARCH_FOR, limit=200))).hits if not h.own
    ]
    verified = await _verify(looker, hits, folder)
    played = await play(found, [items for _, items in given], int(time.time()))
    return DemoResult(
        nodes=len(nodes),
        offers_total=total,
        offers_seen_by_every_node=seen,
        seconds_to_convergence=round(seconds, 2),
        search=[Found(h.node, h.item, h.name, h.quantity) for h in hits],
        verified_offline=verified,
        folder=str(folder),
        console=next(node.address for node in nodes if node.country == LOOKED_AT),
        consoles={node.country: node.address for node in nodes},
        story=played,
    )


async def _take_stock(node: DemoNode) -> None:
    if node.catalogue:
        await node.session.call("catalogue.import", CatalogueFile(file="exercise.toml", content=node.catalogue))
    request = ImportRequest(file=node.stock.name, content=node.stock.content)
    imported = await node.session.call("stock.import", request)
    if imported.reading.error is not None:
        raise Refusal("demo", f"{node.stock.name} to be read", imported.reading.error_text or "", "reinstall")
    await node.session.call("stock.decide", DecideRequest(decisions=node.stock.decisions))
    say(
        "demo.imported",
        "  {country}: {lines} lines of {file}, {rejected} not taken",
        country=node.country,
        lines=imported.stored,
        file=node.stock.name,
        rejected=len(imported.reading.rejected),
    )


async def _publish(node: DemoNode) -> tuple[int, dict[str, Decimal]]:
    """Release all offers; how many, and how much of each item."""
    result = await node.session.call("offer.publish", PublishRequest(release=True))
    given: dict[str, Decimal] = {}
    for offer in result.published:
        given[offer.item] = given.get(offer.item, Decimal(0)) + Decimal(offer.quantity)
    return len(result.published), given


async def _watch(nodes: Sequence[DemoNode], total: int, began: float) -> tuple[float, int]:
    """Show how the offers spread until all nodes hold the same; seconds, and the offers that each of them sees."""
    shown = ""
    while True:
        views = await asyncio.gather(*(node.session.call("status") for node in nodes))
        seen = [view.offers_seen for view in views]
        line = "  ".join(f"{n.country} {count}/{total}" for n, count in zip(nodes, seen, strict=True))
        seconds = time.monotonic() - began
        if line != shown:
            say("demo.progress", "  {seconds:5.2f} s  {line}", seconds=seconds, line=line)
            shown = line
        if len({view.digest for view in views}) == 1 and min(seen) == total:
            return seconds, min(seen)
        if seconds > PATIENCE:
            raise Refusal("demo", f"agreement within {PATIENCE:.0f} s", line, "look at serve.log of each node")
        await asyncio.sleep(0.1)


async def _verify(looker: DemoNode, hits: Sequence[Hit], folder: Path) -> str:
    """Export an offer of another country and verify it with the keys on disk alone."""
    from xstock_node.cli.offer import _known_keys
    from xstock_node.protocol import proof

    if not hits:
        return ""
    exported = await looker.session.call("offer.export", OfferId(id=hits[0].id, node=hits[0].node))
    path = folder / exported.file
    path.write_bytes(exported.content)
    return proof.verify(path.read_bytes(), _known_keys(looker.home, None)).signed_by or ""


def _shown(result: DemoResult) -> str:
    rows = [(hit.node, hit.item, hit.name, hit.quantity) for hit in result.search]
    return "\n".join(
        [
            words(
                "demo.agree",
                "{nodes} nodes agree on {offers} offers after {seconds} s",
                nodes=result.nodes,
                offers=result.offers_total,
                seconds=result.seconds_to_convergence,
            ),
            "",
            words("demo.finds", "what the Bulgarian node finds for {text}, in both scripts:", text=SEARCH_FOR),
            table(("node", "item", "name", "quantity"), rows),
            "",
            words(
                "demo.verified",
                "one of them was exported and verified without network: signed by {key}",
                key=result.verified_offline,
            ),
        ]
    )


def _next_steps(nodes: Sequence[DemoNode], looked_at: DemoNode, address: str) -> str:
    consoles = [f"  {node.country}  {node.address}  ({node.answers.organisation})" for node in nodes]
    return "\n".join(
        [
            words("demo.open", "The console of {name}, for {person}, once:", name=looked_at.name, person=PERSON),
            f"  {address}",
            words("demo.consoles", "Each node has its console; a link into another is made by `xstock user link`:"),
            *consoles,
            words("demo.try", "The nodes stay up until Ctrl-C. Try in another terminal:"),
            f"  xstock search generator --home {looked_at.home}",
            f"  xstock stock preview --home {looked_at.home}",
            f"  xstock peer list --home {looked_at.home}",
        ]
    )
