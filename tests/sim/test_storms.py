"""Short storms: nothing is violated, every kind of fault occurs, and a seed is a history."""

import os
import re
import subprocess
import sys
from collections import Counter

import pytest

from tests.sim import runs
from xstock_node.testing.faults import FAULTS
from xstock_node.testing.storm import Plan, Result, run

pytestmark = pytest.mark.heavy

SMALL = Plan(0, nodes=7, storms=1, minutes=40, active=4, pause=40, work=40)
SCRIPT = "from tests.sim.test_storms import digest_of; print(digest_of(5))"


def small(seed: int) -> Plan:
    """A storm of some seconds."""
    return Plan(seed, SMALL.nodes, SMALL.storms, SMALL.minutes, SMALL.active, SMALL.hidden, SMALL.pause, SMALL.work)


def digest_of(seed: int) -> str:
    """The history of one short storm."""
    return run(Plan(seed, nodes=5, storms=1, minutes=15, active=4, pause=15, work=40)).digest


def test_short_storms_violate_nothing_and_every_fault_occurs() -> None:
    faults: Counter[str] = Counter()
    for seed in range(1, 4):
        result = run(small(seed))
        assert result.violations == [], f"seed {seed}: {result.notes}"
        assert result.node_hours > 3 and result.messages > 1000
        faults += result.faults
    assert set(faults) == set(FAULTS)
    assert len(FAULTS) >= 12


def test_a_seed_gives_one_history_in_any_process() -> None:
    found = set()
    for hashing in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hashing}
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], cwd=runs.ROOT, env=environment, capture_output=True, text=True, check=True
        )
        found.add(done.stdout.strip())
    assert len(found) == 1
    assert re.fullmatch("[0-9a-f]{64}", found.pop())
    assert digest_of(5) != digest_of(6)


def test_the_closing_line_counts_what_was_run() -> None:
    total = runs.Total()
    total.add(Result(1, 12.4, Counter({"loss": 3, "crash": 2}), Counter({"loss": 90}), ["I1 at 3 s: gone"]))
    assert total.line() == "12 node-hours, 5 faults of 2 kinds, 1 violations"


def test_what_was_not_tried_is_a_violation() -> None:
    total = runs.Total()
    work = Counter(dict.fromkeys(("case", "confirmation", "secret"), 1))
    total.add(Result(1, 3000.0, Counter(dict.fromkeys(FAULTS, 1)), work))
    assert runs.missing(total, 0.0) == []
    assert any("node-hours" in line for line in runs.missing(total, 1e6))
    del total.faults["restore"]
    assert any("no restore" in line for line in runs.missing(total, 0.0))


def test_a_failure_says_how_to_replay_it(capsys: pytest.CaptureFixture[str]) -> None:
    runs.explain(Result(77, violations=["I3 at 5 s: digests differ"], notes=["n001 holds nothing"]))
    said = capsys.readouterr().err
    assert "VIOLATION I3" in said and "n001 holds nothing" in said
    assert re.search(r"seed 77, commit [0-9a-f]{12}(-dirty)?; replay: python\S* -m tests.sim replay --seed 77", said)
