"""What is a fair part of too little: an equal share of the need covered within a severity class.

- A claim weighs people x agreed ratio less own usable stock, never what was asked; it gets at most what was asked.
  Above the ratio it weighs nothing more until a person says why. Without a ratio the asked figure has to serve.
- Strict by class: severity 1 is served before severity 2. Floor first: a minimum share for every claim of every
  class, then strict by class.
- Whole multiples by largest remainder; what then ties goes by requester id, in the order of their characters.
- Nothing is given away that is not there, nobody gets more than asked, and the order of claims changes nothing.
"""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

import msgspec

from xstock_node.domain.reasons import Reason
from xstock_node.domain.units import exact

_THOUSANDTH: Final = Decimal("0.001")


class ClassOrder(StrEnum):
    """How severity classes stand to each other."""

    STRICT = "strict"
    FLOOR_FIRST = "floor_first"


class FairRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rule that was agreed beforehand; `floor` (0 to 1) is the minimum share of floor first."""

    order: ClassOrder = ClassOrder.STRICT
    floor: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        if not (self.floor.is_finite() and 0 <= self.floor <= 1):
            raise ValueError(f"expected a floor from 0 to 1; came {self.floor}; correct the fairness rule")


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What one requester asks of one item at one severity (1 is the gravest), in the item's unit.

    `by_ratio`: people x agreed ratio, None where there is no ratio. `own_usable`: what the requester has itself.
    `justified`: a person said why more than the ratio is needed. `most`: what can reach the requester at all.
    """

    requester: str
    asked: Decimal
    severity: int
    by_ratio: Decimal | None = None
    own_usable: Decimal = Decimal(0)
    justified: bool = False
    most: Decimal | None = None


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """The part of one requester: `quantity` is a whole multiple, `share` = quantity / asked to three decimals."""

    requester: str
    severity: int
    asked: Decimal
    weight: Decimal
    quantity: Decimal
    share: Decimal
    why: tuple[Reason, ...]


class FairSplit(msgspec.Struct, frozen=True, kw_only=True):
    """Who gets how much of one item; shares by severity and requester.

    `counted`: what is asked, as far as it carries weight. `covered_at_most`: 0 to 1 of that, three decimals.
    """

    available: Decimal
    counted: Decimal
    multiple: Decimal
    covered_at_most: Decimal
    shares: tuple[Share, ...]
    left_over: Decimal

    def of(self, requester: str) -> Decimal:
        """The part of a requester in all classes; 0 for one that did not ask."""
        return sum((share.quantity for share in self.shares if share.requester == requester), Decimal(0))


class _Part:
    """One claim in whole multiples while it is being served: `low` is what it has, `cap` what it may get."""

    def __init__(self, claim: Claim, multiple: Decimal) -> None:
        self.claim = claim
        self.weight = _weight(claim)
        bound = min(claim.asked, self.weight) if claim.most is None else min(claim.asked, self.weight, claim.most)
        self.cap = int(max(bound, Decimal(0)) // multiple)
        self.low = 0
        self.by_tie = False


def fair_split(claims: Iterable[Claim], available: Decimal, multiple: Decimal, rule: FairRule) -> FairSplit:
    """Share `available` of one item among the claims, all in the item's unit.

    Raises ValueError for two claims of one requester in one class, figures below zero and a multiple not above zero.
    """
    claims = sorted(claims, key=lambda claim: (claim.severity, claim.requester))
    _check(claims, available, multiple)
    parts = [_Part(claim, multiple) for claim in claims]
    pool = int(available // multiple)
    if rule.order is ClassOrder.FLOOR_FIRST:
        floors = [min(part.cap, _ceil(Fraction(rule.floor) * Fraction(part.weight / multiple))) for part in parts]
        _serve(parts, floors, pool)
    for severity in sorted({part.claim.severity for part in parts}):
        peers = [part for part in parts if part.claim.severity == severity]
        others = sum(part.low for part in parts if part.claim.severity != severity)
        _serve(peers, [part.cap for part in peers], pool - others)
    counted = sum((min(claim.asked, _weight(claim)) for claim in claims), Decimal(0))
    given = sum(part.low for part in parts) * multiple
    return FairSplit(
        available=exact(available),
        counted=exact(counted),
        multiple=exact(multiple),
        covered_at_most=_thousandths(min(available, counted), counted),
        shares=tuple(_share(part, parts, multiple) for part in parts),
        left_over=exact(available - given),
    )


def _check(claims: Sequence[Claim], available: Decimal, multiple: Decimal) -> None:
    if len({(claim.requester, claim.severity) for claim in claims}) < len(claims):
        raise ValueError("expected one claim of each requester in a class; two are alike; add them up")
    figures = [available, *(claim.asked for claim in claims), *(claim.own_usable for claim in claims)]
    if not all(figure.is_finite() and figure >= 0 for figure in figures):
        raise ValueError("expected quantities of at least 0; one is below; correct the claims")
    if not (multiple.is_finite() and multiple > 0):
        raise ValueError(f"expected a multiple above 0; came {multiple}; correct the item")


def _weight(claim: Claim) -> Decimal:
    if claim.by_ratio is None or claim.justified:
        return claim.asked
    return max(Decimal(0), claim.by_ratio - claim.own_usable)


def _serve(parts: list[_Part], caps: list[int], pool: int) -> None:
    """Raise every part towards an equal share of its weight, from what it has up to its cap, as far as `pool` goes."""
    quotas = _level(parts, caps, pool)
    whole = [int(quota) for quota in quotas]
    rest = min(pool, sum(caps)) - sum(whole)
    order = sorted(range(len(parts)), key=lambda i: (whole[i] - quotas[i], parts[i].claim.requester))
    for place, i in enumerate(order):
        fraction = quotas[i] - whole[i]
        parts[i].low = whole[i] + (1 if place < rest else 0)
        parts[i].by_tie = any(
            quotas[j] - whole[j] == fraction and (other < rest) != (place < rest) for other, j in enumerate(order)
        )


def _level(parts: list[_Part], caps: list[int], pool: int) -> list[Fraction]:
    """Exact quotas: clamp(level x weight, low, cap) with the one level at which they add up to the pool."""
    if sum(caps) <= pool:
        return [Fraction(cap) for cap in caps]
    weights = [Fraction(part.weight) for part in parts]

    def quotas(level: Fraction) -> list[Fraction]:
        return [
            min(max(level * weight, Fraction(part.low)), Fraction(cap))
            for part, weight, cap in zip(parts, weights, caps, strict=True)
        ]

    turns = {
        Fraction(bound) / weight
        for part, weight, cap in zip(parts, weights, caps, strict=True)
        if weight > 0
        for bound in (part.low, cap)
    }
    below = Fraction(0)
    for turn in sorted(turns):
        reached = sum(quotas(turn))
        if reached >= pool:
            missing, gained = pool - sum(quotas(below)), reached - sum(quotas(below))
            return quotas(below + (turn - below) * missing / gained) if gained else quotas(turn)
        below = turn
    raise AssertionError("the caps add up to more than the pool")


def _share(part: _Part, parts: list[_Part], multiple: Decimal) -> Share:
    claim, quantity = part.claim, part.low * multiple
    return Share(
        requester=claim.requester,
        severity=claim.severity,
        asked=exact(claim.asked),
        weight=exact(part.weight),
        quantity=exact(quantity),
        share=_thousandths(quantity, claim.asked),
        why=tuple(_why(part, parts, multiple)),
    )


def _why(part: _Part, parts: list[_Part], multiple: Decimal) -> Iterable[Reason]:
    claim, quantity = part.claim, part.low * multiple
    figures = {"quantity": str(exact(quantity)), "asked": str(exact(claim.asked)), "severity": str(claim.severity)}
    graver = [other for other in parts if other.claim.severity < claim.severity and other.low]
    if claim.by_ratio is None and not claim.justified:
        yield Reason("weighed_by_asked")
    elif part.weight < claim.asked:
        need = str(exact(claim.by_ratio or Decimal(0)))
        yield Reason("above_ratio", {"asked": str(exact(claim.asked + claim.own_usable)), "by_ratio": need})
    if claim.most is not None and claim.most < min(claim.asked, part.weight):
        yield Reason("reach", {"most": str(exact(claim.most))})
    if part.low == part.cap:
        yield Reason("share_whole" if quantity == claim.asked else "share_as_far", figures)
    elif part.low == 0 and graver:
        yield Reason("class_before", figures | {"graver": str(max(other.claim.severity for other in graver))})
    else:
        yield Reason("share_equal", figures | {"percent": _percent(quantity, claim.asked)})
    if part.by_tie:
        yield Reason("tie", {"requester": claim.requester})


def _percent(part: Decimal, whole: Decimal) -> str:
    return str(exact((part * 100 / whole).quantize(Decimal(1), ROUND_HALF_EVEN))) if whole else "0"


def _thousandths(part: Decimal, whole: Decimal) -> Decimal:
    return (part / whole).quantize(_THOUSANDTH, ROUND_HALF_EVEN) if whole else Decimal("0.000")


def _ceil(amount: Fraction) -> int:
    return -int(-amount // 1)
