"""A medical donation goes from Bulgaria by ferry into Ukraine, in threat mode: late, coarse, to the two parties alone.

The cooperation centre of the exercise (guest UA-DANUBE) pushes what it sees and learns nothing; a phone scans the code;
no plate is anywhere; a late convoy calls both sides once; two persons end it.
"""

import base64
import hashlib
import hmac
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.processes import NodeProcess, free_port
from tests.shared import sample
from tests.story.checkpoint import PLUGIN, borders
from tests.story.later import LaterNode
from tests.story.two_nodes import run, signed, step, until, until_state

KIT = "KMEDKIAE01S"
KEY = b"s" * 32
HOUR = 3600
WORDS = ("Орлівка".encode(), b"Isaccea gate")


class Danube:
    """Bulgaria, Ukraine, and Romania between them, which is no party to it; what the exercise says of the centre."""

    def __init__(self, folder: Path) -> None:
        found = json.loads(sample("exercise-flood.json").read_text("utf-8"))
        self.guest = next(one for one in found["guests"] if one["guest"] == "UA-DANUBE")
        self.event = next(one for one in found["timeline"] if one["kind"] == "threat_convoy")
        self.port = free_port()
        self.bg, self.ua, self.ro = (
            LaterNode(folder, f"redcross.{cc.lower()}", free_port(), country=cc, languages=(language,))
            for cc, language in (("BG", "bg"), ("UA", "uk"), ("RO", "ro"))
        )
        nodes = (self.bg, self.ua, self.ro)
        for node in nodes:
            node.pin(*(other for other in nodes if other is not node))
        plugins = self.bg.home / "plugins"
        with (self.bg.home / "config.toml").open("a", encoding="utf-8") as file:
            file.write(f'[plugins]\nallow = ["{PLUGIN}"]\n[public_port]\nport = {self.port}\n')
        plugins.mkdir(exist_ok=True)
        (plugins / "secret").write_text("whsec_" + base64.b64encode(KEY).decode() + "\n", "utf-8")
        (plugins / "secret").chmod(0o600)
        events = f'centre = "{self.guest["guest"]}"\n[host]\nsecret_file = "secret"\n'
        (plugins / "checkpoint-events.toml").write_text(events, "utf-8")
        (plugins / "scan.toml").write_text(f'places = ["{self.guest["ferry"]["to"]}, UA"]\n', "utf-8")
        (plugins / "convoys.toml").write_text("", "utf-8")

    def ask(self, path: str, body: bytes | None = None, **headers: str) -> tuple[int, str]:
        """Status and text of the public port of Bulgaria."""
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, headers)
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:  # noqa: S310
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def centre_says(self, code: str, ahead: int, **more: Any) -> tuple[int, str]:
        """An event that the centre pushes, signed as Standard Webhooks are."""
        now = int(time.time()) + ahead
        said = {"code": code, "place": self.guest["ferry"]["to"], "country": "UA", "at": now, "event": "entry"} | more
        body, id_ = json.dumps(said).encode(), f"m{code[:4]}"
        mark = base64.b64encode(hmac.new(KEY, f"{id_}.{now}.".encode() + body, hashlib.sha256).digest()).decode()
        headers = {"webhook-id": id_, "webhook-timestamp": str(now), "webhook-signature": f"v1,{mark}"}
        return self.ask(f"/plugins/{PLUGIN}/events", body, **headers)


@pytest.fixture
def danube(tmp_path: Path) -> Iterator[Danube]:
    found = Danube(tmp_path)
    with ExitStack() as ends:
        for node in (found.bg, found.ua, found.ro):
            ends.callback(node.stop)
            node.start()
        yield found


def threatened(danube: Danube) -> None:
    """Both parties watch the corridor as the exercise has it, and begin threat mode."""
    begins, ends = danube.guest["curfew"].split("-")
    for node in (danube.bg, danube.ua):
        words = ("--country", "UA", "--country", "BG", "--zone", "Europe/Kyiv", "--curfew", f"{begins}:00-{ends}:00")
        (made,) = run(node, "corridor", "set", "danube", *words, "--crossing", "Isaccea-Orlivka")
        assert made["delay_minutes"] == danube.event["data"]["delay_shown_h"] * 60 and not made["threat"]
        assert run(node, "corridor", "threaten", "danube")[0]["threat"]


def under_way(danube: Danube) -> str:
    """Twenty kits, given, staged by ferry, cleared on both sides, and gone; no plate is taken."""
    bg, ua = danube.bg, danube.ua
    run(bg, "stock", "add", "--name", "Медицински комплект", "--code", KIT, "--quantity", "200", "--unit", "pcs",
        "--lot", "L-7", "--expiry", "2030-12-31")  # fmt: skip
    run(bg, "stock", "match", "--same-code")
    asked = run(ua, "request", "new", "--to", bg.name, "--line", f"{KIT}=5")
    case: str = asked["operations"][0]["case"]
    until_state(bg, case, "requested")
    signed(bg, case, "offer", "--line", f"{KIT}=5", "--field", "hold_until=+6h", "--field", 'terms=["donation"]')
    until_state(ua, case, "offered")
    step(ua, case, "accept", "--field", "terms=donation", "--field", "place=Odesa", "--field", "country=UA")
    until_state(ua, case, "confirmed")
    road = ("--field", "consignment=c1", "--field", "day=2027-03-29", "--field", 'crossings=["Isaccea-Orlivka"]')
    refused = run(bg, "op", "step", case, "stage", *road, "--side", "plate=CA 1234 BB", "--field", "vehicle=side:0",
                  fails=1)  # fmt: skip
    assert refused["error"]["code"] == "threat"
    step(bg, case, "stage", *road, "--side", "vehicle=the white truck", "--field", "vehicle=side:0")
    there = until(ua, case, lambda view: any(s["verb"] == "stage" for s in view["timeline"]))
    truck = next(s for s in there["timeline"] if s["verb"] == "stage")["fields"]["vehicle"]
    goes = ("--field", "consignment=c1", "--field", "day=2027-03-29", "--field", "crossing=Isaccea-Orlivka",
            "--field", f"vehicle={truck}")  # fmt: skip
    step(ua, case, "green-light", *goes, "--field", "valid_until=+3d", "--field", "entry=UAORL",
         "--field", "consignee=relief desk")  # fmt: skip
    until(bg, case, lambda view: any(s["verb"] == "green-light" for s in view["timeline"]))
    step(bg, case, "clear", "--field", "consignment=c1", "--field", "seal=BG-7")
    step(bg, case, "dispatch", *goes, "--line", f"{KIT}=5", "--field", "arrival=+6h")
    until_state(ua, case, "dispatched")
    return case


def alarms(node: NodeProcess) -> list[Any]:
    return [one for one in run(node, "duty", "queue") if one["kind"] == "convoy-late"]


def holding(node: NodeProcess, *words: bytes) -> list[Path]:
    """The files of a node in which one of these words stands."""
    files = [path for path in node.home.rglob("*") if path.is_file() and path.suffix != ".toml"]  # not its settings
    return [path for path in files if any(word in path.read_bytes() for word in words)]


@pytest.mark.heavy
def test_positions_are_late_and_coarse_and_only_the_two_parties_have_them(danube: Danube) -> None:
    bg, ua, ro = danube.bg, danube.ua, danube.ro
    threatened(danube)
    case = under_way(danube)
    (code,) = run(bg, "convoy", "code", case)
    acknowledged = danube.centre_says(code["code"], 0)
    assert acknowledged == danube.centre_says("z" * 26, 0) == (200, '{"acknowledged":true}'), (
        "the centre learns nothing"
    )
    status, page = danube.ask(code["path"])
    assert status == 200 and danube.guest["ferry"]["to"] in page and case not in page and KIT not in page
    form = urllib.parse.urlencode({"place": f"{danube.guest['ferry']['to']}, UA", "event": "entry"}).encode()
    status, thanks = danube.ask(code["path"], form, **{"Content-Type": "application/x-www-form-urlencoded"})
    assert status == 200 and "Noted" in thanks
    assert danube.ask(f"/plugins/{PLUGIN}/pages/convoys")[0] == 404, "no board in public"
    (live,) = run(bg, "convoy", "list")
    assert live["threat"] and live["passed"] == [] and live["crossings"] == []
    by_hand = run(bg, "op", "step", case, "border", "--field", "consignment=c1", "--field", "event=entry",
                  "--field", "place=Isaccea gate", fails=1)  # fmt: skip
    assert by_hand["error"]["code"] == "threat"
    assert borders(until_state(ua, case, "dispatched")) == []
    seen = int(time.time())
    for node in (bg, ua, ro):
        node.starts_later(3 * HOUR)
    (told,) = borders(until(ua, case, borders))
    assert told["fields"]["place"] == "UA" and told["fields"]["at"] in {t // HOUR * HOUR for t in (seen, seen - 60)}
    for node in (bg, ua, ro):
        assert holding(node, *WORDS) == [], "the exact place is nowhere"
        assert holding(node, b"CA 1234 BB", b"CA1234BB") == [], "no plate"
    (row,) = run(ua, "convoy", "list")
    assert len(row["passed"]) == 1 and row["passed"][0].endswith("entry UA")
    assert run(ro, "op", "list") == [] and run(ro, "convoy", "list") == []
    assert holding(ro, case.encode()) == [] and holding(ua, case.encode()), "a third node holds nothing of it"


@pytest.mark.heavy
def test_a_late_convoy_calls_both_sides_once_and_two_persons_end_threat_mode(danube: Danube) -> None:
    bg, ua = danube.bg, danube.ua
    threatened(danube)
    case = under_way(danube)
    assert alarms(bg) == alarms(ua) == []
    danube.ro.stop()
    for node in (bg, ua):
        node.starts_later(30 * HOUR)
    ours, theirs = alarms(bg), alarms(ua)
    assert len(ours) == len(theirs) == 1 and ours[0]["id"] == theirs[0]["id"] and ours[0]["detail"] == "c1"
    step(ua, case, "received", "--field", "consignment=c1", "--count", f"{KIT}=good:5")
    until_state(bg, case, "received")
    assert alarms(bg) == alarms(ua) == []
    tokens = {}
    for name in ("ana", "ivo"):
        run(bg, "user", "add", name, "--role", "transport-customs")
        tokens[name] = run(bg, "user", "token", name)["token"]
    (asked,) = run(bg, "corridor", "calm", "danube", token=tokens["ana"])
    assert asked["threat"] and asked["calm_asked_by"] == "ana"
    alone = run(bg, "corridor", "calm", "danube", token=tokens["ana"], fails=1)
    assert alone["error"]["code"] == "second-person"
    (calm,) = run(bg, "corridor", "calm", "danube", token=tokens["ivo"])
    assert not calm["threat"]
