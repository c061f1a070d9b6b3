"""Plans and the lines of a request as a person types them; a saved plan is made again without any node."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.domain.test_plan_basis import asking, hint, known
from tests.processes import NodeProcess, free_port, pause, xstock_here
from xstock_node.cli.request import asked_of
from xstock_node.domain.allocation import make_plan
from xstock_node.domain.plan_basis import basis_of
from xstock_node.services.asked_lines import Asked
from xstock_node.services.errors import Refusal
from xstock_node.services.hand_kept import LineRequest
from xstock_node.services.mapping_desk import DecideRequest
from xstock_node.services.offer_views import PublishRequest
from xstock_node.services.plan_views import file_of

TENT = "HSHETENTF16C"


def said(*words: str, home: Path | None = None, code: int = 0) -> Any:
    run = xstock_here(*words, "--json", home=home)
    assert run.returncode == code, (run.stdout, run.stderr)
    return json.loads(run.stdout)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A plan file whose road is unknown."""
    basis = basis_of([asking()], [hint(place="Wien")], [], known())
    file = tmp_path / "plan.json"
    file.write_bytes(msgspec.json.encode(file_of(basis, False, make_plan(basis.inputs, False))))
    return file


def test_a_saved_plan_is_made_again_where_there_is_no_node(saved: Path, tmp_path: Path) -> None:
    found = said("request", "plan", "--replay", str(saved), home=tmp_path / "none")
    assert found["hash"] == json.loads(saved.read_text())["hash"] and found["file"]["hash"] == found["hash"]
    assert found["notes"] == ["the plain plan was asked for: within every limit but not proved to be good"]
    words = xstock_here("request", "plan", "--replay", str(saved)).stdout
    assert "the road is unknown" in words and "unknown" in words and "Taken for granted:" in words
    assert "nothing is asked of anybody" in words and "(redcross.ro)" in words


def test_changed_inputs_give_another_plan_and_that_is_said(saved: Path) -> None:
    told = json.loads(saved.read_text())
    told["basis"]["inputs"]["needs"][0]["quantity"] = "30"
    saved.write_text(json.dumps(told))
    found = said("request", "plan", "--replay", str(saved))
    assert found["hash"] != told["hash"] and "another plan came out" in found["notes"][-1]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda told: "nothing",
        lambda told: told | {"xstock_plan": 2},
        lambda told: told | {"basis": told["basis"] | {"lines": []}},
        lambda told: told | {"basis": told["basis"] | {"offers": []}},
        lambda told: told["basis"]["inputs"].update(vehicles=[]) or told,
        lambda told: told["basis"]["inputs"].update(day="someday") or told,
    ],
)
def test_a_file_that_is_no_plan_is_refused_with_what_to_do(saved: Path, spoil: Any) -> None:
    saved.write_text(json.dumps(spoil(json.loads(saved.read_text()))))
    error = said("request", "plan", "--replay", str(saved), code=2)["error"]
    assert error["code"] == "bad-plan" and "--save" in error["do"]


def test_what_does_not_go_together_is_refused(saved: Path, tmp_path: Path) -> None:
    for words in ([], ["--last"], ["a", "b", "--last"], ["a", "--replay", str(saved)]):
        assert said("request", "plan", *words, code=2)["error"]["code"] == "bad-plan", words
    assert said("request", "plan", "--replay", str(tmp_path / "none"), code=2)["error"]["code"] == "no-file"


def test_a_line_says_for_itself_by_when_how_grave_how_fresh_and_how_it_came_about() -> None:
    assert asked_of("X=5") == Asked(item="X", quantity="5")
    assert asked_of("X=5:H87,subs") == Asked(item="X", quantity="5", unit="H87", subs=True)
    found = asked_of("X=5,by=2027-03-28T06:00Z,severity=1,expiry=2027-06,own=2,why=two camps")
    assert found == Asked(
        item="X", quantity="5", by=1_806_213_600, severity=1, expiry="2027-06", own="2", why="two camps"
    )
    need = asked_of("X=5,need=shelter for 500 people for 30 days,climate=cold,household=4")
    assert (need.need, need.climate, need.household) == ("shelter for 500 people for 30 days", "cold", "4")
    assert abs(asked_of("X=5,by=+24h").by - time.time() - 86_400) < 60


@pytest.mark.parametrize(
    "text",
    ["X", "X,subs", "X=5,", "X=5,by=", "X=5,colour=red", "X=5,severity=4", "X=5,subs=yes", "X=5,climate=hot",
     "X=5,own=1,own=2", "X=5,by=soon"],
)  # fmt: skip
def test_a_line_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(Refusal) as refused:
        asked_of(text)
    assert refused.value.code in ("bad-line", "bad-time") and refused.value.exit_code == 2


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[NodeProcess, NodeProcess]]:
    """A node that asks, and one that lends 90 tents, both running."""
    asks, lends = (NodeProcess(tmp_path, name, free_port()) for name in ("asks.example.org", "lends.example.org"))
    asks.pin(lends)
    lends.pin(asks)
    asks.start()
    lends.start()
    try:
        lends.call("stock.add", LineRequest(name="Tent", code=TENT, quantity="90", unit="pcs", location="Store"))
        lends.call("stock.decide", DecideRequest(same_code=True))
        lends.call("offer.publish", PublishRequest(release=True))
        for _ in range(300):
            if said("search", "tent", home=asks.home)["hits"]:
                break
            pause(0.05)
        yield asks, lends
    finally:
        asks.stop()
        lends.stop()


def test_from_a_need_in_words_to_a_plan_that_is_kept_and_saved(
    two: tuple[NodeProcess, NodeProcess], tmp_path: Path
) -> None:
    asks, lends = two
    proposed = xstock_here("request", "propose", "shelter for 500 people for 30 days", home=asks.home).stdout
    assert f"--line '{TENT}=110,need=shelter for 500 people for 30 days'" in proposed
    line = f"{TENT}=110,need=shelter for 500 people for 30 days,by=+48h,severity=1"
    words = ["--to", lends.name, "--line", line, "--place", "Vidin", "--term", "loan"]
    made = said("request", "new", *words, home=asks.home)
    reckoned = made["lines"][0]["conditions"]["reckoned"]
    assert (reckoned["people"], reckoned["households"], reckoned["days"], reckoned["gross"]) == (500, 100, 30, "110")
    assert "500 people" in xstock_here("request", "show", made["id"], home=asks.home).stdout
    file = tmp_path / "saved.json"
    found = said("request", "plan", made["id"], "--save", str(file), "--unknown-road", "30", home=asks.home)
    (flow,), (row,) = found["flows"], found["lines"]
    assert flow["supplier"] == lends.name and row["planned"] == flow["quantity"] and found["file"] is None
    assert int(row["unmet"]) == 110 - int(row["planned"]) > 0 and "found elsewhere" in " ".join(row["why"])
    again = said("request", "plan", "--replay", str(file), home=tmp_path / "none")
    assert again["hash"] == found["hash"] and again["flows"] == found["flows"]
    last = said("request", "plan", made["id"], "--last", home=asks.home)
    assert last["plan"]["hash"] == found["hash"]
    assert [(row["supplier"], row["accepted"]) for row in last["chosen"]] == [(lends.name, "0")]
    assert "accepted since" in xstock_here("request", "plan", made["id"], "--last", home=asks.home).stdout
    assert said("request", "plan", "aaaaaaaaaaaaaaaa", home=asks.home, code=1)["error"]["code"] == "no-request"
