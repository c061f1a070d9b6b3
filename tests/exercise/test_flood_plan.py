"""A plan for all requests of the flood exercise: within every limit and below the fair bound, and it says why."""

from collections import defaultdict
from decimal import Decimal
from functools import cache

import pytest

from tests.exercise.flood import fair_plan, plan_inputs
from xstock_node.domain.allocation import make_plan
from xstock_node.domain.allocation_check import violations
from xstock_node.domain.allocation_types import Plan
from xstock_node.domain.plan_reasons import sentence

BOTH = pytest.mark.parametrize("solver", [True, False], ids=["highs", "plain"])


@cache
def planned(solver: bool) -> Plan:
    return make_plan(plan_inputs(), solver)


@BOTH
def test_the_plan_keeps_every_limit(solver: bool) -> None:
    found = planned(solver)
    assert violations(found, plan_inputs()) == []
    assert len(found.flows) > 60 and found.trips


@BOTH
def test_nobody_gets_more_than_the_fair_part_of_the_exercise(solver: bool) -> None:
    given: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for flow in planned(solver).flows:
        given[flow.item, flow.line[:2]] += flow.quantity
    over = {key for key, quantity in given.items() if quantity > fair_plan()[key[0]].of(key[1])}
    assert not over


@BOTH
def test_every_unmet_line_says_why_in_words(solver: bool) -> None:
    for line in planned(solver).lines:
        assert (line.unmet > 0) == bool(line.why)
        assert all(sentence(why) != why.code for why in line.why), line
    needs = {need.line: need for need in plan_inputs().needs}
    insulin = next(line for line in planned(solver).lines if needs[line.line].item == "insulin")
    assert sentence(insulin.why[-1]) == "nobody offers insulin: 185 more have to be found elsewhere"
    tents = next(
        line for line in planned(solver).lines if (needs[line.line].item, line.line[:2]) == ("tent_family_16", "HR")
    )
    assert "class_before" in [why.code for why in tents.why]


def test_the_solver_proves_how_near_it_is() -> None:
    pytest.importorskip("highspy")
    found = planned(True)
    assert found.gap is not None and found.gap <= Decimal("0.01")
    assert planned(False).value <= found.value
