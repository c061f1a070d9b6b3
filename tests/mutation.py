"""What `mutmut run` left in `mutants/`, as figures: how many mutants of each file and group were killed, which live.

Several folders are read as one, where the files were run one after the other.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parent.parent
LEAST = 0.85
KILLED, UNTESTED = {1, 3, 24, 36, 152, 255, -24, -9, -11}, {5, 33}
"""Exit codes by which mutmut counts a mutant as killed (a failed test, a time-out), and as reached by no test."""
GROUPS = {"position": "reservations", "commitments": "reservations", "promises": "reservations"}
"""What a file bounds; plans are known by their names, all others are the operation itself."""


def main(folders: Iterable[Path]) -> int:
    """Print a line for each file, group and all together; 1 where fewer than 85 of 100 of a group were killed."""
    groups: dict[str, Counter[str]] = {}
    for path in sorted({path for folder in folders for path in folder.rglob("*.py.meta")}, key=lambda p: p.name):
        codes = json.loads(path.read_text("utf-8"))["exit_code_by_key"]
        found = Counter(_word(code) for code in codes.values())
        if found.keys() == {"not run"}:
            continue
        name = path.name.removesuffix(".py.meta")
        group = "allocation" if name.startswith("allocation") else GROUPS.get(name, "operations")
        groups.setdefault(group, Counter()).update(found)
        print(f"{name}: {_figures(found)}", file=sys.stderr)
        for key in sorted(key for key, code in codes.items() if _word(code) == "lives"):
            print(f"    {key}", file=sys.stderr)
    for group, found in groups.items():
        print(f"{group} as a group: {_figures(found)}", file=sys.stderr)
    whole = sum(groups.values(), Counter[str]())
    shares = {group: _share(found) for group, found in groups.items()}
    holds = bool(shares) and min(shares.values()) >= LEAST
    print(json.dumps({"mutants": whole.total(), **whole, "share": _share(whole), "groups": shares, "holds": holds}))
    return int(not holds)


def _figures(found: Counter[str]) -> str:
    rest = ", ".join(f"{found[word]} {word}" for word in ("untested", "not run") if found[word])
    return f"{found['killed']} of {found.total()} killed" + (f", {rest}" if rest else "")


def _share(found: Counter[str]) -> float:
    return round(found["killed"] / found.total(), 4) if found else 0.0


def _word(code: int | None) -> str:
    if code is None:
        return "not run"
    return "killed" if code in KILLED else "untested" if code in UNTESTED else "lives"


if __name__ == "__main__":
    sys.exit(main([Path(name) for name in sys.argv[1:]] or [ROOT / "mutants"]))
