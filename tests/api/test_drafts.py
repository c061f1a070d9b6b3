"""Draft requests: a person says what is unknown, sends one as a request with all its rules, or puts it away."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import BG, HR, Desk, opened
from tests.api.conftest import OPERATOR as OPERATOR_TOKEN
from tests.shared import ROOT, sample
from xstock_node.domain.alerts import Coded
from xstock_node.domain.rights import Role
from xstock_node.plugins.host import PluginHost
from xstock_node.services.draft_desk import TakeDraft, take_draft
from xstock_node.services.drafts import DRAFTS, DraftLine, DraftRequest, draft_id, put_draft
from xstock_node.services.messaging import MessageFile, import_message
from xstock_node.services.office import OPERATOR, Thresholds
from xstock_node.services.once import Once
from xstock_node.services.request_views import REQUESTS
from xstock_node.testing.folder_plugin import open_folder

TENT = "HSHETENTF16C"
KNOWN = DraftLine(id="line-1", name="Tents", item=TENT, quantity="20", unit="H87", codes=[Coded(scheme="s", value="T")])
OPEN = DraftLine(id="line-2", name="Something warm")


async def put(desk: Desk, *lines: DraftLine, **said: Any) -> str:
    id_ = draft_id("edxl-rm", "their-1")
    fields: dict[str, Any] = {"origin": "edxl-rm", "foreign_id": "their-1", "about": "m", "at": 1, "event": "FL-2027-1"}
    draft = DraftRequest(id=id_, lines=list(lines), **(fields | said))
    await desk.office.node.engine.write(lambda tx: put_draft(tx, draft, 1), durable=True)
    return id_


async def held(desk: Desk, id_: str) -> DraftRequest:
    found = await desk.office.node.engine.read(lambda tx: DRAFTS.get(tx, id_))
    assert found is not None
    return found


async def take(desk: Desk, id_: str, token: str = OPERATOR_TOKEN, key: str = "", **said: Any) -> tuple[int, Any]:
    headers = {"Idempotency-Key": key} if key else {}
    body = {"id": id_, "to": [HR]} | said
    return (await desk.ask("POST", "/requests/drafts/take", token, json=body, headers=headers))[:2]


async def requests(desk: Desk) -> list[Any]:
    return await desk.office.node.engine.read(REQUESTS.list)


async def test_a_line_without_item_or_quantity_is_refused_until_a_person_says_what_it_is(desk: Desk) -> None:
    id_ = await put(desk, KNOWN, OPEN)
    status, found = await take(desk, id_)
    error = found["error"]
    assert (
        status != 200 and error["code"] == "no-item" and "Something warm" in error["came"] and "line-2" in error["do"]
    )
    status, found = await take(desk, id_, lines=[{"line": "line-2", "item": "HSHEBLANWHT"}])
    assert status != 200 and found["error"]["code"] in ("no-quantity", "no-item")
    status, found = await take(desk, id_, lines=[{"line": "line-2", "item": TENT}])
    assert found["error"]["code"] == "no-quantity" and "unknown" in found["error"]["came"]
    assert (await held(desk, id_)).state == "open" and await requests(desk) == []
    status, found = await take(
        desk,
        id_,
        lines=[{"line": "2", "item": TENT, "quantity": "7"}, {"line": "line-1", "item": TENT, "quantity": "5"}],
    )
    assert status == 200, found
    draft = await held(desk, id_)
    assert (draft.state, draft.request) == ("sent", found["id"])
    assert [(one.id, one.item, one.quantity, one.unit) for one in draft.lines] == [
        ("line-1", TENT, "5", "H87"), ("line-2", TENT, "7", "H87"),
    ]  # fmt: skip
    assert draft.lines[0].codes == KNOWN.codes and found["event"] == "FL-2027-1"


async def test_a_line_may_be_left_out_and_others_added(desk: Desk) -> None:
    id_ = await put(desk, OPEN, KNOWN)
    status, found = await take(desk, id_, leave=["line-2"], add=[{"item": TENT, "quantity": "3"}])
    assert status == 200 and [one["asked"] for one in found["lines"]] == ["20", "3"]
    assert [(one.item, one.quantity) for one in (await held(desk, id_)).lines] == [("", ""), (TENT, "20")]
    assert (await take(desk, id_))[1]["error"]["code"] == "draft-sent"


async def test_a_need_is_announced_without_lines(desk: Desk) -> None:
    id_ = await put(desk, origin="alert", country="BG", note="The river rises", severity=2)
    assert (await take(desk, id_))[1]["error"]["code"] == "no-lines"
    status, found = await take(desk, id_, notify=True)
    assert status == 200 and found["lines"] == []
    (request,) = await requests(desk)
    assert request.notify and (request.body.country, request.body.severity) == ("BG", 2)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (DraftLine(id="x", name="?", item=TENT, quantity="2", unit="KGM"), "bad-unit"),
        (DraftLine(id="x", name="?", item=TENT, quantity="2", unit="box"), "bad-unit"),
        (DraftLine(id="x", name="?", item=TENT, quantity="0", unit="H87"), "bad-quantity"),
        (DraftLine(id="x", name="?", item="NONE", quantity="2"), "no-item"),
    ],
)
async def test_what_cannot_be_an_item_of_ours_is_refused(desk: Desk, line: DraftLine, code: str) -> None:
    assert (await take(desk, await put(desk, line)))[1]["error"]["code"] == code


async def test_a_number_without_a_unit_is_pieces_and_nothing_else(desk: Desk) -> None:
    catalogue = await desk.office.catalogue()
    heavy = next(item.code for item in catalogue.all() if item.unit == "KGM")
    id_ = await put(desk, DraftLine(id="x", name="flour", quantity="40"))
    assert (await take(desk, id_, lines=[{"line": "x", "item": heavy}]))[1]["error"]["code"] == "bad-unit"
    status, found = await take(desk, id_, lines=[{"line": "x", "item": heavy, "quantity": "2", "unit": "t"}])
    assert status == 200 and (found["lines"][0]["asked"], found["lines"][0]["unit"]) == ("2000", "KGM")


async def test_an_exercise_goes_into_an_exercise_alone(desk: Desk) -> None:
    id_ = await put(desk, KNOWN, exercise=True)
    status, found = await take(desk, id_)
    assert status != 200 and found["error"]["code"] == "exercise-draft" and await requests(desk) == []


async def test_asked_again_with_its_key_it_is_sent_once(desk: Desk) -> None:
    id_ = await put(desk, KNOWN)
    first, second = await take(desk, id_, key="key-12345678"), await take(desk, id_, key="key-12345678")
    assert first[0] == second[0] == 200 and first[1]["id"] == second[1]["id"] and len(await requests(desk)) == 1


async def test_what_died_before_it_answered_is_told_again_by_its_key(desk: Desk) -> None:
    """The request and the draft that it came from are kept together; the answer was lost with the node."""
    actor = OPERATOR._replace(once=Once.of("key-12345678", "request.take", b"x"))
    wanted = TakeDraft(id=await put(desk, KNOWN), to=[HR])
    first = await take_draft(desk.office, actor, wanted)
    assert (await take_draft(desk.office, actor, wanted)).id == first.id and len(await requests(desk)) == 1


async def test_two_who_send_one_draft_at_the_same_time_make_one_request(desk: Desk) -> None:
    id_ = await put(desk, KNOWN)
    found = await asyncio.gather(*(take(desk, id_) for _ in range(4)))
    assert sorted(status == 200 for status, _ in found) == [False, False, False, True]
    assert len(await requests(desk)) == 1


async def test_who_may_ask_takes_and_dismisses_and_nobody_else(desk: Desk) -> None:
    id_ = await put(desk, KNOWN)
    viewer, officer = await desk.hire("eva", Role.VIEWER), await desk.hire("ivan", Role.DUTY_OFFICER)
    assert (await take(desk, id_, viewer))[0] == 403
    assert [one["id"] for one in (await desk.ask("GET", "/requests/drafts", viewer))[1]] == [id_]
    status, found, _ = await desk.ask("GET", f"/requests/drafts/draft?id={id_}", viewer)
    assert status == 200 and found["lines"][0]["item"] == TENT
    gone = {"id": id_, "reason": "own stock covers it"}
    assert (await desk.ask("POST", "/requests/drafts/dismiss", viewer, json=gone))[0] == 403
    status, found, _ = await desk.ask("POST", "/requests/drafts/dismiss", officer, json=gone)
    assert (status, found["state"], found["reason"]) == (200, "dropped", "own stock covers it")
    assert (await take(desk, id_, officer))[1]["error"]["code"] == "draft-dropped"
    assert (await desk.ask("GET", "/requests/drafts"))[1] == []
    assert len((await desk.ask("GET", "/requests/drafts?all=true"))[1]) == 1


async def test_who_belongs_to_a_branch_sends_for_it_and_dismisses_nothing_of_all(desk: Desk) -> None:
    id_ = await put(desk, KNOWN)
    token = await desk.hire("petar", Role.DUTY_OFFICER, sites=("Varna",))
    gone = {"id": id_, "reason": "no"}
    assert (await desk.ask("POST", "/requests/drafts/dismiss", token, json=gone))[0] == 403
    status, found = await take(desk, id_, token)
    assert status == 200 and found["site"] == "Varna"


@pytest.fixture
async def strict(tmp_path: Path) -> AsyncIterator[Desk]:
    async with opened(tmp_path, (BG, HR), (), second_person=Thresholds(ask_pieces={TENT: Decimal(10)})) as found:
        yield found[BG]


async def test_above_the_threshold_a_second_person_is_waited_for(strict: Desk) -> None:
    ivan = await strict.hire("ivan", Role.DUTY_OFFICER)
    id_ = await put(strict, KNOWN)
    status, found = await take(strict, id_, ivan)
    assert status == 200 and found["state"] == "waiting" and found["waits"]
    assert (await held(strict, id_)).request == found["id"]


async def test_the_request_of_a_foreign_system_becomes_ours_once_a_person_names_the_item(desk: Desk) -> None:
    raw = sample("..", "standards", "edxl-rm", "samples", "RequestResource.1.xml").read_bytes()
    plugin = open_folder(ROOT / "plugins" / "xstock-edxl")
    desk.office.host = PluginHost([plugin.distribution], [plugin.point], in_process=[plugin.distribution])
    desk.office.host.attach(desk.office.ways, desk.office.home)
    taken = await import_message(desk.office, OPERATOR, MessageFile(file="request.xml", content=raw))
    (message,) = taken.messages
    (line,) = (await held(desk, message.draft)).lines
    assert (line.name, line.quantity, line.item) == ("Track Dozer", "4", "") and taken.alerts == []
    status, found = await take(desk, message.draft)
    assert found["error"]["code"] == "no-item" and "Track Dozer" in found["error"]["came"]
    status, found = await take(desk, message.draft, lines=[{"line": line.id, "item": TENT}])
    assert status == 200 and [(one["item"], one["asked"]) for one in found["lines"]] == [(TENT, "4")]
    assert found["event"] == "uicds-incident-id" and found["place"] == "Arlington Waste Facility"
    sent = (await held(desk, message.draft)).lines[0]
    assert (sent.id, sent.item, sent.quantity, sent.unit) == (line.id, TENT, "4", "H87")
