"""What must come out of an exercise: checks K1 to K15, each measured on the nodes after the play."""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal

import msgspec
from msgspec import structs

from xstock_node.domain.corridors import Movement, corridor
from xstock_node.domain.fairness import FairRule, fair_split
from xstock_node.domain.needs import above_ratio
from xstock_node.domain.routes import Trip, quickest
from xstock_node.domain.terms import Regime, Terms
from xstock_node.services.documents.library import customs_facts
from xstock_node.testing.exercise.story import Deal, Story

Result = Literal["pass", "fail", "not exercised"]
NEVER = ("tetanus_vaccine", "insulin", "morphine", "diesel_fuel", "clothes_used")


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One check: its label, what it is about, how it came out, and the figures that show it."""

    id: str
    check: str
    result: Result
    detail: str


class Checks(ABC):
    """All checks of one play; what has to be asked of the nodes is for the ground they stand on."""

    def __init__(self, play: Story) -> None:
        self.story, self.file = play, play.file
        self.expected = self.file.raw.get("expected", {})
        self.unverifiable = self.lost = 0

    @property
    @abstractmethod
    def requests(self) -> int:
        """How many requests were sent."""

    @property
    @abstractmethod
    def double_promises(self) -> int:
        """How many items of how many suppliers are promised beyond what there is."""

    @property
    def operations(self) -> int:
        """How many operations are binding."""
        return len(self._bound_deals())

    async def all(self) -> list[Check]:
        """Every check, in order."""
        found: list[tuple[str, str, Callable[[], Awaitable[tuple[Result, str]]]]] = [
            ("K1", "double_promises", self._double),
            ("K2", "lost_acknowledged", self._lost),
            ("K3", "unverifiable_operations", self._verifiable),
            ("K4", "offerable", self._offerable),
            ("K5", "fairness", self._fairness),
            ("K6", "bound", self._bound),
            ("K7", "unknown", self._unknown),
            ("K8", "never_offered", self._never),
            ("K9", "agreement", self._agreement),
            ("K10", "routes", self._routes),
            ("K11", "papers", self._papers),
            ("K12", "exercise", self._exercise),
            ("K13", "persons", self._persons),
            ("K14", "ledger", self._ledger),
            ("K15", "over_asking", self._over_asking),
        ]
        checks = []
        for id_, name, run in found:
            result, detail = await run()
            checks.append(Check(id=id_, check=name, result=result, detail=detail))
        return checks

    async def _offerable(self) -> tuple[Result, str]:
        if "position" not in self.expected:
            return "not exercised", "the file has no expected positions"
        wrong = []
        for row in self.expected["position"]:
            found = self.file.standing(row["node"]).of(row["item"])
            named = ("on_hand", "usable", "gross_need", "own_use", "net_need", "lendable", "keep_back", "offerable")
            if found is None or any(getattr(found, name) != Decimal(row[name]) for name in named):
                wrong.append(f"{row['node']} {row['item']}")
        held = sum(Decimal(row["offerable"]) > 0 for row in self.expected["position"])
        fine = not wrong and held == len(self.story.offers)
        return passed(
            fine
        ), f"{len(self.expected['position'])} positions, {len(self.story.offers)} offers, {len(wrong)} wrong"

    async def _fairness(self) -> tuple[Result, str]:
        """Who has less than its fair part is told why; nobody has more."""
        bare = [line.line for line in self.story.plan.lines if line.unmet > 0 and not line.why]
        above = [
            line.line for line in self.story.plan.lines if line.covered > line.fair and not self._has_subs(line.line)
        ]
        return passed(not bare and not above), f"{len(self.story.plan.lines)} lines, {len(bare)} without a reason"

    async def _unknown(self) -> tuple[Result, str]:
        """A load with an item of unknown weight or volume names it."""
        unknown = {item.code for item in self.file.catalogue.all() if item.net_kg is None or item.m3 is None}
        moved = {flow.item for flow in self.story.plan.flows} & unknown
        named = {item for trip in self.story.plan.trips for item in trip.unknown}
        if not moved:
            return "not exercised", "nothing of unknown weight or volume moves"
        return passed(moved <= named), f"named as unknown: {', '.join(sorted(named))}"

    async def _never(self) -> tuple[Result, str]:
        there = [item for item in NEVER if self.file.catalogue.get(item)]
        if not there:
            return "not exercised", "no such goods in the exercise"
        offered = [item for _, item in self.story.offers if item in there]
        asked = {need["line"] for need in self.file.requests if need["item"] in there}
        told = [line.line for line in self.story.plan.lines if line.line in asked and line.unmet > 0 and line.why]
        return passed(not offered and len(told) == len(asked)), f"unmet and handed to people: {', '.join(sorted(told))}"

    async def _agreement(self) -> tuple[Result, str]:
        if not self.story.barred:
            return "not exercised", "no agreement stands in anybody's way"
        early = [f"{c} was sent" for c in self.story.ungated]
        early += [c for c, at in self.story.bound_at.items() if c in self.story.barred and at < self.story.barred[c]]
        return passed(
            not early
        ), f"{len(self.story.barred)} offers waited for an agreement, {len(early)} were sent or binding too early"

    async def _routes(self) -> tuple[Result, str]:
        wrong, count = [], 0
        for row in self.expected.get("routes", ()):
            for key, lorry in (("at_start_40t", 40), ("at_start_18t", 18)):
                found = quickest(self.file.network, Trip(start=row["from"], end=row["to"], truck=Decimal(lorry)))
                count += 1
                hours = Decimal(row[key]["hours"])
                if found is None or abs(found.hours - hours) > hours / 20:
                    wrong.append(f"{row['from']}-{row['to']}")
        shut = [d for d in self.story.roads if set(d.crossings) & self.file.closed_at(d.hour)]
        fine = not wrong and not shut
        went = f"{len(self.story.roads)} departures, {len(shut)} over a closed road"
        return passed(fine), f"{count} expected ways, {len(wrong)} off; {went}"

    async def _papers(self) -> tuple[Result, str]:
        """Bulgaria to Croatia: transit that keeps the status through Serbia, nothing through Romania and Hungary.

        And the donation certificates to Serbia and Montenegro, as they stood before their lorries left.
        """
        facts, today = customs_facts(), self.file.today
        through = {way: corridor(Movement(countries=way, terms=Terms.DONATION), facts, today) for way in (
            ("BG", "RS", "HR"), ("BG", "RO", "HU", "HR"))}  # fmt: skip
        serbia, inside = through["BG", "RS", "HR"], through["BG", "RO", "HU", "HR"]
        fine = any(s.regime is Regime.T2 for s in serbia.out) and all(s.regime is Regime.NONE for s in inside.out)
        told = f"through Serbia: {', '.join(s.regime for s in serbia.out)}; through Hungary: none"
        bare = self._bare_certificates()
        if not fine or bare:
            return "fail", f"{told}; wanting on certificates: {', '.join(bare) or 'nothing'}"
        if not self.story.certificates:
            return "not exercised", f"{told}; no donation certificate was made before a departure"
        return "pass", f"{told}; {len(self.story.certificates)} certificates have plate, crossing and arrival"

    def _bare_certificates(self) -> list[str]:
        found = []
        for case, text, wanted in self.story.certificates:
            wants = {
                "plate": wanted.plate,
                "crossing": wanted.crossing,
                "arrival": f"{datetime.fromtimestamp(wanted.arrival, UTC):%Y-%m-%d}",
            }
            found += [f"{name} of {case}" for name, one in wants.items() if not one or one not in text]
        return found

    async def _over_asking(self) -> tuple[Result, str]:
        if not any("by_ratio" in need for need in self.file.requests):
            return "not exercised", "no ratio is in the file"
        flagged = [
            need["line"]
            for need in self.file.requests
            if above_ratio(Decimal(need["gross"]), Decimal(need["by_ratio"]) if "by_ratio" in need else None)
        ]
        wanted = self.expected.get("summary", {}).get("asked_above_ratio", flagged)
        heavy = [line for line in flagged if self._has_weight_above_ratio(line)]
        told = f"above the ratio: {', '.join(flagged) or 'none'}; with weight above it: {', '.join(heavy) or 'none'}"
        if flagged != wanted or heavy:
            return "fail", told
        return "not exercised", f"{told}; that all who are asked see the flag is not: no node shows it to them yet"

    def _has_weight_above_ratio(self, line: str) -> bool:
        """Whether asking still more would bring more: then what is above the ratio has weight."""
        need = next(one for one in self.file.requests if one["line"] == line)
        item = self.file.catalogue.get(need["item"])
        assert item is not None
        claims = self.file.claims(item.code)
        more = [structs.replace(c, asked=c.asked * 2) if c.requester == need["node"] else c for c in claims]
        there = self.file.offerable(item.code)
        split = fair_split(more, there, item.multiple, FairRule())
        return split.of(need["node"]) > self.file.fair_plan[item.code].of(need["node"])

    @abstractmethod
    async def _double(self) -> tuple[Result, str]: ...

    @abstractmethod
    async def _lost(self) -> tuple[Result, str]: ...

    @abstractmethod
    async def _verifiable(self) -> tuple[Result, str]: ...

    @abstractmethod
    async def _bound(self) -> tuple[Result, str]: ...

    @abstractmethod
    async def _exercise(self) -> tuple[Result, str]: ...

    @abstractmethod
    async def _persons(self) -> tuple[Result, str]: ...

    @abstractmethod
    async def _ledger(self) -> tuple[Result, str]: ...

    @abstractmethod
    def _bound_deals(self) -> list[Deal]: ...

    def _has_subs(self, line: str) -> bool:
        return any(flow.line == line and flow.counts != flow.quantity for flow in self.story.plan.flows)

    def _fair_total(self, item: str) -> Decimal:
        split = self.file.fair_plan.get(item)
        return sum((share.quantity for share in split.shares), Decimal(0)) if split else Decimal(0)


def passed(true: bool) -> Result:
    """The result of a check that was exercised."""
    return "pass" if true else "fail"
