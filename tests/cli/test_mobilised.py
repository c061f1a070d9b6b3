"""Events, the hand-over note and roads as a person types them."""

from pathlib import Path

import pytest

from tests.cli.test_verbs import said
from tests.processes import xstock_here

PROFILE = """
country = "BG"
signed_on = 2026-09-01
signed_by = "relief reception desk"
valid_until = 2099-12-31
source = "letter"
consignee = "relief reception desk"
languages = ["bg"]
[[entry_points]]
code = "X-VID"
neighbour = "RO"
[[edges]]
a = "X-VID"
b = "Sofia"
km = 200
hours = {hours}
[[edges]]
a = "Sofia"
b = "Plovdiv"
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    assert xstock_here("init", "--name", "redcross.example.org", "--country", "BG", home=folder).returncode == 0
    return folder


def test_an_empty_node_says_so(home: Path) -> None:
    assert said("request", "events", home=home) == []
    assert said("request", "table", "FL-1", home=home)["rows"] == []  # type: ignore[index]
    assert "nothing was asked" in xstock_here("request", "table", "FL-1", home=home).stdout
    assert xstock_here("request", "table", "FL-1", "--csv", home=home).stdout.startswith("event,exercise,at,item")
    note = xstock_here("duty", "note", "--hours", "3", home=home).stdout.splitlines()
    assert note[0].startswith("Hand-over note of redcross.example.org") and note[0].endswith("of the last 3 hours")
    assert note[1:] == [
        "", "Waits for us (0)", "- nothing", "", "Silent (silence is not a no) (0)", "- nothing", "", "Open (0)",
        "- nothing", "", "Changed (0)", "- nothing", "", "Comes due (0)", "- nothing",
    ]  # fmt: skip


def test_roads_are_data_that_is_edited_with_the_profile(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "bg.toml"
    error = said("reception", "routes", "X-VID", "Sofia", home=home, code=2)["error"]  # type: ignore[index]
    assert error["code"] == "no-place" and "reception edit" in error["do"]
    file.write_text(PROFILE.format(hours="3.5"))
    said("reception", "edit", str(file), home=home)
    (road,) = said("reception", "routes", "X-VID", "Sofia", home=home)  # type: ignore[misc]
    assert road["hours"] == "3.5" and road["km"] == 200  # type: ignore[index]
    file.write_text(PROFILE.format(hours="4"))
    said("reception", "edit", str(file), home=home)
    shown = xstock_here("reception", "routes", "X-VID", "Plovdiv", home=home).stdout
    assert "unknown, at least 4" in shown and "Sofia - Plovdiv" in shown
