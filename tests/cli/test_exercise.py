"""`xstock exercise run flood --json`: one object alone on stdout, and nothing promised twice, lost or unprovable."""

import json
from pathlib import Path

import pytest

from tests.processes import xstock
from tests.shared import sample


def played(*words: str) -> dict[str, object]:
    done = xstock("exercise", "run", "flood", "--json", *words, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    found: dict[str, object] = json.loads(done.stdout)
    return found


def checks(found: dict[str, object]) -> dict[str, str]:
    rows = found["checks"]
    assert isinstance(rows, list)
    assert [row["id"] for row in rows] == [f"K{n}" for n in range(1, 16)]
    return {row["id"]: row["result"] for row in rows}


def test_the_exercise_of_the_product_ends_well() -> None:
    found = played()
    assert found["requests"] == 11 and isinstance(found["operations"], int) and found["operations"] >= 6
    zero = ("double_promises", "lost_acknowledged", "unverifiable_operations")
    assert [found[name] for name in zero] == [0, 0, 0]
    shares = found["need_covered_share"]
    assert isinstance(shares, dict) and len(shares) == 6
    assert all(0 <= x["share"] <= x["bound"] + 0.001 for x in shares.values())
    assert "fail" not in checks(found).values()


@pytest.mark.slow
def test_the_flood_of_the_samples_meets_every_expected_figure() -> None:
    found = played("--data", str(sample("exercise-flood.json")))
    assert set(checks(found).values()) == {"pass"}
    assert found["operations"] == 34


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    done = xstock("exercise", "run", "flood", "--json", "--data", str(tmp_path / "none.json"))
    assert done.returncode == 2 and json.loads(done.stdout)["error"]["code"] == "no-file"
