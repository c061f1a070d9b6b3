"""The offers of a plan: what suppliers hold for a request already, and the stock offers of all other nodes as hints.

- What is held serves its own request alone, until the hold ends. An indication or a standby is no stock.
- What a supplier offered or promised us since it stated a hint is taken off the hint, so that nothing counts twice.
- A supplier that declined a request is not planned for it. What is left out is named, with the reason.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Final, NamedTuple

from xstock_node.domain.allocation_types import OfferOf
from xstock_node.domain.items import Kind
from xstock_node.domain.operation import Event
from xstock_node.domain.operations import State
from xstock_node.domain.plan_facts import Answered, Asking, Hint, Known, OfferFact, first_day
from xstock_node.domain.plan_lanes import Depot
from xstock_node.domain.reasons import Reason
from xstock_node.domain.steps import Promise
from xstock_node.domain.sums import ZERO
from xstock_node.domain.terms import Terms
from xstock_node.domain.units import exact, factor, from_sent_pair
from xstock_node.protocol.records import Offer

MOST_LOTS: Final = 10**9
READY: Final = frozenset({"new", "serviceable"})
OFFERING: Final = frozenset({"offer", "amended"})


class Source(NamedTuple):
    """An offer of the plan, whence it comes, and where it lies."""

    offer: OfferOf
    fact: OfferFact
    depot: Depot


def held(asking: Asking, wanted: Mapping[str, str], known: Known) -> tuple[list[Source], list[Reason]]:
    """What suppliers offer to a request and hold; `wanted` are units by item of all lines."""
    found: list[Source] = []
    said: list[Reason] = []
    for answer in asking.answers:
        if answer.operation.decided is not State.OFFERED:
            continue
        for (item, unit), counters in answer.operation.counters.items():
            if counters.offered <= 0:
                continue
            if counts(wanted, item, unit):
                found.append(_held(asking, answer, item, unit, counters.offered, known))
            else:
                said.append(Reason("held_other", {"supplier": answer.supplier, "case": answer.case, "item": item}))
    return found, said


def hinted(
    askings: Sequence[Asking],
    hints: Iterable[Hint],
    elsewhere: Iterable[Answered],
    wanted: Mapping[str, str],
    known: Known,
) -> tuple[list[Source], list[Reason]]:
    """The stock offers that may serve; `elsewhere` are the answers to all other own requests."""
    said: list[Reason] = []
    declined = _declined(askings)
    for supplier, requests in declined.items():
        said.append(Reason("declined", {"supplier": supplier, "requests": ", ".join(requests)}))
    taken = _taken([*(a for asking in askings for a in asking.answers), *elsewhere])
    found: list[Source] = []
    left_out: Counter[tuple[str, str]] = Counter()
    for hint in sorted(hints, key=lambda one: (one.node, one.offer.id)):
        open_to = tuple(one.id for one in askings if one.id not in declined.get(hint.node, ()))
        why = _unfit(hint.offer, wanted)
        if why:
            left_out[why, hint.offer.item] += 1
        if why or not open_to:
            continue
        quantity = from_sent_pair(hint.offer.qty)
        less = _take(taken, hint, quantity)
        if less:
            figures = {"supplier": hint.node, "item": hint.offer.item, "quantity": str(exact(less))}
            said.append(Reason("hint_reduced", figures))
        if quantity > less:
            found.append(_hint(hint, quantity - less, open_to, known))
    said += [Reason("hints")] if found else []
    said += [Reason(why, {"item": item, "count": str(count)}) for (why, item), count in sorted(left_out.items())]
    return found, said


def counts(wanted: Mapping[str, str], item: str, unit: str) -> bool:
    """Whether a line asks for the item in a unit that one of `unit` is."""
    return item in wanted and (unit == wanted[item] or factor(unit, wanted[item]) == 1)


def _sizes(known: Known, item: str) -> tuple[Decimal | None, Decimal | None]:
    """Net kg and m3 of one unit by the catalogue; None is unknown."""
    one = known.catalogue.get(item)
    return (one.net_kg, one.m3) if one else (None, None)


def _lot(known: Known, item: str, multiple: Decimal) -> Decimal:
    """The smallest lot that a plan moves; a team goes whole, whatever its supplier says."""
    one = known.catalogue.get(item)
    if one is None or one.kind is not Kind.TEAM or not multiple % 1:
        return multiple
    return Decimal(1)


def _held(asking: Asking, answer: Answered, item: str, unit: str, quantity: Decimal, known: Known) -> Source:
    operation = answer.operation
    event = _said(answer)
    body = event.body if event is not None and isinstance(event.body, Promise) else Promise()
    depot = Depot(f"{body.origin or answer.supplier} ({answer.case})", body.origin, (asking.id,))
    expiries = [first_day(line.expiry) for line in operation.lines("offer") if line.item == item]
    kg, m3 = _sizes(known, item)
    offer = OfferOf(
        offer=f"{answer.case} {item} {unit}",
        supplier=answer.supplier,
        depot=depot.name,
        item=item,
        quantity=quantity,
        terms=body.terms or asking.body.terms or tuple(Terms),
        multiple=_lot(known, item, _finest(quantity)),
        ready=known.hours(max(body.ready_at, known.accept_by), up=True),
        hold_until=known.hours(operation.hold_until) if operation.hold_until else None,
        expiry=min((day for day in expiries if day), default=None),
        kg=kg,
        m3=m3,
    )
    fact = OfferFact(
        offer=offer.offer,
        unit=unit,
        as_of=event.time if event is not None else 0,
        case=answer.case,
        hold_until=operation.hold_until,
    )
    return Source(offer, fact, depot)


def _hint(hint: Hint, quantity: Decimal, open_to: tuple[str, ...], known: Known) -> Source:
    said = hint.offer
    depot = Depot(f"{said.place or said.cc} ({hint.node})", said.place, open_to)
    kg, m3 = _sizes(known, said.item)
    offer = OfferOf(
        offer=f"{hint.node} {said.id}",
        supplier=hint.node,
        depot=depot.name,
        item=said.item,
        quantity=quantity,
        terms=said.terms,
        multiple=_lot(known, said.item, from_sent_pair(said.mult)),
        ready=known.hours(known.accept_by, up=True) + said.ready,
        expiry=said.best,
        kg=kg,
        m3=m3,
    )
    fact = OfferFact(
        offer=offer.offer, unit=said.unit, as_of=hint.as_of, id=said.id, at_least=said.band is not None
    )  # fmt: skip
    return Source(offer, fact, depot)


def _unfit(offer: Offer, wanted: Mapping[str, str]) -> str:
    """Why a stock offer is left out of every plan; empty where it is not."""
    if not counts(wanted, offer.item, offer.unit):
        return "left_unit"
    if offer.cond not in READY:
        return "left_condition"
    if not _is_sane(offer):
        return "left_figures"
    return "" if offer.terms else "left_terms"


def _is_sane(offer: Offer) -> bool:
    """Whether its figures and its day can be reckoned with; records may say more than any store holds."""
    try:
        if offer.best:
            date.fromisoformat(first_day(offer.best) or offer.best)
        lots = from_sent_pair(offer.qty) / from_sent_pair(offer.mult)
    except (ValueError, ArithmeticError):
        return False
    return 0 < lots < MOST_LOTS and from_sent_pair(offer.qty) < MOST_LOTS


def _declined(askings: Iterable[Asking]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for asking in askings:
        for answer in asking.answers:
            if answer.operation.decided is State.DECLINED:
                found.setdefault(answer.supplier, []).append(asking.id)
    return found


class _Taken(NamedTuple):
    """What a supplier gave to us of an item by its word of a time."""

    time: int
    quantity: Decimal


def _taken(answers: Iterable[Answered]) -> dict[tuple[str, str], list[_Taken]]:
    found: dict[tuple[str, str], list[_Taken]] = {}
    for answer in answers:
        event = _said(answer)
        gone = answer.operation.decided in (State.REJECTED, State.EXPIRED, State.WITHDRAWN, State.LAPSED)
        if event is None or gone or answer.operation.decided is State.CANCELLED:
            continue
        for (item, _), counters in answer.operation.counters.items():
            confirmed = any(e.verb == "confirm" for e in answer.operation.events)
            quantity = counters.accepted - counters.released if confirmed else counters.offered
            if quantity > 0:
                found.setdefault((answer.supplier, item), []).append(_Taken(event.time, quantity))
    return found


def _take(taken: dict[tuple[str, str], list[_Taken]], hint: Hint, most: Decimal) -> Decimal:
    """How much of what was given since a hint was stated comes off it; the rest is left for the supplier's others."""
    less, left = ZERO, []
    for one in taken.get((hint.node, hint.offer.item), []):
        part = min(one.quantity, most - less) if one.time >= hint.offer.ts else ZERO
        less += part
        left.append(one._replace(quantity=one.quantity - part))
    taken[hint.node, hint.offer.item] = left
    return less


def _said(answer: Answered) -> Event | None:
    """The supplier's last word on what it offers."""
    return next((e for e in reversed(answer.operation.events) if e.verb in OFFERING), None)


def _finest(quantity: Decimal) -> Decimal:
    """The finest part that a quantity is stated in: 1, or a power of ten below it."""
    exponent = exact(quantity).as_tuple().exponent
    return Decimal(1).scaleb(min(0, int(exponent)))
