"""One need asked of two suppliers: the table follows it, the covered need stands the other down, the note tells it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import BG, HR, OPERATOR, Desk, opened
from tests.api.test_operations import TENT, UNIT, Case, lines

RS, EVENT = "redcross.rs", "FL-2027-000014-BGR"
Desks = dict[str, Desk]


@pytest.fixture
async def three(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Desks]:
    """Bulgaria asks Croatia and Serbia, which offer 1,000 tents each; the parameter is the setting of stand-down."""
    setting = getattr(request, "param", "ask")
    async with opened(tmp_path, (BG, HR, RS), (HR, RS), stand_down=setting) as found:
        yield found


async def asked(three: Desks) -> tuple[str, Case, Case]:
    body = {"to": [HR, RS], "lines": [{"item": TENT, "quantity": "50"}], "event": EVENT}
    _, made, _ = await three[BG].ask("POST", "/requests", json=body)
    cases = {row["supplier"]: Case(three, row["case"]) for row in made["operations"]}
    for name, case in cases.items():
        await case.until(name, "requested")
    return made["id"], cases[HR], cases[RS]


async def covered(three: Desks) -> tuple[str, Case, Case]:
    request, hr, rs = await asked(three)
    hold = three[HR].office.node.clock.now() + 3600
    await hr.step(HR, "offer", lines=lines(50), hold_until=hold, terms=["donation"])
    await hr.until(BG, "offered")
    await hr.step(BG, "accept", terms="donation", place="Vidin")
    await hr.until(BG, "confirmed")
    return request, hr, rs


async def shown(desk: Desk) -> Any:
    status, found, _ = await desk.ask("GET", f"/mobilisation/event?event={EVENT}")
    assert status == 200, found
    return found


def of(found: Any, supplier: str) -> dict[str, str | None]:
    return next(row["figures"] for row in found["rows"] if row["supplier"] == supplier)


async def test_the_table_follows_offer_confirm_dispatch_and_a_receipt_with_two_damaged(three: Desks) -> None:
    _, hr, _ = await asked(three)
    before = await shown(three[BG])
    assert of(before, HR)["offered"] is None and before["totals"][0]["sums"]["asked"] == {"known": "50", "unknown": 0}
    hold = three[HR].office.node.clock.now() + 3600
    await hr.step(HR, "offer", lines=lines(50), hold_until=hold, terms=["donation"])
    await hr.until(BG, "offered")
    offered = await shown(three[BG])
    assert (of(offered, HR)["offered"], of(offered, HR)["promised"]) == ("50", "0")
    assert (
        offered["totals"][0]["sums"]["offered"] == {"known": "50", "unknown": 1} and of(offered, RS)["offered"] is None
    )
    await hr.step(BG, "accept", terms="donation", place="Vidin")
    await hr.until(BG, "confirmed")
    promised = await shown(three[BG])
    assert (of(promised, HR)["offered"], of(promised, HR)["promised"]) == ("0", "50")
    assert promised["totals"][0]["gap"] == "0"
    free = "every road lies in the Union"
    await hr.step(HR, "stage", consignment="c1", countries=["HR", "SI", "HU", "RO", "BG"], crossings=["Vidin"])
    await hr.step(HR, "dispatch", consignment="c1", lines=lines(50), free=free, crossing="Vidin", arrival=hold)
    await hr.until(BG, "dispatched")
    moving = await shown(three[BG])
    assert of(moving, HR)["under_way"] == "50" and of(moving, HR)["received"] == "0"
    (consignment,) = moving["consignments"]
    assert (consignment["stand"], consignment["crossings"], consignment["goods"]) == (
        "dispatched",
        ["Vidin"],
        f"50 {UNIT} {TENT}",
    )
    assert consignment["arrival"] and (await shown(three[HR]))["rows"][0]["side"] == "supplier"
    counts = [{"item": TENT, "unit": UNIT, "good": [48, 0], "damaged": [2, 0], "reason": "wet"}]
    await hr.step(BG, "received", consignment="c1", counts=counts)
    await hr.until(HR, "received")
    for name in (BG, HR):
        arrived = await shown(three[name])
        told = {k: of(arrived, HR)[k] for k in ("under_way", "received", "good", "damaged", "missing")}
        assert told == {"under_way": "0", "received": "50", "good": "48", "damaged": "2", "missing": "0"}
        assert arrived["consignments"] == []
    (event,) = (await three[BG].ask("GET", "/mobilisation"))[1]
    assert (event["event"], event["operations"], event["open"], event["exercise"]) == (EVENT, 2, 2, False)
    headers = {"Authorization": f"Bearer {OPERATOR}", "Host": "127.0.0.1:1"}
    async with three[BG].client.get(f"/api/1/mobilisation/csv?event={EVENT}", headers=headers) as answer:
        rows = (await answer.text()).splitlines()
    assert len(rows) == 3 and rows[0].startswith("event,exercise,at,item,unit,side") and "48,2" in rows[1]


async def test_a_covered_need_waits_for_the_officer_who_stands_the_other_down(three: Desks) -> None:
    request, hr, rs = await covered(three)
    queue = (await three[BG].ask("GET", "/duty/queue"))[1]
    (thing,) = [one for one in queue if one["kind"] == "stand-down"]
    assert (thing["request"], thing["other"], thing["role"], thing["calm"]) == (request, RS, "duty-officer", True)
    await three[BG].ask("POST", "/requests/stand-down", json={"id": request})
    await rs.until(RS, "cancelled")
    queue = (await three[BG].ask("GET", "/duty/queue"))[1]
    assert not [one for one in queue if one["kind"] == "stand-down"]
    assert "cancel" not in [s["verb"] for s in (await hr.until(BG, "confirmed"))["timeline"]]


@pytest.mark.parametrize("three", ["auto"], indirect=True)
async def test_the_node_stands_the_other_down_itself_where_it_may_and_leaves_what_binds(three: Desks) -> None:
    _, hr, rs = await covered(three)
    await rs.until(RS, "cancelled")
    for _ in range(3):
        three[BG].office.node.correspondence.arrived(hr.case)
        await asyncio.sleep(0.05)
    assert [s["verb"] for s in (await rs.until(BG, "cancelled"))["timeline"]].count("cancel") == 1
    assert "cancel" not in [s["verb"] for s in (await hr.until(HR, "confirmed"))["timeline"]]
    acts = await three[BG].office.node.engine.read(lambda tx: [act for _, act in tx.acts.since(0, 1000)])
    (told,) = [act for act in acts if act.verb == "op.cancel"]
    assert told.actor == "node by itself" and told.detail == "covered" and told.subject.startswith(rs.case)
    assert not [one for one in (await three[BG].ask("GET", "/duty/queue"))[1] if one["kind"] == "stand-down"]


async def test_the_hand_over_note_says_what_waits_who_is_silent_and_what_comes_due(three: Desks) -> None:
    _, hr, rs = await asked(three)
    hold = three[HR].office.node.clock.now() + 3600
    await hr.step(HR, "offer", lines=lines(50), hold_until=hold, terms=["donation"])
    await hr.until(BG, "offered")
    status, found, _ = await three[BG].ask("GET", "/duty/note?hours=12")
    assert status == 200, found
    assert [line["about"] for line in found["waiting"]] == [hr.case]
    assert [line["words"] for line in found["silent"]] == [f"{RS} on {rs.case}: no answer yet, no time was named"]
    assert f"{hr.case} with {HR}: offered; we are the requester; turn: ours; 50 {UNIT} {TENT}; event {EVENT}" in [
        line["words"] for line in found["open"]
    ]
    assert [line["words"].split(" ", 1)[1] for line in found["changed"]].count(f"{HR}: Offer in {hr.case}") == 1
    assert [line["words"].split(" ", 1)[1] for line in found["due"]] == [f"the hold of {hr.case} ends ({HR})"]
    assert found["text"][0] == f"Hand-over note of {BG}, {found['at']}; changes of the last 12 hours"
    assert "operator" not in " ".join(found["text"]), "no person is named"
    for clock in three[BG].net.clocks.values():
        clock.offset += 13 * 3600
    later = (await three[BG].ask("GET", "/duty/note?hours=12&language=hr"))[1]
    assert later["changed"] == [] or all(line["at"] >= later["since"] for line in later["changed"])
    assert (await three[BG].ask("GET", "/duty/note?hours=0"))[0] == 400
