"""When a convoy is late, which hours do not count, what threat mode makes of a time, and which plate is on a list."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xstock_node.domain.convoys import GRACE, Convoy, same_passage
from xstock_node.domain.corridor_watch import HOUR, Corridor, closed_seconds, coarse, is_closed, told_at
from xstock_node.domain.declared import DeclaredList, declared, entry, skeleton, written

SALT, ID = "00" * 16, "a" * 26


def unix(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


NIGHT = Corridor(name="danube", countries=("BG", "UA"), zone="Europe/Kyiv", curfew=("00:00-05:00",))


def test_a_curfew_counts_in_the_corridors_own_clock_and_over_midnight() -> None:
    assert closed_seconds([NIGHT], unix("2027-03-29T20:00"), unix("2027-03-30T06:00")) == 5 * HOUR
    assert is_closed([NIGHT], unix("2027-03-29T21:30")) and not is_closed([NIGHT], unix("2027-03-30T02:30"))
    over = Corridor(name="x", countries=("UA",), curfew=("22:00-04:00",))
    assert closed_seconds([over], unix("2027-03-29T23:00"), unix("2027-03-30T05:00")) == 5 * HOUR


def test_the_night_of_summer_time_is_an_hour_shorter() -> None:
    assert closed_seconds([NIGHT], unix("2027-03-27T20:00"), unix("2027-03-28T06:00")) == 4 * HOUR


def test_curfew_and_air_alert_at_once_count_once() -> None:
    begins = unix("2027-03-29T22:00")
    both = Corridor(name="x", countries=("UA",), curfew=("22:00-23:00",), alerts=((begins + 1800, begins + 5400),))
    assert closed_seconds([both, both], begins - 60, begins + 7200) == 5400


@given(st.integers(0, 10**10), st.integers(HOUR, 48 * HOUR))
def test_a_passage_of_threat_mode_is_told_on_a_full_hour_after_the_delay(at: int, delay: int) -> None:
    told = told_at(at, delay)
    assert told % HOUR == 0 and at + delay <= told < at + delay + HOUR
    assert coarse(at) % HOUR == 0 and 0 <= at - coarse(at) < HOUR


def test_a_corridor_covers_what_crosses_it_or_goes_through_all_its_countries() -> None:
    ferry = Corridor(name="ferry", countries=("RO", "UA"), crossings=("Isaccea-Orlivka",))
    assert ferry.covers((), ("isaccea-orlivka",)) and ferry.covers(("BG", "RO", "UA"), ())
    assert not ferry.covers(("BG", "RO"), ("Vidin",)) and not Corridor(name="none").covers(("BG",), ())


def test_a_convoy_is_late_after_its_arrival_and_grace_and_not_by_night() -> None:
    arrival = unix("2027-03-29T20:30")
    convoy = Convoy("c1", "under-way", arrival=arrival)
    assert convoy.late_since([], arrival + GRACE) == 0 and convoy.late_since([], arrival + GRACE + 1) == arrival
    closes, opens = unix("2027-03-29T21:00"), unix("2027-03-30T02:00")
    assert convoy.late_since([NIGHT], opens + GRACE - (closes - arrival)) == 0
    assert convoy.late_since([NIGHT], opens + GRACE - (closes - arrival) + 1) == arrival
    heard = convoy._replace(heard=arrival + 600)
    assert heard.late_since([], arrival + GRACE + 1) == 0
    assert not Convoy("c1", "announced", arrival=arrival).late_since([], arrival * 2)
    assert not Convoy("c1", "under-way").late_since([], arrival), "an arrival that nobody announced is never late"


def test_in_threat_mode_the_word_comes_later_and_is_waited_for() -> None:
    threat = Corridor(name="t", countries=("UA",), threat_since=1)
    convoy = Convoy("c1", "under-way", arrival=10**9)
    waits = GRACE + threat.delay + HOUR
    assert convoy.late_since([threat], 10**9 + waits) == 0 and convoy.late_since([threat], 10**9 + waits + 1)


def test_sightings_within_ten_minutes_are_one_passage() -> None:
    assert same_passage(1000, 1600) and same_passage(1600, 1000) and not same_passage(1000, 1601)


def listed(*plates: str) -> DeclaredList:
    entries = tuple(found for plate in plates if (found := entry(plate, SALT, ID)))
    return DeclaredList(node="n", corridor="c", begins=1, ends=2, salt=SALT, entries=entries)


@pytest.mark.parametrize(
    ("plate", "read", "sure"),
    [
        ("CA 1234-BB", "ca1234bb", True),
        ("СА 1234 ВВ", "CA1234BB", True),  # declared in Cyrillic, read in Latin as the plate is in traffic abroad
        ("CA1234BB", "СА1234ВВ", False),  # read in Cyrillic
        ("CA1234BB", "CA1234B8", False),
        ("BO10 IQ", "8010I0", False),
        ("ΥΒΖ-1234", "YBZ1234", True),
    ],
)
def test_a_plate_is_found_surely_as_written_and_doubtfully_by_look_alikes(plate: str, read: str, sure: bool) -> None:
    assert listed(plate).find(read) == ((ID,), sure)


@given(st.text(max_size=80))
def test_what_is_not_declared_is_not_found(read: str) -> None:
    if skeleton(written(read)) != skeleton(declared("CA1234BB")):
        assert listed("CA1234BB").find(read) == ((), False)


def test_a_truck_with_two_consignments_is_both_convoys() -> None:
    two = [found for one in (ID, "b" * 26) if (found := entry("CA1234BB", SALT, one))]
    both = msgspec.structs.replace(listed(), entries=tuple(two))
    assert both.find("CA1234BB") == ((ID, "b" * 26), True) and both.find("CA1234B8") == ((ID, "b" * 26), False)


def test_a_list_of_more_than_two_days_is_none() -> None:
    with pytest.raises(ValueError, match="48 hours"):
        DeclaredList(node="n", corridor="c", begins=1, ends=2 + 48 * HOUR, salt=SALT, entries=())
    assert entry("- /", SALT, ID) is None
