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
    "## Figures\n\nOf runs on two cores, loopback; what stands beside is measured in the same run"
    " (`make bench-report`).\n\n"
)
Row = tuple[str, str, str, str, str]
"""What, here, beside it in the same run, the ratio, and what is asked."""
Figures = dict[tuple[str, Any], dict[str, Any]]


def read(lines: list[str]) -> Figures:
    """The figures of a run, by benchmark and size."""
    found = [json.loads(line) for line in lines if line.startswith("{")]
    sizes = ("records", "processes")
    names = [f"{row['bench']} {row['order']}" if row["bench"].endswith("search") else row["bench"] for row in found]
    return {
        (name, next((row[s] for s in sizes if s in row), None)): row for name, row in zip(names, found, strict=True)
    }


def ratio(one: float, other: float) -> str:
    """How many times."""
    return f"{one / other:.2f}" if other else "-"


def rows(found: Figures) -> list[Row]:
    """The rows of the table; one whose benchmark was not run is left out."""
    made: list[Callable[[], Row]] = [
        lambda: _cold(found["cold sync", 100_000], found["floor insert", 100_000]),
        lambda: _spread(found["propagation", 30], found["propagation of hypercore", 30]),
        lambda: _within(found["search newest", 1_000_000], found["floor search newest", 1_000_000]),
        lambda: _search(found["search over HTTP", 1_000_000], found["search over HTTP, datasette", 1_000_000]),
        lambda: _held(found["search over HTTP", 1_000_000]),
        lambda: _idle(found["idle pair", None]),
        lambda: _rest(found["memory", None]),
    ]
    table = []
    for make in made:
        try:
            table.append(make())
        except KeyError:
            continue
    return table


def _cold(ours: dict[str, Any], floor: dict[str, Any]) -> Row:
    here = f"{ours['us_per_record_client']} us of CPU a record, {ours['records_per_s']:,} records/s"
    beside = f"inserting the same rows into SQLite: {floor['us_per_record']} us"
    return (
        "cold sync of 100,000 offers, verified, durable, searchable",
        here,
        beside,
        f"{ours['client_of_inserting']}",
        "at most 1.5",
    )


def _spread(ours: dict[str, Any], peer: dict[str, Any]) -> Row:
    here = f"median {ours['all_median_ms']} ms, at most {ours['all_max_ms']} ms"
    beside = f"Hypercore: median {peer['all_median_ms']} ms, at most {peer['all_max_ms']} ms"
    return (
        "30 processes all see an offer",
        here,
        beside,
        ratio(ours["all_median_ms"], peer["all_median_ms"]),
        "at most 1, and 2 s",
    )


def _search(ours: dict[str, Any], peer: dict[str, Any]) -> Row:
    here = f"{ours['a_second']:,}/s, p50 {ours['p50_ms']} ms, p99 {ours['p99_ms']} ms"
    beside = f"datasette: {peer['a_second']:,}/s, p99 {peer['p99_ms']} ms"
    return "search over HTTP at 1,000,000 offers", here, beside, ratio(ours["a_second"], peer["a_second"]), "at least 5"


def _held(ours: dict[str, Any]) -> Row:
    return "memory with 1,000,000 offers held, after 2,000 searches", f"{ours['memory_after_mb']} MB", "", "", "400 MB"


def _idle(pair: dict[str, Any]) -> Row:
    return "idle pair", f"{pair['wire_bytes_a_minute'] * 60 / 1000:.0f} kB an hour", "", "", "100 kB"


def _within(ours: dict[str, Any], floor: dict[str, Any]) -> Row:
    here = f"p50 {ours['p50_ms']} ms, p99 {ours['p99_ms']} ms"
    beside = f"the bare engine by prefix: p50 {floor['p50_ms']} ms, p99 {floor['p99_ms']} ms"
    return (
        "search within the node at 1,000,000 offers, newest first",
        here,
        beside,
        ratio(ours["p50_ms"], floor["p50_ms"]),
        "p99 15 ms",
    )


def _rest(found: dict[str, Any]) -> Row:
    return "node at rest, without console", f"{found['serve_resident_mb']} MB", "", "", "60 MB"


def table(found: Figures) -> str:
    """The table as it stands in the README."""
    lines = ["| what | here | beside it in the same run | ratio | asked |", "|---|---|---|---|---|"]
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
