"""The types of records, field by field. Integers only; a quantity is `(integer, power of ten)`; times unix seconds."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from xstock_node.protocol import limits

# `$` alone also matches before a last newline.
RecordId = Annotated[str, Meta(pattern=r"^[a-z2-7]{16}(?!\n)$")]
Time = Annotated[int, Meta(ge=0, le=limits.LAST_SECOND)]
Salt = Annotated[str, Meta(pattern=r"^[A-Za-z0-9+/]{16}(?!\n)$")]
Integer = Annotated[int, Meta(ge=-limits.INTEGER, le=limits.INTEGER)]
Index = Annotated[int, Meta(ge=0, le=limits.INTEGER)]
Power = Annotated[int, Meta(ge=-9, le=9)]
Pair = tuple[Integer, Power]  # xs1 1.6
ShortText = Annotated[str, Meta(max_length=limits.FREE_TEXT)]
Word = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._:-]{1,64}(?!\n)$")]
Country = Annotated[str, Meta(pattern=r"^[A-Z]{2}(?!\n)$")]
Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?!\n)$")]
Latitude = Annotated[int, Meta(ge=-limits.LATITUDE, le=limits.LATITUDE)]
Longitude = Annotated[int, Meta(ge=-limits.LONGITUDE, le=limits.LONGITUDE)]
NodeName = Annotated[str, Meta(max_length=100, pattern=r"^[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+(?!\n)$")]
Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}(?!\n)$")]
UNSAFE_CHARACTERS = "\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff"
"""Control and direction characters, which no text of a record holds (xs1 4.11): the inside of a pattern's class."""
Tier = Literal["observer", "town", "member", "governor"]


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="t"):
    """What every record carries: id, time stated, end of lease, 12 bytes of salt, fields that must be understood.

    See xs1 4.2.
    """

    id: RecordId
    ts: Time
    exp: Time
    n: Salt
    crit: tuple[Word, ...] = ()


class Offer(Record, frozen=True, kw_only=True, omit_defaults=True, tag="offer"):
    """A stock offer: a hint that this much may be lent or given, until `exp` (at most 90 days after `ts`).

    `item` is a catalogue code of `scheme`, `name` the owner's own words in `lang`; `qty` and `mult` count `unit`
    (UNECE Rec 20), `ready` hours, `at` a coarse place in microdegrees (lat, lon), `asof` when the stock was counted.
    `band` is the upper end of a quantity of which `qty` is the lower; `of` names the public twin of an exact offer.
    """

    item: Word
    scheme: Word
    name: ShortText
    lang: Word
    cat: Word
    kind: Word = "goods"
    qty: Pair
    unit: Word
    mult: Pair = (1, 0)
    terms: tuple[Word, ...] = ()
    ready: Annotated[int, Meta(ge=0, le=limits.READY_MOST)]
    cc: Country
    place: ShortText = ""
    at: tuple[Latitude, Longitude] | None = None
    best: Day | None = None
    cond: Word = "serviceable"
    asof: Time
    src: Word
    band: Pair | None = None
    of: RecordId | None = None


class Reserve(Offer, frozen=True, kw_only=True, omit_defaults=True, tag="reserve"):
    """An offer of stock that is held for all under a common arrangement, such as a rescEU reserve (xs1 4.10).

    `pool` names the arrangement, `by` who decides on its release.
    """

    pool: Annotated[ShortText, Meta(min_length=1)]
    by: ShortText = ""


class Withdraw(Record, frozen=True, kw_only=True, omit_defaults=True, tag="withdraw"):
    """Ends the offer of the same id; its `exp` is not before that of what it ends."""

    why: ShortText = ""


class Still(Record, frozen=True, kw_only=True, omit_defaults=True, tag="still"):
    """Source `src` was checked at `ts`: every live offer of it gets this `asof` and this lease."""

    src: Word


class Audience(Record, frozen=True, kw_only=True, omit_defaults=True, tag="audience"):
    """Who may read this log, in full: node names, and tiers of the network. The last one below a size rules."""

    names: Annotated[tuple[NodeName, ...], Meta(max_length=limits.AUDIENCE_NAMES)] = ()
    tiers: Annotated[tuple[Tier, ...], Meta(max_length=4)] = ()


class Vouch(Record, frozen=True, kw_only=True, omit_defaults=True, tag="vouch"):
    """A governor's word that `name`, whose root key hashes to `root`, has this tier under `charter` (xs1 14.1)."""

    name: NodeName
    root: Hash
    tier: Tier
    charter: Annotated[int, Meta(ge=1, le=limits.INTEGER)]


class Revoke(Record, frozen=True, kw_only=True, omit_defaults=True, tag="revoke"):
    """A governor's word against `name` with that root key; a later vouch of the same governor takes it back."""

    name: NodeName
    root: Hash
    why: ShortText = ""


class Erase(Record, frozen=True, kw_only=True, omit_defaults=True, tag="erase"):
    """Indexes of this log whose content every member replaces by its hash."""

    idx: Annotated[tuple[Index, ...], Meta(min_length=1, max_length=limits.SEGMENT)]


class Notice(Record, frozen=True, kw_only=True, omit_defaults=True, tag="notice"):
    """A sentence for all who read this log, in `lang`."""

    text: ShortText
    lang: Word = "en"


class Foreign(msgspec.Struct, frozen=True):
    """A record of a type, or with a critical field, that this node does not know: relayed, not interpreted."""

    t: str


class Defect(msgspec.Struct, frozen=True):
    """A line that breaks a rule of records: kept, counted, shown as its origin's defect."""

    why: str


Known = Offer | Reserve | Withdraw | Still | Audience | Vouch | Revoke | Erase | Notice
Interpreted = Known | Foreign | Defect
KINDS: tuple[type[Known], ...] = (Offer, Reserve, Withdraw, Still, Audience, Vouch, Revoke, Erase, Notice)  # xs1 4.10
