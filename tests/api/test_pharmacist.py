"""Medicines leave with the pharmacist's word, where a node has a pharmacist."""

from typing import Any

from tests.api.conftest import BG, HR, Desk
from tests.api.test_operations import INSIDE, Case
from xstock_node.domain.rights import Role
from xstock_node.testing import make_offer

KIT, UNIT = "KMEDKIAE01B", "H87"
GOODS = [{"item": KIT, "unit": UNIT, "qty": [5, 0]}]


async def asked_for_kits(desks: dict[str, Desk]) -> Case:
    net = desks[HR].net
    kits = make_offer(901, net.clocks[HR].now(), item=KIT, cat="medical", unit=UNIT, qty=(100, 0))
    await net.publish(HR, [kits])
    ask = {"to": [HR], "lines": [{"item": KIT, "quantity": "5"}]}
    _, made, _ = await desks[BG].ask("POST", "/requests", json=ask)
    case = Case(desks, made["operations"][0]["case"])
    await case.until(HR, "requested")
    return case


async def take(desk: Desk, token: str, case: Case, verb: str, **fields: Any) -> tuple[int, Any]:
    body = {"case": case.case, "step": verb, "fields": fields}
    return (await desk.ask("POST", "/operations/step", token, json=body))[:2]


def offer(desk: Desk) -> dict[str, Any]:
    return {"lines": GOODS, "hold_until": desk.office.node.clock.now() + 3600, "terms": ["donation"]}


async def approve(desk: Desk, token: str, id_: str) -> tuple[int, Any]:
    return (await desk.ask("POST", "/operations/approve", token, json={"id": id_}))[:2]


async def test_medicines_are_offered_and_leave_with_the_pharmacist_s_word(desks: dict[str, Desk]) -> None:
    desk, case = desks[HR], await asked_for_kits(desks)
    owner = await desk.hire("ivo", Role.STOCK_OWNER)
    pharmacist = await desk.hire("mia", Role.PHARMACIST)
    store = await desk.hire("petar", Role.WAREHOUSE)
    status, waits = await take(desk, owner, case, "offer", **offer(desk))
    assert status == 200 and waits["missing"] == ["pharmacist"] and f"medicines: {KIT}" in waits["why"]
    queue = (await desk.ask("GET", "/duty/queue"))[1]
    assert [one["role"] for one in queue if one["kind"] == "approval"] == ["pharmacist"]
    assert (await approve(desk, store, waits["waiting"]))[0] == 403
    assert (await approve(desk, pharmacist, waits["waiting"]))[1]["state"] == "offered"
    await case.until(BG, "offered")
    await case.step(BG, "accept", terms="donation", place="Vidin")
    await case.until(BG, "confirmed")
    await case.step(HR, "stage", consignment="c1", countries=INSIDE)
    goods = {"consignment": "c1", "lines": GOODS, "free": "every road lies in the Union"}
    logistics = await desk.hire("lara", Role.LOGISTICS)
    status, found = await take(desk, logistics, case, "dispatch", **goods)
    assert status == 403 and found["error"]["expected"] == "a person who may dispatch"
    status, waits = await take(desk, store, case, "dispatch", **goods)
    assert status == 200 and not waits["sent"] and waits["missing"] == ["pharmacist"]
    assert (await desk.ask("GET", f"/operations/operation?case={case.case}"))[1]["state"] == "confirmed"
    assert (await approve(desk, pharmacist, waits["waiting"]))[1]["state"] == "dispatched"
    acts = [a for a in await desk.office.node.engine.read(lambda tx: tx.acts.last(20)) if "approve" in a.verb]
    assert [(a.actor, a.verb) for a in acts] == [("mia by loopback", "approve.pharmacist")] * 2


async def test_without_a_pharmacist_in_force_the_stock_owner_decides_alone(desks: dict[str, Desk]) -> None:
    desk, case = desks[HR], await asked_for_kits(desks)
    await desk.hire("mia", Role.PHARMACIST, sites=("Split",))
    writer = await desk.hire("lara", Role.LOGISTICS)
    owner = await desk.hire("ivo", Role.STOCK_OWNER)
    status, waits = await take(desk, writer, case, "offer", **offer(desk))
    assert status == 200 and waits["missing"] == ["release"]
    assert any("nobody here is a pharmacist" in why for why in waits["why"])
    assert (await approve(desk, owner, waits["waiting"]))[1]["state"] == "offered"


async def test_a_dispatch_that_waits_for_the_pharmacist_is_judged_by_its_way_as_any_other(
    desks: dict[str, Desk],
) -> None:
    desk, case = desks[HR], await asked_for_kits(desks)
    await case.step(HR, "offer", **offer(desk))
    await case.until(BG, "offered")
    await case.step(BG, "accept", terms="donation", place="Vidin")
    await case.until(BG, "confirmed")
    pharmacist = await desk.hire("mia", Role.PHARMACIST)
    store = await desk.hire("petar", Role.WAREHOUSE)
    goods = {"consignment": "c1", "lines": GOODS, "free": "every road lies in the Union"}
    await case.step(HR, "stage", consignment="c1", countries=["HR", "RS", "BG"])
    status, found = await take(desk, store, case, "dispatch", **goods)
    assert status == 422 and found["error"]["code"] == "clearance-needed"
    await case.step(HR, "stage", consignment="c1", countries=INSIDE)
    waits = (await take(desk, store, case, "dispatch", **goods))[1]
    await case.step(HR, "stage", consignment="c1", countries=["HR", "RS", "BG"])
    status, found = await approve(desk, pharmacist, waits["waiting"])
    assert status == 422 and found["error"]["code"] == "clearance-needed"
