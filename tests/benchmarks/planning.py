"""Allocation: 60 depots x 40 sites x 30 items by HiGHS and by the plain plan, with the proved gap and every limit."""

from tests.benchmarks.measure import peak_mb, report, timed
from tests.domain.plans import made
from xstock_node.domain.allocation import make_plan
from xstock_node.domain.allocation_check import violations

SEEDS = (1, 2, 3)
DENSITIES = (0.5, 1.0)


def run() -> None:
    """Half of the items in a depot and asked for at a site, as a network of stores has them; then all of them."""
    make_plan(made(3, 3, 3, 0))  # loads the solver
    for density in DENSITIES:
        for seed in SEEDS:
            _run(seed, density)


def _run(seed: int, density: float) -> None:
    inputs = made(60, 40, 30, seed, density, density)
    for solver in (True, False):
        began = timed()
        plan = make_plan(inputs, solver)
        seconds = timed() - began
        report(
            "plan",
            solver=plan.solver,
            seed=seed,
            density=density,
            offers=len(inputs.offers),
            lines=len(inputs.needs),
            seconds=round(seconds, 2),
            gap=None if plan.gap is None else float(plan.gap),
            value=float(plan.value),
            flows=len(plan.flows),
            vehicles=sum(trips.count for trips in plan.trips),
            violations=len(violations(plan, inputs)),
            peak_mb=round(peak_mb()),
        )
