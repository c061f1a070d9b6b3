"""From a need to goods: "shelter for 500 people for 30 days" becomes a proposed list that an officer edits.

- Every figure says how it came about and from which source; nothing here is a decision.
- All bases of a ratio (by person, by household) are computed, and the largest is proposed, rounded up to whole units.
- What the catalogue has no item for stays in the list and says so.
"""

import re
import tomllib
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

import msgspec

from xstock_node.domain.catalogue import Catalogue
from xstock_node.domain.reasons import Reason
from xstock_node.domain.units import exact

MOST_PEOPLE: Final = 10_000_000
MOST_DAYS: Final = 366
_PHRASE: Final = re.compile(
    r"(?P<topic>[a-z]+) for (?P<people>\d{1,3}(?:,\d{3})+|\d+) (?:people|persons) for (?P<days>\d+) days?", re.ASCII
)


class NeedError(ValueError):
    """A need or a list of ratios that cannot be read: expected, came, do."""

    def __init__(self, expected: str, came: object, do: str) -> None:
        self.expected = expected
        self.came = str(came)[:200]
        self.do = do
        super().__init__(f"expected {self.expected}; came {self.came}; {self.do}")


class Topic(StrEnum):
    """The words that a need can be stated in."""

    SHELTER = "shelter"
    WATER = "water"
    SANITATION = "sanitation"
    BLANKETS = "blankets"
    KITCHEN = "kitchen"
    HYGIENE = "hygiene"
    FOOD = "food"


class Climate(StrEnum):
    """Cold: nights near freezing, or cooking inside."""

    MILD = "mild"
    COLD = "cold"


class Per(StrEnum):
    """Who is counted."""

    PERSON = "person"
    HOUSEHOLD = "household"


class Cold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The figures of a basis in a cold climate."""

    quantity: Decimal
    least: Decimal | None = None
    most: Decimal | None = None


class Basis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`quantity` of `measure` for `of` persons or households, once or for every `days` days.

    Of the days only `first_days` count where that is set. One item gives `holds` of the measure. `least` and `most`
    are the ends of the range that the source gives.
    """

    per: Per
    quantity: Decimal
    least: Decimal | None = None
    most: Decimal | None = None
    measure: str = ""
    of: Decimal = Decimal(1)
    days: int | None = None
    first_days: int | None = None
    holds: Decimal = Decimal(1)
    cold: Cold | None = None

    def __post_init__(self) -> None:
        figures = (self.quantity, self.of, self.holds, Decimal(self.days or 1), Decimal(self.first_days or 1))
        if not all(figure.is_finite() and figure > 0 for figure in figures):
            raise ValueError("expected figures of a basis above zero; correct the ratio")


class Ratio(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What people need of one thing; `item` None where the catalogue has nothing that fits. `unit` is Rec 20."""

    code: str
    topic: Topic
    unit: str
    source: str
    basis: tuple[Basis, ...]
    item: str | None = None
    instead_of: str | None = None
    to_confirm: bool = False


class Ratios(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A list of ratios and the version that requests keep."""

    version: str
    ratio: tuple[Ratio, ...]

    def overlay(self, own: "Ratios") -> "Ratios":
        """An operator's ratios replace those of the same code and stand beside the rest; both versions are kept."""
        merged = {ratio.code: ratio for ratio in self.ratio} | {ratio.code: ratio for ratio in own.ratio}
        return Ratios(f"{self.version}+{own.version}", tuple(merged.values()))


class Need(msgspec.Struct, frozen=True, kw_only=True):
    """A stated need; `household_size` is the setting of the country, persons a household."""

    topic: Topic
    people: int
    days: int
    climate: Climate = Climate.MILD
    household_size: Decimal = Decimal(5)

    def __post_init__(self) -> None:
        if not 1 <= self.people <= MOST_PEOPLE:
            raise NeedError(f"1 to {MOST_PEOPLE} people", self.people, "correct the number of people")
        if not 1 <= self.days <= MOST_DAYS:
            raise NeedError(f"1 to {MOST_DAYS} days", self.days, "correct the number of days")
        if not (self.household_size.is_finite() and 1 <= self.household_size <= 50):
            raise NeedError("1 to 50 persons a household", self.household_size, "correct the household size")

    @property
    def households(self) -> int:
        """Households, begun ones counted whole."""
        return -int(-Fraction(self.people) // Fraction(self.household_size))


class Working(msgspec.Struct, frozen=True):
    """What one basis gives, and how."""

    per: Per
    quantity: Decimal
    least: Decimal | None
    most: Decimal | None
    how: Reason


class NeedLine(msgspec.Struct, frozen=True, kw_only=True):
    """One proposed line: whole `quantity` of `unit` (Rec 20), with every working; the first is the one proposed.

    `item` is a catalogue code, None where nothing fits; `notes` say that, and what else has to be known.
    """

    ratio: str
    item: str | None
    quantity: Decimal
    unit: str
    least: Decimal | None
    most: Decimal | None
    workings: tuple[Working, ...]
    source: str
    instead_of: str | None
    notes: tuple[Reason, ...]


class NeedProposal(msgspec.Struct, frozen=True):
    """The list for one need, with all that it was computed from."""

    need: Need
    households: int
    ratio_version: str
    lines: tuple[NeedLine, ...]


def parse_ratios(data: bytes) -> Ratios:
    """Read a TOML list of ratios; raises NeedError for broken TOML, unknown fields, impossible or double figures."""
    try:
        found = msgspec.convert(tomllib.loads(data.decode("utf-8")), Ratios)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as wrong:
        raise NeedError("a TOML list of ratios", wrong, "correct the place that is named") from wrong
    codes = [ratio.code for ratio in found.ratio]
    if len(set(codes)) < len(codes):
        raise NeedError("each ratio once", ", ".join(codes), "rename one of the two")
    if not all(ratio.basis for ratio in found.ratio):
        raise NeedError("a basis under every ratio", "none", "say for whom the figure is")
    return found


def parse_need(phrase: str, climate: Climate = Climate.MILD, household_size: Decimal = Decimal(5)) -> Need:
    """Read "shelter for 500 people for 30 days" (case and spacing aside, 1,200 as well as 1200).

    Raises NeedError for other wording and for figures out of bounds.
    """
    found = _PHRASE.fullmatch(" ".join(phrase.casefold().split()))
    if found is None or found["topic"] not in set(Topic):
        expected = f'"TOPIC for N people for D days" with TOPIC one of {", ".join(Topic)}'
        raise NeedError(expected, phrase, 'write it like "shelter for 500 people for 30 days"')
    people, days = found["people"].replace(",", ""), found["days"]
    if max(len(people), len(days)) > 9:
        raise NeedError(f"at most {MOST_PEOPLE} people and {MOST_DAYS} days", phrase, "correct the figures")
    return Need(
        topic=Topic(found["topic"]),
        people=int(people),
        days=int(days),
        climate=climate,
        household_size=household_size,
    )


def propose_goods(need: Need, ratios: Ratios, catalogue: Catalogue) -> NeedProposal:
    """The list for a need, in the order of the ratios."""
    lines = tuple(_line(ratio, need, catalogue) for ratio in ratios.ratio if ratio.topic is need.topic)
    return NeedProposal(need, need.households, ratios.version, lines)


def by_ratio(item: str, needs: Iterable[Need], ratios: Ratios) -> Decimal | None:
    """How much of an item the needs call for by the ratios, in its unit; None where no ratio speaks of it."""
    found = [
        _work(ratio, need)[0].quantity
        for need in needs
        for ratio in ratios.ratio
        if ratio.item == item and ratio.topic is need.topic
    ]
    return sum(found, Decimal(0)) if found else None


def above_ratio(gross: Decimal, ratio: Decimal | None) -> Reason | None:
    """The flag of over-asking: a gross need above people x ratio. An item without a ratio is never flagged."""
    if ratio is None or gross <= ratio:
        return None
    return Reason("above_ratio", {"asked": str(exact(gross)), "by_ratio": str(exact(ratio))})


def _line(ratio: Ratio, need: Need, catalogue: Catalogue) -> NeedLine:
    workings = _work(ratio, need)
    best = workings[0]
    item = ratio.item if ratio.item is not None and ratio.item in catalogue else None
    return NeedLine(
        ratio=ratio.code,
        item=item,
        quantity=best.quantity,
        unit=ratio.unit,
        least=best.least,
        most=best.most,
        workings=workings,
        source=ratio.source,
        instead_of=ratio.instead_of,
        notes=tuple(_notes(ratio, item)),
    )


def _notes(ratio: Ratio, item: str | None) -> Iterable[Reason]:
    if ratio.item is None:
        yield Reason("no_item", {"ratio": ratio.code})
    elif item is None:
        yield Reason("unknown_item", {"code": ratio.item, "ratio": ratio.code})
    if ratio.instead_of is not None:
        yield Reason("instead", {"other": ratio.instead_of})
    if ratio.to_confirm:
        yield Reason("to_confirm")


def _work(ratio: Ratio, need: Need) -> tuple[Working, ...]:
    """Every basis, the largest first, and of equal ones the one that stands first."""
    return tuple(sorted((_working(basis, need) for basis in ratio.basis), key=lambda one: -one.quantity))


def _working(basis: Basis, need: Need) -> Working:
    figures: Basis | Cold = basis.cold if basis.cold is not None and need.climate is Climate.COLD else basis
    count = need.people if basis.per is Per.PERSON else need.households
    days = need.days if basis.first_days is None else min(need.days, basis.first_days)
    times = Fraction(days, basis.days) if basis.days else Fraction(1)

    def total(rate: Decimal) -> Fraction:
        return count * Fraction(rate) / Fraction(basis.of) * times

    def whole(rate: Decimal | None) -> Decimal | None:
        return None if rate is None else Decimal(-(-total(rate) // Fraction(basis.holds)))

    quantity = whole(figures.quantity)
    assert quantity is not None
    measure = basis.measure or "units"
    how = {
        "count": str(count),
        "per": "people" if basis.per is Per.PERSON else "households",
        "rate": str(figures.quantity) if basis.of == 1 else f"{figures.quantity}/{basis.of}",
        "measure": measure,
        "total": _figure(total(figures.quantity)),
        "holds": f"{basis.holds} {measure}",
        "quantity": str(exact(quantity)),
    }
    if basis.days:
        rate = how["rate"] if basis.days == 1 else f"{how['rate']}/{basis.days}"
        how |= {"days": str(days), "rate": rate}
    return Working(
        basis.per,
        quantity,
        whole(figures.least),
        whole(figures.most),
        Reason("worked_days" if basis.days else "worked_once", how),
    )


def _figure(amount: Fraction) -> str:
    """An amount for people: at most two decimals."""
    return str(exact(Decimal(round(amount * 100)) / 100))
