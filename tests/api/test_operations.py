"""The same procedure by API, between two nodes in this process: what the loan by command line does not walk."""

import asyncio
from typing import Any

import pytest

from tests.api.conftest import BG, HR, Desk
from xstock_node.domain.rights import Role
from xstock_node.services import settling
from xstock_node.services.approving import PENDING, sign_with
from xstock_node.services.office import OPERATOR, Actor
from xstock_node.services.reacting import Reacting
from xstock_node.services.times import iso
from xstock_node.testing import make_offer

TENT, UNIT = "HSHETENTF16C", "H87"


def lines(quantity: int) -> list[dict[str, Any]]:
    return [{"item": TENT, "unit": UNIT, "qty": [quantity, 0]}]


class Case:
    """One operation, and the two desks that step through it."""

    def __init__(self, desks: dict[str, Desk], case: str) -> None:
        self.desks, self.case = desks, case

    async def step(self, who: str, verb: str, status: int = 200, **fields: Any) -> Any:
        body = {"case": self.case, "step": verb, "fields": fields}
        found = await self.desks[who].ask("POST", "/operations/step", json=body)
        assert found[0] == status, found
        return found[1]

    async def until(self, who: str, state: str, verb: str = "") -> Any:
        """Wait until a desk shows a state, and holds a step."""
        found: Any = None
        for _ in range(400):
            _, found, _ = await self.desks[who].ask("GET", f"/operations/operation?case={self.case}")
            held = [s["verb"] for s in found.get("timeline", ())]
            if found.get("state") == state and (not verb or verb in held):
                return found
            await asyncio.sleep(0.02)
        raise AssertionError((state, verb, found and (found.get("state"), found.get("timeline"))))


INSIDE = ["HR", "SI", "HU", "RO", "BG"]


async def asked(desks: dict[str, Desk], quantity: str = "50", **more: Any) -> Case:
    body = {"to": [HR], "lines": [{"item": TENT, "quantity": quantity}], **more}
    _, made, _ = await desks[BG].ask("POST", "/requests", json=body)
    case = Case(desks, made["operations"][0]["case"])
    await case.until(HR, "requested")
    return case


async def bound(desks: dict[str, Desk], quantity: int = 50, terms: str = "donation") -> Case:
    case = await asked(desks, str(quantity))
    hold = desks[HR].office.node.clock.now() + 3600
    await case.step(HR, "offer", lines=lines(quantity), hold_until=hold, terms=["donation", "loan"])
    await case.until(BG, "offered")
    due = {"due": "2027-06-30"} if terms == "loan" else {}
    await case.step(BG, "accept", terms=terms, place="Vidin", **due)
    await case.until(BG, "confirmed")
    return case


async def sent(desks: dict[str, Desk], quantity: int = 50, terms: str = "donation") -> Case:
    case = await bound(desks, quantity, terms)
    await case.step(HR, "stage", consignment="c1", countries=INSIDE)
    await case.step(HR, "dispatch", consignment="c1", lines=lines(quantity), free="every road lies in the Union")
    await case.until(BG, "dispatched")
    return case


async def test_a_gift_inside_the_union_needs_a_reason_instead_of_a_green_light(desks: dict[str, Desk]) -> None:
    case = await bound(desks)
    bare = await case.step(HR, "dispatch", 422, consignment="c1", lines=lines(50))
    assert bare["error"]["code"] == "no-green-light"
    goods = {"consignment": "c1", "lines": lines(50), "free": "inside the Union"}
    above = await case.step(HR, "dispatch", 422, **goods | {"lines": lines(51)})
    assert above["error"]["code"] == "more-than-accepted"
    unsaid = await case.step(HR, "dispatch", 422, **goods)
    assert unsaid["error"]["code"] == "way-unknown" and "HR ?" in unsaid["error"]["came"]
    await case.step(HR, "stage", consignment="c1", countries=["HR", "RS", "BG"])
    outside = await case.step(HR, "dispatch", 422, **goods)
    assert outside["error"]["code"] == "clearance-needed" and "RS" in outside["error"]["came"]
    await case.step(HR, "stage", consignment="c1", countries=["SI", "HU"])
    assert "from HR" in (await case.step(HR, "dispatch", 422, **goods))["error"]["expected"], "it begins elsewhere"
    await case.step(HR, "stage", consignment="c1", countries=INSIDE)
    road = await case.step(HR, "dispatch", 422, **goods | {"crossing": "Batrovci"})
    assert road["error"]["code"] == "way-unknown" and "staged crossing" in road["error"]["expected"]
    await case.step(HR, "stage", consignment="c1", countries=["HR", "QQ", "BG"])
    assert "QQ" in (await case.step(HR, "dispatch", 422, **goods))["error"]["came"]
    await case.step(HR, "stage", consignment="c1", countries=INSIDE)
    await case.step(HR, "dispatch", **goods)
    await case.until(BG, "dispatched")
    early = await case.step(BG, "close-proposed", 409)
    assert early["error"]["code"] == "step" and "received" in early["error"]["expected"]
    await case.step(BG, "received", counts=[{"item": TENT, "unit": UNIT, "good": [50, 0]}])
    await case.until(HR, "received")
    await case.step(BG, "close-proposed", filed=True)
    await case.until(HR, "received", "close-proposed")
    await case.step(HR, "close", filed=True)
    await case.until(BG, "closed")
    assert (await desks[BG].ask("GET", "/requests"))[1][0]["state"] == "closed"


async def test_an_amendment_asks_anew_and_a_hold_shrinks_only_by_the_supplier_s_word(desks: dict[str, Desk]) -> None:
    case = await bound(desks)
    await case.step(BG, "amend", lines=lines(30))
    await case.until(HR, "confirmed", "amend")
    assert (await case.until(BG, "confirmed"))["counters"][0]["figures"]["accepted"] == "50"
    await case.step(HR, "amended", lines=lines(30))
    found = await case.until(BG, "confirmed", "amended")
    assert found["counters"][0]["figures"]["accepted"] == "30" and not found["proposals"]


async def test_a_cancel_after_the_confirmation_is_concluded_by_the_supplier(desks: dict[str, Desk]) -> None:
    case = await bound(desks)
    await case.step(BG, "cancel", reason="covered-elsewhere")
    await case.until(HR, "confirmed", "cancel")
    await case.step(HR, "cancelled", reason="covered-elsewhere")
    assert (await case.until(BG, "cancelled"))["turn"] == ""


async def test_a_forecast_is_answered_by_a_standby_hold_that_ends_by_a_signed_step(desks: dict[str, Desk]) -> None:
    _, made, _ = await desks[BG].ask("POST", "/requests", json={"to": [HR], "notify": True, "event": "EX-2027"})
    case = Case(desks, made["operations"][0]["case"])
    await case.until(HR, "notified")
    hold = desks[HR].office.node.clock.now() + 600
    await case.step(HR, "standby", lines=lines(60), hold_until=hold)
    await case.until(BG, "standby")
    desks[HR].net.clocks[HR].offset += 601
    office = desks[HR].office
    desks[HR].office.node.correspondence.arrived(case.case)
    found = await case.until(BG, "expired")
    assert found["timeline"][-1]["verb"] == "expire" and office.node.identity.name == found["timeline"][-1]["by"]


async def test_what_was_refused_at_the_border_is_cleared_anew_or_goes_home(desks: dict[str, Desk]) -> None:
    case = await sent(desks)
    await case.step(HR, "refused", consignment="c1", lines=lines(50), reason="no-ispm15-mark")
    await case.until(BG, "refused")
    again = await case.step(HR, "dispatch", 422, consignment="c1", lines=lines(50))
    assert again["error"]["code"] == "no-green-light"
    road = {"consignment": "c1", "crossing": "Gradina", "day": "2027-03-30", "vehicle": "7" * 64}
    until = desks[BG].office.node.clock.now() + 86_400
    open_ = await case.step(BG, "green-light", 422, **road | {"vehicle": ""})
    assert open_["error"]["code"] == "light-open" and "vehicle" in open_["error"]["came"]
    assert (await case.step(BG, "green-light", 422, **road))["error"]["code"] == "light-ends"
    staged = (await case.step(HR, "stage", **road | {"crossings": ["Gradina"]}))["hash"]
    for _ in range(500):
        if staged in [step["hash"] for step in (await case.until(BG, "refused"))["timeline"]]:
            break
        await asyncio.sleep(0.02)
    other = await case.step(BG, "green-light", 422, **road | {"day": "2027-04-01"}, valid_until=until)
    assert other["error"]["code"] == "green-light-void" and "another day" in other["error"]["came"]
    await case.step(BG, "green-light", **road, valid_until=until)
    await case.until(HR, "refused", "green-light")
    await case.step(HR, "clear", consignment="c1")
    await case.until(BG, "cleared")
    more = await case.step(HR, "dispatch", 422, lines=lines(50), **road | {"consignment": "c9"})
    assert more["error"]["code"] == "no-green-light", "the load keeps its consignment"
    await case.step(HR, "dispatch", lines=lines(50), **road)
    assert (await case.until(BG, "dispatched"))["counters"][0]["in_transit"] == "50"


async def test_a_green_light_is_for_what_the_own_reception_profile_lets_in(desks: dict[str, Desk]) -> None:
    profile = f"""
country = "BG"
signed_on = 2026-09-01
signed_by = "customs officer"
valid_until = 2027-12-31
source = "customs of Bulgaria"
consignee = "duty officer"
languages = ["bg"]
[[entry_points]]
code = "BGKLN"
name = "Gradina"
[[restrictions]]
rule = "permission"
items = ["{TENT}"]
permission = "import of tents"
authority = "Ministry of the Interior"
lead_hours = 6
[[restrictions]]
rule = "permission"
handling = "medicines"
permission = "import of medicines"
authority = "Ministry of the Interior"
"""
    await settling.edit_reception(desks[BG].office, OPERATOR, settling.SettledFile(content=profile.encode()))
    case = await bound(desks)
    road = {"consignment": "c1", "crossing": "Gradina", "day": "2027-03-30", "vehicle": "7" * 64}
    light = road | {"valid_until": desks[BG].office.node.clock.now() + 86_400}
    by_whom = {"authority": "Ministry of the Interior", "number": "27-114"}
    permit = {"permits": [by_whom | {"permission": "import of tents"}]}
    await case.step(HR, "stage", countries=["HR", "RS", "BG"], crossings=["Gradina"], **road)
    await case.until(BG, "confirmed", "stage")
    bare = (await case.step(BG, "green-light", 422, **light))["error"]
    assert bare["code"] == "border-objects" and "import of tents" in bare["came"] and "Ministry" in bare["came"]
    asked_only = [{"authority": "Ministry of the Interior", "permission": "import of tents", "sent_at": 1_790_000_000}]
    for other in (asked_only, [by_whom], [by_whom | {"permission": "import of medicines"}]):
        assert (await case.step(BG, "green-light", 422, permits=other, **light))["error"]["code"] == "border-objects"
    there = {"consignment": "c2", "crossing": "Nowhere"}
    await case.step(HR, "stage", countries=["HR", "RS", "BG"], crossings=["Nowhere"], **road | there)
    await case.until(BG, "confirmed", "stage")
    for _ in range(400):
        nowhere = (await case.step(BG, "green-light", 422, **light | permit | there))["error"]
        if nowhere["code"] == "border-objects":
            break
        await asyncio.sleep(0.02)
    assert nowhere["code"] == "border-objects" and "Nowhere" in nowhere["came"], "a crossing is an entry too"
    closed = (await case.step(BG, "green-light", 422, entry="BGRSE", **light | permit))["error"]
    assert "BGRSE" in closed["came"] and "tents" not in closed["came"]
    await case.step(BG, "green-light", entry="BGKLN", **light | permit)
    await case.until(HR, "confirmed", "green-light")
    await case.step(BG, "green-light", note="decision 41\tof the crisis staff\n", **light)
    found = await case.until(BG, "confirmed", "green-light")
    assert any(s["fields"].get("note") == "decision 41\tof the crisis staff\n" for s in found["timeline"])
    acts = await desks[BG].office.node.engine.read(lambda tx: tx.acts.last(3))
    said = [a.detail for a in acts if a.verb == "op.green-light"]
    assert "decision 41 of the crisis staff" in said, "who, what and why"


async def test_a_loan_ends_by_quantity_back_extended_lost_and_given(desks: dict[str, Desk]) -> None:
    case = await sent(desks, 100, "loan")
    await case.step(BG, "received", counts=[{"item": TENT, "unit": UNIT, "good": [100, 0]}])
    await case.until(HR, "received")
    await case.step(BG, "on-loan", lines=lines(100), due="2027-06-30")
    await case.until(HR, "on-loan")
    await case.step(BG, "lost", lines=lines(3), leg="loan")
    await case.step(BG, "extend", lines=lines(40), due="2027-08-30")
    await case.until(HR, "on-loan", "extend")
    await case.step(HR, "extended", lines=lines(40), due="2027-08-30")
    found = await case.until(BG, "on-loan", "extended")
    assert found["due"] == "2027-06-30", "the rest is due as it was"
    assert [(x["quantity"], x["due"]) for x in found["loans"]] == [("57", "2027-06-30"), ("40", "2027-08-30")]
    await case.step(BG, "convert", lines=lines(5), regime="released for free circulation")
    await case.until(HR, "on-loan", "convert")
    await case.step(HR, "converted", lines=lines(5))
    await case.step(BG, "returned", lines=lines(92), consignment="back-1")
    await case.until(HR, "return-dispatched")
    await case.step(HR, "return-received", counts=[{"item": TENT, "unit": UNIT, "good": [90, 0], "damaged": [2, 0]}])
    found = await case.until(BG, "converted", "return-received")
    figures = found["counters"][0]["figures"]
    assert {k: figures[k] for k in ("returned", "lost_loan", "given", "back_good", "back_damaged")} == {
        "returned": "92",
        "lost_loan": "3",
        "given": "5",
        "back_good": "90",
        "back_damaged": "2",
    }
    await case.step(BG, "close-proposed", filed=True)
    await case.until(HR, "converted", "close-proposed")
    await case.step(HR, "close", filed=True)
    await case.until(BG, "closed")


@pytest.mark.parametrize(
    "fields", [{"lines": "all"}, {"hold_until": -1}, {"terms": ["gift"]}, {"lines": [{"item": "x"}]}]
)
async def test_fields_of_other_types_are_refused_and_named(desks: dict[str, Desk], fields: dict[str, Any]) -> None:
    case = await asked(desks)
    found = await case.step(HR, "offer", 422, **fields)
    assert found["error"]["code"] == "bad-step" and "$." in found["error"]["came"]


async def test_a_need_in_words_becomes_goods_with_their_working(desk: Desk) -> None:
    status, found, _ = await desk.ask("GET", "/requests/proposal?need=shelter+for+500+people+for+30+days&climate=cold")
    assert status == 200 and (found["people"], found["days"]) == (500, 30)
    tents = next(line for line in found["lines"] if line["item"] == TENT)
    assert tents["quantity"] == "141" and tents["working"] and tents["source"]
    status, found, _ = await desk.ask("GET", "/requests/proposal?need=many+tents+please")
    assert status == 422 and found["error"]["code"] == "bad-need"


async def test_stock_that_falls_below_a_promise_is_shown_and_never_cancelled(desks: dict[str, Desk]) -> None:
    case = await bound(desks, 90)
    net, node = desks[HR].net, desks[HR].office.node
    await net.publish(HR, [make_offer(900, node.clock.now(), qty=(40, 0))])
    _, found, _ = await desks[HR].ask("GET", "/doctor")
    assert ("promises see", "error", "50 H87 of HSHETENTF16C at risk") in [
        (f["check"], f["state"], f["found"]) for f in found
    ]
    assert (await case.until(BG, "confirmed"))["binding"]


async def test_a_longer_standby_hold_does_not_keep_a_later_offer_alive(desks: dict[str, Desk]) -> None:
    """The hold that stands is that of the last promise: an acceptance after it is a person's to answer."""
    _, made, _ = await desks[BG].ask("POST", "/requests", json={"to": [HR], "notify": True})
    case = Case(desks, made["operations"][0]["case"])
    await case.until(HR, "notified")
    now = desks[HR].office.node.clock.now()
    await case.step(HR, "standby", lines=lines(20), hold_until=now + 9_000)
    await case.until(BG, "standby")
    await case.step(BG, "request", lines=lines(20))
    await case.until(HR, "requested")
    await case.step(HR, "offer", lines=lines(20), hold_until=now + 600, terms=["donation"])
    shown = await case.until(BG, "offered")
    assert shown["hold_until"] == iso(now + 600)


async def test_a_step_that_all_have_signed_is_sent_once_even_after_a_crash(desks: dict[str, Desk]) -> None:
    case, office = await asked(desks, "900"), desks[HR].office
    hold = office.node.clock.now() + 3600
    waits = await case.step(HR, "offer", lines=lines(900), hold_until=hold, terms=["donation"])
    assert waits["missing"] == ["approve"]
    now = office.node.clock.now()

    def signed(tx: Any) -> None:
        pending = PENDING.get(tx, waits["waiting"])
        assert pending is not None
        PENDING.put(tx, pending.id, sign_with(pending, Actor("second", "test"), now), now)

    await office.node.engine.write(signed, durable=True)  # and then the node died
    again = Reacting(office)
    await again.start()
    found = await case.until(HR, "offered")
    await again.stop()
    assert sum(s["verb"] == "offer" for s in found["timeline"]) == 1 and found["waiting"] == []
    last = await desks[HR].ask("POST", "/operations/approve", json={"id": waits["waiting"]})
    assert last[0] == 404


async def test_nobody_takes_the_names_of_the_node_itself(desk: Desk) -> None:
    status, found, _ = await desk.ask("POST", "/people", json={"name": "operator", "role": "viewer"})
    assert status == 422 and found["error"]["code"] == "bad-name"


async def test_names_and_plates_are_erased_for_good_once_they_have_arrived(desks: dict[str, Desk]) -> None:
    case = await bound(desks)
    plate = {"kind": "vehicle", "text": "ZG-1234-AB"}
    await case.step(HR, "stage", consignment="c1", countries=INSIDE)
    await case.until(BG, "confirmed", "stage")
    fields = {"consignment": "c1", "lines": lines(50), "free": "every road lies in the Union", "vehicle": "side:0"}
    desks[HR].net.cut(BG, HR)
    step = {"case": case.case, "step": "dispatch", "fields": fields, "side": [plate]}
    assert (await desks[HR].ask("POST", "/operations/step", json=step))[0] == 200
    status, found, _ = await desks[HR].ask("POST", "/operations/erase", json={"case": case.case})
    assert status == 409 and found["error"]["code"] == "undelivered"
    desks[HR].net.heal()
    desks[HR].office.node.correspondence.of("see").delivering.heard(BG)
    await case.until(BG, "dispatched")
    engine, home = desks[BG].office.node.engine, desks[BG].office.home
    assert list((await engine.read(lambda tx: tx.cases.side_lines(case.case))).values())
    status, found, _ = await desks[BG].ask("POST", "/operations/erase", json={"case": case.case, "reason": "over"})
    assert status == 200 and found == {"case": case.case, "erased": 1}
    assert await engine.read(lambda tx: tx.cases.side_lines(case.case)) == {}
    assert not [path for path in home.rglob(f"{BG}.db*") if b"ZG-1234-AB" in path.read_bytes()]
    assert (await desks[BG].ask("POST", "/operations/erase", json={"case": "x"}))[0] == 404
    viewer = await desks[BG].hire("eye", Role.VIEWER)
    assert (await desks[BG].ask("POST", "/operations/erase", viewer, json={"case": case.case}))[0] == 403


async def test_a_count_is_provisional_until_a_second_person_confirms_it(desks: dict[str, Desk]) -> None:
    case = await sent(desks)
    vera = await desks[BG].hire("vera", Role.WAREHOUSE)
    other = await desks[BG].hire("mila", Role.WAREHOUSE)
    fields = {"counts": [{"item": TENT, "unit": UNIT, "good": [50, 0]}]}

    async def take(token: str, verb: str, **said: Any) -> tuple[int, Any]:
        body = {"case": case.case, "step": verb, "fields": said}
        return (await desks[BG].ask("POST", "/operations/step", token, json=body))[:2]

    status, made = await take(vera, "received", **fields)
    assert status == 200
    (waits,) = (await case.until(HR, "received"))["provisional"]
    assert waits["hash"] == made["hash"] and waits["fields"]["provisional"]
    queue = (await desks[BG].ask("GET", "/duty/queue"))[1]
    (thing,) = [one for one in queue if one["kind"] == "count"]
    assert (thing["detail"], thing["role"], thing["calm"]) == (made["hash"], "warehouse", True)
    own, same = await take(vera, "counted", of=made["hash"])
    assert own == 403 and same["error"]["code"] == "second-person"
    assert (await take(other, "counted", of="0" * 64))[1]["error"]["code"] == "no-such-count"
    assert (await take(other, "counted", of=made["hash"]))[0] == 200
    assert (await case.until(HR, "received", "counted"))["provisional"] == []
    fewer = [{"item": TENT, "unit": UNIT, "good": [48, 0], "damaged": [2, 0]}]
    status, correction = await take(other, "correct", of=made["hash"], counts=fewer)
    assert status == 200
    (again,) = (await case.until(HR, "received", "correct"))["provisional"]
    assert again["hash"] == correction["hash"], "what is corrected waits for a second person again"
    assert (await take(vera, "counted", of=made["hash"]))[1]["error"]["code"] == "no-such-count", "the old figures"
    assert (await take(other, "counted", of=correction["hash"]))[1]["error"]["code"] == "second-person"
    assert (await take(vera, "counted", of=correction["hash"]))[0] == 200
    assert (await desks[BG].ask("GET", f"/operations/operation?case={case.case}"))[1]["provisional"] == []
    assert not [one for one in (await desks[BG].ask("GET", "/duty/queue"))[1] if one["kind"] == "count"]
