"""The duty roster: who has duty in which function, by weekly hours and dated exceptions in one time zone.

Hours are those of the wall clock. Both ends of a duty become instants by one rule, so that duties that meet on paper
meet in time: an hour that a clock change repeats is its first one, an hour that it skips is the moment of the change.
A night of twelve hours on paper lasts eleven or thirteen where the clock changes within it.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Annotated, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from xstock_node.domain.rights import DAY, Role

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEK: Final[tuple[Weekday, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,39}(?!\n)$")]
Clock = Annotated[str, Meta(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)(?!\n)$")]
Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?!\n)$")]
Zone = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_+-]{1,32}(/[A-Za-z0-9_+-]{1,32}){0,2}(?!\n)$")]
MANY: Final = 500
WEEK_SECONDS: Final = 7 * DAY


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A person's hours in a function. `ends` at or before `begins` is the next day's."""

    person: Name
    role: Role
    begins: Clock = "00:00"
    ends: Clock = "24:00"


class Weekly(Entry, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Hours that begin on each of these days."""

    days: Annotated[tuple[Weekday, ...], Meta(min_length=1, max_length=7)] = WEEK


class Dated(Entry, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Hours of one date beside the weekly ones; with `off`, no duty of the person that begins on it."""

    date: Day
    off: bool = False


class Roster(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A whole roster. `zone` by the IANA time zone database; `languages` (BCP 47) in which a person is written to."""

    zone: Zone = "UTC"
    duty: Annotated[tuple[Weekly, ...], Meta(max_length=MANY)] = ()
    exception: Annotated[tuple[Dated, ...], Meta(max_length=MANY)] = ()
    languages: dict[Name, Annotated[str, Meta(max_length=35)]] = {}

    def entries(self) -> tuple[Entry, ...]:
        """Weekly hours, then dated ones."""
        return (*self.duty, *self.exception)

    def people(self) -> tuple[str, ...]:
        """Everybody on it, in its order."""
        return tuple(dict.fromkeys(one.person for one in self.entries()))

    def among(self, names: Collection[str]) -> "Roster":
        """The roster of these people alone: who has left is not called."""
        duty = tuple(one for one in self.duty if one.person in names)
        return msgspec.structs.replace(
            self, duty=duty, exception=tuple(one for one in self.exception if one.person in names)
        )

    def roles(self) -> tuple[Role, ...]:
        """Every function on it, in its order."""
        return tuple(dict.fromkeys(one.role for one in self.entries()))


class Shift(NamedTuple):
    """One stretch of duty; unix seconds, `ends` is its first second off."""

    begins: int
    ends: int
    person: str
    role: Role


class Gap(NamedTuple):
    """A stretch in which nobody has duty; unix seconds."""

    begins: int
    ends: int


def faults(roster: Roster) -> list[str]:
    """What no type says: an unknown zone, a date that the calendar has not. A sentence of each."""
    found = []
    try:
        ZoneInfo(roster.zone)
    except (OSError, ValueError, LookupError):
        found.append(f"{roster.zone} is no zone of this machine's time zone database")
    for one in roster.exception:
        try:
            date.fromisoformat(one.date)
        except ValueError:
            found.append(f"{one.date} is no date")
    return found


def shifts(roster: Roster, since: int, until: int) -> list[Shift]:
    """Every stretch of duty that touches since to until (unix seconds), the first to begin first; never a longer
    one than 24 hours of the wall clock."""
    zone = ZoneInfo(roster.zone)
    day = datetime.fromtimestamp(since, zone).date() - timedelta(days=2)
    last = datetime.fromtimestamp(until, zone).date()
    found: list[Shift] = []
    while day <= last:
        for person, role, begins, ends in _of_day(roster, day):
            shift = _shift(roster.zone, day, person, role, begins, ends)
            if shift.begins < min(shift.ends, until) and shift.ends > since:
                found.append(shift)
        day += timedelta(days=1)
    return sorted(found, key=lambda shift: shift.begins)


def on_duty(roster: Roster | None, now: int, role: Role | None = None) -> tuple[str, ...]:
    """Who has duty now in a function, or in any; in the roster's order. Nobody without a roster."""
    if roster is None:
        return ()
    here = {s.person for s in shifts(roster, now, now + 1) if role in (None, s.role)}
    return tuple(person for person in roster.people() if person in here)


def gaps(roster: Roster, roles: Collection[Role], since: int, until: int) -> list[Gap]:
    """When nobody has duty in any of these functions between two instants."""
    found, covered = [], since
    for shift in shifts(roster, since, until):
        if shift.role in roles:
            if shift.begins > covered:
                found.append(Gap(covered, shift.begins))
            covered = max(covered, shift.ends)
    if covered < until:
        found.append(Gap(covered, until))
    return found


def stretches(roster: Roster, since: int, until: int) -> list[Shift]:
    """The shifts of since to until; those of one person that meet or overlap in one function are one stretch."""
    joined: list[Shift] = []
    by_person = sorted(shifts(roster, since, until), key=lambda s: (s.person, s.role, s.begins))
    for _, own in groupby(by_person, key=lambda s: (s.person, s.role)):
        joined += _joined(own)
    return sorted(joined)


def next_duty(roster: Roster | None, person: str, role: Role, now: int) -> Shift | None:
    """The stretch that a person is in, or the next one within a week."""
    found = stretches(roster, now, now + WEEK_SECONDS) if roster else []
    return next((s for s in found if s.person == person and s.role is role), None)


def local(roster: Roster, unix: int) -> str:
    """An instant by the roster's clock, such as 2027-03-01T20:00+02:00."""
    return datetime.fromtimestamp(unix, ZoneInfo(roster.zone)).isoformat(timespec="minutes")


def _joined(own: Iterable[Shift]) -> Iterator[Shift]:
    held: Shift | None = None
    for shift in own:
        if held is not None and shift.begins <= held.ends:
            held = held._replace(ends=max(held.ends, shift.ends))
            continue
        if held is not None:
            yield held
        held = shift
    if held is not None:
        yield held


def _of_day(roster: Roster, day: date) -> Iterator[tuple[str, Role, str, str]]:
    """The hours that begin on a day."""
    iso, name = day.isoformat(), WEEK[day.weekday()]
    dated = [one for one in roster.exception if one.date == iso]
    off = {(one.person, one.role) for one in dated if one.off}
    for weekly in roster.duty:
        if name in weekly.days and (weekly.person, weekly.role) not in off:
            yield weekly.person, weekly.role, weekly.begins, weekly.ends
    for one in dated:
        if not one.off:
            yield one.person, one.role, one.begins, one.ends


@lru_cache(maxsize=8192)
def _shift(zone: str, day: date, person: str, role: Role, begins: str, ends: str) -> Shift:
    first, last = _wall(day, begins), _wall(day, ends)
    if last <= first:
        last += timedelta(days=1)
    return Shift(_instant(first, zone), _instant(last, zone), person, role)


def _wall(day: date, clock: str) -> datetime:
    hours, minutes = clock.split(":")
    return datetime(day.year, day.month, day.day) + timedelta(hours=int(hours), minutes=int(minutes))


def _instant(wall: datetime, zone: str) -> int:
    """When the wall clock first shows this time, or, where it skips it, the moment at which it does."""
    here = ZoneInfo(zone)
    late, early = (int(wall.replace(tzinfo=here, fold=fold).timestamp()) for fold in (0, 1))
    if late <= early:  # the usual case, and the first of two
        return late
    offset = datetime.fromtimestamp(early, UTC).astimezone(here).utcoffset()
    while late - early > 1:  # the clock is put forward between the two
        middle = (early + late) // 2
        if datetime.fromtimestamp(middle, UTC).astimezone(here).utcoffset() == offset:
            early = middle
        else:
            late = middle
    return late
