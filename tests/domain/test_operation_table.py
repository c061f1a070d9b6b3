"""The table of operations: every arrow leads where it says, and every other pair of state and step is refused."""

from decimal import Decimal
from functools import cache

import pytest

from tests.domain.operation_story import LATE, Story, arrows, stories, told
from xstock_node.domain.operation import read
from xstock_node.domain.operations import ENDED, STEPS, Kind, State, Step, fits, may


@cache
def shortest(state: State) -> tuple[str, ...]:
    return tuple(e.verb for e in next(s for s in every() if s.operation.state is state).events)


@cache
def every() -> tuple[Story, ...]:
    return (*stories(), *stories(LATE, 40))


def story_of(step: Step, state: State) -> tuple[str, ...] | None:
    """The shortest story in which a step can be taken in a state, asked for just before where it answers something."""
    for story in every():
        if story.operation.state is not state:
            continue
        path = tuple(e.verb for e in story.events)
        if story.ready(step):
            return path
        for asked in (s for s in STEPS if s.verb in step.answers and state in s.states and story.ready(s)):
            longer = told((*path, asked.verb))
            if longer.operation.state is state and longer.ready(step):
                return *path, asked.verb
    return None


def expected(step: Step, story: Story, state: State) -> State | None:
    if step.verb != "resolved":
        return step.after(state)
    before = told(tuple(e.verb for e in story.events if e.verb not in ("disputed", "resolve")))
    return before.operation.state


@pytest.mark.parametrize(("step", "state"), arrows(), ids=lambda x: str(getattr(x, "verb", x)))
def test_every_arrow_is_walked_and_leads_where_the_table_says(step: Step, state: State) -> None:
    path = story_of(step, state)
    assert path is not None, f"no story brings {step.verb} to {state}"
    story = told(path)
    assert story.operation.state is state
    assert fits(step.verb, story.side(step.verb), state) == ""
    assert may(step.verb, story.side(step.verb), story.operation.decided) == ""
    story.say(step.verb)
    assert story.operation.state is expected(step, told(path), state)


NOT_ARROWS = [(step, state) for step in STEPS for state in State if state not in step.states]


@pytest.mark.parametrize(("step", "state"), NOT_ARROWS, ids=lambda x: str(getattr(x, "verb", x)))
def test_what_the_table_has_no_arrow_for_is_refused_and_changes_nothing(step: Step, state: State) -> None:
    """Facts aside, which are never refused, only not signed here, a forbidden step of a hostile side moves no state."""
    story = told(shortest(state))
    side = story.side(step.verb)
    assert fits(step.verb, side, state)
    if step.kind is Kind.DECISION and story.operation.decided not in step.decided:
        assert may(step.verb, side, story.operation.decided)
        before = story.operation
        story.say(step.verb)
        assert (story.operation.decided, story.operation.state) == (before.decided, before.state)


@pytest.mark.parametrize("step", [s for s in STEPS if s.side], ids=lambda x: x.verb)
def test_a_step_of_the_other_side_is_refused_in_every_state(step: Step) -> None:
    wrong = "supplier" if step.side == "requester" else "requester"
    assert all(fits(step.verb, wrong, s) and may(step.verb, wrong, s) for s in State)


def test_every_state_is_reached_and_the_ends_are_ends() -> None:
    reached = {s.operation.state for s in every()}
    assert reached == set(State)
    assert not [step.verb for step in STEPS if step.states & ENDED]


def test_the_order_of_facts_does_not_matter() -> None:
    """Each side's chain keeps its order; how the two interleave, which no node can know, changes nothing."""
    for story in every()[::3]:
        ours = [e for e in story.events if e.side == "supplier"]
        theirs = [e for e in story.events if e.side == "requester"]
        for mixed in ([*ours, *theirs], [*theirs, *ours]):
            assert read(mixed)._replace(events=()) == story.operation._replace(events=())


def test_goods_are_never_made_or_lost_by_the_counters() -> None:
    for story in every():
        for c in story.operation.counters.values():
            if c.accepted and not c.released:
                lost = c.lost_out + c.lost_loan + c.lost_back
                back = c.coming_back + c.back_good + c.back_damaged + c.back_short - c.turned_back
                assert c.undispatched + c.in_transit + c.outstanding + back + c.given + lost == Decimal(8)
