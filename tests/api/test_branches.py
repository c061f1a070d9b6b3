"""Grants at sites: a branch reaches its own objects alone, and another branch's answer as what is not there."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.api.conftest import BG, HR, Desk, opened
from tests.api.test_operations import TENT, Case, asked, lines
from tests.attached import png
from xstock_node.api.routes import ROUTES, Route
from xstock_node.domain.rights import OPEN, RIGHTS, Grant, Role
from xstock_node.services.branches import Reach
from xstock_node.services.duty_desk import holders
from xstock_node.services.people import PEOPLE, Person

OBJECTS = {Reach.CASE: "case", Reach.REQUEST: "id", Reach.PENDING: "id", Reach.STOCK: "ref"}
OBJECT_ROUTES = [route for route in ROUTES if route.reach in OBJECTS]
DIGEST = "0" * 64
UNIT = {"lines": [{"item": TENT, "quantity": "1"}]}
MORE: dict[str, dict[str, Any]] = {
    "op.attach": {"kind": "damage"},
    "op.attachment": {"sha256": DIGEST},
    "op.attachment.erase": {"sha256": DIGEST},
    "op.step": {"step": "told"},
    "op.document": {"document": "packing-list"},
    "op.file": {"document": "packing-list"},
    "op.labels": {"consignment": "c1"},
    "op.units": {"consignment": "c1", "units": [UNIT]},
}
"""What a request of these routes needs beside the id of its object."""


async def test_a_role_at_a_site_reaches_what_is_common_or_of_a_site_and_nothing_of_the_whole(desk: Desk) -> None:
    for role in Role:
        token, rights = await desk.hire(f"ana-{role}", role, sites=("Split",)), RIGHTS[role]
        if role is Role.NIGHT_DEPUTY:
            rights = RIGHTS[Role.VIEWER]  # nobody has duty
        for route in ROUTES:
            body = b"not json" if route.method == "POST" else None
            status, found, _ = await desk.ask(route.method, route.path, token, data=body)
            if route.right not in rights | {OPEN}:
                assert status == 403, (route.name, role)
            elif route.reach is Reach.WHOLE:
                assert status == 403 and "in the whole organisation" in found["error"]["expected"], (route.name, role)
            else:
                assert status != 403, (route.name, role, found)


async def _tell(desk: Desk, route: Route, token: str, id_: str) -> tuple[int, str]:
    """What a route answers about an object, the id left out."""
    fields = {OBJECTS[route.reach]: id_} | MORE.get(route.name, {})
    if route.method == "GET" or route.raw:
        options: dict[str, Any] = {"params": fields} | ({"data": b"no picture"} if route.method == "POST" else {})
    else:
        options = {"json": fields}
    status, found, _ = await desk.ask(route.method, route.path, token, **options)
    return status, json.dumps(found).replace(id_, "ID")


@pytest.fixture
async def desks(tmp_path: Path) -> AsyncIterator[dict[str, Desk]]:
    """As everywhere, and units may be numbered."""
    async with opened(tmp_path, (BG, HR), (HR,), gs1_prefix="3800000") as found:
        yield found


@pytest.fixture
async def objects(desks: dict[str, Desk]) -> dict[Reach, tuple[str, str]]:
    """For each kind an object of Split in the Bulgarian node, and an id that nothing has."""
    desk = desks[BG]
    split = await desk.hire("split-owner", Role.LOGISTICS, Role.DUTY_OFFICER, sites=("Split",))
    await asked(desks, site="Split")
    _, requests, _ = await desk.ask("GET", "/requests")
    line = {"name": "Tent", "quantity": "7", "unit": "pcs"}
    status, stocked, _ = await desk.ask("POST", "/stock/lines", split, json=line)
    assert status == 200 and stocked["line"]["location"] == "Split", stocked
    incoming, supplied = await _offered_to(desks)
    return {
        Reach.CASE: (supplied, supplied[:-4] + "aaaa"),
        Reach.REQUEST: (requests[0]["id"], "aaaaaaaaaaaaaaaa"),
        Reach.PENDING: (incoming, "aaaaaaaaaaaaaaaa"),
        Reach.STOCK: (stocked["ref"], "aaaaaaaaaaaa"),
    }


async def _offered_to(desks: dict[str, Desk]) -> tuple[str, str]:
    """The id of an offer in Split that waits for the stock owner, and its case: Croatia asks Bulgaria."""
    desk = desks[BG]
    body = {"to": [BG], "lines": [{"item": TENT, "quantity": "5"}]}
    _, made, _ = await desks[HR].ask("POST", "/requests", json=body)
    case = Case(desks, made["operations"][0]["case"])
    await case.until(BG, "requested")
    assert (await desk.ask("POST", "/operations/assign", json={"case": case.case, "site": "Split"}))[0] == 200
    fields = {"lines": lines(5), "hold_until": desk.office.node.clock.now() + 3600}
    token = await desk.hire("split-officer", Role.DUTY_OFFICER, sites=("Split",))
    step = {"case": case.case, "step": "offer", "fields": fields}
    status, found, _ = await desk.ask("POST", "/operations/step", token, json=step)
    assert status == 200 and found["missing"][0] == "release", found
    return found["waiting"], case.case


@pytest.mark.parametrize("route", OBJECT_ROUTES, ids=lambda route: route.name)
async def test_another_branch_gets_the_answer_of_what_is_not_there(
    desk: Desk, objects: dict[Reach, tuple[str, str]], route: Route
) -> None:
    there, nothing = objects[route.reach]
    other = await desk.hire("zagreb", *Role, sites=("Zagreb",))
    hidden, absent = await _tell(desk, route, other, there), await _tell(desk, route, other, nothing)
    assert hidden == absent and hidden[0] == 404, (hidden, absent)
    whole = await desk.hire("head", *Role)
    assert await _tell(desk, route, whole, nothing) == absent, "an object that is not there is the same for all"
    own = await desk.hire("split", *Role, sites=("Split",))
    found = await _tell(desk, route, own, there)
    assert found[0] not in (400, 403) and found[1] != absent[1], found


async def _lists(desk: Desk, token: str) -> dict[str, int]:
    paths = ("/requests", "/operations", "/operations/pending", "/stock", "/duty/queue", "/mobilisation")
    return {path: len((await desk.ask("GET", path, token))[1]) for path in paths}


async def test_lists_leave_out_what_is_another_branch_s_or_the_whole_organisation_s(
    desk: Desk, objects: dict[Reach, tuple[str, str]]
) -> None:
    split = await _lists(desk, await desk.hire("split", *Role, sites=("Split",)))
    whole = await _lists(desk, await desk.hire("head", *Role))
    zagreb = await _lists(desk, await desk.hire("zagreb", *Role, sites=("Zagreb",)))
    assert split["/requests"] == 1 and split["/operations"] == 2 and split["/operations/pending"] == 1
    assert split["/stock"] == 1 and split["/duty/queue"] >= 1 and split["/mobilisation"] == 1
    assert set(zagreb.values()) == {0}, zagreb
    assert all(whole[path] >= split[path] for path in whole)
    events = {"Last-Event-ID": "0", "Host": "127.0.0.1:1", "Authorization": "Bearer xs_zagreb"}
    desk.office.changes.tell("")
    async with desk.client.get("/api/1/events", headers=events) as stream:
        told = await stream.content.readuntil(b"data: ")
        assert b"listening" in told and await stream.content.readline() == b'{"case":""}\n', "of its cases nothing"


async def test_an_operation_is_given_to_a_branch_and_back(desks: dict[str, Desk]) -> None:
    case, desk = await asked(desks), desks[HR]
    split = await desk.hire("split", Role.DUTY_OFFICER, sites=("Split",))
    show = f"/operations/operation?case={case.case}"
    assert (await desk.ask("GET", show, split))[0] == 404, "an incoming request is the whole organisation's"
    for token in (split, await desk.hire("eye", Role.VIEWER)):
        body = {"case": case.case, "site": "Split"}
        assert (await desk.ask("POST", "/operations/assign", token, json=body))[0] == 403
    for site, status in (("Split", 200), ("Zagreb", 404), ("", 404)):
        status_, found, _ = await desk.ask("POST", "/operations/assign", json={"case": case.case, "site": site})
        assert status_ == 200 and found == {"id": case.case, "site": site}
        assert (await desk.ask("GET", show, split))[0] == status, site
    status, found, _ = await desk.ask("POST", "/operations/assign", json={"case": "x", "site": "Split"})
    assert status == 404 and found["error"]["code"] == "no-case"


async def test_a_branch_asks_and_stocks_for_itself_alone(desks: dict[str, Desk]) -> None:
    desk = desks[BG]
    one = await desk.hire("split", Role.DUTY_OFFICER, Role.LOGISTICS, sites=("Split",))
    two = await desk.hire("coast", Role.DUTY_OFFICER, Role.LOGISTICS, sites=("Split", "Zadar"))
    body = {"to": [HR], "lines": [{"item": TENT, "quantity": "5"}]}
    status, made, _ = await desk.ask("POST", "/requests", one, json=body)
    assert status == 200 and made["site"] == "Split", "its only site"
    assert (await desk.ask("POST", "/requests", one, json=body | {"site": "Zadar"}))[0] == 403
    status, found, _ = await desk.ask("POST", "/requests", two, json=body)
    assert status == 403 and found["error"]["do"] == "name Split or Zadar as the site"
    status, made, _ = await desk.ask("POST", "/requests", two, json=body | {"site": "Zadar"})
    assert status == 200 and made["site"] == "Zadar"
    assert len((await desk.ask("GET", "/requests", one))[1]) == 1
    assert len((await desk.ask("GET", "/requests", two))[1]) == 2
    line = {"name": "Tent", "quantity": "7", "unit": "pcs"}
    _, stocked, _ = await desk.ask("POST", "/stock/lines", one, json=line)
    assert (await desk.ask("POST", "/stock/lines", one, json=line | {"location": "Zadar"}))[0] == 403
    moved = {"ref": stocked["ref"], "location": "Zadar"}
    assert (await desk.ask("POST", "/stock/lines/set", one, json=moved))[0] == 403, "into another branch's store"
    assert (await desk.ask("POST", "/stock/lines/set", two, json=moved))[0] == 200
    assert (await desk.ask("GET", "/stock", one))[1] == []


def test_only_those_are_called_whose_grants_hold_at_the_site() -> None:
    def person(name: str, *sites: str) -> Person:
        return Person(name=name, grants=(Grant(role=Role.APPROVER, sites=sites),))

    people = [person("head"), person("split", "Split"), person("coast", "Zadar", "Split"), person("zagreb", "Zagreb")]
    assert holders(people, 1)[Role.APPROVER] == ("head",)
    assert holders(people, 1, "Split")[Role.APPROVER] == ("head", "split", "coast")


async def test_rights_of_the_whole_and_of_a_site_add_up_where_both_hold(
    desk: Desk, objects: dict[Reach, tuple[str, str]]
) -> None:
    """A viewer of the whole organisation who answers and releases in Split does so there, and only looks elsewhere."""
    token = await desk.hire("mixed")
    now = desk.office.node.clock.now()
    split = [Grant(role=role, sites=("Split",)) for role in (Role.STOCK_OWNER, Role.DUTY_OFFICER, Role.WAREHOUSE)]
    person = await desk.office.node.engine.read(lambda tx: PEOPLE.get(tx, "mixed"))
    assert person is not None
    mixed = msgspec.structs.replace(person, grants=(Grant(role=Role.VIEWER), *split))
    await desk.office.node.engine.write(lambda tx: PEOPLE.put(tx, "mixed", mixed, now), durable=True)
    case = objects[Reach.CASE][0]
    status, found, _ = await desk.ask("POST", "/operations/approve", token, json={"id": objects[Reach.PENDING][0]})
    assert status == 409 and found["error"]["code"] == "not-available", "the right holds, the goods are not there"
    assert (await desk.ask("GET", f"/operations/operation?case={case}", token))[0] == 200
    await desk.ask("POST", "/operations/assign", json={"case": case, "site": ""})
    assert (await desk.ask("GET", f"/operations/operation?case={case}", token))[0] == 200, "it is a viewer everywhere"
    step = {"case": case, "step": "decline", "fields": {"reason": "stock-used"}}
    assert (await desk.ask("POST", "/operations/step", token, json=step))[0] == 403
    params = {"case": case, "kind": "damage"}
    assert (await desk.ask("POST", "/operations/attachments", token, params=params, data=png()))[0] == 403


async def test_an_operation_of_an_own_request_goes_with_the_whole_request(
    desk: Desk, objects: dict[Reach, tuple[str, str]]
) -> None:
    split = await desk.hire("split", Role.DUTY_OFFICER, sites=("Split",))
    zagreb = await desk.hire("zagreb", Role.DUTY_OFFICER, sites=("Zagreb",))
    (request,) = (await desk.ask("GET", "/requests", split))[1]
    case = request["operations"][0]["case"]
    await desk.ask("POST", "/operations/assign", json={"case": case, "site": "Zagreb"})
    for token, status in ((split, 404), (zagreb, 200)):
        assert (await desk.ask("GET", f"/operations/operation?case={case}", token))[0] == status
        assert (await desk.ask("GET", f"/requests/request?id={request['id']}", token))[0] == status
        assert (await desk.ask("POST", "/requests/stand-down", token, json={"id": request["id"]}))[0] == status


async def test_goods_are_booked_again_where_a_line_of_them_was_moved_away(desk: Desk) -> None:
    line = {"name": "Tent", "quantity": "7", "unit": "pcs", "location": "Split"}
    _, first, _ = await desk.ask("POST", "/stock/lines", json=line)
    assert (await desk.ask("POST", "/stock/lines", json=line))[1]["error"]["code"] == "line-exists"
    await desk.ask("POST", "/stock/lines/set", json={"ref": first["ref"], "location": "Zadar"})
    split = await desk.hire("split", Role.LOGISTICS, sites=("Split",))
    status, second, _ = await desk.ask("POST", "/stock/lines", split, json=line)
    assert status == 200 and second["ref"] == f"{first['ref']}-2"
    assert len((await desk.ask("GET", "/stock"))[1]) == 2
