"""`python -m tests.sim run|replay|convergence|restores`: what make calls for `sim`, `convergence` and `restores`."""

import argparse
import os
import sys

from tests.sim import convergence, many_logs, restores, runs


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
    spread = verbs.add_parser("convergence", help="how soon an offer is everywhere, and what 10,000 logs cost")
    spread.add_argument("--nodes", type=int, default=200)
    spread.add_argument("--offers", type=int, default=20)
    spread.add_argument("--logs", type=int, default=10_000)
    spread.add_argument("--seed", type=int, default=1)
    drill = verbs.add_parser("restores", help="restores of random age, of running machines, and two at once")
    drill.add_argument("--restores", type=int, default=10_000)
    drill.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1))
    drill.add_argument("--first", type=int, default=1, help="the first seed")
    chosen = parser.parse_args()
    if chosen.verb == "convergence":
        return convergence.run(chosen.nodes, chosen.offers, chosen.seed) or many_logs.run(chosen.logs)
    if chosen.verb == "restores":
        return restores.drill(chosen.restores, chosen.workers, chosen.first)
    if chosen.verb == "run":
        return runs.storms(chosen.hours, chosen.workers, chosen.first)
    return runs.replay(chosen.seed)


if __name__ == "__main__":
    sys.exit(main())
