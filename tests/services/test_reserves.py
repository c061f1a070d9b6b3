"""Stock that is held for all: said as a reserve under the offer's own id, found by others, ended like an offer."""

from decimal import Decimal
from pathlib import Path

from tests.services.test_publishing import TENT, line, released, take
from xstock_node.plugins.host import PluginHost
from xstock_node.protocol.records import Defect, Foreign, Offer, Reserve, encode, interpret
from xstock_node.services.offer_views import OfferIds, PublishRequest
from xstock_node.services.office import OPERATOR, Office, OfficeSettings, Pool
from xstock_node.services.publishing import list_offers, publish, withdraw
from xstock_node.services.searching import SearchRequest, search
from xstock_node.testing import SimNet, make_offer, run_simulated

RO, BG = "redcross.ro", "redcross.bg"
POOL = Pool("rescEU shelter reserve", "ERCC")


def test_pooled_items_are_reserves_for_every_node_and_keep_their_id(tmp_path: Path) -> None:
    async def main() -> None:
        net = SimNet(tmp_path)
        for name, other in ((RO, BG), (BG, RO)):
            await net.start(name, [other])
        plain = OfficeSettings(place="Iasi", country="RO")
        ro = Office(net.nodes[RO], plain, PluginHost([]), tmp_path)
        bg = Office(net.nodes[BG], OfficeSettings(country="BG"), PluginHost([]), tmp_path)
        await take(ro, "list", "2027-03-01", line(quantity="300"))
        (before,) = (await released(ro)).published
        assert (before.pool, before.decides) == ("", "")
        ro.settings = plain._replace(pools={TENT: POOL})
        (after,) = (await publish(ro, OPERATOR, PublishRequest(release=True))).published
        assert (after.id, after.pool, after.decides, after.quantity) == (before.id, *POOL, before.quantity)
        assert (await publish(ro, OPERATOR, PublishRequest(release=True))).unchanged == 1
        await net.settle()
        for asked in (SearchRequest(reserves=True), SearchRequest(text="resceu"), SearchRequest(item=TENT)):
            (hit,) = (await search(bg, OPERATOR, asked)).hits
            assert (hit.node, hit.id, hit.pool, hit.decides) == (RO, before.id, *POOL)
        assert Decimal(hit.quantity) == Decimal(before.quantity)
        assert [one.pool for one in await list_offers(ro, OPERATOR)] == [POOL.name]
        ro.settings = plain
        (again,) = (await publish(ro, OPERATOR, PublishRequest(release=True))).published
        assert again.id == before.id and again.pool == ""
        await withdraw(ro, OPERATOR, OfferIds(ids=[before.id]))
        assert await list_offers(ro, OPERATOR) == []
        await net.stop_all()

    run_simulated(main())


def test_a_reserve_without_its_pool_is_a_defect_and_offers_are_no_reserves() -> None:
    raw = encode(make_offer(1, 1_800_000_000))
    offer = interpret(raw)
    assert isinstance(offer, Offer) and not isinstance(offer, Reserve)
    unnamed = raw.replace(b'"t":"offer"', b'"t":"reserve"')
    named = unnamed[:-1] + b',"pool":"rescEU","by":"ERCC"}'
    found = interpret(named)
    assert isinstance(found, Reserve) and (found.pool, found.by, found.qty) == ("rescEU", "ERCC", offer.qty)
    assert isinstance(interpret(unnamed), Defect)
    assert isinstance(interpret(named.replace(b'"rescEU"', '"resc\u202eEU"'.encode())), Defect), "xs1 4.11"
    assert isinstance(interpret(named.replace(b'"t":"reserve"', b'"t":"reserves"')), Foreign)
