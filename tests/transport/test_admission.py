"""Who may ask how much: buckets by address and named key before any cryptography, by name afterwards."""

from contextlib import ExitStack

import pytest

from xstock_node.protocol import limits
from xstock_node.protocol.errors import Quota
from xstock_node.transport.admission import REMEMBERED, Admission


class Steady:
    """A clock of the test."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def steady() -> Steady:
    return Steady()


@pytest.fixture
def admission(steady: Steady) -> Admission:
    return Admission(steady)


def claim(name: str, created: int) -> str:
    return f'xs1=("@method" "@target-uri");created={created};keyid="{name}#0a0b0c0d";tag="xs1"'


def test_a_flood_of_claims_of_one_key_is_stopped_whatever_else_changes_in_them(admission: Admission) -> None:
    with pytest.raises(Quota):
        for n in range(limits.REQUESTS_BURST * 4 + 1):
            admission.before_checking("192.0.2.1", claim("redcross.bg", n))


def test_a_flood_under_one_name_stops_neither_another_name_nor_another_address(admission: Admission) -> None:
    for n in range(limits.REQUESTS_BURST * 4):
        admission.before_checking("192.0.2.1", claim("redcross.bg", n))
    admission.before_checking("192.0.2.1", claim("redcross.hr", 1))
    admission.before_checking("192.0.2.2", claim("redcross.bg", 1))


def test_requests_that_name_no_key_share_one_bucket_an_address(admission: Admission) -> None:
    with pytest.raises(Quota):
        for n in range(limits.REQUESTS_BURST * 4 + 1):
            admission.before_checking("192.0.2.1", f"rubbish {n}")


def test_addresses_do_not_fill_the_memory(admission: Admission) -> None:
    for n in range(REMEMBERED + 500):
        admission.before_checking(f"2001:db8::{n:x}", claim("redcross.bg", 1))
        admission.open_path(f"2001:db8::{n:x}")
    assert len(admission._claimed) == len(admission._open) == REMEMBERED


# xs1 21.3
def test_a_member_has_fifty_requests_at_once_and_ten_a_second(admission: Admission, steady: Steady) -> None:
    for _ in range(limits.REQUESTS_BURST):
        admission.member("redcross.bg")
    with pytest.raises(Quota) as caught:
        admission.member("redcross.bg")
    assert caught.value.retry_after == pytest.approx(0.1)
    admission.member("redcross.hr")
    steady.now += 1
    for _ in range(limits.REQUESTS_A_SECOND):
        admission.member("redcross.bg")
    with pytest.raises(Quota):
        admission.member("redcross.bg")


# xs1 21.3
def test_a_member_has_64_mib_a_minute(admission: Admission, steady: Steady) -> None:
    admission.member("redcross.bg")
    admission.used("redcross.bg", limits.BYTES_A_MINUTE + limits.MIB)
    with pytest.raises(Quota) as caught:
        admission.member("redcross.bg")
    assert caught.value.retry_after == pytest.approx(60 / 64, abs=0.1)
    steady.now += caught.value.retry_after + 0.1
    admission.member("redcross.bg")


def test_a_member_has_eight_requests_under_way(admission: Admission) -> None:
    for _ in range(limits.REQUESTS_AT_ONCE):
        admission.enter("redcross.bg")
    with pytest.raises(Quota):
        admission.enter("redcross.bg")
    admission.leave("redcross.bg")
    admission.enter("redcross.bg")


def test_of_one_member_eight_requests_wait_and_others_still_may(admission: Admission) -> None:
    with ExitStack() as waiting:
        for _ in range(limits.HELD_A_MEMBER):
            assert waiting.enter_context(admission.holding("redcross.bg", 20.0)) == 20.0
        with admission.holding("redcross.bg", 20.0) as at_once, admission.holding("redcross.hr", 20.0) as held:
            assert (at_once, held) == (0.0, 20.0)
    with admission.holding("redcross.bg", 20.0) as again:
        assert again == 20.0


def test_in_all_1024_requests_wait(admission: Admission) -> None:
    with ExitStack() as waiting:
        for number in range(limits.HELD_REQUESTS):
            waiting.enter_context(admission.holding(f"n{number // limits.HELD_A_MEMBER}.example.org", 20.0))
        with admission.holding("redcross.bg", 20.0) as at_once:
            assert at_once == 0.0


def test_refusals_of_nobody_known_wait_after_the_first_hundred_of_an_address(
    admission: Admission, steady: Steady
) -> None:
    assert [admission.refused("192.0.2.1") for _ in range(limits.UNKNOWN_REFUSALS_BURST)] == [0.0] * 100
    assert admission.refused("192.0.2.1") == limits.UNKNOWN_REFUSED_AFTER
    assert admission.refused("192.0.2.2") == 0.0
    steady.now += 1
    assert admission.refused("192.0.2.1") == 0.0
