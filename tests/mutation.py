"""What `mutmut run` left in `mutants/`, as figures: how many mutants of each file were killed, and which live."""

import json
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
KILLED, UNTESTED = {1, 3, 24, 36, 152, 255, -24, -9, -11}, {5, 33}
"""Exit codes by which mutmut counts a mutant as killed (a failed test, a time-out), and as reached by no test."""


def main(folder: Path) -> int:
    """Print one line a file and one JSON object; 1 where fewer than 85 of 100 were killed."""
    whole: Counter[str] = Counter()
    for path in sorted(folder.rglob("*.py.meta")):
        codes = json.loads(path.read_text("utf-8"))["exit_code_by_key"]
        found = Counter(_word(code) for code in codes.values())
        whole += found
        name = path.relative_to(folder).with_suffix("")
        print(f"{name}: {found['killed']} of {len(codes)} killed, {found['untested']} untested", file=sys.stderr)
        for key in sorted(key for key, code in codes.items() if _word(code) == "lives"):
            print(f"    {key}", file=sys.stderr)
    total = whole.total()
    share = whole["killed"] / total if total else 0.0
    print(json.dumps({"mutants": total, **whole, "share": round(share, 4), "holds": share >= 0.85}))
    return int(share < 0.85)


def _word(code: int | None) -> str:
    if code is None:
        return "not run"
    return "killed" if code in KILLED else "untested" if code in UNTESTED else "lives"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "mutants"))
