"""Random steps of two to five nodes over the whole table keep promises, lose nothing and conserve goods."""

from typing import Any
from unittest import mock

import pytest
from msgspec import structs

from tests.models import operation_walk
from xstock_node.domain import operation
from xstock_node.domain.counters import Counters
from xstock_node.domain.operation import Operation
from xstock_node.domain.sums import ZERO, Key
from xstock_node.services.casework import Casework
from xstock_node.services.dossier import Dossier
from xstock_node.storage.sqlite.cases import SqliteCases
from xstock_node.storage.values import StoredMessage


# xs1 16.11, 16.12, 16.13
@pytest.mark.heavy
def test_ten_thousand_steps_promise_nothing_twice_lose_nothing_and_end_equal() -> None:
    found = operation_walk.walk(10_000)
    print(found.counts)
    assert found.broken == [] and found.steps == 10_000
    for name in ("said offer", "said confirm", "said dispatch", "said received", "again", "restart", "anew", "quiet"):
        assert found.counts[name] > 0, name
    assert found.counts["odd: step"] > 20, "what the table has no arrow for was tried"


Planted = tuple[Any, str, Any]
COUNTED, KEPT = operation.counters_of, SqliteCases.put_message


def unchecked(self: Casework, *asked: Any) -> None:
    """Promise without a look at what is left."""


def damage_forgotten(events: Any) -> dict[Key, Counters]:
    """What arrived damaged counts as good."""
    found = COUNTED(events)
    return {k: structs.replace(c, received=c.received + c.damaged, damaged=ZERO) for k, c in found.items()}


def border_forgotten(events: Any) -> dict[Key, Counters]:
    """What was refused at a border is still on its way."""
    return {k: structs.replace(c, refused=ZERO) for k, c in COUNTED(events).items()}


def one_sided(self: Dossier) -> Operation:
    """An operation is counted without what its requester said last, until the supplier said something after it."""
    events = self.events()
    heard = max((e.seen for e in events if e.side == "supplier"), default=0)
    return operation.read([e for e in events if e.side == "supplier" or e.n <= heard])


def forgetful(self: SqliteCases, message: StoredMessage) -> None:
    """What was said about a border is acknowledged and not kept."""
    if b'"step":"border"' not in message.raw or not message.receipt:
        KEPT(self, message)


@pytest.mark.parametrize(
    ("planted", "symptom"),
    [
        ((Casework, "_may_promise", unchecked), "promised"),
        ((operation, "counters_of", damage_forgotten), "said"),
        ((operation, "counters_of", border_forgotten), "said"),
        ((Dossier, "operation", one_sided), "took"),
        ((SqliteCases, "put_message", forgetful), "lost"),
    ],
)
def test_a_planted_bug_is_found(planted: Planted, symptom: str) -> None:
    with mock.patch.object(*planted):
        (broken,) = operation_walk.walk(40_000).broken[:1]
    assert symptom in broken
