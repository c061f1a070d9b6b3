"""The mobilisation table: sums are those of the rows, nothing counts twice, and what is unknown stays unknown."""

from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.operation_story import ITEM, UNIT, Story, line
from xstock_node.domain.mobilisation import FIGURES, Part, Sum, figures, table, under_way
from xstock_node.domain.operations import ENDED, STEPS, State, fits, may

D, KEY = Decimal, (ITEM, UNIT)
ENDS = {step.verb for step in STEPS if step.decides in ENDED}
VERBS = [step.verb for step in STEPS if step.verb not in ("request", "notify")]


def walked(choices: list[int]) -> Story:
    """An operation that takes, at each turn, one of the steps that may be taken then."""
    story = Story()
    for verb in ("request", "offer", "accept", "confirm")[: 1 + sum(choices[:1]) % 4]:
        story.say(verb)
    for choice in choices:
        now = story.operation
        open_ = [
            step.verb
            for step in STEPS
            if step.verb in VERBS
            and (choice > 50 or step.verb not in ENDS)
            and not fits(step.verb, story.side(step.verb), now.state)
            and not may(step.verb, story.side(step.verb), now.decided)
            and story.ready(step)
        ]
        if open_:
            story.say(open_[choice % len(open_)])
    return story


def part(story: Story, supplier: str, request: str = "r1", case: str = "") -> Part:
    return Part(case or f"c-{supplier}", "requester", "bg", supplier, request, story.operation)


walks = st.lists(st.integers(0, 60), max_size=25)


@settings(deadline=None)
@given(st.lists(st.tuples(walks, st.sampled_from(["hr", "rs", "ro"]), st.sampled_from(["r1", "r2"])), max_size=5))
def test_totals_are_the_sums_of_the_rows_and_nothing_counts_twice(told: list[tuple[list[int], str, str]]) -> None:
    parts = [part(walked(w), supplier, need, f"c{n}") for n, (w, supplier, need) in enumerate(told)]
    found = table(parts)
    assert sorted(case for row in found.rows for case in row.cases) == [p.case for p in parts]
    for total in found.totals:
        rows = [row.figures for row in found.rows if (row.item, row.unit, row.side) == total[:3]]
        for name in FIGURES:
            values = [getattr(f, name) for f in rows]
            if name != "asked":
                known = sum((v for v in values if v is not None), D(0))
                assert total.sums[name] == Sum(known, sum(v is None for v in values)), name
        gone = [p for p in parts if p.operation.decided is State.CANCELLED]
        needs = {p.request for p in parts} - {p.request for p in gone} | {p.request for p in parts if p not in gone}
        assert total.sums["asked"].known == 8 * len(needs), "a need counts once, one cancelled everywhere not at all"
        promised = total.sums["promised"].known
        assert total.gap >= max(total.sums["asked"].known - promised, D(0))


@settings(deadline=None)
@given(walks)
def test_what_arrived_never_exceeds_what_left_and_each_certainty_has_its_own_column(walk: list[int]) -> None:
    story = walked(walk)
    c = story.operation.counters[KEY]
    f = figures(story.operation, KEY, c)
    assert f.received == f.good + f.damaged and f.received <= f.dispatched
    assert f.under_way is None or f.dispatched == f.under_way + f.received + c.short + c.lost_out
    assert not (f.promised and f.offered) and not (f.offered and f.possible) and not (f.promised and f.possible)
    assert f.on_loan + f.coming_back + f.returned <= f.received + c.over + c.turned_back
    assert all(v is None or v >= 0 for v in (getattr(f, name) for name in FIGURES))


def test_silence_is_unknown_and_not_nothing() -> None:
    silent, answered = Story(), Story()
    silent.say("request")
    answered.say("request")
    answered.say("offer")
    found = table([part(silent, "rs"), part(answered, "hr")])
    assert [row.figures.offered for row in found.rows] == [D(8), None]
    (total,) = found.totals
    assert total.sums["offered"] == Sum(D(8), 1) and total.sums["asked"].known == 8 and total.gap == 8


def test_one_need_s_surplus_covers_no_other_and_a_need_asked_of_nobody_yet_counts() -> None:
    story = Story()
    for verb in ("request", "offer", "accept", "confirm"):
        story.say(verb)
    found = table([part(story, "hr")], [("bg", "r1", KEY, D(5)), ("bg", "r9", KEY, D(3))])
    (total,) = found.totals
    assert total.sums["asked"].known == 11 and total.sums["promised"].known == 8 and total.gap == 3


def test_a_need_that_was_ended_is_no_gap_but_what_was_promised_of_it_stays() -> None:
    cancelled, promised = Story(), Story()
    cancelled.say("request")
    for verb in ("request", "offer", "accept", "confirm"):
        promised.say(verb)
    (before,) = table([part(cancelled, "rs"), part(promised, "hr")]).totals
    (after,) = table([part(cancelled, "rs"), part(promised, "hr")], ended={"r1"}).totals
    assert (before.sums["asked"].known, after.sums["asked"].known, after.gap) == (8, 8, 0)
    (alone,) = table([part(cancelled, "rs")], ended={"r1"}).totals
    assert (alone.sums["asked"].known, alone.gap) == (0, 0)
    for verb in ("cancel", "cancelled"):
        cancelled.say(verb)
    theirs = part(cancelled, "bg")._replace(side="supplier", requester="hr")
    (told,) = table([theirs]).totals
    assert told.gap == 0, "the supplier knows of the end by the case alone"


def test_own_needs_and_those_of_others_are_never_one_total() -> None:
    story = Story()
    story.say("request")
    theirs = part(story, "bg")._replace(side="supplier", requester="hr", case="c9")
    assert [t.side for t in table([part(story, "hr"), theirs]).totals] == ["requester", "supplier"]


def test_a_consignment_is_under_way_until_it_is_counted() -> None:
    story = Story()
    for verb in ("request", "offer", "accept", "confirm"):
        story.say(verb)
    story.say("dispatch", consignment="c1", lines=[line(D(4))], crossing="Gradina", arrival=1_790_100_000)
    (moving,) = under_way(part(story, "hr"))
    assert (moving.stand, moving.crossings, moving.arrival) == ("dispatched", ("Gradina",), 1_790_100_000)
    story.say("border", consignment="c1", event="hold", place="Kalotina")
    assert under_way(part(story, "hr"))[0].news == "hold Kalotina"
    story.say("received", consignment="c1", counts=[{"item": ITEM, "unit": UNIT, "good": [4, 0]}])
    assert under_way(part(story, "hr")) == []
