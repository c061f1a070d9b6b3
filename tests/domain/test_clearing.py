"""A consignment from its staging to the border and back, and the green light under which it may travel."""

from decimal import Decimal
from typing import Any

import pytest

from tests.domain.operation_story import ITEM, NOW, ROAD, STAGED, UNIT, line
from xstock_node.domain import steps
from xstock_node.domain.clearing import Clearance, ConsignmentStatus, consignments_of, void
from xstock_node.domain.operation import Event
from xstock_node.domain.operations import Side
from xstock_node.domain.steps import Dispatch, GreenLight, Stage

D = Decimal
KEY = (ITEM, UNIT)
LORRY, ROUTE, DAY = ROAD["vehicle"], ROAD["crossing"], ROAD["day"]
LIGHT = GreenLight(consignment="c1", vehicle=LORRY, crossing=ROUTE, day=DAY, valid_until=NOW)
OTHER = "cd" * 32


def event(side: Side, verb: str, n: int, tents: int = 0, seen: int = 9, **fields: Any) -> Event:
    lines = {"lines": [line(D(tents))]} if tents else {}
    return Event(side, verb, steps.body_of(verb, {"consignment": "c1"} | lines | fields), n, seen, NOW + n, str(n))


STAGE = event("supplier", "stage", 1, **STAGED)
ASKED = event("requester", "green-light", 1, **ROAD)
SIGNED = event("supplier", "clear", 2, seen=1, seal="S1")
SENT = event("supplier", "dispatch", 3, 8)
REFUSED = event("requester", "refused", 2, 6)


def status(*events: Event) -> ConsignmentStatus:
    return consignments_of(events)["c1"]


def stand(*events: Event) -> str:
    return status(*events).stand


def test_a_consignment_is_staged_asked_for_cleared_and_sent() -> None:
    assert consignments_of([REFUSED, event("supplier", "told", 1)]) == {}, "nothing that left"
    assert (stand(STAGE), stand(STAGE, ASKED), stand(STAGE, ASKED, SIGNED)) == ("staged", "asked", "cleared")
    assert stand(ASKED) == "asked" and stand(SENT) == "dispatched"
    found = status(STAGE, ASKED, SIGNED, SENT)
    assert found == ConsignmentStatus(
        "c1",
        "dispatched",
        STAGE.body,  # type: ignore[arg-type]
        ASKED.body,  # type: ignore[arg-type]
        Clearance(ASKED.body, SIGNED.body),  # type: ignore[arg-type]
        1,
        {KEY: D(8)},
        None,
        False,
    )


def test_consignments_are_told_apart_and_come_in_the_order_of_their_ids() -> None:
    second = event("supplier", "dispatch", 4, 3, consignment="c2")
    found = consignments_of([second, STAGE, SENT])
    assert [*found] == ["c1", "c2"] == [one.id for one in found.values()]
    assert (found["c1"].sent, found["c2"].sent, found["c2"].stage) == ({KEY: 8}, {KEY: 3}, None)


def test_the_newest_green_light_is_the_one_that_has_to_be_countersigned() -> None:
    newer = event("requester", "green-light", 2, **ROAD | {"day": "2027-04-01"})
    found = status(ASKED, SIGNED, newer)
    assert found.light == newer.body and found.clearance is None and found.stand == "asked"
    again = event("supplier", "clear", 4, seen=2, seal="S2")
    signed = status(ASKED, SIGNED, newer, again).clearance
    assert signed is not None and (signed.light, signed.export) == (newer.body, again.body)
    unseen = event("supplier", "clear", 4, seen=1)
    assert status(ASKED, SIGNED, newer, unseen).clearance is None, "its writer knew the older one"
    twice = status(ASKED, SIGNED, event("supplier", "clear", 3, seen=1, seal="S3")).clearance
    assert twice is not None and twice.export.seal == "S3"


def test_another_vehicle_crossing_or_day_voids_a_green_light() -> None:
    stage = Stage(consignment="c1", vehicle=LORRY, crossings=("Ruse", ROUTE), day=DAY)
    assert void(LIGHT, None) == void(LIGHT, stage) == ""
    assert void(LIGHT, Stage(vehicle=OTHER, day=DAY)) == "the green light is for another vehicle"
    assert void(LIGHT, Stage(vehicle=LORRY, day="2027-03-30")) == "the green light is for another day"
    over = Stage(vehicle=LORRY, crossings=("Ruse", "Calafat"), day=DAY)
    assert void(LIGHT, over) == "the green light is for another crossing"
    alone = Stage(vehicle=LORRY, crossings=("Ruse",), day=DAY)
    assert void(LIGHT, alone) == "the green light is for another crossing"
    assert void(LIGHT, Stage(vehicle=LORRY, day=DAY)) == "", "a staging without a road names no other"
    assert void(GreenLight(), over) == "", "what a light leaves open is never another"


def test_a_changed_staging_leaves_the_light_asked_for_and_void() -> None:
    moved = event("supplier", "stage", 3, **STAGED | {"vehicle": OTHER})
    found = status(STAGE, ASKED, SIGNED, moved)
    assert found.stage == moved.body and found.stand == "asked"
    assert found.clearance is not None and found.clearance.void == "the green light is for another vehicle"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, ""),
        ({"vehicle": OTHER}, "the green light is for another vehicle"),
        ({"crossing": "Ruse"}, "the green light is for another crossing"),
        ({"day": "2027-03-30"}, "the green light is for another day"),
    ],
)
def test_a_vehicle_leaves_under_the_light_it_was_given(fields: dict[str, str], why: str) -> None:
    assert Clearance(LIGHT, LIGHT).covers(Dispatch(**ROAD | fields), NOW) == why


def test_a_light_ends_with_its_validity_and_where_it_is_void() -> None:
    leaving = Dispatch(**ROAD)
    assert Clearance(LIGHT, LIGHT).covers(leaving, NOW + 1) == "its validity has ended"
    assert Clearance(LIGHT, LIGHT, "another lorry").covers(leaving, NOW) == "another lorry"
    open_ = GreenLight(vehicle=LORRY)
    assert Clearance(open_, LIGHT).covers(leaving, NOW) == "it leaves open: consignment, crossing, day"


def test_a_refused_load_is_at_the_border_while_any_of_it_waits() -> None:
    gone = (SENT, REFUSED)
    assert stand(*gone) == "at-border" and status(*gone).load is not None
    on = (*gone, event("supplier", "dispatch", 4, 2))
    assert stand(*on) == "at-border"
    assert (status(*on).dispatched, status(*on).sent) == (2, {KEY: 10})
    assert stand(*on, event("supplier", "dispatch", 5, 4)) == "dispatched", "all of it went on"
    assert stand(*on, event("requester", "returned", 3, 4)) == "dispatched", "some of it went on"


def test_a_load_is_turned_back_once_all_that_left_came_back() -> None:
    whole = (SENT, event("requester", "refused", 2, 8))
    assert stand(*whole, event("requester", "returned", 3, 8)) == "turned-back"
    assert stand(SENT, REFUSED, event("requester", "returned", 3, 6)) == "dispatched", "two were never refused"
    twice = (*whole, event("supplier", "dispatch", 4, 8), event("requester", "refused", 3, 8))
    assert stand(*twice, event("requester", "returned", 4, 8)) == "turned-back"
    assert stand(REFUSED, STAGE) == "staged", "what never left is not at a border"


def test_a_load_of_two_items_is_turned_back_once_both_are() -> None:
    bed = {"item": "BED", "unit": UNIT, "qty": (2, 0)}
    both = {"lines": [line(D(8)), bed]}
    sent = (event("supplier", "dispatch", 3, **both), event("requester", "refused", 2, 8))
    assert stand(*sent, event("requester", "returned", 3, 8)) == "dispatched", "the beds went on"
    all_of = (sent[0], event("requester", "refused", 2, **both), event("requester", "returned", 3, **both))
    assert stand(*all_of) == "turned-back"


def test_a_load_at_a_border_is_lit_again_by_a_clearance_since_it_left() -> None:
    gone = (ASKED, SIGNED, SENT, REFUSED)
    assert not status(*gone).relit
    light = event("requester", "green-light", 3, **ROAD)
    assert not status(*gone, light).relit, "asked for is not cleared"
    lit = (*gone, light, event("supplier", "clear", 4, seen=3))
    assert status(*lit).relit
    assert not status(*lit, event("supplier", "dispatch", 5, 2)).relit, "it left under it"
    assert status(ASKED, SIGNED).relit
