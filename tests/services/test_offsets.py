"""The clock of a node beside those of its peers."""

from xstock_node.services.offsets import Offsets

NOW = 1_790_000_000


def offsets(*ahead: int) -> Offsets:
    found = Offsets(lambda: NOW)
    for number, seconds in enumerate(ahead):
        found.note(f"peer{number}.example.org", NOW + seconds)
    return found


def test_two_peers_say_nothing_about_a_clock() -> None:
    assert offsets().median() is None and offsets(900, 900).median() is None


def test_a_clock_that_is_behind_is_told_by_the_median() -> None:
    assert offsets(3600, 3601, 3599).median() == 3600


def test_fewer_than_half_of_the_peers_move_nothing_however_far_they_lie() -> None:
    assert offsets(0, 1, 1, 10**9, -(10**9)).median() == 1
    assert abs(offsets(0, 1, 10**9).median() or 0) <= 1


def test_what_a_peer_said_last_counts() -> None:
    found = offsets(50, 50, 50)
    for number in range(3):
        found.note(f"peer{number}.example.org", NOW - 2)
    assert found.median() == -2 and found.known == 3


def test_a_clock_that_is_far_off_signs_with_the_time_of_its_peers() -> None:
    assert offsets(3600, 3601, 3599).time_to_sign() == NOW + 3600
    assert offsets(60, 60, 60).time_to_sign() == NOW, "a small difference is the line's"
    assert offsets(3600, 3600).time_to_sign() == NOW
