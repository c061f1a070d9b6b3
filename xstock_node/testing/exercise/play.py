"""The play in memory: the desks' own work in its hours, and between it every event of the file that can be played."""

from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

from xstock_node.services.errors import Refusal
from xstock_node.testing.exercise import events_desk, events_lines, events_road
from xstock_node.testing.exercise.stage import Stage
from xstock_node.testing.exercise.story import Certificate, Deal, Story, Wanted
from xstock_node.testing.exercise.timeline import AFTER, BEFORE, MEASURED, WHY_NOT, Agenda, NotPlayed, hour_of
from xstock_node.testing.exercise.timeline import told as became

EVENTS = events_lines.EVENTS | events_desk.EVENTS | events_road.EVENTS


class Play(Story):
    """The story on a stage in memory, hour by hour, in the order of the file.

    `parts` are operations that events speak of, by the event's kind; the desks leave their offer (`unoffered`) or
    their lorry (`unsent`) to that event. `beyond` is what is offered on top of the plan, because the file says so.
    """

    stage: Stage

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.agenda = Agenda()
        self.backups: dict[str, Path] = {}
        self.parts: dict[str, Deal] = {}
        self.unoffered: set[str] = set()
        self.unsent: set[str] = set()
        self.moved: set[str] = set()
        self.beyond: dict[str, list[tuple[str, Decimal]]] = defaultdict(list)
        self.left_out: dict[str, set[str]] = defaultdict(set)
        self.disputed: dict[str, str] = {}
        self.gated: set[str] = set()

    async def run(self) -> None:
        """From the forecast to the hand-over."""
        for hour, work in (
            (-36.0, self._stock), (0.25, self._ask), (3.0, self.answer), (10.0, self.answer), (18.0, self._move),
            (44.0, self._finish), (48.0, self.stage.watch),
        ):  # fmt: skip
            self.agenda.add(hour, 1, work)
        for event in self.file.raw["timeline"]:
            order = AFTER if event["kind"] in MEASURED else BEFORE
            self.agenda.add(hour_of(event), order, lambda e=event: self._event(e))  # type: ignore[misc]
        await self.agenda.run(self.stage.hour)
        self.timeline.sort(key=lambda told: told.at_h)

    def events(self, kind: str) -> list[dict[str, Any]]:
        """The events of a kind."""
        return [event for event in self.file.raw["timeline"] if event["kind"] == kind]

    def bound(self, deal: Deal) -> Deal:
        """The operation, where it is binding; raises NotPlayed."""
        if deal.case not in self.bound_at:
            raise NotPlayed(f"the operation of {deal.requester} with {deal.supplier} is not binding by then")
        return deal

    async def answer(self) -> None:
        """Suppliers offer or decline; what reaches a requester is accepted."""
        for deal in self.deals:
            if deal.case not in self.unoffered:
                known = len(self.barred)
                await self._offer_for(deal)
                if len(self.barred) > known:
                    await self.try_barred(deal)
        for deal in self.deals:
            await self._accept_of(deal)

    async def offer(self, deal: Deal) -> None:
        """One supplier's answer, and the acceptance."""
        self.unoffered.discard(deal.case)
        await self._offer_for(deal)
        await self._accept_of(deal)

    async def send(self, deal: Deal) -> None:
        """The lorry of a binding operation leaves."""
        self.bound(deal)
        self.moved.add(deal.case)
        self.unsent.add(deal.case)
        await self._send(deal)

    async def send_part(self, deal: Deal, part: str, items: frozenset[str]) -> None:
        """A consignment of these items leaves."""
        await self._send(deal, part, items)

    async def receive(self, deal: Deal) -> None:
        """It arrives whole; a donation is closed, a loan begins."""
        await self._receive(deal, damage=False)
        await self._settle(deal)

    async def receive_damaged(self, deal: Deal) -> None:
        """It arrives with two broken and two short, and is disputed."""
        await self._receive(deal, damage=True)
        self.disputed[deal.case] = await self._dispute(deal)

    async def resolve(self, deal: Deal) -> None:
        """Both sign how the dispute ends; then it goes on as any other."""
        await self._resolve(deal, self.disputed.pop(deal.case))
        await self._settle(deal)

    async def _event(self, event: dict[str, Any]) -> None:
        work = EVENTS.get(event["kind"])
        try:
            if work is None:
                raise NotPlayed(WHY_NOT.get(event["kind"], "the product cannot play an event of this kind"))
            self.timeline.append(became(event, "played", await work(self, event)))
        except NotPlayed as why:
            self.timeline.append(became(event, "not played", str(why)))
        except Refusal as refused:
            self.timeline.append(became(event, "not played", f"the node refused: {refused}"))

    async def _ask(self) -> None:
        """Six requests within minutes: one for each kind of terms. Then it is known what events speak of."""
        for code, terms, needs in self._groups():
            await self._ask_for(code, terms, needs)
        for kind, prepare in (events_desk.PREPARE | events_road.PREPARE).items():
            for event in self.events(kind):
                try:
                    prepare(self, event)
                except NotPlayed as why:
                    self.tell(f"{kind}: {why}")

    async def _stock(self) -> None:
        """Every desk offers its position, nothing more; who will lose its disk makes a back-up."""
        for code in self.stage.names:
            for position in self.file.standing(code).positions:
                if position.offerable > 0:
                    key = code, position.item
                    self.offers[key] = await self.stage.publish(code, position.item, position.offerable)
        await self.stage.net.settle()
        for event in self.events("restore"):
            self.backups[event["node"]] = await self.stage.copy(event["node"])

    async def _move(self) -> None:
        """Every binding operation that no event speaks of goes its whole way; one lot has damage where no event has."""
        damage = not self.events("receipt")
        for deal in self.deals:
            if deal.case in self.bound_at and deal.case not in self.moved | self.unsent:
                self.moved.add(deal.case)
                tents = any(flow.item.startswith("tent") and flow.quantity >= 40 for flow in deal.flows)
                await self._deliver(deal, damage and tents)
                damage = damage and not tents

    async def _finish(self) -> None:
        """What no event has moved in the end goes its way too."""
        for deal in self.deals:
            if deal.case in self.bound_at and deal.case not in self.moved:
                found = await self.stage.view(deal.supplier, deal.case)
                if found and found.state == "confirmed":
                    self.moved.add(deal.case)
                    await self._deliver(deal, damage=False)

    async def _before_departure(self, deal: Deal, part: str, wanted: Wanted) -> None:
        """The donation certificate as it stands while the lorry waits."""
        if deal.terms[0] == "donation" and deal.requester in ("RS", "ME"):
            text = await self.stage.certificate(deal.supplier, deal.case, part)
            self.certificates.append(Certificate(deal.case, text, wanted))

    async def try_barred(self, deal: Deal) -> None:
        """A desk tries to send what no agreement allows: its node refuses, and says which agreement."""
        until = self.stage.unix(deal.supplier, 6)
        if await self.stage.view(deal.supplier, deal.case) is None:
            return
        try:
            await self.stage.step(
                deal.supplier, deal.case, "offer", lines=self.lines(deal), hold_until=until, terms=list(deal.terms)
            )
            self.ungated.append(deal.case)
            self.tell(f"{deal.supplier} could send what no agreement allows to {deal.requester}")
        except Refusal as refused:
            self.tell(f"the node of {deal.supplier} does not send it: {refused}")
            self.gated |= {deal.case} if refused.code == "not-agreed" else set()
            await self.stage.drop(deal.supplier, deal.case)

    def _goods(self, deal: Deal) -> list[tuple[str, Decimal]]:
        planned = [(item, q) for item, q in super()._goods(deal) if item not in self.left_out[deal.case]]
        return planned + self.beyond[deal.case]
