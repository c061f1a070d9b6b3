"""`xstock exercise run flood --json`: one object alone on stdout, and nothing promised twice, lost or unprovable."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
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
    real = [f"R{n}" for n in range(1, 4) if len(rows) > 15]
    assert [row["id"] for row in rows] == [f"K{n}" for n in range(1, 16)] + real
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
    timeline = found["timeline"]
    assert isinstance(timeline, list)
    assert [(one["kind"], one["result"]) for one in timeline] == [
        (kind, "played") for kind in ("partition", "restore", "slow_line", "closure", "wet_stock")
    ]


@pytest.mark.slow
def test_on_processes_it_ends_as_well_and_the_faults_of_the_story_were_faults() -> None:
    found = played("--real")
    assert found["nodes"] == 6 and found["requests"] == 11
    assert isinstance(found["operations"], int) and found["operations"] >= 6
    zero = ("double_promises", "lost_acknowledged", "unverifiable_operations")
    assert [found[name] for name in zero] == [0, 0, 0]
    assert isinstance(found["seconds"], float) and found["seconds"] < 180
    shares = found["need_covered_share"]
    assert isinstance(shares, dict) and len(shares) == 6
    assert all(0 < x["share"] <= x["bound"] + 0.001 for x in shares.values())
    results = checks(found)
    assert "fail" not in results.values()
    assert {results[id_] for id_ in ("K1", "K2", "K3", "K6", "K12", "R1", "R2", "R3")} == {"pass"}


@pytest.mark.slow
def test_the_flood_of_the_samples_meets_every_expected_figure() -> None:
    found = played("--data", str(sample("exercise-flood.json")))
    assert {id_ for id_, result in checks(found).items() if result != "pass"} == {"K15"}
    assert found["operations"] == 34 and found["events_played"] == 37
    assert isinstance(found["seconds"], float) and found["seconds"] < 45


@pytest.mark.slow
def test_the_flood_of_the_samples_ends_well_on_processes() -> None:
    found = played("--real", "--data", str(sample("exercise-flood.json")))
    results = checks(found)
    assert {id_ for id_, result in results.items() if result != "pass"} == {"K11", "K14", "K15"}
    assert {results[id_] for id_ in ("K11", "K14", "K15")} == {"not exercised"}
    assert found["operations"] == 34


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    done = xstock("exercise", "run", "flood", "--json", "--data", str(tmp_path / "none.json"))
    assert done.returncode == 2 and json.loads(done.stdout)["error"]["code"] == "no-file"


@pytest.mark.slow
def test_a_node_that_does_not_start_is_told_with_its_words_and_nothing_is_left(tmp_path: Path) -> None:
    place = tmp_path / ("far" * 30)
    place.mkdir()
    done = run_in(place, "exercise", "run", "flood", "--real", "--json")
    said, _ = done.communicate(timeout=60)
    error = json.loads(said)["error"]
    assert done.returncode == 1 and error["code"] == "not-started"
    assert "long-path" in error["came"] and "exercise.example to start" in error["expected"]
    assert not orphans(place) and not [*place.iterdir()]


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_every_process_and_removes_every_folder(end: signal.Signals) -> None:
    with tempfile.TemporaryDirectory(prefix="x") as folder:
        place = Path(folder)
        done = run_in(place, "exercise", "run", "flood", "--real")
        assert done.stderr is not None
        while "see" not in (line := done.stderr.readline()):
            assert line, "it ended early"
        assert len(orphans(place)) == 6
        done.send_signal(end)
        done.communicate(timeout=30)
        assert done.returncode == 130
        assert not orphans(place) and not [*place.iterdir()]


def run_in(place: Path, *words: str) -> "subprocess.Popen[str]":
    """A verb that puts its temporary files into a place."""
    command = [sys.executable, "-m", "xstock_node", *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=os.environ | {"TMPDIR": str(place)})


def orphans(place: Path) -> list[int]:
    """The processes that serve a folder in a place."""
    found = psutil.process_iter(["pid", "cmdline"])
    return [one.pid for one in found if any(str(place) in word for word in one.info["cmdline"] or ())]
