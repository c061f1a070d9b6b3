"""All reachable states of several cases over one stock, breadth first; the first violation has the shortest trace.

A state of the world is a sorted tuple of the numbers of its cases' states, packed into one integer: exact and small.
Sorted, because the requesters differ in nothing but their names.
"""

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from tests.models.automaton import BACKED_UP, BACKUP, RESTORE, RESTORED, UNTOUCHED, Automaton, Seen
from tests.models.case_model import Rules

BITS = 20
MASK = (1 << BITS) - 1
# What no state may show ...
TWICE, DIFFER = "promised twice", "at rest, both sides differ"
# ... and the worst of it, to be looked for in variants.
TWO_HOLD, TWO_KEEP = "two requesters hold one stock", "two requesters hold one stock, at rest"
STRANDED = "at rest, S has promised and R does not count on it"
_AT_ONCE = {UNTOUCHED: BACKUP, BACKED_UP: RESTORE, RESTORED: 0}


class Found(NamedTuple):
    """What an exploration saw; `violation` is empty where every state keeps the rules.

    `states` of the world, `of_a_case` before merging and `merged`; `restored` are states of the world after a restore
    of S or R. `arrived` counts, over the states of a case, what became of messages; `lost` those at rest in which
    something that was sent was never stored by the other side.
    """

    states: int
    of_a_case: int
    merged: int
    depth: int
    arrived: Counter[str]
    restored: int
    lost: int
    violation: str
    trace: list[str]


class Explorer:
    """The search over so many cases by `rules`."""

    def __init__(self, rules: Rules, cases: int = 3, merges: bool = True, looks_for: str = "") -> None:
        self._rules, self._stock = rules, rules.stock
        self._looks_for = {looks_for} if looks_for else {TWICE, DIFFER}
        self._automaton = one = Automaton(rules, merges)
        self._shifts = [BITS * n for n in reversed(range(cases))]
        self._seen: list[Seen] = [one.seen[0]] * (max(one.group) + 1)
        moves: list[set[tuple[int, int]]] = [set() for _ in self._seen]
        for number, group in enumerate(one.group):
            self._seen[group] = one.seen[number]
            moves[group] |= {(move.needs, one.group[move.after]) for move in one.moves[number]}
        # What leads back to the same merged state is left out; what happens to all cases at once never does.
        self._moves = [sorted(move for move in found if move[1] != group) for group, found in enumerate(moves)]
        self._parents: dict[int, int] = {}

    def run(self) -> Found:
        """Explore until everything was seen or a state breaks a rule."""
        first = self._pack([self._automaton.group[0]] * len(self._shifts))
        self._parents = {first: -1}
        level, depth = [first], 0
        while level:
            following: list[int] = []
            for state in level:
                for reached in self._successors(state):
                    if reached not in self._parents:
                        self._parents[reached] = state
                        following.append(reached)
                        if trouble := self._trouble(reached):
                            return self._found(depth + 1, trouble, reached)
            level, depth = following, depth + bool(following)
        return self._found(depth, "", first)

    def _successors(self, state: int) -> Iterator[int]:
        numbers = self._unpack(state)
        allowed, turn = self._allowed(numbers)
        before = -1
        for position, number in enumerate(numbers):
            if number == before:
                continue
            before = number
            rest = numbers[:position] + numbers[position + 1 :]
            for needs, after in self._moves[number]:
                if allowed[needs]:
                    yield self._pack(sorted([*rest, after]))
        if turn:
            yield self._pack(sorted(self._turned(number, turn) for number in numbers))

    def _allowed(self, numbers: list[int]) -> tuple[tuple[bool, ...], int]:
        """Whether each need is given, and what may happen to all cases at once: a back-up, its restore, or 0."""
        taken, certain, past = 0, True, UNTOUCHED
        for number in numbers:
            seen = self._seen[number]
            taken += seen.reserved
            certain = certain and not (seen.doubt and self._rules.waits_for_all)
            past = max(past, seen.past)
        fits, one_more = certain and taken <= self._stock, certain and taken < self._stock
        # In the order of ANY, CERTAIN, COVERED, ROOM, UNRESTORED; then what a case does not do alone.
        given = (True, certain, fits, one_more, past == UNTOUCHED, False, False)
        return given, _AT_ONCE[past]

    def _turned(self, number: int, turn: int) -> int:
        return next((after for needs, after in self._moves[number] if needs == turn), number)

    def _trouble(self, state: int) -> str:
        """The first thing looked for that the state shows, or nothing."""
        seen = [self._seen[number] for number in self._unpack(state)]
        held = taken = 0
        certain, differs = True, False
        for one in seen:
            held, taken = held + one.bound, taken + one.reserved
            certain, differs = certain and not one.doubt, differs or one.differs
        free = max(0, self._stock - taken) if certain else 0
        if held + free <= self._stock and not differs:
            return ""
        shown = set()
        if held + free > self._stock:
            shown.add(TWICE)
        if held > self._stock:
            shown |= {TWO_HOLD, TWO_KEEP} if all(one.rests for one in seen) else {TWO_HOLD}
        if differs:
            shown |= {DIFFER, STRANDED} if any(one.stranded for one in seen) else {DIFFER}
        return min(shown & self._looks_for, default="")

    def _pack(self, numbers: list[int]) -> int:
        state = 0
        for number in numbers:
            state = state << BITS | number
        return state

    def _unpack(self, state: int) -> list[int]:
        return [state >> shift & MASK for shift in self._shifts]

    def _found(self, depth: int, trouble: str, last: int) -> Found:
        one = self._automaton
        restored = sum(self._allowed(self._unpack(state))[1] == 0 for state in self._parents)
        return Found(
            states=len(self._parents),
            of_a_case=len(one.cases),
            merged=len(self._seen),
            depth=depth,
            arrived=one.arrived,
            restored=restored if self._rules.restores else 0,
            lost=one.at_rest_and_lost,
            violation=trouble,
            trace=self._trace(last) if trouble else [],
        )

    def _trace(self, last: int) -> list[str]:
        """How the world came to `last`, with the requesters named, through states as they were before merging."""
        path = [last]
        while self._parents[path[-1]] >= 0:
            path.append(self._parents[path[-1]])
        current, told = [0] * len(self._shifts), []
        for state in reversed(path[:-1]):
            label, current = self._step_to(current, state)
            told.append(label)
        return told + [f"case {n}: {self._automaton.told(number)}" for n, number in enumerate(current, 1)]

    def _step_to(self, current: list[int], state: int) -> tuple[str, list[int]]:
        one = self._automaton
        allowed, turn = self._allowed([one.group[number] for number in current])
        moves = [[move for move in one.moves[number] if move.needs == turn] for number in current]
        worlds = [("S", [found[0].after for found in moves])] if turn and all(moves) else []
        label = moves[0][0].label if worlds else ""
        for position, number in enumerate(current):
            for move in one.moves[number]:
                if allowed[move.needs]:
                    moved = [*current[:position], move.after, *current[position + 1 :]]
                    worlds.append((f"case {position + 1}: {move.label}", moved))
        for name, numbers in worlds:
            if self._pack(sorted(one.group[number] for number in numbers)) == state:
                return label if name == "S" else name, numbers
        raise AssertionError("a state without a way to it")
