"""Units: the closed words of stock lines, the codes of UNECE Recommendation 20, and exact decimals on the wire.

A pack (box, carton, bale, pallet ...) has no content of its own: it becomes pieces only with an explicit pack factor.
"""

from decimal import Decimal
from typing import Final

from xstock_node.domain.items import BaseUnit
from xstock_node.domain.stock import Unit

MAX_INTEGER: Final = 2**53 - 1
MAX_POWER: Final = 9
_MAX_DIGITS: Final = len(str(MAX_INTEGER))

# One word unit = (factor, code). Vials, ampoules and bottles of medicine are counted as pieces.
_CONVERSIONS: Final[dict[str, tuple[BaseUnit, Decimal]]] = {
    Unit.PCS: (BaseUnit.PIECE, Decimal(1)),
    Unit.BOTTLE: (BaseUnit.PIECE, Decimal(1)),
    Unit.VIAL: (BaseUnit.PIECE, Decimal(1)),
    Unit.AMPOULE: (BaseUnit.PIECE, Decimal(1)),
    Unit.CANISTER: (BaseUnit.PIECE, Decimal(1)),
    Unit.KIT: (BaseUnit.SET, Decimal(1)),
    Unit.SET: (BaseUnit.SET, Decimal(1)),
    Unit.PAIR: (BaseUnit.PAIR, Decimal(1)),
    Unit.KG: (BaseUnit.KILOGRAM, Decimal(1)),
    Unit.TONNE: (BaseUnit.KILOGRAM, Decimal(1000)),
    Unit.METRE: (BaseUnit.METRE, Decimal(1)),
    Unit.LITRE: (BaseUnit.LITRE, Decimal(1)),
}
PACKS: Final = frozenset(set(Unit) - set(_CONVERSIONS))
_WORDS: Final = {
    BaseUnit.PIECE: Unit.PCS,
    BaseUnit.ONE: Unit.PCS,
    BaseUnit.SET: Unit.SET,
    BaseUnit.PAIR: Unit.PAIR,
    BaseUnit.KILOGRAM: Unit.KG,
    BaseUnit.METRE: Unit.METRE,
    BaseUnit.LITRE: Unit.LITRE,
}
# A kit is counted like a piece: one set is one piece is one team.
_COUNTED: Final = frozenset({BaseUnit.PIECE, BaseUnit.SET, BaseUnit.ONE})


class UnitError(ValueError):
    """A unit or figure that cannot be converted: expected, came, do."""

    def __init__(self, expected: str, came: object, do: str) -> None:
        self.expected = expected
        self.came = str(came)[:200]
        self.do = do
        super().__init__(f"expected {expected}; came {self.came}; {do}")


def base_unit_of(word: str) -> BaseUnit | None:
    """The Rec 20 code that `word` is counted in, or None for a pack or an unknown word."""
    found = _CONVERSIONS.get(word)
    return found[0] if found else None


def word_of(code: str) -> Unit | None:
    """The word for a Rec 20 code, or None for a code that the catalogue does not use."""
    return _WORDS.get(_code(code)) if _is_code(code) else None


def factor(unit: str, base_unit: str) -> Decimal | None:
    """How many `base_unit`s (Rec 20) one `unit` (word or Rec 20 code) holds by itself.

    None where nothing but an explicit factor can say: packs, unknown words, another kind of measure.
    """
    if not _is_code(base_unit):
        return None
    target = _code(base_unit)
    own, size = (_code(unit), Decimal(1)) if _is_code(unit) else _CONVERSIONS.get(unit, (None, Decimal(0)))
    if own is None or (own is not target and not {own, target} <= _COUNTED):
        return None
    return size


def convert(quantity: Decimal, unit: str, base_unit: str, pack_factor: Decimal | None = None) -> Decimal:
    """`quantity` of `unit` in `base_unit`s; a pack is opened only with `pack_factor`, its content in `base_unit`s.

    Raises UnitError when the unit is a pack without a factor, or measures something else.
    """
    if unit in PACKS:
        if pack_factor is None:
            raise UnitError(f"the content of one {unit}", "none", "state how many are in it")
        return exact(quantity * pack_factor)
    own = factor(unit, base_unit)
    if own is None:
        raise UnitError(f"a unit that becomes {base_unit}", unit, "confirm another base unit or a factor")
    return exact(quantity * own)


def exact(figure: Decimal) -> Decimal:
    """The same figure without trailing zeros and never in exponent form (1E+3 is 1000)."""
    if not figure:
        return Decimal(0)
    text = f"{figure:f}"
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)


def decimal_pair(figure: Decimal) -> tuple[int, int]:
    """`figure` as (integer, power of ten), the one canonical pair: no trailing zero below 10^9, zero is (0, 0).

    Raises UnitError when the figure is not finite, needs more than 2^53-1, or a power beyond 9 either way.
    """
    if not figure.is_finite():
        raise UnitError("a finite figure", figure, "correct the quantity")
    sign, digits, exponent = figure.as_tuple()
    integer, power = int("".join(map(str, digits))), int(exponent)
    if integer == 0:
        return 0, 0
    if MAX_POWER < power <= MAX_POWER + _MAX_DIGITS:
        integer, power = integer * 10 ** (power - MAX_POWER), MAX_POWER
    while integer % 10 == 0 and power < MAX_POWER:
        integer, power = integer // 10, power + 1
    if integer > MAX_INTEGER or abs(power) > MAX_POWER:
        raise UnitError("at most 2^53-1 times a power of ten within 9", figure, "round the quantity")
    return (-integer if sign else integer), power


def from_decimal_pair(pair: tuple[int, int]) -> Decimal:
    """The figure that a pair stands for; raises UnitError when the pair is not the canonical one."""
    integer, power = pair
    if abs(integer) > MAX_INTEGER or abs(power) > MAX_POWER:
        raise UnitError("at most 2^53-1 times a power of ten within 9", pair, "ask the sender")
    if (integer == 0 and power != 0) or (integer and integer % 10 == 0 and power < MAX_POWER):
        raise UnitError("a pair without trailing zeros", pair, "ask the sender")
    return exact(Decimal(integer).scaleb(power))


def from_sent_pair(pair: tuple[int, int]) -> Decimal:
    """The figure of a pair as another node wrote it, canonical or not: what was signed is read, never refused late."""
    integer, power = pair
    return exact(Decimal(integer).scaleb(power))


def _is_code(unit: str) -> bool:
    return unit in BaseUnit.__members__.values()


def _code(unit: str) -> BaseUnit:
    return BaseUnit(unit)
