"""A dispatch centre across the border asks Romania, Romania asks Croatia; the answers have the centre's ids.

The centre is the guest MD-DISP of the exercise; Romanian on both sides, an exercise stays one.
"""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from tests.processes import NodeProcess, free_port, pause
from tests.shared import sample
from tests.story.public_node import TOKEN, PublicNode
from tests.story.two_nodes import run, signed, step, stocked, until_state

BLANKET = "HSHEBLANPHT1"


class Centre(ThreadingHTTPServer):
    """Where the centre takes answers: it keeps what was posted, and says what the test wants."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Desk)
        self.posted: list[tuple[str, Any]] = []
        self.says: list[tuple[int, str]] = []


class Desk(BaseHTTPRequestHandler):
    """One post: the word that comes next, or ACK."""

    def do_POST(self) -> None:
        assert isinstance(self.server, Centre)
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, word = self.server.says.pop(0) if self.server.says else (200, "ACK")
        self.server.posted.append((f"{status} {word}", body))
        head = {"ID": f"A{len(self.server.posted)}", "MODE": "ACTUAL", "MSGTYPE": word, "FREETEXT": "no such event",
                "CREATION": "2027-03-29T07:30:00+03:00", "ORIGIN": {"ORG_ID": "md.dispatch"}}  # fmt: skip
        said = json.dumps({"emsi": {"CONTEXT": head, "EVENT": {"ID": "E"}}}).encode() if word else b"away"
        assert self.headers["Authorization"] == f"Bearer {TOKEN}"
        self.send_response(status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


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
        self.centre = Centre()
        Thread(target=self.centre.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{self.centre.server_port}/emsi"
        (self.ro.home / "plugins" / "dispatch-answers.toml").write_text(
            f'url = "{url}"\ntoken_file = "token"\n[host]\nformat = "emsi-json"\nsenders = ["md.dispatch"]\n', "utf-8"
        )

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
    found.centre.shutdown()
    found.centre.server_close()


def until_carried(watch: Watch, count: int) -> None:
    """Wait until so many messages came to an end at the centre."""
    for _ in range(1200):
        if sum(word != "503 " for word, _ in watch.centre.posted) >= count:
            return
        pause(0.05)
    raise AssertionError(watch.centre.posted)


def drafts(watch: Watch) -> Any:
    return run(watch.ro, "request", "drafts")


@pytest.mark.heavy
def test_what_a_centre_asks_is_answered_with_its_own_ids(watch: Watch, tmp_path: Path) -> None:
    ro, hr = watch.ro, watch.hr
    watch.centre.says = [(503, ""), (200, "ACK"), (409, "ERROR")]
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
    until_carried(watch, len(answers) - 1)
    said = [word for word, _ in watch.centre.posted]
    assert said[:3] == ["503 ", "200 ACK", "409 ERROR"] and set(said[3:]) == {"200 ACK"}
    bodies = [json.dumps(body, ensure_ascii=False) for _, body in watch.centre.posted]
    assert bodies[0] == bodies[1], "what did not arrive is posted again, and nothing before it"
    assert len(set(bodies)) == len(bodies) - 1 and all("E-md-118" in one for one in bodies)
    assert any("R-md-118" in one and "AVAILB" in one for one in bodies)
    assert "no such event" in json.dumps(run(ro, "doctor"), ensure_ascii=False), "a person learns of what was refused"
    ro.stop()
    ro.start()
    pause(3)
    assert len(watch.centre.posted) == len(bodies), "nothing is posted twice after a restart"
    nobody_else_learns_of_moves_in_threat_mode(watch, case)


def nobody_else_learns_of_moves_in_threat_mode(watch: Watch, case: str) -> None:
    """What left is told to the centre only once two persons ended threat mode."""
    ro, hr = watch.ro, watch.hr
    run(ro, "corridor", "set", "east", "--country", "HR", "--country", "RO")
    run(ro, "corridor", "threaten", "east")
    before = sum(word != "503 " for word, _ in watch.centre.posted)
    step(hr, case, "stage", "--field", "consignment=c1", "--field", 'countries=["HR", "HU", "RO"]')
    goods = ("--field", "consignment=c1", "--line", f"{BLANKET}=40", "--field", "free=every road lies in the Union")
    step(hr, case, "dispatch", *goods)
    until_state(ro, case, "dispatched")
    pause(3)
    assert sum(word != "503 " for word, _ in watch.centre.posted) == before
    for name in ("ana", "ivo"):
        run(ro, "user", "add", name, "--role", "transport-customs")
        run(ro, "corridor", "calm", "east", token=run(ro, "user", "token", name)["token"])
    until_carried(watch, before + 1)
    assert "IN_USE" in json.dumps(watch.centre.posted[-1][1])


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
