"""A planted bug of each invariant is caught by a short run, and the same run without it is clean."""

import pytest

from tests.sim.mutants import MUTANTS, plan, planted
from xstock_node.testing import invariants
from xstock_node.testing.storm import run

SEEDS = 12


@pytest.mark.heavy
@pytest.mark.parametrize("name", MUTANTS)
def test_a_planted_bug_is_caught(name: str) -> None:
    for seed in range(1, SEEDS + 1):
        with planted(name):
            found = run(plan(name, seed)).violations
        if any(violation.startswith(MUTANTS[name].caught_by) for violation in found):
            assert run(plan(name, seed)).violations == [], "the fault is found without the bug too"
            return
    pytest.fail(f"not noticed in {SEEDS} runs: {name}")


def test_every_invariant_has_a_mutant() -> None:
    tried = {label for mutant in MUTANTS.values() for label in mutant.caught_by}
    assert len(MUTANTS) >= 10
    assert {one.label for one in invariants.INVARIANTS} <= tried


def test_each_invariant_has_a_check() -> None:
    assert {one.label for one in invariants.INVARIANTS} == {f"I{number}" for number in range(1, 11)}
