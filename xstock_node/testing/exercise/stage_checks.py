"""The checks of an exercise in memory: measured inside the nodes, down to their logs and kept side lines."""

from collections import defaultdict
from decimal import Decimal

from xstock_node.protocol import evidence
from xstock_node.services.evidencing import export_evidence
from xstock_node.services.operating import CaseId
from xstock_node.testing.exercise.checks import Checks, Result, passed
from xstock_node.testing.exercise.play import Play
from xstock_node.testing.exercise.stage import OFFICER
from xstock_node.testing.exercise.story import PLATE, Deal


class StageChecks(Checks):
    """All checks of one play on a stage."""

    def __init__(self, play: Play) -> None:
        super().__init__(play)
        self.play, self.stage = play, play.stage

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return self.play.requests

    @property
    def double_promises(self) -> int:
        """Promises beyond what there is, but for goods that were damaged afterwards, which are at risk and shown."""
        risk = {tuple(one.split(" ")) for one in self.play.at_risk}
        return len({one for one in self.stage.over if one not in risk})

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

    async def _bound(self) -> tuple[Result, str]:
        given: dict[str, Decimal] = defaultdict(Decimal)
        for deal in self._bound_deals():
            for (item, _), counters in (
                (await self.stage.dossier(deal.supplier, deal.case)).operation().counters.items()
            ):
                given[item] += counters.accepted
        over = [item for item, quantity in given.items() if quantity > self._fair_total(item)]
        return passed(not over), f"{len(given)} items accepted, above the fair bound: {', '.join(over) or 'none'}"

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

    def _bound_deals(self) -> list[Deal]:
        return [deal for deal in self.play.deals if deal.case in self.play.bound_at]
