"""The checks of a real exercise: those of the play in memory, measured through the nodes' sockets, and the faults."""

import asyncio
from decimal import Decimal
from pathlib import Path

from xstock_node.services.operating import CaseId
from xstock_node.services.operation_views import OperationView
from xstock_node.testing.exercise import real_counting
from xstock_node.testing.exercise.checks import Check, Checks, Result, passed
from xstock_node.testing.exercise.real_lines import SLOW_SECONDS
from xstock_node.testing.exercise.real_nodes import together
from xstock_node.testing.exercise.real_play import CUT, RESTORED, SLOW, RealPlay
from xstock_node.testing.exercise.story import PLATE, Deal


class RealChecks(Checks):
    """All checks of one real play. What both sides show of every case is read once, by `look`."""

    def __init__(self, play: RealPlay) -> None:
        super().__init__(play)
        self.play, self.nodes = play, play.stage
        self.sides: dict[tuple[str, str], OperationView] = {}
        self.twice: list[str] = []

    @property
    def double_promises(self) -> int:
        """Supplier and item of which more is bound than its node offers."""
        return len(self.twice)

    @property
    def requests(self) -> int:
        """How many requests stand in the timelines of the nodes."""
        steps = (step for side in self.sides.values() for step in side.timeline if step.verb == "request")
        return len({step.fields["request"] for step in steps})

    async def look(self) -> None:
        """Read every case at both its parties."""
        for deal in self.play.deals:
            codes = (deal.requester, deal.supplier)
            views = await together(*(self.nodes.view(code, deal.case) for code in codes))
            self.sides |= {(code, deal.case): v for code, v in zip(codes, views, strict=True) if v is not None}

    async def all(self) -> list[Check]:
        """Every check, in order; R1 to R3 say whether the faults of this run were faults."""
        await self.look()
        return [*await super().all(), self._cut(), self._restored(), self._slow()]

    async def _double(self) -> tuple[Result, str]:
        stock: dict[str, dict[str, Decimal]] = {}
        for code, node in self.nodes.nodes.items():
            offers = await node.session.call("offer.list")
            stock[code] = {offer.item: Decimal(offer.quantity) for offer in offers}
        self.twice = real_counting.promised_twice(self.play.deals, self.sides, stock)
        return passed(not self.twice), f"{len(self.twice)} beyond what there is: {', '.join(self.twice) or 'none'}"

    async def _lost(self) -> tuple[Result, str]:
        """Each hash that a node gave its people stands in the timelines of both parties."""
        told = set(self.nodes.acknowledged)
        lost = real_counting.lost(told, self.play.deals, self.sides)
        self.lost = len(lost)
        return passed(not lost), f"{len(lost)} of {len(told)} acknowledged steps lost: {'; '.join(lost) or 'none'}"

    async def _verifiable(self) -> tuple[Result, str]:
        free = asyncio.Semaphore(6)

        async def one(code: str, case: str) -> str:
            async with free:
                return await self._why_unproven(code, case)

        sides = [(code, deal.case) for deal in self._bound_deals() for code in (deal.requester, deal.supplier)]
        whys = await together(*(one(code, case) for code, case in sides))
        wrong = [f"{case} of {code}: {why}" for (code, case), why in zip(sides, whys, strict=True) if why]
        self.unverifiable = len({case for (_, case), why in zip(sides, whys, strict=True) if why})
        return passed(
            not wrong
        ), f"{len(sides)} evidence files of both sides verified; wrong: {'; '.join(wrong) or 'none'}"

    async def _why_unproven(self, code: str, case: str) -> str:
        side, empty = self.sides.get((code, case)), self.nodes.folder / "nobody"
        if side is None:
            return f"{code} does not hold it"
        made = await self.nodes.nodes[code].session.call("op.evidence", CaseId(case=case))
        file = Path(self.nodes.folder / f"{code}-{made.file}")
        await asyncio.to_thread(file.write_bytes, made.content)
        identities = [node.home / "identity.note" for node in self.nodes.nodes.values()]
        return await asyncio.to_thread(real_counting.unproven, side, file, empty, identities)

    async def _bound(self) -> tuple[Result, str]:
        given: dict[str, Decimal] = {}
        for (_, _, item), quantity in real_counting.accepted(self.play.deals, self.sides).items():
            given[item] = given.get(item, Decimal(0)) + quantity
        over = [item for item, quantity in given.items() if quantity > self._fair_total(item)]
        return passed(not over), f"{len(given)} items accepted, above the fair bound: {', '.join(over) or 'none'}"

    async def _exercise(self) -> tuple[Result, str]:
        bare = [side.case for side in self.sides.values() if not side.exercise or not side.case.startswith("x")]
        for node in self.nodes.nodes.values():
            status = await node.session.call("status")
            bare += [] if status.exercise else [node.name]
        return passed(not bare), f"{len(self.play.deals)} cases and the logs of all nodes carry the mark"

    async def _persons(self) -> tuple[Result, str]:
        signed = [str(step.fields) for side in self.sides.values() for step in side.timeline]
        found = sum(PLATE in text for text in signed)
        return passed(found == 0), f"{found} in {len(signed)} signed steps"

    async def _ledger(self) -> tuple[Result, str]:
        return real_counting.ledger(self._bound_deals(), self.sides)

    def _cut(self) -> Check:
        play, others = self.play, len(self.nodes.names) - 1
        fine = len(play.silent) == others == len(play.answered)
        refused = self.nodes.lines.refused.get(self.nodes.names[CUT], 0)
        detail = f"{CUT}: {len(play.silent)} silent while cut, {refused} calls lost, {len(play.answered)} answer after"
        return Check(id="R1", check="partition", result=passed(fine and refused > 0), detail=detail)

    def _restored(self) -> Check:
        play = self.play
        fine = bool(play.before) and play.back == play.before and CUT in play.doubted and play.refused_in_doubt
        detail = f"{RESTORED}: {len(play.back)} of {len(play.before)} steps came back; a promise in doubt was "
        detail += "refused" if play.refused_in_doubt else "not refused"
        return Check(id="R2", check="restore", result=passed(fine), detail=detail)

    def _slow(self) -> Check:
        carried = self.nodes.lines.carried.get(self.nodes.names[SLOW], 0)
        fine = self.play.slow_seconds >= 2 * SLOW_SECONDS and carried > 0
        detail = f"{SLOW}: a round takes {self.play.slow_seconds:.1f} s; {carried} bytes over its lines"
        return Check(id="R3", check="slow_line", result=passed(fine), detail=detail)

    def _bound_deals(self) -> list[Deal]:
        """What the suppliers' nodes say is binding."""
        held = {case for (_, case), side in self.sides.items() if side.binding}
        return [deal for deal in self.play.deals if deal.case in held]
