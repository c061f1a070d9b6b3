"""The table of threats: each row of protocol and transport is there, says what is not shown, and its tests exist."""

import ast
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROWS = tomllib.loads((ROOT / "tests" / "threats.toml").read_text("utf-8"))["threat"]
WANTED = {*(str(number) for number in range(1, 16)), "12a", "16a", "21", "22", "23", "24"}
FIELDS = {"row", "what", "check", "tests", "slow", "later", "gap"}


def functions(path: Path) -> set[str]:
    """Test functions of a file, by its text alone."""
    return {
        node.name
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }


def is_there(test: str) -> bool:
    """Whether a test `path::function` exists."""
    path, _, name = test.partition("::")
    return (ROOT / path).is_file() and name in functions(ROOT / path)


def test_every_row_of_protocol_and_transport_is_in_the_table_once() -> None:
    rows = [row["row"] for row in ROWS]
    assert len(set(rows)) == len(rows)
    assert set(rows) >= WANTED


@pytest.mark.parametrize("row", ROWS, ids=[row["row"] for row in ROWS])
def test_a_row_says_what_shows_it_or_why_nothing_does(row: dict[str, str]) -> None:
    assert row["what"] and row["check"] and set(row) <= FIELDS
    assert bool(row["tests"]) != bool(row.get("later"))
    assert row["row"] not in WANTED or row["tests"]
    assert [test for test in row["tests"] if not is_there(test)] == []


def test_targets_that_are_named_for_the_full_numbers_exist_or_are_promised() -> None:
    targets = {line.partition(":")[0] for line in (ROOT / "Makefile").read_text("utf-8").splitlines() if ":" in line}
    promised = (ROOT / "tests" / "acceptance.toml").read_text("utf-8")
    for row in ROWS:
        for target in filter(None, row.get("slow", "").split(", ")):
            assert target.removeprefix("make ") in targets or f'slow = "{target}"' in promised


def test_a_test_that_is_gone_is_noticed() -> None:
    assert is_there("tests/test_threats.py::test_a_test_that_is_gone_is_noticed")
    assert not is_there("tests/test_threats.py::test_that_never_was")
    assert not is_there("tests/test_never.py::test_that_never_was")
