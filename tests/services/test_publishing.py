"""Publishing: the age and source of each figure are true, releases are a person's, renewals reach what was meant."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest

from xstock_node.domain.stock import StockLine
from xstock_node.plugins.host import PluginHost
from xstock_node.protocol import limits
from xstock_node.protocol.records import Offer, interpret
from xstock_node.services.errors import Refusal
from xstock_node.services.hand_kept import LineRequest, add_line, set_line
from xstock_node.services.mapping_desk import DecideRequest, decide
from xstock_node.services.offer_views import OfferIds, PublishRequest, PublishResult
from xstock_node.services.office import OPERATOR, Office, OfficeSettings
from xstock_node.services.provenance import counted_at, source_word
from xstock_node.services.publishing import publish, renew, withdraw
from xstock_node.services.stock_lines import list_lines
from xstock_node.storage.values import Source
from xstock_node.testing import SimNet, run_simulated
from xstock_node.testing.clock import SimClock

DAY = 86_400
TENT = "HSHETENTF16C"
NAME = "owner.example.org"


def in_an_office(folder: Path, story: Callable[[Office], Awaitable[None]]) -> None:
    """One node with the list kept by hand."""

    async def main() -> None:
        net = SimNet(folder)
        node = await net.start(NAME, [])
        await story(Office(node, OfficeSettings(place="Sofia", country="BG"), PluginHost([]), folder))
        await net.stop_all()

    run_simulated(main())


def line(name: str = "Tent", code: str = TENT, quantity: str = "100", place: str = "Store") -> StockLine:
    """A line as a file says it."""
    return StockLine(
        item_code=code, item_name=name, quantity=Decimal(quantity), unit="pcs", location=place, lot=None, expiry=None
    )


def later(office: Office, seconds: int) -> None:
    """So much time goes by, in which the node does nothing."""
    cast(SimClock, office.node.clock).offset += seconds


async def take(office: Office, source: str, as_of: str, *lines: StockLine) -> None:
    """Store the lines of a file, read now, and confirm them."""
    found = Source(source, "file", as_of, office.node.clock.now(), len(lines), 0)
    named = [(f"{source}-{number}", one) for number, one in enumerate(lines)]
    await office.node.engine.write(lambda tx: tx.stock.replace(found, named), durable=True)
    await decide(office, OPERATOR, DecideRequest(same_code=True))


async def released(office: Office) -> PublishResult:
    return await publish(office, OPERATOR, PublishRequest(release=True))


async def plainly(office: Office) -> PublishResult:
    return await publish(office, OPERATOR, PublishRequest())


async def live(office: Office) -> dict[str, tuple[Offer, int, int]]:
    """Own offers by place: the record, and its date and lease as they stand."""
    now = office.node.clock.now()
    stored = await office.node.engine.read(lambda tx: tx.offers.of_log(office.node.log))
    found = {}
    for one in stored:
        offer = interpret(one.line)
        assert isinstance(offer, Offer)
        if one.exp > now:
            found[offer.place] = (offer, one.asof, one.exp)
    return found


async def size(office: Office) -> int:
    """Records in the own log."""
    return await office.node.engine.read(lambda tx: tx.logs.state(office.node.log).frontier.size)  # type: ignore[union-attr]


def day_before(office: Office, days: int) -> str:
    return (datetime.fromtimestamp(office.node.clock.now(), UTC).date() - timedelta(days)).isoformat()


def end_of(day: str) -> int:
    return int(datetime.fromisoformat(f"{day}T23:59:59+00:00").timestamp())


def test_a_source_s_day_counts_to_its_end_but_never_later_than_now() -> None:
    now = int(datetime(2026, 11, 15, 12, tzinfo=UTC).timestamp())
    for as_of, at in (
        ("2026-11-10", end_of("2026-11-10")), ("2026-11-15", now), ("2027-01-01", now - 500), ("", now - 500),
        ("soon", now - 500),
    ):  # fmt: skip
        assert counted_at(Source("stock", "file", as_of, now - 500, 1, 0), now) == at, as_of


def test_a_source_becomes_a_word_and_several_are_mixed() -> None:
    assert source_word(["stock"]) == "stock" and source_word(["north-depot.2"]) == "north-depot.2"
    assert source_word(["stock", "hand"]) == "mixed"
    for odd in ("Склад Велес", "a b", "x" * 90, "…", ""):
        assert interpret_word(source_word([odd])), odd


def interpret_word(word: str) -> bool:
    return 0 < len(word) <= 64 and word.isascii() and " " not in word


def test_an_offer_is_as_old_as_the_count_behind_it(tmp_path: Path) -> None:
    async def story(office: Office) -> None:
        day = day_before(office, 40)
        await take(office, "depot", day, line())
        await released(office)
        offer, asof, _ = (await live(office))["Store"]
        assert asof == end_of(day) and offer.src == "depot"
        await take(office, "other", day_before(office, 3), line(quantity="20"))
        await released(office)
        offer, asof, _ = (await live(office))["Store"]
        assert asof == end_of(day) and offer.src == "mixed"

    in_an_office(tmp_path, story)


def test_a_line_kept_by_hand_is_as_old_as_its_last_change(tmp_path: Path) -> None:
    async def story(office: Office) -> None:
        await add_line(office, OPERATOR, LineRequest(name="Tent", code=TENT, quantity="10", location="Store"))
        await decide(office, OPERATOR, DecideRequest(same_code=True))
        began = office.node.clock.now()
        later(office, 5 * DAY)
        await released(office)
        offer, asof, _ = (await live(office))["Store"]
        assert (asof, offer.src) == (began, "hand")
        ref = (await list_lines(office, OPERATOR))[0].ref
        await set_line(office, OPERATOR, LineRequest(ref=ref, quantity="10"))
        assert len((await plainly(office)).published) == 1
        assert (await live(office))["Store"][1] == office.node.clock.now()

    in_an_office(tmp_path, story)


def test_an_age_alone_makes_a_new_record_only_when_it_moved_by_more_than_a_day(tmp_path: Path) -> None:
    async def story(office: Office) -> None:
        await take(office, "stock", day_before(office, 6), line())
        await released(office)
        before = await size(office)
        assert (await plainly(office)).unchanged == 1
        await take(office, "stock", day_before(office, 5), line())
        assert (await plainly(office)).unchanged == 1 and await size(office) == before
        await take(office, "stock", day_before(office, 2), line())
        result = await plainly(office)
        assert (len(result.published), result.unchanged, await size(office)) == (1, 0, before + 1)

    in_an_office(tmp_path, story)


def test_other_terms_in_the_settings_make_a_new_record(tmp_path: Path) -> None:
    async def story(office: Office) -> None:
        await take(office, "stock", "", line())
        await released(office)
        office.settings = office.settings._replace(terms=("donation",), ready_hours=6)
        assert [o.terms for o in (await plainly(office)).published] == [("donation",)]

    in_an_office(tmp_path, story)


def test_renewing_one_offer_leaves_the_others_as_they_are(tmp_path: Path) -> None:
    async def story(office: Office) -> None:
        day = day_before(office, 10)
        await take(office, "stock", day, line(), line(place="Annex"))
        await released(office)
        before = await live(office)
        later(office, DAY)
        chosen = before["Store"][0].id
        result = await renew(office, OPERATOR, OfferIds(ids=[chosen, chosen]))
        assert (result.changed, result.ids) == (1, [chosen])
        after = await live(office)
        assert after["Annex"] == before["Annex"]
        assert after["Store"][0].id == chosen and after["Store"][0].qty == before["Store"][0].qty
        assert after["Store"][1] == office.node.clock.now() and after["Store"][2] > before["Store"][2]
        assert (await plainly(office)).unchanged == 2, "a later publish keeps what a person said"

    in_an_office(tmp_path, story)


def test_all_are_renewed_with_one_record_a_source(tmp_path: Path) -> None:
    async def story(office: Office) -> None:
        await take(office, "stock", day_before(office, 10), line(), line(place="Annex"))
        await released(office)
        before = await size(office)
        assert (await renew(office, OPERATOR, OfferIds(all=True))).changed == 2
        assert await size(office) == before + 1
        assert {asof for _, asof, _ in (await live(office)).values()} == {office.node.clock.now()}

    in_an_office(tmp_path, story)


def test_no_renewal_revives_an_expired_offer(tmp_path: Path) -> None:
    async def story(office: Office) -> None:
        await take(office, "stock", "", line())
        await released(office)
        old = (await live(office))["Store"][0].id
        later(office, 31 * DAY)
        with pytest.raises(Refusal) as refused:
            await renew(office, OPERATOR, OfferIds(ids=[old]))
        assert refused.value.code == "no-offer" and "live" in refused.value.expected
        await take(office, "stock", "", line(), line(place="Annex"))
        await released(office)
        fresh = {offer.id for offer, _, _ in (await live(office)).values()}
        assert len(fresh) == 2 and old not in fresh
        later(office, DAY)
        assert set((await renew(office, OPERATOR, OfferIds(all=True))).ids) == fresh
        assert {offer.id for offer, _, _ in (await live(office)).values()} == fresh

    in_an_office(tmp_path, story)


def test_no_more_is_published_than_peers_would_take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LIVE_RECORDS", 2)

    async def story(office: Office) -> None:
        await take(office, "stock", "", line(), line(place="Annex"))
        await released(office)
        before = await size(office)
        await take(office, "stock", "", line(), line(place="Annex"), line(place="Cellar"))
        with pytest.raises(Refusal) as refused:
            await released(office)
        assert refused.value.code == "too-many-offers" and await size(office) == before
        await take(office, "stock", "", line(), line(place="Cellar"))
        await released(office)
        assert set(await live(office)) == {"Store", "Cellar"}

    in_an_office(tmp_path, story)


def test_a_figure_does_not_creep_up_without_a_person(tmp_path: Path) -> None:
    async def story(office: Office) -> None:
        await take(office, "stock", "", line(quantity="100"))
        await released(office)
        for quantity, held in (("119", 0), ("141", 1)):
            await take(office, "stock", "", line(quantity=quantity))
            assert len((await plainly(office)).held) == held, quantity
        await released(office)
        await take(office, "stock", "", line(quantity="160"))
        assert (await plainly(office)).held == []

    in_an_office(tmp_path, story)


def test_what_a_person_withdrew_waits_for_a_person(tmp_path: Path) -> None:
    async def story(office: Office) -> None:
        await take(office, "stock", "", line())
        await released(office)
        chosen = (await live(office))["Store"][0].id
        assert (await withdraw(office, OPERATOR, OfferIds(ids=[chosen, chosen]))).changed == 1
        result = await plainly(office)
        assert result.published == [] and [o.why for o in result.held] == ["a new item: a person releases it"]
        assert len((await released(office)).published) == 1

    in_an_office(tmp_path, story)


@pytest.mark.parametrize("bad", ["Te\x1b[31mnt", "Te\u202ent"])
def test_one_text_that_no_record_can_say_stops_no_other_offer(bad: str, tmp_path: Path) -> None:
    async def story(office: Office) -> None:
        await take(office, "stock", "", line(), line(name=bad, place="Annex"))
        result = await released(office)
        assert [o.place for o in result.published] == ["Store"]
        assert [o.place for o in result.impossible] == ["Annex"]
        assert "control or direction" in result.impossible[0].why and "stock-1" in result.impossible[0].why

    in_an_office(tmp_path, story)


def test_what_can_no_longer_be_said_ends_the_offer_that_said_it(tmp_path: Path) -> None:
    async def story(office: Office) -> None:
        await take(office, "stock", "", line())
        old = (await released(office)).published[0].id
        office.settings = office.settings._replace(terms=("no word",))
        result = await plainly(office)
        assert (len(result.impossible), result.withdrawn) == (1, [old])

    in_an_office(tmp_path, story)
