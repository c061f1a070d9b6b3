"""The desk of members for plugins: towns apply and leave by it, and read what the public or their tier may know."""

from typing import Annotated, Literal, Protocol

import msgspec
from msgspec import Meta

from xstock_node.domain.arrivals import ArrivalCell
from xstock_node.domain.items import Category
from xstock_node.domain.towns import Offered, Share, TownApplication, TownTier
from xstock_node.protocol import limits

Language = Annotated[str, Meta(max_length=limits.TOWN_WORD)]
Languages = Annotated[tuple[Language, ...], Meta(max_length=limits.TOWN_LANGUAGES)]
Key = Annotated[str, Meta(max_length=limits.TOWN_KEY)]


class ApplicationReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """An application is on disk under this id; `known`: the same one waits already."""

    id: str
    known: bool = False


class PublicAsk(msgspec.Struct, frozen=True, kw_only=True):
    """What the public may know, warnings in the first of these languages (BCP 47) that they have."""

    languages: Languages = ()


class SightAsk(msgspec.Struct, frozen=True, kw_only=True):
    """What the town with this key may see."""

    key: Key


class TownNeed(msgspec.Struct, frozen=True, kw_only=True):
    """What the town with this key needs: a category of goods, for how many people, within how many hours."""

    key: Key
    category: Category
    people: Annotated[int, Meta(ge=1, le=limits.ARRIVAL_PEOPLE)]
    hours: Annotated[int, Meta(ge=1, le=720)] = 72


class NeedTold(msgspec.Struct, frozen=True, kw_only=True):
    """A need of a town: `open` until a person of the node has `sent` it on as a request, or `dropped` it."""

    id: str
    at: int
    category: str
    people: int
    state: Literal["open", "sent", "dropped"]


class WarningTold(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that an open public warning says, in one language; unknown times are 0.

    `id` is the same here whenever it is told, and another once something else is said.
    `fallback`: it is in none of the wanted languages; `unsure`: whether it touches the area cannot be told.
    """

    id: str
    sent: int
    event: str
    headline: str
    instruction: str
    areas: tuple[str, ...]
    language: str
    fallback: bool
    unsure: bool
    level: str
    begins: int
    ends: int
    source: str


class Unneeded(msgspec.Struct, frozen=True, kw_only=True):
    """What the society does not need, as lines in the first of the wanted languages, and what to do instead."""

    language: str = "en"
    lines: tuple[str, ...] = ()
    instead: str = ""


class PublicFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Aggregates alone: no member, no place, no quantity of stock. `shares` say in how many countries.

    `arrivals` are rounded, and cells of fewer than ten people have no figure. `unneeded`, and
    `categories` as words by their codes, since API level 7.
    """

    organisation: str
    network: str
    country: str
    exercise: bool
    members: int
    towns: int
    shares: tuple[Share, ...] = ()
    warnings: tuple[WarningTold, ...] = ()
    arrivals: tuple[ArrivalCell, ...] = ()
    unneeded: Unneeded = Unneeded()
    categories: dict[str, str] = {}


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """What a town without a node sees: warnings of its area in each of its languages, and what its tier opens.

    `offered` are bands by item and country of its area: empty for an observer. `needs` are its own.
    """

    id: str
    name: str
    tier: TownTier
    until: int
    languages: tuple[str, ...]
    warnings: tuple[WarningTold, ...] = ()
    offered: tuple[Offered, ...] = ()
    needs: tuple[NeedTold, ...] = ()


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a town that left."""

    id: str
    state: Literal["left"] = "left"


class Members(Protocol):
    """The node's desk of members. A plugin needs the power `members` for it. Since API level 6."""

    async def apply(self, application: TownApplication) -> ApplicationReceipt:
        """Keep an application, on disk when this returns. `Declined` for one that is not in order, or one too many."""
        ...

    async def public(self, ask: PublicAsk) -> PublicFigures:
        """What the public may know now."""
        ...

    async def sight(self, ask: SightAsk) -> Sight:
        """What a sponsored town may see now. `Declined` for a key that opens nothing."""
        ...

    async def ask(self, need: TownNeed) -> NeedTold:
        """Open a draft request for a town's need, which a person sends or dismisses. `Declined` for an observer."""
        ...

    async def leave(self, ask: SightAsk) -> Left:
        """End a town's part in the network, at its own wish. `Declined` for a key that opens nothing."""
        ...
