"""A loan as UBL and as EPCIS: written alike by both nodes, taken in by one that knew nothing, given back as it was."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import BG, HR, Desk, opened
from tests.api.test_messaging import whole_loan
from tests.api.test_operations import TENT, UNIT, Case
from tests.shared import standard
from xstock_node.plugins.host import PluginHost

EMPTY = "redcross.rs"


@pytest.fixture
async def desks(tmp_path: Path) -> AsyncIterator[dict[str, Desk]]:
    """Bulgaria, Croatia with 1,000 tents, and Serbia, which knows nothing of their loan; all have the plugin."""
    async with opened(tmp_path, (BG, HR, EMPTY), (HR,)) as found:
        for desk in found.values():
            desk.office.host = PluginHost(["xstock-shipment"], home=tmp_path)
            desk.office.host.attach(desk.office.ways, tmp_path)
        yield found
        for desk in found.values():
            await desk.office.host.stop()


async def exported(desk: Desk, about: str, form: str = "ubl") -> dict[str, bytes]:
    got, found, _ = await desk.ask("POST", "/messages/export", json={"about": about, "format": form})
    assert got == 200, found
    return {one["name"].split("-", 1)[1]: base64.b64decode(one["content"]) for one in found["documents"]}


async def taken(desk: Desk, name: str, content: bytes) -> Any:
    body = {"file": name, "content": base64.b64encode(content).decode()}
    got, found, _ = await desk.ask("POST", "/messages", json=body)
    assert got == 200, found
    return found


async def test_both_sides_write_the_same_and_a_third_gives_it_back_unchanged(desks: dict[str, Desk]) -> None:
    case = await whole_loan(desks)
    first = await exported(desks[HR], case)
    assert await exported(desks[BG], case) == first
    kinds = [name.split("-")[0] for name in first]
    assert {"DespatchAdvice", "TransportationStatus", "ReceiptAdvice", "ProofOfReexportation"} == set(kinds)
    advices = [content for name, content in first.items() if name.startswith("DespatchAdvice")]
    (proof,) = [content for name, content in first.items() if name.startswith("ProofOfReexportation")]
    out = advices[0].split(b"<cbc:ID>")[1].split(b"<")[0]
    assert b"<cbc:ID>" + out in proof.split(b"ExportationDocumentReference")[1]
    for name, content in first.items():
        await taken(desks[EMPTY], name, content)
    _, held, _ = await desks[EMPTY].ask("GET", "/messages")
    assert len(held) == len(first) - 1, "the proof repeats a receipt"
    assert await exported(desks[EMPTY], held[0]["id"]) == first


async def test_the_example_of_the_standard_is_kept_and_shown(desks: dict[str, Desk]) -> None:
    content = standard("ubl-2.4", "xml", "UBL-DespatchAdvice-2.0-Example.xml").read_bytes()
    (one,) = (await taken(desks[EMPTY], "example.xml", content))["messages"]
    assert (one["foreign_id"], one["kind"], one["state"]) == ("565899", "dispatch", "waiting")
    got, shown, _ = await desks[EMPTY].ask("GET", f"/messages/message?id={one['id']}")
    assert got == 200 and shown["message"]["lines"][0]["name"] == "beeswax"


async def corrected_loan(desks: dict[str, Desk]) -> str:
    """A loan that came home; then the receipt is corrected: one tent more was damaged."""
    case = Case(desks, await whole_loan(desks))
    held = (await case.until(HR, "return-received"))["timeline"]
    (receipt,) = [one["hash"] for one in held if one["verb"] == "received"]
    counts = [{"item": TENT, "unit": UNIT, "good": [97, 0], "damaged": [3, 0]}]
    await case.step(BG, "correct", of=receipt, counts=counts)
    await case.until(HR, "return-received", "correct")
    return case.case


async def test_events_are_alike_on_both_sides_and_a_third_gives_them_back(desks: dict[str, Desk]) -> None:
    case = await corrected_loan(desks)
    first = await exported(desks[BG], case, "epcis")
    kinds = [name.split("-urn")[0] for name in first]
    assert sorted(kinds) == sorted(
        ["acceptance", "confirmation", "dispatch", "passage", "receipt", "return-dispatch", "return-receipt", "receipt"]
    )
    events = {name: json.loads(content)["epcisBody"]["eventList"] for name, content in first.items()}
    wrong, right = sorted((one for name, one in events.items() if name.startswith("receipt")), key=len)
    declared = [one for one in right if "errorDeclaration" in one]
    mended = [one["eventID"] for one in right if "errorDeclaration" not in one]
    assert [one["eventID"] for one in declared] == [one["eventID"] for one in wrong] and len(mended) == 2
    assert {tuple(one["errorDeclaration"]["correctiveEventIDs"]) for one in declared} == {tuple(mended)}
    assert await exported(desks[HR], case, "epcis") == first
    for name, content in reversed(first.items()):
        await taken(desks[EMPTY], name, content)
    _, held, _ = await desks[EMPTY].ask("GET", "/messages")
    assert len(held) == len(first)
    assert await exported(desks[EMPTY], held[0]["chain"], "epcis") == first
