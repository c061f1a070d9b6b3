"""What the steps of an operation mean for the supplier's inventory system."""

from decimal import Decimal
from typing import Any

import pytest

from tests.domain.operation_story import ITEM, UNIT, Story, line, told
from xstock_node.domain.movements import planned

BOUND = ("request", "offer", "accept", "confirm")


def of(*parts: int, **fields: Any) -> dict[str, Any]:
    return {"lines": [line(Decimal(part)) for part in parts]} | fields


def kinds(story: Story) -> list[tuple[str, int]]:
    """Each movement's kind and how much it moves."""
    return [(one.kind, int(sum(need.quantity for need in one.needs))) for one in planned(story.operation.events)]


def after(*more: tuple[str, dict[str, Any]], path: tuple[str, ...] = BOUND) -> Story:
    story = told(path)
    for verb, fields in more:
        story.say(verb, **fields)
    return story


def whole(story: Story) -> int:
    return int(sum(one.accepted for one in story.operation.counters.values()))


@pytest.mark.parametrize("path", [("request",), ("request", "offer"), ("request", "offer", "accept")])
def test_nothing_is_moved_before_an_acceptance_is_confirmed(path: tuple[str, ...]) -> None:
    assert kinds(told(path)) == []


def test_a_confirmed_acceptance_reserves_and_its_dispatch_issues_the_reservation() -> None:
    bound = told(BOUND)
    assert kinds(bound) == [("reserve", whole(bound))]
    sent = after(("dispatch", of(whole(bound))))
    found = planned(sent.operation.events)
    assert [one.kind for one in found] == ["reserve", "issue"]
    assert found[1].of == found[0].hash and found[0].of == ""


def test_what_is_cancelled_before_it_left_is_released() -> None:
    ended = after(("cancel-own", {"reason": "flood-here"}))
    found = planned(ended.operation.events)
    assert [one.kind for one in found] == ["reserve", "release"] and found[1].of == found[0].hash


def test_a_part_that_leaves_is_issued_and_the_rest_reserved_anew() -> None:
    most = whole(told(BOUND))
    story = after(("dispatch", of(1)), ("dispatch", of(most - 1, consignment="c2")))
    assert kinds(story) == [
        ("reserve", most),
        ("release", 0),
        ("issue", 1),
        ("reserve", most - 1),
        ("issue", most - 1),
    ]


def test_more_steps_only_add_movements() -> None:
    story = after(("dispatch", of(1)))
    events = story.operation.events
    whole_plan = planned(events)
    for size in range(len(events)):
        part = planned(events[:size])
        assert whole_plan[: len(part)] == part


def test_what_comes_back_good_is_received() -> None:
    most = whole(told(BOUND))
    counts = {"counts": [{"item": ITEM, "unit": UNIT, "good": (most, 0)}]}
    back = {"counts": [{"item": ITEM, "unit": UNIT, "good": (most - 1, 0), "damaged": (1, 0)}]}
    story = after(
        ("dispatch", of(most)),
        ("received", counts),
        ("on-loan", of(most)),
        ("returned", of(most, consignment="back")),
        ("return-received", back | {"consignment": "back"}),
    )
    assert kinds(story)[-1] == ("receive", most - 1)


def test_what_a_correction_takes_back_is_told_to_a_person_and_never_received_twice() -> None:
    most = whole(told(BOUND))
    story = after(
        ("dispatch", of(most)),
        ("received", {"counts": [{"item": ITEM, "unit": UNIT, "good": (most, 0)}]}),
        ("on-loan", of(most)),
        ("returned", of(most, consignment="back")),
    )
    first = story.say("return-received", counts=[{"item": ITEM, "unit": UNIT, "good": (6, 0)}], consignment="back")
    fewer = {"counts": [{"item": ITEM, "unit": UNIT, "good": (4, 0), "short": (2, 0)}]}
    again = {"counts": [{"item": ITEM, "unit": UNIT, "good": (6, 0)}]}
    story.say("correct", of=first.hash, **fewer)
    story.say("correct", of=first.hash, **again)
    found = [
        (one.kind, int(one.needs[0].quantity), one.by_hand) for one in planned(story.events) if one.kind == "receive"
    ]
    assert found[0] == ("receive", 6, False)
    assert all(by_hand for _, _, by_hand in found[1:])
