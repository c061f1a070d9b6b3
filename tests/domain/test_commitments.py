"""What an operation claims of its supplier's store, step by step, and what a new count of the stock makes of it."""

from decimal import Decimal

import pytest

from tests.domain.operation_story import ITEM, NOW, UNIT, Path, Story, line, told
from xstock_node.domain.commitments import NEVER, Counts, claim, gone, owed

D = Decimal
KEY = (ITEM, UNIT)
BOUND: Path = ("request", "offer", "accept", "confirm")
SENT: Path = (*BOUND, "dispatch")
LATER = NOW + 1000


def at(earliest: int, latest: int | None = None) -> Counts:
    """Counted then; or at some time between two moments."""
    return Counts({KEY: earliest}, {KEY: earliest if latest is None else latest})


def figures(story: Story, counted: int = 0) -> tuple[Decimal, Decimal]:
    """Owed, and gone since a count, of the eight tents."""
    found = claim(story.operation, at(counted), LATER)
    return found.owed.get(KEY, D(0)), found.gone.get(KEY, D(0))


@pytest.mark.parametrize(
    ("path", "claimed"),
    [
        (("request",), (0, 0)),
        (("request", "indicate"), (0, 0)),
        (("request", "offer"), (8, 0)),
        (("request", "offer", "withdraw"), (0, 0)),
        (("request", "offer", "accept"), (8, 0)),
        (BOUND, (8, 0)),
        (SENT, (4, 4)),
        ((*SENT, "dispatch"), (0, 8)),
        ((*SENT, "short-close", "short-closed"), (0, 4)),
        ((*SENT, "received", "on-loan"), (4, 4)),
        ((*SENT, "received", "on-loan", "returned", "return-received"), (4, 0)),
        ((*SENT, "short-close", "short-closed", "received", "close-proposed", "close"), (0, 4)),
        ((*SENT, "refused"), (4, 4)),
        ((*SENT, "refused", "returned"), (4, 4)),
        ((*SENT, "refused", "returned", "return-received"), (8, 0)),
        ((*SENT, "refused", "short-close", "short-closed"), (0, 4)),
        ((*SENT, "refused", "green-light", "clear", "dispatch"), (4, 4)),
    ],
)
def test_a_claim_follows_the_goods(path: Path, claimed: tuple[int, int]) -> None:
    assert figures(told(path)) == claimed


def test_a_new_count_misses_what_left_before_it_and_nothing_else() -> None:
    story = told(SENT)
    left = story.events[-1].time
    assert figures(story, left + 1) == (4, 0), "the count found the tents gone"
    assert figures(story, left) == (4, 4), "in the same second nobody knows which was first: they count as there"
    story.say("dispatch")
    assert figures(story, left + 1) == (0, 4)


def test_what_came_home_after_a_count_that_missed_it_may_be_promised_again() -> None:
    story = told((*SENT, "received", "on-loan"))
    counted = story.events[-1].time + 1
    story.say("returned")
    story.say("return-received")
    assert figures(story, counted) == (4, -4)
    assert gone(story.operation, at(story.events[-1].time)) == {}, "counted with what came home"


def test_what_came_home_broken_is_not_there_again() -> None:
    story = told((*SENT, "received", "on-loan", "returned"))
    story.say("return-received", counts=[{"item": ITEM, "unit": UNIT, "good": (3, 0), "damaged": (1, 0)}])
    assert figures(story) == (4, 1)
    found = told((*SENT, "received", "on-loan", "returned", "return-received"))
    broken = found.say("damaged", lines=[line(D(2))])
    found.events[-1] = broken._replace(side="supplier")
    assert figures(found) == (4, 2), "found out in the store later"


def test_an_acceptance_of_less_claims_no_more_than_it() -> None:
    story = told(("request", "offer"))
    story.say("accept", lines=[line(D(3))])
    assert figures(story) == (8, 0), "the hold stands until it is answered"
    story.say("confirm", lines=[line(D(3))])
    assert figures(story) == (3, 0)


def test_a_cancel_frees_nothing_before_the_other_side_has_it() -> None:
    story = told((*BOUND, "cancel", "cancelled"))
    story.events[-1] = story.events[-1]._replace(receipted=False)
    assert figures(story) == (8, 0)
    story.events[-1] = story.events[-1]._replace(receipted=True)
    assert figures(story) == (0, 0)


def test_a_cancel_before_the_confirmation_frees_what_was_offered_at_once() -> None:
    story = told(("request", "offer", "accept", "cancel", "cancelled"))
    story.events[-1] = story.events[-1]._replace(receipted=False)
    assert owed(story.operation, LATER) == {}


def test_of_a_store_that_was_never_counted_all_that_left_is_gone() -> None:
    story = told((*SENT, "received", "on-loan", "returned", "return-received"))
    story.events[4] = story.events[4]._replace(time=0)
    story.events[-1] = story.events[-1]._replace(time=1)
    assert gone(told(SENT).operation, NEVER) == {KEY: D(4)}
    assert gone(story.operation, NEVER) == {KEY: D(0)}
    assert claim(story.operation, NEVER, LATER).whole == {KEY: D(4)}, "what is nothing is not claimed"


def test_a_single_piece_is_owed_too() -> None:
    story = told(("request",))
    story.say("offer", lines=[line(D(1))])
    assert owed(story.operation, LATER) == {KEY: D(1)}


def test_what_is_all_sent_is_owed_no_longer() -> None:
    assert owed(told((*SENT, "dispatch")).operation, LATER) == {}


def test_a_standby_ends_with_its_hold_once_the_need_was_asked_for() -> None:
    story = told(("notify",))
    story.say("standby", hold_until=NOW + 100)
    assert owed(story.operation, NOW + 101) == {KEY: D(8)}, "the supplier has not signed its end"
    story.say("request")
    assert owed(story.operation, NOW + 100) == {KEY: D(8)}
    assert owed(story.operation, NOW + 101) == {}
    story.say("offer", lines=[line(D(5))])
    assert owed(story.operation, NOW + 101) == {KEY: D(5)}


# xs1 16.24
def test_a_load_that_is_taken_on_from_a_border_leaves_the_store_once() -> None:
    story = told((*SENT, "refused"))
    for verb in ("green-light", "clear"):
        story.say(verb, consignment="c1")
    story.say("dispatch", consignment="c1", lines=[line(D(4))])
    assert figures(story) == (4, 4)
    story.say("dispatch", consignment="c9", lines=[line(D(4))])
    assert figures(story) == (0, 8)


def test_a_short_closing_lets_go_what_its_writer_knew_of_and_a_later_amendment_says_anew_what_is_due() -> None:
    story = told((*SENT, "short-close", "short-closed"))
    assert figures(story) == (0, 4)
    story.say("refused")
    assert figures(story) == (0, 4), "what a border refused after the closing is due again, from the border"
    assert story.operation.counters[KEY].undispatched == 4
    later = told((*SENT, "short-close", "short-closed", "amend"))
    later.say("amended", lines=[line(D(7))])
    assert figures(later) == (3, 4) and later.operation.counters[KEY].released == 0


def test_what_came_home_between_two_counts_is_never_there_twice() -> None:
    story = told((*SENT, "received", "on-loan"))
    first = story.events[-1].time + 1
    story.say("returned")
    story.say("return-received")
    home = story.events[-1].time
    assert gone(story.operation, at(first, home)) == {}, "the later count may have found it on its shelf"
    assert gone(story.operation, at(first, home - 1)) == {KEY: D(-4)}


def test_a_return_that_both_sides_tell_of_comes_home_once() -> None:
    story = told((*SENT, "refused", "returned"))
    story.say("returned", consignment="c1", lines=[line(D(4))])
    twin = story.events[-1]
    story.events[-1] = twin._replace(side="supplier", n=99)
    assert figures(story) == (4, 4) and story.operation.counters[KEY].returning == 4


def test_a_requester_that_tells_tales_of_borders_is_owed_no_more_than_it_was_promised() -> None:
    story = told(SENT)
    for verb in ("refused", "returned"):
        story.say(verb, consignment="c1", lines=[line(D(10) ** 9)])
    story.say("lost", consignment="c1", lines=[line(D(10) ** 9)], leg="back")
    assert figures(story)[0] == 8
