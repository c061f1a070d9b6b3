"""A convoy between two real nodes, one with the checkpoint plugin, and the matcher of a camera operator beside it."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.processes import NodeProcess, free_port, pause
from tests.story.public_node import TOKEN, PublicNode
from tests.story.two_nodes import run, signed, step, stocked, until_state

TENT = "HSHETENTF16C"
PLATE = "ZG 1234-AB"
PLUGIN = "xstock-checkpoint"


class Camera:
    """The matcher as a process of its own, and cameras that post to it."""

    def __init__(self, door: PublicNode, list_: Path, digits: str, place: str = "Letenye") -> None:
        self.port, self.log = free_port(), list_.with_suffix(".log")
        token = list_.with_suffix(".token")
        token.write_text(TOKEN + "\n", "utf-8")
        command = [
            sys.executable, "-c", "from xstock_checkpoint.command import main; main()", "match",
            "--list", str(list_), "--digits", digits, "--node", f"http://127.0.0.1:{door.port}",
            "--token-file", str(token), "--place", place, "--country", "HU", "--listen", f"127.0.0.1:{self.port}",
        ]  # fmt: skip
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        for _ in range(600):
            assert self.process.poll() is None, self.log.read_text("utf-8")
            if b"listening" in self.log.read_bytes():
                return
            pause(0.05)
        raise AssertionError(self.log.read_text("utf-8"))

    def post(self, make: str, content: bytes, media: str = "application/json") -> int:
        """The status that a camera of this make gets."""
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}/{make}", content, {"Content-Type": media})
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def stop(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()


def frigate(plate: str, score: float = 0.97, at: float = 0) -> bytes:
    """What a bridge posts of Frigate."""
    said = {"type": "lpr", "id": "1", "camera": "west", "plate": plate, "score": score, "timestamp": at}
    return json.dumps(said).encode()


def openalpr(plate: str, confidence: float = 95.5, at: float = 0) -> bytes:
    """What the agent posts."""
    results = [{"plate": plate, "confidence": confidence, "candidates": [{"plate": plate, "confidence": confidence}]}]
    return json.dumps({"data_type": "alpr_results", "epoch_time": int(at * 1000), "results": results}).encode()


def convoy(requester: NodeProcess, supplier: NodeProcess, *fields: str, plate: str = PLATE) -> str:
    """Tents under way from the supplier to the requester, both in the Union; the operation."""
    stocked(supplier, "Šator", TENT, "400")
    asked = run(requester, "request", "new", "--to", supplier.name, "--line", f"{TENT}=50")
    case: str = asked["operations"][0]["case"]
    until_state(supplier, case, "requested")
    offer = ("--line", f"{TENT}=50", "--field", "hold_until=+6h", "--field", 'terms=["donation"]')
    signed(supplier, case, "offer", *offer)
    until_state(requester, case, "offered")
    step(requester, case, "accept", "--field", "terms=donation", "--field", "place=Vidin", "--field", "country=BG")
    until_state(requester, case, "confirmed")
    road = ("--field", "consignment=c1", "--field", 'countries=["HR", "HU", "RO", "BG"]')
    named = ("--side", f"plate={plate}", "--field", "vehicle=side:0") if plate else ()
    step(supplier, case, "stage", *road, *named)
    goods = ("--field", "consignment=c1", "--line", f"{TENT}=50", "--field", "free=every road lies in the Union")
    step(supplier, case, "dispatch", *goods, *named, *fields)
    until_state(requester, case, "dispatched")
    return case


def declared(node: NodeProcess, folder: Path, corridor: str = "sava") -> tuple[Path, Any]:
    """A list for the corridor, as a person makes it, and what the node said of it."""
    run(node, "corridor", "set", corridor, "--country", "HR", "--country", "BG")
    path = folder / "sava.list"
    return path, run(node, "convoy", "declare", corridor, "--until", "+8h", "--out", str(path))


def borders(view: Any) -> list[Any]:
    """The steps `border` of an operation."""
    return [one for one in view["timeline"] if one["verb"] == "border"]
