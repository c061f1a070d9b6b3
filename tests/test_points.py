"""The list of promises: complete, readable, and its tests exist."""

import tomllib
from pathlib import Path

from tests import points

ROOT = Path(__file__).parent.parent
ROWS = tomllib.loads((ROOT / "tests" / "acceptance.toml").read_text("utf-8"))["point"]


def test_every_point_has_a_label_a_promise_and_something_that_shows_it() -> None:
    labels = [row["label"] for row in ROWS]
    parts = {letter: [label for label in labels if label[0] == letter] for letter in "ABCDEFG"}
    assert labels == [label for part in parts.values() for label in part] and len(set(labels)) == len(labels)
    assert parts["A"] == [f"A{number}" for number in range(1, 12)]
    assert parts["B"] == ["B1", "B2", "B3", "B4", "B4a", "B5", "B6", "B7", "B8", "B9"]
    assert parts["C"] == [f"C{number}" for number in range(1, 10)]
    assert parts["D"] == [f"D{number}" for number in range(1, 9)]
    assert all(row["promise"] and (row["tests"] or row["slow"]) and "figure" in row and "commit" in row for row in ROWS)


def test_the_tests_that_show_a_promise_exist() -> None:
    missing = [test for row in ROWS for test in row["tests"] if not (ROOT / test).exists()]
    assert not missing


def test_a_broken_promise_is_told_from_one_that_holds(tmp_path: Path) -> None:
    (tmp_path / "test_good.py").write_text("def test_it():\n    assert 1 + 1 == 2\n")
    (tmp_path / "test_bad.py").write_text("def test_it():\n    assert 1 + 1 == 3\n")
    assert points.state({"tests": [str(tmp_path / "test_good.py")]}) == "holds"
    assert points.state({"tests": [str(tmp_path / "test_bad.py")]}) == "BROKEN"
    assert points.state({"tests": [str(tmp_path / "test_none.py")]}) == "BROKEN"
    (tmp_path / "test_half.py").write_text(
        "import pytest\ndef test_it():\n    assert 1 + 1 == 2\ndef test_not():\n    pytest.skip('no node')\n"
    )
    assert points.state({"tests": [str(tmp_path / "test_half.py")]}) == "open"
    assert points.state({"tests": [], "slow": "make bench"}) == "open"
    assert points.state({"tests": [], "slow": "make bench", "figure": "9", "commit": "abc"}) == "holds*"
