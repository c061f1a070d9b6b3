"""Playing the third hour on running nodes: warnings are taken in, requests signed, answers come as far as they are."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

from xstock_node.domain.units import decimal_pair
from xstock_node.services.asked_lines import Asked
from xstock_node.services.draft_desk import DraftsAsked, TakeDraft
from xstock_node.services.errors import Refusal
from xstock_node.services.messaging import MessageFile
from xstock_node.services.operating import CaseId, SideText, StepRequest, StepResult
from xstock_node.services.operation_views import OperationView
from xstock_node.services.requesting import NewRequest
from xstock_node.testing.exercise.cap_text import cap_of
from xstock_node.testing.exercise.real_nodes import together
from xstock_node.testing.exercise.third_hour import (
    ANSWER_HOUR,
    HOLD_HOURS,
    HOUR,
    Alarm,
    Answer,
    Need,
    ThirdHour,
    Wanted,
)

PLATE = "EX 4711 PLATE"
PART = "c1"
AT_ONCE, LOOK, PATIENCE = 6, 0.1, 30.0


class Desk(Protocol):
    """A running node: its name, and a session that calls its routes."""

    name: str
    session: Any


class ThirdHourPlay:
    """One flood, played to its third hour on nodes by country; `given` is what each has released, by item."""

    def __init__(
        self, story: ThirdHour, desks: Mapping[str, Desk], given: Mapping[str, Mapping[str, Decimal]], now: int
    ) -> None:
        self.story, self.desks, self.now = story, desks, now
        self._left = {country: dict(items) for country, items in given.items()}
        self._cases: dict[tuple[str, str], str] = {}
        self.warned = 0
        self.short: list[str] = []
        """What could not be given as the story has it, in words."""

    async def warn(self) -> int:
        """Each node takes the warnings of its country in; how many were taken."""
        groups: dict[str, list[Alarm]] = {}
        for alarm in sorted(self.story.alarms, key=lambda one: one.hour):
            groups.setdefault(alarm.country, []).append(alarm)
        self.warned = sum(await together(*(self._warn(country, them) for country, them in groups.items())))
        return self.warned

    async def ask(self) -> int:
        """Everybody asks within moments; how many requests are signed."""
        await _at_once(self._ask, self.story.needs)
        return len(self.story.needs)

    async def answer(self) -> int:
        """Those who answered by now do; how many offers were made."""
        given = [one for one in self.story.answers if one.reached != "declined"]
        for answer in given:
            self._cut(answer)
        await _at_once(self._answer, self.story.answers)
        return len(given)

    def count(self, *reached: str) -> int:
        """The answers that have come so far."""
        return sum(1 for one in self.story.answers if one.reached in reached)

    async def _warn(self, country: str, alarms: list[Alarm]) -> int:
        desk, taken = self.desks[country], 0
        by_id = {one.identifier: one for one in alarms}
        for alarm in alarms:
            content = cap_of(alarm, by_id.get(alarm.replaces), self.story.event, self.now)
            file = MessageFile(file=f"{alarm.identifier}.xml", content=content, media="application/cap+xml")
            try:
                taken += len((await desk.session.call("message.import", file)).alerts)
            except Refusal as refused:  # nothing reads CAP there: the exercise goes on without its warnings
                self.short.append(f"{country} takes no warnings in: {refused}")
                return taken
        return taken

    async def _ask(self, need: Need) -> None:
        desk = self.desks[need.country]
        to = [self.desks[country].name for country in self.story.asked(need)]
        lines = [Asked(item=line.item, quantity=line.quantity, unit=line.unit) for line in need.lines]
        draft = await self._draft(need)
        said: dict[str, Any] = {
            "to": to, "place": need.place, "country": need.country, "severity": need.severity, "terms": need.terms,
            "needed_by": self._unix(need.hour), "answer_by": self._unix(ANSWER_HOUR),
        }  # fmt: skip
        if draft:
            made = await desk.session.call("request.take", TakeDraft(id=draft, add=lines, **said))
        else:
            new = NewRequest(lines=lines, event=self.story.event, note=need.note, **said)
            made = await desk.session.call("request.new", new)
        countries = {other.name: country for country, other in self.desks.items()}
        for row in made.operations:
            self._cases[need.key, countries[row.supplier]] = row.case

    async def _draft(self, need: Need) -> str:
        """The draft that the warning opened: a country's first request is made of it."""
        if need is not next(one for one in self.story.needs if one.country == need.country):
            return ""
        drafts = await self.desks[need.country].session.call("request.drafts", DraftsAsked())
        return next((one.id for one in drafts if one.exercise), "")

    async def _answer(self, answer: Answer) -> None:
        need = next(one for one in self.story.needs if one.key == answer.need)
        case, giver, taker = self._cases[answer.need, answer.by], answer.by, need.country
        await self._until(giver, case, "requested")
        if answer.reached == "declined":
            await self._step(giver, case, "decline", reason="nothing-left")
            return
        lines = [line for line in answer.lines if Decimal(line.quantity) > 0]
        if not lines:
            return
        until = self.now + round(HOLD_HOURS * 3600)
        await self._step(giver, case, "offer", lines=list(map(_line, lines)), hold_until=until, terms=need.terms)
        if answer.reached == "offered":
            return
        await self._until(taker, case, "offered")
        terms = need.terms[0]
        due = {"due": self._day(90)} if terms in ("loan", "replacement") else {}
        await self._step(taker, case, "accept", terms=terms, place=need.place, **due)
        await self._until(taker, case, "confirmed")
        if answer.reached == "under-way":
            await self._leave(giver, taker, case, lines, answer.crossings)

    async def _leave(self, giver: str, taker: str, case: str, lines: list[Wanted], crossings: list[str]) -> None:
        """A lorry is loaded, let through and gone."""
        day = self._day(0)
        staged = {"consignment": PART, "crossings": crossings, "day": day}
        plate = SideText(kind="plate", text=PLATE)
        await self._until(giver, case, "confirmed")
        ready = await self._step(giver, case, "stage", plate, vehicle="side:0", **staged)
        found = await self._holds(taker, case, ready.hash)
        vehicle = next(step.fields["vehicle"] for step in found.timeline if step.hash == ready.hash)
        road: dict[str, Any] = {"consignment": PART, "crossing": crossings[-1] if crossings else "", "day": day}
        road = {name: value for name, value in road.items() if value}
        lit = await self._step(taker, case, "green-light", vehicle=vehicle, valid_until=self.now + 2 * 86_400, **road)
        await self._holds(giver, case, lit.hash)
        await self._step(giver, case, "clear", consignment=PART, seal="EX-1")
        arrival = self.now + 9 * 3600
        sent = {"lines": list(map(_line, lines)), "vehicle": vehicle, "arrival": arrival}
        await self._step(giver, case, "dispatch", **sent, **road)
        left = await self._step(giver, case, "departed", consignment=PART)
        await self._holds(taker, case, left.hash)

    async def _step(self, country: str, case: str, verb: str, *side: SideText, **fields: Any) -> StepResult:
        request = StepRequest(case=case, step=verb, fields=fields, side=list(side))
        result: StepResult = await self.desks[country].session.call("op.step", request)
        if not result.sent:
            raise Refusal("demo", f"{verb} of {country} to be sent", ", ".join(result.why), "look at its approvals")
        return result

    async def _until(self, country: str, case: str, state: str) -> OperationView:
        return await self._see(country, case, lambda found: found.state == state, state)

    async def _holds(self, country: str, case: str, hash_: str) -> OperationView:
        return await self._see(country, case, lambda found: any(s.hash == hash_ for s in found.timeline), hash_)

    async def _see(self, country: str, case: str, true: Callable[[OperationView], bool], what: str) -> OperationView:
        """Wait until a node sees a case so."""
        until, came = time.monotonic() + PATIENCE, "nothing"
        while time.monotonic() < until:
            try:
                found: OperationView = await self.desks[country].session.call("op.show", CaseId(case=case))
                if true(found):
                    return found
                came = found.state
            except Refusal as refused:
                if refused.code != "no-case":
                    raise
            await asyncio.sleep(LOOK)
        raise Refusal("demo", f"{country} to see {case} {what}", came, "look at serve.log of each node")

    def _cut(self, answer: Answer) -> None:
        """Nobody gives more than is left of what was released: the list of the store goes before the story."""
        left = self._left.setdefault(answer.by, {})
        for n, line in enumerate(answer.lines):
            figure = min(Decimal(line.quantity), left.get(line.item, Decimal(0)))
            left[line.item] = left.get(line.item, Decimal(0)) - figure
            if figure != Decimal(line.quantity):
                self.short.append(f"{answer.by} gives {figure} {line.item} instead of {line.quantity}")
                answer.lines[n] = Wanted(item=line.item, quantity=str(figure), unit=line.unit)

    def _unix(self, hour: float) -> int:
        return self.now + round((hour - HOUR) * 3600)

    def _day(self, later: int) -> str:
        return datetime.fromtimestamp(self.now + later * 86_400, UTC).date().isoformat()


def _line(line: Wanted) -> dict[str, Any]:
    return {"item": line.item, "unit": line.unit, "qty": list(decimal_pair(Decimal(line.quantity)))}


async def _at_once(work: Callable[[Any], Awaitable[None]], things: Iterable[Any]) -> None:
    free = asyncio.Semaphore(AT_ONCE)

    async def one(thing: Any) -> None:
        async with free:
            await work(thing)

    await together(*(one(thing) for thing in things))
