"""How old stock may grow: shown as unverified after a day, no new offers from it after a week (or a month's report).

Times are unix seconds. A list kept by hand does not age: its lines say themselves when they were counted.
"""

from enum import StrEnum
from typing import Final

DAY: Final = 86_400
UNVERIFIED_AFTER: Final = DAY
OLD_AFTER: Final = 7 * DAY
MONTHLY_OLD_AFTER: Final = 35 * DAY
HAND: Final = "hand"


class Age(StrEnum):
    """How far a source may be relied on."""

    FRESH = "fresh"
    UNVERIFIED = "unverified"
    OLD = "old"


def age_of(kind: str, read_at: int, now: int, monthly: bool) -> Age:
    """The age of a source that was last read whole at `read_at`; `kind` is that of its reader."""
    if kind == HAND:
        return Age.FRESH
    since = now - read_at
    if since > (MONTHLY_OLD_AFTER if monthly else OLD_AFTER):
        return Age.OLD
    return Age.UNVERIFIED if since > UNVERIFIED_AFTER else Age.FRESH
