"""The operation as one table (xs1 16.21): steps, who takes each, in which states, where they lead, their papers.

- the supplier's decisions alone make what is *decided*; the requester's proposals wait for one of them;
- facts of either side are summed beside it, are never refused, and give the finer state that people see
  (`domain/operation.py`); each finer state stands under a decided one of PARENTS;
- a step that only reduces an obligation stays open to a former member (xs1 14.7).
"""

from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from typing import Final, Literal, NamedTuple

Side = Literal["requester", "supplier"]


class State(StrEnum):
    """Where an operation stands."""

    NOTIFIED = "notified"
    STANDBY = "standby"
    REQUESTED = "requested"
    INDICATED = "indicated"
    OFFERED = "offered"
    CONFIRMED = "confirmed"
    CLEARED = "cleared"
    DISPATCHED = "dispatched"
    REFUSED = "refused"
    LOST = "lost"
    RECEIVED = "received"
    DISPUTED = "disputed"
    ON_LOAN = "on-loan"
    CONVERTED = "converted"
    RECALLED = "recalled"
    RETURN_DISPATCHED = "return-dispatched"
    RETURN_RECEIVED = "return-received"
    CLOSED = "closed"
    DECLINED = "declined"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class Kind(StrEnum):
    """What a step is: the first of a case, a decision, a proposal, or a fact."""

    OPENING = "opening"
    DECISION = "decision"
    PROPOSAL = "proposal"
    FACT = "fact"


S = State
ARRIVED = frozenset({S.RECEIVED, S.DISPUTED, S.ON_LOAN, S.CONVERTED, S.RETURN_DISPATCHED, S.RETURN_RECEIVED})
PARENTS: Final[dict[State, State]] = {S.CLEARED: S.CONFIRMED} | dict.fromkeys(
    ARRIVED | {S.REFUSED, S.LOST, S.RECALLED}, S.DISPATCHED
)
"""The states that facts and clearances give, and the decided one under which the protocol judges each."""

BEFORE = frozenset({S.NOTIFIED, S.STANDBY, S.REQUESTED, S.INDICATED})
BINDING = frozenset({S.CONFIRMED, S.DISPATCHED})
PROMISED = BINDING | {S.OFFERED}
OPEN = BEFORE | PROMISED
ENDED = frozenset({S.CLOSED, S.DECLINED, S.REJECTED, S.CANCELLED, S.EXPIRED, S.WITHDRAWN, S.LAPSED})
UNSENT = frozenset({S.CONFIRMED, S.CLEARED})
UNDER_WAY = frozenset({S.DISPATCHED, *(state for state, parent in PARENTS.items() if parent is S.DISPATCHED)})
AGREED = UNSENT | UNDER_WAY
HELD = frozenset({S.REFUSED, S.RECEIVED, S.ON_LOAN, S.RECALLED, S.DISPUTED})
MOVING = HELD - {S.REFUSED} | {S.DISPATCHED, S.RETURN_DISPATCHED}
LENT = frozenset({S.ON_LOAN, S.RETURN_DISPATCHED})
SETTLED = UNSENT | {S.REFUSED, S.LOST, S.RECEIVED, S.CONVERTED, S.RETURN_RECEIVED}
ALL_OPEN = BEFORE | {S.OFFERED} | AGREED


class Step(NamedTuple):
    """One row: a verb, its kind and side, the states it may be taken in, and the one it leads to (None: the same).

    `answers` are the proposals that a decision concludes; one of them must have been seen where there are any.
    `reduces`: it only reduces an obligation. `right`: what the person who takes it needs (domain/rights.py).
    `papers`: the documents that belong to it. `sweeps`: it also ends every other proposal that it had seen.
    `stays`: the states of `states` that it leaves as they are.
    """

    verb: str
    kind: Kind
    side: Side | None
    states: frozenset[State]
    leads_to: State | None = None
    answers: frozenset[str] = frozenset()
    reduces: bool = False
    right: str = "ask"
    papers: tuple[str, ...] = ()
    sweeps: bool = True
    stays: frozenset[State] = frozenset({S.DISPUTED})

    def after(self, state: State | None) -> State | None:
        """Where it leads from a state, if it is about all that there is; a resolution's answer depends on facts."""
        return state if self.leads_to is None or state in self.stays else self.leads_to

    @property
    def decides(self) -> State | None:
        """The decided state it sets; none where it leads to a finer one, or to the same."""
        settles = self.kind in (Kind.OPENING, Kind.DECISION)
        return self.leads_to if settles and self.leads_to not in PARENTS else None

    @property
    def decided(self) -> frozenset[State]:
        """The decided states in which the protocol lets its side take it (xs1 16.13)."""
        return _decided(self.states)


@lru_cache(maxsize=256)
def _decided(states: frozenset[State]) -> frozenset[State]:
    return frozenset(PARENTS.get(state, state) for state in states)


def _decision(
    verb: str,
    states: Iterable[State],
    to: State | None,
    right: str,
    *,
    answers: Iterable[str] = (),
    reduces: bool = False,
    papers: tuple[str, ...] = (),
    sweeps: bool = True,
) -> Step:
    answered, allowed = frozenset(answers), frozenset(states)
    return Step(verb, Kind.DECISION, "supplier", allowed, to, answered, reduces, right, papers, sweeps)


def _proposal(
    verb: str, states: Iterable[State], right: str, *, reduces: bool = False, papers: tuple[str, ...] = ()
) -> Step:
    return Step(
        verb, Kind.PROPOSAL, "requester", frozenset(states), reduces=reduces, right=right, papers=papers, sweeps=False
    )


def _fact(
    verb: str,
    side: Side | None,
    states: Iterable[State],
    to: State | None,
    right: str,
    papers: tuple[str, ...] = (),
) -> Step:
    return Step(verb, Kind.FACT, side, frozenset(states), to, reduces=True, right=right, papers=papers, sweeps=False)


LOADED = ("packing-list", "waybill", "cmr", "pro-forma")
STEPS = (
    Step("notify", Kind.OPENING, "requester", frozenset(), S.NOTIFIED, papers=("pre-notification",)),
    Step("request", Kind.OPENING, "requester", frozenset({S.NOTIFIED, S.STANDBY}), S.REQUESTED, papers=("request",)),
    _decision("standby", {S.NOTIFIED}, S.STANDBY, "release"),
    _decision("indicate", {S.REQUESTED}, S.INDICATED, "answer", papers=("indication",)),
    _decision("offer", {S.REQUESTED, S.INDICATED}, S.OFFERED, "release", papers=("offer",)),
    _decision("decline", {S.REQUESTED, S.INDICATED}, S.DECLINED, "answer", reduces=True),
    _decision("withdraw", {S.OFFERED, S.STANDBY}, S.WITHDRAWN, "answer", reduces=True),
    _decision("expire", BEFORE | {S.OFFERED}, S.EXPIRED, "answer", reduces=True),
    _decision("confirm", {S.OFFERED}, S.CONFIRMED, "release", answers={"accept"}, papers=("order-confirmation",)),
    _decision("lapse", {S.OFFERED}, S.LAPSED, "answer", answers={"accept"}, reduces=True),
    _decision("rejected", {S.OFFERED}, S.REJECTED, "answer", answers={"reject"}, reduces=True),
    _decision(
        "cancelled",
        BEFORE | {S.OFFERED} | UNSENT,
        S.CANCELLED,
        "answer",
        answers={"cancel"},
        reduces=True,
        papers=("cancellation",),
    ),
    _decision("cancel-own", UNSENT, S.CANCELLED, "release", reduces=True, papers=("cancellation",)),
    _decision("amended", ALL_OPEN, None, "release", answers={"amend"}, papers=("amended-request",)),
    _decision(
        "clear", AGREED, S.CLEARED, "clear", answers={"green-light"}, reduces=True, papers=("clearance",), sweeps=False
    )._replace(stays=AGREED - UNSENT - {S.REFUSED}),
    _decision("dispatch", AGREED - {S.RECALLED}, S.DISPATCHED, "dispatch", reduces=True, papers=LOADED),
    _decision("short-closed", AGREED, None, "answer", answers={"short-close"}, reduces=True, papers=("short-closing",)),
    _decision("resolved", {S.DISPUTED}, None, "answer", answers={"resolve"}, reduces=True, sweeps=False),
    _decision("extended", LENT, None, "release", answers={"extend"}, reduces=True, sweeps=False),
    _decision(
        "converted", LENT, S.CONVERTED, "release", answers={"convert"}, reduces=True, papers=("gift",), sweeps=False
    )._replace(stays=LENT - {S.ON_LOAN}),
    _decision("recall", {S.DISPATCHED, S.RECEIVED, S.ON_LOAN}, S.RECALLED, "release", reduces=True, papers=("recall",)),
    _decision("close", SETTLED, S.CLOSED, "close", answers={"close-proposed"}, reduces=True, papers=("closing",)),
    _decision(
        "not-agreed",
        ALL_OPEN,
        None,
        "answer",
        answers={"amend", "cancel", "green-light", "short-close", "resolve", "extend", "convert", "close-proposed"},
        reduces=True,
        sweeps=False,
    ),
    _proposal("accept", {S.OFFERED}, "ask", papers=("acceptance",)),
    _proposal("reject", {S.OFFERED}, "ask", reduces=True),
    _proposal("cancel", BEFORE | {S.OFFERED} | UNSENT, "ask", reduces=True),
    _proposal("amend", ALL_OPEN, "ask", papers=("amended-request",)),
    _proposal("green-light", AGREED, "clear", reduces=True, papers=("green-light",)),
    _proposal("short-close", AGREED, "ask", reduces=True),
    _proposal("resolve", {S.DISPUTED}, "ask", reduces=True, papers=("joint-report",)),
    _proposal("extend", LENT, "ask", reduces=True),
    _proposal("convert", LENT, "ask", reduces=True),
    _proposal("close-proposed", SETTLED, "close", reduces=True),
    _fact("stage", "supplier", AGREED, None, "pick", ("packing-list",)),
    _fact("departed", None, UNDER_WAY, None, "move"),
    _fact("border", None, UNDER_WAY, None, "move"),
    _fact("refused", None, {S.DISPATCHED, S.RECALLED}, S.REFUSED, "move", ("refusal",)),
    _fact("lost", None, MOVING, S.LOST, "move", ("loss-report",)),
    _fact(
        "received", "requester", {S.DISPATCHED, S.RECALLED, S.DISPUTED}, S.RECEIVED, "receive", ("goods-received",)
    )._replace(stays=frozenset({S.RECALLED, S.DISPUTED})),
    _fact("counted", "requester", UNDER_WAY, None, "receive"),
    _fact("damaged", None, UNDER_WAY, None, "receive", ("damage-report",)),
    _fact("disputed", None, ARRIVED, S.DISPUTED, "receive", ("claim",)),
    _fact("on-loan", "requester", {S.RECEIVED}, S.ON_LOAN, "receive", ("loan-inventory",)),
    _fact("returned", None, HELD, S.RETURN_DISPATCHED, "move", ("re-export", "condition")),
    _fact(
        "return-received",
        "supplier",
        {S.RETURN_DISPATCHED, S.DISPUTED},
        S.RETURN_RECEIVED,
        "receive",
        ("loan-discharge",),
    ),
    _fact("recall-agreed", "requester", {S.RECALLED}, None, "ask"),
    _fact("instruct", "requester", AGREED, None, "ask"),
    _fact("end-use", "requester", ARRIVED, None, "receive", ("end-use",)),
    _fact("ask", "supplier", ALL_OPEN, None, "answer"),
    _fact("told", None, ALL_OPEN, None, "answer"),
    _fact("correct", None, AGREED, None, "receive"),
)
BY_VERB = {step.verb: step for step in STEPS}


def fold(openings: Iterable[tuple[int, str]], decisions: Iterable[tuple[int, str]]) -> State | None:
    """What is decided by the requester's openings and the supplier's decisions; None before the first opening.

    Openings come with their place, decisions with the requester's last place that they had seen: an opening counts
    where the supplier saw it, so that one that crosses a decision undoes nothing (xs1 16.13).
    """
    state, waiting = None, list(openings)
    for seen, verb in decisions:
        state, waiting = _opened(state, [o for o in waiting if o[0] <= seen]), [o for o in waiting if o[0] > seen]
        found = BY_VERB.get(verb)
        if found is not None and found.kind is Kind.DECISION and state in found.decided:
            state = found.decides or state
    return _opened(state, waiting)


def _opened(state: State | None, openings: Iterable[tuple[int, str]]) -> State | None:
    for _, verb in openings:
        found = BY_VERB.get(verb)
        if found is not None and found.kind is Kind.OPENING and (state is None or state in found.decided):
            state = found.decides
    return state


def may(verb: str, side: Side, state: State | None) -> str:
    """Empty where the protocol lets a side take a step while `state` is decided, else why not (xs1 16.13)."""
    why = _not_theirs(verb, side)
    step = BY_VERB.get(verb)
    if why or step is None or step.kind is Kind.FACT or (step.kind is Kind.OPENING and state is None):
        return why
    return "" if state in step.decided else f"{verb} does not follow {state or 'nothing'}"


def fits(verb: str, side: Side, state: State | None) -> str:
    """Empty where the table has an arrow for a step out of the state that people see, else why not."""
    why = _not_theirs(verb, side)
    step = BY_VERB.get(verb)
    if why or step is None or (step.kind is Kind.OPENING and state is None):
        return why
    return "" if state in step.states else f"{verb} does not follow {state or 'nothing'}"


def _not_theirs(verb: str, side: Side) -> str:
    step = BY_VERB.get(verb)
    if step is None:
        return f"no step {verb}"
    return "" if step.side in (None, side) else f"{verb} is the {step.side}'s to take"
