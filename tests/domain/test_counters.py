"""What each step adds to the counters of an item, and what the last word of the supplier is."""

from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from tests.domain.operation_story import ITEM, NOW, UNIT, Story, line, told
from xstock_node.domain import steps
from xstock_node.domain.counters import Counters, counters_of, fresh_dispatches, good_again
from xstock_node.domain.operation import Event
from xstock_node.domain.operations import Side

D = Decimal
KEY, BEDS = (ITEM, UNIT), ("BED", UNIT)
BED = {"item": "BED", "unit": UNIT}
SEEN = 9


def event(side: Side, verb: str, n: int, seen: int = SEEN, **fields: Any) -> Event:
    return Event(side, verb, steps.body_of(verb, fields), n, seen, NOW + n, f"{side[0]}{n}")


def ours(verb: str, n: int, tents: int, **fields: Any) -> Event:
    """A step of the supplier about so many tents; none says no lines."""
    return event("supplier", verb, n, **{"lines": [line(D(tents))] if tents else []} | fields)


def theirs(verb: str, n: int, tents: int, **fields: Any) -> Event:
    return event("requester", verb, n, **{"lines": [line(D(tents))] if tents else []} | fields)


def counts(**figures: int) -> dict[str, Any]:
    return {"counts": [{"item": ITEM, "unit": UNIT} | {name: (n, 0) for name, n in figures.items()}]}


def figures(*events: Event) -> dict[str, int]:
    """The counters of the tents that are not nothing."""
    found = counters_of(events).get(KEY, Counters())
    return {name: int(getattr(found, name)) for name in Counters.__struct_fields__ if getattr(found, name)}


def test_what_is_asked_and_offered_is_the_last_word_that_has_lines() -> None:
    assert figures() == {}
    assert figures(theirs("request", 1, 8)) == {"requested": 8}
    assert figures(theirs("request", 1, 8), theirs("amend", 2, 6)) == {"requested": 6}
    assert figures(theirs("request", 1, 8), theirs("amend", 2, 0)) == {"requested": 8}, "another place, not other goods"
    assert figures(ours("offer", 1, 8)) == {"offered": 8}
    assert figures(ours("offer", 1, 8), ours("amended", 2, 5)) == {"offered": 5}
    assert figures(ours("indicate", 1, 8), ours("standby", 2, 8)) == {}, "neither of them promises"


OFFER = ours("offer", 1, 8)


@pytest.mark.parametrize(
    ("events", "accepted"),
    [
        ((theirs("accept", 1, 3),), None),
        ((ours("confirm", 2, 0),), 8),
        ((ours("confirm", 2, 5),), 5),
        ((theirs("accept", 1, 3), ours("confirm", 2, 0)), 3),
        ((theirs("accept", 1, 0), ours("confirm", 2, 0)), 8),
        ((theirs("accept", 1, 3), ours("confirm", 2, 5)), 5),
        ((theirs("accept", 1, 3), theirs("accept", 2, 4), ours("confirm", 2, 0, seen=1)), 3),
        ((theirs("accept", 1, 3), theirs("accept", 2, 4), ours("confirm", 2, 0, seen=2)), 4),
        ((ours("confirm", 2, 0), ours("amended", 3, 2)), 2),
        ((ours("confirm", 2, 0), ours("amended", 3, 0)), 8),
        ((ours("confirm", 2, 0), ours("amended", 3, 2), ours("amended", 4, 6)), 6),
        ((ours("amended", 2, 6), ours("confirm", 3, 0)), 6),
        ((ours("confirm", 3, 0), ours("amended", 2, 6)), 6),
        ((ours("confirm", 2, 0), ours("offer", 3, 4)), 8),
        ((ours("confirm", 2, 4), ours("confirm", 3, 5)), 5),
    ],
)
def test_what_is_accepted_is_what_the_supplier_confirmed_or_amended_since(
    events: tuple[Event, ...], accepted: int | None
) -> None:
    assert figures(OFFER, *events).get("accepted") == accepted


BOUND = (OFFER, ours("confirm", 2, 0))


def test_facts_are_summed_each_in_its_own_figure() -> None:
    found = figures(
        *BOUND,
        ours("dispatch", 3, 4, consignment="c1"),
        ours("dispatch", 4, 3, consignment="c2"),
        theirs("received", 1, 0, **counts(good=3, damaged=1, short=2, over=5)),
        theirs("received", 2, 0, **counts(good=1)),
        theirs("on-loan", 3, 2),
        theirs("on-loan", 4, 1),
        ours("converted", 5, 1),
        theirs("returned", 5, 2, consignment="home"),
        ours("return-received", 6, 0, **counts(good=4, damaged=2, short=1, over=7)),
        ours("lost", 7, 1),
        theirs("lost", 6, 2, leg="out"),
        theirs("lost", 7, 4, leg="loan"),
        ours("lost", 8, 5, leg="back"),
    )
    assert found == {
        "offered": 8, "accepted": 8, "dispatched": 7, "received": 4, "damaged": 1, "short": 2, "over": 5,
        "on_loan": 3, "given": 1, "returned": 2, "back_good": 4, "back_damaged": 2, "back_short": 1,
        "lost_out": 3, "lost_loan": 4, "lost_back": 5,
    }  # fmt: skip


def test_a_proposal_and_a_movement_of_no_goods_add_nothing() -> None:
    assert figures(theirs("convert", 1, 3), theirs("extend", 2, 3), ours("extended", 1, 3)) == {}
    assert figures(theirs("departed", 1, 4), ours("border", 1, 4), ours("stage", 2, 0)) == {}


def test_what_turns_out_damaged_later_is_good_no_longer_where_it_is() -> None:
    here = (*BOUND, ours("dispatch", 3, 4), theirs("received", 1, 0, **counts(good=4)))
    assert figures(*here, theirs("damaged", 2, 3))["received"] == 1
    assert figures(*here, theirs("damaged", 2, 3))["damaged"] == 3
    home = figures(*here, ours("return-received", 4, 0, **counts(good=4)), ours("damaged", 5, 3))
    assert (home["back_good"], home["back_damaged"], home["received"]) == (1, 3, 4)


REFUSED = (
    *BOUND,
    ours("dispatch", 3, 4, consignment="c1"),
    ours("dispatch", 4, 4, consignment="c2"),
    ours("refused", 5, 3, consignment="c1"),
)


def test_goods_at_a_border_wait_go_on_or_turn_back() -> None:
    base = {"offered": 8, "accepted": 8, "refused": 3}
    assert figures(*REFUSED) == base | {"dispatched": 8, "at_border": 3}
    on = (*REFUSED, ours("dispatch", 6, 1, consignment="c1"))
    assert figures(*on) == base | {"dispatched": 9, "reloaded": 1, "at_border": 2}
    back = (*on, theirs("returned", 1, 2, consignment="c1"))
    assert figures(*back) == base | {"dispatched": 9, "reloaded": 1, "turned_back": 2, "returning": 2}
    other = (*on, theirs("returned", 1, 2, consignment="c2"))
    assert figures(*other) == base | {"dispatched": 9, "reloaded": 1, "at_border": 2, "returned": 2}
    home = (*back, ours("return-received", 7, 0, **counts(good=1), consignment="c1"))
    assert figures(*home) == base | {
        "dispatched": 9, "reloaded": 1, "turned_back": 2, "returning": 1, "back_good": 1,
    }  # fmt: skip


def test_goods_of_two_refused_loads_are_summed() -> None:
    both = figures(*REFUSED, ours("refused", 6, 2, consignment="c2"), theirs("returned", 1, 1, consignment="c2"))
    assert (both["refused"], both["at_border"], both["turned_back"], both["returning"]) == (5, 4, 1, 1)


def released(*events: Event) -> int | None:
    return figures(*BOUND, *events).get("released")


def test_a_short_closing_lets_go_what_had_not_left_for_good_as_its_writer_knew_it() -> None:
    sent = ours("dispatch", 3, 3, consignment="c1")
    close = event("supplier", "short-closed", 4, seen=1)
    assert released(sent) is None
    assert released(close) == 8
    assert released(sent, close) == 5
    assert released(sent, close, ours("dispatch", 5, 5, consignment="c2")) == 5, "what left later was not known"
    assert released(sent, theirs("refused", 1, 2, consignment="c1"), close) == 7
    assert released(sent, theirs("refused", 2, 2, consignment="c1"), close) == 5, "not seen yet"
    assert released(ours("dispatch", 3, 7), close) == 1
    assert released(ours("dispatch", 3, 8), close) is None
    assert released(ours("dispatch", 3, 9), close) is None, "never below nothing"
    assert released(close, sent._replace(n=5), event("supplier", "short-closed", 6)) == 5, "the last one counts"


def test_each_item_and_unit_is_counted_by_itself() -> None:
    both = [line(D(2)), BED | {"qty": (5, 0)}, line(D(1))]
    found = counters_of([ours("dispatch", 1, 0, lines=both), ours("dispatch", 2, 0, lines=both)])
    assert {key: c.dispatched for key, c in found.items()} == {BEDS: 10, KEY: 6}
    assert [*found] == [BEDS, KEY], "in the order of their names"
    short = counters_of(
        [
            ours("offer", 1, 0, lines=[line(D(4)), BED | {"qty": (5, 0)}]),
            ours("confirm", 2, 0),
            ours("dispatch", 3, 4),
            ours("short-closed", 4, 0),
        ]
    )
    assert {key: c.released for key, c in short.items()} == {BEDS: 5, KEY: 0}


def test_the_order_of_facts_changes_no_counter() -> None:
    facts = [
        ours("dispatch", 6, 1, consignment="c1"),
        theirs("returned", 1, 1, consignment="c1"),
        theirs("received", 2, 0, **counts(good=2, short=1)),
        ours("lost", 7, 1, leg="back", consignment="c1"),
    ]
    assert len({tuple(figures(*REFUSED, *order).items()) for order in permutations(facts)}) == 1


def test_what_left_the_store_is_not_what_left_a_border_again() -> None:
    again = ours("dispatch", 6, 3, consignment="c1")
    fresh = fresh_dispatches([*REFUSED, again, ours("dispatch", 7, 1, consignment="c3")])
    assert [(e.n, e.verb) for e in fresh] == [(3, "dispatch"), (4, "dispatch"), (7, "dispatch")]


def test_only_what_came_home_good_is_in_the_store_again() -> None:
    assert good_again(ours("return-received", 1, 0, **counts(good=3, damaged=1, short=2))) == {KEY: 3}
    assert good_again(theirs("received", 1, 0, **counts(good=3))) == {}
    assert good_again(ours("damaged", 1, 2)) == {KEY: -2}
    assert good_again(theirs("damaged", 1, 2)) == {} == good_again(ours("dispatch", 1, 2))


def test_the_figures_that_follow_from_the_counters() -> None:
    story: Story = told(("request", "offer", "accept", "confirm", "dispatch", "received", "on-loan"))
    found = story.operation.counters[KEY]
    assert (found.undispatched, found.in_transit, found.outstanding, found.lent) == (4, 0, 4, 4)
    rest = Counters(dispatched=D(9), refused=D(1), received=D(2), damaged=D(1), short=D(1), lost_out=D(1))
    assert rest.in_transit == 3
    out = Counters(received=D(9), damaged=D(2), over=D(1), on_loan=D(8), returned=D(3), given=D(1), lost_loan=D(2))
    assert (out.outstanding, out.lent) == (6, 2)
    home = Counters(returned=D(9), turned_back=D(2), back_good=D(1), back_damaged=D(1), back_short=D(1), lost_back=D(1))
    assert home.coming_back == 7
    assert Counters(accepted=D(9), released=D(1), dispatched=D(5), refused=D(2)).undispatched == 5
    assert Counters(at_border=D(2), returning=D(3), turned_back=D(2)).away == 4
    assert Counters(at_border=D(2), returning=D(3), back_good=D(1)).away == 2
