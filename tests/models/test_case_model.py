"""Cases, explored exhaustively: three requesters compete for one supplier's stock over a network that does anything.

Every reachable state keeps two promises: nothing is promised twice, and where nothing is left to arrive both sides say
the same. The variants that the protocol names as failing fail here, which shows that the exploration would notice.
"""

import time

import pytest

from tests.models.automaton import Automaton
from tests.models.case_model import (
    CANCELLED,
    CONFIRMED,
    EXPIRED,
    NEW,
    OFFERED,
    REJECTED,
    Message,
    Rules,
    receive,
    requester_view,
    supplier_view,
)
from tests.models.explore import DIFFER, TWICE, Explorer
from tests.models.variants import FAILING, PROTOCOL

HARMS = [(name, kind) for name, (_, kinds) in FAILING.items() for kind in kinds]
assert all({TWICE, DIFFER} & set(kinds) for _, kinds in FAILING.values()), "each breaks what the protocol is held to"


@pytest.mark.heavy
@pytest.mark.parametrize("name", PROTOCOL)
def test_in_no_reachable_state_is_stock_promised_twice_or_do_sides_at_rest_differ(name: str) -> None:
    began = time.perf_counter()
    found = Explorer(PROTOCOL[name]).run()
    print(f"{name}: {found.states} states in {time.perf_counter() - began:.1f} s; {found.arrived}")
    assert not found.violation, "\n".join(found.trace)
    assert found.states > 250_000
    assert found.restored > found.states / 3
    for fault in ("repeated", "a gap", "of an older start"):
        assert found.arrived[fault] > 500, fault
    assert found.lost > 200
    assert not found.arrived["another text"] and not found.arrived["cut"], "nobody forks or loses what was taken"


@pytest.mark.parametrize("name", PROTOCOL)
def test_every_state_of_a_case_is_reached_on_both_sides_before_and_after_a_restore(name: str) -> None:
    rules = PROTOCOL[name]
    states = {NEW, OFFERED, CONFIRMED, EXPIRED, REJECTED, CANCELLED}
    cases = Automaton(rules, merges=False).cases
    for side in ("", "S", "R"):
        assert {supplier_view(case, rules) for case in cases if case.restored == side} == states
        assert {requester_view(case, rules) for case in cases if case.restored == side} == states


@pytest.mark.heavy
@pytest.mark.parametrize(("name", "kind"), HARMS)
def test_a_variant_that_fails_is_caught_with_the_harm_it_does(name: str, kind: str) -> None:
    found = Explorer(FAILING[name][0], looks_for=kind).run()
    assert found.violation == kind, f"{found.states} states, and no sign of it"
    print(f"\n{name}: {kind}, after {found.states} states")
    print("\n".join(found.trace))


def test_the_shortest_trace_tells_what_went_wrong() -> None:
    rules, _ = FAILING["stock is free at the cancel, not at its receipt"]
    assert Explorer(rules).run().trace == [
        "case 1: S writes 'offered'",
        "case 1: R gets 'offered': stored",
        "case 1: R writes 'accept'",
        "case 1: S gets 'accept': stored",
        "case 1: S writes 'confirmed'",
        "case 1: S writes 'cancelled'",
        "case 1: R gets 'confirmed': stored",
        "case 1: at S cancelled, at R confirmed",
        "case 2: at S new, at R new",
        "case 3: at S new, at R new",
    ]


@pytest.mark.parametrize("name", ["", *FAILING])
def test_merging_states_that_behave_alike_changes_no_verdict(name: str) -> None:
    rules = FAILING[name][0] if name else Rules()
    merged, plain = (Explorer(rules, cases=2, merges=merges).run() for merges in (True, False))
    assert bool(merged.violation) == bool(plain.violation) == bool(name)
    assert merged.merged < plain.merged == merged.of_a_case
    assert merged.depth <= plain.depth


FIRST = Message("S", 1, OFFERED, ())
SECOND, OTHER = Message("S", 1, CONFIRMED, ()), Message("S", 1, EXPIRED, ())
ANEW = Message("S", 2, EXPIRED, ())


@pytest.mark.parametrize(
    ("held", "knows", "arriving", "what", "after"),
    [
        ((), 1, (FIRST,), "stored", (FIRST,)),
        ((FIRST,), 1, (FIRST,), "repeated", (FIRST,)),
        ((FIRST, SECOND), 1, (FIRST,), "repeated", (FIRST, SECOND)),
        ((), 1, (FIRST, SECOND), "a gap", ()),
        ((FIRST, SECOND), 1, (FIRST, OTHER), "another text", (FIRST, SECOND)),
        ((FIRST,), 2, (FIRST, SECOND), "of an older start", (FIRST,)),
        ((FIRST,), 2, (FIRST, ANEW), "stored", (FIRST, ANEW)),
        ((FIRST, SECOND), 1, (FIRST, ANEW), "cut", (FIRST, ANEW)),
        ((FIRST, SECOND), 1, (FIRST, SECOND, ANEW), "stored", (FIRST, SECOND, ANEW)),
    ],
)
def test_what_a_side_makes_of_an_arriving_message(
    held: tuple[Message, ...], knows: int, arriving: tuple[Message, ...], what: str, after: tuple[Message, ...]
) -> None:
    assert receive(held, knows, arriving, Rules()) == (what, after)
