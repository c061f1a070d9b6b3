"""`python -m tests.models`: every world and every failing variant, one JSON line each, with the shortest trace."""

import json
import time

from tests.models.case_model import Rules
from tests.models.explore import Explorer
from tests.models.variants import FAILING, LARGER, PROTOCOL


def main() -> None:
    """Explore them all; the largest world takes half a minute."""
    for name, rules in (PROTOCOL | LARGER).items():
        show(name, rules, "")
    for name, (rules, kinds) in FAILING.items():
        for kind in kinds:
            show(name, rules, kind)


def show(name: str, rules: Rules, looks_for: str) -> None:
    """One exploration."""
    began = time.perf_counter()
    found = Explorer(rules, looks_for=looks_for).run()
    seconds = round(time.perf_counter() - began, 2)
    print(json.dumps({"model": name, "seconds": seconds, **found._asdict()}), flush=True)


if __name__ == "__main__":
    main()
