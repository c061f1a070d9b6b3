"""Every vector of `protocol/vectors` against this program, and the files against their generator."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.vectors.checks import CHECKS
from tests.vectors.checks.form import data
from tests.vectors.generate.everything import subjects
from xstock_node.protocol.errors import Gap, ProtocolError

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "protocol" / "vectors").glob("*.json"))
CASES = [(path.stem, case) for path in FILES for case in json.loads(path.read_text("utf-8"))["cases"]]
CODES = re.compile(r"`([a-z-]+)`\s+[2-5][0-9][0-9]")


def outcome(case: dict[str, Any]) -> dict[str, Any]:
    """What this program makes of a case."""
    try:
        return {"ok": CHECKS[case["check"]](data(case.get("input")), case.get("given", {}))}
    except ProtocolError as error:
        held = {"held": error.held} if isinstance(error, Gap) and error.held is not None else {}
        return {"error": error.code} | held


@pytest.mark.parametrize(("subject", "case"), CASES, ids=[f"{s}: {c['name']}" for s, c in CASES])
def test_a_vector_comes_out_as_it_says(subject: str, case: dict[str, Any]) -> None:
    assert outcome(case) == case["expect"]


def test_generating_again_gives_the_same_files() -> None:
    made = {f"{subject.name}.json": subject.text() for subject in subjects()}
    assert set(made) == {path.name for path in FILES}
    differ = [path.name for path in FILES if path.read_text("utf-8") != made[path.name]]
    assert not differ, "run python -m tests.vectors.generate"


def test_there_are_at_least_150_cases_good_and_bad() -> None:
    assert len(CASES) >= 150
    assert sum("error" in case["expect"] for _, case in CASES) >= 60


def test_each_case_has_a_name_of_its_own_and_a_clause_of_the_specification() -> None:
    spec = (ROOT / "protocol" / "SPEC.md").read_text("utf-8")
    clauses = set(re.findall(r"^- \*\*(\d+\.\d+)\*\*", spec, re.M))
    named = [(subject, case["name"]) for subject, case in CASES]
    assert len(set(named)) == len(named)
    assert {case["clause"] for _, case in CASES} <= clauses


def test_codes_are_those_of_the_specification() -> None:
    spec = (ROOT / "protocol" / "SPEC.md").read_text("utf-8")
    known = set(CODES.findall(spec)) | {"step"}
    assert {case["expect"]["error"] for _, case in CASES if "error" in case["expect"]} <= known
