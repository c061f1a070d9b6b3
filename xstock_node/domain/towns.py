"""Towns and islands beside the network: what an application says, who may see what of offers, all of it in aggregates.

An application names a body and a function that answers, never a person. What a town sees of offers are bands of the
countries of its area; what the public sees are counts of countries alone.
"""

from collections.abc import Iterable
from decimal import ROUND_DOWN, Context, Decimal
from typing import Annotated, Final, Literal, NamedTuple, get_args

import msgspec
from msgspec import Meta

from xstock_node.domain.disclosure import band
from xstock_node.domain.units import decimal_pair, exact
from xstock_node.protocol import limits

Kind = Literal["town", "island", "municipality", "region"]
Function = Literal["duty-officer", "operations-centre", "civil-protection", "mayors-office", "harbour-office"]
TownTier = Literal["observer", "town"]
TownState = Literal["waiting", "sponsored", "refused", "left"]
KINDS: Final = get_args(Kind)
FUNCTIONS: Final = get_args(Function)
TOWN_TIERS: Final = get_args(TownTier)
_FIRST: Final = Context(prec=1, rounding=ROUND_DOWN)
"""A figure to its first digit, which alone says in which band it lies."""

Name = Annotated[str, Meta(min_length=1, max_length=limits.TOWN_NAME)]
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}(?!\n)$")]
Area = Annotated[str, Meta(pattern=r"^[A-Z]{2}[A-Z0-9-]{0,18}(?!\n)$")]
"""A code of NUTS, EMMA_ID or ISO 3166-2: each begins with its country."""
Language = Annotated[str, Meta(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,4}(?!\n)$", max_length=limits.TOWN_WORD)]
Address = Annotated[
    str, Meta(pattern=r"^([^\s@<>]+@[^\s@<>]+\.[^\s@<>]+|\+[0-9][0-9 ()/-]{4,30})?(?!\n)$", max_length=limits.TOWN_NAME)
]
"""An electronic address, or a telephone number that begins with + and the country; empty once it is forgotten."""
Node = Annotated[str, Meta(pattern=r"^([a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+)?(?!\n)$", max_length=100)]
Digits = Annotated[str, Meta(pattern=r"^([0-9]{24})?(?!\n)$")]


class TownApplication(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a town says of itself. `contact` is a function, `address` that of the function.

    `node` and `digits` (those of its root key) where it has a node of its own; `tier` is what it asks for.
    """

    name: Name
    kind: Kind
    country: Country
    areas: Annotated[tuple[Area, ...], Meta(min_length=1, max_length=limits.TOWN_AREAS)]
    languages: Annotated[tuple[Language, ...], Meta(min_length=1, max_length=limits.TOWN_LANGUAGES)]
    contact: Function
    address: Address
    node: Node = ""
    digits: Digits = ""
    tier: TownTier = "town"


class Town(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An application and what became of it; times unix seconds, `key` the hash of the key that opens its page.

    `tier` is the one granted, empty before; `why` the reason of a refusal. Who was refused or left keeps no address.
    """

    id: str
    at: int
    said: TownApplication
    state: TownState = "waiting"
    changed: int = 0
    tier: str = ""
    until: int = 0
    key: str = ""
    why: str = ""

    def opens(self, now: int) -> bool:
        """Whether its key opens its page."""
        return self.state == "sponsored" and bool(self.key) and now < self.until


class Share(msgspec.Struct, frozen=True):
    """A category of goods, and in how many countries some of it is offered."""

    category: str
    countries: int


class Offered(msgspec.Struct, frozen=True):
    """What is offered of an item in a country: at least `least`, below `below` of a unit, as decimal strings."""

    item: str
    country: str
    unit: str
    least: str
    below: str


class OfferLine(NamedTuple):
    """As much of an offer as aggregates need; of a banded one `quantity` is the lower end."""

    item: str
    category: str
    country: str
    unit: str
    quantity: Decimal


def same(one: TownApplication, other: TownApplication) -> bool:
    """Whether two applications are of one body."""
    return (one.name.casefold(), one.country, one.address) == (other.name.casefold(), other.country, other.address)


def is_old(town: Town, now: int) -> bool:
    """Whether an application that waits in vain, or ended, is kept no longer."""
    if town.state == "sponsored":
        return town.until + limits.TOWN_KEPT <= now
    return max(town.changed, town.at) + limits.TOWN_KEPT <= now


def ended(town: Town, state: TownState, now: int, why: str = "") -> Town:
    """A town that was refused or left: its key opens nothing, and the address of its function is forgotten."""
    bare = msgspec.structs.replace(town.said, address="")
    return msgspec.structs.replace(town, state=state, changed=now, said=bare, key="", why=why)


def countries_of(said: TownApplication) -> frozenset[str]:
    """The countries of a town's area: its own, and those of the codes that it named."""
    return frozenset({said.country, *(code[:2] for code in said.areas)})


def shares(lines: Iterable[OfferLine]) -> tuple[Share, ...]:
    """What the public may know of offers, by category."""
    found: dict[str, set[str]] = {}
    for line in lines:
        found.setdefault(line.category, set()).add(line.country)
    return tuple(Share(category, len(found[category])) for category in sorted(found))


def offered(lines: Iterable[OfferLine], countries: frozenset[str]) -> tuple[Offered, ...]:
    """What a town of tier `town` may know of offers: bands of sums in the countries of its area, whoever offers."""
    sums: dict[tuple[str, str, str], Decimal] = {}
    for line in lines:
        if line.country in countries and line.quantity > 0:
            key = line.item, line.country, line.unit
            sums[key] = sums.get(key, Decimal(0)) + line.quantity
    found = []
    for (item, country, unit), total in sorted(sums.items()):
        lower, upper = band(decimal_pair(total.normalize(_FIRST)))
        found.append(Offered(item, country, unit, _text(lower), _text(upper)))
    return tuple(found)


def _text(pair: tuple[int, int]) -> str:
    return f"{exact(Decimal(pair[0]).scaleb(pair[1])):f}"
