"""What must come out of an exercise: checks K1 to K15, each measured on the nodes after the play."""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Literal

import msgspec

from xstock_node.domain.corridors import Movement, corridor
from xstock_node.domain.needs import above_ratio
from xstock_node.domain.routes import Trip, quickest
from xstock_node.domain.terms import Regime, Terms
from xstock_node.protocol import evidence
from xstock_node.services.documents.library import customs_facts
from xstock_node.services.evidencing import export_evidence
from xstock_node.services.operating import CaseId
from xstock_node.testing.exercise.play import PLATE, Deal, Play
from xstock_node.testing.exercise.stage import OFFICER

Result = Literal["pass", "fail", "not exercised"]
NEVER = ("tetanus_vaccine", "insulin", "morphine", "diesel_fuel", "clothes_used")


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One check: its label, what it is about, how it came out, and the figures that show it."""

    id: str
    check: str
    result: Result
    detail: str


class Checks:
    """All checks of one play."""

    def __init__(self, play: Play) -> None:
        self.play, self.stage, self.file = play, play.stage, play.file
        self.expected = self.file.raw.get("expected", {})
        self.unverifiable = self.lost = 0

    @property
    def double_promises(self) -> int:
        """Promises beyond what there is, but for goods that were damaged afterwards, which are at risk and shown."""
        risk = {tuple(one.split(" ")) for one in self.play.at_risk}
        return len({one for one in self.stage.over if one not in risk})

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

    async def _double(self) -> tuple[Result, str]:
        shown = ", ".join(self.play.at_risk) or "nothing"
        return passed(
            self.double_promises == 0
        ), f"{self.double_promises} beyond what there is; at risk and shown: {shown}"

    async def _lost(self) -> tuple[Result, str]:
        """What a desk was told is signed and received stands in both desks' timelines."""
        for case, verb in self.play.acknowledged:
            deal = next(d for d in self.play.deals if d.case == case)
            for code in (deal.requester, deal.supplier):
                found = await self.stage.view(code, case)
                self.lost += found is None or not any(s.verb == verb for s in found.timeline)
        return passed(self.lost == 0), f"{self.lost} of {len(self.play.acknowledged)} acknowledged steps lost"

    async def _verifiable(self) -> tuple[Result, str]:
        for deal in self._bound_deals():
            for code in (deal.requester, deal.supplier):
                office = self.stage.desks[code].office
                file = await export_evidence(office, OFFICER, CaseId(case=deal.case))
                proven = evidence.verify(file.content)
                self.unverifiable += len(proven.messages) != file.messages or not proven.case.startswith("x")
        return passed(self.unverifiable == 0), f"{2 * len(self._bound_deals())} evidence files of both sides verified"

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
        fine = not wrong and held == len(self.play.offers)
        return passed(
            fine
        ), f"{len(self.expected['position'])} positions, {len(self.play.offers)} offers, {len(wrong)} wrong"

    async def _fairness(self) -> tuple[Result, str]:
        """Who has less than its fair part is told why; nobody has more."""
        bare = [line.line for line in self.play.plan.lines if line.unmet > 0 and not line.why]
        above = [
            line.line for line in self.play.plan.lines if line.covered > line.fair and not self._has_subs(line.line)
        ]
        return passed(not bare and not above), f"{len(self.play.plan.lines)} lines, {len(bare)} without a reason"

    async def _bound(self) -> tuple[Result, str]:
        given: dict[str, Decimal] = defaultdict(Decimal)
        for deal in self._bound_deals():
            for (item, _), counters in (
                (await self.stage.dossier(deal.supplier, deal.case)).operation().counters.items()
            ):
                given[item] += counters.accepted
        over = [item for item, quantity in given.items() if quantity > self._fair_total(item)]
        return passed(not over), f"{len(given)} items accepted, above the fair bound: {', '.join(over) or 'none'}"

    async def _unknown(self) -> tuple[Result, str]:
        """A load with an item of unknown weight or volume names it."""
        unknown = {item.code for item in self.file.catalogue.all() if item.net_kg is None or item.m3 is None}
        moved = {flow.item for flow in self.play.plan.flows} & unknown
        named = {item for trip in self.play.plan.trips for item in trip.unknown}
        if not moved:
            return "not exercised", "nothing of unknown weight or volume moves"
        return passed(moved <= named), f"named as unknown: {', '.join(sorted(named))}"

    async def _never(self) -> tuple[Result, str]:
        there = [item for item in NEVER if self.file.catalogue.get(item)]
        if not there:
            return "not exercised", "no such goods in the exercise"
        offered = [item for _, item in self.play.offers if item in there]
        asked = {need["line"] for need in self.file.requests if need["item"] in there}
        told = [line.line for line in self.play.plan.lines if line.line in asked and line.unmet > 0 and line.why]
        return passed(not offered and len(told) == len(asked)), f"unmet and handed to people: {', '.join(sorted(told))}"

    async def _agreement(self) -> tuple[Result, str]:
        if not self.play.barred:
            return "not exercised", "no agreement stands in anybody's way"
        early = [c for c, at in self.play.bound_at.items() if c in self.play.barred and at < self.play.barred[c]]
        return passed(
            not early
        ), f"{len(self.play.barred)} offers waited for an agreement, {len(early)} were binding too early"

    async def _routes(self) -> tuple[Result, str]:
        wrong, count = [], 0
        for row in self.expected.get("routes", ()):
            for key, lorry in (("at_start_40t", 40), ("at_start_18t", 18)):
                found = quickest(self.file.network, Trip(start=row["from"], end=row["to"], truck=Decimal(lorry)))
                count += 1
                hours = Decimal(row[key]["hours"])
                if found is None or abs(found.hours - hours) > hours / 20:
                    wrong.append(f"{row['from']}-{row['to']}")
        shut = [d for d in self.play.roads if set(d.crossings) & self.file.closed_at(d.hour)]
        fine = not wrong and not shut
        return passed(
            fine
        ), f"{count} expected ways, {len(wrong)} off; {len(self.play.roads)} departures, {len(shut)} over a closed road"

    async def _papers(self) -> tuple[Result, str]:
        """Bulgaria to Croatia: transit that keeps the status through Serbia, nothing through Romania and Hungary."""
        facts, today = customs_facts(), self.file.today
        through = {way: corridor(Movement(countries=way, terms=Terms.DONATION), facts, today) for way in (
            ("BG", "RS", "HR"), ("BG", "RO", "HU", "HR"))}  # fmt: skip
        serbia, inside = through["BG", "RS", "HR"], through["BG", "RO", "HU", "HR"]
        fine = any(s.regime is Regime.T2 for s in serbia.out) and all(s.regime is Regime.NONE for s in inside.out)
        return passed(fine), f"through Serbia: {', '.join(s.regime for s in serbia.out)}; through Hungary: none"

    async def _exercise(self) -> tuple[Result, str]:
        bare = [deal.case for deal in self.play.deals if not deal.case.startswith("x")]
        for desk in self.stage.desks.values():
            states = await desk.office.node.engine.read(lambda tx: tx.logs.states())
            real = [str(s.log) for s in states if not s.log.is_exercise and s.log.label != "audit"]
            bare += real
            bare += ["stock"] if await desk.office.node.engine.read(lambda tx: tx.stock.lines()) else []
        return passed(not bare), f"{len(self.play.deals)} cases and every shared log carry the mark; no real stock"

    async def _persons(self) -> tuple[Result, str]:
        """The plate of every lorry: beside the steps at the two parties, in no log and in no signed text."""
        mark, found, kept = PLATE.encode(), 0, 0
        for desk in self.stage.desks.values():
            node = desk.office.node
            for state in await node.engine.read(lambda tx: tx.logs.states()):
                lines = await node.engine.read(lambda tx, s=state: tx.logs.lines(s.log, 0, s.frontier.size))  # type: ignore[misc]
                found += sum(mark in line for line in lines)
            for case in await node.engine.read(lambda tx, n=node: tx.cases.all(n.home.name)):  # type: ignore[misc]
                held = await node.engine.read(lambda tx, c=case: tx.cases.messages(c.id))  # type: ignore[misc]
                found += sum(mark in message.raw for message in held)
                kept += len(await node.engine.read(lambda tx, c=case: tx.cases.side_lines(c.id)))  # type: ignore[misc]
        return passed(found == 0 and kept > 0), f"{found} in logs or signed texts; {kept} kept apart, erasable"

    async def _ledger(self) -> tuple[Result, str]:
        wrong = []
        for deal in self._bound_deals():
            sides = [(await self.stage.dossier(c, deal.case)).operation() for c in (deal.requester, deal.supplier)]
            if sides[0].counters != sides[1].counters:
                wrong.append(f"{deal.case} differs")
            for key, c in sides[0].counters.items():
                if not c.accepted:
                    continue
                arrived = c.received + c.damaged + c.short + c.refused - c.over
                if not (c.offered >= c.accepted >= c.dispatched - c.refused) or c.dispatched != arrived + c.in_transit:
                    wrong.append(f"{deal.case} {key[0]}")
        return passed(not wrong), f"{len(self._bound_deals())} operations balance on both sides; {len(wrong)} do not"

    async def _over_asking(self) -> tuple[Result, str]:
        if not any("by_ratio" in need for need in self.file.requests):
            return "not exercised", "no ratio is in the file"
        flagged = [
            need["line"]
            for need in self.file.requests
            if above_ratio(Decimal(need["gross"]), Decimal(need["by_ratio"]) if "by_ratio" in need else None)
        ]
        wanted = self.expected.get("summary", {}).get("asked_above_ratio", flagged)
        return passed(flagged == wanted), f"flagged, and without weight above the ratio: {', '.join(flagged) or 'none'}"

    def _bound_deals(self) -> list[Deal]:
        return [deal for deal in self.play.deals if deal.case in self.play.bound_at]

    def _has_subs(self, line: str) -> bool:
        return any(flow.line == line and flow.counts != flow.quantity for flow in self.play.plan.flows)

    def _fair_total(self, item: str) -> Decimal:
        split = self.file.fair_plan.get(item)
        return sum((share.quantity for share in split.shares), Decimal(0)) if split else Decimal(0)


def passed(true: bool) -> Result:
    """The result of a check that was exercised."""
    return "pass" if true else "fail"
