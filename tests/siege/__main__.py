"""`make siege`: bombs, held sockets and floods against a real node; one JSON line each, 1 where one does not hold.

All of it stays on this machine's loopback, bounded in number and time: about four minutes.
"""

import json
import os
import resource
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tests.siege import bombs, flood, holding

RUNS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "bombs": bombs.requests_,
    "answers": bombs.answers,
    "held": holding.hold,
    "forged": partial(flood.flood, kind=flood.KINDS[0]),
    "names": partial(flood.flood, kind=flood.KINDS[1]),
    "unsigned": partial(flood.flood, kind=flood.KINDS[2]),
}
FLOODS = ("forged", "names", "unsigned")


def main() -> int:
    """Run all, or those named."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    chosen = sys.argv[1:] or list(RUNS)
    held = True
    for name in chosen:
        if name in FLOODS and (lacking := flood.missing()):
            print(f"{name} needs {lacking}: not run", file=sys.stderr)
            held = held and os.environ.get("CI") != "true"
            continue
        with tempfile.TemporaryDirectory() as folder:
            found = RUNS[name](Path(folder))
        print(json.dumps(found), flush=True)
        held = held and found["holds"]
    return int(not held)


if __name__ == "__main__":
    sys.exit(main())
