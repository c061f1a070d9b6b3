"""Offers by place and by country: exact sums, units apart, bands by their lower end."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from xstock_node.plugins.host import PluginHost
from xstock_node.protocol.records import Offer
from xstock_node.services.offer_sums import CountriesAsked, CountrySum, OfferPlace, PlacesAsked, countries, places
from xstock_node.services.office import OPERATOR, Office, OfficeSettings
from xstock_node.testing import SimNet, make_offer, run_simulated

TENT = "HSHETENTF16C"
SOFIA, ZAGREB = (42_700_000, 23_300_000), (45_800_000, 16_000_000)


def offers(now: int) -> list[Offer]:
    """Tents at two places of one node and in two units, and water."""
    return [
        make_offer(1, now, "Палатка", cc="BG", place="София", at=SOFIA, qty=(7, 0), ready=24),
        make_offer(2, now, "Палатка, стара", cc="BG", place="София", at=SOFIA, qty=(105, -1), ready=6),
        make_offer(3, now, "Obiteljski šator", cc="HR", place="Zagreb", at=ZAGREB, qty=(5, 1), band=(9, 1)),
        make_offer(4, now, "Шатори, комплет", cc="HR", place="Zagreb", at=ZAGREB, qty=(2, 0), unit="SET"),
        make_offer(5, now, "Voda", item="CP-WATER", cat="water", cc="BG", unit="LTR", at=None, qty=(9000, 0)),
    ]


def asked(folder: Path, story: Callable[[Office], Awaitable[None]]) -> None:
    """Two nodes; the first publishes, the second is asked."""

    async def main() -> None:
        net = SimNet(folder)
        await net.start("owner.example.org", ["asker.example.org"])
        asker = await net.start("asker.example.org", ["owner.example.org"])
        await net.publish("owner.example.org", offers(net.clocks["owner.example.org"].now()))
        await net.settle()
        await story(Office(asker, OfficeSettings(), PluginHost([]), folder))
        await net.stop_all()

    run_simulated(main())


def told(row: OfferPlace) -> tuple[object, ...]:
    return row.country, row.place, row.latitude, row.longitude, row.offers, row.ready_hours, row.quantity, row.unit


def test_all_offers_are_counted_by_place(tmp_path: Path) -> None:
    async def story(office: Office) -> None:
        rows = await places(office, OPERATOR, PlacesAsked())
        assert {row.node for row in rows} == {"owner.example.org"} and not any(row.own for row in rows)
        assert sorted(map(told, rows), key=str) == [
            ("BG", "Wien", None, None, 1, 24, "", ""),
            ("BG", "София", 42.7, 23.3, 2, 6, "", ""),
            ("HR", "Zagreb", 45.8, 16.0, 2, 24, "", ""),
        ]

    asked(tmp_path, story)


def test_one_item_is_summed_exactly_and_never_over_two_units(tmp_path: Path) -> None:
    async def story(office: Office) -> None:
        rows = await places(office, OPERATOR, PlacesAsked(item=TENT))
        assert [told(row)[-4:] for row in rows] == [(1, 24, "50", "H87"), (2, 6, "17.5", "H87"), (1, 24, "2", "SET")]
        assert await places(office, OPERATOR, PlacesAsked(item=TENT.lower())) == []

    asked(tmp_path, story)


def test_the_most_offered_items_are_summed_by_country(tmp_path: Path) -> None:
    async def story(office: Office) -> None:
        rows = await countries(office, OPERATOR, CountriesAsked())
        assert rows == [
            CountrySum(item=TENT, unit="H87", country="BG", quantity="17.5", offers=2),
            CountrySum(item=TENT, unit="H87", country="HR", quantity="50", offers=1),
            CountrySum(item=TENT, unit="SET", country="HR", quantity="2", offers=1),
            CountrySum(item="CP-WATER", unit="LTR", country="BG", quantity="9000", offers=1),
        ]
        assert {row.item for row in await countries(office, OPERATOR, CountriesAsked(most=1))} == {TENT}

    asked(tmp_path, story)
