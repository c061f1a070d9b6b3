"""The story of an exercise: what the desks do, on whatever ground they stand, in memory or as processes.

Each desk makes the same plan from the same requests, and offers what the plan gives its stock to do.
"""

from collections import defaultdict
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from xstock_node.domain.allocation import make_plan
from xstock_node.domain.allocation_types import Flow, Plan
from xstock_node.domain.units import decimal_pair
from xstock_node.services.asked_lines import Asked
from xstock_node.services.errors import Refusal
from xstock_node.services.operating import SideText, StepResult
from xstock_node.services.operation_views import CounterView, OperationView
from xstock_node.services.request_views import RequestView
from xstock_node.services.requesting import NewRequest
from xstock_node.testing.exercise.reading import ExerciseFile
from xstock_node.testing.exercise.timeline import Told

HOLD, RENEWED = 6.0, 10.0
PLATE, DUE = "EX 4711 PLATE", "2027-06-26"
Terms = tuple[str, ...]


class Deal(NamedTuple):
    """One case: who asks whom, under which of the asked terms, and what the plan gives it."""

    requester: str
    supplier: str
    terms: Terms
    case: str
    flows: tuple[Flow, ...]


class Acknowledged(NamedTuple):
    """A step that a node told its people is signed: its case, verb and hash."""

    case: str
    verb: str
    hash: str


class Departure(NamedTuple):
    """A lorry that left: at which hour, over which crossings."""

    case: str
    hour: float
    crossings: tuple[str, ...]


class Wanted(NamedTuple):
    """What a donation certificate names: plate, crossing, and when the lorry is expected (unix seconds)."""

    plate: str
    crossing: str
    arrival: int


class Certificate(NamedTuple):
    """A donation certificate as it was drawn before a lorry left, and what it has to name."""

    case: str
    text: str
    wanted: Wanted


class Ground(Protocol):
    """What a story needs of the nodes that it is played on, in memory or as processes. Desks go by country code."""

    file: ExerciseFile
    names: dict[str, str]

    def now(self) -> float: ...
    def unix(self, code: str, hours: float) -> int: ...
    def is_cut(self, one: str, other: str) -> bool: ...
    async def ask(self, code: str, request: NewRequest) -> RequestView: ...
    async def step(self, code: str, case: str, verb: str, side: Any = (), **fields: Any) -> StepResult: ...
    async def view(self, code: str, case: str) -> OperationView | None: ...
    async def holds(self, code: str, case: str, verb: str, hours: float = 12.0, hash_: str = "") -> bool: ...


class Story:
    """What the desks do, whatever ground they stand on; `told` is what happened, by the hour."""

    def __init__(self, stage: Ground) -> None:
        self.stage, self.file = stage, stage.file
        self.deals: list[Deal] = []
        self.requests = 0
        self.bound_at: dict[str, float] = {}
        self.told: list[tuple[float, str]] = []
        self.offers: dict[tuple[str, str], str] = {}
        self.at_risk: list[str] = []
        self.barred: dict[str, float] = {}
        self.renewed: set[tuple[str, str]] = set()
        self.roads: list[Departure] = []
        self.certificates: list[Certificate] = []
        self.timeline: list[Told] = []
        self.ungated: list[str] = []

    @cached_property
    def plan(self) -> Plan:
        """What everybody computes from the same inputs."""
        return make_plan(self.file.plan_inputs)

    def _groups(self) -> list[tuple[str, Terms, list[dict[str, Any]]]]:
        """What each country asks for, by kind of terms, so that a loan and a gift are never mixed."""
        groups: dict[tuple[str, Terms], list[dict[str, Any]]] = defaultdict(list)
        for need in self.file.requests:
            groups[need["node"], _terms(need)].append(need)
        return [(code, terms, groups[code, terms]) for code, terms in sorted(groups) if code in self.stage.names]

    async def _ask_for(self, code: str, terms: Terms, needs: list[dict[str, Any]]) -> None:
        stage = self.stage
        others = [c for c in stage.names if c != code]
        lines = [Asked(item=n["item"], quantity=n["request"], unit=n["unit"]) for n in needs]
        request = NewRequest(
            to=[stage.names[c] for c in others],
            lines=lines,
            event=self.file.raw["event"]["glide"],
            country=code,
            place=f"D-{code}",
            severity=min(n["severity"] for n in needs),
            answer_by=stage.unix(code, 3),
            terms=list(terms),  # type: ignore[arg-type]
        )
        made = await stage.ask(code, request)
        self.requests += 1
        names = {need["line"] for need in needs}
        for row in made.operations:
            supplier = next(c for c, name in stage.names.items() if name == row.supplier)
            flows = tuple(f for f in self.plan.flows if f.line in names and f.offer.startswith(f"{supplier}-"))
            self.deals.append(Deal(code, supplier, terms, row.case, flows))

    async def _offer_for(self, deal: Deal) -> None:
        """A desk offers what the plan gives it to do, and declines the rest with a reason."""
        stage = self.stage
        found = await stage.view(deal.supplier, deal.case)
        if (
            (found and found.state not in ("requested", "indicated"))
            or self._is_barred(deal)
            or self._has_no_line(deal)
        ):
            return
        if not await stage.holds(deal.supplier, deal.case, "request", 2.0):
            self.tell(f"{deal.supplier} does not hold {deal.case}")
            return
        if not deal.flows:
            await stage.step(deal.supplier, deal.case, "decline", reason="nothing-left")
            return
        lines = self.lines(deal)
        until = stage.unix(deal.supplier, HOLD)
        try:
            await stage.step(deal.supplier, deal.case, "offer", lines=lines, hold_until=until, terms=list(deal.terms))
        except Refusal as refused:
            self.tell(f"{deal.supplier} cannot offer to {deal.requester}: {refused}")

    def _has_no_line(self, deal: Deal) -> bool:
        return self.stage.is_cut(deal.requester, deal.supplier)

    def _is_barred(self, deal: Deal) -> bool:
        """Whether no agreement between the two allows an offer yet: it may be prepared, and is not sent."""
        why = self.file.barred(deal.supplier, deal.requester, deal.terms[0], self.renewed)
        if why and deal.flows and deal.case not in self.barred:
            self.barred[deal.case] = RENEWED
            self.tell(f"{deal.supplier} prepares, and does not send, what {deal.requester} asked: {why}")
        return bool(why)

    def _renew(self) -> None:
        """Lapsed accessions are renewed where the story says so."""
        for event in self.file.raw["timeline"]:
            if event["kind"] == "agreement":
                self.renewed.add((event["data"]["agreement"], event["node"]))
                self.tell(f"{event['node']} renews its accession to {event['data']['agreement']}")

    async def _accept_of(self, deal: Deal) -> None:
        """A requester accepts what has reached it; the supplier's node confirms by itself."""
        stage = self.stage
        if not deal.flows or deal.case in self.bound_at:
            return
        found = await stage.view(deal.supplier, deal.case)
        if found is None or found.state != "offered" or not await stage.holds(deal.requester, deal.case, "offer", 3.0):
            return
        terms = deal.terms[0]
        due = {"due": DUE} if terms in ("loan", "replacement") else {}
        try:
            await stage.step(deal.requester, deal.case, "accept", terms=terms, place=f"D-{deal.requester}", **due)
        except Refusal as refused:
            self.tell(f"{deal.requester} cannot accept: {refused}")
            return
        if await stage.holds(deal.requester, deal.case, "confirm", 3.0):
            self.bound_at[deal.case] = stage.now()

    async def _deliver(self, deal: Deal, damage: bool) -> None:
        """The whole way of an operation at once."""
        await self._send(deal)
        await self._receive(deal, damage)
        if damage:
            await self._resolve(deal, await self._dispute(deal))
        await self._settle(deal)

    async def _send(self, deal: Deal, part: str = "c1", items: frozenset[str] = frozenset()) -> None:
        """Staged, cleared and sent: all that was accepted and is not under way, or these items of it."""
        stage, case, giver, taker = self.stage, deal.case, deal.supplier, deal.requester
        crossings = self.file.way(giver, taker, stage.now())
        plate = SideText(kind="plate", text=PLATE)
        road = {"consignment": part, "crossing": crossings[-1], "day": "2027-03-29"}
        staged = {"consignment": part, "crossings": list(crossings), "day": "2027-03-29"}
        ready = await stage.step(giver, case, "stage", (plate,), vehicle="side:0", **staged)
        await stage.holds(taker, case, "stage", hash_=ready.hash)
        found = await stage.view(taker, case)
        assert found is not None
        vehicle = next(s.fields["vehicle"] for s in found.timeline if s.hash == ready.hash)
        lit = await stage.step(taker, case, "green-light", vehicle=vehicle, valid_until=stage.unix(taker, 48), **road)
        await stage.holds(giver, case, "green-light", hash_=lit.hash)
        await stage.step(giver, case, "clear", consignment=part, seal="EX-1")
        there = [c for c in await self.counters(giver, case) if not items or c.item in items]
        lines = [line_of(c.item, Decimal(c.undispatched), c.unit) for c in there if Decimal(c.undispatched) > 0]
        arrival = stage.unix(taker, 24)
        sent = await stage.step(giver, case, "dispatch", lines=lines, vehicle=vehicle, arrival=arrival, **road)
        await self._before_departure(deal, part, Wanted(PLATE, crossings[-1], arrival))
        left = await stage.step(giver, case, "departed", consignment=part)
        self.roads.append(Departure(case, stage.now(), crossings))
        await stage.holds(taker, case, "dispatch", hash_=sent.hash)
        await stage.holds(taker, case, "departed", hash_=left.hash)

    async def _before_departure(self, deal: Deal, part: str, wanted: Wanted) -> None:
        """A lorry is loaded and cleared, its goods are signed out, and it has not left."""

    async def _receive(self, deal: Deal, damage: bool) -> None:
        """All that is under way is counted."""
        held = [(c, Decimal(c.in_transit)) for c in await self.counters(deal.requester, deal.case)]
        lines = [line_of(c.item, quantity, c.unit) for c, quantity in held if quantity > 0]
        await self.stage.step(deal.requester, deal.case, "received", counts=[_count(line, damage) for line in lines])

    async def _settle(self, deal: Deal) -> None:
        """A donation is closed by both; what is lent is taken over on loan."""
        stage, case, giver, taker = self.stage, deal.case, deal.supplier, deal.requester
        if deal.terms[0] == "donation":
            await stage.step(taker, case, "close-proposed", filed=True)
            await stage.holds(giver, case, "close-proposed")
            await stage.step(giver, case, "close", filed=True)
            await stage.holds(taker, case, "close")
        else:
            there = [(c, Decimal(c.outstanding)) for c in await self.counters(taker, case)]
            held = [line_of(c.item, quantity, c.unit) for c, quantity in there if quantity > 0]
            await stage.step(taker, case, "on-loan", lines=held, due=DUE)
            await stage.holds(giver, case, "on-loan")

    async def _dispute(self, deal: Deal) -> str:
        """Two broken, two short; the hash of what is disputed."""
        said = await self.stage.step(deal.requester, deal.case, "disputed", note="two broken, two short")
        return said.hash

    async def _resolve(self, deal: Deal, disputed: str) -> None:
        """Both sign how it ends."""
        stage, case = self.stage, deal.case
        outcome = {"of": disputed, "outcome": "repaired-in-place"}
        await stage.step(deal.requester, case, "resolve", **outcome)
        await stage.holds(deal.supplier, case, "resolve")
        await stage.step(deal.supplier, case, "resolved", **outcome)
        await stage.holds(deal.requester, case, "resolved")

    def _goods(self, deal: Deal) -> list[tuple[str, Decimal]]:
        """What a desk offers: what the plan gives it to do."""
        return [(flow.item, flow.quantity) for flow in deal.flows]

    async def counters(self, code: str, case: str) -> list[CounterView]:
        """The counters of an operation as a desk folds them."""
        found = await self.stage.view(code, case)
        return found.counters if found else []

    def lines(self, deal: Deal) -> list[dict[str, Any]]:
        """The lines of a desk's offer, one an item."""
        return _summed([line_of(item, quantity, self._unit(item)) for item, quantity in self._goods(deal)])

    def _unit(self, item: str) -> str:
        found = self.file.catalogue.get(item)
        assert found is not None
        return str(found.unit)

    def tell(self, words: str) -> None:
        """Something happened now."""
        self.told.append((round(self.stage.now(), 2), words))


def _terms(need: dict[str, Any]) -> Terms:
    """The asked terms; a mission of a team is a loan of it."""
    return tuple("loan" if term == "mission" else term for term in need["terms"])


def line_of(item: str, quantity: Decimal, unit: str) -> dict[str, Any]:
    """A line of a step's fields."""
    return {"item": item, "unit": unit, "qty": list(decimal_pair(quantity))}


def _summed(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One line an item."""
    total: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line in lines:
        total[line["item"], line["unit"]] += Decimal(line["qty"][0]).scaleb(line["qty"][1])
    return [line_of(item, quantity, unit) for (item, unit), quantity in total.items()]


def _count(line: dict[str, Any], damage: bool) -> dict[str, Any]:
    quantity = Decimal(line["qty"][0]).scaleb(line["qty"][1])
    odd = damage and line["item"].startswith("tent")
    count = {"item": line["item"], "unit": line["unit"], "good": list(decimal_pair(quantity - 4 if odd else quantity))}
    return count | ({"damaged": [2, 0], "short": [2, 0]} if odd else {})
