"""Messages of another system, in and out, by API: EDXL-RM through its real plugin, in a process of its own."""

import asyncio
import base64
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.api.conftest import BG, HR, Desk, opened
from tests.api.test_operations import TENT, UNIT, bound, lines, sent
from tests.shared import standard
from xstock_node.domain.alerts import Alert, Status
from xstock_node.domain.message_order import gaps
from xstock_node.domain.messages import Contact, Resource, ResourceMessage
from xstock_node.plugins.errors import Declined
from xstock_node.plugins.host import PluginHost
from xstock_node.plugins.interchange import Reading, Writing
from xstock_node.protocol import limits
from xstock_node.services import message_export, message_inbox, promises, recalling
from xstock_node.services.drafts import DRAFTS, DraftRequest
from xstock_node.services.errors import Refusal
from xstock_node.services.message_inbox import NodeInbox
from xstock_node.storage.interfaces import Transaction

CENTRE = "dispatch.example"


@pytest.fixture
async def desks(tmp_path: Path) -> AsyncIterator[dict[str, Desk]]:
    """Bulgaria and Croatia, which offers 1,000 tents; both have the plugin."""
    async with opened(tmp_path, (BG, HR), (HR,)) as found:
        for desk in found.values():
            desk.office.host = PluginHost(["xstock-edxl"], home=tmp_path)
            desk.office.host.attach(desk.office.ways, tmp_path)
        yield found
        for desk in found.values():
            await desk.office.host.stop()


async def taken(desk: Desk, name: str, content: bytes, status: int = 200) -> Any:
    body = {"file": name, "content": base64.b64encode(content).decode()}
    got, found, _ = await desk.ask("POST", "/messages", json=body)
    assert got == status, found
    return found


async def written(desk: Desk, about: str) -> list[tuple[str, bytes]]:
    got, found, _ = await desk.ask("POST", "/messages/export", json={"about": about, "format": "edxl-rm"})
    assert got == 200, found
    return [(one["name"], base64.b64decode(one["content"])) for one in found["documents"]]


def kinds(documents: list[tuple[str, bytes]]) -> list[str]:
    return [name.split("-")[1] for name, _ in documents]


async def whole_loan(desks: dict[str, Desk]) -> str:
    """A loan of 100 tents: two broken on the way, forty extended, all back; its operation."""
    case = await sent(desks, 100, "loan")
    await case.step(HR, "departed", consignment="c1", place="Zagreb", at=1)
    await case.step(BG, "received", counts=[{"item": TENT, "unit": UNIT, "good": [98, 0], "damaged": [2, 0]}])
    await case.until(HR, "received")
    await case.step(BG, "on-loan", lines=lines(100), due="2027-06-30")
    await case.until(HR, "on-loan")
    await case.step(BG, "extend", lines=lines(40), due="2027-08-30")
    await case.until(HR, "on-loan", "extend")
    await case.step(HR, "extended", lines=lines(40), due="2027-08-30")
    await case.until(BG, "on-loan", "extended")
    await case.step(BG, "returned", lines=lines(100), consignment="back-1")
    await case.until(HR, "return-dispatched")
    await case.step(HR, "return-received", counts=[{"item": TENT, "unit": UNIT, "good": [97, 0], "damaged": [3, 0]}])
    await case.until(BG, "return-received")
    return case.case


async def test_a_loan_is_a_chain_without_gap_and_reads_back_equal_in_an_empty_node(
    desks: dict[str, Desk], tmp_path: Path
) -> None:
    case = await whole_loan(desks)
    out = await written(desks[BG], case)
    told = kinds(out)
    assert told[:7] + sorted(told[7:]) == [
        "RequestResource",
        "ResponseToRequestResource",
        "RequisitionResource",
        "CommitResource",
        "ReportResourceDeploymentStatus",
        "ReportResourceDeploymentStatus",
        "ReportResourceDeploymentStatus",
        "ReleaseResource",
        "ReportResourceDeploymentStatus",
        "RequestExtendedDeploymentDuration",
        "ResponseToRequestExtendedDeploymentDuration",
    ]
    assert out == await written(desks[HR], case), "both sides tell the same"
    (tmp_path / "third").mkdir()
    async with opened(tmp_path / "third", ("redcross.rs",), ()) as third:
        desk = third["redcross.rs"]
        desk.office.host = PluginHost(["xstock-edxl"], home=tmp_path)
        desk.office.host.attach(desk.office.ways, tmp_path)
        for name, content in reversed(out):  # in whatever order they come
            (one,) = (await taken(desk, name, content))["messages"]
        held = (await desk.ask("GET", "/messages"))[1]
        assert len(held) == len(out) and {one["state"] for one in held} == {"taken"}
        assert await written(desk, one["chain"]) == out
        messages = await desk.office.node.engine.read(
            lambda tx: message_export.messages_of(desk.office, tx, one["chain"], {})
        )
        assert gaps(messages) == () and len(messages) == len(out)
        counted = [(r.condition, r.quantity) for m in messages if m.kind == "receipt" for r in m.lines]
        assert counted == [("good", 98), ("damaged", 2)]
        again = await taken(desk, *out[0])
        assert [m["new"] for m in again["messages"]] == [False]
        assert len((await desk.ask("GET", "/messages"))[1]) == len(out)
        await desk.office.host.stop()


@pytest.mark.parametrize("number", [1, 2, 3])
async def test_a_foreign_request_opens_a_draft_with_quantity_incident_and_contact(
    desks: dict[str, Desk], number: int
) -> None:
    content = standard("edxl-rm", "samples", f"RequestResource.{number}.xml").read_bytes()
    (one,) = (await taken(desks[BG], "request.xml", content))["messages"]
    assert (one["foreign_id"], one["kind"], one["new"]) == (f"RequestResource.{number}", "request", True)
    draft = await desks[BG].office.node.engine.read(lambda tx: DRAFTS.get(tx, one["draft"]))
    assert draft is not None and draft.state == "open" and not draft.request
    assert draft.event == "uicds-incident-id" and "Arlington Fire Station" in draft.contact
    assert draft.place == "Arlington Waste Facility"
    assert [(line.quantity, line.item) for line in draft.lines] == [("4", "")]
    assert (await desks[BG].ask("GET", "/requests"))[1] == [], "nobody is asked by a message alone"
    answer = standard("edxl-rm", "samples", "CommitResource.1.xml").read_bytes()
    (commit,) = (await taken(desks[BG], "commit.xml", answer))["messages"]
    assert commit["chain"] == "RequestResource.1" and commit["kind"] == "confirmation"
    assert commit["state"] == ("taken" if number == 1 else "waiting")


async def test_the_same_id_with_another_content_is_refused_and_the_first_stays(desks: dict[str, Desk]) -> None:
    content = standard("edxl-rm", "samples", "RequestResource.1.xml").read_bytes()
    await taken(desks[BG], "a.xml", content)
    (one,) = (await taken(desks[BG], "b.xml", content.replace(b">4<", b">400<")))["messages"]
    assert one["state"] == "refused" and not one["new"]
    (held,) = (await desks[BG].ask("GET", "/messages"))[1]
    shown = (await desks[BG].ask("GET", f"/messages/message?id={held['id']}"))[1]
    assert held["state"] == "taken" and shown["message"]["lines"][0]["quantity"] == "4"


async def test_what_no_format_knows_is_refused_with_those_that_are_loaded(desks: dict[str, Desk]) -> None:
    found = await taken(desks[BG], "a.xml", b"<a/>", 422)
    assert found["error"]["code"] == "unknown-format" and "edxl-rm" in found["error"]["expected"]


def request_of(id_: str = "need-1", sender: str = CENTRE, status: Status = "Actual") -> ResourceMessage:
    """A centre asks for fifty tents, by our code."""
    line = Resource(id="1", name="Tent", item=TENT, unit=UNIT, quantity=Decimal(50))
    contact = Contact(description="Duty desk", role="requester")
    return ResourceMessage(
        id=id_, kind="request", sent=1_790_000_000, status=status, sender=sender, contacts=(contact,), lines=(line,)
    )


def recall_of(request: ResourceMessage, sender: str = "", **changes: Any) -> ResourceMessage:
    """The sender takes it back."""
    made = msgspec.structs.replace(
        request,
        id=f"recall-of-{request.id}",
        kind="recall",
        sender=sender or request.sender,
        originating=request.id,
        preceding=request.id,
        recalls=request.id,
        note="no longer needed",
        lines=(),
    )
    return msgspec.structs.replace(made, **changes)


async def told(desk: Desk, message: ResourceMessage) -> Any:
    """A message comes as EDXL, written by the plugin itself."""
    (plugin,) = desk.office.host.of_kind("message-format")
    writing = Writing(messages=(message,))
    (document,) = await plugin.plugin.call("message-format", plugin.name, "write", writing)
    (one,) = (await taken(desk, document.name, document.content))["messages"]
    return one


async def free(desk: Desk) -> Decimal:
    """What of its tents a node may still promise."""
    node = desk.office.node

    def work(tx: Transaction) -> Decimal:
        stock, networks = node.correspondence.of().casework.stock(tx)
        claimed = promises.claims(tx, networks, node.identity.name, stock, node.clock.now())
        return promises.room(stock, claimed)[TENT, UNIT]

    return await node.engine.read(work)


async def draft_of(desk: Desk, id_: str) -> DraftRequest:
    found = await desk.office.node.engine.read(lambda tx: DRAFTS.get(tx, id_))
    assert found is not None
    return found


async def test_a_recall_dismisses_a_draft_and_counts_also_when_it_comes_first(desks: dict[str, Desk]) -> None:
    desk = desks[BG]
    first = await told(desk, request_of("need-1"))
    assert (await told(desk, recall_of(request_of("need-1"))))["state"] == "taken"
    assert (await draft_of(desk, first["draft"])).state == "dropped"
    early = await told(desk, recall_of(request_of("need-2")))
    assert early["state"] == "waiting"
    late = await told(desk, request_of("need-2"))
    assert (await draft_of(desk, late["draft"])).state == "dropped"
    assert {m["state"] for m in (await desk.ask("GET", "/messages"))[1]} == {"taken"}


async def test_only_its_sender_takes_a_message_back(desks: dict[str, Desk]) -> None:
    first = await told(desks[BG], request_of())
    other = await told(desks[BG], recall_of(request_of(), sender="somebody.example"))
    assert other["state"] == "refused" and "sender" in other["reason"]
    assert (await draft_of(desks[BG], first["draft"])).state == "open"


@pytest.mark.parametrize("left", [False, True])
async def test_a_recall_frees_the_stock_before_the_dispatch_and_is_refused_after_it(
    desks: dict[str, Desk], left: bool
) -> None:
    first = await told(desks[BG], request_of())
    case = await (sent if left else bound)(desks, 50)
    assert await free(desks[HR]) == 950
    (asked,) = (await desks[BG].ask("GET", "/requests"))[1]
    draft = await draft_of(desks[BG], first["draft"])
    became = msgspec.structs.replace(draft, state="sent", request=asked["id"])
    await desks[BG].office.node.engine.write(lambda tx: DRAFTS.put(tx, draft.id, became, 1), durable=True)
    recall = await told(desks[BG], recall_of(request_of()))
    if left:
        assert recall["state"] == "refused" and "left" in recall["reason"] and case.case in recall["reason"]
        assert (await case.until(HR, "dispatched"))["state"] == "dispatched"
    else:
        assert recall["state"] == "taken"
        await case.until(HR, "confirmed", "cancel")
        await case.step(HR, "cancelled")
        ended = await case.until(HR, "cancelled")
        assert "dispatched" not in ended["counters"][0]["figures"]
        async with asyncio.timeout(10):  # until the other side's receipt of it is here
            while await free(desks[HR]) != 1000:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    answers = await written(desks[BG], asked["id"])
    assert kinds(answers)[:2] == ["RequestResource", "ResponseToRequestResource"]
    assert all(b"need-1" in content for _, content in answers), "answers go back with the centre's own id"


async def test_what_is_no_real_message_opens_a_draft_that_is_marked(desks: dict[str, Desk]) -> None:
    first = await told(desks[BG], request_of(status="Exercise"))
    assert first["status"] == "Exercise" and (await draft_of(desks[BG], first["draft"])).exercise


async def test_a_recall_that_is_marked_an_exercise_ends_nothing_real(desks: dict[str, Desk]) -> None:
    first = await told(desks[BG], request_of())
    recall = await told(desks[BG], recall_of(request_of(), status="Exercise"))
    assert recall["state"] == "refused" and "Exercise" in recall["reason"] and "Actual" in recall["reason"]
    assert (await draft_of(desks[BG], first["draft"])).state == "open"


async def test_an_early_recall_has_its_effect_also_when_the_request_came_before_a_crash(
    desks: dict[str, Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The process ends between the request's transaction and the recall's; the centre sends the request again."""
    desk = desks[BG]
    early = await told(desk, recall_of(request_of()))
    with monkeypatch.context() as crash:

        async def killed(*_: object) -> None:
            raise Refusal("killed", "a process that lives", "none", "start it")

        crash.setattr(recalling, "settle", killed)
        with pytest.raises(AssertionError):
            await told(desk, request_of())
    (held,) = [m for m in (await desk.ask("GET", "/messages"))[1] if m["kind"] == "recall"]
    assert held["id"] == early["id"] and held["state"] == "waiting"
    again = await told(desk, request_of())
    assert not again["new"] and (await draft_of(desk, again["draft"])).state == "dropped"


async def test_a_recall_under_a_used_id_is_refused_and_a_replay_does_nothing_again(desks: dict[str, Desk]) -> None:
    desk = desks[BG]
    await told(desk, request_of("a"))
    other = await told(desk, request_of("b"))
    recall = recall_of(request_of("a"))
    assert (await told(desk, recall))["state"] == "taken"
    acts = len(await desk.office.node.engine.read(lambda tx: tx.acts.last(100)))
    assert (await told(desk, recall))["state"] == "taken"
    assert len(await desk.office.node.engine.read(lambda tx: tx.acts.last(100))) == acts
    misused = await told(desk, recall_of(request_of("b"), id=recall.id))
    assert misused["state"] == "refused" and (await draft_of(desk, other["draft"])).state == "open"


@pytest.mark.parametrize("sent_already", [False, True])
async def test_a_request_that_replaces_another_leaves_one_draft_to_send(
    desks: dict[str, Desk], sent_already: bool
) -> None:
    desk = desks[BG]
    first = await told(desk, request_of("a"))
    if sent_already:
        draft = msgspec.structs.replace(await draft_of(desk, first["draft"]), state="sent", request="r1")
        await desk.office.node.engine.write(lambda tx: DRAFTS.put(tx, draft.id, draft, 1), durable=True)
    changes = {"id": "b", "recalls": "a", "replaces": True, "originating": "a"}
    second = await told(desk, msgspec.structs.replace(request_of("b"), **changes))
    old, new = await draft_of(desk, first["draft"]), await draft_of(desk, second["draft"])
    assert (old.state, new.state) == ("sent" if sent_already else "dropped", "open")
    assert ("r1" in new.note) == sent_already


async def test_a_route_hands_on_no_warnings_and_only_senders_that_are_listed(desks: dict[str, Desk]) -> None:
    office = desks[BG].office
    inbox = NodeInbox(office, "xstock-edxl")
    (plugin,) = office.host.of_kind("message-format")
    (document,) = await plugin.plugin.call(
        "message-format", plugin.name, "write", Writing(messages=(request_of(sender="stranger.example"),))
    )
    settings = office.home / "plugins"
    settings.mkdir(exist_ok=True)
    (settings / "edxl-messages.toml").write_text(f'[host]\ntoken_file = "t"\nsenders = ["{CENTRE}"]\n')
    with pytest.raises(Declined, match=r"stranger\.example"):
        await inbox.take(document)
    (settings / "edxl-messages.toml").write_text("[host\n")
    with pytest.raises(Declined, match="edxl-messages"):
        await inbox.take(document)
    (settings / "edxl-messages.toml").write_text('[host]\ntoken_file = "t"\n')
    (receipt,) = await inbox.take(document)
    assert receipt.state == "taken" and not receipt.known
    warned = Reading(alerts=(Alert(identifier="a", sender="s", sent=1, status="Actual", kind="Cancel"),))

    async def read(*_: object) -> tuple[str, Reading]:
        return "cap", warned

    with pytest.MonkeyPatch.context() as other, pytest.raises(Declined, match="warnings"):
        other.setattr(message_inbox, "read_document", read)
        await inbox.take(document)


async def test_a_full_store_drops_the_oldest_that_opened_no_draft(
    desks: dict[str, Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MESSAGES", 3)
    desk = desks[BG]
    first = await told(desk, request_of("a"))
    for n in range(4):
        await told(desk, recall_of(request_of(f"never-{n}")))
    held = (await desk.ask("GET", "/messages"))[1]
    assert len(held) == 3 and first["id"] in {m["id"] for m in held}
    assert {m["foreign_id"] for m in held} >= {"a", "recall-of-never-3"}
    late = await told(desk, request_of("never-0"))
    assert (await draft_of(desk, late["draft"])).state == "open", "its recall was dropped"
