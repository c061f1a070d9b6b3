"""A person finds out without a manual which steps there are and what each of them asks for."""

import json
from pathlib import Path

from tests.processes import xstock_here
from xstock_node.domain.operations import BY_VERB


def test_the_help_of_a_step_names_every_verb(tmp_path: Path) -> None:
    run = xstock_here("op", "step", "CASE", "offer", "--help", home=tmp_path)
    assert run.returncode == 0
    said = set(run.stdout.replace(",", " ").replace(".", " ").split())
    assert not set(BY_VERB) - said


def test_steps_are_listed_without_a_node_and_one_of_them_field_by_field(tmp_path: Path) -> None:
    run = xstock_here("op", "steps", "--json", home=tmp_path)
    assert [row["step"] for row in json.loads(run.stdout)] == list(BY_VERB)
    (row,) = json.loads(xstock_here("op", "steps", "green-light", "--json", home=tmp_path).stdout)
    assert (row["side"], row["right"], row["roles"]) == ("requester", "clear", ["transport-customs"])
    assert {"name": "entry", "type": "UN/LOCODE", "meaning": "The point of entry (UN/LOCODE)."} in row["fields"]
    words = xstock_here("op", "steps", "green-light", home=tmp_path).stdout
    assert "valid_until" in words and "Until when the green light stands." in words
    assert "hold_until" in xstock_here("op", "steps", home=tmp_path).stdout


def test_an_unknown_step_is_refused_with_those_there_are(tmp_path: Path) -> None:
    run = xstock_here("op", "steps", "teleport", "--json", home=tmp_path)
    assert run.returncode == 2
    error = json.loads(run.stdout)["error"]
    assert error["code"] == "no-step" and "green-light" in error["expected"]
