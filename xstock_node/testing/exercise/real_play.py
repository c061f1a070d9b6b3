"""The play on real processes: the same story as in memory, all desks at work at once, and the faults are real ones.

When all requests have arrived, Montenegro loses its line, its people work on, and Serbia is on a satellite. North
Macedonia is ended by kill -9 once it has promised, and begins again with a copy of its folder from before the flood:
what it signed since stands with its partners alone. Meanwhile the others go on.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from xstock_node.services.errors import Refusal
from xstock_node.services.overview import PeerName
from xstock_node.testing.exercise.real_nodes import PATIENCE, Nodes, together
from xstock_node.testing.exercise.story import HOLD, Deal, Story, line_of
from xstock_node.testing.exercise.timeline import WHY_NOT, Told, told

CUT, RESTORED, SLOW = "ME", "MK", "RS"
PLAYED = {
    "request": "all six ask in the same moment",
    "partition": "see R1",
    "healed": "see R1",
    "restore": "see R2",
    "slow_line": "see R3",
    "agreement": "what was prepared is sent once the accession holds",
}
AT_ONCE = 8
DOUBT_SECONDS = 90.0


class RealPlay(Story):
    """One real exercise; `hear` is told what happens."""

    stage: Nodes

    def __init__(self, nodes: Nodes, hear: Callable[[float, str], None]) -> None:
        super().__init__(nodes)
        self._began, self._hear = time.monotonic(), hear
        self.silent: list[str] = []
        self.answered: list[str] = []
        self.doubted: list[str] = []
        self.refused_in_doubt = False
        self.before: set[tuple[str, str]] = set()
        self.back: set[tuple[str, str]] = set()
        self.moved: set[str] = set()
        self.slow_seconds = 0.0

    async def run(self) -> None:
        """From the stock lists to the receipts."""
        stage = self.stage
        await self._stock()
        backup = await stage.copy(RESTORED)
        self.tell(f"{RESTORED} made a back-up")
        await self._ask()
        await self._lose_line()
        stage.lines.slow.add(stage.names[SLOW])
        self.slow_seconds = await self._round_to(SLOW)
        self.tell(f"{SLOW} is on a slow line: a round takes {self.slow_seconds:.1f} s")
        stage.hour = 3.0
        of_restored = [deal for deal in self.deals if RESTORED in (deal.requester, deal.supplier)]
        await self._deal(of_restored)
        await together(self._lose_disk(backup), self._deal([d for d in self.deals if d not in of_restored]))
        stage.hour = 18.0
        await self._move()
        await self._get_line()
        self._renew()
        await self._deal(self.deals)
        await self._move()
        await self._believe()
        stage.lines.slow.clear()
        self.tell(f"{SLOW} has a good line again")
        await self._deal(self.deals)
        await self._move()
        if not await stage.until(self._is_quiet):
            self.tell("some messages are still on their way")
        self.timeline = [self._event(event) for event in self.file.raw["timeline"]]

    def _event(self, event: dict[str, Any]) -> Told:
        if event["kind"] in PLAYED:
            return told(event, "played", PLAYED[event["kind"]])
        return told(event, "not played", WHY_NOT.get(event["kind"], "played in memory alone, where time can be passed"))

    async def _stock(self) -> None:
        """Every desk offers its position, nothing more, and sees what all others offer."""
        codes = list(self.stage.names)
        counts = await together(*(self.stage.stock(code) for code in codes))
        self.offers = {(code, item): item for code in codes for item in self.stage.offered(code)}

        async def all_seen() -> bool:
            views = await together(*(self.stage.nodes[code].session.call("status") for code in codes))
            return all(view.offers_seen == sum(counts) for view in views)

        if not await self.stage.until(all_seen):
            raise Refusal("exercise", f"every node to see {sum(counts)} offers", "fewer", "look at serve.log of each")
        self.tell(f"{len(codes)} nodes see {sum(counts)} offers")

    async def _ask(self) -> None:
        """All six ask in the same moment; the requests arrive."""
        await asyncio.to_thread(lambda: self.plan)
        await together(*(self._ask_for(code, terms, needs) for code, terms, needs in self._groups()))
        self.deals.sort()
        there = await together(*(self.stage.holds(d.supplier, d.case, "request") for d in self.deals))
        self.tell(f"{self.requests} requests, {sum(there)} of {len(self.deals)} cases have arrived")

    async def _round_to(self, code: str) -> float:
        """The seconds that a round of the first other node with one takes."""
        asker = next(one for one in self.stage.names if one != code)
        began = time.monotonic()
        await self.stage.nodes[asker].session.call("peer.sync", PeerName(name=self.stage.names[code]))
        return time.monotonic() - began

    async def _lose_line(self) -> None:
        """A country is cut off: it reaches nobody, and nobody reaches it."""
        self.stage.lines.cut(self.stage.names[CUT])
        self.silent = sorted((await self.stage.sync(CUT)).silent)
        self.tell(f"{CUT} has no line; silent: {len(self.silent)} of {len(self.stage.names) - 1}")

    async def _get_line(self) -> None:
        self.stage.lines.heal(self.stage.names[CUT])
        self.answered = sorted((await self.stage.sync(CUT)).answered)
        others = [code for code in self.stage.names if code != CUT]
        await together(*(self.stage.sync(code) for code in others))
        self.tell(f"{CUT} has its line again; {len(self.answered)} answer")

    async def _lose_disk(self, backup: Path) -> None:
        """A node is ended and restored once all that it was told is signed has left: no copy brings back the rest."""
        stage = self.stage
        own = [deal for deal in self.deals if RESTORED in (deal.requester, deal.supplier)]
        reached = [deal for deal in own if not stage.is_cut(deal.requester, deal.supplier)]
        if not await stage.until(lambda: self._is_quiet(reached)):
            raise Refusal("exercise", f"{RESTORED} to deliver within {PATIENCE:.0f} s", "silence", "see its serve.log")
        self.before = await self._held(RESTORED, reached)
        self.tell(f"{RESTORED} has signed and received {len(self.before)} steps, and is ended by kill -9")
        await stage.restore(RESTORED, backup)
        self.doubted = await self._doubted()
        self.tell(f"{RESTORED} begins again with its back-up; who has not told it its cases: {_listed(self.doubted)}")
        await self._promise_in_doubt()

        async def is_back() -> bool:
            self.back = self.before & await self._held(RESTORED, reached)
            return self.back == self.before

        await stage.until(is_back)
        self.tell(f"{RESTORED} has {len(self.back)} of {len(self.before)} steps again, from its partners")

    async def _promise_in_doubt(self) -> None:
        """The restored node is asked for what it may have promised already, and has to wait."""
        deal, item = self._kept
        found = self.file.catalogue.get(item)
        if deal is None or found is None or not await self.stage.holds(RESTORED, deal.case, "request"):
            return
        lines = [line_of(item, found.multiple, str(found.unit))]
        until = self.stage.unix(RESTORED, HOLD)
        try:
            await self.stage.step(RESTORED, deal.case, "offer", lines=lines, hold_until=until, terms=list(deal.terms))
            self.tell(f"{RESTORED} promised {item} while in doubt")
        except Refusal as refused:
            self.refused_in_doubt = refused.code == "doubtful-start"
            self.tell(f"{RESTORED} cannot offer {item} to {deal.requester}: {refused}")

    @cached_property
    def _kept(self) -> tuple[Deal | None, str]:
        """A case that the restored node answers only afterwards: what is asked there it offers, to others."""
        there = self.stage.offered(RESTORED)
        for deal in self.deals:
            if deal.supplier == RESTORED and not deal.flows and deal.requester != CUT:
                asked = [n["item"] for n in self.file.requests if n["node"] == deal.requester]
                asked = [n for n in asked if n in there and self._asks(deal, n)]
                if asked:
                    return deal, asked[0]
        return None, ""

    async def _believe(self) -> None:
        """Everybody has told the restored node its cases: it promises again."""

        async def sure() -> bool:
            return not await self._doubted()

        sure_now = await self.stage.until(sure, DOUBT_SECONDS)
        self.tell(f"{RESTORED} {'was told by everybody and promises again' if sure_now else 'is still in doubt'}")

    async def _deal(self, deals: Iterable[Deal]) -> None:
        """All desks offer, and what reaches the requesters is accepted."""
        await self._at_once(self._offer_and_accept, deals)
        self.tell(f"{len(self.bound_at)} operations are binding")

    async def _offer_and_accept(self, deal: Deal) -> None:
        if deal is self._kept[0] and not self.before:
            return
        if deal.supplier == RESTORED and self.before and await self._doubted():
            return
        await self._offer_for(deal)
        if not self.stage.is_cut(deal.requester, deal.supplier):
            await self._accept_of(deal)
        if deal.case in self.bound_at:
            await self.stage.note(deal.requester, deal.case, "confirm")

    def _has_no_line(self, deal: Deal) -> bool:
        """Who is cut off works on: what its people sign waits in its outbox. The others wait for the line."""
        return self.stage.is_cut(deal.requester, deal.supplier) and deal.supplier != CUT

    async def _move(self) -> None:
        """What is binding and has not moved yet moves, over lines that hold."""
        ready = [d for d in self.deals if d.case in self.bound_at and d.case not in self.moved]
        ready = [d for d in ready if not self.stage.is_cut(d.requester, d.supplier)]
        tents = (d for d in ready if any(f.item.startswith("tent") and f.quantity >= 40 for f in d.flows))
        damaged = next(tents, None) if not self.moved else None
        await self._at_once(lambda deal: self._deliver(deal, deal is damaged), ready)
        self.moved |= {deal.case for deal in ready}
        self.tell(f"{len(self.moved)} operations were sent and received")

    async def _at_once(self, work: Callable[[Deal], Awaitable[None]], deals: Iterable[Deal]) -> None:
        """All desks at work, so many of their cases at a time."""
        free = asyncio.Semaphore(AT_ONCE)

        async def one(deal: Deal) -> None:
            async with free:
                await work(deal)

        await together(*(one(deal) for deal in deals))

    async def _is_quiet(self, deals: Iterable[Deal] | None = None) -> bool:
        """Whether nothing of these cases, or of all, waits for delivery at either side."""
        for deal in self.deals if deals is None else deals:
            for code in (deal.requester, deal.supplier):
                found = await self.stage.view(code, deal.case)
                if found is None or found.undelivered:
                    return False
        return True

    async def _held(self, code: str, deals: Iterable[Deal]) -> set[tuple[str, str]]:
        """The steps of cases that a node holds, as case and hash."""
        views = [await self.stage.view(code, deal.case) for deal in deals]
        return {(view.case, step.hash) for view in views if view for step in view.timeline}

    async def _doubted(self) -> list[str]:
        """Who has not told the restored node its cases, by that node's own words."""
        findings = await self.stage.nodes[RESTORED].session.call("doctor")
        words = " ".join(f.found for f in findings if f.check.startswith("cases ") and f.state != "ok")
        return [code for code, name in self.stage.names.items() if name in words]

    def _asks(self, deal: Deal, item: str) -> bool:
        needs = next(needs for code, terms, needs in self._groups() if (code, terms) == (deal.requester, deal.terms))
        return any(need["item"] == item for need in needs)

    def tell(self, words: str) -> None:
        """Something happened now."""
        seconds = time.monotonic() - self._began
        self.told.append((round(seconds, 1), words))
        self._hear(seconds, words)


def _listed(codes: Iterable[str]) -> str:
    return ", ".join(codes) or "nobody"
