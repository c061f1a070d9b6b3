"""The list of promises: complete, readable, and its tests exist."""

import tomllib
from pathlib import Path

import pytest

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
    assert parts["G"] == [f"G{number}" for number in range(1, 14)]
    assert all(row["promise"] and (row["tests"] or row["slow"]) and "figure" in row and "commit" in row for row in ROWS)


def test_the_tests_that_show_a_promise_exist() -> None:
    missing = [test for row in ROWS for test in row["tests"] if not (ROOT / test).exists()]
    assert not missing


GOOD = "def test_it():\n    assert 1 + 1 == 2\n"
HALF = f"import pytest\n{GOOD}def test_not():\n    pytest.skip('no node')\n"
HEAVY = f"import pytest\npytestmark = pytest.mark.heavy\n{GOOD}"
FILES = {
    "good": GOOD,
    "bad": GOOD.replace("2", "3"),
    "unreadable": "import nothing_like_it\n",
    "half": HALF,
    "heavy": HEAVY,
}


def test_a_broken_promise_is_told_from_one_that_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in FILES.items():
        (tmp_path / f"test_{name}.py").write_text(text)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib -q\nmarkers = heavy\n")
    monkeypatch.setattr(points, "ROOT", tmp_path)
    outcomes = points.run([f"test_{name}.py" for name in FILES], workers="1")

    def state(*names: str, **more: str) -> str:
        return points.state({"tests": [f"test_{name}.py" for name in names], **more}, outcomes)

    assert state("good") == "holds" and state("good", "half") == "open"
    assert state("bad") == state("unreadable") == state("good", "bad") == "BROKEN"
    assert state("heavy") == state("good", "heavy") == state(slow="make bench") == "open"
    figure = {"figure": "9", "commit": "abc"}
    assert (
        state("heavy", **figure) == state("good", "heavy", **figure) == state(slow="make bench", **figure) == "holds*"
    )
    assert state("bad", "heavy", **figure) == "BROKEN" and points.run([]) == {}
