"""Both engines find the same offers in the same order, over many blocks, with what ends, expires and has twins."""

from pathlib import Path
from random import Random

import pytest

from tests.benchmarks import corpus
from tests.storage.conftest import open_postgres
from xstock_node.domain.search import OfferQuery, Order, ask, offer_key
from xstock_node.protocol import records
from xstock_node.protocol.names import LogName
from xstock_node.protocol.records import Offer
from xstock_node.services.office import default_catalogue
from xstock_node.storage import Engine, Transaction
from xstock_node.storage.sqlite import SqliteEngine
from xstock_node.storage.values import Indexed, LogState
from xstock_node.testing import make_offer

NOW, DAY = 1_790_000_000, 86_400
LOGS = [LogName(f"origin-{n}.example", log) for n in range(4) for log in ("see.pub", "see.sava")]
WORDS = ("", "šator", "палатка", "Decke", "generator", "вода", "sof", "b", "1", "tent 2", "nothing")


def fill(tx: Transaction, log: LogName, offers: list[Offer], draw: Random) -> None:
    tx.logs.put(LogState(log, heard=NOW))
    tx.logs.append(log, 0, [records.encode(offer) for offer in offers], {})
    for start in range(0, len(offers), 70):
        found = [Indexed.of(n, offer, offer_key(offer)) for n, offer in enumerate(offers[start : start + 70], start)]
        tx.offers.put(log, found)
    tx.offers.end(log, [offer.id for offer in draw.sample(offers, 60)])
    tx.offers.refresh(log, "stock", NOW, NOW + 90 * DAY)


def query(draw: Random) -> OfferQuery:
    words, codes = ask(draw.choice(WORDS), default_catalogue())
    return OfferQuery(
        log="see.pub",
        also=draw.choice(((), ("see.sava",))),
        words=words,
        codes=codes,
        category=draw.choice(("", "", "shelter", "bedding")),
        country=draw.choice(("", "", "BG", "ME", "ZZ")),
        term=draw.choice(("", "", "loan")),
        node=draw.choice(("", "", "origin-2.example")),
        min_quantity=draw.choice((0, 40)),  # type: ignore[arg-type]
        ready_within=draw.choice((None, None, 24)),
        valid_after=draw.choice((NOW, NOW + 40 * DAY)),
        near=draw.choice((None, (42_700_000, 23_300_000))),
        order=draw.choice((Order.NEWEST, Order.NEWEST, Order.LARGEST, Order.NEAREST)),
        limit=draw.choice((1, 7, 50)),
        skip=draw.choice((0, 0, 3, 200)),
    )


@pytest.mark.parametrize("seed", range(2))
async def test_a_hundred_searches_find_the_same_in_the_same_order(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines: list[Engine] = [open_postgres(tmp_path), SqliteEngine(tmp_path / "node.db", threads=False)]
    monkeypatch.setattr("xstock_postgresql.offers.BLOCK", 6)  # blocks of 64 offers: some thirty of them
    made = {log: list(corpus.offers(250, NOW, seed * 100 + n)) for n, log in enumerate(LOGS)}
    for log, twin in zip(LOGS[1::2], LOGS[::2], strict=True):  # exact offers of an audience, whose twins are public
        shown = make_offer(seed, NOW, of=made[twin][7].id, qty=(5, 0))
        made[log].append(shown)
    try:
        for engine in engines:
            for log, offers in made.items():
                await engine.write(lambda tx, n=log, o=offers: fill(tx, n, o, Random(seed)), durable=False)
        draw, hits = Random(seed), 0
        for _ in range(120):
            asked = query(draw)
            here, there = [await engine.read(lambda tx, q=asked: tx.offers.search(q)) for engine in engines]
            assert [(o.log, o.index, o.exp) for o in here] == [(o.log, o.index, o.exp) for o in there], asked
            hits += len(here)
        assert hits > 250, "the searches find something"
        wide = OfferQuery(log="see.pub", also=("see.sava",), valid_after=NOW)
        for found in (lambda tx: tx.offers.places(wide), lambda tx: tx.offers.common_items(wide, 20)):
            here, there = [await engine.read(found) for engine in engines]
            assert here == there
        counts = [await engine.read(lambda tx: tx.offers.counts(NOW)) for engine in engines]
        assert counts[0] == counts[1]
    finally:
        for engine in engines:
            await engine.close()
