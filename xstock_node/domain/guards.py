"""What a step must hold before this node signs it: quantities that exist, clearances that cover, counters that balance.

Pure over the folded operation. The other side never refuses a message for these (a truck that left has left): it shows
them as findings.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from xstock_node.domain import steps
from xstock_node.domain.border import Refused
from xstock_node.domain.clearing import open_fields, void
from xstock_node.domain.counters import Counters
from xstock_node.domain.operation import Operation
from xstock_node.domain.operations import BY_VERB, Kind
from xstock_node.domain.reasons import Reason
from xstock_node.domain.steps import Body
from xstock_node.domain.sums import ZERO, Key, left_of
from xstock_node.domain.units import from_sent_pair

Guard = Callable[[Operation, Body, int], Iterable[Reason]]
LENDING: Final = frozenset({"loan", "replacement"})


def objections(operation: Operation, verb: str, body: Body, now: int) -> list[Reason]:
    """Why a step may not be signed as it is; empty where it may."""
    return [reason for guard in GUARDS.get(verb, ()) for reason in guard(operation, body, now)]


def _lines(operation: Operation, body: Body, now: int) -> Iterable[Reason]:
    lines: tuple[steps.Line, ...] = getattr(body, "lines", ())
    if not lines:
        yield Reason("no_lines")
    yield from (Reason("no_quantity", {"item": line.item}) for line in lines if line.quantity <= 0)


def _some(operation: Operation, body: Body, now: int) -> Iterable[Reason]:
    """Lines may be left out; those that are there are of something."""
    yield from (r for r in _lines(operation, body, now) if r.code != "no_lines")


def _counts(operation: Operation, body: Body, now: int) -> Iterable[Reason]:
    counts: tuple[steps.Count, ...] = getattr(body, "counts", ())
    if not counts:
        yield Reason("no_counts")
    for count in counts:
        if min(from_sent_pair(q) for q in (count.good, count.damaged, count.short, count.over)) < 0:
            yield Reason("no_quantity", {"item": count.item})


@dataclass(frozen=True)
class AtMost:
    """Lines or counts that may not exceed a figure of the counters; what is over the papers is not limited."""

    what: Callable[[Counters], Decimal]
    code: str

    def __call__(self, operation: Operation, body: Body, now: int) -> Iterable[Reason]:
        """A reason for each item of which there is less."""
        for key, quantity in _asked(body).items():
            there = max(self.what(operation.counters.get(key, Counters())), ZERO)
            if quantity > there:
                yield _more(self.code, key, quantity, there)


def _more(code: str, key: Key, asked: Decimal, there: Decimal) -> Reason:
    return Reason(code, {"item": key[0], "asked": str(asked), "there": str(there), "unit": key[1]})


def _asked(body: Body) -> dict[Key, Decimal]:
    found: dict[Key, Decimal] = {}
    for line in getattr(body, "lines", ()):
        found[line.item, line.unit] = found.get((line.item, line.unit), ZERO) + line.quantity
    for count in getattr(body, "counts", ()):
        said = sum((from_sent_pair(q) for q in (count.good, count.damaged, count.short)), ZERO)
        found[count.item, count.unit] = found.get((count.item, count.unit), ZERO) + said
    return found


def _future_hold(operation: Operation, body: Body, now: int) -> Iterable[Reason]:
    if isinstance(body, steps.Promise) and body.hold_until <= now:
        yield Reason("hold_in_the_past")


def _acceptance(operation: Operation, body: Body, now: int) -> Iterable[Reason]:
    if not isinstance(body, steps.Accept):
        return
    if not body.terms:
        yield Reason("no_terms", {"offered": ", ".join(_offered_terms(operation))})
    yield from _of_offered_terms(operation, body, now)
    if body.terms in LENDING and not body.due:
        yield Reason("no_due_day", {"terms": body.terms})
    elif body.due and body.due <= (today := _day_of(now)):
        yield Reason("due_over", {"due": body.due, "today": today})


def _as_accepted(operation: Operation, body: Body, now: int) -> Iterable[Reason]:
    """A confirmation is of what was accepted, no more and no less."""
    accepted = [e.body for e in operation.proposals if isinstance(e.body, steps.Accept)]
    if accepted and isinstance(body, steps.Accept) and body.lines and body.lines != accepted[-1].lines:
        yield Reason("not_as_accepted")


def _of_offered_terms(operation: Operation, body: Body, now: int) -> Iterable[Reason]:
    """Whatever the other side accepted, nothing is confirmed under terms that were not offered."""
    offered = _offered_terms(operation)
    if isinstance(body, steps.Accept) and body.terms and offered and body.terms not in offered:
        yield Reason("other_terms", {"terms": body.terms, "offered": ", ".join(offered)})


def _offered_terms(operation: Operation) -> tuple[str, ...]:
    return next((e.body.terms for e in reversed(operation.events) if isinstance(e.body, steps.Promise)), ())


@dataclass(frozen=True)
class AsProposed:
    """What concludes a proposal is of its goods and its day, no more and no less."""

    verb: str

    def __call__(self, operation: Operation, body: Body, now: int) -> Iterable[Reason]:
        """One reason, where the conclusion is another than the newest proposal that waits."""
        waiting = [e.body for e in operation.proposals if e.verb == self.verb]
        if waiting and (_asked(body) != _asked(waiting[-1]) or _due(body) != _due(waiting[-1])):
            yield Reason("not_as_proposed", {"proposal": self.verb})


def _day_of(now: int) -> str:
    return datetime.fromtimestamp(now, UTC).date().isoformat()


def _due(body: Body) -> str:
    return str(getattr(body, "due", ""))


def _later_day(operation: Operation, body: Body, now: int) -> Iterable[Reason]:
    """An extension says until when, and that is later than what it extends is due."""
    if not _due(body):
        yield Reason("no_due_day", {"terms": operation.terms})
    elif operation.due >= _due(body):
        yield Reason("not_later", {"due": operation.due})


def _hold_over(operation: Operation, body: Body, now: int) -> Iterable[Reason]:
    if now <= operation.hold_until:
        yield Reason("hold_runs")


def _late(operation: Operation, body: Body, now: int) -> Iterable[Reason]:
    """Only an acceptance that was signed after the hold may be let lapse."""
    if any(e.time <= operation.hold_until for e in operation.proposals if e.verb == "accept"):
        yield Reason("not_late")


def _corrects(operation: Operation, body: Body, now: int) -> Iterable[Reason]:
    """Facts alone are said anew; what was decided or agreed is changed by a step of its own."""
    facts = {e.hash for e in operation.events if BY_VERB[e.verb].kind is Kind.FACT}
    if isinstance(body, steps.Correct) and body.of not in facts:
        yield Reason("no_such_fact")


def _cleared(operation: Operation, body: Body, now: int) -> Iterable[Reason]:
    """Where clearance is needed no vehicle leaves without a green light; else the reason why it is not."""
    if not isinstance(body, steps.Dispatch):
        return
    status = operation.consignments.get(body.consignment)
    if status is not None and status.stand in ("dispatched", "turned-back"):
        yield Reason("left_already", {"consignment": body.consignment})
    if body.free:
        return
    if status is None or status.clearance is None or (status.stand == "at-border" and not status.relit):
        yield Reason("no_green_light", {"consignment": body.consignment})
    elif why := status.clearance.covers(body, now):
        yield Reason("green_light_void", {"consignment": body.consignment, "why": why})


def _light(operation: Operation, body: Body, now: int) -> Iterable[Reason]:
    """A green light is for one vehicle, one crossing and one day, and ends; a staging that says otherwise voids it."""
    if not isinstance(body, steps.GreenLight):
        return
    if missing := open_fields(body):
        yield Reason("light_open", {"missing": ", ".join(missing)})
    if body.valid_until <= now:
        yield Reason("light_ends")
    status = operation.consignments.get(body.consignment)
    if not missing and status is not None and (why := void(body, status.stage)):
        yield Reason("green_light_void", {"consignment": body.consignment, "why": why})


def _countersigned(operation: Operation, body: Body, now: int) -> Iterable[Reason]:
    named = getattr(body, "consignment", "")
    lights = [e.body for e in operation.proposals if isinstance(e.body, steps.GreenLight)]
    light = next((one for one in reversed(lights) if one.consignment == named), None)
    if light is None:
        yield Reason("no_green_light", {"consignment": named})
    elif missing := open_fields(light):
        yield Reason("light_open", {"missing": ", ".join(missing)})


def _dispute(operation: Operation, body: Body, now: int) -> Iterable[Reason]:
    if isinstance(body, steps.About) and body.of not in {e.hash for e in operation.disputes}:
        yield Reason("no_such_dispute")


def _counted(operation: Operation, body: Body, now: int) -> Iterable[Reason]:
    """A second person confirms a count that waits for one."""
    if isinstance(body, steps.About) and body.of not in {e.hash for e in operation.provisional}:
        yield Reason("no_such_count")


def _lending(operation: Operation, body: Body, now: int) -> Iterable[Reason]:
    if operation.terms not in LENDING:
        yield Reason("not_lent", {"terms": operation.terms})


def _not_below_dispatched(operation: Operation, body: Body, now: int) -> Iterable[Reason]:
    asked = _asked(body)
    for key, counters in operation.counters.items():
        if asked and asked.get(key, ZERO) < counters.dispatched - counters.refused:
            yield Reason("below_dispatched", {"item": key[0], "there": str(counters.dispatched - counters.refused)})


def _balanced(operation: Operation, body: Body, now: int) -> Iterable[Reason]:
    """Counters balance or are written off, and nothing is disputed."""
    if operation.disputes:
        yield Reason("disputed")
    for key, left in unbalanced(operation, _asked_off(body)).items():
        yield Reason("unbalanced", {"item": key[0], "left": str(left), "unit": key[1]})


def unbalanced(operation: Operation, written_off: Mapping[Key, Decimal]) -> dict[Key, Decimal]:
    """What is neither where it belongs nor written off: on the way, lent out, or never sent."""
    found: dict[Key, Decimal] = {}
    for key, counters in operation.counters.items():
        lent = counters.outstanding if operation.terms in LENDING else ZERO
        here = max(counters.undispatched, counters.at_border)  # what a border holds is due, unless it was let go
        left = here + counters.in_transit + counters.coming_back + lent - written_off.get(key, ZERO)
        if left > 0 and counters.accepted:
            found[key] = left
    return found


def _asked_off(body: Body) -> dict[Key, Decimal]:
    found: dict[Key, Decimal] = {}
    for line in body.written_off if isinstance(body, steps.Close) else ():
        found[line.item, line.unit] = found.get((line.item, line.unit), ZERO) + line.quantity
    return found


def _lost(operation: Operation, body: Body, now: int) -> Iterable[Reason]:
    leg = getattr(body, "leg", "") or "out"
    if leg == "back":
        yield from _back(operation, body, now)
    else:
        figure: Callable[[Counters], Decimal] = lambda c: c.in_transit if leg == "out" else c.outstanding  # noqa: E731
        yield from AtMost(figure, "more_than_there")(operation, body, now)


def _refused(operation: Operation, body: Body, now: int) -> Iterable[Reason]:
    """Of a consignment no more is refused than left with it."""
    status = operation.consignments.get(getattr(body, "consignment", ""))
    if status is None:
        yield Reason("which_load", {"consignments": ", ".join(operation.consignments)})
        return
    left = left_of(status.sent, status.load.refused if status.load else {})
    moving = {key: c.in_transit for key, c in operation.counters.items()}
    yield from _no_more_than({key: max(min(q, moving.get(key, ZERO)), ZERO) for key, q in left.items()}, body)


def _returned(operation: Operation, body: Body, now: int) -> Iterable[Reason]:
    if (load := _load(operation, body)) is None:
        yield from AtMost(lambda c: c.outstanding, "more_than_there")(operation, body, now)
    else:
        yield from _no_more_than(load.waiting, body)


def _back(operation: Operation, body: Body, now: int) -> Iterable[Reason]:
    """What is on its way home: of a load that a border refused, or of what was lent."""
    if (load := _load(operation, body)) is not None:
        yield from _no_more_than(load.returning, body)
        return
    yield from AtMost(lambda c: c.coming_back - c.returning, "more_than_there")(operation, body, now)
    turned = [id_ for id_, c in operation.consignments.items() if c.load and c.load.returning]
    if turned and not getattr(body, "consignment", ""):
        yield Reason("which_load", {"consignments": ", ".join(turned)})


def _leaves_border(operation: Operation, body: Body, now: int) -> Iterable[Reason]:
    """Under the id of a load that waits at a border no more leaves than waits there."""
    status = operation.consignments.get(getattr(body, "consignment", ""))
    if status is not None and status.stand == "at-border" and status.load is not None:
        yield from _no_more_than(status.load.waiting, body)


def _load(operation: Operation, body: Body) -> Refused | None:
    status = operation.consignments.get(getattr(body, "consignment", ""))
    return status.load if status is not None else None


def _no_more_than(there: Mapping[Key, Decimal], body: Body) -> Iterable[Reason]:
    for key, quantity in _asked(body).items():
        if quantity > there.get(key, ZERO):
            yield _more("more_than_there", key, quantity, there.get(key, ZERO))


GUARDS: Final[Mapping[str, tuple[Guard, ...]]] = {
    "request": (_lines,),
    "standby": (_lines, _future_hold),
    "offer": (_lines, _future_hold),
    "accept": (_some, _acceptance, AtMost(lambda c: c.offered, "more_than_offered")),
    "confirm": (_some, _as_accepted, _of_offered_terms, AtMost(lambda c: c.offered, "more_than_offered")),
    "expire": (_hold_over,),
    "lapse": (_late,),
    "amended": (_some, AsProposed("amend"), _not_below_dispatched),
    "amend": (_some, _not_below_dispatched),
    "green-light": (_light,),
    "clear": (_countersigned,),
    "dispatch": (_lines, AtMost(lambda c: c.undispatched, "more_than_accepted"), _cleared, _leaves_border),
    "refused": (_lines, _refused),
    "lost": (_lines, _lost),
    "received": (_counts, AtMost(lambda c: c.in_transit, "more_than_there")),
    "counted": (_counted,),
    "on-loan": (_lines, _lending, AtMost(lambda c: c.outstanding - max(c.lent, ZERO), "more_than_there")),
    "returned": (_lines, _returned),
    "return-received": (_counts, _back),
    "resolve": (_dispute,),
    "resolved": (_dispute,),
    "extend": (_lines, _later_day, AtMost(lambda c: c.lent, "more_than_lent")),
    "extended": (_lines, AsProposed("extend"), AtMost(lambda c: c.lent, "more_than_lent")),
    "convert": (_lines, AtMost(lambda c: c.lent, "more_than_lent")),
    "converted": (_lines, AsProposed("convert"), AtMost(lambda c: c.lent, "more_than_lent")),
    "recall": (_lending,),
    "damaged": (_some, AtMost(lambda c: max(c.received, c.back_good), "more_than_there")),
    "correct": (_corrects,),
    "close-proposed": (_balanced,),
    "close": (_balanced,),
}
