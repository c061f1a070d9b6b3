"""A short run of every target, hypothesis on the shapes that mutation does not make, and proof that runs can fail."""

from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import running, samples
from tests.fuzz.mutation import Mutator
from tests.fuzz.running import Found, run
from tests.fuzz.targets import BY_NAME, TARGETS, Target
from xstock_node.protocol.errors import ProtocolError

INPUTS = 2_000
SEED = 7
shapes = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=5),
    max_leaves=30,
)


@pytest.mark.parametrize("target", TARGETS, ids=BY_NAME)
def test_no_input_lets_out_more_than_our_error_or_takes_long(target: Target) -> None:
    report = run(target, INPUTS, SEED, with_extremes=target.most <= 64 * 1024)
    missing = set(target.outcomes) - set(report.outcomes)
    assert not missing, f"the inputs never reached {missing}: {report.outcomes}"


@pytest.mark.parametrize("target", TARGETS, ids=BY_NAME)
def test_a_valid_input_is_taken(target: Target) -> None:
    good = {"taken", "honest"}
    assert good & {running.one(target, data, 0, 0)[0] for data in target.samples}


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=400))
def test_any_bytes_meet_every_target(data: bytes) -> None:
    for target in TARGETS:
        if target.name != "ingest":
            running.one(target, data, 0, 0)


@settings(deadline=None, max_examples=300)
@given(shapes)
def test_any_shape_of_json_meets_the_readers_of_json(value: Any) -> None:
    import json

    data = json.dumps(value).encode()
    for name in ("strict-json", "gossip-request", "gossip-response", "pull-request", "statement", "record"):
        running.one(BY_NAME[name], data, 0, 0)


def test_the_same_seed_makes_the_same_inputs() -> None:
    mutator = Mutator(samples.RECORDS, 8192)
    one, other = ([running.make(mutator, Random(), SEED, n) for n in range(200)] for _ in range(2))
    assert one == other
    assert len(set(one)) > 150


def escapes(data: bytes) -> str:
    """A decoder with a planted defect: one kind of input lets another error out."""
    if b"[[" in data:
        raise RecursionError("planted")
    raise ProtocolError("anything else")


def test_what_a_run_finds_names_seed_and_input(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(Found, match=r"RecursionError planted; seed 7, input \d+") as found:
        run(Target("planted", samples.RECORDS, escapes, 8192), INPUTS, SEED)
    assert b"[[" in found.value.data
    assert found.value.data.hex() in str(found.value)


def test_an_input_that_is_always_slow_is_found_and_one_that_is_slow_once_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter([0.0, 0.2, 1.0, 1.2, 2.0, 2.2, 3.0, 3.2])
    monkeypatch.setattr(running.time, "thread_time", lambda: next(clock))
    slow = Target("slow", [b""], lambda data: "taken", 10)
    with pytest.raises(Found, match="200 ms"):
        running.one(slow, b"\x01", SEED, 0)
    clock = iter([0.0, 0.2, 1.0, 1.2, 2.0, 2.001, 3.0, 3.2])
    assert running.one(slow, b"\x01", SEED, 0) == ("taken", pytest.approx(0.001))


def test_what_a_target_took_to_make_its_input_is_not_held_against_the_node() -> None:
    clock = SimpleNamespace(thread_time=iter([0.0, 0.2]).__next__)

    class Making:
        making = 0.15

        def __call__(self, data: bytes) -> str:
            return "taken"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "time", clock)
        assert running.one(Target("making", [b""], Making(), 10), b"", SEED, 0) == ("taken", pytest.approx(0.05))
