"""All states of one case, numbered, with what may happen in each; states that behave alike are merged.

Two states are alike when they take the same of the stock, promise R the same, and whatever may happen in one may
happen in the other and leads to states that are alike (the coarsest such partition, by refinement). Merging changes no
verdict: the worlds that are left out behave like one that is explored.
"""

from collections import Counter
from typing import NamedTuple

from tests.models.case_model import CONFIRMED, Case, Rules, bound, equal, requester_view, reserved, supplier_view
from tests.models.case_steps import UNRESTORED, arrivals, backed_up, restored, steps

BACKUP, RESTORE = 5, 6  # what happens to all cases at once, beside the needs of a step
UNTOUCHED, BACKED_UP, RESTORED = range(3)


class Move(NamedTuple):
    """What it needs, the number of the state afterwards, what happens."""

    needs: int
    after: int
    label: str


class Seen(NamedTuple):
    """What the world sees of a case: stock taken, what R counts on, S's doubt, how far a restore is.

    `rests`: nothing that may arrive changes anything; `differs`: and both sides say different things; `stranded`: S
    among them that it has promised.
    """

    reserved: int
    bound: int
    doubt: bool
    past: int
    rests: bool
    differs: bool
    stranded: bool


class Automaton:
    """The states of one case by `rules`; `group[n]` is the number of the merged state that state n belongs to."""

    def __init__(self, rules: Rules, merges: bool = True) -> None:
        self.rules = rules
        self.cases: list[Case] = []
        self.moves: list[list[Move]] = []
        self.seen: list[Seen] = []
        self.arrived: Counter[str] = Counter()
        self.at_rest = self.at_rest_and_lost = 0
        self._numbers: dict[Case, int] = {}
        self._number(Case())
        for number in range(10**9):
            if number == len(self.cases):
                break
            self.moves.append(self._moves_of(self.cases[number]))
        self.group = self._merged() if merges else list(range(len(self.cases)))

    def told(self, number: int) -> str:
        """The case as each side has it."""
        case = self.cases[number]
        return f"at S {supplier_view(case, self.rules)}, at R {requester_view(case, self.rules)}"

    def _number(self, case: Case) -> int:
        number = self._numbers.setdefault(case, len(self.cases))
        if number == len(self.cases):
            self.cases.append(case)
            self.seen.append(self._look(case))
        return number

    def _look(self, case: Case) -> Seen:
        rests = all(step.case == case for step in arrivals(case, self.rules))
        self.at_rest += rests
        self.at_rest_and_lost += rests and has_lost(case)
        past = RESTORED if case.restored else UNTOUCHED if case.backup is None else BACKED_UP
        differs = rests and not equal(case, self.rules)
        promised, counted = supplier_view(case, self.rules) == CONFIRMED, bound(case, self.rules)
        stranded = differs and promised and not counted
        return Seen(reserved(case, self.rules), counted, case.s.doubt, past, rests, differs, stranded)

    def _moves_of(self, case: Case) -> list[Move]:
        found = []
        for step in steps(case, self.rules):
            if step.arrived:
                self.arrived[step.arrived] += 1
            if step.case != case and not (step.needs == UNRESTORED and case.restored):
                found.append(Move(step.needs, self._number(step.case), step.label))
        if self.rules.restores and not case.restored:
            if case.backup is None:
                found.append(Move(BACKUP, self._number(backed_up(case)), "S makes a back-up"))
            else:
                found.append(Move(RESTORE, self._number(restored(case, self.rules)), "S restores its back-up"))
        return found

    def _merged(self) -> list[int]:
        group, count = _named(self.seen)
        while True:
            keys = [
                (group[number], frozenset((move.needs, group[move.after]) for move in moves))
                for number, moves in enumerate(self.moves)
            ]
            finer, more = _named(keys)
            if more == count:
                return group
            group, count = finer, more


def has_lost(case: Case) -> bool:
    """Whether something that was sent is not held by the side that it was for."""
    return any(chain != (case.r.held if chain[-1].by == "S" else case.s.held)[: len(chain)] for chain in case.sent)


def _named(keys: list[object]) -> tuple[list[int], int]:
    """Small numbers for equal keys, and how many there are."""
    names: dict[object, int] = {}
    return [names.setdefault(key, len(names)) for key in keys], len(names)
