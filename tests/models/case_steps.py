"""What may happen in one case: the acts of both sides, arrivals, the exchange after a restore, the restore itself."""

from collections.abc import Iterator
from typing import NamedTuple

from tests.models.case_model import (
    ACCEPT,
    AMEND,
    CANCEL,
    CANCELLED,
    CONFIRMED,
    EXPIRED,
    NEW,
    OFFERED,
    REJECT,
    REJECTED,
    Answer,
    Case,
    Chain,
    Message,
    Requester,
    Rules,
    receive,
    requester_view,
    supplier_view,
)

ANY, CERTAIN, COVERED, ROOM, UNRESTORED = range(5)


class Step(NamedTuple):
    """What happens, what all cases together must allow for it, and the case afterwards.

    `needs`: ANY nothing; CERTAIN S in no doubt about any case; COVERED that, and all that is promised fits into the
    stock; ROOM that, and one more fits; UNRESTORED nobody has restored yet. `arrived` says what became of a message.
    """

    label: str
    case: Case
    needs: int = ANY
    arrived: str = ""


def steps(case: Case, rules: Rules) -> Iterator[Step]:
    """Everything that may happen next in a case."""
    yield from _supplier_acts(case, rules)
    yield from _requester_acts(case, rules)
    yield from arrivals(case, rules)
    yield from _requester_restores(case, rules)


def arrivals(case: Case, rules: Rules) -> Iterator[Step]:
    """Everything that may arrive: messages, the receipt of a cancellation, question and answer of an exchange."""
    for chain in sorted(case.sent):
        step = chain[-1].step
        if chain[-1].by == "S":
            what, held = receive(case.r.held, case.r.knows, chain, rules)
            r = case.r._replace(held=held, knows=max(case.r.knows, chain[-1].start) if held == chain else case.r.knows)
            receipt = case.receipt or (held == chain and step == CANCELLED)
            yield Step(f"R gets '{step}': {what}", case._replace(r=r, receipt=receipt), arrived=what)
        elif rules.order == "one chain":
            what, held = receive(case.s.own, case.s.knows, chain, rules)
            yield Step(f"S gets '{step}': {what}", case._replace(s=case.s._replace(own=held)), arrived=what)
        else:
            what, held = receive(case.s.held, case.s.knows, chain, rules)
            s = case.s._replace(held=held, knows=max(case.s.knows, chain[-1].start) if held == chain else case.s.knows)
            yield Step(f"S gets '{step}': {what}", case._replace(s=s), arrived=what)
    if case.receipt and _ends_cancelled(case.s.own):
        what = "repeated" if case.s.freed else "stored"
        yield Step("S gets the receipt of 'cancelled'", case._replace(s=case.s._replace(freed=True)), arrived=what)
    yield from _exchange(case, rules)


def restored(case: Case, rules: Rules) -> Case:
    """S begins again with its back-up: a new start, and in doubt until each member was asked."""
    assert case.backup is not None
    s = case.backup._replace(doubt=rules.exchanges, start=2 if rules.numbers_starts else 1)
    return case._replace(s=s, backup=None, restored="S")


def _supplier_acts(case: Case, rules: Rules) -> Iterator[Step]:
    s, view = case.s, supplier_view(case, rules)
    if s.doubt or len(s.own) >= rules.most_s:
        return
    if view == NEW:
        yield from _supplier_writes(case, OFFERED, rules, COVERED if rules.overbooks else ROOM)
    elif view == OFFERED:
        yield from _supplier_writes(case, EXPIRED, rules, ANY)
        if not rules.both_decide():
            yield from _supplier_answers(case, rules)
    elif view == CONFIRMED:
        yield from _supplier_writes(case, CANCELLED, rules, ANY)


def _supplier_answers(case: Case, rules: Rules) -> Iterator[Step]:
    """S's answer to R's newest proposal, if that was about the offer which stands."""
    proposal = _proposal(case, rules)
    if proposal == ACCEPT:
        fits = ROOM if rules.overbooks else COVERED
        yield from _supplier_writes(case, CONFIRMED, rules, CERTAIN if rules.confirms_uncovered else fits)
    elif proposal == AMEND:
        yield from _supplier_writes(case, OFFERED, rules, COVERED)
    elif proposal in (REJECT, CANCEL):
        yield from _supplier_writes(case, REJECTED, rules, ANY)


def _proposal(case: Case, rules: Rules) -> str:
    """R's newest step that S has not answered; an acceptance or amendment of an older offer is void."""
    if rules.order == "one chain":
        last = case.s.own[-1]
        return last.step if last.by == "R" else ""
    answered = case.s.own[-1].seen if case.s.own else ()
    if case.s.held[: len(answered)] != answered or len(case.s.held) == len(answered):
        return ""
    last = case.s.held[-1]
    return last.step if last.seen == case.s.own or last.step == CANCEL else ""


def _supplier_writes(case: Case, step: str, rules: Rules, needs: int) -> Iterator[Step]:
    """The transaction that stores the step, its reservation and its place in the outbox: from here on it is sent."""
    seen = () if rules.order == "one chain" else case.s.held
    chain = (*case.s.own, Message("S", case.s.start, step, seen))
    s = case.s._replace(own=chain, freed=False)
    yield Step(f"S writes '{step}'", case._replace(s=s, sent=case.sent | {chain}), needs)


def _requester_acts(case: Case, rules: Rules) -> Iterator[Step]:
    r, view = case.r, requester_view(case, rules)
    own = sum(message.by == "R" for message in (r.held if rules.order == "one chain" else r.own))
    if r.doubt or own >= rules.most_r:
        return
    waiting = _waits(case, rules)
    if view == OFFERED and not waiting:
        yield from _requester_writes(case, ACCEPT, rules)
        yield from _requester_writes(case, REJECT, rules)
        if rules.amends:
            yield from _requester_writes(case, AMEND, rules)
    elif (view == OFFERED and waiting == ACCEPT) or (view == CONFIRMED and waiting != CANCEL):
        yield from _requester_writes(case, CANCEL, rules)
    if rules.own_clock and view == OFFERED and not r.expired:
        yield Step("R's clock passes the end of the hold", case._replace(r=r._replace(expired=True)))


def _waits(case: Case, rules: Rules) -> str:
    """The proposal of R's own that S has not answered yet."""
    if rules.order == "one chain":
        return case.r.held[-1].step if case.r.held and case.r.held[-1].by == "R" else ""
    if not case.r.own or rules.both_decide():
        return ""
    last, answered = case.r.own[-1], case.r.held[-1].seen if case.r.held else ()
    return last.step if len(answered) < len(case.r.own) and (last.seen == case.r.held or last.step == CANCEL) else ""


def _requester_writes(case: Case, step: str, rules: Rules) -> Iterator[Step]:
    for mark in rules.marks():
        if rules.order == "one chain":
            chain: Chain = (*case.r.held, Message("R", case.r.start, step, ()))
            r = case.r._replace(held=chain)
        else:
            chain = (*case.r.own, Message("R", case.r.start, step, case.r.held, mark))
            r = case.r._replace(own=chain)
        yield Step(f"R writes '{step}'", case._replace(r=r, sent=case.sent | {chain}))


def _exchange(case: Case, rules: Rules) -> Iterator[Step]:
    """Who restored asks the other, with all that it holds; the other takes what it lacks, notes the new start, answers.

    From then on the other takes nothing of an older start that it did not hold already.
    """
    s, r = case.s, case.r
    if s.doubt and case.answer is None:
        held, knows = _longer(r.held, s.own), s.start
        r = r._replace(held=held if rules.gives_too else r.held, knows=knows if rules.notes_start else r.knows)
        answer = Answer(r.held, r.own)
        receipt = case.receipt or _ends_cancelled(r.held)
        yield Step("S asks, R answers", case._replace(r=r, answer=answer, receipt=receipt), arrived="stored")
    elif r.doubt and case.answer is None:
        held, knows = _longer(s.held, r.own), r.start
        s = s._replace(held=held if rules.gives_too else s.held, knows=knows if rules.notes_start else s.knows)
        yield Step("R asks, S answers", case._replace(s=s, answer=Answer(s.own, s.held)), arrived="stored")
    elif case.answer is not None and s.doubt:
        own = _longer(s.own, case.answer.s_chain)
        held = _longer(s.held, case.answer.r_chain)
        s = s._replace(own=own, held=held, doubt=False, freed=_ends_cancelled(case.answer.s_chain))
        yield Step("S gets R's answer", case._replace(s=s, answer=None), arrived="stored")
    elif case.answer is not None and r.doubt:
        held, own = _longer(r.held, case.answer.s_chain), _longer(r.own, case.answer.r_chain)
        receipt = case.receipt or _ends_cancelled(held)
        r = r._replace(own=own, held=held, doubt=False)
        yield Step("R gets S's answer", case._replace(r=r, answer=None, receipt=receipt), arrived="stored")


def _requester_restores(case: Case, rules: Rules) -> Iterator[Step]:
    """R begins again with any older state of its own: a moment at which it held that much of both chains."""
    if not rules.restores or case.backup is not None:
        return
    r, start = case.r, 2 if rules.numbers_starts else 1
    for own in range(len(r.own) + 1):
        least = len(r.own[own - 1].seen) if own else 0
        most = len(r.own[own].seen) if own < len(r.own) else len(r.held)
        for held in range(least, most + 1):
            older = Requester(r.own[:own], r.held[:held], start, r.knows, rules.exchanges)
            label = f"R restores a state of {own} own and {held} held messages"
            yield Step(label, case._replace(r=older, restored="R"), UNRESTORED)


def _longer(one: Chain, other: Chain) -> Chain:
    return other if len(other) > len(one) else one


def _ends_cancelled(chain: Chain) -> bool:
    return bool(chain) and chain[-1].step == CANCELLED


def backed_up(case: Case) -> Case:
    """S makes a back-up of what it holds now."""
    return case._replace(backup=case.s)
