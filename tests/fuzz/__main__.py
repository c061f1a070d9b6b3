"""`python -m tests.fuzz [--inputs N] [--seed N] [--hex INPUT] [target ...]`: one JSON line a target.

`--hex` gives one input to one target, to replay what a run found.
"""

import argparse
import json
import sys

from tests.fuzz.running import Found, one, run
from tests.fuzz.targets import BY_NAME


def main(arguments: list[str]) -> int:
    """Run the chosen targets, or all; 1 when one of them broke a rule."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--inputs", type=int, default=1_000_000, help="inputs for each target")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hex", help="one input, for one target")
    parser.add_argument("targets", nargs="*", metavar="target", help=" ".join(BY_NAME))
    chosen = parser.parse_args(arguments)
    unknown = set(chosen.targets) - set(BY_NAME)
    if unknown:
        parser.error(f"expected some of {' '.join(BY_NAME)}; came {' '.join(sorted(unknown))}")
    failed = False
    for name in chosen.targets or BY_NAME:
        try:
            if chosen.hex is not None:
                print(*one(BY_NAME[name], bytes.fromhex(chosen.hex), 0, 0))
                continue
            print(json.dumps(run(BY_NAME[name], chosen.inputs, chosen.seed)._asdict()), flush=True)
        except Found as found:
            failed = True
            print(json.dumps({"target": name, "failure": str(found)}), flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
