"""What a centre reads when it posts a message: EMSI that takes it or not, in its own form, with its ids."""

import asyncio
import json
from typing import Any

import pytest
from dispatch_neutral import one
from dispatch_schemas import JUDGES
from xstock_dispatch import endpoint
from xstock_dispatch.documents import FORMS, MEDIA, Form, read_document, write_documents
from xstock_dispatch.endpoint import Endpoint, EndpointSettings

from xstock_node.plugins import Declined, Document, PublicAnswer, PublicRequest, Receipt
from xstock_node.plugins.interchange import ResourceMessage
from xstock_node.testing.plugin_context import plugin_context

ASKED = one("request", status="Exercise", sender="md.dispatch.balti")


class Box:
    """An inbox that does as it is told."""

    def __init__(self, state: Any = "taken", reason: str = "", known: bool = False) -> None:
        self.state, self.reason, self.known = state, reason, known

    async def take(self, document: Document) -> tuple[Receipt, ...]:
        if self.state == "late":
            await asyncio.Event().wait()
        if self.state == "declined":
            raise Declined("expected a message; came none")
        return (
            Receipt(
                id="1", foreign_id=ASKED.id, kind="request", state=self.state, reason=self.reason, known=self.known
            ),
        )


async def answer(box: Box, form: Form, body: bytes | None = None, media: str | None = None) -> PublicAnswer:
    raw = write_documents((ASKED,), form)[0].content if body is None else body
    headers = {"content-type": media or f"{MEDIA[form]}; charset=utf-8"}
    async with plugin_context(EndpointSettings(organisation="ro.redcross")) as context:
        asked = PublicRequest(method="POST", headers=headers, body=raw)
        return await Endpoint().answer(context._replace(inbox=box), asked)


def said(got: PublicAnswer, form: Form) -> ResourceMessage:
    assert got.content_type == MEDIA[form]
    JUDGES[form](got.body)
    reading = read_document(got.body)
    assert reading is not None and not reading.error
    return reading.messages[0]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("state", ["taken", "waiting"])
async def test_what_is_on_disk_is_acknowledged_with_the_ids_of_the_centre(form: Form, state: str) -> None:
    got = await answer(Box(state), form)
    message = said(got, form)
    assert got.status == 200 and b"ACK" in got.body and b"ERROR" not in got.body
    assert (message.kind, message.preceding, message.incidents) == ("information", ASKED.id, ASKED.incidents)
    assert (message.status, message.sender, message.recipients) == ("Exercise", "ro.redcross", ("md.dispatch.balti",))


async def test_the_same_twice_is_answered_under_one_id() -> None:
    first, second = [said(await answer(Box(known=known), "json"), "json") for known in (False, True)]
    assert first == second


@pytest.mark.parametrize("form", FORMS)
async def test_what_is_refused_is_an_error_with_the_reason(form: Form) -> None:
    got = await answer(Box("refused", "already dispatched"), form)
    message = said(got, form)
    assert got.status == 409 and b"ERROR" in got.body
    assert (message.preceding, message.note) == (ASKED.id, f"{ASKED.id}: already dispatched")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("body", [b"", b"<a/>", b"{", None])
async def test_what_no_format_takes_is_an_error_too(form: Form, body: bytes | None) -> None:
    got = await answer(Box("declined"), form, body)
    message = said(got, form)
    assert got.status == 422 and "came none" in message.note
    assert message.preceding == (ASKED.id if body is None else "")


@pytest.mark.parametrize("form", FORMS)
async def test_what_takes_too_long_may_be_sent_again(form: Form, monkeypatch: pytest.MonkeyPatch) -> None:
    assert endpoint.SECONDS < 5
    monkeypatch.setattr(endpoint, "SECONDS", 0.01)
    got = await answer(Box("late"), form)
    assert got.status == 503 and "send it again" in said(got, form).note


async def test_another_media_type_is_refused() -> None:
    got = await answer(Box(), "json", media="image/png")
    assert got.status == 415 and "application/json" in said(got, "xml").note


def test_an_answer_is_json_for_who_wrote_json() -> None:
    assert json.loads(asyncio.run(answer(Box(), "json")).body)["edxl"]["distributionKind"] == "Ack"
