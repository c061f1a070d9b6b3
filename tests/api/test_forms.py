"""Forms of the EU mechanism by API, of real operations, through the plugin in a process of its own."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from tests.api.conftest import BG, HR, Desk, opened
from tests.api.test_operations import TENT, sent
from xstock_node.plugins.host import PluginHost
from xstock_node.protocol.records import Reserve
from xstock_node.testing import make_offer

GLIDE, NUMBER = "FL-2027-000033-BGR", "2027-EX-014"
CYRILLIC = "Видин, пристанище; контакт: дежурен логистик"


@pytest.fixture
async def desks(tmp_path: Path) -> AsyncIterator[dict[str, Desk]]:
    """Bulgaria and Croatia, which offers 1,000 tents; both have the plugin."""
    async with opened(tmp_path, (BG, HR), (HR,)) as found:
        for desk in found.values():
            desk.office.host = PluginHost(["xstock-ucpm", "xstock-edxl"], home=tmp_path)
            desk.office.host.attach(desk.office.ways, tmp_path)
        yield found
        for desk in found.values():
            await desk.office.host.stop()


async def asked(desk: Desk, path: str, body: Any, status: int = 200) -> Any:
    got, found, _ = await desk.ask("POST", path, json=body)
    assert got == status, found
    return found


async def made(desk: Desk, form: str, about: str, kind: str = "json") -> Any:
    found = await asked(desk, "/forms/make", {"form": form, "about": about, "kind": kind})
    content = base64.b64decode(found["content"])
    return json.loads(content) if kind == "json" else content


async def test_the_number_of_the_mechanism_stands_on_every_form_and_message_of_the_operation(
    desks: dict[str, Desk],
) -> None:
    case = await sent(desks, 100, "loan")
    for desk in desks.values():
        noted = await asked(desk, "/requests/references", {"about": case.case, "number": NUMBER})
        assert noted["references"][-1] == NUMBER
        assert (await asked(desk, "/requests/references", {"about": case.case, "number": NUMBER})) == noted
        for form in ("ucpm-request", "ucpm-offers", "ucpm-transport"):
            said = await made(desk, form, case.case)
            assert (said["reference"], said["references"][-1], said["form"]) == (NUMBER, NUMBER, form)
        out = await asked(desk, "/messages/export", {"about": case.case, "format": "edxl-rm"})
        texts = [base64.b64decode(one["content"]) for one in out["documents"]]
        assert len(texts) >= 5 and all(NUMBER.encode() in text for text in texts)
    (offer,) = (await made(desks[BG], "ucpm-offers", case.case))["offers"]
    assert offer["answer"] == "confirmed" and offer["items"][0]["accepted"] == "100"
    moved = await made(desks[HR], "ucpm-transport", case.case)
    assert [(one["item"], one["quantity"]) for one in moved["items"]] == [(TENT, "100")]


async def test_reserves_that_are_held_for_all_are_named_and_promised_by_nobody(desks: dict[str, Desk]) -> None:
    case = await sent(desks, 100, "loan")
    assert (await made(desks[BG], "ucpm-offers", case.case))["reserves"] == []
    net = desks[HR].net
    offer = make_offer(901, net.clocks[HR].now(), qty=(250, 0))
    said = {name: getattr(offer, name) for name in offer.__struct_fields__}
    await net.publish(HR, [Reserve(**said, pool="rescEU shelter", by="ERCC")])
    for _ in range(200):
        reserves = (await made(desks[BG], "ucpm-offers", case.case))["reserves"]
        if reserves:
            break
        await asyncio.sleep(0.02)
    (held,) = reserves
    assert (held["pool"], held["decides"], held["node"], held["quantity"]) == ("rescEU shelter", "ERCC", HR, "250")
    (line,) = (await made(desks[BG], "ucpm-offers", case.case))["lines"]
    assert (line["offered"], line["promised"]) == ("100", "100"), "a reserve is no promise"
    page = PdfReader(BytesIO(await made(desks[BG], "ucpm-offers", case.case, "pdf")))
    assert "Reserves held for all" in "".join(one.extract_text() for one in page.pages)


async def test_what_people_filled_in_is_kept_and_stands_on_pdf_and_html(desks: dict[str, Desk]) -> None:
    case = await sent(desks, 40, "loan")
    fill = {"form": "ucpm-transport", "about": case.case, "fields": {"disembarkation_contact": CYRILLIC}}
    filled = await asked(desks[HR], "/forms/form", fill)
    assert filled["fields"] == {"disembarkation_contact": CYRILLIC} and "embarkation" in filled["open"]
    page = await made(desks[HR], "ucpm-transport", case.case, "html")
    assert CYRILLIC in page.decode() and b"<script" not in page and b"not connected" in page
    paper = PdfReader(BytesIO(await made(desks[HR], "ucpm-transport", case.case, "pdf")))
    text = "".join(one.extract_text() for one in paper.pages)
    assert "дежурен логистик" in text and "Request for transport support" in text and "What is to be moved" in text
    await asked(desks[HR], "/forms/form", fill | {"fields": {"disembarkation_contact": ""}})
    said = await made(desks[HR], "ucpm-transport", case.case)
    assert said["fields"]["disembarkation_contact"] == ""


async def test_a_page_is_data_and_what_people_wrote_is_no_markup(desks: dict[str, Desk]) -> None:
    case = await sent(desks, 10, "loan")
    bad = "<script>alert(1)</script>"
    await asked(desks[HR], "/forms/form", {"form": "ucpm-transport", "about": case.case, "fields": {"size": bad}})
    page = await made(desks[HR], "ucpm-transport", case.case, "html")
    assert b"<script" not in page and b"&lt;script&gt;" in page


async def test_no_form_of_what_is_not_there(desks: dict[str, Desk]) -> None:
    answer = await asked(desks[HR], "/forms/make", {"form": "ucpm-transport", "about": "nothing"}, 404)
    assert answer["type"] == "urn:xstock:no-case"
    answer = await asked(desks[HR], "/forms/make", {"form": "ucpm-visa", "about": "node"}, 422)
    assert "ucpm-request" in answer["title"]
    fields = {"form": "ucpm-transport", "about": "node", "fields": {"plates": "B 123"}}
    assert (await asked(desks[HR], "/forms/form", fields, 422))["type"] == "urn:xstock:no-field"
    answer = await asked(desks[HR], "/forms/make", {"form": "ucpm-request", "about": "node"}, 422)
    assert answer["type"] == "urn:xstock:form-declined" and "xstock request list" in answer["detail"]


async def test_the_report_counts_what_the_node_did(desks: dict[str, Desk]) -> None:
    await sent(desks, 10, "loan")
    said = await made(desks[HR], "ucpm-resilience", "node")
    counted = {one["label"]: one["count"] for goal in said["goals"] for one in goal["measures"]}
    assert counted["Acceptances and confirmations"] == 1
    assert (
        counted["Dispatches and passages"] == 1 == counted["Offers made, declined, withdrawn"]
        and len(said["goals"]) == 5
    )
