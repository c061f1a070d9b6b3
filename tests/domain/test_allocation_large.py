"""Plans too large to be solved whole: the bound is that of the whole relaxation, and rounding loses next to nothing.

The gaps are what the rounding reached when it was measured, with a little room for another version of the solver.
"""

from decimal import Decimal
from typing import Any

import pytest

from tests.domain.plans import made
from xstock_node.domain import allocation_milp as milp
from xstock_node.domain.allocation import checked
from xstock_node.domain.allocation_choices import Choices

pytest.importorskip("highspy")
D = Decimal
NETWORKS = {(20, 12, 8, 1): "0.00004", (20, 12, 8, 4): "0.00004", (24, 16, 6, 1): "0.00004", (24, 16, 6, 4): "0.00007"}
NETWORKS |= {(30, 12, 5, 1): "0.00005", (30, 12, 5, 2): "0.00004", (24, 16, 6, 2): "0.0016", (20, 12, 8, 3): "0.0005"}


@pytest.fixture(scope="module")
def choices() -> dict[tuple[int, ...], Choices]:
    """Networks of depots, sites and items whose lines have more ways than are looked at first."""
    return {size: Choices(checked(made(*size))) for size in NETWORKS}


def value(found: milp.Solved, choices: Choices) -> Decimal:
    """Worth of all lots; the effort of vehicles is less than what is compared here."""
    return sum((choices.all[place].worth * count for place, count in found.lots.items()), D(0))


def relaxed(choices: Choices) -> float:
    """The value of the relaxation over all ways at once."""
    most = {place: lots for place, choice in enumerate(choices.all) if (lots := milp._most(choices, choice))}
    solver = milp._Program(choices, most, list(most)).open(whole=False)
    milp._run(solver)
    return float(solver.getInfo().objective_function_value)


@pytest.mark.parametrize("size", NETWORKS, ids=str)
def test_the_bound_is_that_of_all_ways_and_the_plan_is_near_it(size: Any, choices: dict[Any, Choices]) -> None:
    given = choices[size]
    ways: dict[str, int] = {}
    for choice in given.all:
        ways[choice.need.line] = ways.get(choice.need.line, 0) + 1
    assert max(ways.values()) > milp.FIRST_WAYS
    found, bound = milp.solve(given, small=0), relaxed(given)
    assert bound * (1 - 1e-9) <= float(found.bound) <= bound * (1 + milp._RELAXED)
    assert value(found, given) >= found.bound * (1 - D(NETWORKS[size])) - D("0.01")
    assert value(found, given) <= found.bound + D("0.01")


@pytest.mark.parametrize("size", [*NETWORKS][:5], ids=str)
def test_fewer_rounds_without_a_last_whole_program_lose_little_too(
    size: Any, choices: dict[Any, Choices], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(milp, "FINE", 0)
    found = milp.solve(choices[size], small=0)
    assert value(found, choices[size]) >= found.bound * D("0.9995")


def test_begun_vehicles_are_cut_the_emptiest_first_until_the_fleet_suffices() -> None:
    counts = [2.0, 1.0, 3.0, 1.0, 5.0]
    milp._largest_remainders(counts, [0, 1, 2, 3], [1.7, 0.2, 2.5, 0.2, 4.1], 5.0)
    assert counts == [2.0, 0.0, 3.0, 0.0, 5.0], "another fleet's is left alone"
    milp._largest_remainders(counts, [0, 1, 2, 3], [1.7, 0.2, 2.5, 0.2, 4.1], 4.0)
    assert counts == [2.0, 0.0, 2.0, 0.0, 5.0]
    whole = [2.0, 2.0]
    milp._largest_remainders(whole, [0, 1], [2.0, 2.0], 1.0)
    assert whole == [2.0, 2.0], "what is full is never cut"


def test_a_row_of_whole_lots_is_cut_to_what_they_reach() -> None:
    row = milp._Row([0, 1], [10.0, 20.0], 35.0)
    assert milp._whole(row).most == 30.0
    assert milp._whole(row._replace(values=[1.5, 10.0])) == row._replace(values=[1.5, 10.0])
    assert milp._whole(milp._Row([], [], 3.0)).most == 3.0


@pytest.mark.parametrize("seed", [1, 2])
def test_rows_that_tie_a_way_to_whole_vehicles_make_the_rounding_lose_less(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = Choices(checked(made(30, 20, 15, seed)))
    monkeypatch.setattr(milp, "FINE", 0)
    found = milp.solve(given, small=0)
    assert value(found, given) >= found.bound * D("0.998")
    monkeypatch.setattr(milp._Program, "tightened", lambda self, solver, values: values)
    loose = milp.solve(given, small=0)
    assert loose.bound == found.bound and value(loose, given) < value(found, given)
