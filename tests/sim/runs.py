"""Storms within a budget of node-hours, a worker a core; a failure is replayed by its seed."""

import gc
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import count
from multiprocessing import get_context
from pathlib import Path

from xstock_node.testing.invariants import unproved
from xstock_node.testing.storm import Plan, Result, run

ROOT = Path(__file__).parent.parent.parent
KINDS_LEAST = 12
COLLECT_EVERY = 200_000


@dataclass
class Total:
    """What all runs came to."""

    node_hours: float = 0.0
    faults: Counter[str] = field(default_factory=Counter)
    effects: Counter[str] = field(default_factory=Counter)
    violations: int = 0
    messages: int = 0
    runs: int = 0
    lost: int = 0
    forks: int = 0

    def add(self, result: Result) -> None:
        """One more run."""
        self.runs += 1
        self.node_hours += result.node_hours
        self.faults += result.faults
        self.effects += result.effects
        self.violations += len(result.violations)
        self.messages += result.messages
        self.lost += result.lost
        self.forks += result.forks

    def line(self) -> str:
        """The closing line."""
        kinds = sum(1 for seen in self.faults.values() if seen)
        return (
            f"{self.node_hours:.0f} node-hours, {sum(self.faults.values())} faults of {kinds} kinds, "
            f"{self.violations} violations"
        )


def storms(hours: float, workers: int, first: int) -> int:
    """Run seeds from `first` on until their node-hours reach `hours` or one fails; 1 when anything does not hold."""
    total = Total()
    for result in _results(hours, workers, first):
        total.add(result)
        said = f"seed {result.seed}: {result.node_hours:.0f} node-hours, {sum(result.faults.values())} faults"
        print(f"{said}, {result.messages} messages, history {result.digest[:16]}", file=sys.stderr, flush=True)
        if result.violations:
            explain(result)
    for what in missing(total, hours):
        total.violations += 1
        print(what, file=sys.stderr)
    print(f"faults: {dict(total.faults.most_common())}", file=sys.stderr)
    print(f"touched: {dict(total.effects.most_common())}", file=sys.stderr)
    print(
        f"{total.runs} runs, {total.messages} messages, {total.forks} forks by copied nodes, {total.lost} records gone "
        "with the last disk that held them",
        file=sys.stderr,
    )
    print(total.line(), flush=True)
    return int(total.violations > 0)


def missing(total: Total, hours: float) -> list[str]:
    """What the runs did not show, because a fault did not occur or they ended early."""
    kinds = sum(1 for seen in total.faults.values() if seen)
    few = [f"only {kinds} kinds of fault, {KINDS_LEAST} are needed"] if kinds < KINDS_LEAST else []
    few += [f"only {total.node_hours:.0f} of {hours:.0f} node-hours"] if total.node_hours < hours else []
    return few + unproved(total.faults | total.effects)


def explain(result: Result) -> None:
    """What failed, and how to see it again."""
    for violation in result.violations:
        print(f"VIOLATION {violation}", file=sys.stderr)
    for note in result.notes:
        print(f"  {note}", file=sys.stderr)
    print(f"seed {result.seed}, commit {commit()}; replay: {replay_line(result.seed)}", file=sys.stderr, flush=True)


def replay_line(seed: int) -> str:
    """The command that runs one seed again."""
    return f"{Path(sys.executable).name} -m tests.sim replay --seed {seed}"


def commit() -> str:
    """The commit of the working tree, marked where it was changed since."""
    described = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return described.stdout.strip() or "unknown"


def replay(seed: int) -> int:
    """One seed once more, with everything it says."""
    result = run(_plan(seed))
    total = Total()
    total.add(result)
    if result.violations:
        explain(result)
    print(f"seed {seed}: history {result.digest}", file=sys.stderr)
    print(total.line())
    return int(bool(result.violations))


def _plan(seed: int) -> Plan:
    """25 nodes; two storms of ten hours in which people work an eighth of the time: three hours a day."""
    return Plan(seed, minutes=600, pause=600, nights=7)


def _run(plan: Plan) -> Result:
    """One run in a worker, whose rubbish is collected less often: what a world holds lives as long as the world."""
    gc.set_threshold(COLLECT_EVERY, 20, 20)
    return run(plan)


def _results(hours: float, workers: int, first: int) -> Iterator[Result]:
    """Results as they come; no run is started once the budget is in sight."""
    seeds, done, each = count(first), 0.0, 0.0
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        running: set[Future[Result]] = {pool.submit(_run, _plan(next(seeds))) for _ in range(workers)}
        while running:
            ended, running = wait(running, return_when=FIRST_COMPLETED)
            for future in ended:
                result = future.result()
                done, each = done + result.node_hours, max(each, result.node_hours)
                if not result.violations and done + len(running) * each * 0.99 < hours:
                    running.add(pool.submit(_run, _plan(next(seeds))))
                yield result
