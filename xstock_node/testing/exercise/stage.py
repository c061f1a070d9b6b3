"""The stage: six nodes of an exercise in memory, with their offices, their officers, and lines that can be cut.

An hour of the story is `HOUR` virtual seconds. Everything goes through the services that people use.
"""

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from xstock_node.domain.agreements import Agreement
from xstock_node.domain.commitments import owed
from xstock_node.domain.sums import Sums
from xstock_node.domain.units import decimal_pair
from xstock_node.plugins.host import PluginHost
from xstock_node.protocol.errors import Unreachable
from xstock_node.protocol.peer import Peer
from xstock_node.protocol.records import Offer
from xstock_node.services import operating, overview
from xstock_node.services.dossier import Dossier
from xstock_node.services.errors import Refusal
from xstock_node.services.fresh import fresh
from xstock_node.services.office import Actor, Office, OfficeSettings
from xstock_node.services.operating import Approval, CaseFilter, CaseId, PendingId, StepRequest, StepResult
from xstock_node.services.operation_views import OperationView
from xstock_node.services.paperwork import DocumentRequest, make_document
from xstock_node.services.promises import over_promised
from xstock_node.services.reacting import Reacting
from xstock_node.services.request_views import RequestView
from xstock_node.services.requesting import NewRequest, new_request
from xstock_node.services.settling import SettledFile, new_agreement
from xstock_node.testing.clock import SimClock
from xstock_node.testing.exercise.reading import ExerciseFile
from xstock_node.testing.exercise.story import Acknowledged
from xstock_node.testing.simnet import SimNet

LOG = "see.x-flood27"
HOUR = 30.0
BEFORE = 36
DAY = 86_400
OFFICER, SECOND = Actor("officer", "exercise"), Actor("second", "exercise")


class Desk(NamedTuple):
    """A country at its desk."""

    code: str
    name: str
    office: Office
    reacting: Reacting


class Stage:
    """All desks of one exercise; `folder` holds their databases."""

    def __init__(self, folder: Path, file: ExerciseFile) -> None:
        self.folder, self.file = folder, file
        self.names = {node["node"]: str(node["name"]) for node in file.raw["nodes"]}
        self.net = SimNet(folder, log=LOG)
        self.net.wrap = self._line
        self.desks: dict[str, Desk] = {}
        self.slow: set[str] = set()
        self.over: list[tuple[str, str]] = []
        self.acknowledged: list[Acknowledged] = []
        self.published: dict[str, str] = {}
        self.cases: dict[str, tuple[str, str]] = {}
        self._began = 0.0

    async def open(self) -> None:
        """Start all nodes 36 hours before the flood, with the exercise's own items."""
        self._began = asyncio.get_running_loop().time()
        for code in self.names:
            self.net.clocks[self.names[code]] = SimClock(int(self.file.t0.timestamp() - BEFORE * HOUR))
            await self.start(code)
        for agreement in self.file.agreements.values():
            await self.settle(agreement)

    async def start(self, code: str) -> None:
        """Start a node, or start it again."""
        name = self.names[code]
        await self.net.start(name, [other for other in self.names.values() if other != name])
        office = Office(self.net.nodes[name], OfficeSettings(country=code), PluginHost([]), self.folder)
        items = [(item.code, msgspec.json.encode(item)) for item in self.file.catalogue.all()]
        await office.node.engine.write(lambda tx: tx.stock.put_catalogue_items(items), durable=True)
        self.desks[code] = Desk(code, name, office, Reacting(office))
        await self.desks[code].reacting.start()

    async def settle(self, agreement: Agreement) -> None:
        """Put an agreement on file at each of its parties here: from now on their nodes hold people to it."""
        named = {code: self.names.get(code, code.lower() + ".guest.exercise.example") for code in agreement.parties}
        own = msgspec.structs.replace(
            agreement,
            parties=tuple(named.values()),
            accessions={named[code]: day for code, day in agreement.accessions.items()},
        )
        for code in agreement.parties:
            if code in self.desks:
                await new_agreement(self.desks[code].office, OFFICER, SettledFile(content=msgspec.json.encode(own)))

    async def drop(self, code: str, case: str) -> None:
        """Drop what was written for a case and still waits for a signature."""
        office = self.desks[code].office
        for pending in await operating.list_pending(office, OFFICER):
            if pending.case == case:
                await operating.refuse(office, OFFICER, PendingId(id=pending.id, reason="no-agreement"))

    async def close(self) -> None:
        """Stop everything."""
        for desk in self.desks.values():
            await desk.reacting.stop()
        await self.net.stop_all()

    async def hour(self, at: float) -> None:
        """Let time pass until an hour of the story; nothing is promised twice on the way."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self._began + (at + BEFORE) * HOUR - loop.time()))
        await self.watch()

    def now(self) -> float:
        """The hour of the story."""
        return (asyncio.get_running_loop().time() - self._began) / HOUR - BEFORE

    def unix(self, code: str, hours: float) -> int:
        """So many hours from now, by a node's clock."""
        return self.desks[code].office.node.clock.now() + int(hours * HOUR)

    def is_cut(self, one: str, other: str) -> bool:
        """Whether there is no line between two countries."""
        return self.net.is_cut(self.names[one], self.names[other])

    async def watch(self) -> list[tuple[str, str]]:
        """Note every promise beyond what its owner's node offers, as country and item."""
        over = []
        for desk in self.desks.values():
            node = desk.office.node
            found = await node.engine.read(lambda tx, n=node: over_promised(tx, n.home, n.clock.now()))  # type: ignore[misc]
            over += [(desk.code, item) for item, _ in found]
        self.over += over
        return over

    async def publish(self, code: str, item: str, quantity: Any, id_: str = "") -> str:
        """Offer so much of an item, or change an offer; its id."""
        desk, found = self.desks[code], self.file.catalogue.get(item)
        assert found is not None
        now, (fresh_id, salt) = desk.office.node.clock.now(), fresh(desk.office.node.random)
        offer = Offer(
            id=id_ or fresh_id,
            ts=now,
            exp=now + 80 * DAY,
            n=salt,
            item=item,
            scheme="local",
            name=found.names["en"][:120],
            lang="en",
            cat=str(found.category),
            qty=decimal_pair(quantity),
            unit=str(found.unit),
            terms=("loan", "donation", "replacement"),
            ready=3,
            cc=code,
            asof=now,
            src="store",
        )
        await self.net.publish(desk.name, [offer])
        self.published[offer.id] = desk.name
        return offer.id

    async def ask(self, code: str, request: NewRequest) -> RequestView:
        """An officer asks several nodes at once."""
        made = await new_request(self.desks[code].office, OFFICER, request)
        codes = {name: one for one, name in self.names.items()}
        for row in made.operations:
            self.cases[row.case] = code, codes[row.supplier]
            await self.note(code, row.case, "notify" if request.notify else "request")
        return made

    async def note(self, code: str, case: str, verb: str) -> None:
        """What a node shows its people counts as acknowledged, whoever signed it."""
        found = await self.view(code, case)
        said = [step for step in found.timeline if step.verb == verb] if found else []
        self.acknowledged += [Acknowledged(case, verb, step.hash) for step in said]

    async def step(self, code: str, case: str, verb: str, side: Any = (), **fields: Any) -> StepResult:
        """An officer takes a step; a second person signs where one is needed."""
        office = self.desks[code].office
        request = StepRequest(case=case, step=verb, fields=fields, side=list(side))
        result = await operating.take_step(office, OFFICER, request)
        if not result.sent:
            return await self.approve(code, case, SECOND, result.waiting)
        self.acknowledged.append(Acknowledged(case, verb, result.hash))
        return result

    async def approve(self, code: str, case: str, actor: Actor, pending: str) -> StepResult:
        """A second person signs a step that waits."""
        result = await operating.approve(self.desks[code].office, actor, Approval(id=pending))
        self.acknowledged.append(Acknowledged(case, result.step, result.hash))
        return result

    async def view(self, code: str, case: str) -> OperationView | None:
        """An operation as a desk sees it, or nothing."""
        try:
            return await operating.show_operation(self.desks[code].office, OFFICER, CaseId(case=case))
        except Refusal:
            return None

    async def owed(self, code: str, case: str) -> Sums:
        """What a node owes out of its store in an operation, now by its own clock."""
        found = await self.dossier(code, case)
        return owed(found.operation(), self.desks[code].office.node.clock.now())

    async def dossier(self, code: str, case: str) -> Dossier:
        """A case as a desk holds it."""
        return await self.desks[code].office.node.correspondence.of().casework.read(case)

    async def wait(self, hours: float) -> None:
        """Let so much of the story's time pass."""
        await self.hour(self.now() + hours)

    async def held(self, code: str) -> set[tuple[str, str]]:
        """Every step that a desk holds, as case and hash."""
        office = self.desks[code].office
        rows = await operating.list_operations(office, OFFICER, CaseFilter())
        views = [await self.view(code, row.case) for row in rows]
        return {(view.case, step.hash) for view in views if view for step in view.timeline}

    async def certificate(self, code: str, case: str, part: str) -> str:
        """The donation certificate as a supplier's node draws it now, in English."""
        wanted = DocumentRequest(case=case, document="gift_certificate", consignment=part, languages="en", plain=True)
        made = await make_document(self.desks[code].office, OFFICER, wanted)
        return made.content.decode()

    async def write(self, code: str, words: str) -> None:
        """An officer's act in the list of acts."""
        office = self.desks[code].office
        await office.node.engine.write(lambda tx: office.record(tx, OFFICER, "exercise.note", "", words), durable=True)

    async def until(self, true: Callable[[], Awaitable[bool]], hours: float = 12.0) -> bool:
        """Wait in the story's time; whether it came true."""
        until = self.now() + hours
        while not await true():
            if self.now() > until:
                return False
            await asyncio.sleep(2.0)
        return True

    async def holds(self, code: str, case: str, verb: str, hours: float = 12.0, hash_: str = "") -> bool:
        """Wait until a desk holds a step of a case."""

        async def there() -> bool:
            found = await self.view(code, case)
            return found is not None and any(s.verb == verb and hash_ in ("", s.hash) for s in found.timeline)

        return await self.until(there, hours)

    async def sync(self, code: str) -> None:
        """The operators on both ends of healed lines ask for a round now, instead of waiting for the next try."""
        for desk in self.desks.values():
            names = [n for n in self.names.values() if n != desk.name] if desk.code == code else [self.names[code]]
            for name in names:
                await overview.sync(desk.office, OFFICER, overview.PeerName(name=name))

    async def copy(self, code: str) -> Path:
        """A back-up of a node's database as it is now."""
        await self.desks[code].office.node.engine.checkpoint()
        target = self.folder / f"{code}.backup"
        shutil.copy(self.folder / f"{self.names[code]}.db", target)
        return target

    async def restore(self, code: str, backup: Path) -> None:
        """A disk is lost: the node begins again with an old back-up."""
        await self.desks[code].reacting.stop()
        await self.net.stop(self.names[code])
        for path in self.folder.glob(f"{self.names[code]}.db*"):
            path.unlink()
        shutil.copy(backup, self.folder / f"{self.names[code]}.db")
        await self.start(code)

    def _line(self, caller: str, name: str, peer: Peer) -> Peer:
        return _Slow(self, caller, peer)


class _Slow:
    """A peer behind a satellite: 800 ms and one packet in ten lost, while its country is on the slow line."""

    def __init__(self, stage: Stage, caller: str, peer: Peer) -> None:
        self._stage, self._caller, self._peer = stage, caller, peer
        self.name = peer.name

    def __getattr__(self, method: str) -> Any:
        """Each method of the peer, over the slow line where there is one."""
        found = getattr(self._peer, method)

        async def call(*args: Any, **options: Any) -> Any:
            if self._stage.slow & {self._caller, self.name}:
                await asyncio.sleep(0.8)
                if self._stage.net.random.random() < 0.1:
                    raise Unreachable(f"an answer of {self.name}", "lost on the slow line")
            return await found(*args, **options)

        return call
