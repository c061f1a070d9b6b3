"""`python -m tests.sim run|replay|convergence|restores`: what make calls for `sim`, `convergence` and `restores`."""

import argparse
import os
import sys

from tests.sim import runs


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.sim", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    storm = verbs.add_parser("run", help="storms until a number of node-hours is reached")
    storm.add_argument("--hours", type=float, default=2000.0)
    storm.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    storm.add_argument("--first", type=int, default=1, help="the first seed")
    again = verbs.add_parser("replay", help="one seed once more")
    again.add_argument("--seed", type=int, required=True)
    chosen = parser.parse_args()
    if chosen.verb == "run":
        return runs.storms(chosen.hours, chosen.workers, chosen.first)
    return runs.replay(chosen.seed)


if __name__ == "__main__":
    sys.exit(main())
