"""Why a plan is as it is: a sentence for every flow, and for every unmet line what binds and what it would take."""

from collections.abc import Iterable
from decimal import Decimal

from xstock_node.domain.allocation_choices import Choice, Choices
from xstock_node.domain.allocation_greedy import Ledger
from xstock_node.domain.allocation_types import NeedOf
from xstock_node.domain.fairness import Share
from xstock_node.domain.reasons import Reason
from xstock_node.domain.units import exact

_NONE = Decimal(0)


def why_flow(choice: Choice, quantity: Decimal) -> tuple[Reason, ...]:
    """What goes where, when, under which terms, and as a substitute for what."""
    offer, need = choice.offer, choice.need
    figures = {
        "quantity": _text(quantity),
        "item": offer.item,
        "supplier": offer.supplier,
        "depot": offer.depot,
        "site": need.site,
        "terms": choice.terms,
        "arrive": _text(choice.arrive),
        "hours": _text(choice.lane.hours),
    }
    found = [Reason("flow_assumed", figures) if choice.lane.assumed else Reason("flow", figures)]
    if choice.pot.instead:
        counts = quantity / offer.multiple * choice.counts
        found.append(Reason("flow_instead", {"item": need.item, "counts": _text(counts)}))
    if choice.late > 0:
        late = {"late": _text(choice.late), "needed_by": _text(need.needed_by)}
        found.append(Reason("flow_late_assumed", late) if choice.lane.assumed else Reason("flow_late", late))
    return tuple(found)


class Explainer:
    """Speaks of unmet lines once everything is given away."""

    def __init__(self, choices: Choices, ledger: Ledger) -> None:
        self._choices = choices
        self._ledger = ledger
        self._by_line: dict[str, list[Choice]] = {}
        for choice in choices.all:
            self._by_line.setdefault(choice.need.line, []).append(choice)

    def fair(self, need: NeedOf) -> Share:
        """The fair part of a line's requester of the item itself."""
        split = self._choices.splits[need.item, False]
        return next(
            share for share in split.shares if (share.requester, share.severity) == (need.requester, need.severity)
        )

    def why_unmet(self, need: NeedOf) -> tuple[Reason, ...]:
        """What binds, the refused offers by their reason, and what it would take; empty for a line that is met."""
        unmet = self._ledger.open[need.line]
        if unmet <= 0:
            return ()
        found = [Reason("unmet", {"unmet": _text(unmet), "asked": _text(need.quantity), "item": need.item})]
        ways = self._by_line.get(need.line, [])
        refusals = self._choices.refusals.get(need.line, [])
        if not ways and not refusals:
            found.append(Reason("nobody_offers", {"item": need.item, "quantity": _text(unmet)}))
        found += self._binding(ways, unmet)
        if self._fair_binds(need, ways):
            found += self.fair(need).why
        return (*found, *self._refused(need))

    def _fair_binds(self, need: NeedOf, ways: list[Choice]) -> bool:
        """Whether the requester has all of its part, and there is or was more of the item."""
        own = [choice for choice in ways if not choice.pot.instead]
        share = self.fair(need)
        return bool(own) and share.quantity < share.asked and self._ledger.pots[own[0].pot] < own[0].offer.multiple

    def _binding(self, ways: list[Choice], unmet: Decimal) -> Iterable[Reason]:
        """Of the offers that may go there: given away, too large a lot, or no vehicle left."""
        if not ways:
            return
        left = [choice for choice in ways if self._ledger.lots[choice.offer.offer]]
        if not left:
            yield Reason("all_given", {"quantity": _text(unmet)})
            return
        small = [choice for choice in left if choice.counts > unmet]
        if len(small) == len(left):
            yield Reason("below_lot", {"unmet": _text(unmet), "lot": _text(min(choice.counts for choice in small))})
            return
        for choice in left:
            fleet = choice.trip.depot, choice.trip.vehicle
            fair = self._ledger.pots[choice.pot] >= choice.offer.multiple
            if choice.counts <= unmet and fair and not self._ledger.fits(choice):
                most = self._ledger.lots[choice.offer.offer] * choice.counts
                more = {"quantity": _text(min(unmet, most)), "depot": fleet[0], "vehicle": fleet[1]}
                yield Reason("no_room", more)
                return

    def _refused(self, need: NeedOf) -> Iterable[Reason]:
        """The offers that may not go there, summed by reason: what it would take to have them."""
        sums: dict[str, tuple[Reason, Decimal]] = {}
        for refusal in self._choices.refusals.get(need.line, []):
            offer, why = refusal.offer, refusal.why
            first, quantity = sums.get(why.code, (why, _NONE))
            sums[why.code] = first, quantity + self._choices.lots[offer.offer] * offer.multiple
        for code in sorted(sums):
            why, quantity = sums[code]
            yield Reason(f"refused_{code}", why.params | {"quantity": _text(quantity)})


def _text(figure: Decimal) -> str:
    return str(exact(figure))
