"""An exercise at one's own node, as a person types it: begun, shown everywhere, ended, reported."""

from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_verbs import said
from tests.processes import xstock_here

TENT = "HSHETENTF16C"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    answers = ("--name", "redcross.example.org", "--country", "BG", "--exercise", "drill")
    assert xstock_here("init", *answers, home=folder).returncode == 0
    return folder


def test_an_exercise_is_begun_shown_ended_and_reported(home: Path) -> None:
    made: Any = said("exercise", "start", "flood27", "--offer", f"{TENT}=50", home=home)
    assert (made["log"], made["runs"], made["offers"]) == ("see.x-drill", True, 1)
    assert said("status", home=home)["exercises"] == ["flood27"]  # type: ignore[call-overload]
    assert xstock_here("status", home=home).stdout.startswith("EXERCISE flood27 RUNS")
    assert "EXERCISE flood27" in xstock_here("doctor", home=home).stdout
    offers: Any = said("offer", "list", home=home)
    assert [(one["item"], one["quantity"], one["exercise"]) for one in offers] == [(TENT, "50", True)]
    assert "EXERCISE" in xstock_here("offer", "list", home=home).stdout
    ended: Any = said("exercise", "stop", home=home)
    assert (ended["withdrawn"], ended["open"], ended["runs"]) == (1, [], False)
    assert said("offer", "list", home=home) == []
    found: Any = said("exercise", "report", home=home)
    counts = ("requests", "operations", "binding", "steps_signed")
    assert [found[name] for name in counts] == [0, 0, 0, 0] and found["answer_seconds"] is None
    assert xstock_here("exercise", "report", "flood27", home=home).stdout.startswith("EXERCISE")
    assert said("status", home=home)["exercises"] == []  # type: ignore[call-overload]


def test_a_real_node_says_what_to_do_instead(tmp_path: Path) -> None:
    folder = tmp_path / "real"
    assert xstock_here("init", "--name", "redcross.example.org", "--country", "BG", home=folder).returncode == 0
    error: Any = said("exercise", "start", "flood27", home=folder, code=1)
    assert error["error"]["code"] == "not-an-exercise" and "x-" in error["error"]["do"]
    error = said("exercise", "report", home=folder, code=1)
    assert error["error"]["code"] == "no-exercise"


def test_an_offer_that_is_no_item_and_a_line_that_is_none_are_told(home: Path) -> None:
    for line, code in (("NOTHING=5", "no-item"), (TENT, "bad-line")):
        error: Any = said("exercise", "start", "flood27", "--offer", line, home=home, code=2)
        assert error["error"]["code"] == code
    error = said("exercise", "report", home=home, code=1)
    assert error["error"]["code"] == "no-exercise"
