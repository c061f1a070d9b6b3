"""What is decided by steps in their order, and what either side is told when a step does not fit."""

import pytest

from xstock_node.domain.operations import (
    BY_VERB,
    PARENTS,
    STEPS,
    Kind,
    State,
    Step,
    _decision,
    _fact,
    _proposal,
    fits,
    fold,
    may,
)

S = State
AGREED = ((1, "offer"), (2, "confirm"))


def test_a_decision_is_the_suppliers_and_ends_the_proposals_it_saw_unless_it_says_otherwise() -> None:
    plain = _decision("indicate", [S.REQUESTED], S.INDICATED, "answer")
    nothing: frozenset[str] = frozenset()
    assert plain == Step(
        "indicate", Kind.DECISION, "supplier", frozenset({S.REQUESTED}), S.INDICATED, nothing, False, "answer", (), True
    )
    gift = _decision(
        "converted", [S.ON_LOAN], None, "release", answers=["convert"], reduces=True, papers=("gift",), sweeps=False
    )
    assert gift == Step(
        "converted",
        Kind.DECISION,
        "supplier",
        frozenset({S.ON_LOAN}),
        None,
        frozenset({"convert"}),
        True,
        "release",
        ("gift",),
        False,
    )


def test_a_proposal_is_the_requesters_leads_nowhere_by_itself_and_ends_no_other() -> None:
    plain = _proposal("amend", [S.OFFERED], "ask")
    assert plain == Step("amend", Kind.PROPOSAL, "requester", frozenset({S.OFFERED}), right="ask", sweeps=False)
    light = _proposal("green-light", [S.CONFIRMED, S.CLEARED], "clear", reduces=True, papers=("green-light",))
    assert light == Step(
        "green-light",
        Kind.PROPOSAL,
        "requester",
        frozenset({S.CONFIRMED, S.CLEARED}),
        reduces=True,
        right="clear",
        papers=("green-light",),
        sweeps=False,
    )


def test_a_fact_is_of_whom_it_names_stays_open_to_a_former_member_and_ends_nothing() -> None:
    told = _fact("told", None, [S.OFFERED], None, "answer")
    assert told == Step("told", Kind.FACT, None, frozenset({S.OFFERED}), reduces=True, right="answer", sweeps=False)
    home = _fact("returned", "supplier", [S.RECEIVED], S.RETURN_DISPATCHED, "move", ("condition",))
    assert home == Step(
        "returned",
        Kind.FACT,
        "supplier",
        frozenset({S.RECEIVED}),
        S.RETURN_DISPATCHED,
        reduces=True,
        right="move",
        papers=("condition",),
        sweeps=False,
    )


def test_every_row_of_the_table_is_as_its_kind_is() -> None:
    for step in STEPS:
        side = {Kind.OPENING: "requester", Kind.DECISION: "supplier", Kind.PROPOSAL: "requester"}
        assert step.kind is Kind.FACT or step.side == side[step.kind], step.verb
        assert step.kind is Kind.DECISION or not step.answers, step.verb
        assert not step.sweeps or step.kind in (Kind.OPENING, Kind.DECISION), step.verb
        assert step.reduces or step.kind is not Kind.FACT, step.verb
        assert all(BY_VERB[verb].kind is Kind.PROPOSAL for verb in step.answers), step.verb


def test_a_step_leads_where_it_says_save_from_the_states_it_leaves_as_they_are() -> None:
    received = BY_VERB["received"]
    assert received.after(S.DISPATCHED) is S.RECEIVED
    assert received.after(S.RECALLED) is S.RECALLED and received.after(S.DISPUTED) is S.DISPUTED
    assert BY_VERB["amended"].after(S.OFFERED) is S.OFFERED
    assert BY_VERB["notify"].after(None) is S.NOTIFIED


def test_the_decided_states_of_a_step_are_those_that_its_finer_states_stand_under() -> None:
    assert BY_VERB["extended"].decided == {S.DISPATCHED}
    assert BY_VERB["clear"].decided == {S.CONFIRMED, S.DISPATCHED}
    assert {PARENTS[state] for state in PARENTS} == {S.CONFIRMED, S.DISPATCHED}


@pytest.mark.parametrize(
    ("openings", "decisions", "state"),
    [
        ((), (), None),
        (((1, "notify"),), (), S.NOTIFIED),
        (((1, "request"),), (), S.REQUESTED),
        (((1, "notify"), (2, "request")), (), S.REQUESTED),
        (((1, "notify"),), ((1, "standby"),), S.STANDBY),
        (((1, "notify"), (2, "request")), ((1, "standby"),), S.REQUESTED),
        (((1, "request"),), AGREED, S.CONFIRMED),
        (((1, "request"),), ((1, "offer"), (1, "withdraw")), S.WITHDRAWN),
        (((1, "request"),), (*AGREED, (2, "dispatch"), (3, "close")), S.CLOSED),
    ],
)
def test_openings_and_decisions_lead_through_the_table(
    openings: tuple[tuple[int, str], ...], decisions: tuple[tuple[int, str], ...], state: State | None
) -> None:
    assert fold(openings, decisions) is state


def test_a_decision_before_its_opening_was_seen_decides_nothing() -> None:
    assert fold([(1, "request")], [(0, "offer")]) is S.REQUESTED
    assert fold([(2, "request")], [(1, "offer"), (2, "offer")]) is S.OFFERED
    assert fold([], [(9, "offer")]) is None


def test_an_opening_that_crosses_a_decision_undoes_nothing() -> None:
    assert fold([(1, "notify"), (2, "request")], [(1, "expire")]) is S.EXPIRED
    assert fold([(1, "request"), (2, "notify")], []) is S.REQUESTED, "a case is opened once"
    assert fold([(1, "request"), (2, "request")], [(1, "offer")]) is S.OFFERED


def test_a_decision_that_does_not_follow_or_that_nobody_knows_is_passed_over() -> None:
    assert fold([(1, "request")], [(1, "confirm"), (1, "offer")]) is S.OFFERED
    assert fold([(1, "request")], [(1, "sing"), (1, "offer")]) is S.OFFERED
    assert fold([(1, "sing"), (2, "request")], [(2, "offer")]) is S.OFFERED
    assert fold([(1, "request")], [(1, "offer"), (1, "cancel-own")]) is S.OFFERED
    assert fold([(1, "request")], [(1, "offer"), (1, "request")]) is S.OFFERED, "an opening is no decision"
    assert fold([(1, "offer")], []) is None, "a decision is no opening"


def test_what_gives_a_finer_state_or_none_leaves_what_is_decided() -> None:
    sent = (*AGREED, (2, "dispatch"))
    assert fold([(1, "request")], (*AGREED, (3, "clear"))) is S.CONFIRMED
    assert fold([(1, "request")], (*sent, (3, "recall"))) is S.DISPATCHED
    assert fold([(1, "request")], (*sent, (3, "converted"), (3, "extended"))) is S.DISPATCHED


def test_the_protocol_says_whose_step_it_is_and_what_it_does_not_follow() -> None:
    assert may("offer", "supplier", S.REQUESTED) == ""
    assert may("offer", "requester", S.REQUESTED) == "offer is the supplier's to take"
    assert may("accept", "supplier", S.OFFERED) == "accept is the requester's to take"
    assert fits("accept", "supplier", S.OFFERED) == "accept is the requester's to take"
    assert may("offer", "supplier", S.CONFIRMED) == "offer does not follow confirmed"
    assert may("offer", "supplier", None) == "offer does not follow nothing"
    assert may("sing", "supplier", None) == fits("sing", "requester", S.OFFERED) == "no step sing"


def test_only_an_opening_begins_a_case() -> None:
    for judged in (may, fits):
        assert judged("notify", "requester", None) == judged("request", "requester", None) == ""
        assert judged("request", "requester", S.NOTIFIED) == judged("request", "requester", S.STANDBY) == ""
        assert judged("notify", "requester", S.NOTIFIED) == "notify does not follow notified"
        assert judged("request", "requester", S.OFFERED) == "request does not follow offered"
        assert judged("cancel", "requester", None) == "cancel does not follow nothing"


def test_the_protocol_refuses_no_fact_and_judges_by_what_is_decided_people_by_what_they_see() -> None:
    assert may("lost", "requester", None) == may("lost", "supplier", S.CLOSED) == ""
    assert fits("lost", "supplier", S.CLOSED) == "lost does not follow closed"
    assert fits("lost", "supplier", S.ON_LOAN) == fits("lost", "requester", S.ON_LOAN) == ""
    assert may("received", "supplier", S.DISPATCHED) == "received is the requester's to take"
    assert may("extend", "requester", S.DISPATCHED) == "", "the finer state is not the protocol's"
    assert fits("extend", "requester", S.DISPATCHED) == "extend does not follow dispatched"
    assert fits("extend", "requester", S.ON_LOAN) == ""
    assert fits("told", "supplier", None) == "told does not follow nothing"
