"""Search over all replicas: scripts bridged, filters, orders, and the age and state of what is shown."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from xstock_node.domain.search import Order
from xstock_node.plugins.host import PluginHost
from xstock_node.protocol.records import Offer
from xstock_node.services.errors import Refusal
from xstock_node.services.office import OPERATOR, Office, OfficeSettings
from xstock_node.services.searching import Hit, SearchRequest, search
from xstock_node.testing import SimNet, make_offer, run_simulated

DAY = 86_400
TEN_AND_A_HALF = (105, -1)


def offers(now: int) -> list[Offer]:
    """Tents, a pump and water of one node."""
    return [
        make_offer(1, now, "Породични шатор 16 m²", cc="RS", place="Београд", lang="sr-Cyrl", qty=(90, 0)),
        make_offer(2, now, "Obiteljski šator", cc="HR", place="Zagreb", at=(45_800_000, 16_000_000), qty=(5, 1)),
        make_offer(3, now, "Палатка семейна", cc="BG", place="София", at=(42_700_000, 23_300_000), qty=(7, 0)),
        make_offer(4, now, "Motorpumpe", item="KWATPUMCRW03", cat="flood", ready=6, terms=("donation",)),
        make_offer(5, now, "Voda", item="CP-WATER", cat="water", unit="LTR", qty=TEN_AND_A_HALF, exp=now + DAY),
    ]


def in_a_federation(folder: Path, story: Callable[[SimNet, Office], Awaitable[None]]) -> None:
    """Two nodes; the first publishes, the second is asked."""

    async def main() -> None:
        net = SimNet(folder)
        await net.start("owner.example.org", ["asker.example.org"])
        asker = await net.start("asker.example.org", ["owner.example.org"])
        await net.publish("owner.example.org", offers(net.clocks["owner.example.org"].now()))
        await net.settle()
        settings = OfficeSettings(languages=("bg",), at=(42_000_000, 21_400_000))
        await story(net, Office(asker, settings, PluginHost([]), folder))
        await net.stop_all()

    run_simulated(main())


async def found(office: Office, text: str = "", **fields: object) -> list[Hit]:
    """The hits of a question."""
    return (await search(office, OPERATOR, SearchRequest(text=text, **fields))).hits  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["šator", "sator", "ŠATOR", "шатор", "палатка", "tent", "Zelt", "çadır"])
def test_a_tent_is_found_by_its_word_in_any_language_and_script(text: str, tmp_path: Path) -> None:
    async def story(net: SimNet, office: Office) -> None:
        assert {hit.country for hit in await found(office, text)} == {"RS", "HR", "BG"}

    in_a_federation(tmp_path, story)


def test_filters_narrow_and_may_stand_alone(tmp_path: Path) -> None:
    async def story(net: SimNet, office: Office) -> None:
        assert [h.name for h in await found(office, country="hr")] == ["Obiteljski šator"]
        assert [h.name for h in await found(office, category="flood")] == ["Motorpumpe"]
        assert [h.name for h in await found(office, item="CP-WATER")] == ["Voda"]
        assert [h.name for h in await found(office, term="donation")] == ["Motorpumpe"]
        assert [h.name for h in await found(office, ready_within=12)] == ["Motorpumpe"]
        assert {h.quantity for h in await found(office, "šator", min_quantity="50")} == {"90", "50"}
        assert await found(office, node="asker.example.org") == []
        assert await found(office, "nothing like it") == []

    in_a_federation(tmp_path, story)


def test_what_comes_first_is_what_was_asked_for(tmp_path: Path) -> None:
    async def story(net: SimNet, office: Office) -> None:
        assert [h.quantity for h in await found(office, "šator", order=Order.LARGEST)] == ["90", "50", "7"]
        assert [h.country for h in await found(office, "šator", order=Order.NEAREST)][:2] == ["BG", "HR"]
        assert (await found(office, "šator", order=Order.NEAREST, near="45.8,16"))[0].country == "HR"
        assert (await found(office, "obiteljski šator", order=Order.RELEVANCE))[0].name == "Obiteljski šator"
        first = await search(office, OPERATOR, SearchRequest(text="šator", limit=1))
        assert first.more and first.hits != await found(office, "šator", limit=1, skip=1)

    in_a_federation(tmp_path, story)


def test_every_figure_says_whose_it_is_and_how_old(tmp_path: Path) -> None:
    async def story(net: SimNet, office: Office) -> None:
        hit = (await found(office, item="CP-WATER"))[0]
        assert (hit.node, hit.quantity, hit.unit, hit.source) == ("owner.example.org", "10.5", "LTR", "stock")
        assert not hit.stale and not hit.expired and not hit.own and not hit.exercise
        net.cut("owner.example.org", "asker.example.org")
        await asyncio.sleep(DAY + 7200)
        assert await found(office, item="CP-WATER") == []
        late = (await found(office, item="CP-WATER", expired=True))[0]
        assert late.expired and late.stale and late.age >= DAY
        assert all(hit.stale for hit in await found(office, "šator"))

    in_a_federation(tmp_path, story)


def test_odd_questions_are_refused_with_what_to_write(tmp_path: Path) -> None:
    async def story(net: SimNet, office: Office) -> None:
        for fields in ({"min_quantity": "many"}, {"min_quantity": "-1"}, {"near": "Sofia"}, {"min_quantity": "NaN"}):
            with pytest.raises(Refusal) as refused:
                await found(office, "šator", **fields)
            assert refused.value.expected and refused.value.do
        for text in ('"', "' OR 1=1 --", "a* OR b", "NEAR(a b)", "\x00", "((", "šator AND", "0i 0c"):
            await found(office, text)

    in_a_federation(tmp_path, story)
