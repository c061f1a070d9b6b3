"""A loan ends by quantity: what is extended, given, lost or home, and what is due when."""

from decimal import Decimal

from tests.domain.operation_story import ITEM, NOW, UNIT, Story, line, told
from xstock_node.domain import escalation, loans
from xstock_node.domain.operation import Operation

D = Decimal
DAY = 86_400
FIRST, LATER = "2027-01-31", "2027-04-30"


def lent() -> Story:
    """Four tents out on loan until the end of January."""
    return told(("request", "offer", "accept", "confirm", "dispatch", "received", "on-loan"))


def extended(quantity: int, until: str = LATER) -> Story:
    story = lent()
    for verb in ("extend", "extended"):
        story.say(verb, lines=[line(D(quantity))], due=until)
    return story


def days(operation: Operation) -> list[tuple[str, int]]:
    return [(one.day, int(one.quantity)) for one in operation.loans]


def test_an_extension_moves_the_day_of_its_own_quantity_and_no_more() -> None:
    assert days(lent().operation) == [(FIRST, 4)]
    found = extended(3).operation
    assert days(found) == [(FIRST, 1), (LATER, 3)] and found.due == FIRST
    assert days(extended(4).operation) == [(LATER, 4)]
    story = lent()
    story.say("converted", lines=[line(D(3))])
    assert days(story.operation) == [(FIRST, 1)], "a single tent is due too"


def test_a_second_extension_takes_what_is_due_first() -> None:
    story = extended(1)
    for verb in ("extend", "extended"):
        story.say(verb, lines=[line(D(2))], due="2027-06-30")
    assert days(story.operation) == [(FIRST, 1), (LATER, 1), ("2027-06-30", 2)]


def test_extensions_to_one_day_add_up() -> None:
    story = extended(1)
    for verb in ("extend", "extended"):
        story.say(verb, lines=[line(D(2))], due=LATER)
    assert days(story.operation) == [(FIRST, 1), (LATER, 3)]


def test_of_two_items_on_loan_an_extension_moves_the_one_it_names() -> None:
    bed = {"item": "BED", "unit": UNIT, "qty": (2, 0)}
    story = told(("request", "offer", "accept", "confirm"))
    story.say("dispatch", lines=[line(D(4)), bed])
    story.say("received", counts=[{"item": name, "unit": UNIT, "good": (n, 0)} for name, n in ((ITEM, 4), ("BED", 2))])
    story.say("on-loan", lines=[line(D(4)), bed])
    story.say("extended", lines=[line(D(1))], due=LATER)
    due = [(one.item, one.day, int(one.quantity)) for one in story.operation.loans]
    assert due == [("BED", FIRST, 2), (ITEM, FIRST, 3), (ITEM, LATER, 1)]


def test_what_comes_home_is_given_or_lost_counts_against_what_is_due_first() -> None:
    story = extended(2)
    story.say("returned", lines=[line(D(1))], consignment="back")
    assert days(story.operation) == [(FIRST, 1), (LATER, 2)]
    for verb in ("convert", "converted"):
        story.say(verb, lines=[line(D(1))])
    assert days(story.operation) == [(LATER, 2)] and story.operation.due == LATER
    story.say("lost", lines=[line(D(2))], leg="loan")
    assert days(story.operation) == [] and story.operation.due == FIRST, "the agreed day once nothing is out"


def test_an_extension_cannot_say_more_than_there_is_or_an_earlier_day() -> None:
    assert days(extended(9).operation) == [(LATER, 4)]
    assert days(extended(2, "2026-12-31").operation) == [(FIRST, 4)]


def test_an_alarm_stands_from_thirty_seven_and_no_days_before_on() -> None:
    ends = NOW + 100 * DAY
    assert loans.alarm(ends, ends - 31 * DAY - 1) is None
    assert loans.alarm(ends, ends - 31 * DAY) == (30, ends - 31 * DAY)
    assert loans.alarm(ends, ends - 8 * DAY - 1) == (30, ends - 31 * DAY)
    assert loans.alarm(ends, ends - 8 * DAY) == (7, ends - 8 * DAY)
    assert loans.alarm(ends, ends - DAY) == (0, ends - DAY)
    assert loans.alarm(ends, ends + 90 * DAY) == (0, ends - DAY), "what is overdue stays an alarm"


def test_both_sides_are_told_of_goods_that_are_due_each_time_anew() -> None:
    operation = extended(3).operation
    ends = escalation._end_of(FIRST)

    def told_at(now: int, side: str = "requester") -> list[tuple[str, str, bool]]:
        found = escalation.of_loans("case", operation, side, "hr", now, False)  # type: ignore[arg-type]
        return [(one.id, one.detail, one.calm) for one in found]

    assert told_at(ends - 32 * DAY) == []
    (month,) = told_at(ends - 20 * DAY)
    (week,) = told_at(ends - 5 * DAY)
    (today,) = told_at(ends - 1)
    assert len({month[0], week[0], today[0]}) == 3 and month[1] == f"1 {UNIT} {ITEM}" and not month[2]
    assert [told_at(when, "supplier")[0][2] for when in (ends - 20 * DAY, ends - 5 * DAY, ends - 1)] == [
        True,
        True,
        False,
    ]
    assert len(told_at(escalation._end_of(LATER))) == 2, "the first is overdue, the second is due"


def test_a_day_beyond_reason_calls_nobody_and_harms_nothing() -> None:
    for day in ("0001-01-01", "9999-12-31", "2027-02-30"):
        story = told(("request", "offer"))
        for verb in ("accept", "confirm"):
            story.say(verb, due=day)
        for verb in ("dispatch", "received", "on-loan"):
            story.say(verb)
        assert escalation.of_loans("case", story.operation, "supplier", "bg", NOW, False) == []
