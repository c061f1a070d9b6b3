"""Rights over stock need a second person, whatever road an administrator takes; who is gone is gone at once."""

import asyncio
from typing import Any

import pytest

from tests.api.conftest import BG, HR, Desk
from tests.api.test_operations import TENT, asked
from xstock_node.domain import escalation
from xstock_node.domain.rights import DAY, Role
from xstock_node.services import duty_desk
from xstock_node.services.duty_desk import TOLD
from xstock_node.services.people import PEOPLE


async def grants(desk: Desk, name: str) -> dict[str, tuple[bool, str]]:
    """Role to whether it holds, and who agreed."""
    _, people, _ = await desk.ask("GET", "/people")
    found = next(one for one in people if one["name"] == name)
    return {g["role"]: (g["holds"], g["agreed_by"]) for g in found["grants"]}


async def give(desk: Desk, token: str, name: str, role: str, **more: Any) -> int:
    body = {"name": name, "role": role, **more}
    path = "/people" if not any(p["name"] == name for p in (await desk.ask("GET", "/people"))[1]) else "/people/roles"
    return (await desk.ask("POST", path, token, json=body))[0]


async def founded(desk: Desk, **more: Any) -> str:
    """Bob approves; the administrator's token."""
    assert await give(desk, "operator-token", "bob", "approver", **more) == 200
    assert await grants(desk, "bob") == {"approver": (True, "founding")}
    return await desk.hire("adam", Role.NODE_ADMIN)


async def test_an_administrator_gets_no_token_of_who_may_agree(desk: Desk) -> None:
    adam = await founded(desk)
    assert await give(desk, adam, "adam", "stock-owner") == 200
    assert (await grants(desk, "adam"))["stock-owner"] == (False, "")
    status, found, _ = await desk.ask("POST", "/people/tokens", adam, json={"name": "bob"})
    assert status == 403 and "operator" in found["error"]["expected"]
    assert (await desk.ask("POST", "/people/tokens", adam, json={"name": "adam"}))[0] == 403, "it waits for such a role"
    status, made, _ = await desk.ask("POST", "/people/tokens", json={"name": "bob"})
    assert status == 200 and (await desk.ask("POST", "/people/agree", made["token"], json={"name": "adam"}))[0] == 200
    assert (await grants(desk, "adam"))["stock-owner"] == (True, "bob")


@pytest.mark.parametrize("site", [[], ["Split"]])
async def test_a_node_is_founded_once_whoever_leaves_and_wherever_the_approver_is(desk: Desk, site: list[str]) -> None:
    adam = await founded(desk, sites=site)
    status, found, _ = await desk.ask("POST", "/people/remove", adam, json={"name": "bob"})
    assert status == 422 and found["error"]["code"] == "last-approver"
    assert (await desk.ask("POST", "/people/remove", json={"name": "bob"}))[0] == 200, "the operator may"
    assert await give(desk, adam, "adam", "approver") == 200
    assert await give(desk, adam, "adam", "stock-owner") == 200
    held = await grants(desk, "adam")
    assert held["approver"] == held["stock-owner"] == (False, "")


async def test_a_role_that_waits_is_told_to_the_approvers_until_it_holds(desk: Desk) -> None:
    adam = await founded(desk)
    await give(desk, adam, "adam", "stock-owner", sites=["Split"])
    _, queue, _ = await desk.ask("GET", "/duty/queue")
    (waits,) = [one for one in queue if one["kind"] == "grant"]
    assert waits["role"] == "approver" and waits["detail"] == "adam stock-owner Split by adam" and not waits["calm"]
    desk.net.clocks[BG].offset += DAY + 1
    assert not [one for one in (await desk.ask("GET", "/duty/queue"))[1] if one["kind"] == "grant"]


@pytest.mark.parametrize("sites", [[""], [" "], ["a\nb"], ["x" * 500], ["s"] * 101])
async def test_a_site_without_a_name_is_none(desk: Desk, sites: list[str]) -> None:
    body = {"name": "eve", "role": "viewer", "sites": sites}
    assert (await desk.ask("POST", "/people", json=body))[0] in (400, 422)
    assert not await desk.office.node.engine.read(PEOPLE.list)


async def test_an_open_stream_of_events_ends_with_its_person(desks: dict[str, Desk]) -> None:
    desk = desks[BG]
    eve = await desk.hire("eve", Role.VIEWER)
    headers = {"Last-Event-ID": "0", "Host": "127.0.0.1:1", "Authorization": f"Bearer {eve}"}
    async with desk.client.get("/api/1/events", headers=headers) as stream:
        await stream.content.readuntil(b"listening\n\n")
        desk.office.changes.tell("first")
        assert b"first" in await stream.content.readuntil(b"\n\n")
        assert (await desk.ask("POST", "/people/remove", json={"name": "eve"}))[0] == 200
        desk.office.changes.tell("second")
        assert await asyncio.wait_for(stream.content.read(), 5) == b""


async def test_what_goes_to_a_branch_is_taken_by_nobody_there(desks: dict[str, Desk]) -> None:
    desk, case = desks[HR], await asked(desks)
    officer = await desk.hire("head", Role.DUTY_OFFICER)
    (thing,) = [one["id"] for one in (await desk.ask("GET", "/duty/queue"))[1] if one["case"] == case.case]
    assert (await desk.ask("POST", "/duty/take", officer, json={"id": thing}))[0] == 200
    await desk.ask("POST", "/operations/assign", json={"case": case.case, "site": "Split"})
    (again,) = [one for one in (await desk.ask("GET", "/duty/queue"))[1] if one["case"] == case.case]
    assert again["taken_by"] == "" and not await desk.office.node.engine.read(TOLD.list)


async def test_a_stand_down_leaves_alone_who_is_being_accepted(desks: dict[str, Desk]) -> None:
    desk, net = desks[BG], desks[BG].net
    case = await asked(desks)
    hold = desks[HR].office.node.clock.now() + 3600
    fields = {"lines": [{"item": TENT, "unit": "H87", "qty": [50, 0]}], "hold_until": hold, "terms": ["donation"]}
    await case.step(HR, "offer", **fields)
    await case.until(BG, "offered")
    net.cut(BG, HR)
    await case.step(BG, "accept", terms="donation", place="Vidin")
    (request,) = (await desk.ask("GET", "/requests"))[1]
    await desk.ask("POST", "/requests/stand-down", json={"id": request["id"]})
    said = [s["verb"] for s in (await case.until(BG, "offered"))["timeline"]]
    assert "accept" in said and "cancel" not in said
    await desk.ask("POST", "/requests/cancel", json={"id": request["id"]})
    assert "cancel" in [s["verb"] for s in (await case.until(BG, "offered"))["timeline"]], "it is taken back"


async def test_who_breaks_the_glass_decides_for_an_hour_and_everybody_is_told(desks: dict[str, Desk]) -> None:
    desk, clock = desks[BG], desks[BG].net.clocks[BG]
    await desk.hire("lea", Role.APPROVER)
    eye = await desk.hire("eye", Role.VIEWER)
    await desk.hire("pavle", Role.WAREHOUSE)
    new = {"to": [HR], "lines": [{"item": TENT, "quantity": "5"}]}
    assert (await desk.ask("POST", "/requests", eye, json=new))[0] == 403
    assert (await desk.ask("POST", "/people/break-glass", eye, json={"reason": ""}))[0] == 400
    status, found, _ = await desk.ask("POST", "/people/break-glass", eye, json={"reason": "the duty officer is ill"})
    assert status == 200 and [g["role"] for g in found["grants"]] == ["viewer", "viewer", "duty-officer"]
    assert (await desk.ask("POST", "/requests", eye, json=new))[0] == 200
    again = await desk.ask("POST", "/people/break-glass", eye, json={"reason": "once more"})
    assert again[0] == 422 and again[1]["error"]["code"] == "glass-broken"
    operator = await desk.ask("POST", "/people/break-glass", json={"reason": "no person"})
    assert operator[1]["error"]["code"] == "no-person"
    (thing,) = [one for one in (await desk.ask("GET", "/duty/queue"))[1] if one["kind"] == "break-glass"]
    assert thing["detail"] == "eye" and not thing["calm"]
    office = desk.office
    catalogue = await office.catalogue()
    things = await office.node.engine.read(lambda tx: duty_desk.things(office, tx, catalogue, {}))
    people = await office.node.engine.read(PEOPLE.list)
    calls, _ = escalation.due(
        [t for t in things if t.kind == "break-glass"],
        None,
        duty_desk.holders(people, office.node.clock.now()),
        {},
        15,
        office.node.clock.now(),
    )
    assert {call.person for call in calls} == {"lea", "eye", "pavle"}
    clock.offset += 3601
    assert (await desk.ask("POST", "/requests", eye, json=new))[0] == 403, "the hour is over"
    anew = await desk.ask("POST", "/people/break-glass", eye, json={"reason": "he is ill still"})
    assert anew[0] == 200, anew
    acts = await office.node.engine.read(lambda tx: tx.acts.last(5))
    assert any("eye" in a.actor and a.verb == "user.break-glass" and "ill" in a.detail for a in acts)


async def test_who_belongs_to_a_branch_breaks_the_glass_there_alone_and_who_holds_nothing_nowhere(desk: Desk) -> None:
    ruse = await desk.hire("ruse", Role.WAREHOUSE, sites=("Ruse",))
    nobody = await desk.hire("nobody")
    for token, status in ((ruse, 200), (nobody, 403)):
        assert (await desk.ask("POST", "/people/break-glass", token, json={"reason": "the river rises"}))[0] == status
    body = {"to": [HR], "lines": [{"item": "HSHETENTF16C", "quantity": "3"}]}
    assert (await desk.ask("POST", "/requests", ruse, json=body | {"site": "Vidin"}))[0] == 403
    status, made, _ = await desk.ask("POST", "/requests", ruse, json=body)
    assert status == 200 and made["site"] == "Ruse"


async def test_a_token_that_an_administrator_made_is_no_way_to_what_a_second_person_confirms(desk: Desk) -> None:
    adam = await founded(desk)
    assert await give(desk, adam, "eva", "viewer") == 200
    made = (await desk.ask("POST", "/people/tokens", adam, json={"name": "eva"}))[1]["token"]
    code = (await desk.ask("POST", "/people/links", adam, json={"name": "eva"}))[1]["code"]
    entered = (await desk.ask("POST", "/people/enter", "nobody", json={"code": code}))[1]["token"]
    own = (await desk.ask("POST", "/people/tokens", json={"name": "eva"}))[1]["token"]
    for token in (made, entered, own):
        assert (await desk.ask("GET", "/operations", token))[0] == 200
    assert await give(desk, adam, "eva", "stock-owner") == 200
    for token in (made, entered):
        assert (await desk.ask("GET", "/operations", token))[0] in (401, 403), "it ended with the gift"
    assert (await desk.ask("GET", "/operations", own))[0] == 200, "what the operator gave stays"


async def test_an_owner_without_an_account_releases_by_a_letter_that_two_persons_enter(desks: dict[str, Desk]) -> None:
    case, desk = await asked(desks), desks[HR]
    mia, eva = await desk.hire("mia", Role.LOGISTICS), await desk.hire("eva", Role.LOGISTICS, Role.APPROVER)
    eye = await desk.hire("eye", Role.VIEWER)
    hold = desk.office.node.clock.now() + 3600
    fields = {"lines": [{"item": TENT, "unit": "H87", "qty": [50, 0]}], "hold_until": hold, "terms": ["donation"]}
    body = {"case": case.case, "step": "offer", "fields": fields}
    waits = (await desk.ask("POST", "/operations/step", mia, json=body))[1]
    assert waits["missing"] == ["release"]
    paper = {"sha256": "ab" * 32, "day": "2026-09-20", "function": "director of the state reserve"}

    async def enter(token: str, **other: str) -> tuple[int, Any]:
        said = {"id": waits["waiting"], "letter": paper | other}
        return (await desk.ask("POST", "/operations/approve", token, json=said))[:2]

    assert (await enter(eye))[0] == 403
    assert (await enter(mia, sha256="no hash"))[0] == 400
    status, found = await enter(mia)
    assert status == 200 and not found["sent"] and found["missing"] == ["release"], "one person is not enough"
    assert (await enter(mia))[1]["error"]["code"] == "second-person"
    assert (await enter(eva, day="2026-09-21"))[1]["error"]["code"] == "letter-differs"
    status, found = await enter(eva)
    assert status == 200 and found["sent"]
    acts = await desk.office.node.engine.read(lambda tx: tx.acts.last(9))
    entered = [a for a in acts if a.verb == "approve.letter"]
    assert len(entered) == 2 and all("ab" * 32 in a.detail and "state reserve" in a.detail for a in entered)


async def test_who_comes_by_a_narrowed_token_hands_on_no_more_than_it_holds(desk: Desk) -> None:
    await founded(desk)
    await give(desk, "operator-token", "eva", "viewer")
    narrow = (await desk.ask("POST", "/people/tokens", json={"name": "adam", "scope": ["people", "see"]}))[1]["token"]
    for path in ("/people/tokens", "/people/links"):
        for scope in ([], ["see", "stock.see"]):
            status, found, _ = await desk.ask("POST", path, narrow, json={"name": "eva", "scope": scope})
            assert status == 403 and "within people, see" in found["error"]["expected"], (path, scope)
        assert (await desk.ask("POST", path, narrow, json={"name": "eva", "scope": ["see"]}))[0] == 200
