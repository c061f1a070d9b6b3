"""Convoys seen: each passage once, told as a border step, in threat mode late and coarse; one alarm when late."""

import asyncio
from typing import Any

import msgspec
import pytest

from tests.api.conftest import BG, HR, OPERATOR, Desk
from tests.api.test_operations import INSIDE, Case, bound, lines
from xstock_node.domain.corridor_watch import HOUR
from xstock_node.domain.rights import Role
from xstock_node.plugins.convoys import Passage
from xstock_node.plugins.declared_lists import BadList, open_list
from xstock_node.plugins.errors import Declined
from xstock_node.services.convoy_plugin import NodeConvoys
from xstock_node.services.passage_telling import tell_due
from xstock_node.services.times import iso

PLATE = "ZG 1234-AB"


async def moving(desks: dict[str, Desk], arrival: int = 0, side: tuple[dict[str, str], ...] = ()) -> Case:
    """Goods of Croatia on their way to Bulgaria, to arrive so many seconds from now."""
    case = await bound(desks)
    await case.step(HR, "stage", consignment="c1", countries=INSIDE)
    fields: dict[str, Any] = {"consignment": "c1", "lines": lines(50), "free": "every road lies in the Union"}
    if arrival:
        fields["arrival"] = desks[HR].office.node.clock.now() + arrival
    if side:
        fields["vehicle"] = "side:0"
    body = {"case": case.case, "step": "dispatch", "fields": fields, "side": list(side)}
    assert (await desks[HR].ask("POST", "/operations/step", json=body))[0] == 200
    await case.until(BG, "dispatched")
    return case


async def board(desk: Desk) -> list[Any]:
    _, found, _ = await desk.ask("GET", "/convoys")
    assert isinstance(found, list), found
    return found


async def corridor(desk: Desk, act: str = "", token: str = OPERATOR, **said: Any) -> tuple[int, Any]:
    body = {"name": "sava"} | said if act else {"name": "sava", "countries": ["HR", "BG"]} | said
    status, found, _ = await desk.ask("POST", f"/corridors{act}", token, json=body)
    return status, found


def seen(desk: Desk, convoy: str, **said: Any) -> Passage:
    now = desk.office.node.clock.now()
    fields = {"convoy": convoy, "place": "Letenye", "country": "HU", "at": now, "source": "hikvision"} | said
    return msgspec.convert(fields, Passage)


def later(desks: dict[str, Desk], seconds: int) -> None:
    for name, desk in desks.items():
        desk.net.clocks[name].offset += seconds


async def waits(desk: Desk, kind: str) -> list[Any]:
    _, found, _ = await desk.ask("GET", "/duty/queue")
    return [one for one in found if one["kind"] == kind]


def told(view: Any) -> list[Any]:
    return [one for one in view["timeline"] if one["verb"] == "border"]


async def test_four_makes_within_a_minute_are_one_passage_and_one_step_told_to_both(desks: dict[str, Desk]) -> None:
    case, hr = await moving(desks), desks[HR]
    ((one,), box) = (await board(hr), NodeConvoys(hr.office, "xstock-checkpoint"))
    now = hr.office.node.clock.now()
    noted = [
        await box.passed(seen(hr, one["id"], source=make, at=now - 30 + 15 * n, place=" letenye" if n else "Letenye"))
        for n, make in enumerate(("hikvision", "plate-recognizer", "openalpr", "frigate"))
    ]
    assert [n.known for n in noted] == [False, True, True, True] and len({n.id for n in noted}) == 1
    assert len(await tell_due(hr.office)) == 1 and await tell_due(hr.office) == []
    found = await case.until(BG, "dispatched", "border")
    (step,) = told(found)
    assert step["fields"] == {"consignment": "c1", "event": "checkpoint", "place": "Letenye", "at": now - 30}
    assert "hikvision" not in str(found), "who saw it is this node's alone"
    (row,) = await board(desks[BG])
    assert row["passed"] == [f"{iso(now - 30)} checkpoint Letenye"] and row["stand"] == "under-way"
    await box.passed(seen(hr, one["id"], at=now + 300, place="Bajakovo"))
    later(desks, 900)
    await box.passed(seen(hr, one["id"]))
    assert len(await tell_due(hr.office)) == 2, "another checkpoint, and the same one long after, are other passages"


async def test_a_doubtful_passage_is_told_only_once_a_person_confirmed_it(desks: dict[str, Desk]) -> None:
    case, hr = await moving(desks), desks[HR]
    ((one,), box) = (await board(hr), NodeConvoys(hr.office, "xstock-checkpoint"))
    noted = await box.passed(seen(hr, one["id"], sure=False))
    assert noted.state == "doubtful" and await tell_due(hr.office) == []
    (thing,) = await waits(hr, "passage")
    assert thing["detail"] == noted.id and thing["role"] == "transport-customs"
    viewer = await hr.hire("eye", Role.VIEWER)
    assert (await hr.ask("POST", "/convoys/confirm", viewer, json={"id": noted.id}))[0] == 403
    status, found, _ = await hr.ask("POST", "/convoys/dismiss", json={"id": noted.id, "reason": "a bus"})
    assert (status, found["state"], found["why"]) == (200, "dismissed", "a bus")
    assert await tell_due(hr.office) == [] and not await waits(hr, "passage")
    assert (await hr.ask("POST", "/convoys/confirm", json={"id": noted.id}))[0] == 422
    other = await box.passed(seen(hr, one["id"], sure=False, place="Bajakovo"))
    assert (await hr.ask("POST", "/convoys/confirm", json={"id": other.id}))[1]["by"] == "token"
    assert await tell_due(hr.office) == [other.id]
    assert [s["fields"]["place"] for s in told(await case.until(BG, "dispatched", "border"))] == ["Bajakovo"]
    third = await box.passed(seen(hr, one["id"], sure=False, place="Goričan"))
    assert (await box.passed(seen(hr, one["id"], place="Goričan"))).state == "waiting", "a sure sighting settles it"
    assert await tell_due(hr.office) == [third.id]


async def test_what_is_no_convoy_of_ours_is_declined_and_leaves_nothing(desks: dict[str, Desk]) -> None:
    await moving(desks)
    hr = desks[HR]
    (one,) = await board(hr)
    box, now = NodeConvoys(hr.office, "xstock-checkpoint"), hr.office.node.clock.now()
    for wrong in (
        seen(hr, "a" * 26),
        seen(hr, one["id"], at=now - 3 * 86_400),
        seen(hr, one["id"], at=now + 3600),
        seen(hr, one["id"], place=" \t"),
    ):
        with pytest.raises(Declined, match="expected"):
            await box.passed(wrong)
    assert await tell_due(hr.office) == [] and not await waits(hr, "passage")
    assert not await box.find("") and not await box.find(one["id"]), "the id of a list is no code for a phone"


async def test_a_code_on_the_consignment_says_that_it_passed(desks: dict[str, Desk]) -> None:
    case, hr = await moving(desks), desks[HR]
    status, (code,), _ = await hr.ask("POST", "/convoys/codes", json={"case": case.case})
    assert status == 200 and code["path"] == f"/plugins/xstock-checkpoint/pages/scan?code={code['code']}"
    box = NodeConvoys(hr.office, "xstock-checkpoint")
    assert await box.find(code["code"]) and code["code"] != code["convoy"]
    await box.passed(seen(hr, code["code"], source="scan", event="entry"))
    assert len(await tell_due(hr.office)) == 1
    assert told(await case.until(BG, "dispatched", "border"))[0]["fields"]["event"] == "entry"
    await case.step(BG, "received", consignment="c1", counts=[{"item": "HSHETENTF16C", "unit": "H87", "good": [50, 0]}])
    await case.until(HR, "received")
    assert not await box.find(code["code"]) and await board(hr) == [], "what has arrived is watched no more"


async def test_a_late_convoy_raises_one_alarm_on_both_sides_and_word_of_it_ends_it(desks: dict[str, Desk]) -> None:
    case = await moving(desks, arrival=2 * HOUR)
    later(desks, 3 * HOUR)
    assert [await waits(desks[name], "convoy-late") for name in (BG, HR)] == [[], []]
    later(desks, 60)
    alarms = {name: await waits(desks[name], "convoy-late") for name in (BG, HR)}
    assert {len(found) for found in alarms.values()} == {1}
    assert {(a["detail"], a["case"]) for (a,) in alarms.values()} == {("c1", case.case)}
    assert alarms[BG][0]["id"] == alarms[HR][0]["id"] and alarms[BG][0]["other"] == HR
    later(desks, HOUR)
    assert [(await waits(desks[name], "convoy-late"))[0]["id"] for name in (BG, HR)] == [alarms[BG][0]["id"]] * 2
    assert (await board(desks[BG]))[0]["late_since"] == alarms[BG][0]["answer_by"]
    (one,) = await board(desks[HR])
    await NodeConvoys(desks[HR].office, "xstock-checkpoint").passed(seen(desks[HR], one["id"]))
    await tell_due(desks[HR].office)
    await case.until(BG, "dispatched", "border")
    assert [await waits(desks[name], "convoy-late") for name in (BG, HR)] == [[], []]


async def test_in_threat_mode_passages_are_told_late_and_coarse_and_two_persons_end_it(desks: dict[str, Desk]) -> None:
    case, hr = await moving(desks, arrival=10 * HOUR), desks[HR]
    assert (await corridor(hr, "/threat"))[1]["error"]["code"] == "no-corridor"
    assert (await corridor(hr))[0] == 200 and (await corridor(hr, "/threat"))[1]["threat"] is True
    (one,) = await board(hr)
    assert one["threat"] and one["crossings"] == []
    box, now = NodeConvoys(hr.office, "xstock-checkpoint"), hr.office.node.clock.now()
    noted = await box.passed(seen(hr, one["id"]))
    assert await tell_due(hr.office) == []
    later(desks, 2 * HOUR - 1)
    assert await tell_due(hr.office) == [], "two hours have not passed"
    later(desks, HOUR)
    assert await tell_due(hr.office) == [noted.id]
    (step,) = told(await case.until(BG, "dispatched", "border"))
    assert step["fields"] == {"consignment": "c1", "event": "checkpoint", "place": "HU", "at": now // HOUR * HOUR}
    for home in (hr.office.home, desks[BG].office.home):
        assert not [p for p in home.rglob("*.db*") if b"Letenye" in p.read_bytes()], "the place is kept nowhere"
    by_hand = await case.step(HR, "border", 422, consignment="c1", event="checkpoint", place="Letenye", at=now)
    assert by_hand["error"]["code"] == "threat" and "convoy seen" in by_hand["error"]["do"]
    lost = await case.step(HR, "lost", 422, consignment="c1", place="Letenye", lines=lines(1), leg="out")
    assert lost["error"]["code"] == "threat"
    assert (await hr.ask("POST", "/convoys/lists", json={"corridor": "sava", "ends": now + 8 * HOUR}))[1]["error"][
        "code"
    ] == "threat"
    assert (await corridor(hr, curfew=["00:00-05:00"]))[1]["error"]["code"] == "threat"
    first, second = [await hr.hire(name, Role.DUTY_OFFICER) for name in ("ana", "ivo")]
    assert (await corridor(hr, "/calm", first))[1]["calm_asked_by"] == "ana"
    again = await corridor(hr, "/calm", first)
    assert again[0] == 403 and again[1]["error"]["code"] == "second-person"
    assert (await corridor(hr, "/calm", second))[1]["threat"] is False


async def test_what_was_seen_in_calm_is_told_late_once_threat_mode_began(desks: dict[str, Desk]) -> None:
    case, hr = await moving(desks), desks[HR]
    await corridor(hr)
    (one,) = await board(hr)
    await NodeConvoys(hr.office, "xstock-checkpoint").passed(seen(hr, one["id"]))
    await corridor(hr, "/threat")
    assert await tell_due(hr.office) == []
    later(desks, 3 * HOUR)
    await tell_due(hr.office)
    assert told(await case.until(BG, "dispatched", "border"))[0]["fields"]["place"] == "HU"


async def test_no_plate_is_taken_into_an_operation_in_threat_mode(desks: dict[str, Desk]) -> None:
    case, hr = await bound(desks), desks[HR]
    await corridor(hr)
    await corridor(hr, "/threat")
    body = {
        "case": case.case,
        "step": "stage",
        "fields": {"consignment": "c1", "countries": INSIDE, "vehicle": "side:0"},
        "side": [{"kind": "plate", "text": PLATE}],
    }
    for staged in (False, True):
        if staged:
            await case.step(HR, "stage", consignment="c1", countries=INSIDE)
        status, found, _ = await hr.ask("POST", "/operations/step", json=body)
        assert status == 422 and found["error"]["code"] == "threat" and "--side vehicle=" in found["error"]["do"]
    body["side"] = [{"kind": "vehicle", "text": "red truck"}]
    assert (await hr.ask("POST", "/operations/step", json=body))[0] == 200


async def test_a_list_for_a_camera_names_convoys_and_no_plate(desks: dict[str, Desk]) -> None:
    hr = desks[HR]
    await moving(desks, side=({"kind": "plate", "text": f"{PLATE} / ZG 55-CD"},))
    await corridor(hr)
    now = hr.office.node.clock.now()
    status, found, _ = await hr.ask("POST", "/convoys/lists", json={"corridor": "sava", "ends": now + 6 * HOUR})
    assert status == 200 and (found["convoys"], found["plates"], found["without"]) == (1, 2, [])
    assert not [form for form in ("1234AB", "1234-AB", "ZG1234", "ZG 1234", "ZG55CD") if form in found["content"]]
    (one,) = await board(hr)
    listed = open_list(found["content"].encode(), found["digits"], now)
    assert listed.find("zg1234ab") == ((one["id"],), True) and listed.find("ZG55CD") == ((one["id"],), True)
    assert listed.find("ZG1234A8") == ((one["id"],), False) and listed.find("ZG9999ZZ") == ((), False)
    for wrong, digits, at in (
        (found["content"], "1" * 24, now),
        (found["content"], found["digits"], now + 6 * HOUR),
        (found["content"].replace("sava", "suva"), found["digits"], now),
        ("{}", found["digits"], now),
        ("[" * 10**6, found["digits"], now),
    ):
        with pytest.raises(BadList, match="expected"):
            open_list(wrong.encode(), digits, at)
    long = await hr.ask("POST", "/convoys/lists", json={"corridor": "sava", "ends": now + 49 * HOUR})
    assert long[0] == 422 and long[1]["error"]["code"] == "bad-time"
    acts = await hr.office.node.engine.read(lambda tx: [a.text() for a in tx.acts.last(1000)])
    assert not [line for line in acts if b"1234" in line and b"declare" in line]


async def test_hours_of_a_corridor_are_checked_and_an_air_alert_stops_the_clock(desks: dict[str, Desk]) -> None:
    await moving(desks, arrival=HOUR)
    hr = desks[HR]
    for wrong in ({"curfew": ["25:00-26:00"]}, {"zone": "Europe/Nowhere"}, {"countries": []}, {"delay_minutes": 5}):
        status, found = await corridor(hr, **wrong)
        assert status in (400, 422), (wrong, found)
    await corridor(hr)
    now = hr.office.node.clock.now()
    assert (await corridor(hr, "/alerts", begins=now, ends=now + 5 * HOUR))[1]["closed"] is True
    assert (await corridor(hr, "/alerts", begins=now, ends=now - 1))[0] == 422
    later(desks, 3 * HOUR)
    assert (len(await waits(desks[BG], "convoy-late")), len(await waits(hr, "convoy-late"))) == (1, 0)
    later(desks, 4 * HOUR)
    assert len(await waits(hr, "convoy-late")) == 1
    status, found = await corridor(hr, "/remove")
    assert status == 200 and found == []


async def test_a_passage_that_can_be_told_no_more_is_kept_with_its_reason(desks: dict[str, Desk]) -> None:
    case, hr = await moving(desks), desks[HR]
    (one,) = await board(hr)
    await NodeConvoys(hr.office, "xstock-checkpoint").passed(seen(hr, one["id"]))
    await case.step(BG, "received", consignment="c1", counts=[{"item": "HSHETENTF16C", "unit": "H87", "good": [50, 0]}])
    await case.until(HR, "received")
    await case.step(BG, "close-proposed", filed=True)
    await case.until(HR, "received", "close-proposed")
    await case.step(HR, "close", filed=True)
    await case.until(BG, "closed")
    assert await tell_due(hr.office) == []
    await asyncio.sleep(0)
    assert await tell_due(hr.office) == []
    _, found, _ = await hr.ask("GET", f"/operations/operation?case={case.case}")
    assert found["state"] == "closed" and not told(found)


async def test_a_receipt_that_names_nothing_ends_the_watch_of_no_other_truck(desks: dict[str, Desk]) -> None:
    case, hr = await bound(desks), desks[HR]
    for name, quantity in (("c1", 20), ("c2", 30)):
        await case.step(HR, "stage", consignment=name, countries=INSIDE)
        goods = {"consignment": name, "lines": lines(quantity), "free": "every road lies in the Union"}
        await case.step(HR, "dispatch", **goods, arrival=hr.office.node.clock.now() + HOUR)
    await case.until(BG, "dispatched")
    await corridor(hr)
    await corridor(hr, "/threat")
    await case.step(BG, "received", counts=[{"item": "HSHETENTF16C", "unit": "H87", "good": [20, 0]}])
    await case.until(HR, "dispatched", "received")
    assert {one["consignment"] for one in await board(hr)} == {"c1", "c2"}
    by_hand = await case.step(HR, "border", 422, consignment="c2", event="entry", place="Letenye")
    assert by_hand["error"]["code"] == "threat"
    later(desks, 8 * HOUR)
    assert len(await waits(hr, "convoy-late")) == 2


async def test_what_was_noted_before_threat_mode_loses_its_place_even_after_arrival(desks: dict[str, Desk]) -> None:
    case, hr = await moving(desks), desks[HR]
    await corridor(hr)
    (one,) = await board(hr)
    noted = await NodeConvoys(hr.office, "xstock-checkpoint").passed(seen(hr, one["id"], sure=False))
    await corridor(hr, "/threat")
    assert not [p for p in hr.office.home.rglob("redcross.hr.db") if b"Letenye" in p.read_bytes()]
    await case.step(BG, "received", consignment="c1", counts=[{"item": "HSHETENTF16C", "unit": "H87", "good": [50, 0]}])
    await case.until(HR, "received")
    _, found, _ = await hr.ask("POST", "/convoys/confirm", json={"id": noted.id})
    assert found["place"] == "HU" and await tell_due(hr.office) == []
    assert found["at"].endswith(":00:00Z")
    later(desks, 4 * HOUR)
    assert await tell_due(hr.office) == [noted.id]
    (step,) = told(await case.until(BG, "received", "border"))
    assert step["fields"]["place"] == "HU" and step["fields"]["at"] % HOUR == 0


async def test_a_passage_of_the_future_silences_no_alarm(desks: dict[str, Desk]) -> None:
    case = await moving(desks, arrival=HOUR)
    far = desks[HR].office.node.clock.now() + 365 * 86_400
    await case.step(HR, "border", consignment="c1", event="entry", place="Letenye", at=far)
    await case.until(BG, "dispatched", "border")
    later(desks, 3 * HOUR)
    assert [len(await waits(desks[name], "convoy-late")) for name in (BG, HR)] == [1, 1]


async def test_what_a_person_dismissed_stays_so_and_a_sure_sighting_is_another_passage(desks: dict[str, Desk]) -> None:
    await moving(desks)
    hr = desks[HR]
    (one,) = await board(hr)
    box = NodeConvoys(hr.office, "xstock-checkpoint")
    first = await box.passed(seen(hr, one["id"], sure=False))
    await hr.ask("POST", "/convoys/dismiss", json={"id": first.id})
    again = await box.passed(seen(hr, one["id"], sure=False))
    assert (again.id, again.state) == (first.id, "dismissed")
    sure = await box.passed(seen(hr, one["id"]))
    assert sure.id != first.id and sure.state == "waiting" and await tell_due(hr.office) == [sure.id]


async def test_a_truck_whose_own_way_is_not_said_keeps_no_place_where_the_operation_is_threatened(
    desks: dict[str, Desk],
) -> None:
    case, hr = await moving(desks), desks[HR]
    await case.step(HR, "stage", consignment="c2")
    await corridor(hr, countries=["SI", "HU"])
    assert (await corridor(hr, "/threat"))[1]["threat"]
    found = {one["consignment"]: one["id"] for one in await board(hr)}
    await NodeConvoys(hr.office, "xstock-checkpoint").passed(seen(hr, found["c2"]))
    assert not [p for p in hr.office.home.rglob("redcross.hr.db*") if b"Letenye" in p.read_bytes()]
    assert await tell_due(hr.office) == []
