"""What every engine promises about the index of offers."""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from xstock_node.domain.search import OfferQuery, Order, offer_key
from xstock_node.protocol import records
from xstock_node.protocol.names import LogName
from xstock_node.protocol.records import Offer
from xstock_node.storage import Engine, Transaction
from xstock_node.storage.values import Indexed, LogState, StoredOffer
from xstock_node.testing import make_offer

NOW = 1_790_000_000
DAY = 86_400
LOG, OTHER = LogName("redcross.bg", "see.pub"), LogName("redcross.hr", "see.pub")
SAVA = LogName("redcross.bg", "see.sava")


def add(tx: Transaction, log: LogName, start: int, offers: Sequence[Offer]) -> None:
    state = tx.logs.state(log)
    if state is None:
        tx.logs.put(LogState(log, heard=NOW))
    tx.logs.append(log, start, [records.encode(offer) for offer in offers], {})
    tx.offers.put(log, [Indexed.of(n, offer, offer_key(offer)) for n, offer in enumerate(offers, start)])


def ids(found: Sequence[StoredOffer]) -> list[str]:
    return [records.interpret(one.line).id for one in found]  # type: ignore[union-attr]


TENT = make_offer(1, NOW, qty=(5, 0), cc="AT", ready=12, at=(48_200_000, 16_400_000))
CORT = make_offer(
    2, NOW, "Šator 16 m2", qty=(2, 2), cc="RS", place="Beograd", terms=("gift",), ready=48, at=(44_800_000, 20_500_000)
)
BLANKET = make_offer(
    3, NOW, "Blanket, medium thermal", item="HSHEBLANWMED", cat="bedding", qty=(7, 0), cc="AT", at=None, ready=0
)
FLOUR = make_offer(4, NOW, "Flour", item="FOOD1", cat="food", qty=(12345, -3), cc="BG", at=(42_700_000, 23_300_000))


async def shelf(engine: Engine) -> None:
    def work(tx: Transaction) -> None:
        add(tx, LOG, 0, [TENT, CORT])
        add(tx, OTHER, 0, [BLANKET, FLOUR])

    await engine.write(work, durable=True)


def query(**fields: object) -> OfferQuery:
    return OfferQuery(**({"log": "see.pub", "valid_after": NOW} | fields))  # type: ignore[arg-type]


async def found_by(engine: Engine, **fields: object) -> list[str]:
    return ids(await engine.read(lambda tx: tx.offers.search(query(**fields))))


SEARCHES: dict[str, tuple[dict[str, object], list[Offer]]] = {
    "everything, newest first": ({}, [FLOUR, BLANKET, CORT, TENT]),
    "a word": ({"words": ("tent",)}, [TENT]),
    "the beginning of a word": ({"words": ("blan",)}, [BLANKET]),
    "a word across scripts": ({"words": ("sator",)}, [CORT]),
    "the place": ({"words": ("beograd",)}, [CORT]),
    "two words": ({"words": ("family", "16")}, [TENT]),
    "a word that is not there": ({"words": ("pump",)}, []),
    "a code": ({"codes": ("HSHETENTF16C",)}, [CORT, TENT]),
    "a word or a code": ({"words": ("flour",), "codes": ("HSHEBLANWMED",)}, [FLOUR, BLANKET]),
    "an item": ({"item": "FOOD1"}, [FLOUR]),
    "a category": ({"category": "shelter"}, [CORT, TENT]),
    "a country": ({"country": "AT"}, [BLANKET, TENT]),
    "a country in small letters": ({"country": "at"}, [BLANKET, TENT]),
    "a term": ({"term": "gift"}, [CORT]),
    "a word and a country": ({"words": ("16",), "country": "RS"}, [CORT]),
    "a node": ({"node": "redcross.hr"}, [FLOUR, BLANKET]),
    "a quantity": ({"min_quantity": Decimal(7)}, [FLOUR, BLANKET, CORT]),
    "a fraction": ({"min_quantity": Decimal("12.4")}, [CORT]),
    "ready within a day": ({"ready_within": 24}, [FLOUR, BLANKET, TENT]),
    "ready at once": ({"ready_within": 0}, [BLANKET]),
    "largest first": ({"order": Order.LARGEST}, [CORT, FLOUR, BLANKET, TENT]),
    "largest with a word": ({"order": Order.LARGEST, "codes": ("HSHETENTF16C",)}, [CORT, TENT]),
    "nearest to Sofia": ({"order": Order.NEAREST, "near": (42_700_000, 23_300_000)}, [FLOUR, CORT, TENT, BLANKET]),
    "nearest to Wien": ({"order": Order.NEAREST, "near": (48_200_000, 16_400_000)}, [TENT, CORT, FLOUR, BLANKET]),
    "nearest to nowhere": ({"order": Order.NEAREST}, [FLOUR, BLANKET, CORT, TENT]),
    "a page": ({"limit": 2, "skip": 1}, [BLANKET, CORT]),
    "beyond the last page": ({"skip": 4}, []),
    "another log name": ({"log": "see.x-demo"}, []),
    "after they expired": ({"valid_after": NOW + 30 * DAY}, []),
    "words that look like a query": ({"words": ("or",), "country": "AT"}, []),
}


@pytest.mark.parametrize(("fields", "expected"), SEARCHES.values(), ids=SEARCHES.keys())
async def test_a_search_finds_what_it_says(engine: Engine, fields: dict[str, object], expected: list[Offer]) -> None:
    await shelf(engine)
    assert await found_by(engine, **fields) == [offer.id for offer in expected]


async def test_an_offer_shows_its_record_position_and_times(engine: Engine) -> None:
    await shelf(engine)
    stored = await engine.read(lambda tx: tx.offers.get(OTHER, FLOUR.id))
    assert stored == StoredOffer(OTHER, 1, records.encode(FLOUR), FLOUR.asof, FLOUR.exp, NOW)
    assert await engine.read(lambda tx: tx.offers.get(LOG, FLOUR.id)) is None


async def test_an_offer_with_a_known_id_replaces_the_one_before(engine: Engine) -> None:
    await shelf(engine)
    newer = make_offer(1, NOW + 5, "Pump", qty=(3, 0))
    await engine.write(lambda tx: add(tx, LOG, 2, [newer]), durable=True)
    assert await found_by(engine, words=("tent",)) == []
    assert await found_by(engine, words=("pump",)) == [TENT.id]
    assert ids(await engine.read(lambda tx: tx.offers.of_log(LOG))) == [CORT.id, TENT.id]


async def test_one_id_in_one_batch_counts_once_and_the_last_wins(engine: Engine) -> None:
    await engine.write(lambda tx: add(tx, LOG, 0, [TENT, make_offer(1, NOW, "Pump")]), durable=True)
    assert (await engine.read(lambda tx: tx.offers.of_log(LOG)))[0].index == 1
    assert await engine.read(lambda tx: tx.offers.count(LOG, NOW)) == 1
    assert await engine.read(lambda tx: tx.offers.counts(NOW)) == {LOG: 1}
    assert await engine.read(lambda tx: tx.offers.counts(NOW + 400 * 86_400)) == {}


async def test_the_same_id_in_two_logs_is_two_offers(engine: Engine) -> None:
    await shelf(engine)
    await engine.write(lambda tx: add(tx, OTHER, 2, [TENT]), durable=True)
    await engine.write(lambda tx: tx.offers.end(LOG, [TENT.id]), durable=True)
    assert await found_by(engine, words=("tent",)) == [TENT.id]
    assert await engine.read(lambda tx: tx.offers.get(LOG, TENT.id)) is None


async def test_what_is_ended_is_found_no_more(engine: Engine) -> None:
    await shelf(engine)
    await engine.write(lambda tx: tx.offers.end(LOG, [TENT.id, "aaaaaaaaaaaaaaaa"]), durable=True)
    assert await found_by(engine, words=("tent",)) == []
    assert await found_by(engine) == [FLOUR.id, BLANKET.id, CORT.id]
    await engine.write(lambda tx: tx.offers.end(SAVA, [TENT.id]), durable=True)


async def test_a_refresh_moves_times_forward_only_and_for_its_source_only(engine: Engine) -> None:
    other = make_offer(5, NOW, src="other")
    await engine.write(lambda tx: add(tx, LOG, 0, [TENT, other]), durable=True)
    await engine.write(lambda tx: tx.offers.refresh(LOG, "stock", NOW + 9, NOW + 60 * DAY), durable=True)
    await engine.write(lambda tx: tx.offers.refresh(LOG, "stock", NOW - 9, NOW + 1), durable=True)
    of_log = await engine.read(lambda tx: tx.offers.of_log(LOG))
    assert [(o.asof, o.exp) for o in of_log] == [(NOW + 9, NOW + 60 * DAY), (NOW, NOW + 30 * DAY)]


async def test_expired_offers_are_neither_found_nor_counted(engine: Engine) -> None:
    soon = make_offer(6, NOW, exp=NOW + 10)
    await engine.write(lambda tx: add(tx, LOG, 0, [TENT, soon]), durable=True)
    assert await engine.read(lambda tx: tx.offers.count(LOG, NOW + 9)) == 2
    assert await engine.read(lambda tx: tx.offers.count(LOG, NOW + 10)) == 1
    assert await found_by(engine, valid_after=NOW + 10) == [TENT.id]


async def test_clearing_a_log_leaves_the_others(engine: Engine) -> None:
    await shelf(engine)
    await engine.write(lambda tx: tx.offers.clear(LOG), durable=True)
    await engine.write(lambda tx: tx.offers.clear(SAVA), durable=True)
    assert await found_by(engine) == [FLOUR.id, BLANKET.id]
    await engine.write(lambda tx: tx.offers.put(LOG, [Indexed.of(0, TENT, offer_key(TENT))]), durable=True)
    assert await found_by(engine, words=("tent",)) == [TENT.id]


async def test_audiences_are_apart(engine: Engine) -> None:
    await shelf(engine)
    await engine.write(lambda tx: add(tx, SAVA, 0, [make_offer(9, NOW)]), durable=True)
    assert make_offer(9, NOW).id not in await found_by(engine)
    assert await found_by(engine, log="see.sava") == [make_offer(9, NOW).id]


async def test_offers_are_counted_by_place_and_the_newest_one_speaks_for_it(engine: Engine) -> None:
    await shelf(engine)
    again = make_offer(5, NOW, "Палатка", qty=(3, 0), cc="AT", place="Wien", ready=2, at=(48_200_000, 16_400_000))
    await engine.write(lambda tx: add(tx, LOG, 2, [again]), durable=True)
    found = await engine.read(lambda tx: tx.offers.places(query()))
    told = [(one.log, one.at, one.offers, one.ready, records.interpret(one.line)) for one in found]
    assert told[0] == (LOG, (48_200_000, 16_400_000), 2, 2, again)
    assert told[1:] == [
        (LOG, CORT.at, 1, 48, CORT),
        (OTHER, None, 1, 0, BLANKET),
        (OTHER, FLOUR.at, 1, FLOUR.ready, FLOUR),
    ]
    assert await engine.read(lambda tx: tx.offers.places(query(log="see.sava"))) == []
    assert await engine.read(lambda tx: tx.offers.places(query(valid_after=NOW + 400 * DAY))) == []


async def test_a_place_counts_an_exact_offer_and_not_its_coarse_twin(engine: Engine) -> None:
    exact = make_offer(9, NOW, qty=(7, 0), at=(48_200_000, 16_400_000), of=TENT.id)

    def work(tx: Transaction) -> None:
        add(tx, LOG, 0, [TENT])
        add(tx, SAVA, 0, [exact])

    await engine.write(work, durable=True)
    found = await engine.read(lambda tx: tx.offers.places(query(also=("see.sava",))))
    assert [(one.log, one.offers) for one in found] == [(SAVA, 1)]


async def test_the_items_of_most_nodes_come_first(engine: Engine) -> None:
    await shelf(engine)
    more = [make_offer(n, NOW, qty=(1, 0)) for n in range(10, 13)]
    blankets = [make_offer(n, NOW, item="HSHEBLANWMED") for n in range(20, 22)]
    await engine.write(lambda tx: add(tx, LOG, 2, [*more, *blankets[:1]]), durable=True)
    await engine.write(lambda tx: add(tx, OTHER, 2, blankets[1:]), durable=True)
    found = await engine.read(lambda tx: tx.offers.common_items(query(), 2))
    assert found == ["HSHEBLANWMED", TENT.item], "of two nodes before five of one"
