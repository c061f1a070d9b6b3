"""A dispatch centre across the border asks Romania, Romania asks Croatia; the answers have the centre's ids.

The centre is the guest MD-DISP of the exercise; Romanian on both sides, an exercise stays one.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes import NodeProcess, free_port
from tests.shared import sample
from tests.story.public_node import TOKEN, PublicNode
from tests.story.two_nodes import run, signed, step, stocked, until_state

BLANKET = "HSHEBLANPHT1"


class Watch:
    """Romania with the endpoint of the dispatch centre, Croatia with stock, and the centre."""

    def __init__(self, folder: Path) -> None:
        found = json.loads(sample("exercise-flood.json").read_text("utf-8"))
        self.guest = next(one for one in found["guests"] if one["guest"] == "MD-DISP")
        settings = 'organisation = "ro.redcross"\n'
        self.door = PublicNode(folder, "redcross.ro", "xstock-dispatch", "dispatch-messages", settings)
        self.ro = self.door.node
        self.hr = NodeProcess(folder, "redcross.hr", free_port(), country="HR", languages=("hr",))
        self.ro.pin(self.hr)
        self.hr.pin(self.ro)

    def posts(self, id_: str, mode: str) -> tuple[int, Any]:
        """The centre's request for 40 blankets."""
        emsi = {
            "CONTEXT": {
                "ID": id_, "MODE": mode, "MSGTYPE": "ALERT", "CREATION": "2027-03-29T07:30:00+03:00",
                "ORIGIN": {"ORG_ID": "md.dispatch", "NAME": self.guest["name"]},
            },
            "EVENT": {"ID": f"E-{id_}", "NAME": "Inundație: adăpost lângă frontieră"},
            "MISSION": [{
                "TYPE": "FSTT/TA", "ID": f"M-{id_}", "NAME": "adăpost", "STATUS": "NST", "RESOURCE_ID": [f"R-{id_}"],
                "POSITION": {"NAME": "Ungheni, școala „Mihai Eminescu”"},
            }],
            "RESOURCE": [{
                "RTYPE": {"RCLASS": ["MAT/EQ/OTH/BLNKT"]}, "ID": f"R-{id_}", "NAME": "pătură", "QUANTITY": 40,
                "UM": "OTH/EA", "STATUS": "VIRTUAL",
            }],
        }  # fmt: skip
        status, text = self.door.post("messages", json.dumps({"emsi": emsi}).encode(), TOKEN, "application/json")
        return status, json.loads(text)


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    found = Watch(tmp_path)
    found.ro.start()
    found.hr.start()
    yield found
    found.ro.stop()
    found.hr.stop()


def drafts(watch: Watch) -> Any:
    return run(watch.ro, "request", "drafts")


@pytest.mark.heavy
def test_what_a_centre_asks_is_answered_with_its_own_ids(watch: Watch, tmp_path: Path) -> None:
    ro, hr = watch.ro, watch.hr
    stocked(hr, "Deka", BLANKET, "400")
    status, answer = watch.posts("md-118", "ACTUAL")
    said = json.dumps(answer)
    assert status == 200 and '"ACK"' in said and "md-118" in said
    assert watch.posts("md-118", "ACTUAL")[0] == 200 and len(drafts(watch)) == 1
    (draft,) = drafts(watch)
    assert draft["contact"].startswith(watch.guest["name"]) and "Ungheni" in draft["place"] and not draft["exercise"]
    (line,) = draft["lines"]
    taken = run(ro, "request", "take", draft["id"], "--to", hr.name, "--line", f"{line['id']}={BLANKET}=40:H87")
    case = taken["operations"][0]["case"]
    until_state(hr, case, "requested")
    signed(hr, case, "offer", "--line", f"{BLANKET}=40", "--field", "hold_until=+6h", "--field", 'terms=["donation"]')
    until_state(ro, case, "offered")
    step(ro, case, "accept", "--field", "terms=donation", "--field", "place=Ungheni")
    until_state(ro, case, "confirmed")
    told = run(ro, "message", "export", case, "--format", "emsi", "--out", str(tmp_path / "out"))
    answers = [Path(one).read_text("utf-8") for one in told["files"]]
    assert len(answers) >= 3 and all("E-md-118" in one for one in answers)
    assert any("R-md-118" in one and "AVAILB" in one for one in answers), "the offer names the centre's line"


@pytest.mark.heavy
def test_an_exercise_of_a_centre_asks_nobody_for_real(watch: Watch) -> None:
    status, answer = watch.posts("md-ex-7", "EXERCS")
    assert status == 200 and '"EXERCS"' in json.dumps(answer)
    (draft,) = drafts(watch)
    assert draft["exercise"]
    line = draft["lines"][0]["id"]
    words = ("request", "take", draft["id"], "--to", watch.hr.name, "--line", f"{line}={BLANKET}=40:H87")
    refused = run(watch.ro, *words, fails=1)
    assert "exercise" in json.dumps(refused) and run(watch.ro, "request", "list") == []
    assert run(watch.hr, "op", "list") == []
