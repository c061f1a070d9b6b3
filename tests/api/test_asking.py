"""A request above the thresholds of its organisation asks nobody until a second person approved it."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import BG, HR, Desk, opened
from xstock_node.domain.rights import Role
from xstock_node.services.approving import LIVES, PENDING
from xstock_node.services.asking import lapse
from xstock_node.services.office import Thresholds
from xstock_node.services.reacting import NODE, Reacting
from xstock_node.services.request_views import REQUESTS

TENT = "HSHETENTF16C"


@pytest.fixture
async def limited(tmp_path: Path) -> AsyncIterator[dict[str, Desk]]:
    """Two nodes that ask for at most 20 tents without a second person."""
    limits = Thresholds(ask_pieces={TENT: Decimal(20)})
    async with opened(tmp_path, (BG, HR), (HR,), second_person=limits) as found:
        yield found


async def new(desk: Desk, token: str, quantity: int, key: str = "") -> tuple[int, Any]:
    body = {"to": [HR], "lines": [{"item": TENT, "quantity": str(quantity)}]}
    headers = {"Idempotency-Key": key} if key else {}
    return (await desk.ask("POST", "/requests", token, json=body, headers=headers))[:2]


async def test_twenty_tents_go_out_at_once_and_twenty_one_after_an_approver_s_word(limited: dict[str, Desk]) -> None:
    desk = limited[BG]
    duty, boss = await desk.hire("duty", Role.DUTY_OFFICER), await desk.hire("boss", Role.APPROVER)
    few = (await new(desk, duty, 20))[1]
    assert few["state"] == "open" and few["operations"] and not few["waits"]
    status, many = await new(desk, duty, 21, "key-12345678")
    assert status == 200 and many["state"] == "waiting" and many["operations"] == [] and many["unsent"] == [HR]
    assert await new(desk, duty, 21, "key-12345678") == (200, many), "asked again it is the same one, still waiting"
    (waits,) = (await desk.ask("GET", "/operations/pending"))[1]
    assert (waits["id"], waits["case"], waits["by"]) == (many["waits"], many["id"], "duty")
    assert waits["missing"] == ["approve"] and waits["why"] == [f"more than 20 of {TENT} asked for"]
    assert waits["fields"]["to"] == [HR] and waits["fields"]["lines"][0]["qty"] == [21, 0]
    (thing,) = [one for one in (await desk.ask("GET", "/duty/queue"))[1] if one["kind"] == "approval"]
    assert (thing["request"], thing["case"], thing["role"]) == (many["id"], "", "approver")

    async def approve(token: str, key: str) -> tuple[int, Any]:
        headers = {"Idempotency-Key": key}
        return (await desk.ask("POST", "/operations/approve", token, json={"id": waits["id"]}, headers=headers))[:2]

    assert (await approve(duty, "key-duty-duty"))[0] == 403
    assert len((await limited[HR].ask("GET", "/operations"))[1]) == 1, "nobody was asked yet"
    status, sent = await approve(boss, "key-boss-boss")
    assert status == 200 and sent["sent"] and sent["case"] == many["id"]
    assert await approve(boss, "key-boss-boss") == (200, sent)
    shown = (await desk.ask("GET", f"/requests/request?id={many['id']}"))[1]
    assert shown["state"] == "open" and len(shown["operations"]) == 1 and not shown["waits"]
    acts = await desk.office.node.engine.read(lambda tx: tx.acts.last(99))
    assert {act.verb for act in acts if act.subject == many["id"]} == {"request.new", "approve.approve"}


async def test_who_asks_does_not_approve_it_also_with_every_right(limited: dict[str, Desk]) -> None:
    desk = limited[BG]
    made = (await new(desk, "operator-token", 21))[1]
    status, refused, _ = await desk.ask("POST", "/operations/approve", json={"id": made["waits"]})
    assert status == 403 and refused["error"]["code"] == "second-person"


@pytest.mark.parametrize("end", ["refused", "cancelled", "lapsed"])
async def test_what_is_refused_cancelled_or_signed_by_nobody_is_never_sent(end: str, limited: dict[str, Desk]) -> None:
    desk = limited[BG]
    duty, boss = await desk.hire("duty", Role.DUTY_OFFICER), await desk.hire("boss", Role.APPROVER)
    made = (await new(desk, duty, 500))[1]
    reacting = Reacting(desk.office)
    if end == "refused":
        refusal = {"id": made["waits"], "reason": "no"}
        assert (await desk.ask("POST", "/operations/refuse", boss, json=refusal))[0] == 200
    elif end == "cancelled":
        assert (await desk.ask("POST", "/requests/cancel", duty, json={"id": made["id"]}))[0] == 200
    else:
        desk.net.clocks[BG].offset += LIVES
        await lapse(desk.office, NODE)
    assert (await desk.ask("POST", "/operations/approve", boss, json={"id": made["waits"]}))[0] == 404
    shown = (await desk.ask("GET", f"/requests/request?id={made['id']}"))[1]
    assert shown["state"] == "cancelled" and shown["operations"] == []
    assert await desk.office.node.engine.read(PENDING.list) == []
    await reacting.resume()
    (kept,) = await desk.office.node.engine.read(REQUESTS.list)
    assert kept.cases == {} and (await limited[HR].ask("GET", "/operations"))[1] == []


async def test_a_start_does_not_send_what_waits_and_sends_what_was_approved(limited: dict[str, Desk]) -> None:
    desk = limited[BG]
    made = (await new(desk, await desk.hire("duty", Role.DUTY_OFFICER), 500))[1]
    reacting = Reacting(desk.office)
    await reacting.resume()
    assert (await limited[HR].ask("GET", "/operations"))[1] == []
    assert (await desk.ask("GET", f"/requests/request?id={made['id']}"))[1]["state"] == "waiting"


async def arrived(desk: Desk, case: str) -> None:
    for _ in range(400):
        if (await desk.ask("GET", f"/operations/operation?case={case}"))[0] == 200:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{case} never arrived")


async def test_a_request_cut_into_many_offers_needs_a_second_person_all_the_same(limited: dict[str, Desk]) -> None:
    asker, giver = limited[BG], limited[HR]
    hold = giver.office.node.clock.now() + 3600
    why = []
    for quantity in (60, 41):  # of a thousand: six per cent, and with it more than ten
        case = (await new(asker, "operator-token", 20))[1]["operations"][0]["case"]
        await arrived(giver, case)
        lines = [{"item": TENT, "unit": "H87", "qty": [quantity, 0]}]
        body = {"case": case, "step": "offer", "fields": {"lines": lines, "hold_until": hold, "terms": ["loan"]}}
        status, found, _ = await giver.ask("POST", "/operations/step", json=body)
        assert status == 200
        why.append((found["sent"], found["missing"], [one for one in found["why"] if "%" in one]))
    beside = "with 60 that they are promised already"
    assert why == [(True, [], []), (False, ["approve"], [f"10.1 % of the {TENT} that there are, {beside}"])]
