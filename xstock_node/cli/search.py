"""`xstock search`: offers of all nodes, with the age and source of each figure."""

from pathlib import Path
from typing import Any

import click

from xstock_node.cli.output import emit, table, verb, words
from xstock_node.cli.session import open_session
from xstock_node.domain.search import Order
from xstock_node.services.searching import HOURS_OF_A_YEAR, MOST, MOST_SKIPPED, Hit, SearchRequest, SearchResult


@click.command("search")
@click.argument("text", required=False, default="")
@click.option("--item", default="", help="Catalogue code.")
@click.option("--category", default="", help="shelter, bedding, water ...")
@click.option("--country", default="", help="ISO 3166-1 alpha-2 code of the owner.")
@click.option("--term", default="", help="loan, donation, replacement, cost-recovery.")
@click.option("--node", default="", help="Only this node's offers.")
@click.option("--min-quantity", default="0", help="At least this much.")
@click.option("--ready-within", type=click.IntRange(0, HOURS_OF_A_YEAR), help="Ready in at most this many hours.")
@click.option("--order", type=click.Choice([o.value for o in Order]), default="newest", help="What comes first.")
@click.option("--near", default="", help="lat,lon for --order nearest; this node's place by default.")
@click.option("--limit", type=click.IntRange(1, MOST), default=50, help="At most this many (500).")
@click.option("--skip", type=click.IntRange(0, MOST_SKIPPED), default=0, help="Leave out the first so many.")
@click.option("--reserves", is_flag=True, help="Only what is held for all under a pool, such as rescEU.")
@click.option("--expired", is_flag=True, help="Show expired offers too, marked.")
@click.option("--exercise", is_flag=True, help="Show what is offered in exercises too, marked.")
@verb
async def search(as_json: bool, home: Path | None, order: str, **fields: Any) -> None:
    """Offers of all nodes that have TEXT in their name, or are an item of that name in any language."""
    async with open_session(home) as session:
        result = await session.call("search", SearchRequest(order=Order(order), **fields))
    emit(result, as_json, _shown)


def _shown(result: SearchResult) -> str:
    rows = [
        (
            h.node,
            h.name,
            h.quantity,
            h.unit,
            h.country,
            h.place,
            "/".join(h.terms),
            f"{h.ready_hours} h",
            _age(h),
            _marks(h),
        )
        for h in result.hits
    ]
    headers = ("node", "name", "quantity", "unit", "in", "place", "terms", "ready", "counted", "")
    if not rows:
        return words("search.nothing", "nothing found")
    return table(headers, rows) + ("\n" + words("search.more", "more: --skip") if result.more else "")


def _age(hit: Hit) -> str:
    hours = hit.age // 3600
    if hours >= 48:
        return words("age.days", "{count} d ago", count=hours // 24)
    return words("age.hours", "{count} h ago", count=hours) if hours else words("age.now", "just now")


def _marks(hit: Hit) -> str:
    marks = [("EXERCISE", hit.exercise), ("own", hit.own), ("stale", hit.stale), ("EXPIRED", hit.expired)]
    said = [words(f"mark.{word.lower()}", word) for word, true in marks if true]
    if hit.pool:
        said.append(words("mark.pool", "pool {name}", name=hit.pool))
    return " ".join(said)
