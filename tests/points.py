"""`make points`: each promise of tests/acceptance.toml, whether it holds now, its last figure and commit.

Quick tests are run, all of them once; a promise that heavy tests or a slow make target show too holds by its last
figure (`holds*`). `POINTS="G1 G2"` looks at a few, `POINTS=--heavy` runs the heavy tests too.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

ROOT = Path(__file__).parent.parent
WORKERS = os.environ.get("WORKERS", "auto")
Outcomes = Mapping[tuple[str, str], str]
"""`passed`, `skipped`, `failed` or `left out` of each test, by its dotted module and its name."""


def main() -> int:
    """Run the quick ones and print a line a point; 1 when one does not hold."""
    options = argparse.ArgumentParser(prog="make points", description=__doc__)
    options.add_argument("labels", nargs="*", help="only these points")
    options.add_argument("--heavy", action="store_true", help="run the heavy tests too")
    asked = options.parse_args()
    points = tomllib.loads((ROOT / "tests" / "acceptance.toml").read_text("utf-8"))["point"]
    unknown = set(asked.labels) - {point["label"] for point in points}
    if unknown:
        options.error(f"expected labels of tests/acceptance.toml; came {' '.join(sorted(unknown))}")
    chosen = [point for point in points if not asked.labels or point["label"] in asked.labels]
    outcomes = run({test for point in chosen for test in point["tests"]}, asked.heavy)
    found = [state(point, outcomes) for point in chosen]
    for point, holds in zip(chosen, found, strict=True):
        print(f"{point['label']:<4} {holds:<7} {point['promise']}")
        print(f"             figure: {point.get('figure') or 'none'}   commit: {point.get('commit') or 'none'}")
        if point.get("slow"):
            print(f"             also shown by: {point['slow']}")
    print(f"{sum(holds.startswith('holds') for holds in found)} of {len(found)} hold (* by the last figure)")
    return int("BROKEN" in found)


def run(tests: Iterable[str], heavy: bool = False, workers: str = WORKERS) -> dict[tuple[str, str], str]:
    """Run tests, files or folders of them, and how each ended. What went wrong is printed to stderr."""
    tests = sorted(tests)
    if not tests:
        return {}
    marks = "not slow and not tryton" + ("" if heavy else " and not heavy")
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told.xml"
        command = [sys.executable, "-m", "pytest", "-n", workers, "--dist", "worksteal", "-m", marks]
        ended = subprocess.run(
            [*command, f"--junitxml={told}", *tests], cwd=ROOT, capture_output=True, text=True, check=False
        )
        if ended.returncode not in (0, 1, 5):  # 1: some failed, 5: all are heavy
            raise SystemExit(ended.stdout[-1000:] + ended.stderr[-1000:])
        if ended.returncode == 1:
            print(ended.stdout[-3000:], ended.stderr[-1000:], file=sys.stderr)
        cases = ElementTree.parse(told).iter("testcase")  # noqa: S314 our own run wrote it
        ran = {(case.get("classname", ""), case.get("name", "")): _outcome(case) for case in cases}
    return ran if heavy else dict.fromkeys(_heavy(tests), "left out") | ran


def _heavy(tests: Sequence[str]) -> list[tuple[str, str]]:
    """The heavy ones among tests, by module and name."""
    options = ["-n0", "--collect-only", "-o", "addopts=-q --import-mode=importlib", "-m", "heavy"]
    command = [sys.executable, "-m", "pytest", *options, *tests]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    places = (
        line.partition("::") for line in found.splitlines() if "::" in line and " " not in line.partition("::")[0]
    )
    return [(_module(path), name) for path, _, name in places]


def state(point: Mapping[str, Any], outcomes: Outcomes) -> str:
    """`holds` or `BROKEN` by its tests; `holds*` by the figure of its last slow run too; `open` without one."""
    found = {outcome for test in point["tests"] for outcome in _of(test, outcomes)}
    if "failed" in found:
        return "BROKEN"
    if "skipped" in found:
        return "open"  # something that it needs is not on this machine
    if found == {"passed"}:
        return "holds"
    return "holds*" if point.get("figure") and point.get("commit") else "open"


def _of(test: str, outcomes: Outcomes) -> list[str]:
    """How the tests of a file, a folder or `file::test` ended."""
    path, _, name = test.partition("::")
    module = _module(path)
    return [
        outcome
        for (where, case), outcome in outcomes.items()
        # What could not be collected is told by its module alone.
        for place in (where or case,)
        if f"{place}.".startswith(f"{module}.") and (not name or case.partition("[")[0] == name or not where)
    ]


def _module(path: str) -> str:
    return path.removesuffix(".py").strip("/").replace("/", ".")


def _outcome(case: ElementTree.Element) -> str:
    told = {child.tag for child in case}
    return "failed" if told & {"failure", "error"} else "skipped" if "skipped" in told else "passed"


if __name__ == "__main__":
    sys.exit(main())
