"""How the API speaks HTTP: problem documents, ETags, parts of lists, idempotency keys, events."""

import asyncio
import json
from typing import Any

from tests.api.conftest import BG, HR, OPERATOR, Desk
from xstock_node.api.idempotency import ANSWERED

TENT = "HSHETENTF16C"
ASK = {"to": [HR], "lines": [{"item": TENT, "quantity": "5"}]}


async def test_errors_are_problem_documents_with_their_status(desk: Desk) -> None:
    status, body, headers = await desk.ask("GET", "/operations/operation?case=aaaaaaaaaaaaaaaa")
    assert (status, headers["Content-Type"]) == (404, "application/problem+json")
    assert body["type"] == "urn:xstock:no-case" and body["status"] == 404 and body["error"]["do"]
    for path, wanted in (("/requests/request", 400), ("/nothing", 404), ("/stock?limit=many", 400)):
        status, body, headers = await desk.ask("GET", path)
        assert (status, headers["Content-Type"]) == (wanted, "application/problem+json"), path
    status, body, _ = await desk.ask("POST", "/requests", data=b"{")
    assert status == 400 and body["error"]["code"] == "bad-request"


async def test_a_get_that_did_not_change_is_not_sent_again(desk: Desk) -> None:
    _, _, headers = await desk.ask("GET", "/requests")
    status, body, again = await desk.ask("GET", "/requests", headers={"If-None-Match": headers["ETag"]})
    assert (status, body, again["ETag"]) == (304, None, headers["ETag"])
    await desk.ask("POST", "/requests", json=ASK)
    status, body, changed = await desk.ask("GET", "/requests", headers={"If-None-Match": headers["ETag"]})
    assert status == 200 and len(body) == 1 and changed["ETag"] != headers["ETag"]


async def test_lists_are_cut_into_parts_and_refuse_parts_that_make_no_sense(desk: Desk) -> None:
    for _ in range(3):
        await desk.ask("POST", "/requests", json=ASK)
    _, whole, _ = await desk.ask("GET", "/requests")
    _, part, _ = await desk.ask("GET", "/requests?limit=2&skip=1")
    assert part == whole[1:3]
    for bad in ("limit=0", "limit=501", "skip=-1"):
        assert (await desk.ask("GET", f"/requests?{bad}"))[0] == 400, bad


async def test_a_request_with_a_key_is_done_once(desk: Desk) -> None:
    key = {"Idempotency-Key": "case-of-tonight-1"}
    first = await desk.ask("POST", "/requests", json=ASK, headers=key)
    second = await desk.ask("POST", "/requests", json=ASK, headers=key)
    assert first[:2] == second[:2] and first[0] == 200
    assert len((await desk.ask("GET", "/requests"))[1]) == 1
    other = await desk.ask("POST", "/requests", json=ASK | {"note": "another"}, headers=key)
    assert other[0] == 409 and other[1]["error"]["code"] == "key-used"
    assert (await desk.ask("POST", "/requests", json=ASK, headers={"Idempotency-Key": "short"}))[0] == 422
    desk.net.clocks[BG].offset += 90_000
    assert (await desk.ask("POST", "/requests", json=ASK, headers=key))[1]["id"] != first[1]["id"]


async def test_what_failed_may_be_tried_again_with_its_key(desk: Desk) -> None:
    key = {"Idempotency-Key": "case-of-tonight-2"}
    wrong = ASK | {"to": ["redcross.xx"]}
    assert (await desk.ask("POST", "/requests", json=wrong, headers=key))[0] == 403
    assert (await desk.ask("POST", "/requests", json=ASK, headers=key))[0] == 200


async def test_events_tell_which_operation_changed(desks: dict[str, Desk]) -> None:
    """The supplier's listener hears of the case as soon as it arrives, and goes on from where it was."""
    headers = {"Authorization": f"Bearer {OPERATOR}", "Host": "127.0.0.1:1"}
    async with desks[HR].client.get("/api/1/events", headers=headers) as stream:
        assert stream.headers["Content-Type"] == "text/event-stream"
        made = (await desks[BG].ask("POST", "/requests", json=ASK))[1]
        event = await _next(stream)
    assert event["data"] == {"case": made["operations"][0]["case"]}
    again = headers | {"Last-Event-ID": "0"}
    async with desks[HR].client.get("/api/1/events", headers=again) as stream:
        assert (await _next(stream))["id"] == "1"
    assert (await desks[HR].client.get("/api/1/events", headers={"Host": "127.0.0.1:1"})).status == 403


async def _next(stream: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    while True:
        line = (await asyncio.wait_for(stream.content.readline(), 10)).decode().strip()
        if not line and "data" in found:
            return found
        name, _, value = line.partition(": ")
        if name in ("id", "data"):
            found[name] = json.loads(value) if name == "data" else value


async def test_a_step_whose_answer_was_lost_is_not_taken_again(desk: Desk) -> None:
    """The node died between the deed and the answer: the answer is not kept, the mark of the deed is."""
    made = (await desk.ask("POST", "/requests", json=ASK, headers={"Idempotency-Key": "the-first-one"}))[1]
    await forget_answers(desk)
    again = (await desk.ask("POST", "/requests", json=ASK, headers={"Idempotency-Key": "the-first-one"}))[1]
    assert again["id"] == made["id"] and len((await desk.ask("GET", "/requests"))[1]) == 1
    case = made["operations"][0]["case"]
    cancel = {"case": case, "step": "cancel", "fields": {"reason": "covered"}}
    key = {"Idempotency-Key": "the-second-one"}
    first = await desk.ask("POST", "/operations/step", json=cancel, headers=key)
    await forget_answers(desk)
    second = await desk.ask("POST", "/operations/step", json=cancel, headers=key)
    assert first[0] == 200 and first[1]["hash"] and second[:2] == first[:2]
    await forget_answers(desk)
    other = await desk.ask("POST", "/operations/step", json=cancel | {"fields": {"reason": "late"}}, headers=key)
    assert other[0] == 409 and other[1]["error"]["code"] == "key-used"
    shown = (await desk.ask("GET", f"/operations/operation?case={case}"))[1]
    assert [s["verb"] for s in shown["timeline"]].count("cancel") == 1


async def forget_answers(desk: Desk) -> None:
    """As after a crash between a deed and its answer."""
    engine, now = desk.office.node.engine, desk.office.node.clock.now()
    await engine.write(lambda tx: ANSWERED.drop_older(tx, now + 1), durable=True)


async def test_a_unit_that_no_message_can_say_is_refused_and_the_list_stays_readable(desk: Desk) -> None:
    wrong = ASK | {"lines": [{"item": TENT, "quantity": "5", "unit": "two words"}]}
    status, body, _ = await desk.ask("POST", "/requests", json=wrong)
    assert status == 422 and body["error"]["code"] == "bad-step" and "unit" in body["error"]["came"]
    assert (await desk.ask("GET", "/requests"))[:2] == (200, [])
