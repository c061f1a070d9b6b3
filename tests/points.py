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
    broken = 0
    for point in points:
        state = _state(point)
        broken += state == "BROKEN"
        print(f"{point['label']:<4} {state:<7} {point['promise']}")
        print(f"             figure: {point.get('figure') or 'none'}   commit: {point.get('commit') or 'none'}")
        if point.get("slow"):
            print(f"             also shown by: {point['slow']}")
    print(f"{len(points) - broken} of {len(points)} hold")
    return int(broken > 0)


def _state(point: dict[str, Any]) -> str:
    if point.get("open"):
        return "open"
    tests = point.get("tests", [])
    if not tests:
        return "slow"
    command = [sys.executable, "-m", "pytest", "-q", "-x", *tests]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    passed = run.returncode == 0 and " passed" in run.stdout
    if not passed:
        print(run.stdout[-1500:], file=sys.stderr)
    return "holds" if passed else "BROKEN"


if __name__ == "__main__":
    sys.exit(main())
