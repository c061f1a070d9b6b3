"""What of the stock becomes an offer: ten rules, in order, and every line that is not offered says why.

1 a confirmed mapping; 2 owner and place shared; 3 free and in order; 4 no excluded class; 5 expiry (these five look
at one line, see `share_lines`); then of the whole organisation's stock of an item: 6 the sum over lots, first expired
first out; 6a less the own need, which takes first what may not be lent; 7 less the keep-back, the largest of
absolute, percentage and local minimums; 8 less promises; 9 rounded down to whole lots; 10 released by a person.

- What is offered of an item never exceeds what is usable less own need, keep-back and promises.
- No place gives what lies below its local minimum; each gives whole multiples; the parts add up to the whole.
- More stock of the same expiry never makes a smaller offer, and the order of lines changes nothing.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from math import lcm
from typing import Final

import msgspec

from xstock_node.domain.catalogue import FALLBACK_LANGUAGE, Catalogue
from xstock_node.domain.folding import fold
from xstock_node.domain.items import Item
from xstock_node.domain.mapping import base_quantity
from xstock_node.domain.reasons import Reason
from xstock_node.domain.share_lines import Judged, judge
from xstock_node.domain.share_rules import (
    KeepBack,
    NotOffered,
    Proposal,
    ProposedOffer,
    SharedLine,
    ShareRules,
    place_of,
)
from xstock_node.domain.units import UnitError, convert, exact

__all__ = [
    "KeepBack",
    "NotOffered",
    "Proposal",
    "ProposedOffer",
    "ShareRules",
    "SharedLine",
    "local_minimum",
    "propose",
]

NEVER: Final = "9999-12-31"
_NEW: Final = frozenset({"new", "neu", "nov", "novo", "nova", "nou", "novi"})
Minimums = Mapping[tuple[str, str], Decimal]


class _Cut(msgspec.Struct, frozen=True):
    rule: int
    quantity: Decimal
    why: Reason


class _Situation(msgspec.Struct, frozen=True):
    """All that is decided outside of the lines."""

    rules: ShareRules
    catalogue: Catalogue
    minimums: Minimums
    commitments: Mapping[str, Decimal]
    released: Mapping[str, Decimal]


def propose(
    lines: Iterable[SharedLine],
    rules: ShareRules,
    catalogue: Catalogue,
    minimums: Minimums,
    commitments: Mapping[str, Decimal],
    released: Mapping[str, Decimal],
    today: date,
) -> Proposal:
    """Which offers follow from the lines, and why the rest does not.

    `minimums`: (place, catalogue code) to a level in the item's unit, or (place, local code) to one in the line's.
    `commitments`: catalogue code to what is promised and not yet dispatched. `released`: catalogue code to the
    quantity a person released last, 0 where the release was taken back. Offers come by code and place, reasons by ref.

    Raises ValueError when two lines have the same ref.
    """
    lines = list(lines)
    if len({shared.ref for shared in lines}) < len(lines):
        raise ValueError("expected a ref of its own for each line; two are alike; number the lines")
    situation = _Situation(rules, catalogue, minimums, commitments, released)
    judged = [judge(shared, rules, catalogue, today) for shared in lines]
    offers: list[ProposedOffer] = []
    kept = [_refused(one) for one in judged if one.why is not None]
    usable: dict[str, list[Judged]] = {}
    for one in judged:
        if one.why is None and one.item is not None:
            usable.setdefault(one.item.code, []).append(one)
    for code in sorted(usable):
        at_home = sum((one.quantity for one in judged if _serves_home(one, code)), Decimal(0))
        item_offers, item_kept = _share(usable[code], at_home, situation)
        offers += item_offers
        kept += item_kept
    return Proposal(offers, sorted(kept, key=lambda one: (one.ref, one.rule)))


def _serves_home(one: Judged, code: str) -> bool:
    return one.at_home and one.item is not None and one.item.code == code


def _refused(one: Judged) -> NotOffered:
    assert one.why is not None
    known = one.item is not None and one.quantity > 0
    mapping = one.shared.mapping
    code = one.item.code if one.item else (mapping.code if mapping and mapping.code else None)
    return NotOffered(
        ref=one.shared.ref,
        code=code,
        rule=one.rule,
        reason=one.why,
        quantity=one.quantity if known else None,
    )


def _share(
    usable: list[Judged], at_home: Decimal, situation: _Situation
) -> tuple[list[ProposedOffer], list[NotOffered]]:
    """Rules 6 to 10 for one item."""
    item = usable[0].item
    assert item is not None
    lots = sorted(usable, key=_first_expired)
    spare = _spare_by_place(lots, item, situation.minimums)
    cuts = _cuts(lots, item, at_home, spare, situation)
    total = sum((one.quantity for one in lots), Decimal(0)) - sum((cut.quantity for cut in cuts), Decimal(0))
    taken = _take(lots, _split(total, spare, item.multiple))
    offers = _offers(lots, taken, item, total, situation)
    return offers, _remainders(lots, taken, cuts, total)


def _first_expired(one: Judged) -> tuple[str, str, str]:
    return one.shared.line.expiry or NEVER, one.shared.line.lot or "", one.shared.ref


def _spare_by_place(lots: list[Judged], item: Item, minimums: Minimums) -> dict[str | None, Decimal]:
    """What each place has above its local minimum."""
    by_place: dict[str | None, list[Judged]] = {}
    for one in lots:
        by_place.setdefault(place_of(one.shared.line.location), []).append(one)
    spare = {}
    for place, there in by_place.items():
        on_hand = sum((one.quantity for one in there), Decimal(0))
        spare[place] = on_hand - min(on_hand, local_minimum(place, there, item, minimums))
    return spare


def local_minimum(place: str | None, there: list[Judged], item: Item, minimums: Minimums) -> Decimal:
    """The level of the catalogue code or, when larger, those of the local codes together."""
    local: dict[str, Decimal] = {}
    for one in there:
        own = one.shared.line.item_code
        level = minimums.get((place or "", own)) if own and own != item.code else None
        if own and level is not None and one.shared.mapping is not None:
            try:
                level = base_quantity(one.shared.line, one.shared.mapping, part=level)
                level = convert(level, one.shared.mapping.base_unit, item.unit)
            except UnitError:
                continue
            local[own] = max(level, local.get(own, level))
    stated = minimums.get((place or "", item.code), Decimal(0))
    return max(stated, sum(local.values(), Decimal(0)), Decimal(0))


def _cuts(
    lots: list[Judged], item: Item, at_home: Decimal, spare: dict[str | None, Decimal], situation: _Situation
) -> list[_Cut]:
    """Rules 6a to 9 one after the other; each takes at most what the ones before left."""
    rules = situation.rules
    usable = sum((one.quantity for one in lots), Decimal(0))
    unit = {"usable": str(exact(usable)), "unit": str(item.unit)}
    needed = max(Decimal(0), rules.own_need.get(item.code, Decimal(0)) - at_home)
    kept, why = _kept_back(usable, rules.kept_back(item), sum(spare.values(), Decimal(0)))
    committed = max(Decimal(0), situation.commitments.get(item.code, Decimal(0)))
    cuts: list[_Cut] = []
    left = usable
    for rule, wanted, reason in (
        (6, needed, Reason("own_need")),
        (7, kept, why),
        (8, committed, Reason("committed")),
    ):
        quantity = min(left, wanted)
        if quantity > 0:
            shown = min(usable, _whole_up(quantity))
            cuts.append(_Cut(rule, quantity, _filled(reason, unit | {"kept": str(exact(shown))})))
            left -= quantity
    lot = _lot(item.multiple, rules.coarse_step(item))
    whole = sum((_down(there, item.multiple) for there in spare.values()), Decimal(0))
    odd = left - _down(min(left, whole), lot)
    if odd > 0:
        cuts.append(_Cut(9, odd, Reason("rounded", unit | {"kept": str(exact(odd)), "step": str(exact(lot))})))
    return cuts


def _kept_back(usable: Decimal, rule: KeepBack, spare: Decimal) -> tuple[Decimal, Reason]:
    """Rule 7: the largest of the three, and which it was."""
    share = usable * rule.percent / 100
    minimum = usable - spare
    largest = max(rule.absolute, share, minimum)
    if largest == rule.absolute:
        return largest, Reason("kept_absolute", {"minimum": str(exact(rule.absolute))})
    if largest == share:
        return largest, Reason("kept_percent", {"percent": str(exact(rule.percent))})
    return largest, Reason("kept_minimum")


def _filled(reason: Reason, more: dict[str, str]) -> Reason:
    return Reason(reason.code, reason.params | more)


def _whole_up(figure: Decimal) -> Decimal:
    return figure.to_integral_value(ROUND_CEILING)


def _down(figure: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of `step` that is not above `figure`; nothing below zero."""
    return exact(figure // step * step) if figure > 0 else Decimal(0)


def _lot(multiple: Decimal, step: Decimal | None) -> Decimal:
    """The smallest quantity that is whole both in multiples and in coarse steps."""
    if step is None:
        return multiple
    one, other = Fraction(multiple), Fraction(step)
    common = one.denominator * other.denominator
    both = Fraction(lcm(int(one * common), int(other * common)), common)
    return Decimal(both.numerator) / Decimal(both.denominator)


def _split(total: Decimal, spare: dict[str | None, Decimal], multiple: Decimal) -> dict[str | None, Decimal]:
    """Which place gives how much: the largest surplus first, in whole multiples."""
    parts: dict[str | None, Decimal] = {}
    for place in sorted(spare, key=lambda place: (-spare[place], place or "")):
        part = min(total, _down(spare[place], multiple))
        if part > 0:
            parts[place] = part
            total -= part
    return parts


def _take(lots: list[Judged], parts: dict[str | None, Decimal]) -> dict[str, Decimal]:
    """What each line gives to its place's part, first expired first out; `lots` are in that order."""
    wanted = dict(parts)
    taken: dict[str, Decimal] = {}
    for one in lots:
        place = place_of(one.shared.line.location)
        given = min(one.quantity, wanted.get(place, Decimal(0)))
        if given > 0:
            taken[one.shared.ref] = given
            wanted[place] -= given
    return taken


def _offers(
    lots: list[Judged], taken: dict[str, Decimal], item: Item, total: Decimal, situation: _Situation
) -> list[ProposedOffer]:
    """One offer for each place that gives something, by place."""
    by_place: dict[str | None, list[Judged]] = {}
    for one in lots:
        if one.shared.ref in taken:
            by_place.setdefault(place_of(one.shared.line.location), []).append(one)
    why = _release(item.code, total, situation)
    offers = []
    for place in sorted(by_place, key=lambda place: place or ""):
        there = by_place[place]
        lines = [one.shared.line for one in there]
        offers.append(
            ProposedOffer(
                code=item.code,
                name=_name(there, item, situation.catalogue),
                place=place,
                quantity=exact(sum((taken[one.shared.ref] for one in there), Decimal(0))),
                unit=item.unit,
                multiple=item.multiple,
                earliest_expiry=min((line.expiry for line in lines if line.expiry), default=None),
                condition="new" if all(fold(line.status or "") in _NEW for line in lines) else "serviceable",
                lots=tuple(dict.fromkeys(line.lot for line in lines if line.lot)),
                refs=tuple(one.shared.ref for one in there),
                needs_release=why is not None,
                release_reason=why,
            )
        )
    return offers


def _name(there: list[Judged], item: Item, catalogue: Catalogue) -> str:
    """The owner's own words on the largest line; the catalogue's name where the list has none."""
    named = [one for one in there if one.shared.line.item_name]
    if not named:
        return catalogue.name(item.code, FALLBACK_LANGUAGE)
    largest = min(named, key=lambda one: (-one.quantity, one.shared.line.item_name or "", one.shared.ref))
    return largest.shared.line.item_name or item.code


def _release(code: str, total: Decimal, situation: _Situation) -> Reason | None:
    """Rule 10: a new item always, then only what grows beyond the threshold."""
    last = situation.released.get(code)
    if not last:
        return Reason("release_new")
    percent = situation.rules.release_threshold_percent
    if total <= last * (100 + percent) / 100:
        return None
    figures = {"quantity": str(exact(total)), "percent": str(exact(percent)), "released": str(exact(last))}
    return Reason("release_above", figures)


def _remainders(lots: list[Judged], taken: dict[str, Decimal], cuts: list[_Cut], total: Decimal) -> list[NotOffered]:
    """A note for every line that is not wholly offered, with the rule that decided.

    When nothing is offered that is the rule that took the last of it, else the one that took most.
    """
    if not cuts:
        return []
    decisive = cuts[-1] if total == 0 else max(cuts, key=lambda cut: cut.quantity)
    notes = []
    for one in lots:
        given = taken.get(one.shared.ref, Decimal(0))
        if given < one.quantity and one.item is not None:
            notes.append(
                NotOffered(
                    ref=one.shared.ref,
                    code=one.item.code,
                    rule=decisive.rule,
                    reason=decisive.why,
                    quantity=exact(one.quantity - given),
                    partly=given > 0,
                )
            )
    return notes
