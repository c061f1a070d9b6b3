"""One case between a supplier S and a requester R as a pure model: who holds what, and what each makes of it.

The rules are those of `xs1`, Cases. A message is known by its whole chain, which is what its hash of the previous text
amounts to. The network is the set of all messages ever sent: each may arrive now, later, after others, again, or
never, so that delay, reordering, repetition and loss are all in it. `Rules` says what may differ: the defaults are the
protocol, everything else is a variant of which an exploration shows that it fails.

Left out: facts (sums that nobody refuses), side lines, and the person who releases the stock of a member that does not
answer after a restore. A side that has restored knows that it may differ, and asks before it acts.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

NEW, OFFERED, CONFIRMED = "new", "offered", "confirmed"
EXPIRED, REJECTED, CANCELLED = "expired", "rejected", "cancelled"
ACCEPT, REJECT, CANCEL, AMEND = "accept", "reject", "cancel", "amend"


class Message(NamedTuple):
    """A signed step of `by` ("S" or "R"); `seen` is what its writer held of the other's chain.

    `mark` is used by variants alone: how far the writer's clock is ahead, or the salt of its hash.
    """

    by: str
    start: int
    step: str
    seen: "Chain"
    mark: int = 0


Chain = tuple[Message, ...]


class Rules(NamedTuple):
    """What both sides go by, and how large the world is: each case is about one of `stock`.

    An offer reserves (a hold), unless S `overbooks`: then more may be offered than there is, and only a confirmation
    reserves. `most_s` and `most_r` bound what each side writes in a case.
    """

    stock: int = 1
    overbooks: bool = False
    order: str = "supplier"  # or "time", "hash", "arrival", "one chain"
    own_clock: bool = False
    frees_at_cancel: bool = False
    confirms_uncovered: bool = False
    restores: bool = True
    exchanges: bool = True
    notes_start: bool = True  # who is asked knows the new start from then on
    gives_too: bool = True  # who is asked takes what it lacks
    waits_for_all: bool = True
    numbers_starts: bool = True
    most_s: int = 3
    most_r: int = 2
    amends: bool = False

    def marks(self) -> tuple[int, ...]:
        """What a message may be marked with: a clock may be ahead, and four salts give hashes in any order."""
        return {"time": (0, 1), "hash": (0, 1, 2, 3)}.get(self.order, (0,))

    def both_decide(self) -> bool:
        """Whether R's steps change the state themselves."""
        return self.order in ("time", "hash", "arrival")


class Supplier(NamedTuple):
    """What S has stored of one case. `freed`: the receipt of its cancellation is stored."""

    own: Chain = ()
    held: Chain = ()
    start: int = 1
    knows: int = 1  # R's newest start that was seen
    doubt: bool = False
    freed: bool = False


class Requester(NamedTuple):
    """What R has stored. `expired`: by its own clock, in the variant that looks at it."""

    own: Chain = ()
    held: Chain = ()
    start: int = 1
    knows: int = 1
    doubt: bool = False
    expired: bool = False


class Answer(NamedTuple):
    """What the asked side held of both chains when it was asked."""

    s_chain: Chain
    r_chain: Chain


class Case(NamedTuple):
    """Both sides, everything that was ever sent, and a back-up of S where one was made."""

    s: Supplier = Supplier()
    r: Requester = Requester()
    sent: frozenset[Chain] = frozenset()
    receipt: bool = False  # R has signed a receipt of a cancellation
    answer: Answer | None = None  # on its way to the side that restored
    backup: Supplier | None = None
    restored: str = ""  # "S" or "R"


def supplier_view(case: Case, rules: Rules) -> str:
    """The state of the case as S has it."""
    return _view(case.s.own, case.s.held, "S", rules)


def requester_view(case: Case, rules: Rules) -> str:
    """The state of the case as R has it."""
    state = _view(case.r.own, case.r.held, "R", rules)
    return EXPIRED if case.r.expired and state in (OFFERED, CONFIRMED) else state


def reserved(case: Case, rules: Rules) -> int:
    """How much of S's stock the case takes: a hold, a promise, or a cancellation that R may not know of yet."""
    state = supplier_view(case, rules)
    if state == OFFERED:
        return 0 if rules.overbooks else 1
    if state == CANCELLED and not case.s.freed:
        by_s = any(message.step == CANCELLED for message in case.s.own)
        return int(by_s and not rules.frees_at_cancel)
    return int(state == CONFIRMED)


def bound(case: Case, rules: Rules) -> int:
    """How much R counts on: a confirmation that it holds. In doubt it counts on nothing before it has asked."""
    return int(requester_view(case, rules) == CONFIRMED and not case.r.doubt)


def in_doubt(case: Case) -> bool:
    """Whether a side has restored and not asked yet: it knows that it may differ."""
    return case.s.doubt or case.r.doubt


def equal(case: Case, rules: Rules) -> bool:
    """Whether both sides hold the same and say the same."""
    same = case.r.held == case.s.own and (rules.order == "one chain" or case.s.held == case.r.own)
    return same and supplier_view(case, rules) == requester_view(case, rules)


def receive(held: Chain, knows: int, chain: Chain, rules: Rules) -> tuple[str, Chain]:
    """What a side makes of an arriving message, and what it holds then.

    A gap and a second text under one counter are refused. A message of an older start than the writer's newest known
    counts only if the newer chain links to it; a newer start that links further back cuts off what it does not know.
    """
    message, before = chain[-1], chain[:-1]
    if held[: len(chain)] == chain:
        return "repeated", held
    if message.start < knows:
        return "of an older start", held
    if before == held:
        return "stored", chain
    if held[: len(before)] == before:
        newer = message.start > held[len(before)].start
        return ("cut", chain) if newer and rules.numbers_starts else ("another text", held)
    return "a gap", held


def _view(own: Chain, other: Chain, side: str, rules: Rules) -> str:
    s_chain, r_chain = (own, other) if side == "S" else (other, own)
    if rules.order in ("supplier", "one chain"):
        return next((message.step for message in reversed(s_chain) if message.by == "S"), NEW)
    if rules.order == "time":
        last = max([*_timed(s_chain), *_timed(r_chain)], default=None)
        return _MEANS[last[2]] if last else NEW
    merged = _by_arrival(own, other) if rules.order == "arrival" else _by_hash(s_chain, r_chain)
    state = NEW
    for message in merged:
        state = _TABLE.get((state, message.step), state)
    return state


# Where either side decides: R's acceptance closes the deal and its cancellation ends it.
_MEANS = {state: state for state in (OFFERED, EXPIRED, CANCELLED)}
_MEANS |= {ACCEPT: CONFIRMED, REJECT: REJECTED, CANCEL: CANCELLED}
_TABLE = {
    (NEW, OFFERED): OFFERED,
    (OFFERED, EXPIRED): EXPIRED,
    (OFFERED, ACCEPT): CONFIRMED,
    (OFFERED, REJECT): REJECTED,
    (CONFIRMED, CANCEL): CANCELLED,
    (CONFIRMED, CANCELLED): CANCELLED,
}


def _timed(chain: Chain) -> list[tuple[int, str, str]]:
    """Time, writer and step of each message; a marked writer's clock is ahead."""
    return [(n + len(m.seen) + 3 * m.mark, m.by, m.step) for n, m in enumerate(chain, 1)]


def _by_arrival(own: Chain, other: Chain) -> list[Message]:
    """The order in which a side got to know: `seen` tells what it held when it wrote."""
    found: list[Message] = []
    taken = 0
    for message in own:
        found += other[taken : len(message.seen)]
        taken = max(taken, len(message.seen))
        found.append(message)
    return found + list(other[taken:])


def _by_hash(s_chain: Chain, r_chain: Chain) -> list[Message]:
    """Causes before effects; of messages that did not know each other the one with the lower hash first."""
    left: dict[str, Sequence[Message]] = {"S": s_chain, "R": r_chain}
    done = {"S": 0, "R": 0}
    found: list[Message] = []
    while len(found) < len(s_chain) + len(r_chain):
        ready = [
            left[by][done[by]]
            for by, other in (("S", "R"), ("R", "S"))
            if done[by] < len(left[by]) and len(left[by][done[by]].seen) <= done[other]
        ]
        if not ready:  # what it answers is not held here
            break
        first = min(ready, key=lambda message: sha256(repr(message).encode()).digest())
        done[first.by] += 1
        found.append(first)
    return found
