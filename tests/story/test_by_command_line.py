"""One operation by command line between two real processes: a loan of tents with damage, a dispute, and its return."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from pypdf import PdfReader

from tests.processes import NodeProcess, free_port, pause, xstock
from xstock_node.cli.op_verify import verified
from xstock_node.protocol.errors import ProtocolError
from xstock_node.services.errors import Refusal
from xstock_node.services.operating import CaseId
from xstock_node.services.paperwork import DocumentRequest

TENT = "HSHETENTF16C"
BG, HR = "redcross.bg", "redcross.hr"
FIGURES = {
    "packing_list lot-1": ("Family tent", "unknown"),
    "waybill lot-2": ("Family tent",),
    "goods_received_note": ("Family tent", "98", "2"),
    "loan_inventory": ("Family tent", "60", "40"),
    "loan_inventory back-1": ("Family tent", "100"),
    "loan_discharge": ("98 100 0 0",),
}


class Two:
    """Bulgaria asks, Croatia lends; each step is a command line."""

    def __init__(self, folder: Path) -> None:
        self.bg = NodeProcess(folder, BG, free_port(), country="BG", languages=("bg",))
        self.hr = NodeProcess(folder, HR, free_port(), country="HR", languages=("hr",))
        self.bg.pin(self.hr)
        self.hr.pin(self.bg)
        self.tokens: dict[str, str] = {}
        self.case = ""

    def run(self, node: NodeProcess, *words: str, who: str = "", fails: int = 0) -> Any:
        done = xstock(*words, "--json", home=node.home, token=self.tokens.get(who, ""))
        assert done.returncode == fails, (words, done.stdout, done.stderr)
        return json.loads(done.stdout)

    def step(self, node: NodeProcess, verb: str, *words: str, who: str = "", fails: int = 0) -> Any:
        return self.run(node, "op", "step", self.case, verb, *words, who=who, fails=fails)

    def held(self, node: NodeProcess) -> Any:
        """The operation as a node's API shows it; nothing while it holds none."""
        try:
            return msgspec.to_builtins(node.call("op.show", CaseId(case=self.case)))
        except Refusal:
            return None

    def until(self, node: NodeProcess, true: Callable[[Any], Any], seconds: float = 30.0) -> Any:
        """Wait until what a node shows is so; what it shows then."""
        found: Any = None
        for _ in range(int(seconds / 0.05)):
            found = self.held(node)
            if found and true(found):
                return found
            pause(0.05)
        raise AssertionError(found and (found["state"], found["turn"], [s["verb"] for s in found["timeline"]]))

    def until_state(self, node: NodeProcess, state: str) -> Any:
        return self.until(node, lambda o: o["state"] == state)

    def until_step(self, node: NodeProcess, verb: str, count: int = 1) -> Any:
        return self.until(node, lambda o: sum(s["verb"] == verb for s in o["timeline"]) >= count)

    def until_asked(self, node: NodeProcess, verb: str) -> Any:
        """Wait until a proposal stands at the supplier."""
        return self.until(node, lambda o: any(p["verb"] == verb for p in o["proposals"]))

    def hire(self, node: NodeProcess, name: str, role: str) -> None:
        self.run(node, "user", "add", name, "--role", role)
        self.tokens[name] = self.run(node, "user", "token", name)["token"]


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    found = Two(tmp_path)
    found.bg.start()
    found.hr.start()
    yield found
    found.bg.stop()
    found.hr.stop()


def figures(found: Any) -> dict[str, str]:
    return found["counters"][0]["figures"]


def stocked(two: Two, quantity: str = "800") -> None:
    two.run(two.hr, "stock", "add", "--name", "Šator", "--code", TENT, "--quantity", quantity, "--unit", "pcs")
    two.run(two.hr, "stock", "match", "--same-code")
    for name, role in (
        ("ivo", "stock-owner"),
        ("lea", "approver"),
        ("nada", "transport-customs"),
        ("petar", "warehouse"),
    ):
        two.hire(two.hr, name, role)
    for name, role in (("ana", "duty-officer"), ("boris", "transport-customs"), ("vera", "warehouse")):
        two.hire(two.bg, name, role)


def confirmed(two: Two) -> None:
    """Request, offer released by the owner and approved by a second person, accept; the node confirms by itself."""
    bg, hr = two.bg, two.hr
    asked = two.run(
        bg, "request", "new", "--to", HR, "--line", f"{TENT}=100", "--event", "FL-2027-000014-BGR", "--country", "BG",
        "--place", "Vidin", "--needed-by", "+2d", "--answer-by", "+3h", "--term", "loan", who="ana",
    )  # fmt: skip
    assert asked["state"] == "open" and asked["lines"][0]["missing"] == "100"
    two.case = asked["operations"][0]["case"]
    two.until_state(hr, "requested")
    offer = ("--line", f"{TENT}=100", "--field", "hold_until=+6h", "--field", 'terms=["loan"]')
    forbidden = two.step(hr, "offer", *offer, who="petar", fails=1)
    assert forbidden["error"]["code"] == "forbidden"
    waits = two.step(hr, "offer", *offer, who="ivo")
    assert not waits["sent"] and waits["missing"] == ["approve"] and waits["state"] == "requested"
    own = two.run(hr, "op", "approve", waits["waiting"], who="ivo", fails=1)
    assert own["error"]["code"] == "second-person"
    assert two.run(hr, "op", "approve", waits["waiting"], who="lea")["state"] == "offered"
    may = two.until_state(bg, "offered")["may"]
    assert {row["step"] for row in two.run(bg, "op", "steps", "--case", two.case)} == set(may) >= {"accept", "reject"}
    assert two.run(bg, "op", "steps", "dispatch", "--case", two.case) == []
    due = ("--field", "terms=loan", "--field", "due=2027-06-30", "--field", "place=Vidin")
    assert two.step(bg, "accept", *due, who="ana")["state"] == "offered"
    two.until_state(bg, "confirmed")
    covered = two.run(bg, "request", "list")[0]
    assert covered["state"] == "covered" and covered["lines"][0]["promised"] == "100"


def lot(two: Two, name: str, quantity: int) -> None:
    """Staged, green light, countersigned, gone."""
    bg, hr = two.bg, two.hr
    road = ("--field", f"consignment={name}", "--field", "day=2027-03-29", "--field", "crossing=Vidin-Calafat")
    goods, vehicle = ("--line", f"{TENT}={quantity}"), ("--side", "plate=ZG 1234-AB", "--field", "vehicle=side:0")
    staged = ("--field", f"consignment={name}", "--field", "day=2027-03-29", "--field", 'crossings=["Vidin-Calafat"]')
    two.step(hr, "stage", *staged, *vehicle, who="petar")
    there = two.until(bg, lambda o: any(s["fields"].get("consignment") == name for s in o["timeline"]))
    hash_ = next(s for s in there["timeline"] if s["fields"].get("consignment") == name)["fields"]["vehicle"]
    truck = ("--field", f"vehicle={hash_}")
    early = two.step(hr, "dispatch", *road, *truck, *goods, who="petar", fails=1)
    assert early["error"]["code"] == "no-green-light"
    light = (*road, *truck, "--field", "valid_until=+3d", "--field", "entry=BGVID", "--field", "consignee=relief desk")
    two.step(bg, "green-light", *light, who="boris")
    two.until_asked(hr, "green-light")
    cleared = two.step(hr, "clear", "--field", f"consignment={name}", "--field", "seal=HR-7781", who="nada")
    assert cleared["sent"]
    other = two.step(hr, "dispatch", *road, *goods, "--field", f"vehicle={'0' * 64}", who="petar", fails=1)
    assert other["error"]["code"] == "green-light-void" and "another vehicle" in other["error"]["came"]
    two.step(hr, "dispatch", *road, *truck, *goods, who="petar")
    two.until_state(bg, "dispatched")


@pytest.mark.heavy
def test_a_loan_from_request_to_close(two: Two, tmp_path: Path) -> None:
    bg, hr = two.bg, two.hr
    stocked(two)
    confirmed(two)
    lot(two, "lot-1", 60)
    two.step(bg, "received", "--count", f"{TENT}=good:60", who="vera")
    two.until_state(hr, "received")
    lot(two, "lot-2", 40)
    two.step(bg, "received", "--count", f"{TENT}=good:38,damaged:2", who="vera")
    found = two.until_state(hr, "received")
    assert figures(found) | {"received": "98", "damaged": "2", "dispatched": "100"} == figures(found)
    disputed = two.step(bg, "disputed", "--field", "note=two frames broken", who="vera")
    two.until_state(hr, "disputed")
    assert two.step(bg, "close-proposed", who="ana", fails=1)["error"]["code"] == "step"
    two.step(bg, "resolve", "--field", f"of={disputed['hash']}", "--field", "outcome=supplier-bears", who="ana")
    two.until_asked(hr, "resolve")
    two.step(hr, "resolved", "--field", f"of={disputed['hash']}", "--field", "outcome=supplier-bears", who="ivo")
    two.until_state(bg, "received")
    two.step(bg, "on-loan", "--line", f"{TENT}=100", "--field", "due=2027-06-30", who="vera")
    two.until_state(hr, "on-loan")
    two.step(bg, "returned", "--line", f"{TENT}=100", "--field", "consignment=back-1", who="boris")
    two.until_state(hr, "return-dispatched")
    two.step(hr, "return-received", "--count", f"{TENT}=good:97,damaged:3", who="petar")
    two.until_state(bg, "return-received")
    two.step(bg, "close-proposed", "--field", "filed=true", who="ana")
    two.until_asked(hr, "close-proposed")
    two.step(hr, "close", "--field", "filed=true")
    ended = two.until_state(bg, "closed")
    assert ended["turn"] == "" and figures(ended)["back_good"] == "97" and figures(ended)["back_damaged"] == "3"
    both = [two.run(node, "op", "show", two.case) for node in (bg, hr)]
    assert both[0]["counters"] == both[1]["counters"] and both[0]["state"] == both[1]["state"] == "closed"
    assert two.run(bg, "request", "list")[0]["state"] == "closed"
    proves(two, tmp_path)
    drawn(two, tmp_path)


def drawn(two: Two, folder: Path) -> None:
    """Every paper of this operation that a side draws, as a PDF which holds its figures and proves itself."""
    notes = [str(folder / f"{node.name}.note") for node in (two.bg, two.hr)]
    made: set[str] = set()
    for node in (two.bg, two.hr):
        listed = two.run(node, "op", "papers", two.case)["papers"]
        for paper in [p for p in listed if p["drawn"]]:
            name = f"{node.name} {paper['document']} {paper['consignment']}".strip()
            asked = DocumentRequest(case=two.case, document=paper["document"], consignment=paper["consignment"])
            (folder / f"{name}.pdf").write_bytes(node.call("op.document", asked).content)
            text = "".join(page.extract_text() for page in PdfReader(folder / f"{name}.pdf").pages)
            assert two.case in text, name
            made.add(paper["document"])
            for figure in FIGURES.get(name.partition(" ")[2], ()):
                assert figure in text, (name, figure, text)
    assert {"waybill", "goods_received_note", "loan_inventory", "loan_discharge"} <= made, made
    proof = folder / "proof.pdf"
    two.run(two.bg, "op", "document", two.case, "goods_received_note", "--out", str(proof))
    said = xstock("op", "verify", str(proof), "--key", notes[0], "--key", notes[1], "--json", home=folder / "third")
    assert said.returncode == 0 and json.loads(said.stdout)["paper"]["document"] == "goods_received_note"


def proves(two: Two, folder: Path) -> None:
    """The evidence says who signed what when on a machine that has nothing, and a changed byte is found."""
    file, third = folder / "operation.xsevidence", folder / "third"
    made = two.run(two.bg, "op", "evidence", two.case, "--out", str(file))
    assert made["witnesses"] == [HR]
    notes = [str(shutil.copy(n.home / "identity.note", folder / f"{n.name}.note")) for n in (two.bg, two.hr)]
    known = xstock("op", "verify", str(file), "--key", notes[0], "--key", notes[1], "--json", home=third)
    said = json.loads(known.stdout)
    assert known.returncode == 0 and said["holds"] and said["state"] == "closed", known.stderr
    assert [(p["name"], p["side"]) for p in said["parties"] if p["known"]] == [(BG, "requester"), (HR, "supplier")]
    steps = [(s["by"], s["step"]) for s in said["steps"]]
    assert steps[:4] == [(BG, "request"), (HR, "offer"), (BG, "accept"), (HR, "confirm")] and steps[-1] == (HR, "close")
    assert all(s["receipt"] for s in said["steps"]) and not said["missing"], said["missing"]
    assert xstock("op", "verify", str(file), "--json", home=third).returncode == 6
    data = bytearray(file.read_bytes())
    changed = folder / "changed.xsevidence"
    for at in range(40, len(data), len(data) // 120):
        changed.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises((ProtocolError, Refusal)):
            verified(changed, third, ())
    assert xstock("op", "verify", str(changed), "--json", home=third).returncode == 1
