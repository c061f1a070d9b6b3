"""Corridors that a node watches: their closed hours, and threat mode, in which passages are told late and coarse.

Pure: times are unix seconds, the hours of a curfew stand in the corridor's own time zone.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

HOUR: Final = 3600
DELAY: Final = 120
"""Minutes by which passages are told late in threat mode, where nobody says otherwise."""
LONGEST: Final = 60 * 24 * HOUR
"""Closed hours are reckoned over so many seconds at most."""

Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}(?!\n)$")]
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}(?!\n)$")]
Hours = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9](?!\n)$")]
Place = Annotated[str, Meta(min_length=1, max_length=120)]


class Corridor(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A way that convoys take: countries, crossings as stagings name them, closed hours.

    `curfew` are local hours such as 00:00-05:00, `alerts` air alerts as (begin, end); a `threat_since` of 0 is calm;
    `calm_by` asked for calm at `calm_at`, which a second person grants.
    """

    name: Name
    countries: Annotated[tuple[Country, ...], Meta(max_length=20)] = ()
    crossings: Annotated[tuple[Place, ...], Meta(max_length=40)] = ()
    zone: Annotated[str, Meta(max_length=64)] = "UTC"
    delay_minutes: Annotated[int, Meta(ge=60, le=48 * 60)] = DELAY
    curfew: Annotated[tuple[Hours, ...], Meta(max_length=8)] = ()
    alerts: Annotated[tuple[tuple[int, int], ...], Meta(max_length=200)] = ()
    threat_since: int = 0
    calm_by: str = ""
    calm_at: int = 0

    @property
    def threat(self) -> bool:
        """Whether it is in threat mode."""
        return self.threat_since > 0

    @property
    def delay(self) -> int:
        """Seconds by which passages are told late in threat mode."""
        return self.delay_minutes * 60

    def covers(self, countries: Collection[str], crossings: Collection[str]) -> bool:
        """Whether a convoy goes this way: over one of its crossings, or through all of its countries.

        Where two corridors differ only by crossings and a convoy names none, it is on both: threat mode reaches rather
        too far than not far enough.
        """
        over = {name.casefold() for name in self.crossings} & {name.casefold() for name in crossings}
        return bool(over) or (bool(self.countries) and set(self.countries) <= set(countries))


def told_at(at: int, delay: int) -> int:
    """When a passage of threat mode is told: at the first full hour after the delay, as the time of a signed message
    would else give the minute away.
    """
    return -(-(at + delay) // HOUR) * HOUR


def coarse(at: int) -> int:
    """The full hour before."""
    return at // HOUR * HOUR


def is_closed(corridors: Iterable[Corridor], now: int) -> bool:
    """Whether it is curfew or air alert on one of them."""
    return closed_seconds(corridors, now, now + 1) > 0


def closed_seconds(corridors: Iterable[Corridor], begins: int, ends: int) -> int:
    """Seconds between two times in which curfew or air alert kept convoys from moving; each second counts once."""
    begins = max(begins, ends - LONGEST)
    total, reached = 0, begins
    for start, end in sorted(span for one in corridors for span in _spans(one, begins, ends)):
        start, end = max(start, reached), min(end, ends)
        if start < end:
            total, reached = total + end - start, end
    return total


def _spans(corridor: Corridor, begins: int, ends: int) -> Iterator[tuple[int, int]]:
    yield from corridor.alerts
    zone = ZoneInfo(corridor.zone)
    day = datetime.fromtimestamp(begins, UTC).astimezone(zone).date() - timedelta(days=1)
    last = datetime.fromtimestamp(ends, UTC).astimezone(zone).date()
    while day <= last:
        for hours in corridor.curfew:
            start, end = (datetime.strptime(text, "%H:%M").time() for text in hours.split("-"))
            until = day if start < end else day + timedelta(days=1)
            yield (
                int(datetime.combine(day, start, zone).timestamp()),
                int(datetime.combine(until, end, zone).timestamp()),
            )
        day += timedelta(days=1)
