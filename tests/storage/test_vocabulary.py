"""Beginnings of words asked for by whole words: the same offers as by prefix, while words are read and after."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from tests.benchmarks import corpus
from tests.storage.test_search_alike import LOGS, NOW, fill, query
from xstock_node.domain.search import OfferQuery, offer_key
from xstock_node.storage import Transaction
from xstock_node.storage.sqlite import SqliteEngine, vocabulary
from xstock_node.storage.sqlite.vocabulary import Vocabulary
from xstock_node.storage.values import Indexed
from xstock_node.testing import make_offer


def known(*keys: str) -> Vocabulary:
    found = Vocabulary()
    found.begin()
    found.add(keys)
    found.end()
    return found


def test_words_that_begin_so_and_no_others() -> None:
    found = known("sator 16 m2 0cshelter", "satori sat", "zelt")
    found.add(["satorski sator"])
    assert found.beginning("sator") == ["sator", "satori", "satorski"]
    assert found.beginning("sa") == ["sat", "sator", "satori", "satorski"]
    assert found.beginning("z") == ["zelt"] and found.beginning("zelte") == [] == found.beginning("zz")
    assert found.beginning("0c") == ["0cshelter"] and found.beginning("1") == ["16"]


def test_until_all_was_read_and_with_too_many_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    found = Vocabulary()
    found.add(["before"])
    assert not found.is_wanted and found.beginning("b") is None and found.is_wanted
    assert found.claim() and not found.claim() and not found.is_wanted
    found.begin()
    found.add(["bread"])
    assert found.beginning("b") is None
    found.end()
    assert found.beginning("b") == ["bread"], "what was put before the reading began is read"
    monkeypatch.setattr(vocabulary, "FEW", 3)
    found.add(["b1 b2"])
    assert found.beginning("b") == ["b1", "b2", "bread"]
    found.add(["b3"])
    assert found.beginning("b") is None and found.beginning("b3") == ["b3"]
    monkeypatch.setattr(vocabulary, "WORDS_MOST", 4)
    found.add(["b4"])
    assert found.beginning("b3") is None and not found.is_wanted, "a flood of words ends it for good"
    found.end()
    assert found.beginning("b3") is None


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A few offers are many, and are read in many goes."""
    monkeypatch.setattr("xstock_node.storage.sqlite.offers.OFFERS_LEAST", 1)
    monkeypatch.setattr(vocabulary, "AT_ONCE", 70)
    yield


async def until_whole(engine: SqliteEngine) -> None:
    for _ in range(500):
        if engine._vocabulary.beginning("qqq") is not None:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the words were not read")


@pytest.mark.usefixtures("eager")
async def test_a_hundred_searches_find_the_same_as_by_prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "FEW", 5_000)
    engines = [SqliteEngine(tmp_path / "a.db"), SqliteEngine(tmp_path / "b.db", threads=False)]
    for engine in engines:
        for number, log in enumerate(LOGS):
            made = list(corpus.offers(200, NOW, number))
            await engine.write(lambda tx, n=log, o=made: fill(tx, n, o, Random(1)), durable=False)
    draw, hits = Random(3), 0
    for number in range(150):
        asked = query(draw)
        here, there = [await engine.read(lambda tx, q=asked: tx.offers.search(q)) for engine in engines]
        assert [(o.log, o.index) for o in here] == [(o.log, o.index) for o in there], asked
        hits += len(here)
        if number == 30:
            await until_whole(engines[0])
    assert hits > 300 and engines[1]._vocabulary.beginning("qqq") is None, "without threads a prefix does"
    for engine in engines:
        await engine.close()


@pytest.mark.usefixtures("eager")
async def test_what_is_put_while_the_words_are_read_is_found(tmp_path: Path) -> None:
    engine, log = SqliteEngine(tmp_path / "node.db"), LOGS[0]
    made = list(corpus.offers(3_000, NOW, 1))
    await engine.write(lambda tx: fill(tx, log, made, Random(1)), durable=False)

    def put(tx: Transaction, number: int) -> None:
        offer = make_offer(number, NOW, f"zz{number:04} late")
        tx.offers.put(log, [Indexed.of(number, offer, offer_key(offer))])

    async def hits(word: str) -> int:
        asked = OfferQuery(log=log.log, words=(word,), valid_after=NOW, limit=500)
        return len(await engine.read(lambda tx: tx.offers.search(asked)))

    for number in range(200):
        await engine.write(lambda tx, n=number: put(tx, n), durable=False)
        assert await hits(f"zz{number:04}") == 1, number
    await until_whole(engine)
    assert [await hits(f"zz{number:04}") for number in range(200)] == [1] * 200
    assert await hits("zz") == 200 and await hits("zz01") == 100
    await engine.close()
