"""What a load weighs and takes, and how many vehicles that is at least.

- A weight, volume or pallet figure that nobody knows stays unknown: known sums stand beside the names of the unknown,
  and the number of vehicles is then a least one.
- Weight, volume and pallets are each a bound of its own; the one that asks for most vehicles is the one that binds.
"""

import tomllib
from collections.abc import Iterable, Sequence
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

import msgspec

from xstock_node.domain.catalogue import Catalogue
from xstock_node.domain.units import exact


class Limit(StrEnum):
    """What of a vehicle is full first; of equal ones the first of these is named."""

    WEIGHT = "weight"
    VOLUME = "volume"
    PALLETS = "pallets"


class VehicleType(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind of vehicle: gross tonnes, payload in kg, body in m3, places for EUR pallets, loading metres.

    None is unknown, and an unknown limit binds nothing.
    """

    code: str
    gross_t: Decimal
    payload_kg: Decimal | None = None
    volume_m3: Decimal | None = None
    pallets: Decimal | None = None
    loading_m: Decimal | None = None
    tail_lift: bool = False

    def __post_init__(self) -> None:
        figures = (self.gross_t, self.payload_kg, self.volume_m3, self.pallets, self.loading_m)
        if not all(figure is None or (figure.is_finite() and figure > 0) for figure in figures):
            raise ValueError(f"expected figures of {self.code} above 0, left out where unknown; correct that vehicle")


class LoadLine(msgspec.Struct, frozen=True, kw_only=True):
    """Goods to be loaded; kg and m3 of one unit and units on a pallet, None where unknown."""

    item: str
    quantity: Decimal
    kg: Decimal | None = None
    m3: Decimal | None = None
    per_pallet: Decimal | None = None


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """Known sums, and the items of which the figure is unknown, each once in the order of the lines."""

    kg: Decimal
    m3: Decimal
    pallets: Decimal
    weight_unknown: tuple[str, ...] = ()
    volume_unknown: tuple[str, ...] = ()
    pallets_unknown: tuple[str, ...] = ()


class Vehicles(msgspec.Struct, frozen=True, kw_only=True):
    """At least `count` vehicles of a type; `binds` is None for a load of which nothing is known.

    `uncertain`: something of the load is unknown, so that it may be more.
    """

    vehicle: str
    count: int
    binds: Limit | None
    uncertain: bool


class _File(msgspec.Struct, forbid_unknown_fields=True):
    vehicle: list[VehicleType]


def parse_vehicles(data: bytes) -> tuple[VehicleType, ...]:
    """Read a TOML list of `[[vehicle]]` tables; raises ValueError for broken TOML, unknown fields, a code twice."""
    try:
        found = msgspec.convert(tomllib.loads(data.decode("utf-8")), _File).vehicle
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as wrong:
        raise ValueError(f"expected a TOML list of vehicles; came {wrong}; correct the place that is named") from wrong
    if len({vehicle.code for vehicle in found}) < len(found):
        raise ValueError("expected each vehicle once; two have one code; rename one of them")
    return tuple(found)


def load_line(item: str, quantity: Decimal, catalogue: Catalogue) -> LoadLine:
    """A line with the catalogue's weight and volume; of an item that it has not, all is unknown."""
    known = catalogue.get(item)
    return LoadLine(
        item=item, quantity=quantity, kg=known.net_kg if known else None, m3=known.m3 if known else None
    )  # fmt: skip


def add_up(lines: Iterable[LoadLine]) -> Load:
    """The load of all lines; lines without a quantity weigh nothing and have nothing unknown. Pallets are per line."""
    kg = m3 = pallets = Decimal(0)
    unknown: dict[Limit, dict[str, None]] = {limit: {} for limit in Limit}
    for line in lines:
        if line.quantity <= 0:
            continue
        if line.kg is None:
            unknown[Limit.WEIGHT][line.item] = None
        else:
            kg += line.quantity * line.kg
        if line.m3 is None:
            unknown[Limit.VOLUME][line.item] = None
        else:
            m3 += line.quantity * line.m3
        if line.per_pallet is None:
            unknown[Limit.PALLETS][line.item] = None
        else:
            pallets += whole_up(line.quantity, line.per_pallet)
    return Load(
        kg=exact(kg),
        m3=exact(m3),
        pallets=exact(pallets),
        weight_unknown=tuple(unknown[Limit.WEIGHT]),
        volume_unknown=tuple(unknown[Limit.VOLUME]),
        pallets_unknown=tuple(unknown[Limit.PALLETS]),
    )


def vehicles_for(load: Load, vehicle: VehicleType) -> Vehicles:
    """How many vehicles of a type at least, and which of its limits asks for so many."""
    wanted = (
        (Limit.WEIGHT, load.kg, vehicle.payload_kg),
        (Limit.VOLUME, load.m3, vehicle.volume_m3),
        (Limit.PALLETS, load.pallets, vehicle.pallets),
    )
    counts = [(whole_up(amount, limit), name) for name, amount, limit in wanted if limit is not None]
    count = max((count for count, _ in counts), default=0)
    binds = next((name for number, name in counts if number == count), None) if count else None
    uncertain = bool(load.weight_unknown or load.volume_unknown)
    return Vehicles(vehicle=vehicle.code, count=count, binds=binds, uncertain=uncertain)


def largest_fitting(vehicles: Sequence[VehicleType], limit: Decimal | None) -> VehicleType | None:
    """The heaviest type that stays within a limit of gross tonnes (None: no limit); None when all are too heavy."""
    fitting = [vehicle for vehicle in vehicles if limit is None or vehicle.gross_t <= limit]
    return max(fitting, key=lambda vehicle: (vehicle.gross_t, vehicle.code), default=None)


def whole_up(amount: Decimal, size: Decimal) -> int:
    """How many times `size` covers `amount`, begun ones counted whole."""
    return -int(-Fraction(amount) // Fraction(size))
