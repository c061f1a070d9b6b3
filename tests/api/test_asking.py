"""A request above the thresholds of its organisation asks nobody until a second person approved it."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, Mock

import msgspec
import pytest

from tests.api.conftest import BG, HR, Desk, opened
from xstock_node.domain.rights import Role
from xstock_node.services import operating, reacting
from xstock_node.services.approving import LIVES, PENDING
from xstock_node.services.asking import lapse
from xstock_node.services.errors import Refusal
from xstock_node.services.office import Thresholds
from xstock_node.services.reacting import NODE, Reacting
from xstock_node.services.request_views import REQUESTS
from xstock_node.storage.errors import StorageError

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


async def test_an_owner_s_letter_approves_no_request(limited: dict[str, Desk]) -> None:
    desk = limited[BG]
    boss = await desk.hire("boss", Role.APPROVER)
    made = (await new(desk, "operator-token", 21))[1]
    letter = {"sha256": "a" * 64, "day": "2026-09-21", "function": "director"}
    body = {"id": made["waits"], "letter": letter}
    status, refused, _ = await desk.ask("POST", "/operations/approve", boss, json=body)
    assert status != 200 and refused["error"]["code"] == "no-letter-wanted"
    assert (await desk.ask("GET", "/operations/pending"))[1][0]["missing"] == ["approve"]


async def test_a_chore_that_cannot_be_done_ends_nothing_else(
    limited: dict[str, Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, tried = limited[BG], []

    def unreadable(tx: Any) -> Any:
        tried.append(1)
        raise StorageError("a readable database", "a damaged page", "restore it")

    monkeypatch.setattr(reacting, "EVERY", 0.01)
    busy = Reacting(desk.office)
    with monkeypatch.context() as broken:
        broken.setattr(reacting, "REQUESTS", Mock(list=unreadable))
        await busy.start()
        await asyncio.sleep(0.2)
    assert len(tried) > 1, "it was tried again"
    await busy.stop()


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
    await Reacting(desk.office).chores()
    (kept,) = await desk.office.node.engine.read(REQUESTS.list)
    assert kept.cases == {} and (await limited[HR].ask("GET", "/operations"))[1] == []


async def test_what_was_approved_before_a_crash_is_sent_by_the_next_start_and_what_waits_is_not(
    limited: dict[str, Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = limited[BG]
    duty, boss = await desk.hire("duty", Role.DUTY_OFFICER), await desk.hire("boss", Role.APPROVER)
    first, second = (await new(desk, duty, 500))[1], (await new(desk, duty, 400))[1]
    with monkeypatch.context() as crash:
        crash.setattr(operating, "send_out", AsyncMock(side_effect=StorageError("a running node", "its end", "")))
        assert (await desk.ask("POST", "/operations/approve", boss, json={"id": first["waits"]}))[0] != 200
    assert (await limited[HR].ask("GET", "/operations"))[1] == []
    await Reacting(desk.office).chores()
    shown = {one["id"]: one for one in (await desk.ask("GET", "/requests"))[1]}
    assert [o["supplier"] for o in shown[first["id"]]["operations"]] == [HR] and shown[first["id"]]["state"] == "open"
    assert shown[second["id"]]["state"] == "waiting" and shown[second["id"]]["operations"] == []


async def test_who_may_ask_and_approve_at_a_branch_does_not_approve_what_they_asked(limited: dict[str, Desk]) -> None:
    desk = limited[BG]
    both = await desk.hire("both", Role.DUTY_OFFICER, Role.APPROVER, sites=("Ruse",))
    duty, boss = await desk.hire("duty", Role.DUTY_OFFICER), await desk.hire("boss", Role.APPROVER, sites=("Ruse",))
    made = (await new(desk, both, 21))[1]
    assert made["site"] == "Ruse"
    (waits,) = (await desk.ask("GET", "/operations/pending", boss))[1]
    assert waits["missing"] == ["approve"], "its writer asked, and nobody else has to"

    async def approve(token: str) -> tuple[int, Any]:
        return (await desk.ask("POST", "/operations/approve", token, json={"id": made["waits"]}))[:2]

    assert [(await approve(token))[0] for token in (both, duty)] == [403, 403]
    status, sent = await approve(boss)
    assert status == 200 and sent["sent"]


async def test_a_notice_of_a_need_is_no_way_around_it(limited: dict[str, Desk]) -> None:
    body = {"to": [HR], "lines": [{"item": TENT, "quantity": "500"}], "notify": True}
    made = (await limited[BG].ask("POST", "/requests", json=body))[1]
    assert made["state"] == "waiting" and made["operations"] == []


async def test_who_left_meanwhile_keeps_nobody_else_from_being_asked(
    limited: dict[str, Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = limited[BG]
    boss = await desk.hire("boss", Role.APPROVER)
    body = {"to": [HR], "lines": [{"item": TENT, "quantity": "500"}]}
    made = (await desk.ask("POST", "/requests", json=body))[1]
    kept = await desk.office.node.engine.read(lambda tx: REQUESTS.get(tx, made["id"]))
    assert kept is not None
    both = msgspec.structs.replace(kept, to=("redcross.gone", HR))
    await desk.office.node.engine.write(lambda tx: REQUESTS.put(tx, kept.id, both, kept.at), durable=True)
    headers = {"Idempotency-Key": "key-of-boss-1"}
    for _ in range(2):
        approval = desk.ask("POST", "/operations/approve", boss, json={"id": made["waits"]}, headers=headers)
        status, refused, _ = await approval
        assert status == 403 and "redcross.gone" in refused["error"]["came"], "whoever approves is told, each time"
    shown = (await desk.ask("GET", f"/requests/request?id={made['id']}"))[1]
    assert [o["supplier"] for o in shown["operations"]] == [HR] and shown["unsent"] == ["redcross.gone"]
    monkeypatch.setattr(reacting, "send_out", AsyncMock(side_effect=AssertionError))
    with monkeypatch.context() as quiet:
        quiet.setattr(desk.office.node.trace, "error", Mock(side_effect=AssertionError("tried in vain, turn by turn")))
        await Reacting(desk.office).chores()


async def test_a_lapse_comes_also_while_much_is_going_on(limited: dict[str, Desk]) -> None:
    desk = limited[BG]
    made = (await new(desk, "operator-token", 500))[1]
    desk.net.clocks[BG].offset += LIVES
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reacting, "EVERY", 0.05)
        busy = Reacting(desk.office)
        await busy.start()
        for _ in range(100):
            desk.office.node.correspondence.arrived("some case")
            await asyncio.sleep(0.01)
        await busy.stop()
    assert (await desk.ask("GET", f"/requests/request?id={made['id']}"))[1]["state"] == "cancelled"


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


async def test_offers_that_were_written_before_any_was_released_are_judged_again_by_what_went_out(
    limited: dict[str, Desk],
) -> None:
    asker, giver = limited[BG], limited[HR]
    duty, owner = await giver.hire("duty", Role.DUTY_OFFICER), await giver.hire("owner", Role.STOCK_OWNER)
    boss = await giver.hire("boss", Role.APPROVER)
    hold, waiting = giver.office.node.clock.now() + 3600, []
    for _ in range(2):
        case = (await new(asker, "operator-token", 20))[1]["operations"][0]["case"]
        await arrived(giver, case)
        lines = [{"item": TENT, "unit": "H87", "qty": [90, 0]}]
        body = {"case": case, "step": "offer", "fields": {"lines": lines, "hold_until": hold, "terms": ["loan"]}}
        status, found, _ = await giver.ask("POST", "/operations/step", duty, json=body)
        assert status == 200 and found["missing"] == ["release"], found
        waiting.append(found["waiting"])

    async def approve(token: str, id_: str) -> Any:
        return (await giver.ask("POST", "/operations/approve", token, json={"id": id_}))[1]

    assert (await approve(owner, waiting[0]))["sent"]
    second = await approve(owner, waiting[1])
    assert not second["sent"] and second["missing"] == ["approve"]
    assert any("18 %" in why and "with 90" in why for why in second["why"])
    assert (await approve(boss, waiting[1]))["sent"]


async def test_a_step_that_came_to_need_more_than_it_was_signed_with_is_not_sent(limited: dict[str, Desk]) -> None:
    judge = Mock(return_value={"release": [], "approve": ["11 % of the tents"]})
    with pytest.raises(Refusal) as refused:
        operating.Approved(judge, frozenset({"release"})).check(Mock())
    assert refused.value.code == "approval-needed" and "11 %" in refused.value.came
    operating.Approved(judge, frozenset({"release", "approve"})).check(Mock())
