"""Random steps of two to five nodes over the whole table keep promises, lose nothing and conserve goods."""

from tests.models import operation_walk


# xs1 16.11, 16.12, 16.13
def test_ten_thousand_steps_promise_nothing_twice_lose_nothing_and_end_equal() -> None:
    found = operation_walk.walk(10_000)
    print(found.counts)
    assert found.broken == [] and found.steps == 10_000
    for name in ("said offer", "said confirm", "said dispatch", "said received", "again", "restart", "anew", "quiet"):
        assert found.counts[name] > 0, name
    assert found.counts["odd: step"] > 20, "what the table has no arrow for was tried"
