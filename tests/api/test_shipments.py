"""A loan as UBL: written alike by both nodes, taken in by one that knew nothing, and given back as it was."""

import base64
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import BG, HR, Desk, opened
from tests.api.test_messaging import whole_loan
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


async def exported(desk: Desk, about: str) -> dict[str, bytes]:
    got, found, _ = await desk.ask("POST", "/messages/export", json={"about": about, "format": "ubl"})
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
