"""`make power`: power cuts in ranges of seeds, a thousand cuts a seed; figures of several ranges add up.

`python -m tests.faults.power [FIRST_SEED] [SEEDS]`. Prints one JSON line; 1 where something acknowledged was lost, or
where a storage that asks for less, or a disk that lies, loses nothing: then the harness sees nothing.
"""

import asyncio
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.faults.power.cutting import build_recorder, cut_many

CUTS = 1_000


def main() -> int:
    """Cut and print."""
    first, seeds = (int(word) for word in [*sys.argv[1:3], *("1", "100")[len(sys.argv) - 1 :]])
    folder, began = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None)), time.monotonic()  # noqa: S108
    cuts, counts, broken = 0, Counter[str](), list[str]()
    try:
        library = build_recorder(folder)
        normal = asyncio.run(cut_many(folder, library, CUTS, first, normal=True))
        lying = asyncio.run(cut_many(folder, library, CUTS, first, lies=True))
        for seed in range(first, first + seeds):
            found = asyncio.run(cut_many(folder, library, CUTS, seed))
            cuts, broken = cuts + found.cuts, broken + found.broken
            counts.update(found.counts)
            if (seed - first) % 10 == 9:
                print(f"  {cuts} cuts, {len(broken)} losses", file=sys.stderr, flush=True)
    finally:
        shutil.rmtree(folder)
    figure = {
        "bench": "power cuts",
        "seeds": [first, first + seeds - 1],
        "cuts": cuts,
        "lost": len(broken),
        **counts,
        "synchronous=normal loses": normal.broken[:1],
        "lying disk loses": lying.broken[:1],
        "seconds": round(time.monotonic() - began),
    }
    holds = not broken and bool(normal.broken) and bool(lying.broken)
    print(json.dumps(figure | {"broken": broken[:5], "holds": holds}))
    return int(not holds)


if __name__ == "__main__":
    sys.exit(main())
