"""The operation as one table: steps, who may take each, in which states, and where they lead.

The supplier's decisions alone make the state; the requester's proposals wait for one of them; facts of either side
are summed beside it and are never refused. A step that only reduces an obligation stays open to a former member.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Literal, NamedTuple

Side = Literal["requester", "supplier"]


class State(StrEnum):
    """Where an operation stands."""

    NOTIFIED = "notified"
    REQUESTED = "requested"
    INDICATED = "indicated"
    OFFERED = "offered"
    CONFIRMED = "confirmed"
    DISPATCHED = "dispatched"
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
OPEN = frozenset({S.NOTIFIED, S.REQUESTED, S.INDICATED, S.OFFERED, S.CONFIRMED, S.DISPATCHED})
BEFORE = frozenset({S.NOTIFIED, S.REQUESTED, S.INDICATED})
PROMISED = frozenset({S.OFFERED, S.CONFIRMED, S.DISPATCHED})
BINDING = frozenset({S.CONFIRMED, S.DISPATCHED})


class Step(NamedTuple):
    """One row: a verb, its kind and side, the states it may be taken in, and the one it leads to (None: the same).

    `answers` are the proposals that a decision concludes; one of them must have been seen where there are any.
    """

    verb: str
    kind: Kind
    side: Side | None
    states: frozenset[State]
    leads_to: State | None = None
    answers: frozenset[str] = frozenset()
    reduces: bool = False


def _decision(
    verb: str, states: Iterable[State], to: State | None, answers: Iterable[str] = (), reduces: bool = False
) -> Step:
    return Step(verb, Kind.DECISION, "supplier", frozenset(states), to, frozenset(answers), reduces)


def _proposal(verb: str, states: Iterable[State], reduces: bool = False) -> Step:
    return Step(verb, Kind.PROPOSAL, "requester", frozenset(states), reduces=reduces)


def _fact(verb: str, side: Side | None) -> Step:
    return Step(verb, Kind.FACT, side, OPEN | BINDING, reduces=True)


STEPS = (
    Step("notify", Kind.OPENING, "requester", frozenset(), S.NOTIFIED),
    Step("request", Kind.OPENING, "requester", frozenset({S.NOTIFIED}), S.REQUESTED),
    _decision("indicate", {S.REQUESTED}, S.INDICATED),
    _decision("offer", {S.REQUESTED, S.INDICATED}, S.OFFERED),
    _decision("decline", {S.REQUESTED, S.INDICATED}, S.DECLINED, reduces=True),
    _decision("withdraw", {S.OFFERED}, S.WITHDRAWN, reduces=True),
    _decision("expire", BEFORE | {S.OFFERED}, S.EXPIRED, reduces=True),
    _decision("confirm", {S.OFFERED}, S.CONFIRMED, {"accept"}),
    _decision("lapse", {S.OFFERED}, S.LAPSED, {"accept"}, reduces=True),
    _decision("rejected", {S.OFFERED}, S.REJECTED, {"reject"}, reduces=True),
    _decision("cancelled", BEFORE | {S.OFFERED, S.CONFIRMED}, S.CANCELLED, {"cancel"}, reduces=True),
    _decision("cancel-own", {S.CONFIRMED}, S.CANCELLED, reduces=True),
    _decision("amended", OPEN, None, {"amend"}),
    _decision("dispatch", BINDING, S.DISPATCHED, reduces=True),
    _decision("close", {S.CONFIRMED, S.DISPATCHED}, S.CLOSED, {"close-proposed"}, reduces=True),
    _proposal("accept", {S.OFFERED}),
    _proposal("reject", {S.OFFERED}, reduces=True),
    _proposal("cancel", BEFORE | {S.OFFERED, S.CONFIRMED}, reduces=True),
    _proposal("amend", OPEN),
    _proposal("close-proposed", {S.CONFIRMED, S.DISPATCHED}, reduces=True),
    _fact("departed", None),
    _fact("border", None),
    _fact("refused", None),
    _fact("received", "requester"),
    _fact("damaged", None),
    _fact("returned", None),
    _fact("lost", None),
    _fact("disputed", None),
)
BY_VERB = {step.verb: step for step in STEPS}


def fold(openings: Iterable[str], decisions: Iterable[str]) -> State | None:
    """The state that the requester's openings and the supplier's decisions give; None before the first opening."""
    state: State | None = None
    for verb in openings:
        found = BY_VERB.get(verb)
        if found is not None and found.kind is Kind.OPENING and (state is None or state in found.states):
            state = found.leads_to
    for verb in decisions:
        found = BY_VERB.get(verb)
        if found is not None and found.kind is Kind.DECISION and state in found.states:
            state = found.leads_to or state
    return state


def may(verb: str, side: Side, state: State | None) -> str:
    """Empty where a side may take a step in a state, else why not."""
    step = BY_VERB.get(verb)
    if step is None:
        return f"no step {verb}"
    if step.side not in (None, side):
        return f"{verb} is the {step.side}'s to take"
    if step.kind is Kind.FACT:
        return ""
    if step.kind is Kind.OPENING and state is None:
        return ""
    if state not in step.states:
        return f"{verb} does not follow {state or 'nothing'}"
    return ""
