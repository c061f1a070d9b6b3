"""How a plugin tells the node that a convoy passed, and what it learns of them: no plate, person or load."""

from typing import Annotated, Literal, Protocol

import msgspec
from msgspec import Meta


class Passage(msgspec.Struct, frozen=True, kw_only=True):
    """A convoy was seen, by its id on a list or by the code that its consignment carries.

    `at` unix seconds, `country` ISO 3166 alpha-2, `source` who saw it, such as the make of a camera; `sure` is false
    for look-alike letters and unsure readings. There is no field for a picture, a plate or a person.
    """

    convoy: Annotated[str, Meta(pattern=r"^[a-z2-7]{26}(?!\n)$")]
    place: Annotated[str, Meta(min_length=1, max_length=120)]
    country: Annotated[str, Meta(pattern=r"^[A-Z]{2}(?!\n)$")]
    at: Annotated[int, Meta(ge=0, le=2**40)]
    source: Annotated[str, Meta(min_length=1, max_length=60)]
    event: Literal["checkpoint", "at-border", "entry", "hold", "release", "delayed"] = "checkpoint"
    sure: bool = True


class Noted(msgspec.Struct, frozen=True, kw_only=True):
    """What became of it, on disk: a new passage, or one that was `known`; a doubtful one waits for a person."""

    id: str
    state: Literal["waiting", "told", "doubtful", "dismissed", "kept"]
    known: bool


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """A convoy that is announced or under way. Times are ISO, empty where unknown.

    In threat mode it says countries alone, and no time but the arrival's day.
    """

    convoy: str
    consignment: str
    other: str
    stand: str
    countries: tuple[str, ...]
    crossings: tuple[str, ...]
    arrival: str
    late_since: str
    curfew: tuple[str, ...]
    passed: tuple[str, ...]
    doubtful: int
    threat: bool
    closed: bool
    exercise: bool


class Convoys(Protocol):
    """The node's watch over convoys. A plugin needs the power `convoys` for it. Since API level 6."""

    async def expected(self) -> tuple[Expected, ...]:
        """The watch board."""
        ...

    async def find(self, code: str) -> bool:
        """Whether this is the code of a consignment that is announced or under way."""
        ...

    async def passed(self, passage: Passage) -> Noted:
        """Keep a passage; on disk when this returns. `Declined`, with the word `no-convoy` first
        for a convoy that is not expected, and `bad-time`, `no-place` or `too-many` for what cannot be kept.
        """
        ...
