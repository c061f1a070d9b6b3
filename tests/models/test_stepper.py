"""Random steps over the real casework keep promises within what there is; planted bugs are found by the same walk."""

from typing import Any
from unittest import mock

import pytest

from tests.models import stepper
from xstock_node.services.casework import Casework


# xs1 16.11
@pytest.mark.heavy
def test_some_thousand_steps_promise_nothing_twice_and_both_sides_agree_at_rest() -> None:
    found = stepper.walk(4_000, seed=7)
    assert found.broken == [] and found.steps == 4_000
    refused = {name: count for name, count in found.counts.items() if ": " in name}
    assert refused["supplier: not-available"] > 5, "stock was asked for twice"
    assert found.counts["again"] > 20 and found.counts["restart"] > 20 and found.counts["exchange"] > 20


def unchecked(self: Casework, *asked: Any) -> None:
    """Promise without a look at what is left."""


def unchecked_amendment(self: Casework, tx: Any, found: Any, body: dict[str, Any]) -> None:
    """Look at what is left, but not when an amendment is concluded."""
    if body["step"] != "amended":
        CHECKED(self, tx, found, body)


CHECKED = Casework._may_promise


@pytest.mark.parametrize("planted", [unchecked, unchecked_amendment])
def test_a_planted_bug_is_found(planted: Any) -> None:
    with mock.patch.object(Casework, "_may_promise", planted):
        assert stepper.walk(20_000).broken
