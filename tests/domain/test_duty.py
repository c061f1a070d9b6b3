"""The roster: no duty outside its hours, nights cross midnight, clock changes shift nothing, gaps are found."""

from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from xstock_node.domain.duty import WEEK, Dated, Roster, Weekly, faults, gaps, local, next_duty, on_duty, shifts
from xstock_node.domain.duty import stretches as joined
from xstock_node.domain.rights import Role

ZONES = ["UTC", "Europe/Sofia", "Europe/Zagreb", "Europe/London", "America/St_Johns", "Australia/Lord_Howe"]
OFFICER, DEPUTY = Role.DUTY_OFFICER, Role.NIGHT_DEPUTY
HOUR, DAY = 3600, 86_400


def at(zone: str, text: str, fold: int = 0) -> int:
    """An instant by a zone's wall clock."""
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp())


clocks = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
people = st.sampled_from(["ana", "ivan", "eva"])
roles = st.sampled_from([OFFICER, DEPUTY, Role.WAREHOUSE])
weekly = st.builds(
    Weekly,
    person=people,
    role=roles,
    days=st.lists(st.sampled_from(WEEK), min_size=1, max_size=7, unique=True).map(tuple),
    begins=clocks,
    ends=clocks | st.just("24:00"),
)
rosters = st.builds(Roster, zone=st.sampled_from(ZONES), duty=st.lists(weekly, max_size=5).map(tuple))
YEAR = range(at("UTC", "2027-01-01T00:00"), at("UTC", "2027-12-31T00:00"), HOUR)


def changes(zone: str) -> list[int]:
    """When the clock of a zone changes within the year."""
    offsets = [datetime.fromtimestamp(hour, ZoneInfo(zone)).utcoffset() for hour in YEAR]
    return [hour for hour, before, after in zip(YEAR[1:], offsets, offsets[1:], strict=False) if before != after]


CHANGES = sorted({change for zone in ZONES for change in changes(zone)})
near = st.builds(int.__add__, st.sampled_from(CHANGES), st.integers(-30 * HOUR, 30 * HOUR))
instants = near | st.integers(YEAR.start, YEAR.stop)


def minutes(clock: str) -> int:
    return int(clock[:2]) * 60 + int(clock[3:])


def by_the_wall(roster: Roster, role: Role, now: int) -> set[str]:
    """Who has duty by a look at the wall clock and the calendar, with no instant worked out."""
    wall = datetime.fromtimestamp(now, ZoneInfo(roster.zone))
    clock = wall.hour * 60 + wall.minute
    today, before = WEEK[wall.weekday()], WEEK[(wall.date() - timedelta(days=1)).weekday()]
    found = set()
    for one in roster.duty:
        begins, ends = minutes(one.begins), minutes(one.ends)
        over = ends <= begins
        here = today in one.days and begins <= clock and (over or clock < ends)
        if one.role is role and (here or (over and before in one.days and clock < ends)):
            found.add(one.person)
    return found


@settings(max_examples=500)
@given(rosters, instants, roles)
def test_who_has_duty_is_whose_hours_the_wall_clock_shows(roster: Roster, now: int, role: Role) -> None:
    found, expected = set(on_duty(roster, now, role)), by_the_wall(roster, role, now)
    wall = datetime.fromtimestamp(now, ZoneInfo(roster.zone))
    twice = wall.utcoffset() != wall.replace(fold=1 - wall.fold).utcoffset()
    if not twice:  # an hour that the clock shows twice is judged by its first showing
        assert found == expected


def test_a_night_has_eleven_hours_in_march_and_thirteen_in_october() -> None:
    roster = Roster(zone="Europe/Sofia", duty=(Weekly(person="eva", role=DEPUTY, begins="20:00", ends="08:00"),))
    for night, hours in (("2027-03-27", 11), ("2027-10-30", 13), ("2027-06-01", 12)):
        begins = at("Europe/Sofia", f"{night}T20:00")
        shift = next(s for s in shifts(roster, begins, begins + 1) if s.begins == begins)
        assert shift.ends - shift.begins == hours * HOUR


def test_duties_that_meet_on_paper_meet_in_time_where_the_clock_skips_or_repeats_that_hour() -> None:
    """03:30 does not exist in Sofia on 28 March 2027, and comes twice on 31 October."""
    duty = (
        Weekly(person="ana", role=OFFICER, begins="00:00", ends="03:30"),
        Weekly(person="ivan", role=OFFICER, begins="03:30", ends="24:00"),
    )
    roster = Roster(zone="Europe/Sofia", duty=duty)
    for day in ("2027-03-28", "2027-10-31"):
        begins = at("Europe/Sofia", f"{day}T00:00")
        for minute in range(0, 26 * 60):
            assert len(on_duty(roster, begins + minute * 60, OFFICER)) == 1, (day, minute)
        assert gaps(roster, {OFFICER}, begins, begins + DAY) == []
    change = at("UTC", "2027-03-28T01:00")  # 03:00 becomes 04:00
    assert on_duty(roster, change - 1) == ("ana",) and on_duty(roster, change) == ("ivan",)
    first, second = (at("Europe/Sofia", "2027-10-31T03:30", fold) for fold in (0, 1))
    assert second - first == HOUR
    assert on_duty(roster, first) == ("ivan",) and on_duty(roster, second - 1) == ("ivan",)


@given(rosters, instants, roles)
def test_gaps_are_the_times_in_which_nobody_has_duty(roster: Roster, now: int, role: Role) -> None:
    end = now + 7 * DAY
    found = gaps(roster, {role}, now, end)
    assert all(a.ends < b.begins for a, b in pairwise(found))
    for probe in range(now, end, 3 * HOUR + 420):
        assert any(g.begins <= probe < g.ends for g in found) == (not on_duty(roster, probe, role))


@given(rosters, instants)
def test_stretches_hide_no_hour_and_add_none(roster: Roster, now: int) -> None:
    found = joined(roster, now, now + 3 * DAY)
    for probe in range(now, now + 3 * DAY, 2 * HOUR + 300):
        there = {(s.person, s.role) for s in found if s.begins <= probe < s.ends}
        assert there == {(p, r) for r in Role for p in on_duty(roster, probe, r)}


def test_a_dated_exception_takes_a_night_away_or_adds_hours() -> None:
    duty = (Weekly(person="eva", role=DEPUTY, begins="20:00", ends="08:00"),)
    exception = (
        Dated(date="2027-01-01", person="eva", role=DEPUTY, off=True),
        Dated(date="2027-01-01", person="ivan", role=DEPUTY, begins="20:00", ends="08:00"),
    )
    roster = Roster(zone="Europe/Zagreb", duty=duty, exception=exception)
    new_year = at("Europe/Zagreb", "2027-01-01T03:00")
    assert on_duty(roster, new_year, DEPUTY) == ("eva",)  # her night began the day before
    assert on_duty(roster, new_year + DAY, DEPUTY) == ("ivan",)
    assert on_duty(roster, new_year + 2 * DAY, DEPUTY) == ("eva",)
    ahead = next_duty(roster, "ivan", DEPUTY, new_year)
    assert ahead is not None and local(roster, ahead.begins) == "2027-01-01T20:00+01:00"


def test_what_no_type_refuses_is_named() -> None:
    roster = Roster(zone="Europe/Atlantis", exception=(Dated(date="2027-02-30", person="eva", role=DEPUTY, off=True),))
    assert len(faults(roster)) == 2 and "Atlantis" in faults(roster)[0] and "2027-02-30" in faults(roster)[1]
    assert faults(Roster(zone="Europe", duty=())) and not faults(Roster(zone="Europe/Sofia"))
    assert on_duty(None, 0) == ()
