"""Tryton, the real one, under a real node: its stock is offered, an acceptance reserves in it, a dispatch issues."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.processes import pause
from tests.story.test_by_command_line import HR, Two

sys.path.append(str(Path(__file__).parent.parent.parent / "plugins" / "xstock-tryton" / "tests"))

BLANKET, PARA = "HSHEBLANWHT1", "DORAPARA5T"
SETTINGS = """
url = "{url}"
database = "db"
user = "xstock"
password_file = "tryton.password"
reserve_to = "LOAN"
[host]
every_minutes = 1000
write = ["reserve", "release", "issue", "receive"]
"""


def write_settings(two: Two, url: str, password: str) -> None:
    folder = two.hr.home / "plugins"
    folder.mkdir(exist_ok=True)
    (folder / "tryton.password").write_text(f"{password}\n", "utf-8")
    (folder / "tryton.password").chmod(0o600)
    (folder / "tryton.toml").write_text(SETTINGS.format(url=url), "utf-8")


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    found = Two(tmp_path)
    with (found.hr.home / "config.toml").open("a", encoding="utf-8") as file:
        file.write('[plugins]\nallow = ["xstock-spreadsheet", "xstock-tryton"]\n')
    found.bg.start()
    yield found
    found.bg.stop()
    found.hr.stop()


def until(true: Callable[[], Any], seconds: float = 60.0) -> Any:
    for _ in range(int(seconds / 0.2)):
        if found := true():
            return found
        pause(0.2)
    raise AssertionError("not within its time")


def bound(two: Two, quantity: int) -> None:
    """An operation about blankets, from request to confirmation."""
    asked = two.run(two.bg, "request", "new", "--to", HR, "--line", f"{BLANKET}={quantity}", "--term", "loan")
    two.case = asked["operations"][0]["case"]
    two.until_state(two.hr, "requested")
    held = ("--field", "hold_until=+6h", "--field", 'terms=["loan"]')
    waits = two.step(two.hr, "offer", "--line", f"{BLANKET}={quantity}", *held)
    if not waits["sent"]:
        two.run(two.hr, "op", "approve", waits["waiting"], who="lea")
    two.until_state(two.bg, "offered")
    due = ("--field", "terms=loan", "--field", "due=2027-06-30", "--field", "place=Vidin")
    two.step(two.bg, "accept", *due)
    two.until_state(two.bg, "confirmed")


def movements(two: Two) -> list[tuple[str, str]]:
    """Kind and state of the movements of the operation at hand."""
    return [(m["kind"], m["state"]) for m in two.run(two.hr, "stock", "movements") if m["case"] == two.case]


@pytest.mark.tryton
@pytest.mark.parametrize("version", ["8.2", "7.0"])
def test_an_operation_reserves_and_issues_in_tryton_and_a_cancelled_one_releases(
    two: Two, version: str, tmp_path: Path
) -> None:
    from tryton_servers import PASSWORD, running

    with running(version, tmp_path / "tryton") as tryton:
        write_settings(two, tryton.url, PASSWORD)
        two.hr.start()
        (source,) = until(lambda: [s for s in two.run(two.hr, "stock", "sources") if s["state"] == "ok"])
        assert source["name"] == "tryton" and version in source["system"] and source["lines"] == 5
        held = {(v["line"]["item_code"], v["line"].get("lot")): v["line"] for v in two.run(two.hr, "stock", "list")}
        assert held["PARA", "P-2401"]["quantity"] == "400" and held["PARA", "P-2401"]["expiry"] == "2031-05-31"
        for view in two.run(two.hr, "stock", "match"):
            if view["local"] == "BLANKET":
                two.run(two.hr, "stock", "match", view["ref"], BLANKET, "--factor", "1")
        published = two.run(two.hr, "offer", "publish", "--release")["published"]
        assert {(o["item"], o["quantity"]) for o in published} == {(BLANKET, "100"), (BLANKET, "20")}
        two.hire(two.hr, "lea", "approver")
        until(lambda: [h for h in two.run(two.bg, "search", "--limit", "50")["hits"] if h["item"] == BLANKET])

        bound(two, 30)
        until(lambda: movements(two) == [("reserve", "done")])
        assert [s["state"] for s in tryton.shipments()] == ["assigned"]
        two.run(two.hr, "stock", "sync", "tryton")
        lines = [v["line"] for v in two.run(two.hr, "stock", "list") if v["line"]["item_code"] == "BLANKET"]
        assert sum(int(line["quantity"]) for line in lines) == 120
        assert all(line.get("reserved") in (None, "0") for line in lines)  # our own promise is not counted twice
        two.step(two.hr, "stage", "--field", "consignment=c1", "--field", 'countries=["HR", "SI", "HU", "RO", "BG"]')
        goods = ("--line", f"{BLANKET}=30", "--field", "consignment=c1", "--field", "free=every road lies in the Union")
        two.step(two.hr, "dispatch", *goods)
        until(lambda: movements(two) == [("reserve", "done"), ("issue", "done")])
        assert [s["state"] for s in tryton.shipments()] == ["done"]
        assert tryton.quantity("BLANKET", "LOAN") == 30

        two.until_state(two.bg, "dispatched")
        two.step(two.bg, "received", "--count", f"{BLANKET}=good:30")
        two.until_state(two.hr, "received")
        two.step(two.bg, "on-loan", "--line", f"{BLANKET}=30", "--field", "due=2027-06-30")
        two.step(two.bg, "returned", "--line", f"{BLANKET}=30", "--field", "consignment=back-1")
        two.until_state(two.hr, "return-dispatched")
        two.step(two.hr, "return-received", "--count", f"{BLANKET}=good:28,damaged:2")
        until(lambda: movements(two)[-1] == ("receive", "done"))
        assert tryton.quantity("BLANKET", "LOAN") == 2

        bound(two, 10)
        until(lambda: movements(two) == [("reserve", "done")])
        two.step(two.hr, "cancel-own", "--field", "reason=flood-here")
        until(lambda: movements(two) == [("reserve", "done"), ("release", "done")])
        assert tryton.shipments()[-1]["state"] == "cancelled"

        before = two.run(two.hr, "stock", "list")
        write_settings(two, tryton.url, "a wrong password")
        for _ in range(3):
            refused = two.run(two.hr, "stock", "sync", "tryton", fails=1)
            assert refused["error"]["code"] == "not-read"
        assert tryton.log().count("login failed") + tryton.log().count("Failed login") <= 1
        (plugin,) = [p for p in two.run(two.hr, "plugin", "list") if p["name"] == "xstock-tryton"]
        assert "stopped" in {a["state"] for a in plugin["adapters"]}, (plugin, refused)
        assert any("xstock-tryton" in f["check"] and f["state"] == "error" for f in doctor(two))
        write_settings(two, tryton.url, PASSWORD)
        assert two.run(two.hr, "stock", "sync", "tryton")["state"] == "taken"
    assert two.run(two.hr, "stock", "sync", "tryton", fails=1)["error"]["code"] == "not-read"
    assert len(two.run(two.hr, "stock", "list")) == len(before)
    (source,) = two.run(two.hr, "stock", "sources")
    assert source["state"] == "failing" and source["age"] == "fresh" and source["why"]


def doctor(two: Two) -> list[dict[str, Any]]:
    from tests.processes import xstock

    found: list[dict[str, Any]] = json.loads(xstock("doctor", "--json", home=two.hr.home).stdout)
    return found
