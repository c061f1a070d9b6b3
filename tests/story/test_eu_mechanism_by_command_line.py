"""The EU mechanism: a forecast, a standby hold, a request under its number, an offer of Romania, forms and messages.

Bulgaria asks through its coordinating body; Romania, the guest of the exercise, answers with its own stock.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from tests.processes import NodeProcess, free_port
from tests.shared import sample
from tests.story.two_nodes import run, signed, step, stocked, until_state

GLIDE = "FL-2027-000033-BGR"
TENT = "HSHETENTF16C"
HOLD = ("--field", "hold_until=+6h", "--field", 'terms=["loan"]')


class Mechanism:
    """Bulgaria and Romania, both with the forms and with EDXL."""

    def __init__(self, folder: Path) -> None:
        guests = json.loads(sample("exercise-flood.json").read_text("utf-8"))["guests"]
        self.guest = next(one for one in guests if one["guest"] == "RO")
        self.number = self.guest["reference"].removeprefix("request ").split()[0]
        self.bg = NodeProcess(folder, "redcross.bg", free_port(), country="BG", languages=("bg",))
        self.ro = NodeProcess(folder, "redcross.ro", free_port(), country="RO", languages=("ro",))
        for node in (self.bg, self.ro):
            with (node.home / "config.toml").open("a", encoding="utf-8") as file:
                file.write('[plugins]\nallow = ["xstock-ucpm", "xstock-edxl"]\n')
        self.bg.pin(self.ro)
        self.ro.pin(self.bg)


@pytest.fixture
def mechanism(tmp_path: Path) -> Iterator[Mechanism]:
    found = Mechanism(tmp_path)
    found.bg.start()
    found.ro.start()
    yield found
    found.bg.stop()
    found.ro.stop()


def form(node: NodeProcess, name: str, about: str, folder: Path) -> Any:
    folder.mkdir(exist_ok=True)
    path = folder / f"{node.name}-{name}.json"
    told = run(node, "form", "make", name, about, "--as", "json", "--out", str(path))
    said = json.loads(path.read_text("utf-8"))
    assert told["reference"] == said.get("reference", "")
    return said


def messages(node: NodeProcess, case: str, out: Path) -> list[str]:
    told = run(node, "message", "export", case, "--format", "edxl-rm", "--out", str(out))
    return [Path(one).read_text("utf-8") for one in told["files"]]


@pytest.mark.heavy
def test_a_request_through_a_coordinating_body_keeps_its_number(mechanism: Mechanism, tmp_path: Path) -> None:
    bg, ro, number = mechanism.bg, mechanism.ro, mechanism.number
    tents = next(line for line in mechanism.guest["stock"] if line["item"] == "tent_family_16")
    stocked(ro, tents["local_name"], TENT, tents["quantity"])

    ahead = ("--notify", "--event", GLIDE, "--area", "Vidin", "--country", "BG")
    foreseen = run(bg, "request", "new", "--to", ro.name, *ahead)
    early = foreseen["operations"][0]["case"]
    until_state(ro, early, "notified")
    signed(ro, early, "standby", "--line", f"{TENT}=60", "--field", "hold_until=+6h")
    until_state(bg, early, "standby")
    assert form(bg, "ucpm-request", foreseen["id"], tmp_path / "a")["pre_notification"] is True

    asked = run(
        bg, "request", "new", "--to", ro.name, "--line", f"{TENT}=60", "--event", GLIDE, "--country", "BG", "--place",
        "Видин, спортна зала", "--needed-by", "+2d", "--term", "loan", "--severity", "1", "--people", "500",
    )  # fmt: skip
    case = asked["operations"][0]["case"]
    assert run(bg, "request", "refer", asked["id"], number)["references"] == [GLIDE, number]
    until_state(ro, case, "requested")
    run(ro, "request", "refer", case, number)
    signed(ro, case, "offer", "--line", f"{TENT}=60", *HOLD)
    until_state(bg, case, "offered")
    (covered,) = form(bg, "ucpm-offers", asked["id"], tmp_path / "b")["lines"]
    assert (covered["asked"], covered["offered"], covered["over"]) == ("60", "60", "0")
    step(bg, case, "accept", "--field", "terms=loan", "--field", "due=2027-06-30", "--field", "place=Видин")
    until_state(bg, case, "confirmed")
    until_state(ro, case, "confirmed")

    for node, folder in ((bg, tmp_path / "c"), (ro, tmp_path / "d")):
        for name in ("ucpm-request", "ucpm-offers", "ucpm-transport"):
            said = form(node, name, case, folder)
            assert (said["reference"], said["references"]) == (number, [GLIDE, number]) and not said["exercise"]
        chain = messages(node, case, folder / "messages")
        assert len(chain) == 4 and all(number in one and GLIDE in one for one in chain)
    why = "няма ферибот преди понеделник"
    run(bg, "form", "fill", "ucpm-transport", case, "--field", f"why_transport={why}")
    path = tmp_path / "transport.pdf"
    told = run(bg, "form", "make", "ucpm-transport", case, "--out", str(path))
    text = "".join(page.extract_text() for page in PdfReader(path).pages)
    assert why in " ".join(text.split()) and number in text and "why_transport" not in told["open"]

    report = form(bg, "ucpm-resilience", "node", tmp_path / "e")
    counts = {one["label"]: one["count"] for goal in report["goals"] for one in goal["measures"]}
    assert counts["Pre-notifications sent"] == 1 and counts["Acceptances and confirmations"] == 1
    report = form(ro, "ucpm-resilience", "node", tmp_path / "f")
    counts = {one["label"]: one["count"] for goal in report["goals"] for one in goal["measures"]}
    assert counts["Standby holds answered"] == 1 and counts["Offers made, declined, withdrawn"] == 1


@pytest.mark.heavy
def test_what_is_covered_twice_is_seen_before_anybody_accepts(mechanism: Mechanism, tmp_path: Path) -> None:
    """What the exercise expects of the guest's offers: both of them stand there, beyond what was asked."""
    bg, ro = mechanism.bg, mechanism.ro
    stocked(ro, "Cort", TENT, "120")
    asked = run(bg, "request", "new", "--to", ro.name, "--line", f"{TENT}=40", "--event", GLIDE, "--term", "loan")
    case = asked["operations"][0]["case"]
    until_state(ro, case, "requested")
    signed(ro, case, "offer", "--line", f"{TENT}=60", *HOLD)
    until_state(bg, case, "offered")
    (line,) = form(bg, "ucpm-offers", asked["id"], tmp_path)["lines"]
    shown = {"offered": "60", "over": str(Decimal(60) - 40), "promised": "0"}
    assert shown.items() <= line.items()
