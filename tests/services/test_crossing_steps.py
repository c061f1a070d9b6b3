"""Steps that cross on their way, and quantities that nobody here would write."""

from decimal import Decimal

from xstock_node.domain import guards, steps
from xstock_node.domain.operation import Event, read
from xstock_node.domain.operations import State, fold

LINE = {"item": "TENT", "unit": "H87"}


def test_a_request_that_crosses_a_withdrawal_revives_no_promise() -> None:
    said = [(1, "standby"), (1, "withdraw")]
    assert fold([(1, "notify"), (2, "request")], said) is State.WITHDRAWN
    assert fold([(1, "notify"), (2, "request")], [(1, "standby")]) is State.REQUESTED


def test_a_quantity_that_is_not_written_as_we_do_is_read() -> None:
    body = steps.body_of("request", {"lines": [LINE | {"qty": [10, 0]}]})
    event = Event("requester", "request", body, 1, 0, 1, "0" * 64)
    assert read([event]).counters["TENT", "H87"].requested == Decimal(10)


def test_less_than_nothing_and_more_than_offered_is_neither_accepted_nor_confirmed() -> None:
    offer = steps.body_of("offer", {"lines": [LINE | {"qty": [5, 0]}], "terms": ["donation"]})
    here = read([Event("supplier", "offer", offer, 1, 0, 1, "0" * 64)])
    for verb in ("accept", "confirm"):
        for quantity, code in ((-1, "no_quantity"), (0, "no_quantity"), (6, "more_than_offered"), (5, "")):
            body = steps.body_of(verb, {"lines": [LINE | {"qty": [quantity, 0]}], "terms": "donation"})
            assert [r.code for r in guards.objections(here, verb, body, 0)] == ([code] if code else [])
