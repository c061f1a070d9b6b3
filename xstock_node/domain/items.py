"""What goods are: codes, units, weights and classes of an item, never how many of it there are."""

from decimal import Decimal
from enum import StrEnum

import msgspec


class CatalogueError(ValueError):
    """A list of items that cannot be taken: what was expected, what came, what to do."""

    def __init__(self, expected: str, came: object, do: str) -> None:
        self.expected = expected
        self.came = str(came)[:200]
        self.do = do
        super().__init__(f"expected {self.expected}; came {self.came}; {self.do}")


class Category(StrEnum):
    """The closed list of shelves that an item stands on."""

    SHELTER = "shelter"
    BEDDING = "bedding"
    HOUSEHOLD = "household"
    WATER = "water"
    HYGIENE = "hygiene"
    FOOD = "food"
    POWER = "power"
    FLOOD = "flood"
    MEDICAL = "medical"
    CLOTHING = "clothing"
    FUEL = "fuel"
    TEAM = "team"
    OTHER = "other"


class Kind(StrEnum):
    """Goods are used up or given, equipment usually returns, a team comes with people."""

    GOODS = "goods"
    EQUIPMENT = "equipment"
    TEAM = "team"


class BaseUnit(StrEnum):
    """The units in which the catalogue counts: codes of UNECE Recommendation 20."""

    PIECE = "H87"
    KILOGRAM = "KGM"
    LITRE = "LTR"
    METRE = "MTR"
    PAIR = "PR"
    SET = "SET"
    ONE = "C62"


class Storage(StrEnum):
    """How an item must be kept: cool is 15-25 C, cold chain 2-8 C; hazardous means dangerous goods."""

    AMBIENT = "ambient"
    COOL = "cool"
    COLD_CHAIN = "cold_chain"
    FROZEN = "frozen"
    HAZARDOUS = "hazardous"


class Item(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing of the catalogue.

    `scheme` is `ifrc`, `cp` or `local:<organisation>`. `names` and `synonyms` are per language (BCP 47); a name in
    English is there always. `net_kg` and `m3` are for one `unit`; None is unknown and never stands for 0.
    `multiple` is the smallest lot that leaves a store, in units. `controlled` marks drugs under control, `excluded`
    any other class that is never offered (`fuel`, `used_clothing`, `blood`). `hs` is the six-digit customs heading.

    Of what comes with people: `module` is the type of the module (`HCP`, or a free word), `crew` how many persons one
    has and `self_sufficiency_days` how long they need nothing from their host; None where each supplier says it of its
    own. `net_kg` and `m3` of a team are those of its equipment: nobody weighs people. `source` says whose figures
    these are.
    """

    code: str
    scheme: str
    names: dict[str, str]
    category: Category
    unit: BaseUnit = BaseUnit.PIECE
    kind: Kind = Kind.GOODS
    net_kg: Decimal | None = None
    m3: Decimal | None = None
    expirable: bool = False
    medical: bool = False
    storage: Storage = Storage.AMBIENT
    controlled: bool = False
    excluded: str | None = None
    multiple: Decimal = Decimal(1)
    hs: str | None = None
    synonyms: dict[str, list[str]] = {}
    module: str = ""
    crew: int | None = None
    self_sufficiency_days: int | None = None
    source: str = ""


class ItemName(msgspec.Struct, frozen=True):
    """A name together with the language it is really in, so that a fallback can be seen."""

    text: str
    lang: str
