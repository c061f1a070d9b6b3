"""The roster and the queue as a person types them."""

from pathlib import Path

import pytest

from tests.cli.test_verbs import said
from tests.processes import xstock

ROSTER = """
zone = "Europe/Sofia"
[[duty]]
person = "ivan"
role = "duty-officer"
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    assert xstock("init", "--name", "redcross.example.org", "--country", "BG", home=folder).returncode == 0
    return folder


def test_a_roster_is_set_shown_and_judged(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "roster.toml"
    file.write_text(ROSTER)
    assert "xstock duty set" in xstock("duty", "show", home=home).stdout
    error = said("duty", "set", str(file), home=home, code=2)["error"]  # type: ignore[index]
    assert error["code"] == "no-person" and error["came"] == "ivan" and "xstock user add" in error["do"]
    said("user", "add", "ivan", "--role", "duty-officer", home=home)
    shown = xstock("duty", "set", str(file), home=home)
    assert shown.returncode == 0 and "ivan" in shown.stdout and "nobody has duty" not in shown.stdout
    found = said("duty", "show", home=home)
    assert found["now"][0]["person"] == "ivan" and found["gaps"] == []  # type: ignore[index]
    checks = {f["check"]: f for f in said("doctor", home=home, code=0)}  # type: ignore[attr-defined]
    assert checks["duty"]["state"] == "ok" and "no notifier" in checks["notices"]["found"]
    file.write_text(ROSTER.replace("Sofia", "Atlantis"))
    error = said("duty", "set", str(file), home=home, code=2)["error"]  # type: ignore[index]
    assert error["code"] == "bad-roster" and "Europe/Sofia" in error["expected"]
    assert said("duty", "set", str(tmp_path / "none"), home=home, code=2)["error"]["code"] == "no-file"  # type: ignore[index]


def test_the_queue_is_quiet_and_nothing_can_be_taken_that_does_not_wait(home: Path) -> None:
    assert said("duty", "queue", home=home) == [] and "nothing waits" in xstock("duty", "queue", home=home).stdout
    error = said("duty", "take", "0123456789ab", home=home, code=1)["error"]  # type: ignore[index]
    assert error["code"] == "not-waiting" and "xstock duty queue" in error["do"]
