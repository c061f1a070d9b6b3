"""Six nodes as processes: data folders in one place, `xstock serve`, and every word to them through their sockets."""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Coroutine
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from xstock_node.cli.federation import LocalNode, free_ports, pin, start_all, stop_all
from xstock_node.cli.init import Answers, create
from xstock_node.domain.items import Item
from xstock_node.domain.units import word_of
from xstock_node.services.cataloguing import CatalogueFile
from xstock_node.services.errors import Refusal
from xstock_node.services.hand_kept import LineRequest
from xstock_node.services.mapping_desk import DecideRequest, Decision
from xstock_node.services.offer_views import PublishRequest
from xstock_node.services.operating import CaseId, StepRequest, StepResult
from xstock_node.services.operation_views import OperationView
from xstock_node.services.overview import PeerName, SyncResult
from xstock_node.services.request_views import RequestView
from xstock_node.services.requesting import NewRequest
from xstock_node.testing.exercise.reading import ExerciseFile
from xstock_node.testing.exercise.real_lines import Lines
from xstock_node.testing.exercise.story import Acknowledged

NAME = "flood27"
PATIENCE, LOOK = 45.0, 0.25
APPROVALS = "\n[approvals]\npercent = 100\nvalue = 1000000000\n"


T = TypeVar("T")


class Nodes:
    """The ground of a real exercise; `folder` holds the data folders. One person signs for each desk."""

    def __init__(self, folder: Path, file: ExerciseFile) -> None:
        self.folder, self.file = folder, file
        self.names = {node["node"]: str(node["name"]) for node in file.raw["nodes"]}
        self.lines = Lines()
        self.nodes: dict[str, LocalNode] = {}
        self.acknowledged: list[Acknowledged] = []
        self.hour = 0.0

    async def open(self) -> None:
        """Make the data folders, lay the lines, start the processes and wait for each."""
        for code, port in zip(self.names, free_ports(len(self.names)), strict=True):
            node = self.nodes[code] = LocalNode(self.folder / code, self.names[code], port)
            line = await self.lines.lay(node.name, port)
            create(node.home, self._answers(code, port, line), int(time.time()))
        for node in self.nodes.values():
            pin(node, [other for other in self.nodes.values() if other is not node])
            with (node.home / "config.toml").open("a", encoding="utf-8") as settings:
                settings.write(APPROVALS)
        await start_all(list(self.nodes.values()))

    async def close(self) -> None:
        """Stop every process and every line."""
        await stop_all(list(self.nodes.values()))
        await self.lines.close()

    async def stock(self, code: str) -> int:
        """Take the exercise's items and a desk's position in, and release its offers; how many."""
        session, there = self.nodes[code].session, self.offered(code)
        items = CatalogueFile(file="exercise.toml", content=catalogue_file(self.file))
        await session.call("catalogue.import", items)
        for item_code, quantity in there.items():
            item = self.file.catalogue.get(item_code)
            assert item is not None
            line = await session.call("stock.add", self._line(item, quantity))
            decision = Decision(ref=line.ref, code=item.code, factor="1")
            await session.call("stock.decide", DecideRequest(decisions=[decision]))
        made = await session.call("offer.publish", PublishRequest(release=True))
        published = {offer.item: Decimal(offer.quantity) for offer in made.published}
        if published != there:
            raise Refusal("exercise", f"{code} to offer {_told(there)}", _told(published), "look at its share rules")
        return len(published)

    def offered(self, code: str) -> dict[str, Decimal]:
        """What a desk offers, by item: its position by the share rules of the exercise."""
        return {p.item: p.offerable for p in self.file.standing(code).positions if p.offerable > 0}

    def now(self) -> float:
        """The hour of the story."""
        return self.hour

    def unix(self, code: str, hours: float) -> int:
        """So many hours from now."""
        return int(time.time() + hours * 3600)

    def is_cut(self, one: str, other: str) -> bool:
        """Whether there is no line between two countries."""
        return bool({self.names[one], self.names[other]} & self.lines.down)

    async def ask(self, code: str, request: NewRequest) -> RequestView:
        """An officer asks several nodes at once."""
        made: RequestView = await self.nodes[code].session.call("request.new", request)
        for row in made.operations:
            await self.note(code, row.case, "request")
        return made

    async def step(self, code: str, case: str, verb: str, side: Any = (), **fields: Any) -> StepResult:
        """An officer takes a step."""
        request = StepRequest(case=case, step=verb, fields=fields, side=list(side))
        result: StepResult = await self.nodes[code].session.call("op.step", request)
        if not result.sent:
            raise Refusal("exercise", f"{verb} of {code} to be sent", ", ".join(result.why), "look at its approvals")
        self.acknowledged.append(Acknowledged(case, verb, result.hash))
        return result

    async def note(self, code: str, case: str, verb: str) -> None:
        """What a node shows its people counts as acknowledged, whoever signed it."""
        found = await self.view(code, case)
        for step in found.timeline if found else ():
            if step.verb == verb:
                self.acknowledged.append(Acknowledged(case, verb, step.hash))

    async def view(self, code: str, case: str) -> OperationView | None:
        """An operation as a desk sees it, or nothing."""
        try:
            return await self.nodes[code].session.call("op.show", CaseId(case=case))  # type: ignore[no-any-return]
        except Refusal as refused:
            if refused.code != "no-case":
                raise
            return None

    async def holds(self, code: str, case: str, verb: str, hours: float = 12.0, hash_: str = "") -> bool:
        """Wait until a desk holds a step of a case: for `PATIENCE` seconds, whatever the hours of the story."""

        async def there() -> bool:
            found = await self.view(code, case)
            return found is not None and any(s.verb == verb and hash_ in ("", s.hash) for s in found.timeline)

        return await self.until(there)

    async def until(self, true: Callable[[], Awaitable[bool]], seconds: float = PATIENCE) -> bool:
        """Wait until something is true; whether it came true in time."""
        until = time.monotonic() + seconds
        while not await true():
            if time.monotonic() > until:
                return False
            await asyncio.sleep(LOOK)
        return True

    async def sync(self, code: str) -> SyncResult:
        """The operator of a node asks for a round with everybody now."""
        return await self.nodes[code].session.call("peer.sync", PeerName())  # type: ignore[no-any-return]

    async def copy(self, code: str) -> Path:
        """A back-up of a data folder, taken while its node is stopped for it."""
        node, target = self.nodes[code], self.folder / f"{code}.backup"
        await stop_all([node])
        shutil.copytree(node.home, target, symlinks=True)
        await start_all([node])
        return target

    async def restore(self, code: str, backup: Path) -> None:
        """kill -9, the disk is lost, and the node begins again with an old copy of its folder."""
        node = self.nodes[code]
        assert node.process is not None
        node.process.kill()
        await node.process.wait()
        shutil.rmtree(node.home)
        shutil.copytree(backup, node.home, symlinks=True)
        await start_all([node])

    def _answers(self, code: str, port: int, line: int) -> Answers:
        raw = next(node for node in self.file.raw["nodes"] if node["node"] == code)
        return Answers(
            name=self.names[code],
            organisation=raw["owners"][0]["name"],
            country=code,
            languages=tuple(raw["languages"]),
            url=f"http://{self.lines.host}:{line}",
            exercise=NAME,
            place=raw["sites"][0]["site"],
            port=port,
            allow_private=True,
        )

    def _line(self, item: Item, quantity: Decimal) -> LineRequest:
        """The position as one line of the list kept by hand; goods that expire do so long after the exercise."""
        expiry = f"{self.file.today.year + 3}-12-31" if item.expirable or item.medical else ""
        unit = word_of(item.unit)
        return LineRequest(
            name=item.names["en"], code=item.code, quantity=str(quantity), unit=unit or "", expiry=expiry
        )


def catalogue_file(file: ExerciseFile) -> bytes:
    """The items of an exercise as a file that `xstock catalogue import` takes."""
    return "\n".join(_toml(item) for item in file.catalogue.all()).encode()


def _toml(item: Item) -> str:
    """An item as a table of the form in which lists of items are imported."""

    def text(value: Any) -> str:
        if isinstance(value, dict):
            return "{ " + ", ".join(f'"{key}" = {text(inner)}' for key, inner in value.items()) + " }"
        return msgspec.json.encode(value).decode()

    fields = {name: value for name, value in msgspec.to_builtins(item).items() if value is not None}
    return "\n".join(["[[item]]", *(f"{name} = {text(value)}" for name, value in fields.items()), ""])


def _told(quantities: dict[str, Decimal]) -> str:
    return ", ".join(f"{quantity} {item}" for item, quantity in sorted(quantities.items())) or "nothing"


async def together(*work: Coroutine[Any, Any, T]) -> list[T]:
    """All of it at once; the first that fails ends the others, and is what is raised."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
