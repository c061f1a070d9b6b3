"""Times of CAP (clause 3.3.2): ISO 8601 with seconds and a numeric offset, such as `2027-01-31T06:00:00+02:00`."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple

LATEST: Final = 253_402_300_799
"""The last second of the year 9999."""
_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|z|[+-]\d\d:\d\d)?", re.ASCII)


class Moment(NamedTuple):
    """Unix seconds, 0 where they cannot be known; `remark` is empty, or what the text has against the rules."""

    at: int
    remark: str = ""


def read_time(text: str) -> Moment:
    """A time as others write it: `Z` and fractions are remarked, a time without offset is not known."""
    found = _TIME.fullmatch(text)
    if found is None:
        return Moment(0, "no time")
    day, fraction, offset = found.groups()
    if offset is None:
        return Moment(0, "no offset")
    try:
        at = int(datetime.fromisoformat(day + ("+00:00" if offset in "Zz" else offset)).timestamp())
    except (ValueError, OverflowError):
        return Moment(0, "no time")
    if not 0 < at <= LATEST:
        return Moment(0, "no time")
    return Moment(at, "Z for an offset" if offset in "Zz" else "a fraction of a second" if fraction else "")


def write_time(at: int) -> str:
    """A time as CAP wants it; UTC is `-00:00` (clause 3.3.2), never `Z` (R10)."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S-00:00")


def read_mail_time(text: str) -> int:
    """A time of RSS (RFC 822) in unix seconds, 0 where there is none or its zone is not said."""
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return 0
    if found.tzinfo is None:
        return 0
    at = int(found.timestamp())
    return at if 0 < at <= LATEST else 0
