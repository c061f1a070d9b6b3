"""The demo: six real processes with stock of six countries, in their own languages, agree and are searched."""

import json
import time
from pathlib import Path

import pytest

from tests.processes import xstock

CYRILLIC = range(0x400, 0x500)


def has_cyrillic(text: str) -> bool:
    """Whether a text has a Cyrillic letter."""
    return any(ord(letter) in CYRILLIC for letter in text)


@pytest.mark.heavy
def test_the_demo_ends_by_itself_and_finds_the_stock_of_others_in_both_scripts(tmp_path: Path) -> None:
    began = time.monotonic()
    run = xstock("demo", "--exit", "--json", "--folder", str(tmp_path / "demo"), timeout=60)
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
    every_node_is_an_exercise_and_holds_no_defects(tmp_path / "demo")


def every_node_is_an_exercise_and_holds_no_defects(folder: Path) -> None:
    """What the six nodes say of themselves once the demo has ended."""
    for country in ("at", "bg", "hr", "me", "mk", "rs"):
        view = json.loads(xstock("status", "--json", home=folder / country).stdout)
        assert view["exercise"] and view["log"] == "see.x-demo"
        assert len(view["peers"]) == 5
        assert all(peer["defects"] == 0 and peer["refusals"] == 0 for peer in view["peers"]), view["peers"]
        found = json.loads(xstock("log", "verify", "--json", home=folder / country).stdout)
        assert len(found) == 6 and all(log["holds"] for log in found)
