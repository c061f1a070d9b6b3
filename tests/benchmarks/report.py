"""`make bench-report`: the figures of one run of `make bench`, kept beside this file, and the table of the README.

`python -m tests.benchmarks.report run` runs the benchmarks first; without it the table is made of the kept figures.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
KEPT: Final = HERE / "figures.jsonl"
README: Final = HERE.parent.parent / "README.md"
BEGIN, END = "<!-- figures: make bench-report -->\n", "<!-- end of figures -->\n"
BEFORE: Final = "## First node\n"
SECTION: Final = (
    "## Figures\n\nOf one run on two cores, loopback; what stands beside is measured in the same run"
    " (`make bench-report`).\n\n"
)
Figures = dict[tuple[str, Any], dict[str, Any]]


def read(lines: list[str]) -> Figures:
    """The figures of a run, by benchmark and size."""
    found = [json.loads(line) for line in lines if line.startswith("{")]
    sizes = ("records", "processes")
    return {(row["bench"], next((row[s] for s in sizes if s in row), row.get("order"))): row for row in found}


def ratio(one: float, other: float) -> str:
    """How many times."""
    return f"{one / other:.2f}" if other else "-"


def rows(found: Figures) -> list[tuple[str, str, str, str]]:
    """What, here, beside it in the same run, ratio; a row whose benchmark was not run is left out."""
    made: list[Callable[[], tuple[str, str, str, str]]] = [
        lambda: _cold(found["cold sync", 100_000], found["floor insert", 100_000]),
        lambda: _spread(found["propagation", 30], found["propagation of hypercore", 30]),
        lambda: _search(found["search over HTTP", 1_000_000], found["search over HTTP, datasette", 1_000_000]),
        lambda: _held(found["search over HTTP", 1_000_000]),
        lambda: _idle(found["idle pair", None]),
        lambda: ("node at rest, without console", f"{found['memory', None]['serve_resident_mb']} MB", "", ""),
    ]
    table = []
    for make in made:
        try:
            table.append(make())
        except KeyError:
            continue
    return table


def _cold(ours: dict[str, Any], floor: dict[str, Any]) -> tuple[str, str, str, str]:
    here = f"{ours['us_per_record_client']} us of CPU a record, {ours['records_per_s']:,} records/s"
    beside = f"inserting the same rows into SQLite: {floor['us_per_record']} us"
    return "cold sync of 100,000 offers, verified, durable, searchable", here, beside, f"{ours['client_of_inserting']}"


def _spread(ours: dict[str, Any], peer: dict[str, Any]) -> tuple[str, str, str, str]:
    here = f"median {ours['all_median_ms']} ms, at most {ours['all_max_ms']} ms"
    beside = f"Hypercore: median {peer['all_median_ms']} ms, at most {peer['all_max_ms']} ms"
    return "30 processes all see an offer", here, beside, ratio(ours["all_median_ms"], peer["all_median_ms"])


def _search(ours: dict[str, Any], peer: dict[str, Any]) -> tuple[str, str, str, str]:
    here = f"{ours['a_second']:,}/s, p50 {ours['p50_ms']} ms, p99 {ours['p99_ms']} ms"
    beside = f"datasette: {peer['a_second']:,}/s, p99 {peer['p99_ms']} ms"
    return "search over HTTP at 1,000,000 offers", here, beside, ratio(ours["a_second"], peer["a_second"])


def _held(ours: dict[str, Any]) -> tuple[str, str, str, str]:
    return "memory with 1,000,000 offers held, after 2,000 searches", f"{ours['memory_after_mb']} MB", "", ""


def _idle(pair: dict[str, Any]) -> tuple[str, str, str, str]:
    return "idle pair", f"{pair['wire_bytes_a_minute'] * 60 / 1000:.0f} kB an hour", "", ""


def table(found: Figures) -> str:
    """The table as it stands in the README."""
    lines = ["| what | here | beside it in the same run | ratio |", "|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows(found))]) + "\n"


def put(text: str, made: str) -> str:
    """The README with a new table; the first one gets a section of its own before that of the first node."""
    if BEGIN not in text:
        text = text.replace(BEFORE, f"{SECTION}{BEGIN}{END}\n{BEFORE}", 1)
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{made}{END}{after}"


def main() -> int:
    """Run where asked, keep the figures, write the table."""
    if sys.argv[1:2] == ["run"]:
        command = [sys.executable, "-m", "tests.benchmarks", *sys.argv[2:]]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            lines = []
            for line in process.stdout:
                print(line, end="", flush=True)
                lines.append(line)
        if process.returncode:
            return process.returncode
        kept = read(KEPT.read_text("utf-8").splitlines() if KEPT.exists() else []) | read(lines)
        KEPT.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept.values()), "utf-8")
    made = table(read(KEPT.read_text("utf-8").splitlines()))
    README.write_text(put(README.read_text("utf-8"), made), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
