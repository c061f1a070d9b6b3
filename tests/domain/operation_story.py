"""Stories of operations for tests: every step of the table, with the goods that are there to be moved."""

from decimal import Decimal
from typing import Any

from xstock_node.domain import operation, steps
from xstock_node.domain.operation import Event, Operation
from xstock_node.domain.operations import BY_VERB, STEPS, Kind, Side, State, Step
from xstock_node.domain.units import decimal_pair, from_sent_pair

ITEM, UNIT = "HSHETENTF16C", "H87"
NOW, HOUR = 1_790_000_000, 3600
LATER = ("2027-04-30", "2027-05-31", "2027-06-30", "2027-07-31")
ROAD = {"vehicle": "ab" * 32, "crossing": "Vidin-Calafat", "day": "2027-03-29"}
LIGHT = ROAD | {"valid_until": NOW + 24 * HOUR}
STAGED = {"vehicle": ROAD["vehicle"], "crossings": [ROAD["crossing"]], "day": ROAD["day"]}
CONCLUDED = {"amended": "amend", "extended": "extend", "converted": "convert"}
ALL, LOT = Decimal(8), Decimal(4)
Path = tuple[str, ...]


def line(quantity: Decimal) -> dict[str, Any]:
    return {"item": ITEM, "unit": UNIT, "qty": decimal_pair(quantity)}


class Story:
    """One operation about eight tents, sent in two lots; each step moves all that it can."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.lots = 0

    @property
    def operation(self) -> Operation:
        return operation.read(self.events)

    def say(self, verb: str, **fields: Any) -> Event:
        """Take a step, with the goods that are there unless the fields say otherwise."""
        side = self.side(verb)
        body = steps.body_of(verb, self.fields(verb) | fields)
        own = [e for e in self.events if e.side == side]
        other = [e for e in self.events if e.side != side]
        now = NOW + len(self.events)
        event = Event(side, verb, body, len(own) + 1, len(other), now, f"{now:064x}")
        self.events.append(event)
        return event

    def side(self, verb: str) -> Side:
        return BY_VERB[verb].side or "requester"

    def fields(self, verb: str) -> dict[str, Any]:
        """What this step would move; empty lines where there is nothing to move."""
        c = self.operation.counters.get((ITEM, UNIT), operation.Counters())
        border = next((i for i, s in self.operation.consignments.items() if s.stand == "at-border"), "")
        turned = next((i for i, s in self.operation.consignments.items() if s.load and s.load.returning), "")
        waiting = [e.body for e in self.operation.proposals if e.verb == CONCLUDED.get(verb)]
        if waiting:
            day = {"due": due} if (due := getattr(waiting[-1], "due", "")) else {}
            return {"lines": [line(x.quantity) for x in getattr(waiting[-1], "lines", ())]} | day
        if verb in ("request", "offer", "standby", "amend", "amended"):
            return {"lines": [line(ALL)]} | ({"hold_until": NOW + HOUR, "terms": ["loan"]} if verb == "offer" else {})
        if verb in ("accept", "confirm"):
            return {"terms": "loan", "due": "2027-01-31"}
        if verb in ("stage", "green-light", "clear"):
            said = {"stage": STAGED, "green-light": LIGHT, "clear": {}}[verb]
            lit = [f"c{n}" for n in range(self.lots + 1, 9) if f"c{n}" in self.operation.consignments]
            chosen = border or (lit[-1] if verb == "clear" and lit else f"c{self.lots + 1 + len(lit)}")
            return {"consignment": chosen} | said
        if verb == "dispatch":
            self.lots += not border
            there = min(self.of_load(border, "waiting"), c.undispatched) if border else min(c.undispatched, LOT)
            return {"consignment": border or f"c{self.lots}", "lines": [line(there)]} | ROAD
        if verb in ("received", "return-received"):
            good = c.in_transit if verb == "received" else self.coming(turned)
            one = {"provisional": True} if verb == "received" else {}
            home = {"consignment": turned} if turned and verb == "return-received" else {}
            return {"counts": [{"item": ITEM, "unit": UNIT, "good": decimal_pair(good)}]} | home | one
        if verb == "counted":
            return {"of": self.operation.provisional[0].hash if self.operation.provisional else ""}
        if verb in ("resolve", "resolved"):
            return {"of": self.operation.disputes[-1].hash if self.operation.disputes else ""}
        moved = {
            "refused": min(c.in_transit, self.going(f"c{self.lots}")),
            "on-loan": c.outstanding - max(c.lent, Decimal(0)),
            "returned": self.of_load(border, "waiting") if border else min(c.outstanding, LOT),
            "lost": c.in_transit or c.outstanding or self.coming(turned),
            "damaged": Decimal(0),
        } | dict.fromkeys(("extend", "extended", "convert", "converted"), c.lent)
        leg = {"leg": "out" if c.in_transit else "loan" if c.outstanding else "back"} if verb == "lost" else {}
        names = {"refused": f"c{self.lots}", "returned": border or f"c{self.lots}"}
        names["lost"] = turned if leg.get("leg") == "back" else border or f"c{self.lots}"
        where = {"consignment": names[verb]} if verb in names else {}
        later = {"due": LATER[min(len(self.operation.loans), 3)]} if verb == "extend" else {}
        return {"lines": [line(moved[verb])], **leg, **where, **later} if verb in moved else {}

    def of_load(self, consignment: str, what: str) -> Decimal:
        """Of what a border refused of a consignment: what is waiting, or returning."""
        status = self.operation.consignments.get(consignment)
        return getattr(status.load, what).get((ITEM, UNIT), Decimal(0)) if status and status.load else Decimal(0)

    def coming(self, turned: str) -> Decimal:
        """What is on its way home: of a load that was turned back, else of what was lent."""
        if turned:
            return self.of_load(turned, "returning")
        return self.operation.counters.get((ITEM, UNIT), operation.Counters()).coming_back

    def going(self, consignment: str) -> Decimal:
        """What left with a consignment and was not refused."""
        status = self.operation.consignments.get(consignment)
        sent = status.sent.get((ITEM, UNIT), Decimal(0)) if status else Decimal(0)
        return sent - self.of_load(consignment, "refused")

    def ready(self, step: Step) -> bool:
        """Whether a decision has a proposal to answer, and there are goods."""
        waiting = {e.verb for e in self.operation.proposals}
        if (step.answers and not step.answers & waiting) or (step.kind is Kind.PROPOSAL and step.verb in waiting):
            return False
        return step.verb in FREE or self.moves_something(step.verb)

    def mark(self) -> str:
        """What makes this situation another than the next one."""
        here = self.operation
        stands = sorted(c.stand for c in here.consignments.values())
        return repr((here.state, here.counters, sorted(e.verb for e in here.proposals), stands))

    def moves_something(self, verb: str) -> bool:
        """Whether there are goods for this step."""
        lots, fields = self.lots, self.fields(verb)
        self.lots = lots
        said = [x["qty"] for x in fields.get("lines", ())] + [x["good"] for x in fields.get("counts", ())]
        return all(from_sent_pair(quantity) > 0 for quantity in said)


def told(path: Path) -> Story:
    """The story of a path of verbs."""
    story = Story()
    for verb in path:
        story.say(verb)
    return story


def arrows() -> list[tuple[Step, State]]:
    """Every arrow of the table: a step and a state it may be taken in."""
    return [(step, state) for step in STEPS for state in sorted(step.states)]


FREE = frozenset({"told", "ask", "correct", "departed", "border", "instruct", "end-use", "counted"}) | frozenset(
    {"recall-agreed", "damaged", "amend", "amended", "not-agreed", "stage", "short-close", "short-closed"}
)
QUIET = FREE | {"extend", "extended"}
"""Steps that change neither state nor what is on the way: no story needs them to get anywhere."""


LENT = ("request", "offer", "accept", "confirm", "dispatch", "received", "on-loan")
LATE = ((*LENT, "convert", "converted"), (*LENT, "dispatch", "received", "on-loan", "returned"))


def stories(seeds: tuple[Path, ...] = (("notify",), ("request",)), most: int = 600) -> list[Story]:
    """Stories of situations that differ by state, counters, proposals or consignments, shortest first."""
    found, seen = [told(path) for path in seeds], set()
    for story in found:  # grows while it is walked
        here = story.operation
        for step in STEPS:
            if step.verb in QUIET or here.state not in step.states or not story.ready(step):
                continue
            longer = Story()
            longer.events, longer.lots = [*story.events], story.lots
            longer.say(step.verb)
            if (mark := longer.mark()) not in seen and len(found) < most:
                seen.add(mark)
                found.append(longer)
    return found
