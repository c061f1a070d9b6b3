"""What waits for whom, and who is told of it: first who has duty, then the deputy, then all who could act.

Pure and without memory: what was told already is an argument (`Told`), so that neither the order of looks nor a
restart repeats a notice or loses one.
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Final, NamedTuple

import msgspec

from xstock_node.domain import loans
from xstock_node.domain.duty import Roster, on_duty
from xstock_node.domain.operation import Event, Operation
from xstock_node.domain.operations import BY_VERB, ENDED, Kind, Side, State
from xstock_node.domain.rights import Role
from xstock_node.domain.steps import Ask

STEPS: Final = 3
"""On duty in the function; on duty as night deputy or duty officer; everybody of the function, and administrators."""


class Wait(StrEnum):
    """Why something waits. `NO_ANSWER`: the others are silent, which is no "no"; `LATE`: we are; `GRANT`: a role;
    `LOAN`: goods are due back; `COUNT`: a second person confirms a count within a day; `GLASS`: somebody took rights;
    `CODE`: somebody signed in by a paper code; `ALERT`: a public warning touches us; `CONVOY_LATE`: a convoy is not
    where it should be; `PASSAGE`: a person judges whether it was ours.
    """

    TURN = "your-turn"
    LATE = "answer-late"
    NO_ANSWER = "no-answer"
    APPROVAL = "approval"
    AT_RISK = "at-risk"
    STAND_DOWN = "stand-down"
    GRANT = "grant"
    LOAN = "loan-due"
    COUNT = "count"
    GLASS = "break-glass"
    CODE = "duty-code"
    ALERT = "alert"
    CONVOY_LATE = "convoy-late"
    PASSAGE = "passage"


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that waits for a function of this node; `since` and `answer_by` unix seconds, 0 where there is none.

    `calm` things are listed and nobody is called for them. `other` is the node on the other side, `state` where the
    operation stands, `detail` what else a person needs to see.
    """

    id: str
    kind: Wait
    role: Role
    since: int
    case: str = ""
    request: str = ""
    other: str = ""
    state: str = ""
    detail: str = ""
    answer_by: int = 0
    exercise: bool = False
    calm: bool = False


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What was done about a thing: first seen, last step told and when (step -1: none), to whom; who took it."""

    id: str
    first: int
    step: int = -1
    at: int = 0
    people: tuple[str, ...] = ()
    taken_by: str = ""
    taken_at: int = 0


class Call(NamedTuple):
    """Tell a person of a thing. `id` is the same whenever this call is worked out again."""

    id: str
    thing: Waiting
    step: int
    person: str


_WAREHOUSE, _OFFICER, _LOGISTICS = Role.WAREHOUSE, Role.DUTY_OFFICER, Role.LOGISTICS
_OTHERWISE: Final = {State.CLEARED: _WAREHOUSE, State.RETURN_DISPATCHED: _WAREHOUSE, State.DISPATCHED: _WAREHOUSE}
_CALM: Final = dict.fromkeys(
    (State.RECEIVED, State.ON_LOAN, State.CONVERTED, State.RETURN_RECEIVED, State.LOST), _LOGISTICS
)
"""Weeks pass in these states: nobody is woken for them."""


def function_of(operation: Operation, side: Side) -> Role:
    """Whose work the turn is."""
    if side == "supplier" and operation.proposals:
        return Role.TRANSPORT_CUSTOMS if operation.proposals[0].verb == "green-light" else _OFFICER
    if side == "requester" and operation.state is State.CONFIRMED:
        return Role.TRANSPORT_CUSTOMS
    state = operation.state
    return _OFFICER if state is None else (_OTHERWISE | _CALM).get(state, _OFFICER)


def of_operation(case: str, operation: Operation, side: Side, other: str, now: int, exercise: bool) -> list[Waiting]:
    """What an operation waits for, seen from one side; `now` unix seconds."""
    if not operation.turn:
        return []
    ours = operation.turn == side
    asked = _since(operation, side, theirs=ours)
    last = asked[0] if asked else None
    state = str(operation.state or "")
    base = Waiting(
        id=id_of("turn", case, state, last.hash if last else ""),
        kind=Wait.TURN,
        role=function_of(operation, side),
        since=last.time if last else 0,
        case=case,
        request=next((e.body.request for e in operation.events if isinstance(e.body, Ask) and e.body.request), ""),
        other=other,
        state=state,
        answer_by=_answer_by(operation, asked, ours),
        exercise=exercise,
        calm=operation.state in _CALM and not operation.proposals,
    )
    over = 0 < base.answer_by < now
    alarm = msgspec.structs.replace(base, role=_OFFICER, since=base.answer_by, calm=False)
    if ours:
        late = msgspec.structs.replace(alarm, kind=Wait.LATE, id=id_of("late", base.id, str(base.answer_by)))
        return [base, late] if over else [base]
    if not over:
        return []
    reached = last is None or last.receipted
    silent = msgspec.structs.replace(alarm, kind=Wait.NO_ANSWER, id=id_of("silent", base.id, str(base.answer_by)))
    return [silent if reached else msgspec.structs.replace(silent, detail="not-received")]


def of_loans(case: str, operation: Operation, side: Side, other: str, now: int, exercise: bool) -> list[Waiting]:
    """Goods that are due back: a thing of its own 30, 7 and 0 days before, at both sides, for each day."""
    found = []
    for day in dict.fromkeys(one.day for one in operation.loans):
        ends = _end_of(day)
        alarm = loans.alarm(ends, now) if ends else None
        if alarm is not None:
            goods = [f"{one.quantity:f} {one.unit} {one.item}" for one in operation.loans if one.day == day]
            found.append(
                Waiting(
                    id=id_of("loan", case, day, str(alarm[0])),
                    kind=Wait.LOAN,
                    role=_LOGISTICS,
                    since=alarm[1],
                    case=case,
                    other=other,
                    state=str(operation.state or ""),
                    detail=", ".join(goods),
                    answer_by=ends,
                    exercise=exercise,
                    calm=side == "supplier" and alarm[0] > 0,
                )
            )
    return found


def of_counts(case: str, operation: Operation, side: Side, other: str, now: int, exercise: bool) -> list[Waiting]:
    """Own counts that wait for a second person; after a day somebody is called."""
    if side != "requester" or operation.decided in ENDED:
        return []
    return [
        Waiting(
            id=id_of("count", case, event.hash),
            kind=Wait.COUNT,
            role=_WAREHOUSE,
            since=event.time,
            case=case,
            other=other,
            state=str(operation.state or ""),
            detail=event.hash,
            answer_by=event.time + loans.DAY,
            exercise=exercise,
            calm=now <= event.time + loans.DAY,
        )
        for event in operation.provisional
    ]


def _end_of(day: str) -> int:
    """The end of a day (UTC) in unix seconds; 0 where the other side wrote none that exists, or one beyond reason."""
    try:
        found = date.fromisoformat(day)
    except ValueError:
        return 0
    return int(datetime.combine(found, time(23, 59, 59), UTC).timestamp()) if 1970 < found.year < 9998 else 0


def due(
    things: Iterable[Waiting],
    roster: Roster | None,
    holders: Mapping[Role, tuple[str, ...]],
    told: Mapping[str, Told],
    minutes: int,
    now: int,
) -> tuple[list[Call], dict[str, Told]]:
    """Whom to call now, and what is told then, for all things that wait: what is not among them any more is forgotten.

    A step comes when the one before was told `minutes` ago and nobody took the thing; one in which nobody is left to
    tell is passed over at once. Nobody is called twice for one thing. `holders` are the people of each function.
    """
    calls: list[Call] = []
    after: dict[str, Told] = {}
    for thing in things:
        known = told.get(thing.id) or Told(id=thing.id, first=now)
        if not thing.calm and not known.taken_by and (known.step < 0 or now >= known.at + minutes * 60):
            known, fresh = _next(thing, roster, holders, known, now)
            calls += fresh
        after[thing.id] = known
    return calls, after


def ladder(thing: Waiting, roster: Roster | None, holders: Mapping[Role, tuple[str, ...]], now: int) -> list[list[str]]:
    """The people of each step, as of now; who took rights in need is told to everybody at once."""
    if thing.kind is Wait.GLASS:
        return [list(dict.fromkeys(name for names in holders.values() for name in names)), [], []]
    listed = [one.person for one in roster.entries() if one.role is thing.role] if roster else []
    return [
        [*on_duty(roster, now, thing.role)],
        [*on_duty(roster, now, Role.NIGHT_DEPUTY), *on_duty(roster, now, Role.DUTY_OFFICER)],
        [*listed, *holders.get(thing.role, ()), *holders.get(Role.NODE_ADMIN, ())],
    ]


def _next(
    thing: Waiting, roster: Roster | None, holders: Mapping[Role, tuple[str, ...]], known: Told, now: int
) -> tuple[Told, list[Call]]:
    rungs = ladder(thing, roster, holders, now)
    for step in range(known.step + 1, STEPS):
        people = [person for person in dict.fromkeys(rungs[step]) if person not in known.people]
        if people:
            calls = [Call(id_of("call", thing.id, str(known.first), str(step), p), thing, step, p) for p in people]
            said = msgspec.structs.replace(known, step=step, at=now, people=(*known.people, *people))
            return said, calls
    return known, []


def _since(operation: Operation, side: Side, theirs: bool) -> list[Event]:
    """From the last word of the others, or of our side, on: what began the turn, and the facts told after it."""
    found = [e for e in operation.events if (e.side != side) == theirs]
    words = [n for n, e in enumerate(found) if e.verb in BY_VERB and BY_VERB[e.verb].kind is not Kind.FACT]
    return found[words[-1] if words else 0 :]


def _answer_by(operation: Operation, asked: list[Event], ours: bool) -> int:
    """Until when an answer is wanted: as asked last, or, of an offer that waits for us, while it is held."""
    held = operation.hold_until if ours and operation.state in (State.OFFERED, State.STANDBY) else 0
    return next((e.body.answer_by for e in reversed(asked) if e.body.answer_by), held)


def id_of(*parts: str) -> str:
    """An id made of what a thing is: 12 hex digits, the same at every look."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
