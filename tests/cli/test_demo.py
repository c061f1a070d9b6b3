"""The demo: six real processes with stock of six countries, in their own languages, agree and are searched."""

import json
import time
from datetime import datetime
from pathlib import Path

import pytest

from tests.processes import xstock
from tests.shared import sample

CYRILLIC = range(0x400, 0x500)


def has_cyrillic(text: str) -> bool:
    """Whether a text has a Cyrillic letter."""
    return any(ord(letter) in CYRILLIC for letter in text)


@pytest.mark.heavy
def test_the_demo_ends_by_itself_and_finds_the_stock_of_others_in_both_scripts(tmp_path: Path) -> None:
    began = time.monotonic()
    run = xstock("demo", "--exit", "--json", "--data", "own", "--folder", str(tmp_path / "demo"), timeout=60)
    assert run.returncode == 0, run.stderr
    assert time.monotonic() - began < 45
    result = json.loads(run.stdout)
    assert result["nodes"] == 6
    assert isinstance(result["offers_total"], int) and result["offers_total"] >= 60
    assert result["offers_seen_by_every_node"] == result["offers_total"]
    assert 0 < result["seconds_to_convergence"] < 20
    hits = result["search"]
    assert all({"node", "item", "name", "quantity"} <= set(hit) for hit in hits)
    assert len({hit["node"] for hit in hits}) >= 4
    assert any(has_cyrillic(hit["name"]) for hit in hits) and any(not has_cyrillic(hit["name"]) for hit in hits)
    assert all(float(hit["quantity"]) > 0 for hit in hits)
    assert result["verified_offline"].split("#")[0] in {hit["node"] for hit in hits}
    assert "EXERCISE" in run.stderr and "AT" in run.stderr
    assert set(result["consoles"]) == {"AT", "BG", "HR", "ME", "MK", "RS"}
    assert result["console"] == result["consoles"]["RS"] and f"{result['console']}/sign-in/code?code=" in run.stderr
    assert result["story"]["hour"] == 3 and result["story"]["requests"] == 8 and result["story"]["warnings"] == 7
    every_node_is_an_exercise_and_holds_no_defects(tmp_path / "demo")
    serbia_is_three_hours_into_the_flood(tmp_path / "demo" / "rs", result["story"])


@pytest.mark.heavy
def test_the_demo_plays_the_large_flood_where_it_is_there(tmp_path: Path) -> None:
    file = sample("exercise-flood.json")
    run = xstock("demo", "--exit", "--json", "--data", str(file), "--folder", str(tmp_path / "demo"), timeout=90)
    assert run.returncode == 0, run.stderr
    result = json.loads(run.stdout)
    raw = json.loads(file.read_bytes())
    lines = {country: sum(1 for line in raw["stock"] if line["node"] == country) for country in result["consoles"]}
    for country, count in lines.items():
        assert f"{country}: {count} lines of {country.lower()}.csv, 0 not taken" in run.stderr
    assert result["offers_total"] == result["offers_seen_by_every_node"] >= 60
    assert result["story"]["warnings"] == 12 and result["story"]["requests"] == 12
    assert result["story"]["offers"] >= 15 and result["story"]["under_way"] == 1
    every_node_is_an_exercise_and_holds_no_defects(tmp_path / "demo")
    serbia_is_three_hours_into_the_flood(tmp_path / "demo" / "rs", result["story"])


def serbia_is_three_hours_into_the_flood(home: Path, story: dict[str, float]) -> None:
    """What waits there: a red warning, offers to accept, requests to answer, a covered need, a convoy, a clock."""
    (warning,) = (
        one for one in json.loads(xstock("alert", "list", "--json", home=home).stdout) if one["here"] == "yes"
    )
    assert warning["level"] == "red" and warning["status"] == "Exercise"
    now = time.time()
    waiting = json.loads(xstock("duty", "queue", "--json", home=home).stdout)
    assert all(one["exercise"] for one in waiting if one["case"])
    turns = [one for one in waiting if one["kind"] == "your-turn"]
    assert {"requested", "offered", "confirmed", "dispatched"} <= {one["state"] for one in turns}
    assert [one for one in waiting if one["kind"] == "stand-down" and "," in one["other"]]
    assert all(unix(one["answer_by"]) > now for one in turns if one["answer_by"])
    operations = json.loads(xstock("op", "list", "--json", home=home).stdout)
    assert sum(1 for one in operations if one["state"] == "dispatched") == story["under_way"], operations
    requests = json.loads(xstock("request", "list", "--json", home=home).stdout)
    assert {"covered", "partly-covered"} <= {one["state"] for one in requests}
    assert all(one["exercise"] and unix(one["needed_by"]) > now for one in requests)


def unix(time: str) -> float:
    """Unix seconds of a time as views have it."""
    return datetime.fromisoformat(time).timestamp()


def every_node_is_an_exercise_and_holds_no_defects(folder: Path) -> None:
    """What the six nodes say of themselves once the demo has ended."""
    for country in ("at", "bg", "hr", "me", "mk", "rs"):
        view = json.loads(xstock("status", "--json", home=folder / country).stdout)
        assert view["exercise"] and view["log"] == "see.x-demo"
        assert len(view["peers"]) == 5
        assert all(peer["defects"] == 0 and peer["refusals"] == 0 for peer in view["peers"]), view["peers"]
        found = json.loads(xstock("log", "verify", "--json", home=folder / country).stdout)
        assert sum(1 for log in found if log["log"].endswith(".x-demo")) == 6 and all(log["holds"] for log in found)
