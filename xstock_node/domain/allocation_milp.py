"""The plan by HiGHS: a mixed-integer program over lots and vehicles, with a bound that no plan can exceed.

Columns are the lots of every choice and the vehicles of every trip. A small program is solved as it is. Of a large
one the relaxation is solved, whose value is the bound; parts of vehicles are made whole in a few rounds, then the lots
are, and what that leaves open is completed by the plain plan. One thread, a fixed seed and limits in nodes,
never in seconds: the same inputs give the same plan.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from itertools import accumulate
from math import ceil, floor, gcd, isfinite
from typing import Any, Final, NamedTuple

from xstock_node.domain.allocation_choices import EFFORT, Choice, Choices, Trip
from xstock_node.domain.allocation_greedy import complete
from xstock_node.domain.loading import VehicleType

SMALL: Final = 600
NODES: Final = 500
FINE: Final = 3_000
FINE_SHARES: Final = (*(turn / 13 for turn in range(1, 13)), 0.96, 1.0)
COARSE_SHARES: Final = (1.0,)
FIRST_WAYS: Final = 10
_CLOSE: Final = 1e-4
_NEAR: Final = 1e-3
_RELAXED: Final = 1e-4
_USED: Final = 1e-6
_WORTHWHILE: Final = 0.001
_LOOSE: Final = 0.05
_PERTURBATION: Final = "dual_simplex_cost_perturbation_multiplier"
_OPTIONS: Final = {
    "output_flag": False,
    "threads": 1,
    "parallel": "off",
    "random_seed": 0,
    "mip_feasibility_tolerance": 1e-7,
}


class Solved(NamedTuple):
    """Lots by place of their choice; the value that no plan exceeds; the solver's name and version."""

    lots: dict[int, int]
    bound: Decimal
    solver: str


class _Row(NamedTuple):
    columns: list[int]
    values: list[float]
    most: float


def _whole(row: _Row) -> _Row:
    """The same row with its bound cut to what whole lots can reach: three tens do not fill 35."""
    step = gcd(*(int(value) for value in row.values)) if all(value.is_integer() for value in row.values) else 0
    return row._replace(most=row.most // step * step) if step else row


class _Program:
    """The program over some of the choices: first a column for each, then one for each of their trips."""

    def __init__(
        self, choices: Choices, most: Mapping[int, int], places: Sequence[int], trips: Sequence[Trip] = ()
    ) -> None:
        self._choices, self._most, self.places = choices, most, places
        self.picked = [choices.all[place] for place in places]
        self.trips = trips or list(dict.fromkeys(choice.trip for choice in self.picked))
        self.free = {(fleet.depot, fleet.vehicle): fleet.count for fleet in choices.inputs.fleets}
        self._column = {trip: len(places) + number for number, trip in enumerate(self.trips)}
        self._trips_of = [self._column[choice.trip] for choice in self.picked]
        vehicles = {vehicle.code: vehicle for vehicle in choices.inputs.vehicles}
        hours = {choice.trip: choice.lane.hours for choice in self.picked}
        self.upper = [most[place] for place in places]
        self.worth = [float(choice.worth) for choice in self.picked]
        self.worth += [-float(EFFORT * hours[trip]) for trip in self.trips]
        self.rows = [*self._supply(choices), *self._loads(vehicles), *self._fleets()]

    def _supply(self, choices: Choices) -> list[_Row]:
        """What there is of an offer, what a line asks, and what is the fair part of its requester."""
        rows: dict[object, _Row] = {}
        for column, choice in enumerate(self.picked):
            offer, need = choice.offer, choice.need
            for key, value, most in (
                (offer.offer, 1.0, choices.lots[offer.offer]),
                ((need.line,), float(choice.counts), need.quantity),
                (choice.pot, float(offer.multiple), choices.pots[choice.pot]),
            ):
                row = rows.get(key) or rows.setdefault(key, _Row([], [], float(most)))
                row.columns.append(column)
                row.values.append(value)
        return [_whole(row) for row in rows.values()]

    def _loads(self, vehicles: dict[str, VehicleType]) -> list[_Row]:
        """Weight and volume on board of a trip; what neither limits still needs a vehicle."""
        rows: dict[tuple[int, str], _Row] = {}

        def put(trip: int, what: str, column: int, value: float, held: float) -> None:
            row = rows.get((trip, what)) or rows.setdefault((trip, what), _Row([trip], [-held], 0.0))
            row.columns.append(column)
            row.values.append(value)

        unbound: dict[int, list[int]] = {}
        for column, (choice, trip) in enumerate(zip(self.picked, self._trips_of, strict=True)):
            vehicle, offer = vehicles[choice.lane.vehicle], choice.offer
            limits = [("kg", offer.kg, vehicle.payload_kg), ("m3", offer.m3, vehicle.volume_m3)]
            known = [(what, size, limit) for what, size, limit in limits if size and limit is not None]
            for what, size, limit in known:
                put(trip, what, column, float(size * offer.multiple), float(limit))
            if not known:
                unbound.setdefault(trip, []).append(column)
        for trip, columns in unbound.items():
            for column in columns:
                put(trip, "any", column, 1.0, float(sum(self.upper[one] for one in columns)))
        return list(rows.values())

    def by_fleet(self) -> list[tuple[float, list[int]]]:
        """How many vehicles a fleet has, and the numbers of its trips; fleets without an end are left out."""
        fleets: dict[tuple[str, str], list[int]] = {}
        for number, trip in enumerate(self.trips):
            fleets.setdefault((trip.depot, trip.vehicle), []).append(number)
        counts = [(self.free[key], numbers) for key, numbers in fleets.items()]
        return [(float(count), numbers) for count, numbers in counts if count is not None]

    def off_used_trips(self, values: Sequence[float]) -> list[int]:
        """The columns of all trips without any part of a vehicle, and of their choices; rising."""
        unused = [trip for trip in self._column.values() if values[trip] <= _USED]
        gone = {*unused}
        return [column for column, trip in enumerate(self._trips_of) if trip in gone] + unused

    def without(self, solver: Any, columns: Sequence[int]) -> "_Program":
        """The program without some columns and the rows of them alone, in the solver too, which goes on from there."""
        gone = {*columns}
        empty = [number for number, row in enumerate(self.rows) if gone.issuperset(row.columns)]
        solver.deleteCols(len(columns), columns)
        solver.deleteRows(len(empty), empty)
        trips = [trip for trip in self.trips if self._column[trip] not in gone]
        places = [place for column, place in enumerate(self.places) if column not in gone]
        return _Program(self._choices, self._most, places, trips)

    def tightened(self, solver: Any, values: Sequence[float]) -> list[float]:
        """Solve again where a way has much less of a vehicle than of its own most; the values of all columns.

        Lots are at most their most times the vehicles of their trip, as long as those are whole: a part of a vehicle
        carries no whole delivery. Of these rows only those that are broken are put in; they come nearer to whole
        vehicles than the loads alone, and plans lose half as much when parts are made whole.
        """
        columns = [
            (column, self._trips_of[column], float(most))
            for column, most in enumerate(self.upper)
            if values[column] > most * (values[self._trips_of[column]] + _LOOSE)
        ]
        count, open_end = len(columns), import_module("highspy").kHighsInf
        indices = [index for column, trip, _ in columns for index in (column, trip)]
        parts = [part for _, _, most in columns for part in (1.0, -most)]
        starts = [*range(0, 2 * count, 2)]
        solver.addRows(count, [-open_end] * count, [0.0] * count, 2 * count, starts, indices, parts)
        return _run(solver)

    def _fleets(self) -> list[_Row]:
        first = len(self.places)
        return [
            _Row([first + number for number in numbers], [1.0] * len(numbers), most)
            for most, numbers in self.by_fleet()
        ]

    def open(self, whole: bool, nodes: int = 0) -> Any:
        """The program inside the solver, not yet solved; `whole` for whole numbers, else the relaxation."""
        highspy: Any = import_module("highspy")
        lp = highspy.HighsLp()
        columns = len(self.worth)
        lp.num_col_, lp.num_row_ = columns, len(self.rows)
        lp.sense_ = highspy.ObjSense.kMaximize
        lp.col_cost_ = self.worth
        lp.col_lower_ = [0.0] * columns
        lp.col_upper_ = [*map(float, self.upper), *([highspy.kHighsInf] * len(self.trips))]
        lp.row_lower_ = [-highspy.kHighsInf] * len(self.rows)
        lp.row_upper_ = [row.most for row in self.rows]
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = [0, *accumulate(len(row.columns) for row in self.rows)]
        lp.a_matrix_.index_ = [column for row in self.rows for column in row.columns]
        lp.a_matrix_.value_ = [value for row in self.rows for value in row.values]
        if whole:
            lp.integrality_ = [highspy.HighsVarType.kInteger] * columns
        solver = highspy.Highs()
        for option, value in (
            _OPTIONS | {"mip_max_nodes": nodes, "mip_rel_gap": _CLOSE if nodes > 1 else _NEAR}
        ).items():
            solver.setOptionValue(option, value)
        solver.passModel(lp)
        return solver

    def bound_trips(self, solver: Any, least: Sequence[float], most: Sequence[float]) -> list[float]:
        """Solve again with each trip between two numbers of vehicles; the values of all columns."""
        for number, (low, high) in enumerate(zip(least, most, strict=True)):
            solver.changeColBounds(len(self.places) + number, low, high)
        return _run(solver)


def _run(solver: Any) -> list[float]:
    solver.run()
    found = solver.getSolution()
    return list(found.col_value) if found.value_valid else []


def available() -> bool:
    """Whether the solver is installed."""
    return find_spec("highspy") is not None


def solve(choices: Choices, small: int = SMALL) -> Solved:
    """The best plan that the solver finds, completed, and the bound on the value of every plan.

    A program of at most `small` choices is solved in whole numbers, a larger one by its relaxation.
    """
    highspy: Any = import_module("highspy")
    name = f"HiGHS {highspy.Highs().version()}"
    most = {place: lots for place, choice in enumerate(choices.all) if (lots := _most(choices, choice))}
    places: Sequence[int] = list(most)
    if not places:
        return Solved({}, Decimal(0), name)
    program = _Program(choices, most, places)
    if len(places) <= small:
        solver = program.open(whole=True, nodes=NODES)
        values = [float(round(value)) for value in _run(solver)]
        bound = solver.getInfo().mip_dual_bound
        if not isfinite(bound):
            bound = _relax(program)[2]
    else:
        solver, values, bound = _relax(program)
        program = program.without(solver, program.off_used_trips(values))
        places, values = program.places, _dive(program, solver, _run(solver))
    given = {place: int(value + _USED) for place, value in zip(places, values, strict=False) if value > _USED}
    parts = [place for place, value in zip(places, values, strict=False) if value - int(value + _USED) > _USED]
    return Solved(complete(choices, given, parts), Decimal(repr(float(bound))), name)


def _relax(program: _Program) -> tuple[Any, list[float], float]:
    """The solver, the values of the relaxation and a bound on it.

    It is solved over the best ways of each line, then over what pays too; from the second time on with the costs as
    they are, since undoing small changes to them takes the solver longer than to go on from where it was.
    What a column that is left out would gain by its reduced cost, times the most it can be, is added to the bound.
    """
    solver, upper = program.open(whole=False), program.upper
    ways: dict[str, int] = {}
    out = []
    for column, choice in enumerate(program.picked):
        ways[choice.need.line] = ways.get(choice.need.line, 0) + 1
        if ways[choice.need.line] > FIRST_WAYS:
            out.append(column)
            solver.changeColBounds(column, 0.0, 0.0)
    while True:
        values = _run(solver)
        solver.setOptionValue(_PERTURBATION, 0.0)
        value, gains = solver.getInfo().objective_function_value, solver.getSolution().col_dual
        paying = {column for column in out if gains[column] > _USED}
        bound = value + sum(max(0.0, gains[column]) * upper[column] for column in out)
        if not paying or bound - value <= bound * _RELAXED:
            return solver, values, bound
        for column in paying:
            solver.changeColBounds(column, 0.0, float(upper[column]))
        out = [column for column in out if column not in paying]


def _dive(program: _Program, solver: Any, values: list[float]) -> list[float]:
    """From parts of vehicles to whole ones: the trips that lack most are fixed first, up to a share in each round."""
    first, trips = len(program.places), len(program.trips)
    open_end: Any = import_module("highspy").kHighsInf
    least = [0.0] * trips
    fleets, fine = program.by_fleet(), first <= FINE
    values = values if fine else program.tightened(solver, values)
    for share in FINE_SHARES if fine else COARSE_SHARES:
        for most, numbers in fleets:
            room = most * share - sum(least[number] for number in numbers)
            for number in sorted(numbers, key=lambda number: (least[number] - values[first + number], number)):
                part = values[first + number]
                wanted = max(least[number], 1.0, float(floor(part + 0.5)))
                room -= wanted - least[number]
                if room < 0 or part < _WORTHWHILE:
                    break
                least[number] = wanted
        values = program.bound_trips(solver, least, [open_end] * trips)
    counts = [float(ceil(part - _USED)) for part in values[first:]]
    for most, numbers in fleets:
        _largest_remainders(counts, numbers, values[first:], most)
    values = program.bound_trips(solver, [min(pair) for pair in zip(least, counts, strict=True)], counts)
    whole = program.bound_trips(program.open(whole=True, nodes=1), counts, counts) if fine else []
    return whole or values


def _largest_remainders(counts: list[float], numbers: list[int], parts: list[float], most: float) -> None:
    """Cut begun vehicles, the emptiest first, until the fleet suffices."""
    excess = sum(counts[number] for number in numbers) - most
    for number in sorted(numbers, key=lambda number: (parts[number] - floor(parts[number] + _USED), number)):
        if excess > 0 and counts[number] > floor(parts[number] + _USED):
            counts[number] -= 1
            excess -= 1


def _most(choices: Choices, choice: Choice) -> int:
    """How many lots a choice can have at all."""
    return min(
        choices.lots[choice.offer.offer],
        int(choice.need.quantity // choice.counts),
        int(choices.pots[choice.pot] // choice.offer.multiple),
    )
