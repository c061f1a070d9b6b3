"""Every clause of the specification is cited beside its check in the program, and covered by a vector or a test.

A citation is `xs1 6.4`; `xs1 8.1 to 8.3` and `xs1 14.12, 15.2` name several.
"""

import json
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPEC = (ROOT / "protocol" / "SPEC.md").read_text("utf-8")
CLAUSES = re.findall(r"^- \*\*(\d+\.\d+)\*\*", SPEC, re.M)
_CITED = re.compile(r"xs1 (\d+\.\d+(?:(?:, | and | to )\d+\.\d+)*)")

# Clauses that only say how to read the others. None is left: even those on spelling have their check.
EDITORIAL: dict[str, str] = {}

# Clauses that this program does not keep yet, wholly or in part, and what is missing. Who keeps one removes it here.
OPEN: dict[str, str] = {}


def clauses_in(text: str) -> set[str]:
    """The clauses that a text cites."""
    found: set[str] = set()
    for cited in _CITED.findall(text):
        for part in re.split(r", | and ", cited):
            first, _, last = part.partition(" to ")
            section, number = first.split(".")
            end = int(last.split(".")[1]) if last else int(number)
            found |= {f"{section}.{n}" for n in range(int(number), end + 1)}
    return found


def cited_in(paths: Iterable[Path]) -> set[str]:
    """The clauses that files cite."""
    return {clause for path in paths for clause in clauses_in(path.read_text("utf-8"))}


def in_code() -> set[str]:
    return cited_in(ROOT.glob("xstock_node/**/*.py"))


def in_tests() -> set[str]:
    """By tests and by vectors; what this file cites as an example does not count."""
    tests = (path for path in ROOT.glob("tests/**/*.py") if path != Path(__file__) and "generate" not in path.parts)
    vectors = (json.loads(path.read_text("utf-8")) for path in ROOT.glob("protocol/vectors/*.json"))
    return cited_in(tests) | {case["clause"] for vector in vectors for case in vector["cases"]}


def missing(found: set[str]) -> list[str]:
    return [clause for clause in CLAUSES if clause not in found and clause not in EDITORIAL]


def test_every_clause_is_cited_in_the_program() -> None:
    assert [clause for clause in missing(in_code()) if clause not in OPEN] == []


def test_every_clause_is_covered_by_a_vector_or_a_test() -> None:
    assert [clause for clause in missing(in_tests()) if clause not in OPEN] == []


def test_what_is_said_to_be_open_is_open() -> None:
    assert set(OPEN) <= set(missing(in_code())), "kept now: take it out of OPEN"


def test_no_citation_names_a_clause_that_is_not_there() -> None:
    assert (in_code() | in_tests()) - set(CLAUSES) == set()


def test_clauses_are_numbered_without_gaps_and_exceptions_are_clauses() -> None:
    last = {"0": 0}
    for clause in CLAUSES:
        section, number = clause.split(".")
        assert int(number) == last.get(section, 0) + 1, clause
        last[section] = int(number)
    assert set(EDITORIAL) <= set(CLAUSES) and all(EDITORIAL.values())


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("(xs1 6.4)", {"6.4"}),
        ("xs1 8.1 to 8.3", {"8.1", "8.2", "8.3"}),
        ("xs1 14.12, 15.2", {"14.12", "15.2"}),
        ("xs1 3.1 and 3.2", {"3.1", "3.2"}),
        ("clause 6.4, xs1, see.pub", set()),
    ],
)
def test_citations_are_read(text: str, clauses: set[str]) -> None:
    assert clauses_in(text) == clauses
