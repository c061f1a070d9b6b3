"""`xstock init`: all or nothing, and every bad answer named."""

import json
from pathlib import Path

import pytest

from tests.processes import xstock

GOOD = {"--name": "redcross.example.org", "--country": "BG", "--language": "bg"}


@pytest.mark.parametrize(
    ("option", "value", "named"),
    [
        ("--name", "Not A Name", "name"),
        ("--url", "ftp://a.example.org", "url"),
        ("--url", "xstock.example.org", "url"),
        ("--url", "http://", "url"),
        ("--url", "https://a.example.org:99999", "url"),
        ("--url", "https://a.example.org/ä", "urls"),
        ("--country", "bg", "country"),
        ("--language", "no language", "languages"),
        ("--organisation", "Red\u202eCross", "organisation"),
        ("--exercise", "No Label", "exercise"),
        ("--port", "70000", "port"),
    ],
)
def test_a_bad_answer_is_named_and_nothing_is_written(option: str, value: str, named: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    words = [word for pair in (GOOD | {option: value}).items() for word in pair]
    run = xstock("init", *words, "--json", home=home)
    error = json.loads(run.stdout)["error"]
    assert (run.returncode, error["code"]) == (2, "bad-answers"), error
    assert named in error["expected"] + error["came"] and error["came"] and error["do"]
    assert not home.exists()


def test_a_folder_half_made_is_told_and_left_alone(tmp_path: Path) -> None:
    key = tmp_path / "keys" / "root.key"
    key.parent.mkdir()
    key.write_text("precious")
    run = xstock("init", "--name", "redcross.example.org", "--json", home=tmp_path)
    error = json.loads(run.stdout)["error"]
    assert (run.returncode, error["code"]) == (2, "half-made") and "root.key" in error["came"]
    assert key.read_text() == "precious" and sorted(p.name for p in tmp_path.iterdir()) == ["keys"]
