"""Arrival of people: an event without a hazard, as counts alone.

A note has no field in which anything could be said of a person. What leaves the node is one table by area, day and way
of travel, rounded to tens; a cell of fewer than ten people has no figure, and nothing is added up beside it.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, get_args

import msgspec
from msgspec import Meta

from xstock_node.protocol import limits

By = Literal["sea", "road", "rail", "air", "foot"]
WAYS: Final = get_args(By)
LEAST: Final = 10
"""Fewer people than that are never told as a figure."""
Area = Annotated[str, Meta(pattern=r"^[A-Z]{2}[A-Z0-9-]{0,18}(?!\n)$")]
Reference = Annotated[str, Meta(pattern=r"^([A-Z0-9][A-Z0-9./-]{0,39})?(?!\n)$")]
"""A GLIDE number, or a number of the own register: no words."""
People = Annotated[int, Meta(ge=1, le=limits.ARRIVAL_PEOPLE)]


class Arrival(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """So many people came into an area at a time (unix seconds), by one way of travel."""

    id: str
    area: Area
    people: People
    at: Annotated[int, Meta(ge=0, le=limits.LAST_SECOND)]
    by: By
    event: Reference = ""


class ArrivalCell(msgspec.Struct, frozen=True, kw_only=True):
    """What others may know: a day (ISO, UTC), and people rounded to tens; None where they were fewer than ten."""

    area: str
    day: str
    by: By
    people: int | None


def shown(people: int) -> int | None:
    """A count of people as it may leave the node."""
    return None if people < LEAST else (people + LEAST // 2) // LEAST * LEAST


def cells(arrivals: Iterable[Arrival], most: int = limits.ARRIVAL_CELLS) -> tuple[ArrivalCell, ...]:
    """The table that may leave the node: the newest days first, at most so many cells."""
    sums: dict[tuple[str, str, By], int] = {}
    for one in arrivals:
        key = f"{datetime.fromtimestamp(one.at, UTC):%Y-%m-%d}", one.area, one.by
        sums[key] = sums.get(key, 0) + one.people
    newest = sorted(sums.items(), key=lambda pair: pair[0][1:])
    newest.sort(key=lambda pair: pair[0][0], reverse=True)
    return tuple(
        ArrivalCell(area=area, day=day, by=by, people=shown(people)) for (day, area, by), people in newest[:most]
    )
