"""`make points`: each promise of tests/acceptance.toml, whether it holds now, its last figure and commit.

Quick tests are run; a promise that a slow make target shows keeps its last figure and says which target.
"""

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


def main() -> int:
    """Run the quick ones and print a line a point; 1 when one does not hold."""
    points = tomllib.loads((ROOT / "tests" / "acceptance.toml").read_text("utf-8"))["point"]
    held = broken = 0
    for point in points:
        found = state(point)
        held += found.startswith("holds")
        broken += found == "BROKEN"
        print(f"{point['label']:<4} {found:<7} {point['promise']}")
        print(f"             figure: {point.get('figure') or 'none'}   commit: {point.get('commit') or 'none'}")
        if point.get("slow"):
            print(f"             also shown by: {point['slow']}")
    print(f"{held} of {len(points)} hold (* by the figure of the last slow run)")
    return int(broken > 0)


def state(point: dict[str, Any]) -> str:
    """`holds` or `BROKEN` by its tests; `holds*` by the figure of its last slow run; `open` without one."""
    tests = point.get("tests", [])
    if not tests:
        return "holds*" if point.get("figure") and point.get("commit") else "open"
    command = [sys.executable, "-m", "pytest", "-x", "-m", "not slow and not tryton", *tests]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    passed = run.returncode == 0 and " passed" in run.stdout
    if passed and " skipped" in run.stdout:
        return "open"  # something that it needs is not on this machine
    if not passed:
        print(run.stdout[-1500:], file=sys.stderr)
    return "holds" if passed else "BROKEN"


if __name__ == "__main__":
    sys.exit(main())
