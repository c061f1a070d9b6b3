"""Times of EMSI and EDXL-DE 2.0: with an offset, never `Z`; UTC is written -00:00."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from xstock_dispatch.told import Broken, Told

_FORM: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)?", re.ASCII)


def read_time(said: str, where: str, told: Told) -> int:
    """Unix seconds, 0 for nothing; fractions are cut. A time without zone is taken for UTC, and flagged."""
    if not said.strip():
        return 0
    found = _FORM.fullmatch(said.strip())
    try:
        if found is None:
            raise ValueError
        year, month, day, hour, minute, second = map(int, found.groups()[:6])
        at = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        zone = found[7]
        if zone is None:
            told.flag("time-without-zone")
        elif zone != "Z":
            ahead = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:]))
            at -= ahead if zone[0] == "+" else -ahead
    except (ValueError, OverflowError):
        raise Broken(
            "wrong-time", f"a time in {where}, such as 2026-05-01T08:00:00+03:00", said, "correct it"
        ) from None
    return int(at.timestamp())


def write_time(at: int, where: str) -> str:
    """The same as text, in UTC."""
    try:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%S}".rjust(19, "0") + "-00:00"
    except (ValueError, OverflowError, OSError):
        raise Broken("wrong-time", f"unix seconds in {where}", str(at), "correct it") from None
