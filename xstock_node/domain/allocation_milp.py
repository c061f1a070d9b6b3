"""The plan by HiGHS: a mixed-integer program over lots and vehicles, with a bound that no plan can exceed.

Columns are the lots of every choice and the vehicles of every trip. A small program is solved as it is. Of a large
one the relaxation is solved, whose value is the bound, and then the program over the columns that it uses; what that
leaves open is completed by the plain plan. One thread, a fixed seed and limits in nodes, never in seconds: the same
inputs give the same plan.
"""

from collections.abc import Sequence
from decimal import Decimal
from importlib.util import find_spec
from typing import Any, Final, NamedTuple

from xstock_node.domain.allocation_choices import EFFORT, Choice, Choices, Trip
from xstock_node.domain.allocation_greedy import complete
from xstock_node.domain.loading import VehicleType

SMALL: Final = 1_500
NODES: Final = 60
_CLOSE: Final = 1e-4
_USED: Final = 1e-7
_OPTIONS: Final = {
    "output_flag": False,
    "threads": 1,
    "parallel": "off",
    "random_seed": 0,
    "mip_rel_gap": _CLOSE,
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


class _Program:
    """The program over some of the choices: first a column for each, then one for each of their trips."""

    def __init__(self, choices: Choices, places: Sequence[int]) -> None:
        self.places = places
        self.picked = [choices.all[place] for place in places]
        self.trips = list(dict.fromkeys(choice.trip for choice in self.picked))
        self.free = {(fleet.depot, fleet.vehicle): fleet.count for fleet in choices.inputs.fleets}
        self._column = {trip: len(places) + number for number, trip in enumerate(self.trips)}
        vehicles = {vehicle.code: vehicle for vehicle in choices.inputs.vehicles}
        hours = {choice.trip: choice.lane.hours for choice in self.picked}
        self.upper = [_most(choices, choice) for choice in self.picked]
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
                row = rows.setdefault(key, _Row([], [], float(most)))
                row.columns.append(column)
                row.values.append(value)
        return list(rows.values())

    def _loads(self, vehicles: dict[str, VehicleType]) -> list[_Row]:
        """Weight and volume on board of a trip; what neither limits still needs a vehicle."""
        rows: dict[tuple[Trip, str], _Row] = {}

        def put(trip: Trip, what: str, column: int, value: float, held: float) -> None:
            row = rows.setdefault((trip, what), _Row([self._column[trip]], [-held], 0.0))
            row.columns.append(column)
            row.values.append(value)

        unbound: dict[Trip, list[int]] = {}
        for column, choice in enumerate(self.picked):
            vehicle, offer = vehicles[choice.trip.vehicle], choice.offer
            limits = [("kg", offer.kg, vehicle.payload_kg), ("m3", offer.m3, vehicle.volume_m3)]
            known = [(what, size, limit) for what, size, limit in limits if size and limit is not None]
            for what, size, limit in known:
                put(choice.trip, what, column, float(size * offer.multiple), float(limit))
            if not known:
                unbound.setdefault(choice.trip, []).append(column)
        for trip, columns in unbound.items():
            for column in columns:
                put(trip, "any", column, 1.0, float(sum(self.upper[one] for one in columns)))
        return list(rows.values())

    def _fleets(self) -> list[_Row]:
        rows: dict[tuple[str, str], list[int]] = {}
        for trip in self.trips:
            rows.setdefault((trip.depot, trip.vehicle), []).append(self._column[trip])
        limits = {key: self.free[key] for key in rows}
        return [
            _Row(rows[key], [1.0] * len(rows[key]), float(most)) for key, most in limits.items() if most is not None
        ]

    def solve(self, whole: bool) -> tuple[list[float], float]:
        """Values of the columns and the bound on the value; `whole` for whole numbers, else the relaxation."""
        import highspy  # an extra: the plain plan has to stand without it

        lp = highspy.HighsLp()
        columns = len(self.worth)
        lp.num_col_, lp.num_row_ = columns, len(self.rows)
        lp.sense_ = highspy.ObjSense.kMaximize
        lp.col_cost_ = self.worth
        lp.col_lower_ = [0.0] * columns
        lp.col_upper_ = [*map(float, self.upper), *([highspy.kHighsInf] * len(self.trips))]
        lp.row_lower_ = [-highspy.kHighsInf] * len(self.rows)
        lp.row_upper_ = [row.most for row in self.rows]
        starts = [0]
        for row in self.rows:
            starts.append(starts[-1] + len(row.columns))
        lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = starts
        lp.a_matrix_.index_ = [column for row in self.rows for column in row.columns]
        lp.a_matrix_.value_ = [value for row in self.rows for value in row.values]
        if whole:
            lp.integrality_ = [highspy.HighsVarType.kInteger] * columns
        return _run(highspy, lp, {"mip_max_nodes": NODES} if len(self.places) > SMALL else {})


def _run(highspy: Any, lp: Any, more: dict[str, object]) -> tuple[list[float], float]:
    solver = highspy.Highs()
    for option, value in (_OPTIONS | more).items():
        solver.setOptionValue(option, value)
    solver.passModel(lp)
    solver.run()
    info, found = solver.getInfo(), solver.getSolution()
    bound = info.mip_dual_bound if lp.integrality_ else info.objective_function_value
    return (list(found.col_value) if found.value_valid else []), float(bound)


def available() -> bool:
    """Whether the solver is installed."""
    return find_spec("highspy") is not None


def solve(choices: Choices) -> Solved:
    """The best plan that the solver finds, completed, and the bound on the value of every plan."""
    import highspy

    name = f"HiGHS {highspy.Highs().version()}"
    places = [place for place, choice in enumerate(choices.all) if _most(choices, choice)]
    if not places:
        return Solved({}, Decimal(0), name)
    program = _Program(choices, places)
    if len(places) <= SMALL:
        values, bound = program.solve(whole=True)
    else:
        relaxed, bound = program.solve(whole=False)
        used = [place for place, value in zip(places, relaxed, strict=False) if value > _USED]
        program = _Program(choices, used)
        values, _ = program.solve(whole=True)
    lots = {place: round(value) for place, value in zip(program.places, values, strict=False) if value > 0.5}
    return Solved(complete(choices, lots), Decimal(repr(bound)), name)


def _most(choices: Choices, choice: Choice) -> int:
    """How many lots a choice can have at all."""
    return min(
        choices.lots[choice.offer.offer],
        int(choice.need.quantity // choice.counts),
        int(choices.pots[choice.pot] // choice.offer.multiple),
    )
