"""Where the goods of an operation really are: a model of its own, beside what the messages say of them."""

from collections import Counter
from typing import Any

from xstock_node.domain.counters import Counters

Fields = dict[str, Any]


class Ledger:
    """Pieces of one operation by place: `store` (what it took out of it, below zero), `out`, at the `border` (of each
    consignment), `there`, coming `back` (of a load that was turned back: `home`), and how they are counted.

    Goods are in one place only: a step that tells of goods elsewhere does not happen, whatever its writer believes.
    """

    def __init__(self) -> None:
        self.at: Counter[str] = Counter()
        self.turned: set[str] = set()
        self.spoiled = 0
        self.counted: dict[str, tuple[int, int]] = {}

    def tell(self, side: str, verb: str, fields: Fields, hash_: str) -> None:
        """A step that was signed happened."""
        lines, leg = sum(pieces(x["qty"]) for x in fields.get("lines", ())), fields.get("leg", "out")
        for place, quantity in self._moves(side, verb, fields, lines, leg).items():
            self.at[place] += quantity
        if verb == "refused":
            self.turned.add(fields["consignment"])
        if verb == "return-received" and fields.get("consignment") in self.turned:
            self.spoiled += sum(figures(fields)[1:3])
        if (verb == "damaged" and side == "supplier") or (verb == "lost" and fields.get("consignment") in self.turned):
            self.spoiled += lines
        if verb == "received":
            self.counted[hash_] = figures(fields)[:2]
        if verb == "correct":
            self.counted[fields["of"]] = figures(fields)[:2]

    def allows(self, side: str, verb: str, fields: Fields) -> bool:
        """Whether the goods are where a step says."""
        lines, leg = sum(pieces(x["qty"]) for x in fields.get("lines", ())), fields.get("leg", "out")
        moves = self._moves(side, verb, fields, lines, leg)
        return all(self.at[place] + quantity >= 0 or place in ("lent", "store") for place, quantity in moves.items())

    def _moves(self, side: str, verb: str, fields: Fields, lines: int, leg: str) -> Counter[str]:
        good, damaged, short, over = figures(fields)
        load = fields.get("consignment", "")
        back = f"back {load}" if load in self.turned else "back"
        moves: dict[str, dict[str, int]] = {
            "dispatch": {"out": lines, "store": -lines},
            "refused": {"out": -lines, f"border {load}": lines},
            "received": {
                "out": -good - damaged - short,
                "there": good + damaged + over,
                "good": good,
                "damaged": damaged,
            },
            "on-loan": {"lent": lines},
            "converted": {"there": -lines, "lent": -lines, "given": lines},
            "returned": {"back": lines, "there": -lines, "lent": -lines},
            "lost": {{"out": "out", "loan": "there", "back": back}[leg]: -lines, "lost": lines},
            "return-received": {
                back: -good - damaged - short,
                "home": good,
                "broken": damaged,
                "store": good,
            },
        }
        found = Counter(moves.get(verb, {}))
        if verb == "lost" and leg == "loan":
            found["lent"] -= lines
        if verb == "returned" and load in self.turned:
            found = Counter({back: lines, f"border {load}": -lines})
        if verb == "dispatch" and load in self.turned:  # under its id nothing leaves but what a border holds
            found = Counter({"out": lines, f"border {load}": -lines})
        if verb == "damaged":
            better, worse = ("good", "damaged") if side == "requester" else ("home", "broken")
            found = Counter({better: -lines, worse: lines, "store": -lines if side == "supplier" else 0})
        if verb == "correct":
            before = self.counted[fields["of"]]
            found = Counter({"good": good - before[0], "damaged": damaged - before[1]})
        return found

    def differs(self, counters: Counters) -> str:
        """Where the counters say something else than is; empty where they say the same."""
        said = {
            "out": counters.in_transit,
            "store": counters.reloaded - counters.dispatched + counters.back_good,
            "border": counters.at_border,
            "returning": counters.returning,
            "there": counters.outstanding,
            "lent": counters.lent,
            "back": counters.coming_back - counters.returning,
            "given": counters.given,
            "lost": counters.lost_out + counters.lost_loan + counters.lost_back,
            "good": counters.received,
            "damaged": counters.damaged,
            "home": counters.back_good,
            "broken": counters.back_damaged,
        }
        there = Counter(dict(self.at) | {"border": self._loads("border "), "returning": self._loads("back ")})
        return ", ".join(f"{k}: {said[k]} said, {there[k]} is" for k in said if said[k] != there[k])

    def _loads(self, place: str) -> int:
        return sum(quantity for at, quantity in self.at.items() if at.startswith(place))


def pieces(pair: Any) -> int:
    """Whole pieces of a quantity on the wire."""
    return int(pair[0] * 10 ** pair[1])


def figures(fields: Fields) -> tuple[int, int, int, int]:
    """Good, damaged, short and over of a count."""
    count = next(iter(fields.get("counts", ())), {})
    good, damaged, short, over = (pieces(count.get(name, (0, 0))) for name in ("good", "damaged", "short", "over"))
    return good, damaged, short, over
