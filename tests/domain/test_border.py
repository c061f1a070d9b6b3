"""A load that a border refused: what waits there, goes on, turns back and comes home, each by its consignment."""

from decimal import Decimal
from typing import Any

from tests.domain.operation_story import ITEM, NOW, UNIT, line
from xstock_node.domain import steps
from xstock_node.domain.border import Refused, consignment_of, counted, leaves_border, refused_loads
from xstock_node.domain.operation import Event

D = Decimal
KEY = (ITEM, UNIT)


def event(verb: str, n: int, tents: int = 0, consignment: str = "c1", **fields: Any) -> Event:
    said = (
        fields | ({"lines": [line(D(tents))]} if tents else {}) | ({"consignment": consignment} if consignment else {})
    )
    return Event("supplier", verb, steps.body_of(verb, said), n, 0, NOW + n, str(n))


def home(n: int, consignment: str = "c1", **figures: int) -> Event:
    counts = [{"item": ITEM, "unit": UNIT} | {name: (q, 0) for name, q in figures.items()}]
    return event("return-received", n, consignment=consignment, counts=counts)


SENT = event("dispatch", 1, 8)
REFUSED = (SENT, event("refused", 2, 6))


def load(*events: Event) -> Refused:
    return refused_loads([*REFUSED, *events])["c1"]


def test_only_consignments_that_a_border_refused_have_a_load() -> None:
    assert refused_loads([SENT, event("returned", 2, 6)]) == {}
    both = refused_loads([event("refused", 3, 1, "c2"), *REFUSED, event("dispatch", 4, 1, "c3")])
    assert [*both] == ["c1", "c2"], "in the order of their ids"
    assert both["c2"] == Refused({KEY: D(1)}, {}, {}, {}), "no other consignment's goods"


def test_what_is_refused_waits_until_it_goes_on_or_turns_back() -> None:
    assert load() == Refused({KEY: D(6)}, {}, {}, {})
    assert load().waiting == {KEY: 6} and load().returning == {}
    more = load(event("refused", 3, 1))
    assert more.refused == {KEY: 7}, "a second refusal of the same load adds to it"
    moved = load(event("dispatch", 3, 2), event("returned", 4, 3))
    assert (moved.reloaded, moved.turned) == ({KEY: 2}, {KEY: 3})
    assert moved.waiting == {KEY: 1} and moved.returning == {KEY: 3}
    assert load(event("dispatch", 3, 6)).waiting == {}


def test_what_turned_back_is_home_once_counted_or_lost_on_the_way_back() -> None:
    turned = event("returned", 3, 6)
    counting = load(turned, home(4, good=1, damaged=1, short=1, over=5))
    assert counting.home == {KEY: 3}, "what is over was never sent"
    assert counting.returning == {KEY: 3}
    lost = load(turned, event("lost", 4, 2, leg="back"))
    assert lost.home == {KEY: 2} and lost.returning == {KEY: 4}
    for leg in ("", "out", "loan"):
        assert load(turned, event("lost", 4, 2, leg=leg)).home == {}, "lost before it turned"
    assert load(turned, home(4, "c2", good=6), event("lost", 5, 2, "c2", leg="back")).home == {}
    assert load(turned, home(4, good=6), event("lost", 5, 2, leg="back")).home == {KEY: 8}


def test_a_dispatch_leaves_a_border_where_the_same_refused_load_left_before() -> None:
    again = event("dispatch", 3, 2)
    assert leaves_border(again, [*REFUSED, again], ["c1"])
    assert not leaves_border(SENT, [*REFUSED, again], ["c1"]), "it left the store"
    assert not leaves_border(again, [*REFUSED, again], ["c2"]), "what was never refused leaves the store"
    other = event("dispatch", 3, 2, "c2")
    assert not leaves_border(other, [*REFUSED, other], ["c1", "c2"]), "another consignment's first"
    nameless = event("dispatch", 3, 2, "")
    assert not leaves_border(nameless, [event("dispatch", 1, 2, ""), nameless], [""])
    told = event("stage", 1)
    assert not leaves_border(again, [told, again], ["c1"]), "it was only announced before"


def test_a_step_names_a_consignment_or_none() -> None:
    assert consignment_of(SENT) == "c1"
    assert consignment_of(event("dispatch", 1, 1, "")) == consignment_of(event("told", 1, 0, "")) == ""


def test_a_count_is_the_sum_of_the_figures_asked_for() -> None:
    said = home(1, good=3, damaged=2, short=1, over=4)
    assert counted(said, "good") == {KEY: 3}
    assert counted(said, "good", "over") == {KEY: 7}
    assert counted(SENT, "good") == {}
    one = {"item": ITEM, "unit": UNIT, "good": (2, 0)}
    bed = {"item": "BED", "unit": UNIT, "good": (5, -1)}
    twice = event("received", 1, counts=[one, bed, one])
    assert counted(twice, "good") == {KEY: 4, ("BED", UNIT): D("0.5")}
