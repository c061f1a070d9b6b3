"""One operation as people see it: its state, terms, days, whose turn it is, and what still waits."""

from decimal import Decimal
from typing import Any

import pytest

from tests.domain.operation_story import HOUR, ITEM, LATER, LIGHT, NOW, UNIT, Path, Story, line, told
from xstock_node.domain import steps
from xstock_node.domain.clearing import Clearance
from xstock_node.domain.operation import Event, about, lines_of, read, standing
from xstock_node.domain.operations import State

D = Decimal
S = State
KEY = (ITEM, UNIT)
BOUND: Path = ("request", "offer", "accept", "confirm")
SENT: Path = (*BOUND, "dispatch")
HERE: Path = (*SENT, "received")
LENT: Path = (*HERE, "on-loan")


def of(tents: int, **fields: Any) -> dict[str, Any]:
    return {"lines": [line(D(tents))]} | fields


def good(tents: int, **figures: int) -> dict[str, Any]:
    said = {name: (n, 0) for name, n in {"good": tents, **figures}.items()}
    return {"counts": [{"item": ITEM, "unit": UNIT} | said]}


def state(path: Path, *more: tuple[str, dict[str, Any]]) -> State | None:
    story = told(path)
    for verb, fields in more:
        story.say(verb, **fields)
    return story.operation.state


def test_nothing_said_is_no_operation() -> None:
    nothing = read([])
    assert (nothing.decided, nothing.state, nothing.terms, nothing.due, nothing.turn) == (None, None, "", "", "")
    assert (nothing.hold_until, nothing.answer_by, nothing.loans) == (0, 0, ())
    assert nothing.counters == {} == nothing.consignments
    assert nothing.proposals == nothing.disputes == nothing.events == ()


ONE = [("dispatch", of(1)), ("received", good(1))]
"""A single tent, sent and received."""


@pytest.mark.parametrize(
    ("path", "more", "seen"),
    [
        (("notify",), [], S.NOTIFIED),
        (BOUND, [], S.CONFIRMED),
        ((*BOUND, "stage", "green-light"), [], S.CONFIRMED),
        ((*BOUND, "stage", "green-light", "clear"), [], S.CLEARED),
        (SENT, [], S.DISPATCHED),
        (HERE, [], S.RECEIVED),
        (SENT, [("received", good(3))], S.DISPATCHED),
        (SENT, [("received", good(3, short=1))], S.RECEIVED),
        ((*HERE, "disputed"), [], S.DISPUTED),
        ((*SENT, "disputed"), [], S.DISPUTED),
        ((*HERE, "disputed", "resolve", "resolved"), [], S.RECEIVED),
        ((*SENT, "recall"), [], S.RECALLED),
        ((*LENT, "recall"), [], S.RECALLED),
        ((*LENT, "recall"), [("returned", of(4, consignment="back"))], S.RETURN_DISPATCHED),
        (LENT, [], S.ON_LOAN),
        (HERE, [("on-loan", of(3))], S.RECEIVED),
        ((*LENT, "convert", "converted"), [], S.CONVERTED),
        (LENT, [("converted", of(1))], S.ON_LOAN),
        ((*LENT, "returned"), [], S.RETURN_DISPATCHED),
        (LENT, [("returned", of(3, consignment="back"))], S.RETURN_DISPATCHED),
        (LENT, [("returned", of(3, consignment="back")), ("return-received", good(3))], S.ON_LOAN),
        ((*LENT, "returned", "return-received"), [], S.RETURN_RECEIVED),
        ((*LENT, "returned"), [("return-received", good(0, damaged=4))], S.RETURN_RECEIVED),
        ((*LENT, "returned"), [("return-received", good(0, short=4))], S.RETURN_RECEIVED),
        (SENT, [("lost", of(4, leg="out"))], S.LOST),
        (LENT, [("lost", of(4, leg="loan"))], S.LOST),
        ((*LENT, "returned"), [("lost", of(4, leg="back"))], S.LOST),
        (SENT, [("lost", of(1, leg="out"))], S.DISPATCHED),
        ((*SENT, "refused"), [], S.REFUSED),
        ((*SENT, "refused", "green-light", "clear"), [], S.CLEARED),
        ((*SENT, "refused", "dispatch"), [], S.DISPATCHED),
        ((*SENT, "refused", "returned"), [], S.RETURN_DISPATCHED),
        ((*SENT, "dispatch", "refused"), [], S.DISPATCHED),
        (SENT, [("received", good(4, over=2)), ("converted", of(6))], S.CONVERTED),
        (SENT, [("received", good(0, short=4))], S.RECEIVED),
        (BOUND, [("dispatch", of(1))], S.DISPATCHED),
        (BOUND, [("dispatch", of(1)), ("received", good(1))], S.RECEIVED),
        (BOUND, [("dispatch", of(1)), ("lost", of(1, leg="out"))], S.LOST),
        (BOUND, [*ONE, ("on-loan", of(1))], S.ON_LOAN),
        (BOUND, [*ONE, ("on-loan", of(1)), ("recall", {})], S.RECALLED),
        (BOUND, [("dispatch", of(1)), ("recall", {})], S.RECALLED),
        (BOUND, [*ONE, ("converted", of(1))], S.CONVERTED),
        (BOUND, [*ONE, ("returned", of(1, consignment="back"))], S.RETURN_DISPATCHED),
        (BOUND, [*ONE, ("returned", of(1, consignment="back")), ("return-received", good(1))], S.RETURN_RECEIVED),
    ],
)
def test_the_state_people_see_is_the_worst_or_the_one_furthest_behind(
    path: Path, more: list[tuple[str, dict[str, Any]]], seen: State
) -> None:
    assert state(path, *more) is seen


def test_two_loads_at_a_border_are_cleared_once_both_are() -> None:
    story = told((*SENT, "dispatch"))
    for load in ("c1", "c2"):
        story.say("refused", **of(4, consignment=load))
    for load, seen in (("c1", S.REFUSED), ("c2", S.CLEARED)):
        story.say("green-light", consignment=load)
        story.say("clear", consignment=load)
        assert story.operation.state is seen


def test_of_two_items_the_one_that_is_furthest_behind_is_seen() -> None:
    bed = {"item": "BED", "unit": UNIT, "qty": (2, 0)}
    story = told(BOUND)
    story.say("dispatch", lines=[line(D(4)), bed])
    story.say("received", **good(4))
    assert story.operation.state is S.DISPATCHED, "the beds are on their way"
    story.say("received", counts=[{"item": "BED", "unit": UNIT, "good": (2, 0)}])
    story.say("on-loan")
    assert story.operation.state is S.RECEIVED, "the beds are nobody's loan yet"
    story.say("on-loan", lines=[bed])
    assert story.operation.state is S.ON_LOAN
    story.say("returned", lines=[bed], consignment="back")
    assert story.operation.state is S.RETURN_DISPATCHED


def test_a_recall_of_what_never_left_and_a_wish_of_the_requester_recall_nothing() -> None:
    assert state(BOUND, ("recall", {})) is S.CONFIRMED
    story = told(LENT)
    story.say("recall")
    story.events[-1] = story.events[-1]._replace(side="requester")
    assert story.operation.state is S.ON_LOAN


@pytest.mark.parametrize(
    ("path", "turn"),
    [
        (("notify",), "supplier"),
        (("notify", "standby"), "requester"),
        (("request",), "supplier"),
        (("request", "indicate"), "supplier"),
        (("request", "offer"), "requester"),
        (("request", "offer", "accept"), "supplier"),
        (BOUND, "requester"),
        ((*BOUND, "amend"), "supplier"),
        ((*BOUND, "amend", "not-agreed"), "supplier"),
        ((*BOUND, "stage", "green-light", "clear"), "supplier"),
        (SENT, "requester"),
        ((*SENT, "refused"), "supplier"),
        ((*LENT, "returned"), "supplier"),
        (("request", "decline"), ""),
        ((*BOUND, "cancel-own"), ""),
    ],
)
def test_whose_turn_it_is_follows_from_the_state_and_what_waits(path: Path, turn: str) -> None:
    assert told(path).operation.turn == turn


def test_the_terms_and_the_day_are_those_accepted_last() -> None:
    story = told(("request", "offer"))
    assert (story.operation.terms, story.operation.due) == ("", ""), "an offer leaves the choice"
    story.say("accept", terms="loan", due="2027-01-31")
    assert (story.operation.terms, story.operation.due) == ("loan", "2027-01-31")
    story.say("confirm", terms="", due="2027-02-28")
    assert (story.operation.terms, story.operation.due) == ("loan", "2027-02-28"), "what is left out stays"
    story.say("confirm", terms="replacement", due="")
    assert (story.operation.terms, story.operation.due) == ("replacement", "2027-02-28")


def test_the_day_that_stands_is_the_first_on_which_anything_lent_is_due() -> None:
    story = told(LENT)
    story.say("extended", **of(4, due=LATER[0]))
    assert story.operation.due == LATER[0] == story.operation.loans[0].day
    story.say("extended", **of(1, due=LATER[1]))
    assert [one.day for one in story.operation.loans] == [LATER[0], LATER[1]] and story.operation.due == LATER[0]


def test_the_hold_that_stands_is_that_of_the_last_promise_which_ends_by_itself() -> None:
    story = told(("notify",))
    story.say("standby", hold_until=NOW + 5)
    assert story.operation.hold_until == NOW + 5
    story.say("request")
    story.say("indicate", hold_until=NOW + 9)
    assert story.operation.hold_until == NOW + 5, "an indication holds nothing"
    story.say("offer", hold_until=NOW + 7)
    assert story.operation.hold_until == NOW + 7
    story.say("amended", hold_until=NOW + 99)
    assert story.operation.hold_until == NOW + 7


def test_an_answer_is_awaited_as_the_newest_message_says() -> None:
    story = told(("request",))
    story.say("offer", answer_by=NOW + HOUR)
    assert story.operation.answer_by == NOW + HOUR
    late = story.say("told", answer_by=NOW + 7)
    assert story.operation.answer_by == NOW + 7
    assert read([late, *story.events[:-1]]).answer_by == NOW + 7, "newest by its time, not by where it stands"
    same = [e._replace(time=NOW, n=n) for e, n in zip(story.events, (1, 3, 2), strict=True)]
    assert read(same).answer_by == NOW + HOUR, "in one second the later place counts"


def test_events_are_told_in_the_order_of_their_times() -> None:
    story = told(SENT)
    assert read(story.events[::-1][:1] + story.events[:-1]).events == tuple(story.events)
    both = [story.events[0]._replace(time=NOW), story.events[1]._replace(time=NOW)]
    assert [e.side for e in read(both).events] == ["requester", "supplier"]
    own = [both[1]._replace(n=n) for n in (1, 2)]
    assert [e.n for e in read(own).events] == [1, 2]


def waiting(*path: str) -> list[str]:
    return [e.verb for e in told(path).operation.proposals]


def test_a_proposal_waits_until_a_decision_that_saw_it_answers() -> None:
    assert waiting("request", "offer") == []
    assert waiting("request", "offer", "accept") == ["accept"]
    assert waiting(*BOUND) == []
    story = told(("request", "offer", "accept"))
    seen = story.say("confirm")
    story.events[-1] = seen._replace(seen=1)
    assert [e.verb for e in story.operation.proposals] == ["accept"], "its writer had not seen it"
    story.events[-1] = seen._replace(side="requester")
    assert [e.verb for e in story.operation.proposals] == ["accept"], "nobody answers himself"


def test_most_decisions_end_every_proposal_they_saw_and_some_only_their_own() -> None:
    assert waiting(*BOUND, "amend", "cancel", "cancelled") == []
    assert waiting(*BOUND, "amend", "green-light", "clear") == ["amend"]
    assert waiting(*LENT, "extend", "convert", "converted") == ["extend"]
    assert waiting(*BOUND, "amend", "told", "ask", "stage") == ["amend"], "a fact answers nothing"


def test_a_refusal_of_a_proposal_names_it() -> None:
    story = told(BOUND)
    first, second = story.say("amend"), story.say("short-close")
    assert first.hash != second.hash
    story.say("not-agreed", of=first.hash)
    assert story.operation.proposals == (second,)
    story.say("not-agreed")
    assert story.operation.proposals == (second,), "it names none"


def test_an_answer_is_for_the_consignment_or_the_message_it_names() -> None:
    story = told(BOUND)
    one, two = story.say("green-light", consignment="c1"), story.say("green-light", consignment="c2")
    story.say("clear", consignment="c2")
    assert story.operation.proposals == (one,)
    story.events[-1] = story.events[-1]._replace(body=steps.body_of("clear", {}))
    assert standing(story.events) == [], "one that names none answers all"
    nameless = told(BOUND)
    nameless.say("green-light", consignment="")
    nameless.say("clear", consignment="c2")
    assert nameless.operation.proposals == ()
    assert (about(two), about(told(("request",)).events[0])) == ("c2", "")


def test_of_two_disputes_the_resolution_ends_the_one_it_names() -> None:
    story = told(HERE)
    first, second = story.say("disputed"), story.say("disputed")
    story.say("resolve", of=first.hash)
    assert story.operation.disputes == (first, second), "one side alone resolves nothing"
    assert about(story.events[-1]) == first.hash
    story.say("resolved", of=first.hash)
    assert story.operation.disputes == (second,) and story.operation.state is S.DISPUTED
    story.say("resolved", of=second.hash)
    assert story.operation.disputes == () and story.operation.state is S.RECEIVED


def received(story: Story) -> int:
    return int(story.operation.counters[KEY].received)


def test_a_correction_takes_the_place_of_the_fact_it_names() -> None:
    story = told(SENT)
    count = story.say("received", **good(4), place="Ruse", at=5, seal="S1", note="by night")
    story.say("correct", of=count.hash, **good(3))
    assert received(story) == 3
    body: Any = next(e for e in story.operation.events if e.verb == "received").body
    assert (body.seal, body.note, body.at) == ("S1", "by night", 5), "what it leaves out stays as it was said"
    story.say("correct", of=count.hash, **good(2), at=9)
    assert received(story) == 2, "the last word counts"
    body = next(e for e in story.operation.events if e.verb == "received").body
    assert body.at == 9


def test_a_movement_is_corrected_in_its_lines_and_place() -> None:
    story = told(SENT)
    refused = story.say("refused", **of(4, consignment="c1"), place="Ruse", at=5)
    story.say("correct", of=refused.hash, place="Calafat", **of(1))
    fact = next(e for e in story.operation.events if e.verb == "refused")
    body: Any = fact.body
    assert (body.place, body.at, lines_of(fact)[0].quantity) == ("Calafat", 5, 1)
    assert story.operation.counters[KEY].refused == 1
    assert fact._replace(body=refused.body) == refused, "it stands where it stood"


def test_a_count_waits_for_a_second_person_again_once_it_is_corrected() -> None:
    story = told(SENT)
    count = story.say("received", provisional=True, **good(50))
    other = story.say("received", provisional=True, **good(1))

    def waiting() -> set[str]:
        return {event.hash for event in story.operation.provisional}

    assert waiting() == {count.hash, other.hash}
    story.say("counted", of=count.hash)
    assert waiting() == {other.hash}
    story.say("correct", of=count.hash, place="the school, not the hall")
    assert waiting() == {other.hash}, "where it was counted changes no count"
    first = story.say("correct", of=count.hash, **good(48))
    assert waiting() == {first.hash, other.hash}, "under the correction's own hash: those are the figures now"
    second = story.say("correct", of=count.hash, **good(47))
    story.say("counted", of=first.hash)
    assert waiting() == {second.hash, other.hash}, "who saw the first correction has not seen the second"
    story.say("counted", of=second.hash)
    assert waiting() == {other.hash}


def test_only_its_own_writer_corrects_a_fact_and_no_decision_is_corrected() -> None:
    story = told(SENT)
    count = story.say("received", **good(4))
    story.say("correct", of=count.hash, **good(1))
    story.events[-1] = story.events[-1]._replace(side="supplier")
    assert received(story) == 4
    sent = next(e for e in story.events if e.verb == "dispatch")
    story.say("correct", of=sent.hash, **of(1))
    story.events[-1] = story.events[-1]._replace(side="supplier")
    assert story.operation.counters[KEY].dispatched == 4
    unknown = Event("requester", "sing", story.events[-1].body, 90, 0, NOW, "x")
    assert read([*story.events, unknown]).counters == story.operation.counters


def test_the_lines_of_a_step_are_those_of_the_last_that_has_any() -> None:
    story = told(("request",))
    story.say("offer", **of(5))
    story.say("offer", **of(3))
    story.say("offer", lines=[])
    assert [x.quantity for x in story.operation.lines("offer")] == [3]
    assert story.operation.lines("standby") == () == lines_of(told((*HERE, "disputed")).events[-1])


def test_the_clearance_of_a_consignment_is_that_which_both_signed() -> None:
    story = told(BOUND)
    light = story.say("green-light", consignment="c1").body
    assert story.operation.clearance("c1") is None and story.operation.clearance("c7") is None
    signed = story.say("clear", consignment="c1")
    assert story.operation.clearance("c1") == Clearance(light, signed.body)  # type: ignore[arg-type]
    assert story.operation.consignments["c1"].light == light and LIGHT["valid_until"] > NOW
