"""What is counted at the end of a real exercise, from what the nodes show: pure of nodes, so that it can be tried.

A side is one party's view of one operation, by country code and case.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path

from xstock_node.cli.op_verify import verified
from xstock_node.protocol.errors import ProtocolError
from xstock_node.services.errors import Refusal
from xstock_node.services.operation_views import CounterView, OperationView
from xstock_node.testing.exercise.checks import Result
from xstock_node.testing.exercise.story import Acknowledged, Deal

Sides = Mapping[tuple[str, str], OperationView]
Stock = Mapping[str, Mapping[str, Decimal]]


def figure(counters: CounterView, name: str) -> Decimal:
    """One counter; a counter that is not shown is zero."""
    return Decimal(counters.figures.get(name, "0"))


def accepted(deals: Iterable[Deal], sides: Sides) -> dict[tuple[str, str, str], Decimal]:
    """What is bound, by supplier, requester and item: by what the supplier's node shows."""
    total: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for deal in deals:
        side = sides.get((deal.supplier, deal.case))
        for counters in side.counters if side and side.binding else ():
            bound = figure(counters, "accepted") - figure(counters, "released")
            total[deal.supplier, deal.requester, counters.item] += bound
    return dict(total)


def alive(deals: Iterable[Deal], sides: Sides) -> list[Deal]:
    """The cases that were not cancelled, as their suppliers show them."""
    sides_of = [(deal, sides.get((deal.supplier, deal.case))) for deal in deals]
    return [deal for deal, side in sides_of if side is None or side.decided != "cancelled"]


def promised_twice(deals: Iterable[Deal], sides: Sides, stock: Stock) -> list[str]:
    """Suppliers and items of which more is bound than there is."""
    total: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for (supplier, _, item), quantity in accepted(deals, sides).items():
        total[supplier, item] += quantity
    return [f"{code} {item}" for (code, item), q in total.items() if q > stock.get(code, {}).get(item, Decimal(0))]


def lost(acknowledged: Iterable[Acknowledged], deals: Iterable[Deal], sides: Sides) -> list[str]:
    """Acknowledged steps that do not stand in the timelines of both parties."""
    parties = {deal.case: (deal.requester, deal.supplier) for deal in deals}
    there = {(*key, step.hash) for key, side in sides.items() for step in side.timeline}
    found = []
    for step in dict.fromkeys(acknowledged):
        missing = [code for code in parties[step.case] if (code, step.case, step.hash) not in there]
        found += [f"{step.verb} of {step.case} at {', '.join(missing)}"] if missing else []
    return found


def unreceived(deals: Iterable[Deal], sides: Sides) -> tuple[int, list[str]]:
    """How many steps their writers hold receipts of, and those of them that the other party does not have."""
    count, gone = 0, []
    for deal in deals:
        both = [sides.get((code, deal.case)) for code in (deal.requester, deal.supplier)]
        for own, other, code in ((both[0], both[1], deal.supplier), (both[1], both[0], deal.requester)):
            there = {step.hash for step in other.timeline} if other else set()
            sent = [s for s in own.timeline if s.side == own.side and s.receipted] if own else []
            count += len(sent)
            gone += [f"{step.verb} of {deal.case}, receipted, at {code}" for step in sent if step.hash not in there]
    return count, gone


def unproven(side: OperationView, file: Path, empty: Path, identities: list[Path]) -> str:
    """Why an evidence file does not prove what a party shows; nothing where it does.

    It is read as `xstock op verify` reads it, in a data folder that is `empty` and with the identities of all nodes.
    """
    try:
        found = verified(file, empty, identities)
    except (ProtocolError, Refusal) as error:
        return str(error)
    proven = {step.hash for step in found.steps}
    if found.case != side.case or not found.exercise:
        return f"another case: {found.case}"
    if len(found.parties) != 2 or not all(party.known for party in found.parties):
        return "a party whose root key nobody knows"
    bare = [step.verb for step in side.timeline if step.hash not in proven]
    return f"steps without proof: {', '.join(bare)}" if bare else ""


def ledger(deals: list[Deal], sides: Sides) -> tuple[Result, str]:
    """K14: what was sent is counted, and what was lent came back, runs longer, was lost or given.

    Not exercised where nothing was bound, or no loan came back.
    """
    wrong = unbalanced(deals, sides) + [one for deal in deals for one in _loan(deal, sides)[1]]
    back = [one for deal in deals for one in _loan(deal, sides)[0]]
    told = f"{len(deals)} operations balance on both sides; loans that ended: {', '.join(back) or 'none'}"
    if wrong:
        return "fail", f"{told}; wrong: {', '.join(wrong)}"
    if not deals or not back:
        return "not exercised", f"{told}: a loan that comes back was not played here"
    return "pass", f"{told}; wrong: none"


def _loan(deal: Deal, sides: Sides) -> tuple[list[str], list[str]]:
    """The items of a loan of which something came back, as the supplier shows it; and those that do not add up."""
    side, told, wrong = sides.get((deal.supplier, deal.case)), [], []
    longer: dict[str, Decimal] = {}
    for step in side.timeline if side else ():
        if step.verb == "extended":
            longer |= {line["item"]: Decimal(line["qty"][0]).scaleb(line["qty"][1]) for line in step.fields["lines"]}
    for c in side.counters if side else ():
        lent, back = figure(c, "on_loan"), figure(c, "returned")
        if not back:
            continue
        counted = sum((figure(c, name) for name in ("back_good", "back_damaged", "back_short")), Decimal(0))
        kept, lost, given = longer.get(c.item, Decimal(0)), figure(c, "lost_loan"), figure(c, "given")
        told.append(f"{lent:f} {c.item} = {back:f} back + {kept:f} longer + {lost:f} lost + {given:f} given")
        if back != counted or lent != back + kept + lost + given:
            wrong.append(f"{deal.case} {c.item}")
    return told, wrong


def unbalanced(deals: Iterable[Deal], sides: Sides) -> list[str]:
    """Operations that both sides do not count alike, or whose counters do not add up."""
    wrong = []
    for deal in deals:
        both = [sides.get((code, deal.case)) for code in (deal.requester, deal.supplier)]
        rows = [{(c.item, c.unit): c for c in side.counters} if side else {} for side in both]
        if rows[0] != rows[1] or not rows[0]:
            wrong.append(f"{deal.case} differs")
        wrong += [f"{deal.case} {c.item}" for c in rows[1].values() if not _adds_up(c)]
    return wrong


def _adds_up(counters: CounterView) -> bool:
    names = ("offered", "accepted", "dispatched", "refused", "received", "damaged", "short", "over")
    f = {name: figure(counters, name) for name in names}
    if not f["accepted"]:
        return True
    arrived = f["received"] + f["damaged"] + f["short"] + f["refused"] - f["over"]
    fits = f["offered"] >= f["accepted"] >= f["dispatched"] - f["refused"]
    return fits and f["dispatched"] == arrived + Decimal(counters.in_transit)
