"""How often somebody may try, worked through without a node."""

import pytest

from xstock_node.protocol import limits
from xstock_node.services.errors import Refusal
from xstock_node.services.tries import Lane, Tries

LANE = Lane("password", "ana", "192.0.2.1")


def passes(tries: Tries, lane: Lane, now: float) -> bool:
    try:
        tries.expect(lane, now)
    except Refusal as refused:
        assert refused.code == "too-many" and "seconds" in refused.do
        return False
    return True


def test_waits_double_up_to_a_bound_and_never_last() -> None:
    tries, now, waits = Tries(), 0.0, []
    for _ in range(20):
        tries.missed(LANE, now)
        wait = next(n for n in range(1000) if passes(tries, LANE, now + n))
        waits.append(wait)
        now += wait + 1000
    free = limits.SIGN_IN_FREE
    assert waits[:free] == [0] * free and waits[free : free + 6] == [2, 4, 8, 16, 32, 64]
    assert max(waits) == limits.SIGN_IN_WAIT_MAX == waits[-1]


def test_who_gets_in_begins_anew() -> None:
    tries = Tries()
    for _ in range(12):
        tries.missed(LANE, 0)
    assert not passes(tries, LANE, 1)
    tries.passed(LANE)
    assert passes(tries, LANE, 1)


@pytest.mark.parametrize("road", limits.SIGN_INS_A_NAME)
def test_guesses_at_one_name_go_on_at_a_slow_rate_for_ever(road: str) -> None:
    tries, (rate, burst) = Tries(), limits.SIGN_INS_A_NAME[road]
    tried = sum(passes(tries, Lane(road, "ana", f"host {at}"), at / 10) for at in range(36_000))
    assert 3600 * rate <= tried <= burst + 3600 * rate + 1


def test_roads_are_apart_and_all_names_of_a_road_have_a_bound() -> None:
    tries = Tries()
    through = sum(passes(tries, Lane("password", f"name {at}", "x"), 0) for at in range(200))
    assert through == limits.SIGN_INS_BURST
    assert passes(tries, Lane("code", "ana", "x"), 0)


def test_strangers_do_not_fill_the_memory() -> None:
    tries = Tries()
    for at in range(limits.SIGN_IN_LANES + 500):
        lane = Lane("password", f"name {at}", "x")
        passes(tries, lane, at)
        tries.missed(lane, at)
        tries.is_worth_telling(lane.name)
    kept = [getattr(tries, name) for name in ("_names", "_misses", "_told")]
    assert all(len(lanes) == limits.SIGN_IN_LANES for lanes in kept)


@pytest.mark.parametrize("count", [1, 5, 100])
def test_tries_are_told_at_powers_of_two(count: int) -> None:
    tries = Tries()
    told = [found for found in (tries.is_worth_telling("ana") for _ in range(count)) if found]
    assert told == [1 << n for n in range(count.bit_length())]
