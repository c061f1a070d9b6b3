"""The checks of an exercise in memory: measured inside the nodes, down to their logs and kept side lines."""

from collections import defaultdict
from decimal import Decimal

from xstock_node.protocol import evidence
from xstock_node.services.evidencing import export_evidence
from xstock_node.services.mobilising import list_events
from xstock_node.services.operating import CaseId
from xstock_node.services.operation_views import OperationView
from xstock_node.services.publishing import list_offers
from xstock_node.testing.exercise import real_counting as counting
from xstock_node.testing.exercise.checks import Check, Checks, Result, passed
from xstock_node.testing.exercise.play import Play
from xstock_node.testing.exercise.stage import OFFICER
from xstock_node.testing.exercise.story import PLATE, Deal


class StageChecks(Checks):
    """All checks of one play on a stage."""

    def __init__(self, play: Play) -> None:
        super().__init__(play)
        self.play, self.stage = play, play.stage
        self.sides: dict[tuple[str, str], OperationView] = {}
        self.twice: set[str] = set()

    @property
    def requests(self) -> int:
        """How many requests were sent."""
        return self.play.requests

    @property
    def double_promises(self) -> int:
        """Promises beyond what there is, but for goods that were damaged afterwards, which are at risk and shown."""
        beyond = {" ".join(one) for one in self.stage.over} | self.twice
        return len(beyond - set(self.play.at_risk))

    async def _double(self) -> tuple[Result, str]:
        """By the nodes' own sums all the while; in the end by what both sides show, beside the stock of the file."""
        stock = {
            code: {one.item: one.offerable for one in self.play.file.standing(code).positions}
            for code in self.stage.names
        }
        self.twice = set(counting.promised_twice(counting.alive(self.play.deals, self.sides), self.sides, stock))
        shown, count = ", ".join(self.play.at_risk) or "nothing", self.double_promises
        return passed(count == 0), f"{count} beyond what there is; at risk and shown: {shown}"

    async def all(self) -> list[Check]:
        """Every check, in order, on what both parties show of every case at the end."""
        for case, codes in self.stage.cases.items():
            for code in codes:
                view = await self.stage.view(code, case)
                if view is not None:
                    self.sides[code, case] = view
        return await super().all()

    async def _lost(self) -> tuple[Result, str]:
        """What a node told its people, or another node by its receipt, is there at both; so is every own offer."""
        told = set(self.stage.acknowledged)
        parties = [Deal(one, other, (), case, ()) for case, (one, other) in self.stage.cases.items()]
        lost = counting.lost(told, parties, self.sides)
        receipts, gone = counting.unreceived(parties, self.sides)
        offers = 0
        for desk in self.stage.desks.values():
            live = {offer.id for offer in await list_offers(desk.office, OFFICER)}
            own = {id_ for id_, name in self.stage.published.items() if name == desk.name}
            offers, lost = offers + len(own), lost + [f"offer {id_} of {desk.code}" for id_ in own - live]
        lost += gone
        self.lost = len(lost)
        counts = f"{len(told)} acknowledged steps, {receipts} receipts and {offers} offers"
        return passed(not lost), f"{len(lost)} of {counts} lost: {'; '.join(lost) or 'none'}"

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
        for (_, _, item), quantity in counting.accepted(self._bound_deals(), self.sides).items():
            given[item] += quantity
        over = [item for item, quantity in given.items() if quantity > self._fair_total(item)]
        return passed(not over), f"{len(given)} items accepted, above the fair bound: {', '.join(over) or 'none'}"

    async def _exercise(self) -> tuple[Result, str]:
        bare = [deal.case for deal in self.play.deals if not deal.case.startswith("x")]
        for desk in self.stage.desks.values():
            states = await desk.office.node.engine.read(lambda tx: tx.logs.states())
            real = [str(s.log) for s in states if not s.log.is_exercise and s.log.label != "audit"]
            bare += real
            bare += ["stock"] if await desk.office.node.engine.read(lambda tx: tx.stock.lines()) else []
            bare += [row.event for row in await list_events(desk.office, OFFICER) if not row.exercise]
        bare += [f"paper of {one.case}" for one in self.play.certificates if "EXERCISE" not in one.text]
        counts = f"{len(self.play.deals)} cases, {len(self.play.certificates)} papers, the tables and every shared log"
        return passed(not bare), f"{counts} carry the mark, but for: {', '.join(bare) or 'none'}; no real stock"

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
        return counting.ledger(self._bound_deals(), self.sides)

    def _bound_deals(self) -> list[Deal]:
        return [deal for deal in self.play.deals if deal.case in self.play.bound_at]
