"""Running a target: so many inputs, each timed; a failure names the seed, the number and the input in hex."""

import time
from collections import Counter
from random import Random
from typing import NamedTuple

from tests.fuzz.mutation import Mutator, extremes
from tests.fuzz.targets import Target
from xstock_node.protocol.errors import ProtocolError

MOST_SECONDS = 0.1


class Found(Exception):
    """An input that broke a rule; the message replays it."""

    def __init__(self, target: str, seed: int, number: int, data: bytes, why: str) -> None:
        self.data = data
        super().__init__(f"{target}: {why}; seed {seed}, input {number}, {len(data)} bytes: {data.hex()}")


class Report(NamedTuple):
    """What a run saw. `slowest_ms` is the slowest input, measured again three times where it was over the limit."""

    target: str
    seed: int
    inputs: int
    seconds: float
    inputs_a_second: int
    outcomes: dict[str, int]
    slowest_ms: float


def run(target: Target, inputs: int, seed: int, with_extremes: bool = True) -> Report:
    """Feed `inputs` inputs to a target; raises `Found` at the first that breaks a rule."""
    mutator, random = Mutator(target.samples, target.most), Random()
    outcomes: Counter[str] = Counter()
    longest = [*target.slow, *extremes(target.samples, target.most)] if with_extremes else []
    slowest, began = 0.0, time.perf_counter()
    for number in range(inputs):
        data = longest[number] if number < len(longest) else make(mutator, random, seed, number)
        outcome, seconds = one(target, data, seed, number)
        outcomes[outcome] += 1
        slowest = max(slowest, seconds)
    took = time.perf_counter() - began
    return Report(
        target.name, seed, inputs, round(took, 2), int(inputs / took), dict(outcomes), round(slowest * 1e3, 2)
    )


def make(mutator: Mutator, random: Random, seed: int, number: int) -> bytes:
    """The input of a seed and a number."""
    random.seed(seed << 40 | number)
    return mutator.make(random)


def one(target: Target, data: bytes, seed: int, number: int) -> tuple[str, float]:
    """What came of one input, and its processor seconds; a slow one is measured again: a busy machine is no failure."""
    try:
        outcome, seconds = _timed(target, data)
        if seconds > MOST_SECONDS:
            seconds = min(_timed(target, data)[1] for _ in range(3))
    except Exception as error:
        raise Found(target.name, seed, number, data, f"{type(error).__name__} {error}") from error
    if seconds > MOST_SECONDS:
        raise Found(target.name, seed, number, data, f"{seconds * 1e3:.0f} ms")
    return outcome, seconds


def _timed(target: Target, data: bytes) -> tuple[str, float]:
    """A target that makes what it feeds, as a peer would, says in `making` what that took: no work of the node."""
    began = time.thread_time()
    try:
        outcome = target.run(data)
    except ProtocolError:
        outcome = "refused"
    return outcome, time.thread_time() - began - getattr(target.run, "making", 0.0)
