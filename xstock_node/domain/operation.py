"""One operation as people see it: what is decided, the finer state, counters per item, consignments, whose turn it is.

A pure fold over both chains. Facts are sums, so that their order does not matter; a correction takes the place of the
fact it names. Both sides that hold the same messages see the same.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Final, Literal, NamedTuple

import msgspec

from xstock_node.domain import steps
from xstock_node.domain.clearing import Clearance, ConsignmentStatus, consignments_of
from xstock_node.domain.counters import Counters, counters_of
from xstock_node.domain.loans import Due, dues
from xstock_node.domain.operations import BY_VERB, ENDED, Kind, Side, State, fold
from xstock_node.domain.steps import Body
from xstock_node.domain.sums import ZERO, Key

S = State
SUPPLIER_ACTS: Final = frozenset({S.NOTIFIED, S.REQUESTED, S.INDICATED, S.CLEARED, S.REFUSED, S.RETURN_DISPATCHED})
"""The open states in which the supplier acts next, even where no proposal waits; in the others the requester does."""


HOLDS: Final = frozenset({"standby", "offer"})
"""The promises that end by themselves; the last one's hold is the one that stands."""


class Event(NamedTuple):
    """A message that counts: its side, step, place `n`, the other side's last place it had `seen`, time and hash."""

    side: Side
    verb: str
    body: Body
    n: int
    seen: int
    time: int
    hash: str
    receipted: bool = True


class Operation(NamedTuple):
    """One operation, folded. `due` is the day on which the first of what is lent is due, before that the one agreed;
    `provisional` are counts that no second person has confirmed.
    """

    decided: State | None
    state: State | None
    terms: str
    due: str
    loans: tuple[Due, ...]
    hold_until: int
    answer_by: int
    turn: Side | Literal[""]
    counters: dict[Key, Counters]
    consignments: dict[str, ConsignmentStatus]
    proposals: tuple[Event, ...]
    disputes: tuple[Event, ...]
    provisional: tuple[Event, ...]
    events: tuple[Event, ...]

    def lines(self, verb: str) -> tuple[steps.Line, ...]:
        """The lines of the last step of this verb that has any."""
        return next((lines_of(e) for e in reversed(self.events) if e.verb == verb and lines_of(e)), ())

    def clearance(self, consignment: str) -> Clearance | None:
        """The clearance that stands for a consignment."""
        found = self.consignments.get(consignment)
        return found.clearance if found else None


def read(messages: Sequence[Event]) -> Operation:
    """Fold an operation; `messages` are both chains, each in its writer's order."""
    events = _corrected(messages)
    ours = [e for e in events if e.side == "supplier"]
    decided = fold(((e.n, e.verb) for e in events if e.side == "requester"), ((e.seen, e.verb) for e in ours))
    counters, consignments = counters_of(events), consignments_of(events)
    proposals, disputes = tuple(standing(events)), tuple(_open_disputes(events))
    recalled = any(e.verb == "recall" for e in ours)
    state = _finer(decided, counters.values(), consignments.values(), disputes, recalled)
    agreed = _newest(events, "due", {"accept", "confirm"})
    loans = dues(events, counters, agreed)
    last = max(events, key=lambda e: (e.time, e.n), default=None)
    return Operation(
        decided,
        state,
        _newest(events, "terms", {"accept", "confirm"}),
        loans[0].day if loans else agreed,
        loans,
        next((e.body.hold_until for e in reversed(ours) if e.verb in HOLDS and isinstance(e.body, steps.Promise)), 0),
        last.body.answer_by if last else 0,
        _turn(state, proposals),
        counters,
        consignments,
        proposals,
        disputes,
        tuple(_provisional(events)),
        tuple(sorted(events, key=lambda e: (e.time, e.side, e.n))),
    )


def standing(events: Iterable[Event]) -> list[Event]:
    """The requester's proposals that no decision has answered yet (xs1 16.10)."""
    every = list(events)
    decisions = [e for e in every if e.side == "supplier" and _kind(e) is Kind.DECISION]
    proposals = [e for e in every if e.side == "requester" and _kind(e) is Kind.PROPOSAL]
    return [p for p in proposals if not any(_answers(d, p) for d in decisions)]


def about(event: Event) -> str:
    """What a proposal or its answer speaks of, where several may stand at once: a consignment, or a message."""
    return str(getattr(event.body, "consignment", "") or getattr(event.body, "of", ""))


def lines_of(event: Event) -> tuple[steps.Line, ...]:
    """The lines of a step; none where it has none."""
    found: tuple[steps.Line, ...] = getattr(event.body, "lines", ())
    return found


def _answers(decision: Event, proposal: Event) -> bool:
    step = BY_VERB[decision.verb]
    if decision.seen < proposal.n:
        return False
    if decision.verb == "not-agreed":
        return getattr(decision.body, "of", "") == proposal.hash
    if proposal.verb in step.answers:
        return not about(decision) or not about(proposal) or about(decision) == about(proposal)
    return step.sweeps


def _kind(event: Event) -> Kind | None:
    step = BY_VERB.get(event.verb)
    return step.kind if step else None


def _turn(state: State | None, proposals: Sequence[Event]) -> Side | Literal[""]:
    if state is None or state in ENDED:
        return ""
    return "supplier" if proposals or state in SUPPLIER_ACTS else "requester"


def _newest(events: Sequence[Event], field: str, verbs: Collection[str]) -> str:
    """What the last of these steps says in a field; empty where none says it."""
    said = [str(getattr(e.body, field, "")) for e in events if e.verb in verbs]
    return next((text for text in reversed(said) if text), "")


def _corrected(events: Sequence[Event]) -> list[Event]:
    """The events, where each corrected fact says what its writer's last correction says (no step back)."""
    corrections = {(e.side, e.body.of): e.body for e in events if isinstance(e.body, steps.Correct)}
    return [_correct(e, corrections.get((e.side, e.hash))) for e in events]


def _correct(event: Event, correction: steps.Correct | None) -> Event:
    if correction is None or _kind(event) is not Kind.FACT:
        return event
    said = {name: getattr(correction, name) for name in ("counts", "lines", "place", "at")}
    fields = {name: value for name, value in said.items() if value and hasattr(event.body, name)}
    return event._replace(body=msgspec.structs.replace(event.body, **fields))


def _open_disputes(events: Sequence[Event]) -> list[Event]:
    """Discrepancies that no resolution of both sides names."""
    resolved = {e.body.of for e in events if e.verb == "resolved" and isinstance(e.body, steps.About)}
    return [e for e in events if e.verb == "disputed" and e.hash not in resolved]


def _provisional(events: Sequence[Event]) -> Iterable[Event]:
    """Counts that wait for a second person of those who counted, each under the hash of its writer's last word.

    So what is corrected waits again, and who confirms a count confirms the figures that they saw.
    """
    words = [e for e in events if isinstance(e.body, steps.Correct) and e.side == "requester" and e.body.counts]
    last = {e.body.of: e.hash for e in words if isinstance(e.body, steps.Correct)}
    confirmed = {e.body.of for e in events if e.verb == "counted" and isinstance(e.body, steps.About)}
    for event in events:
        body, word = event.body, last.get(event.hash, event.hash)
        waits = isinstance(body, steps.Receipt) and body.provisional and word not in confirmed
        if waits and event.verb == "received":
            yield event._replace(hash=word)


def _finer(
    decided: State | None,
    counters: Iterable[Counters],
    consignments: Iterable[ConsignmentStatus],
    disputes: Sequence[Event],
    recalled: bool,
) -> State | None:
    """The state that people see: the first of these that holds, from what is worst or furthest behind."""
    cleared = any(c.stand == "cleared" for c in consignments)
    if decided is State.CONFIRMED and cleared:
        return State.CLEARED
    if decided is not State.DISPATCHED:
        return decided
    if disputes:
        return State.DISPUTED
    every = [*counters]
    if recalled and any(c.in_transit > 0 or c.outstanding > 0 for c in every):
        return State.RECALLED
    if any(c.in_transit > 0 for c in every):
        return State.DISPATCHED
    border = [c for c in consignments if c.stand == "at-border"]
    if border:
        return State.CLEARED if all(c.relit for c in border) else State.REFUSED
    if any(c.coming_back > 0 for c in every):
        return State.RETURN_DISPATCHED
    return _arrived(every)


def _arrived(counters: Sequence[Counters]) -> State:
    """The state once nothing is on the way."""
    if any(c.outstanding > 0 for c in counters):
        return State.RECEIVED if any(c.outstanding > max(c.lent, ZERO) for c in counters) else State.ON_LOAN
    if any(c.given > 0 for c in counters):
        return State.CONVERTED
    if any(c.back_good + c.back_damaged + c.back_short > 0 for c in counters):
        return State.RETURN_RECEIVED
    return State.LOST if any(c.lost_out + c.lost_loan + c.lost_back > 0 for c in counters) else State.RECEIVED
