"""What a society decided about sharing its stock, and what the rules say about each line."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

import msgspec

from xstock_node.domain.folding import fold, words
from xstock_node.domain.items import BaseUnit, Category, Item, Kind, Storage
from xstock_node.domain.mapping import Mapping
from xstock_node.domain.reasons import Reason
from xstock_node.domain.stock import StockLine

DEFAULT: Final = "default"
BLOCKED_STATUSES: Final = (
    "quarantine", "karant", "карантин", "block", "blok", "блок", "gesperrt", "sperr", "recall", "povuc", "повуч",
    "repair", "reparatur", "remont", "ремонт", "поправк", "popravk", "servis", "сервис", "defect", "defekt",
    "damaged", "ostec", "оштећ", "повреден", "beschädigt", "neisprav", "неисправ", "негод", "expired", "istek",
    "abgelaufen", "rashod", "расход", "бракуван",
)  # fmt: skip


class KeepBack(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What always stays: the larger of an absolute quantity (catalogue units) and a percentage of what is usable."""

    percent: Decimal = Decimal(0)
    absolute: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        _within("keep_back percent", self.percent, 100)
        _within("keep_back absolute", self.absolute)


class ShareRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The share rules of one organisation; quantities per catalogue code, in the item's own unit.

    - `locations`, `owners`: only these are shared; None shares all. A place covers what lies in it ("Central" covers
      "Central/Rack 3"). `blocked_status`: beginnings of words of a line's status that keep it at home.
    - `exclude_storage`: classes that are not shared. The cold chain is not unless `allow_cold_chain`; controlled
      drugs and blood are never offered, whatever stands here.
    - `min_remaining_days` after arrival (`today` plus `transit_days`): 180 where nothing is set, food 90, medical
      365; one that is set counts for all, unless `food_remaining_days` or `medical_remaining_days` is set too.
    - `keep_back`: per code, else under "default". `own_need`: wanted for the society's own people.
    - `step`: coarse rounding per code, else under "default". Of teams both stand under their code or "team" alone.
    - `release_threshold_percent`: how far an offer may grow above the last released quantity before a person has to
      release it again.
    """

    locations: tuple[str, ...] | None = None
    owners: tuple[str, ...] | None = None
    blocked_status: tuple[str, ...] = BLOCKED_STATUSES
    exclude_storage: tuple[str, ...] = ()
    allow_cold_chain: bool = False
    min_remaining_days: int | None = None
    food_remaining_days: int | None = None
    medical_remaining_days: int | None = None
    transit_days: int = 0
    keep_back: dict[str, KeepBack] = {}
    own_need: dict[str, Decimal] = {}
    step: dict[str, Decimal] = {}
    release_threshold_percent: Decimal = Decimal(20)

    def __post_init__(self) -> None:
        for code, need in self.own_need.items():
            _within(f"own_need of {code}", need)
        for code, step in self.step.items():
            _within(f"step of {code}", step, above_zero=True)
        _within("release_threshold_percent", self.release_threshold_percent)
        for days in (self.min_remaining_days, self.food_remaining_days, self.medical_remaining_days):
            _within("remaining days", Decimal(days or 0))
        _within("transit_days", Decimal(self.transit_days))

    def kept_back(self, item: Item) -> KeepBack:
        """What of this item always stays; of teams nothing where it was not said for teams."""
        return self.keep_back.get(item.code) or self.keep_back.get(_else(item)) or KeepBack()

    def coarse_step(self, item: Item) -> Decimal | None:
        """The step to which offers of this item are rounded down, beside the item's own multiple."""
        return self.step.get(item.code) or self.step.get(_else(item))

    def wanted_days(self, item: Item) -> int:
        """How many days have to be left when the goods arrive."""
        if item.medical or item.category is Category.MEDICAL:
            return _first(self.medical_remaining_days, self.min_remaining_days, 365)
        if item.category is Category.FOOD:
            return _first(self.food_remaining_days, self.min_remaining_days, 90)
        return _first(self.min_remaining_days, 180)

    def shares_place(self, location: str) -> bool:
        """Whether stock at `location` may be offered."""
        return self.locations is None or any(_within_place(location, place) for place in self.locations)

    def shares_owner(self, owner: str) -> bool:
        """Whether stock of `owner` may be offered."""
        return self.owners is None or fold(owner) in map(fold, self.owners)

    def blocks_status(self, status: str) -> bool:
        """Whether a line of this status stays at home."""
        stems = [fold(stem) for stem in self.blocked_status]
        return any(word.startswith(stem) for word in words(status) for stem in stems if stem)

    def excludes(self, storage: str) -> bool:
        """Whether goods of this storage class stay at home."""
        if storage == Storage.COLD_CHAIN:
            return not self.allow_cold_chain
        return storage in self.exclude_storage


class SharedLine(msgspec.Struct, frozen=True):
    """A stock line, the stable `ref` by which it is spoken of, and the decision about what it is.

    `void` says why an earlier decision no longer holds (see `MappingTable.void`). `withheld` says why the owner or
    the donor does not lend it; it still serves the society's own people.
    """

    line: StockLine
    ref: str
    mapping: Mapping | None
    void: Reason | None = None
    withheld: Reason | None = None


class NotOffered(msgspec.Struct, frozen=True, kw_only=True):
    """Why a line, or with `partly` the rest of it, is not offered: share rule 1 to 9 and the reason.

    `quantity` is what stays, in the item's unit; None where that is not known.
    """

    ref: str
    code: str | None
    rule: int
    reason: Reason
    quantity: Decimal | None = None
    partly: bool = False


class ProposedOffer(msgspec.Struct, frozen=True, kw_only=True):
    """What would be offered of one item at one place; quantity in `unit` (Rec 20), a whole multiple of `multiple`.

    `name` is in the owner's words. `refs` and `lots` say where it comes from, first expired first. `needs_release`
    tells that a person releases it first, and `release_reason` why.
    """

    code: str
    name: str
    place: str | None
    quantity: Decimal
    unit: BaseUnit
    multiple: Decimal
    earliest_expiry: str | None
    condition: str
    lots: tuple[str, ...]
    refs: tuple[str, ...]
    needs_release: bool
    release_reason: Reason | None = None


class Proposal(msgspec.Struct, frozen=True):
    """Every line is in an offer's `refs`, in `not_offered`, or (when partly offered) in both."""

    offers: list[ProposedOffer]
    not_offered: list[NotOffered]


def place_of(location: str | None) -> str | None:
    """The place of a location: racks and bins behind the first slash stay inside the house."""
    return (location or "").split("/", 1)[0].strip() or None


def _else(item: Item) -> str:
    """Under which word the figure stands that an item has where none is given for its code."""
    return str(Kind.TEAM) if item.kind is Kind.TEAM else DEFAULT


def _within_place(location: str, place: str) -> bool:
    inner, outer = _parts(location), _parts(place)
    return inner[: len(outer)] == outer


def _parts(location: str) -> list[str]:
    return [fold(part) for part in location.split("/")]


def _first(*figures: int | None) -> int:
    return next((figure for figure in figures if figure is not None), 0)


def _within(what: str, figure: Decimal, most: int | None = None, above_zero: bool = False) -> None:
    fits = figure.is_finite() and (figure > 0 if above_zero else figure >= 0)
    if not fits or (most is not None and figure > most):
        bounds = f"{'above' if above_zero else 'at least'} 0" + (f" and at most {most}" if most else "")
        raise ValueError(f"expected {what} {bounds}; came {figure}; correct the share rules")


def refs_of(offers: Iterable[ProposedOffer]) -> set[str]:
    """All lines from which something is offered."""
    return {ref for offer in offers for ref in offer.refs}
