"""`make bench`: all figures as JSON lines, each beside the floor measured in the same run.

`make bench BENCH="cold publish"` runs some: publish, cold, propagation, idle, search, plan, console, memory.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks import (
    cold_sync,
    console,
    corpus,
    floor,
    planning,
    propagation,
    publishing,
    search_http,
    searching,
    shared_sync,
)
from tests.benchmarks.measure import report, resident_mb

ALL = ("publish", "cold", "propagation", "idle", "search", "plan", "console", "memory")


def main(chosen: list[str]) -> None:
    """Run the chosen ones, or all."""
    wanted = chosen or list(ALL)
    unknown = set(wanted) - set(ALL)
    if unknown:
        sys.exit(f"expected some of {' '.join(ALL)}; came {' '.join(unknown)}")
    floor.durable_commits()
    if "publish" in wanted:
        publishing.run(*floor.publish_floor(corpus.lines(20_000, publishing.NOW, 5)))
    if "cold" in wanted:
        least = floor.cold_sync_floor(corpus.lines(100_000, publishing.NOW, 5))
        rate = cold_sync.run(100_000)
        report("cold sync ratio", of_floor=round(rate / least, 2))
        shared_sync.run()
    if "propagation" in wanted:
        propagation.run(6)
        propagation.run(30)
        propagation.run_beside(30)
    if "idle" in wanted:
        propagation.idle()
    if "search" in wanted:
        searching.run(100_000)
        searching.run(1_000_000)
        search_http.run(1_000_000)
    if "plan" in wanted:
        planning.run()
    if "console" in wanted:
        console.run()
    if "memory" in wanted:
        serve_memory()


def serve_memory() -> None:
    """What `xstock serve` holds once it is ready and quiet."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "node"
        base = [sys.executable, "-m", "xstock_node"]
        subprocess.run([*base, "init", "--name", "one.bench.example", "--home", home], check=True, capture_output=True)
        process = subprocess.Popen([*base, "serve", "--home", home], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert process.stdout
        process.stdout.readline()
        time.sleep(3)
        report("memory", serve_resident_mb=round(resident_mb(process.pid), 1))
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main(sys.argv[1:])
