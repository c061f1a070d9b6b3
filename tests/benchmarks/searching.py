"""Search: words with category, country, quantity and expiry, newest first, over many offers; and the bare engine."""

import asyncio
import sqlite3
import tempfile
import time
from decimal import Decimal
from pathlib import Path
from random import Random

from tests.benchmarks import cold_sync, corpus
from tests.benchmarks.measure import report, spread, timed
from xstock_node.domain.search import OfferQuery, Order, ask
from xstock_node.plugins.host import PluginHost
from xstock_node.protocol.records import interpret
from xstock_node.services.office import OPERATOR, Office, OfficeSettings, default_catalogue
from xstock_node.services.searching import SearchRequest, search

WORDS = ("šator", "палатка", "Decke", "агрегат", "generator", "вода", "pumpa", "Zelt", "blanket", "kanistar")
WARM_SECONDS = 4.0
CATEGORY = {"šator": "shelter", "палатка": "shelter", "Zelt": "shelter", "Decke": "bedding", "blanket": "bedding"}


def run(records: int, asked: int = 400) -> None:
    """Build a node with `records` offers of ten origins and ask it."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_run(Path(folder), records, asked))


async def _run(folder: Path, records: int, asked: int) -> None:
    now, names = int(time.time()), cold_sync.origins(10)
    node = cold_sync.make_node(cold_sync.SERVER, "", folder, names)
    began = timed()
    for number, name in enumerate(names):
        lines = corpus.lines(records // 10, now, number)
        await node.engine.write(lambda tx, name=name, lines=lines: cold_sync.fill(tx, name, lines, now), durable=True)
    await node.load()
    built = timed() - began
    office = Office(node, OfficeSettings(at=(42_700_000, 23_300_000)), PluginHost([]), folder)
    await search(office, OPERATOR, SearchRequest(text="šator"))
    await asyncio.sleep(WARM_SECONDS)  # for what the first search sets off
    for order in (Order.NEWEST, Order.LARGEST, Order.NEAREST):
        draw, times, found = Random(5), [], 0
        for _ in range(asked if order is Order.NEWEST else asked // 8):
            request = _question(draw, order)
            began = timed()
            found += len((await search(office, OPERATOR, request)).hits)
            times.append(timed() - began)
        report("search", records=records, order=order.value, asked=len(times), hits=found, **spread(times))
    floor = _bare(folder / f"{cold_sync.SERVER}.db", asked)
    report("floor search", records=records, order="newest", built_in_s=round(built, 1), **spread(floor))
    await node.stop()


def _question(draw: Random, order: Order) -> SearchRequest:
    word = draw.choice(WORDS)
    return SearchRequest(
        text=word,
        category=CATEGORY.get(word, ""),
        country=draw.choice(corpus.PLACES)[0],
        min_quantity=str(draw.choice((1, 10, 40, 100))),
        order=order,
        limit=20,
    )


def _bare(path: Path, asked: int) -> list[float]:
    """The same questions straight to SQLite: the expression is made before, only rows and decoding are timed."""
    from xstock_node.storage.sqlite.offers import _match

    catalogue, draw, times = default_catalogue(), Random(5), []
    db = sqlite3.connect(path)
    sql = (
        "select r.line from offer_fts f cross join offer o on o.ref = f.rowid join record r on r.pos = o.pos"
        " where offer_fts match ? and o.amount >= ? order by f.rowid desc limit 20"
    )
    for _ in range(asked):
        request = _question(draw, Order.NEWEST)
        words, codes = ask(request.text, catalogue)
        query = OfferQuery(
            log="see.pub", words=words, codes=codes, category=request.category, country=request.country, valid_after=0
        )
        match, least = _match(query), float(Decimal(request.min_quantity))
        began = timed()
        rows = [interpret(row[0]) for row in db.execute(sql, (match, least))]
        times.append(timed() - began)
        assert len(rows) <= 20
    db.close()
    return times
