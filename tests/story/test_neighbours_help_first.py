"""Neighbours help first: a loan between two societies, told alike by either as UBL and as EDXL."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes import NodeProcess, xstock
from tests.story.test_by_command_line import TENT, Two, confirmed, lot, stocked

PLUGINS = '["xstock-shipment", "xstock-edxl"]'


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    """Bulgaria and Croatia, with both formats."""
    found = Two(tmp_path)
    for node in (found.bg, found.hr):
        with (node.home / "config.toml").open("a", encoding="utf-8") as file:
            file.write(f"\n[plugins]\nallow = {PLUGINS}\n")
        node.start()
    yield found
    found.bg.stop()
    found.hr.stop()


def documents(node: NodeProcess, case: str, format_: str, out: Path) -> dict[str, bytes]:
    """What a node writes of the operation, by file name."""
    done = xstock("message", "export", case, "--format", format_, "--out", str(out), "--json", home=node.home)
    assert done.returncode == 0, done.stderr
    return {Path(one).name: Path(one).read_bytes() for one in json.loads(done.stdout)["files"]}


@pytest.mark.heavy
def test_a_loan_is_told_alike_by_both_sides_until_it_came_home(two: Two, tmp_path: Path) -> None:
    bg, hr = two.bg, two.hr
    stocked(two)
    confirmed(two)
    lot(two, "lot-1", 100)
    two.step(hr, "border", "--field", "consignment=lot-1", "--field", "event=checkpoint", "--field", "place=Калафат")
    two.until_step(bg, "border")
    two.step(bg, "received", "--count", f"{TENT}=good:95,damaged:2,short:3", who="vera")
    two.until_state(hr, "received")
    two.step(bg, "on-loan", "--line", f"{TENT}=97", "--field", "due=2027-06-30", who="vera")
    two.until_state(hr, "on-loan")
    two.step(bg, "returned", "--line", f"{TENT}=97", "--field", "consignment=back-1", who="boris")
    two.until_state(hr, "return-dispatched")
    two.step(hr, "return-received", "--count", f"{TENT}=good:95,damaged:2", who="petar")
    two.until_state(bg, "return-received")

    told = documents(hr, two.case, "ubl", tmp_path / "hr")
    assert documents(bg, two.case, "ubl", tmp_path / "bg") == told
    kinds = [name.split("-")[1] for name in told]
    assert kinds == [
        "DespatchAdvice",
        "TransportationStatus",
        "ReceiptAdvice",
        "DespatchAdvice",
        "ReceiptAdvice",
        "ProofOfReexportation",
    ]
    receipt = next(content for name, content in told.items() if "ReceiptAdvice" in name)
    for field, quantity in (("ReceivedQuantity", 95), ("ShortQuantity", 3), ("RejectedQuantity", 2)):
        assert f'<cbc:{field} unitCode="H87">{quantity}</cbc:{field}>'.encode() in receipt
    advice, proof = next(iter(told.values())), list(told.values())[-1]
    id_ = advice.split(b"<cbc:ID>")[1].split(b"<")[0]
    assert id_ in proof.split(b"ExportationDocumentReference")[1]
    assert b"ZG 1234-AB" not in b"".join(told.values()), "no plate is told"
    chains = [documents(node, two.case, "edxl-rm", tmp_path / f"{node.name}-rm") for node in (bg, hr)]
    assert chains[0] == chains[1] and len(chains[0]) >= 9

    two.step(bg, "close-proposed", "--field", "filed=true", who="ana")
    two.until_asked(hr, "close-proposed")
    two.step(hr, "close", "--field", "filed=true")
    two.until_state(bg, "closed")
    (held,) = two.run(bg, "request", "list")
    assert held["state"] == "closed"
