"""The real thing: trytond 8.2, 7.0 and 6.0 with stock, lots and expiry, over HTTP (`make test-tryton`)."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import web
from tryton_proxy import Proxy, proxy_before
from tryton_servers import Tryton, running

from xstock_node.plugins import (
    Declined,
    Movement,
    MovementLine,
    OutcomeUnknown,
    SnapshotEnd,
    SourceLine,
    Unauthorised,
    Unavailable,
)

pytestmark = pytest.mark.tryton
Open = Callable[..., AbstractAsyncContextManager[Any]]
BLANKETS, PILLS = "BLANKET - Storage Zone", "PARA P-2401 Storage Zone"


def movement(key: str, kind: Any, *lines: tuple[SourceLine, str], of: str = "") -> Movement:
    asked = tuple(MovementLine(key=one.key, quantity=Decimal(quantity), unit=one.line.unit) for one, quantity in lines)
    return Movement(key=key, kind=kind, lines=asked, of=of)


def states(tryton: Tryton) -> list[tuple[str, str]]:
    return [(row["reference"], row["state"]) for row in tryton.shipments()]


async def test_stock_is_read_by_location_with_lots_and_expiry(tryton: Tryton, adapters: Open) -> None:
    async with adapters(tryton.url) as node:
        told = await node.source.describe(node.context)
        assert told.system.startswith(f"Tryton {tryton.version}")
        assert told.movements == ("reserve", "release", "issue", "receive")
        found = await node.lines()
        assert {
            name: (str(one.line.quantity), one.line.unit, one.line.expiry, str(one.line.reserved))
            for name, one in found.items()
        } == {
            BLANKETS: ("100", "pcs", None, "0"),
            "BLANKET - Shelf A": ("20", "pcs", None, "0"),
            "ROPE - Storage Zone": ("12.5", "m", None, "0"),
            PILLS: ("400", "pcs", "2031-05-31", "0"),
            "PARA P-2402 Shelf A": ("250", "pcs", "2032-01-15", "0"),
        }
        assert all(one.line.incoming is None for one in found.values())
        assert len({one.key for one in found.values()}) == 5


async def test_small_pages_tell_the_same_and_ask_not_once_an_item(tryton: Tryton, proxy: Proxy, adapters: Open) -> None:
    async with adapters(proxy.url) as node:
        whole = await node.lines()
        calls = proxy.count(".search_read") + proxy.count(".read")
    assert calls <= 3 + 2 * 4 + 1  # locations; in each of two: items and lots, on hand and assigned; items of lots
    async with adapters(proxy.url, page=1) as node:
        assert await node.lines() == whole
    async with adapters(proxy.url, locations=("SHELF-A",)) as node:
        assert set(await node.lines()) == {"BLANKET - Shelf A", "PARA P-2402 Shelf A"}


async def test_reserve_holds_the_goods_and_release_gives_them_back(tryton: Tryton, adapters: Open) -> None:
    async with adapters(tryton.url) as node:
        stock = await node.lines()
        asked = movement("k-1", "reserve", (stock[BLANKETS], "30"), (stock["BLANKET - Shelf A"], "20"))
        made = await node.writer.reserve(node.context, asked)
        assert made.state == "assigned" and made.reference.count(",") == 1  # one shipment for each location
        assert states(tryton) == [("reserve:k-1", "assigned")] * 2
        after = await node.lines()
        assert [after[name].line.reserved for name in (BLANKETS, "BLANKET - Shelf A")] == [30, 20]
        assert after[BLANKETS].line.quantity == 100  # still there
        more = movement("k-2", "reserve", (stock[BLANKETS], "71"))
        with pytest.raises(Declined, match="free"):
            await node.writer.reserve(node.context, more)
        gone = await node.writer.release(node.context, movement("k-3", "release", of="k-1"))
        assert gone.state == "cancelled"
        assert states(tryton)[:2] == [("reserve:k-1 release:k-3", "cancelled")] * 2
        assert (await node.lines())[BLANKETS].line.reserved == 0


async def test_a_lot_is_reserved_and_issued_and_comes_back(tryton: Tryton, adapters: Open) -> None:
    async with adapters(tryton.url) as node:
        stock = await node.lines()
        await node.writer.reserve(node.context, movement("k-1", "reserve", (stock[PILLS], "150")))
        left = await node.writer.issue(node.context, movement("k-2", "issue", of="k-1"))
        assert left.state == "done"
        assert (tryton.quantity("PARA", "STO"), tryton.quantity("PARA", "LOAN")) == (250, 150)
        after = await node.lines()
        assert (after[PILLS].line.quantity, after[PILLS].line.reserved) == (250, 0)
        assert not any("On loan" in name for name in after)  # what was lent is no stock to offer
        with pytest.raises(Declined):  # it left: nothing is to be released
            await node.writer.release(node.context, movement("k-3", "release", of="k-1"))
        await node.writer.receive(node.context, movement("k-4", "receive", (stock[PILLS], "140")))
        assert (tryton.quantity("PARA", "STO"), tryton.quantity("PARA", "LOAN")) == (390, 10)
        with pytest.raises(Declined):  # more than was lent
            await node.writer.receive(node.context, movement("k-5", "receive", (stock[PILLS], "11")))
        straight = movement("k-6", "issue", (stock["ROPE - Storage Zone"], "2.5"))
        assert (await node.writer.issue(node.context, straight)).state == "done"
        assert tryton.quantity("ROPE", "LOAN") == 2.5


async def test_what_is_not_wholly_there_is_declined_and_nothing_stays_held(tryton: Tryton, adapters: Open) -> None:
    async with adapters(tryton.url) as node:
        stock = await node.lines()
        asked = movement("k-1", "reserve", (stock[BLANKETS], "10"), (stock["BLANKET - Shelf A"], "21"))
        for _ in range(2):  # the same again gives the same
            with pytest.raises(Declined):
                await node.writer.reserve(node.context, asked)
            assert {state for _, state in states(tryton)} == {"cancelled"}
        assert len(states(tryton)) == 2
        assert await node.writer.lookup(node.context, "k-1") is None
        assert (await node.lines())[BLANKETS].line.reserved == 0
        kilos = Movement(
            key="k-2", kind="reserve", lines=(MovementLine(key=stock[BLANKETS].key, quantity=Decimal(1), unit="kg"),)
        )
        with pytest.raises(Declined, match="unit"):
            await node.writer.reserve(node.context, kilos)
        with pytest.raises(Declined):  # half a blanket
            await node.writer.reserve(node.context, movement("k-3", "reserve", (stock[BLANKETS], "0.5")))


async def test_what_was_declined_is_made_under_a_new_key_once_the_goods_are_free(
    tryton: Tryton, adapters: Open
) -> None:
    async with adapters(tryton.url) as node:
        stock = await node.lines()
        await node.writer.reserve(node.context, movement("k-1", "reserve", (stock[BLANKETS], "100")))
        with pytest.raises(Declined):
            await node.writer.reserve(node.context, movement("k-2", "reserve", (stock[BLANKETS], "10")))
        await node.writer.release(node.context, movement("k-3", "release", of="k-1"))
        with pytest.raises(Declined):  # a key stays what it was
            await node.writer.reserve(node.context, movement("k-2", "reserve", (stock[BLANKETS], "10")))
        made = await node.writer.reserve(node.context, movement("k-2-1", "reserve", (stock[BLANKETS], "10")))
        assert made.state == "assigned" and (await node.writer.lookup(node.context, "k-2-1")) == made
        await node.writer.issue(node.context, movement("k-4", "issue", (stock[BLANKETS], "10"), of="k-2-1"))
        assert tryton.quantity("BLANKET", "LOAN") == 10


async def test_a_part_of_a_reservation_is_not_taken_for_the_whole(tryton: Tryton, adapters: Open) -> None:
    async with adapters(tryton.url) as node:
        stock = await node.lines()
        both = ((stock[BLANKETS], "30"), (stock[PILLS], "20"))
        await node.writer.reserve(node.context, movement("k-1", "reserve", *both))
        for kind in ("issue", "release"):
            part = movement("k-2", kind, (stock[BLANKETS], "20"), (stock[PILLS], "20"), of="k-1")
            with pytest.raises(Declined, match="whole"):
                await getattr(node.writer, kind)(node.context, part)
        assert states(tryton) == [("reserve:k-1", "assigned")]
        assert (await node.writer.issue(node.context, movement("k-3", "issue", *both, of="k-1"))).state == "done"


async def test_a_reservation_that_people_cancelled_in_tryton_is_released(tryton: Tryton, adapters: Open) -> None:
    async with adapters(tryton.url) as node:
        stock = await node.lines()
        await node.writer.reserve(node.context, movement("k-1", "reserve", (stock[BLANKETS], "30")))
        (shipment,) = tryton.shipments()
        tryton.rpc("model.stock.shipment.internal.cancel", [shipment["id"]], {})
        with pytest.raises(Declined, match="cancelled"):
            await node.writer.issue(node.context, movement("k-2", "issue", of="k-1"))
        assert await node.writer.lookup(node.context, "k-1") is None
        assert (await node.writer.release(node.context, movement("k-3", "release", of="k-1"))).state == "cancelled"


async def test_a_server_that_goes_between_two_steps_is_looked_up(tryton: Tryton, adapters: Open) -> None:
    async with proxy_before(tryton.url) as proxy, adapters(proxy.url) as node:
        stock = await node.lines()
        asked = movement("k-1", "reserve", (stock[BLANKETS], "30"))
        proxy.refuse["assign_try"] = web.Response(status=429)
        with pytest.raises(OutcomeUnknown):
            await node.writer.reserve(node.context, asked)
        assert states(tryton) == [("reserve:k-1", "waiting")]
        assert (await node.writer.release(node.context, movement("k-2", "release", of="k-1"))).state == "cancelled"


async def test_goods_of_a_location_below_are_not_taken_for_those_of_the_one_above(
    tryton: Tryton, adapters: Open
) -> None:
    async with adapters(tryton.url) as node:
        stock = await node.lines()
        with pytest.raises(Declined):  # 100 here, 20 on the shelf below: Tryton would pick from both
            await node.writer.reserve(node.context, movement("k-1", "reserve", (stock[BLANKETS], "110")))
        assert (await node.lines())["BLANKET - Shelf A"].line.reserved == 0


@pytest.mark.parametrize("lost", ["create", "wait", "assign_try"])
async def test_a_reservation_whose_answer_is_lost_is_made_once(
    tryton: Tryton, proxy: Proxy, adapters: Open, lost: str
) -> None:
    proxy.swallow[lost] = 1
    async with adapters(proxy.url) as node:
        stock = await node.lines()
        asked = movement("k-1", "reserve", (stock[BLANKETS], "30"))
        with pytest.raises(OutcomeUnknown):
            await node.writer.reserve(node.context, asked)
        found = await node.writer.lookup(node.context, "k-1")
        assert (found is not None) == (lost == "assign_try")  # only what was made to its end is there
        assert (await node.writer.reserve(node.context, asked)).state == "assigned"
        assert states(tryton) == [("reserve:k-1", "assigned")]
        assert (await node.lines())[BLANKETS].line.reserved == 30


async def test_an_issue_and_a_receipt_whose_answers_are_lost_are_made_once(
    tryton: Tryton, proxy: Proxy, adapters: Open
) -> None:
    async with adapters(proxy.url) as node:
        stock = await node.lines()
        await node.writer.reserve(node.context, movement("k-1", "reserve", (stock[BLANKETS], "30")))
        for kind, asked in (
            ("issue", movement("k-2", "issue", of="k-1")),
            ("receive", movement("k-3", "receive", (stock[BLANKETS], "10"))),
        ):
            proxy.swallow |= {"do": 1, "done": 1}
            with pytest.raises(OutcomeUnknown):
                await getattr(node.writer, kind)(node.context, asked)
            proxy.swallow.clear()
            found = await node.writer.lookup(node.context, asked.key)
            assert found is not None and found.state == "done"
            assert await getattr(node.writer, kind)(node.context, asked) == found
        assert (tryton.quantity("BLANKET", "STO"), tryton.quantity("BLANKET", "LOAN")) == (80, 20)


async def test_a_release_whose_answer_is_lost_is_found(tryton: Tryton, proxy: Proxy, adapters: Open) -> None:
    async with adapters(proxy.url) as node:
        stock = await node.lines()
        await node.writer.reserve(node.context, movement("k-1", "reserve", (stock[BLANKETS], "30")))
        asked = movement("k-2", "release", of="k-1")
        proxy.swallow["write"] = 1  # marked, not yet cancelled
        with pytest.raises(OutcomeUnknown):
            await node.writer.release(node.context, asked)
        assert await node.writer.lookup(node.context, "k-2") is None
        proxy.swallow["cancel"] = 1
        with pytest.raises(OutcomeUnknown):
            await node.writer.release(node.context, asked)
        found = await node.writer.lookup(node.context, "k-2")
        assert found is not None and found.state == "cancelled"
        assert states(tryton) == [("reserve:k-1 release:k-2", "cancelled")]


async def test_two_calls_with_one_key_at_once_make_one_movement(tryton: Tryton, adapters: Open) -> None:
    async with adapters(tryton.url) as node:
        stock = await node.lines()
        asked = movement("k-1", "reserve", (stock[BLANKETS], "30"))
        one, other = await asyncio.gather(*(node.writer.reserve(node.context, asked) for _ in range(2)))
        assert one == other and len(states(tryton)) == 1


async def test_a_wrong_password_is_tried_exactly_once(tryton: Tryton, proxy: Proxy, adapters: Open) -> None:
    async with adapters(proxy.url, "not it") as node:
        asked = [node.source.describe(node.context) for _ in range(4)]
        found = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(error, Unauthorised) for error in found)
        assert not any("not it" in str(error) for error in found)
    assert proxy.count("common.db.login") == 1


async def test_a_session_that_ended_is_renewed_once(tryton: Tryton, proxy: Proxy, adapters: Open) -> None:
    async with adapters(proxy.url) as node:
        before = await node.lines()
        tryton.sql("delete from ir_session")
        assert await node.lines() == before
        assert proxy.count("common.db.login") == 2
        tryton.sql("delete from ir_session")
        made = await node.writer.reserve(node.context, movement("k-1", "reserve", (before[BLANKETS], "1")))
        assert made.state == "assigned" and proxy.count("common.db.login") == 3


async def test_a_user_without_rights_and_settings_that_name_nothing(tryton: Tryton, adapters: Open) -> None:
    async with adapters(tryton.url, user="nobody") as node:
        with pytest.raises(Unauthorised):
            await node.lines()
    async with adapters(tryton.url, user="nobody", reserve_to="") as node:
        with pytest.raises(Unauthorised):
            await node.source.describe(node.context)
    async with adapters(tryton.url, reserve_to="Nowhere") as node:
        with pytest.raises(Unauthorised, match="Nowhere"):
            await node.source.describe(node.context)
    async with adapters(tryton.url, reserve_to="SHELF-A") as node:
        with pytest.raises(Unauthorised, match="outside every warehouse"):
            await node.source.describe(node.context)
    async with adapters(tryton.url, database="other") as node:
        with pytest.raises(Unavailable):
            await node.source.describe(node.context)
    async with adapters(tryton.url, reserve_to="") as node:
        assert (await node.source.describe(node.context)).movements == ()


async def test_a_server_that_is_down_is_unavailable_and_comes_back(tryton: Tryton, adapters: Open) -> None:
    async with adapters(tryton.url) as node:
        before = await node.lines()
        tryton.stop()
        with pytest.raises(Unavailable) as error:
            await node.lines()
        assert not isinstance(error.value, OutcomeUnknown)
        with running(tryton.version, tryton.folder, tryton.port):
            assert await node.lines() == before


async def test_a_snapshot_that_breaks_off_has_no_end(tryton: Tryton, proxy: Proxy, adapters: Open) -> None:
    async with adapters(proxy.url, page=1) as node:
        got: list[Any] = []
        with pytest.raises(Unavailable) as error:
            async for one in node.source.snapshot(node.context):
                got.append(one)
                proxy.refuse["search_read"] = web.Response(status=503, headers={"Retry-After": "120"})
        assert error.value.retry_after == 120
        assert got and not any(isinstance(one, SnapshotEnd) for one in got)
